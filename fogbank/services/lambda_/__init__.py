"""AWS Lambda: see docs/services/lambda.md for what is real and what is not."""

from fogbank.services.lambda_ import (
    aliases,
    code_signing,
    consuming,
    downloads,
    event_invoke,
    event_sources,
    functions,
    invoking,
    layers,
    permissions,
    provisioned,
    queueing,
    runtime_management,
    streaming,
    tagging,
    url_requests,
    urls,
)
from fogbank.services.lambda_.service import service

__all__ = [
    "aliases",
    "code_signing",
    "consuming",
    "downloads",
    "event_invoke",
    "event_sources",
    "functions",
    "invoking",
    "layers",
    "permissions",
    "provisioned",
    "queueing",
    "runtime_management",
    "service",
    "streaming",
    "tagging",
    "url_requests",
    "urls",
]
