"""Resource policies: which AWS services may write logs here.

They are about `logs:CreateLogStream` and `logs:PutLogEvents` by service principals only.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html
"""

from __future__ import annotations

import json
from typing import Any

from fogbank.kernel import Context, Record, pages
from fogbank.services.logs import errors, limits
from fogbank.services.logs.records import ON_GROUP, Answer, Request, arn_of, group_named, milliseconds, name_in
from fogbank.services.logs.service import service

_ACCOUNT = "ACCOUNT"
_RESOURCE = "RESOURCE"


class Policy(Record, frozen=True):
    """`resource` is the ARN of the group that it is attached to, empty for one of the account."""

    name: str
    document: str
    updated: int
    revision: str
    resource: str = ""


policies = service.collection("policies", Policy)


async def _policy(ctx: Context, request: Request) -> str | None:
    """All that is said to services, as one document."""
    if ctx.principal.kind != "service":
        return None
    found = await ctx.transact(policies.scan, ctx)
    statements: list[Any] = []
    for policy in found:
        statement = json.loads(policy.document)["Statement"]
        statements += statement if isinstance(statement, list) else [statement]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else None


ON_WRITTEN: dict[str, Any] = {**ON_GROUP, "policy": _policy}


@service.operation
async def put_resource_policy(ctx: Context, request: Request) -> Answer:
    document = request.get("policyDocument")
    if document is None:
        raise errors.invalid_parameter("policyDocument is required.")
    _check(document)
    name, resource = await _place(ctx, request)
    before = await policies.get(ctx, resource, name)
    if before is None and not resource and await policies.count(ctx, "") >= limits.RESOURCE_POLICIES:
        raise errors.limit_exceeded()
    _check_revision(request, before)
    policy = Policy(name, document, milliseconds(ctx), ctx.ids.hex(32), resource)
    policies.put(ctx, policy, resource, name)
    return {"resourcePolicy": _described(policy), "revisionId": policy.revision if resource else None}


async def _place(ctx: Context, request: Request) -> tuple[str, str]:
    """(name, ARN of the group or empty)"""
    name, resource = request.get("policyName"), request.get("resourceArn")
    if resource is not None:
        group = await group_named(ctx, name_in(ctx, resource))
        return name or "", arn_of(ctx, group.name)
    if not name:
        raise errors.invalid_parameter("policyName is required.")
    return name, ""


def _check(document: str) -> None:
    from fogbank.identity import policy_grammar

    try:
        policy_grammar.check(document, "resource")
    except policy_grammar.MalformedPolicy as error:
        raise errors.bad_policy(error.message) from None


def _check_revision(request: Request, before: Policy | None) -> None:
    given = request.get("expectedRevisionId")
    if request.get("resourceArn") is None or (before is None and given is None):
        return
    if before is None or given != before.revision:
        raise errors.invalid_parameter("The expectedRevisionId is not that of the resource policy.")


@service.operation
async def delete_resource_policy(ctx: Context, request: Request) -> None:
    name, resource = await _place(ctx, request)
    before = await policies.get(ctx, resource, name)
    if before is None:
        raise errors.not_found("resource policy")
    _check_revision(request, before)
    policies.delete(ctx, resource, name)


@service.operation
async def describe_resource_policies(ctx: Context, request: Request) -> Answer:
    resource = request.get("resourceArn")
    scope = request.get("policyScope") or (_RESOURCE if resource else _ACCOUNT)
    rows = [policy for policy in await policies.scan(ctx) if _scope(policy) == scope]
    if resource is not None:
        wanted = arn_of(ctx, name_in(ctx, resource))
        rows = [policy for policy in rows if policy.resource == wanted]
    token = request.get("nextToken")
    if token is not None:
        last = pages.position(token, errors.invalid_token())
        rows = [policy for policy in rows if _key(policy) > last]
    found, following = pages.page(rows, request.get("limit") or limits.PAGE, _key)
    return {"resourcePolicies": [_described(policy) for policy in found], "nextToken": following}


def _key(policy: Policy) -> str:
    return f"{policy.resource}\0{policy.name}"


def _scope(policy: Policy) -> str:
    return _RESOURCE if policy.resource else _ACCOUNT


def _described(policy: Policy) -> Answer:
    return {
        "policyName": policy.name or None,
        "policyDocument": policy.document,
        "lastUpdatedTime": policy.updated,
        "policyScope": _scope(policy),
        "resourceArn": policy.resource or None,
        "revisionId": policy.revision if policy.resource else None,
    }
