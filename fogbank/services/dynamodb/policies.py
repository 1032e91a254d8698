"""PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy: for tables, which stand for their indexes too, and for streams.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-considerations.html
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from fogbank.services.dynamodb import guards, limits, table_errors
from fogbank.services.dynamodb.guards import Policy
from fogbank.services.dynamodb.schema import Table, tables
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.streams import streams

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

NO_POLICY = "NO_POLICY"
_REVISION_DIGITS = 13


def _arn(ctx: Context, request: Document) -> str:
    return str(request["ResourceArn"])


async def _owner(ctx: Context, request: Document) -> str:
    return guards.scope_of(ctx, request["ResourceArn"]).account


async def _policy(ctx: Context, request: Document) -> str | None:
    policy = await ctx.transact(_policy_in, ctx, request["ResourceArn"])
    return None if policy is None else policy.text


async def _policy_in(ctx: Context, arn: str) -> Policy | None:
    return await guards.policies.get(guards.scope_of(ctx, arn), arn)


async def _policy_for_admin(ctx: Context, request: Document) -> str | None:
    """The owner's root can always mend a policy, even one that locks everybody out."""
    is_root = ctx.principal.kind == "root" and await _owner(ctx, request) == ctx.principal.account
    return None if is_root else await _policy(ctx, request)


_READ: dict[str, Any] = {"resource": _arn, "owner": _owner, "policy": _policy}
_ADMIN: dict[str, Any] = {**_READ, "policy": _policy_for_admin}


class _Guarded(NamedTuple):
    """A table or stream, in its account. `table` is None for a stream."""

    scope: Context
    arn: str
    table: Table | None


async def _find(ctx: Context, arn: str) -> _Guarded:
    """Raises ResourceNotFoundException, ValidationException."""
    scope = guards.scope_of(ctx, arn)
    prefix = f"arn:{scope.partition}:dynamodb:{scope.region}:{scope.account}:table/"
    name, _, rest = arn.removeprefix(prefix).partition("/")
    if not arn.startswith(prefix) or not name or (rest and not rest.startswith("stream/")):
        raise table_errors.invalid_resource_arn(arn)
    if rest:
        if await streams.get(scope, name, rest.removeprefix("stream/")) is None:
            raise table_errors.no_such_arn(arn)
        return _Guarded(scope, arn, None)
    table = await tables.get(scope, name)
    if table is None or table.status == "DELETING":
        raise table_errors.no_such_arn(arn)
    return _Guarded(scope, arn, table)


@service.operation(**_ADMIN)
async def put_resource_policy(ctx: Context, request: Document) -> Document:
    """The same policy again changes nothing, its revision neither."""
    found = await _find(ctx, request["ResourceArn"])
    known = await guards.policies.get(found.scope, found.arn)
    _expect(known, request.get("ExpectedRevisionId"))
    policy = _checked(ctx, request["Policy"], found.arn, bool(request.get("ConfirmRemoveSelfResourceAccess")))
    if known is None or known.text != policy.text:
        guards.policies.put(found.scope, policy, found.arn)
        _note(found, has_policy=True)
        return {"RevisionId": policy.revision}
    return {"RevisionId": known.revision}


@service.operation(**_READ)
async def get_resource_policy(ctx: Context, request: Document) -> Document:
    found = await _find(ctx, request["ResourceArn"])
    policy = await guards.policies.get(found.scope, found.arn)
    if policy is None:
        raise table_errors.no_policy(found.arn)
    return {"Policy": policy.text, "RevisionId": policy.revision}


@service.operation(**_ADMIN)
async def delete_resource_policy(ctx: Context, request: Document) -> Document | None:
    """Without a policy there is nothing to do, unless a revision is expected."""
    found = await _find(ctx, request["ResourceArn"])
    known = await guards.policies.get(found.scope, found.arn)
    _expect(known, request.get("ExpectedRevisionId"))
    if known is None:
        return None
    guards.policies.delete(found.scope, found.arn)
    _note(found, has_policy=False)
    return {"RevisionId": known.revision}


def attach(ctx: Context, table: Table, text: str) -> Table:
    """Give a new table its policy. Returns its record."""
    guards.policies.put(ctx, _checked(ctx, text, table.arn, confirmed=False), table.arn)
    return msgspec.structs.replace(table, has_policy=True)


def _note(found: _Guarded, has_policy: bool) -> None:
    if found.table is not None:
        tables.put(found.scope, msgspec.structs.replace(found.table, has_policy=has_policy), found.table.name)


def _expect(known: Policy | None, revision: str | None) -> None:
    if revision is None:
        return
    if (NO_POLICY if known is None else known.revision) != revision:
        raise table_errors.policy_revision(revision)


def _checked(ctx: Context, text: str, arn: str, confirmed: bool) -> Policy:
    """The policy in a JSON text. Raises ValidationException; also for one that shuts out its author, unless that is confirmed."""
    from fogbank.identity import policy_grammar

    if len(text.encode()) > limits.POLICY_SIZE:
        raise table_errors.policy_too_large()
    try:
        document = policy_grammar.check(text, "resource")
    except policy_grammar.MalformedPolicy as error:
        raise table_errors.malformed_policy(error.message) from None
    if not confirmed and ctx.principal.kind != "root" and _locks_out(ctx, document, arn):
        raise table_errors.policy_locks_out()
    return Policy(text, str(int(hashlib.sha256(text.encode()).hexdigest(), 16))[:_REVISION_DIGITS])


def _locks_out(ctx: Context, document: Document, arn: str) -> bool:
    from fogbank.identity.policy import Access, Policy

    access = Access(ctx.principal, "dynamodb:PutResourcePolicy", arn)
    return Policy(document).evaluate(access).denied_by is not None
