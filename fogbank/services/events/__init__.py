"""Amazon EventBridge: buses, rules, targets, archives, API destinations. The way of an event begins in `putting.py`."""

from fogbank.services.events import (
    api_calls,
    api_destinations,
    archives,
    buses,
    connections,
    forwarding,
    global_endpoints,
    log_groups,
    permissions,
    putting,
    replays,
    resource_types,
    rules,
    scheduled,
    sources,
    tags,
    targets,
)
from fogbank.services.events.service import service

__all__ = [
    "api_calls",
    "api_destinations",
    "archives",
    "buses",
    "connections",
    "forwarding",
    "global_endpoints",
    "log_groups",
    "permissions",
    "putting",
    "replays",
    "resource_types",
    "rules",
    "scheduled",
    "service",
    "sources",
    "tags",
    "targets",
]
