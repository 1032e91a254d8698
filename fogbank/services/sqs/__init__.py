"""Amazon SQS: queues, messages, dead letters. The way in is `messages.py`, whose top says how a queue lies in the store."""

from fogbank.services.sqs import (
    metering,
    moves,
    permissions,
    posting,
    queues,
    receiving,
    redrive,
    resource_types,
    sending,
    settling,
    sweeping,
    tags,
)
from fogbank.services.sqs.service import service

__all__ = [
    "metering",
    "moves",
    "permissions",
    "posting",
    "queues",
    "receiving",
    "redrive",
    "resource_types",
    "sending",
    "service",
    "settling",
    "sweeping",
    "tags",
]
