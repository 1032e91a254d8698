"""Tags of alarms, mute rules, rules of Contributor Insights, kept queries, metric streams, and dashboards."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from fogbank.kernel import Collection, Context
from fogbank.services.cloudwatch import (
    alarm_records,
    dashboards,
    errors,
    insight_rules,
    metric_streams,
    mute_rules,
    query_definitions,
)
from fogbank.services.cloudwatch.service import service
from fogbank.services.cloudwatch.tag_rules import Tags, checked, listed

Request = dict[str, Any]
Answer = dict[str, Any]


class _Tagged(NamedTuple):
    collection: Collection[Any]
    record: Any

    def retag(self, ctx: Context, tags: Tags) -> None:
        self.collection.put(ctx, msgspec.structs.replace(self.record, tags=tags), self.record.name)


def _arn(ctx: Context, request: Request) -> str:
    return str(request["ResourceARN"])


async def _find(ctx: Context, request: Request) -> _Tagged:
    arn: str = request["ResourceARN"]
    for collection, arn_of in (
        (alarm_records.alarms, alarm_records.arn_of),
        (dashboards.dashboards, dashboards.arn_of),
        (insight_rules.rules, insight_rules.arn_of),
        (metric_streams.streams, metric_streams.arn_of),
        (mute_rules.rules, mute_rules.arn_of),
        (query_definitions.definitions, query_definitions.arn_of),
    ):
        prefix = arn_of(ctx, "")
        found = await collection.get(ctx, arn.removeprefix(prefix)) if arn.startswith(prefix) else None
        if found is not None:
            return _Tagged(collection, found)
    raise errors.no_resource(arn)


@service.operation(resource=_arn)
async def tag_resource(ctx: Context, request: Request) -> None:
    tagged = await _find(ctx, request)
    tagged.retag(ctx, checked(tagged.record.tags, request["Tags"]))


@service.operation(resource=_arn)
async def untag_resource(ctx: Context, request: Request) -> None:
    tagged = await _find(ctx, request)
    kept = {key: value for key, value in tagged.record.tags.items() if key not in request["TagKeys"]}
    tagged.retag(ctx, kept)


@service.operation(resource=_arn)
async def list_tags_for_resource(ctx: Context, request: Request) -> Answer:
    return {"Tags": listed((await _find(ctx, request)).record.tags)}
