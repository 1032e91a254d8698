"""Amazon Data Firehose: see docs/services/firehose.md for what is real and what is not."""

from fogbank.services.firehose import deliveries, encryption, resource_types, sources, streams, tags, updating, writing
from fogbank.services.firehose.service import service

__all__ = [
    "deliveries",
    "encryption",
    "resource_types",
    "service",
    "sources",
    "streams",
    "tags",
    "updating",
    "writing",
]
