"""Amazon SNS: topics, subscriptions, fan-out. The way of a message is `publishing`, `fanout`, and a module for each way to deliver."""

from fogbank.services.sns import (
    confirmations,
    data_protection,
    fanout,
    links,
    permissions,
    platforms,
    publishing,
    replays,
    resource_types,
    sms,
    status_log,
    subscriptions,
    tags,
    topics,
)
from fogbank.services.sns.service import service

__all__ = [
    "confirmations",
    "data_protection",
    "fanout",
    "links",
    "permissions",
    "platforms",
    "publishing",
    "replays",
    "resource_types",
    "service",
    "sms",
    "status_log",
    "subscriptions",
    "tags",
    "topics",
]
