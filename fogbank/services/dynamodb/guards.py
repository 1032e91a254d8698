"""Resource policies as the decision about a request needs them: which policy guards a table or stream.

    policies  (resource's ARN)  Policy

A table's record says whether there is one, so that most requests need not look. Who puts them there is `policies.py`.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/access-control-resource-based.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogbank.kernel import Record
from fogbank.services.dynamodb.schema import Table, tables
from fogbank.services.dynamodb.service import service

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]


class Policy(Record, frozen=True):
    text: str
    revision: str


policies = service.collection("policies", Policy)


def scope_of(ctx: Context, named: str) -> Context:
    """The context of the account that owns what a request names: its own, or that of an ARN. Another region's is not to be had."""
    parts = named.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or parts[4] == ctx.account or parts[3] != ctx.region:
        return ctx
    return ctx.at(account=parts[4])


async def table_named(ctx: Context, named: str) -> Table | None:
    """The table of a name or ARN, if it is there."""
    if not named.startswith("arn:"):
        return await tables.get(ctx, named)
    table = await tables.get(scope_of(ctx, named), named.partition(":table/")[2].partition("/")[0])
    return table if table is not None and (named == table.arn or named.startswith(f"{table.arn}/")) else None


async def policy_for(ctx: Context, table: Table | None) -> str | None:
    """The text of a table's policy."""
    if table is None or not table.has_policy:
        return None
    policy = await policies.get(table.layout.scope(ctx), table.arn)
    return None if policy is None else policy.text


# -- options of operations on one table


async def _policy(ctx: Context, request: Document) -> str | None:
    return await ctx.transact(_policy_in, ctx, request["TableName"])


async def _policy_in(ctx: Context, named: str) -> str | None:
    return await policy_for(ctx, await table_named(ctx, named))


async def _owner(ctx: Context, request: Document) -> str | None:
    return scope_of(ctx, request["TableName"]).account


BY_POLICY: dict[str, Any] = {"policy": _policy, "owner": _owner}
