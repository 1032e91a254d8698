"""Amazon CloudWatch Logs: see docs/services/logs.md for what is real and what is not."""

from fogbank.services.logs import (
    account_policies,
    destinations,
    exports,
    filtering,
    groups,
    index_policies,
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
    transforming,
    writing,
)
from fogbank.services.logs.protection import auditing
from fogbank.services.logs.protection import policies as protection_policies
from fogbank.services.logs.service import service

__all__ = [
    "account_policies",
    "auditing",
    "destinations",
    "exports",
    "filtering",
    "groups",
    "index_policies",
    "insights",
    "metric_filters",
    "policies",
    "protection_policies",
    "reading",
    "resource_types",
    "service",
    "settings",
    "streams",
    "subscriptions",
    "tags",
    "tailing",
    "transforming",
    "writing",
]
