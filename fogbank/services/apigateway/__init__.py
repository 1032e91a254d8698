"""Amazon API Gateway: REST APIs."""

from fogbank.services.apigateway import (
    account,
    api_keys,
    definitions,
    deployments,
    documentation,
    domain_names,
    integrations,
    methods,
    resource_tree,
    resource_types,
    rest_apis,
    testing,
    usage_plans,
    vpc_links,
)
from fogbank.services.apigateway.openapi import exporting, importing
from fogbank.services.apigateway.service import service
from fogbank.services.apigateway.serving import serve

__all__ = [
    "account",
    "api_keys",
    "definitions",
    "deployments",
    "documentation",
    "domain_names",
    "exporting",
    "importing",
    "integrations",
    "methods",
    "resource_tree",
    "resource_types",
    "rest_apis",
    "serve",
    "service",
    "testing",
    "usage_plans",
    "vpc_links",
]
