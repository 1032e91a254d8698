"""Amazon SES (API v1): see docs/services/ses.md for what is real and what is not."""

from fogbank.services.ses import (
    configuration_sets,
    identities,
    links,
    more_types,
    receipts,
    resource_types,
    sending,
    tasks,
    templates,
)
from fogbank.services.ses.service import service

__all__ = [
    "configuration_sets",
    "identities",
    "links",
    "more_types",
    "receipts",
    "resource_types",
    "sending",
    "service",
    "tasks",
    "templates",
]
