"""AWS CloudTrail: the event history, trails. What is recorded of a call is in `kernel/call_records.py`."""

from fogbank.services.cloudtrail import (
    delivering,
    digests,
    lookup,
    resource_types,
    selectors,
    tagging,
    trails,
    watching,
)
from fogbank.services.cloudtrail.service import service

__all__ = [
    "delivering",
    "digests",
    "lookup",
    "resource_types",
    "selectors",
    "service",
    "tagging",
    "trails",
    "watching",
]
