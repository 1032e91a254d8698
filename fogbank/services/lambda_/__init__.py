"""AWS Lambda: see docs/services/lambda.md for what is real and what is not."""

from fogbank.services.lambda_ import (
    aliases,
    consuming,
    downloads,
    event_invoke,
    event_sources,
    functions,
    invoking,
    layers,
    permissions,
    queueing,
    tagging,
)
from fogbank.services.lambda_.service import service

__all__ = [
    "aliases",
    "consuming",
    "downloads",
    "event_invoke",
    "event_sources",
    "functions",
    "invoking",
    "layers",
    "permissions",
    "queueing",
    "service",
    "tagging",
]
