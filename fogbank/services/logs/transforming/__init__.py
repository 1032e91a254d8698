"""Transformers: log events get fields when they come in, by processors that follow upon each other.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Transformation.html
"""

from fogbank.services.logs.transforming import operations

__all__ = ["operations"]
