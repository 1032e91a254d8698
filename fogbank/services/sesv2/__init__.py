"""Amazon SES (API v2): see docs/services/ses.md for what is real and what is not."""

from fogbank.services.sesv2 import (
    accounts,
    configuration_sets,
    contacts,
    identities,
    imports,
    insights,
    pools,
    sending,
    tags,
    templates,
    tenants,
)
from fogbank.services.sesv2.service import service

__all__ = [
    "accounts",
    "configuration_sets",
    "contacts",
    "identities",
    "imports",
    "insights",
    "pools",
    "sending",
    "service",
    "tags",
    "templates",
    "tenants",
]
