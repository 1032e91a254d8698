"""Amazon EventBridge Pipes: from a queue or a stream, through a filter, an enrichment and a template, to a target."""

from fogbank.services.pipes import lifecycle, operations, pumping, resource_types
from fogbank.services.pipes.service import service

__all__ = ["lifecycle", "operations", "pumping", "resource_types", "service"]
