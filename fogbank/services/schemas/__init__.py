"""Amazon EventBridge Schema Registry: schemas of events, discovered or written, and code for them."""

from fogbank.services.schemas import (
    code_bindings,
    discoverer_operations,
    registry_operations,
    resource_types,
    schema_operations,
    tags,
)
from fogbank.services.schemas.service import service

__all__ = [
    "code_bindings",
    "discoverer_operations",
    "registry_operations",
    "resource_types",
    "schema_operations",
    "service",
    "tags",
]
