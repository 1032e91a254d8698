"""Amazon API Gateway: HTTP and WebSocket APIs."""

from fogbank.services.apigatewayv2 import (
    apis,
    definitions,
    deployments,
    domain_names,
    openapi,
    resource_types,
    tagging,
)
from fogbank.services.apigatewayv2.service import service
from fogbank.services.apigatewayv2.serving import serve

__all__ = [
    "apis",
    "definitions",
    "deployments",
    "domain_names",
    "openapi",
    "resource_types",
    "serve",
    "service",
    "tagging",
]
