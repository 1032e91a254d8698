"""AWS Account Management: an account's name and addresses, its contacts, and the regions it has opted in to."""

from fogbank.services.account import alternates, contacts, emails, profiles, regions
from fogbank.services.account.service import service

__all__ = ["alternates", "contacts", "emails", "profiles", "regions", "service"]
