"""Contributor insights: UpdateContributorInsights, DescribeContributorInsights, ListContributorInsights.

    insights  (table, index or nothing)  Insights

Their states are gone through and the names of their rules are told; the rules are CloudWatch's.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/contributorinsights_HowItWorks.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.kernel import Record, pages
from fogbank.services.dynamodb import errors, guards, linked_roles, tables
from fogbank.services.dynamodb.schema import Table
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.tables import on_table

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

DEFAULT_MODE = "ACCESSED_AND_THROTTLED_KEYS"
_LISTED = 100
_NEXT = {"ENABLING": "ENABLED", "DISABLING": "DISABLED"}


class Insights(Record, frozen=True):
    """`updated` is when they were switched last (epoch seconds)."""

    status: str = "DISABLED"
    mode: str | None = None
    updated: float | None = None


insights = service.collection("contributor-insights", Insights)


@on_table
async def update_contributor_insights(ctx: Context, request: Document) -> Document:
    table = await tables.find_described(ctx, request)
    index = _index(table, request)
    known = await insights.get(ctx, table.name, index) or Insights()
    mode = request.get("ContributorInsightsMode") or known.mode or DEFAULT_MODE
    wanted = "ENABLING" if request["ContributorInsightsAction"] == "ENABLE" else "DISABLING"
    if wanted == "ENABLING":
        await linked_roles.require(ctx, linked_roles.INSIGHTS)
    elif known.status == "DISABLED":
        return _summary(table.name, index, known)
    changed = Insights(wanted, mode, ctx.now())
    insights.put(ctx, changed, table.name, index)
    await ctx.schedule("settle_insights", {"table": table.name, "index": index})
    return _summary(table.name, index, changed)


def _index(table: Table, request: Document) -> str:
    name: str = request.get("IndexName") or ""
    index = table.index(name) if name else None
    if name and (index is None or not index.is_global):
        raise errors.no_such_resource()
    return name


@service.task
async def settle_insights(ctx: Context, payload: Document) -> None:
    """ENABLING -> ENABLED, DISABLING -> DISABLED."""
    known = await insights.get(ctx, payload["table"], payload["index"])
    if known is not None and known.status in _NEXT:
        insights.put(
            ctx, msgspec.structs.replace(known, status=_NEXT[known.status]), payload["table"], payload["index"]
        )


@on_table
async def describe_contributor_insights(ctx: Context, request: Document) -> Document:
    table = await tables.find_described(ctx, request)
    index = _index(table, request)
    known = await insights.get(ctx, table.name, index) or Insights()
    return {
        **_summary(table.name, index, known),
        "ContributorInsightsRuleList": _rules(table, index, known),
        "LastUpdateDateTime": known.updated,
    }


def _rules(table: Table, index: str, known: Insights) -> list[str]:
    """The names of the rules: accessed (C) and throttled (T) partition keys (PK) and items (SK)."""
    if known.status not in ("ENABLING", "ENABLED") or known.updated is None:
        return []
    of = table.index(index) or table
    keys = ("PK", "SK") if of.range is not None else ("PK",)
    kinds = ("C", "T") if known.mode == DEFAULT_MODE else ("T",)
    where = f"{table.name}-{index}" if index else table.name
    stamp = int(known.updated * 1000)
    return [f"DynamoDBContributorInsights-{key}{kind}-{where}-{stamp}" for key in keys for kind in kinds]


def _arn(ctx: Context, request: Document) -> str:
    return tables.table_arn(ctx, {"TableName": request.get("TableName") or "*"})


async def _owner(ctx: Context, request: Document) -> str:
    return guards.scope_of(ctx, request.get("TableName") or "").account


async def _policy(ctx: Context, request: Document) -> str | None:
    return await guards.BY_POLICY["policy"](ctx, request) if request.get("TableName") else None


@service.operation(resource=_arn, owner=_owner, policy=_policy)
async def list_contributor_insights(ctx: Context, request: Document) -> Document:
    """Of a table and its global indexes, or of all tables of the region."""
    if request.get("TableName"):
        ctx = guards.scope_of(ctx, request["TableName"])
        shown = [await tables.find_described(ctx, request)]
    else:
        shown = await tables.tables.scan(ctx)
    names = {table.name: ["", *[index.name for index in table.indexes if index.is_global]] for table in shown}
    places = sorted([(table, index) for table in names for index in names[table]], key="/".join)
    if request.get("NextToken"):
        last = pages.position(request["NextToken"], errors.validation("Invalid NextToken"))
        places = [place for place in places if "/".join(place) > last]
    page, token = pages.page(places, request.get("MaxResults") or _LISTED, "/".join)
    found = [(*place, await insights.get(ctx, *place) or Insights()) for place in page]
    return {"ContributorInsightsSummaries": [_summary(*each) for each in found], "NextToken": token}


def _summary(table: str, index: str, known: Insights) -> Document:
    return {
        "TableName": table,
        "IndexName": index or None,
        "ContributorInsightsStatus": known.status,
        "ContributorInsightsMode": known.mode,
    }


async def forget(ctx: Context, table: str) -> None:
    """The table is no more."""
    for key, _ in await insights.items(ctx, (str,), table):
        insights.delete(ctx, table, *key)
