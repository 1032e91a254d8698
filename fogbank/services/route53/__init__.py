"""Amazon Route 53: hosted zones with answers over DNS, health checks that look. The way in is `hosted_zones.py`."""

from fogbank.services.route53 import (
    dns,
    health,
    health_check,
    hosted_zones,
    query_logging,
    record_sets,
    resource_types,
    tags,
    testing,
)
from fogbank.services.route53.service import service

__all__ = [
    "dns",
    "health",
    "health_check",
    "hosted_zones",
    "query_logging",
    "record_sets",
    "resource_types",
    "service",
    "tags",
    "testing",
]
