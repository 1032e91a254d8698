"""AWS Lambda: see docs/services/lambda.md for what is real and what is not."""

from fogbank.services.lambda_ import (
    aliases,
    consuming,
    event_invoke,
    event_sources,
    functions,
    invoking,
    permissions,
    queueing,
    tagging,
)
from fogbank.services.lambda_.service import service

__all__ = [
    "aliases",
    "consuming",
    "event_invoke",
    "event_sources",
    "functions",
    "invoking",
    "permissions",
    "queueing",
    "service",
    "tagging",
]
