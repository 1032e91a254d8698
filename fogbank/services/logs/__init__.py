"""Amazon CloudWatch Logs: see docs/services/logs.md for what is real and what is not."""

from fogbank.services.logs import (
    filtering,
    groups,
    insights,
    metric_filters,
    policies,
    reading,
    resource_types,
    settings,
    streams,
    subscriptions,
    tags,
    tailing,
    writing,
)
from fogbank.services.logs.service import service

__all__ = [
    "filtering",
    "groups",
    "insights",
    "metric_filters",
    "policies",
    "reading",
    "resource_types",
    "service",
    "settings",
    "streams",
    "subscriptions",
    "tags",
    "tailing",
    "writing",
]
