"""What some temporary credentials may not be used for, whatever policies say.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
"""

from __future__ import annotations

from fogbank.identity import errors
from fogbank.identity.principals import Principal
from fogbank.kernel.errors import AWSError

_ALWAYS = "GetCallerIdentity"
_OF_USERS = frozenset({_ALWAYS, "AssumeRole"})
_NOT_OF_ROLES = frozenset({"GetSessionToken", "GetFederationToken"})


def refusal(principal: Principal, service: str, operation: str, protocol: str) -> AWSError | None:
    """Why a session may not call an operation (`GetUser`) of IAM or STS at all; None when policies decide.

    Federated users have neither, sessions of users (GetSessionToken) have IAM only with MFA, and no session begins another by
    GetSessionToken or GetFederationToken.
    """
    session = principal.session
    if session is None:
        return None
    if service == "iam":
        if principal.kind == "federated" or (_is_own(principal) and session.mfa is None):
            return errors.refusals(service, protocol, False).unknown_key(principal.access_key)
        return None
    if service == "sts" and not _may_ask_sts(principal, operation):
        return AWSError("AccessDenied", f"Cannot call {operation} with session credentials", 403)
    return None


def _may_ask_sts(principal: Principal, operation: str) -> bool:
    if principal.kind == "federated":
        return operation == _ALWAYS
    if _is_own(principal):
        return operation in _OF_USERS
    return operation not in _NOT_OF_ROLES


def _is_own(principal: Principal) -> bool:
    """Is it a session that a user, or a root, has as itself (GetSessionToken)? A root session for a task (AssumeRoot) is none."""
    session = principal.session
    return principal.kind in ("user", "root") and session is not None and not session.policy_arns
