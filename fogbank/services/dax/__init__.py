"""Amazon DynamoDB Accelerator (DAX): clusters, and the cache that clients reach on their ports."""

from fogbank.services.dax import (
    clusters,
    door,
    events,
    nodes,
    parameter_groups,
    resource_types,
    subnet_groups,
    tags,
)
from fogbank.services.dax.service import service

__all__ = [
    "clusters",
    "door",
    "events",
    "nodes",
    "parameter_groups",
    "resource_types",
    "service",
    "subnet_groups",
    "tags",
]
