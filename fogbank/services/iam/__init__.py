"""AWS Identity and Access Management: users, groups, roles, policies, and everything that tells who somebody is."""

from fogbank.services.iam import (
    access_keys,
    account,
    attachments,
    authorization_details,
    directory,
    groups,
    inline_policies,
    instance_profiles,
    login_profiles,
    mfa,
    oidc_providers,
    passwords,
    policies,
    roles,
    saml_providers,
    users,
)
from fogbank.services.iam.service import service

__all__ = [
    "access_keys",
    "account",
    "attachments",
    "authorization_details",
    "directory",
    "groups",
    "inline_policies",
    "instance_profiles",
    "login_profiles",
    "mfa",
    "oidc_providers",
    "passwords",
    "policies",
    "roles",
    "saml_providers",
    "service",
    "users",
]
