"""Queries of metrics that are kept under a path. They are not looked at.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricDataQueryDefinition.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, Record, pages
from fogbank.kernel.actions import with_members
from fogbank.services.cloudwatch import errors, tag_rules
from fogbank.services.cloudwatch.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_MOST = 1000
_PAGE = 100


class Definition(Record, frozen=True):
    """`created` and `updated` are epoch seconds. The `name` by which it is tagged is its id."""

    name: str
    path: str
    expression: str
    kind: str
    created: float
    updated: float
    tags: dict[str, str] = {}


class Path(Record, frozen=True):
    id: str


definitions = service.collection("query_definitions", Definition)
paths = service.collection("query_paths", Path)


def arn_of(ctx: Context, id: str) -> str:
    return f"arn:{ctx.partition}:cloudwatch:{ctx.region}:{ctx.account}:metric-query-definition/{id}"


def _arn(ctx: Context, request: Request) -> str:
    return arn_of(ctx, request.get("Id") or "*")


@service.operation(
    resource=_arn, action=with_members("cloudwatch:PutMetricDataQueryDefinition", {"Tags": "cloudwatch:TagResource"})
)
async def put_metric_data_query_definition(ctx: Context, request: Request) -> Answer:
    """Without an id a new one; with an id the one that is there."""
    before = await _find(ctx, request["Id"]) if request.get("Id") is not None else None
    there = await paths.get(ctx, request["Path"])
    if there is not None and (before is None or there.id != before.name):
        raise errors.conflict(f"A metric data query definition with the path {request['Path']} exists already.")
    if before is None:
        if await definitions.count(ctx) >= _MOST:
            raise errors.limit_exceeded(f"You have reached the limit of {_MOST} metric data query definitions.")
        tags = tag_rules.checked({}, request.get("Tags") or [])
        before = Definition(ctx.ids.uuid(), request["Path"], "", "", ctx.now(), 0, tags)
    paths.delete(ctx, before.path)
    paths.put(ctx, Path(before.name), request["Path"])
    changed = msgspec.structs.replace(
        before, path=request["Path"], expression=request["Expression"], kind=request["Type"], updated=ctx.now()
    )
    definitions.put(ctx, changed, changed.name)
    return _described(ctx, changed)


async def _find(ctx: Context, id: str) -> Definition:
    found = await definitions.get(ctx, id)
    if found is None:
        raise errors.not_found(f"The metric data query definition {id} does not exist.")
    return found


def _described(ctx: Context, definition: Definition) -> Answer:
    return {
        **_summary(definition),
        "Arn": arn_of(ctx, definition.name),
        "Expression": definition.expression,
        "CreatedAt": definition.created,
    }


def _summary(definition: Definition) -> Answer:
    return {
        "Id": definition.name,
        "Path": definition.path,
        "Type": definition.kind,
        "UpdatedAt": definition.updated,
    }


@service.operation(resource=_arn)
async def get_metric_data_query_definition(ctx: Context, request: Request) -> Answer:
    return _described(ctx, await _find(ctx, request["Id"]))


@service.operation(resource=_arn)
async def list_metric_data_query_definitions(ctx: Context, request: Request) -> Answer:
    token, limit = request.get("NextToken"), request.get("MaxResults") or _PAGE
    after = None if token is None else (pages.position(_padded(token), errors.invalid_token()),)
    rows = await definitions.scan(ctx, after=after, limit=limit + 1)
    shown, following = pages.page(rows, limit, lambda definition: definition.name)
    return {"Items": [_summary(each) for each in shown], "NextToken": following and following.rstrip("=")}


def _padded(token: str) -> str:
    """The model has no padding in tokens of this operation."""
    return token + "=" * (-len(token) % 4)


@service.operation(resource=_arn)
async def delete_metric_data_query_definition(ctx: Context, request: Request) -> None:
    """One that is not there is no error."""
    found = await definitions.get(ctx, request["Id"])
    if found is not None:
        definitions.delete(ctx, found.name)
        paths.delete(ctx, found.path)
