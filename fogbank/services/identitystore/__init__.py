"""AWS Identity Store: the users and groups of IAM Identity Center. The way in is `entity.py`."""

from fogbank.services.identitystore import groups, memberships, stores, users, workforce
from fogbank.services.identitystore.service import service

__all__ = ["groups", "memberships", "service", "stores", "users", "workforce"]
