"""The administration of IAM Identity Center: instances, permission sets, who is assigned to what. The way in is `instance.py`."""

from fogbank.services.sso_admin import (
    account_assignments,
    assigned,
    instances,
    permission_sets,
    policies,
    tags,
)
from fogbank.services.sso_admin.service import service

__all__ = ["account_assignments", "assigned", "instances", "permission_sets", "policies", "service", "tags"]
