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
    streaming,
    tagging,
    url_requests,
    urls,
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
    "streaming",
    "tagging",
    "url_requests",
    "urls",
]
