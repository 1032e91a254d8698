"""The sign-in service of IAM Identity Center: clients, devices, codes, tokens. The way in is `creating.py`."""

from fogbank.services.sso_oidc import clients, codes, creating, devices, pages, tokens
from fogbank.services.sso_oidc.service import service

__all__ = ["clients", "codes", "creating", "devices", "pages", "service", "tokens"]
