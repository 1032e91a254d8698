"""Resource policies of the account: who else may send traces. PutResourcePolicy, ListResourcePolicies, DeleteResourcePolicy.

policies  (name)  Policy

https://docs.aws.amazon.com/xray/latest/api/API_PutResourcePolicy.html
"""

from __future__ import annotations

import json
from typing import Any

from fogbank.kernel import Context, Record, pages
from fogbank.services.xray import errors, limits
from fogbank.services.xray.service import service

Request = dict[str, Any]

_PAGE = 100
_NEW = "0"
"""The revision of a policy that is not there yet."""


class Policy(Record, frozen=True):
    name: str
    document: str
    revision: int
    updated: float


_policies = service.collection("policies", Policy)


async def of_account(ctx: Context, request: Request) -> str | None:
    """All statements of the account's policies as one."""
    scan = _policies.scan
    found = await (ctx.transact(scan, ctx) if ctx.tx is None else scan(ctx))
    if not found:
        return None
    statements: list[Any] = []
    for policy in found:
        given = json.loads(policy.document)["Statement"]
        statements += given if isinstance(given, list) else [given]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@service.operation
async def put_resource_policy(ctx: Context, request: Request) -> Request:
    name, document = request["PolicyName"], request["PolicyDocument"]
    _check(document)
    before = await _policies.get(ctx, name)
    _check_revision(request, before)
    if before is None and await _policies.count(ctx) >= limits.POLICIES:
        raise errors.too_many_policies(limits.POLICIES)
    if not request.get("BypassPolicyLockoutCheck"):
        await _check_lockout(ctx, document)
    policy = Policy(name, document, (before.revision if before else 0) + 1, ctx.now())
    _policies.put(ctx, policy, name)
    return {"ResourcePolicy": _shown(policy)}


def _check(document: str) -> None:
    from fogbank.identity import policy_grammar

    if len(document.encode()) > limits.POLICY_BYTES:
        raise errors.policy_too_large(limits.POLICY_BYTES)
    try:
        policy_grammar.check(document, "resource")
    except policy_grammar.MalformedPolicy as error:
        raise errors.malformed_policy(error.message) from None


def _check_revision(request: Request, before: Policy | None) -> None:
    wanted = request.get("PolicyRevisionId")
    if wanted is not None and wanted != (_NEW if before is None else str(before.revision)):
        raise errors.another_revision()


async def _check_lockout(ctx: Context, document: str) -> None:
    """Would the policy forbid its author to put policies?"""
    if not await ctx.may("xray:PutResourcePolicy", "*", policy=document):
        raise errors.lockout()


@service.operation
async def list_resource_policies(ctx: Context, request: Request) -> Request:
    token = request.get("NextToken")
    after = None if token is None else (pages.position(token, errors.invalid_token()),)
    rows = await _policies.scan(ctx, after=after, limit=_PAGE + 1)
    shown, next_token = pages.page(rows, _PAGE, lambda policy: policy.name)
    return {"ResourcePolicies": [_shown(policy) for policy in shown], "NextToken": next_token}


@service.operation
async def delete_resource_policy(ctx: Context, request: Request) -> Request:
    found = await _policies.get(ctx, request["PolicyName"])
    if found is None:
        raise errors.no_such_policy(request["PolicyName"])
    _check_revision(request, found)
    _policies.delete(ctx, found.name)
    return {}


def _shown(policy: Policy) -> Request:
    return {
        "PolicyName": policy.name,
        "PolicyDocument": policy.document,
        "PolicyRevisionId": str(policy.revision),
        "LastUpdatedTime": policy.updated,
    }
