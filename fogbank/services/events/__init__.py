"""Amazon EventBridge: buses, rules, targets, archives, API destinations. The way of an event begins in `putting.py`."""

from fogbank.services.events import (
    buses,
    forwarding,
    global_endpoints,
    log_groups,
    permissions,
    putting,
    rules,
    scheduled,
    sources,
    tags,
    targets,
)
from fogbank.services.events.service import service

__all__ = [
    "buses",
    "forwarding",
    "global_endpoints",
    "log_groups",
    "permissions",
    "putting",
    "rules",
    "scheduled",
    "service",
    "sources",
    "tags",
    "targets",
]
