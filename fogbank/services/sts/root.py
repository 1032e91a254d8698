"""AssumeRoot: for a quarter of an hour, the root of a member account, for one of AWS's tasks.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html. As with roles, a root may call it here.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from fogbank.identity import directory, sessions
from fogbank.identity.membership import membership
from fogbank.identity.principals import Session
from fogbank.identity.principals import root as root_of
from fogbank.kernel import Context
from fogbank.services.sts import entering, errors
from fogbank.services.sts.service import service

Request = dict[str, Any]

_SECONDS = 900
_TARGET = re.compile(r"(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?")
_TASK = re.compile(r"arn:[\w-]+:iam::aws:policy/root-task/(\w+)")
_TASKS = frozenset(
    {
        "IAMAuditRootUserCredentials",
        "IAMCreateRootUserPassword",
        "IAMDeleteRootUserCredentials",
        "S3UnlockBucketPolicy",
        "SQSUnlockQueuePolicy",
    }
)


def _target(request: Request) -> str:
    found = _TARGET.fullmatch(request["TargetPrincipal"])
    if found is None:
        raise errors.invalid_arn(request["TargetPrincipal"])
    return found[1]


def _root_arn(ctx: Context, request: Request) -> str:
    return f"arn:{ctx.partition}:iam::{_target(request)}:root"


def _task(ctx: Context, request: Request) -> dict[str, str | tuple[str, ...]]:
    return {"sts:TaskPolicyArn": request["TaskPolicyArn"].get("arn", "")}


@service.operation(resource=_root_arn, keys=_task)
async def assume_root(ctx: Context, request: Request) -> Request:
    """Errors: AccessDenied, ValidationError."""
    account = _target(request)
    task = request["TaskPolicyArn"].get("arn", "")
    named = _TASK.fullmatch(task)
    if named is None or named[1] not in _TASKS:
        raise errors.no_root_task(task)
    if not await _may_manage(ctx, account):
        raise errors.not_authorized(ctx.principal.arn, "sts:AssumeRoot", _root_arn(ctx, request))
    before = ctx.principal.session
    identity = before.source_identity if before is not None else ""
    session = Session(ctx.now(), policy_arns=(task,), source_identity=identity, keys={"aws:assumedroot": "true"})
    principal = msgspec.structs.replace(root_of(account, partition=ctx.partition), session=session)
    duration = request.get("DurationSeconds", _SECONDS)
    credential = await sessions.issue(ctx, principal, duration, request.get("MinimumSessionTokenSize", 0))
    return {"Credentials": entering.shown(credential), "SourceIdentity": identity or None}


async def _may_manage(ctx: Context, account: str) -> bool:
    """Does the caller's account administer IAM for the organization that the other one is a member of, with root sessions?"""
    if await directory.organizations_token(ctx) is None:
        return False
    members = membership(ctx)
    organization = await members.organization(ctx, ctx.principal.account)
    if organization is None or account == organization.management:
        return False
    if await members.organization(ctx, account) != organization:
        return False
    iam = directory.iam(ctx.app)
    if iam is None or not await iam.has_root_sessions(ctx, organization.id):
        return False
    return await members.administers(ctx, ctx.principal.account, "iam.amazonaws.com")
