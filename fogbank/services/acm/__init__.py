"""AWS Certificate Manager: certificates that are requested, imported, renewed. The way in is `certificate.py`."""

from fogbank.services.acm import (
    account,
    importing,
    lifecycle,
    lists,
    lives,
    options,
    renewal,
    requests,
    resource_tags,
    resource_types,
    tags,
    uses,
    validation,
)
from fogbank.services.acm.acme import accounts, bindings, domain_validations, endpoints, ordering, registration
from fogbank.services.acm.service import service

__all__ = [
    "account",
    "accounts",
    "bindings",
    "domain_validations",
    "endpoints",
    "importing",
    "lifecycle",
    "lists",
    "lives",
    "options",
    "ordering",
    "registration",
    "renewal",
    "requests",
    "resource_tags",
    "resource_types",
    "service",
    "tags",
    "uses",
    "validation",
]
