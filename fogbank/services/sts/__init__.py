"""AWS Security Token Service: who am I, whose key is this, and credentials for a while."""

from fogbank.services.sts import assuming, callers, messages, saml, tokens, web_identity
from fogbank.services.sts.service import service

__all__ = ["assuming", "callers", "messages", "saml", "service", "tokens", "web_identity"]
