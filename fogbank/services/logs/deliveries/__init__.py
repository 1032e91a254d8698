"""Deliveries: logs that AWS services write about their resources (sources) go to groups, buckets and streams (destinations).

A service that has such logs hands them over by `vending`, see there.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
"""

from fogbank.services.logs.deliveries import deliveries, destinations, sources, vending

__all__ = ["deliveries", "destinations", "sources", "vending"]
