"""Amazon SES (API v2): see docs/services/ses.md for what is real and what is not."""

from fogbank.services.sesv2 import (
    accounts,
    configuration_sets,
    contacts,
    identities,
    insights,
    sending,
    tags,
    templates,
)
from fogbank.services.sesv2.service import service

__all__ = [
    "accounts",
    "configuration_sets",
    "contacts",
    "identities",
    "insights",
    "sending",
    "service",
    "tags",
    "templates",
]
