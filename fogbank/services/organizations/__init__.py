"""AWS Organizations: accounts in a tree, and policies on it. The way in is `tree.py` and `organization.py`."""

from fogbank.services.organizations import (
    accounts,
    attaching,
    creation,
    delegation_policy,
    directory,
    effective,
    features,
    handshakes,
    integrations,
    invitations,
    lifecycle,
    policies,
    resource_types,
    tags,
    transfers,
    units,
)
from fogbank.services.organizations.service import service

__all__ = [
    "accounts",
    "attaching",
    "creation",
    "delegation_policy",
    "directory",
    "effective",
    "features",
    "handshakes",
    "integrations",
    "invitations",
    "lifecycle",
    "policies",
    "resource_types",
    "service",
    "tags",
    "transfers",
    "units",
]
