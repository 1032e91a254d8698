"""Amazon Kinesis Data Streams: see docs/services/kinesis.md for what is real and what is not."""

from fogbank.services.kinesis import (
    channel_delivery,
    channels,
    consumers,
    policies,
    queue_delivery,
    queues,
    reading,
    resource_types,
    settings,
    shards,
    streams,
    subscriptions,
    tags,
    writing,
)
from fogbank.services.kinesis.service import service

__all__ = [
    "channel_delivery",
    "channels",
    "consumers",
    "policies",
    "queue_delivery",
    "queues",
    "reading",
    "resource_types",
    "service",
    "settings",
    "shards",
    "streams",
    "subscriptions",
    "tags",
    "writing",
]
