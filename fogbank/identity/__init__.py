"""Who is it, and may they? Signatures, credentials, the policy language, the decision."""

from fogbank.identity.authenticator import Authenticator, Identity
from fogbank.identity.credentials import Credential
from fogbank.identity.principals import ANONYMOUS, DEFAULT_ACCOUNT, Principal

__all__ = ["ANONYMOUS", "DEFAULT_ACCOUNT", "Authenticator", "Credential", "Identity", "Principal"]
