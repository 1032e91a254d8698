"""Amazon API Gateway: REST APIs."""

from fogbank.services.apigateway import (
    api_keys,
    definitions,
    deployments,
    integrations,
    methods,
    resource_tree,
    rest_apis,
    usage_plans,
)
from fogbank.services.apigateway.service import service
from fogbank.services.apigateway.serving import serve

__all__ = [
    "api_keys",
    "definitions",
    "deployments",
    "integrations",
    "methods",
    "resource_tree",
    "rest_apis",
    "serve",
    "service",
    "usage_plans",
]
