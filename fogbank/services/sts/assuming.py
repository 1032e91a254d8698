"""AssumeRole: from one identity to another that trusts it.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html. Unlike in AWS, a root may assume a role that trusts its
account: the keys that need no set-up are roots.
"""

from __future__ import annotations

from typing import Any

from fogbank.identity.principals import Session
from fogbank.kernel import Context
from fogbank.kernel.service import itself
from fogbank.services.sts import entering, errors, limits, mfa, restrictions
from fogbank.services.sts.entering import Entry
from fogbank.services.sts.service import service

Request = dict[str, Any]

_ACTIONS = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")


@service.operation(resource=itself, action=_ACTIONS)
async def assume_role(ctx: Context, request: Request) -> Request:
    """Errors: AccessDenied, ValidationError (duration), MalformedPolicyDocument, PackedPolicyTooLarge, InvalidParameterValue."""
    before = ctx.principal.session
    with_mfa = await mfa.shown(ctx, request)
    tags = restrictions.with_inherited(restrictions.requested_tags(request), before)
    identity = _source_identity(request, before)
    session = entering.with_tags(Session(ctx.now(), source_identity=identity), tags)
    keys = _keys(request, session, with_mfa)
    entry = Entry(ctx.principal, "sts:AssumeRole", request["RoleArn"], request["RoleSessionName"], session, keys)
    role = await entering.trusted(ctx, entry)
    return await entering.enter(ctx, entry, role, request, None if before is None else limits.LONGEST_CHAINED)


def _source_identity(request: Request, before: Session | None) -> str:
    """Who is behind the session. What was set once stays for all sessions that follow."""
    wanted = request.get("SourceIdentity", "")
    inherited = before.source_identity if before is not None else ""
    if wanted and inherited and wanted != inherited:
        raise errors.source_identity_is_set()
    return wanted or inherited


def _keys(request: Request, session: Session, with_mfa: bool) -> dict[str, str | tuple[str, ...]]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-sts"""
    keys: dict[str, str | tuple[str, ...]] = {"sts:RoleSessionName": request["RoleSessionName"]}
    if "ExternalId" in request:
        keys["sts:ExternalId"] = request["ExternalId"]
    if session.source_identity:
        keys["sts:SourceIdentity"] = session.source_identity
    if session.transitive:
        keys["sts:TransitiveTagKeys"] = session.transitive
    if with_mfa:
        keys["aws:MultiFactorAuthPresent"] = "true"
        keys["aws:MultiFactorAuthAge"] = "0"
    return keys
