"""The administration of IAM Identity Center: instances, permission sets, who is assigned to what. The way in is `instance.py`."""

from fogbank.services.sso_admin import (
    access_control,
    account_assignments,
    application_assignments,
    application_settings,
    applications,
    assigned,
    instances,
    permission_sets,
    policies,
    regions,
    tags,
    token_issuers,
)
from fogbank.services.sso_admin.service import service

__all__ = [
    "access_control",
    "account_assignments",
    "application_assignments",
    "application_settings",
    "applications",
    "assigned",
    "instances",
    "permission_sets",
    "policies",
    "regions",
    "service",
    "tags",
    "token_issuers",
]
