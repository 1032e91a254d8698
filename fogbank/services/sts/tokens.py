"""GetSessionToken and GetFederationToken: temporary credentials of a user, as itself or as somebody else."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.identity import sessions
from fogbank.identity.principals import Principal, Session
from fogbank.kernel import Context
from fogbank.services.sts import entering, errors, limits, mfa, restrictions
from fogbank.services.sts.service import service

Request = dict[str, Any]


@service.operation(open=True)
async def get_session_token(ctx: Context, request: Request) -> Request:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html. Needs no permission."""
    _check_caller(ctx, "GetSessionToken")
    moment = ctx.now() if await mfa.shown(ctx, request) else None
    principal = msgspec.structs.replace(ctx.principal, session=Session(ctx.now(), mfa=moment))
    minimum = request.get("MinimumSessionTokenSize", 0)
    credential = await sessions.issue(ctx, principal, _duration(ctx, request), minimum)
    return {"Credentials": entering.shown(credential)}


def _federated_arn(ctx: Context, request: Request) -> str:
    return f"arn:{ctx.partition}:sts::{ctx.principal.account}:federated-user/{request['Name']}"


def _federation_actions(ctx: Context, request: Request) -> tuple[str, ...]:
    return ("sts:GetFederationToken", "sts:TagSession") if request.get("Tags") else ("sts:GetFederationToken",)


@service.operation(resource=_federated_arn, action=_federation_actions)
async def get_federation_token(ctx: Context, request: Request) -> Request:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html

    What the federated user may do is what both the caller and the session policies allow: without these, nothing.
    """
    _check_caller(ctx, "GetFederationToken")
    caller, arn = ctx.principal, _federated_arn(ctx, request)
    tags = restrictions.requested_tags(request)
    policies = await restrictions.requested_policies(ctx, request)
    packed = restrictions.packed_size(policies, tags.tags)
    session = Session(ctx.now(), policies.texts or (), policies.arns, tags.tags)
    user_id = f"{caller.account}:{request['Name']}"
    federated = Principal(caller.account, arn, "federated", user_id, issuer=caller.arn, session=session)
    minimum = request.get("MinimumSessionTokenSize", 0)
    credential = await sessions.issue(ctx, federated, _duration(ctx, request), minimum)
    return {
        "Credentials": entering.shown(credential),
        "FederatedUser": {"FederatedUserId": user_id, "Arn": arn},
        "PackedPolicySize": packed,
    }


def _check_caller(ctx: Context, operation: str) -> None:
    if ctx.principal.kind not in ("user", "root") or ctx.principal.session is not None:
        raise errors.not_for_session_credentials(operation)


def _duration(ctx: Context, request: Request) -> int:
    """The session of a root lasts an hour at most, whatever was asked for."""
    wanted = request.get("DurationSeconds", limits.DEFAULT_USER_DURATION)
    return min(wanted, limits.LONGEST_ROOT) if ctx.principal.kind == "root" else wanted
