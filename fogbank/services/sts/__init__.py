"""AWS Security Token Service: who am I, whose key is this, and credentials for a while."""

from fogbank.services.sts import assuming, callers, messages, outbound, root, saml, tokens, web_identity
from fogbank.services.sts.service import service

__all__ = ["assuming", "callers", "messages", "outbound", "root", "saml", "service", "tokens", "web_identity"]
