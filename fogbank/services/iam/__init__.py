"""AWS Identity and Access Management: users, groups, roles, policies, and everything that tells who somebody is."""

from fogbank.services.iam import groups, policies, roles, users
from fogbank.services.iam.service import service

__all__ = ["groups", "policies", "roles", "service", "users"]
