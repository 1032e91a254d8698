"""Tags of rules and buses: TagResource, UntagResource, ListTagsForResource."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.events import bus as bus_records
from fogbank.services.events import errors, tagging
from fogbank.services.events import rule as rule_records
from fogbank.services.events.bus import EventBus
from fogbank.services.events.names import DEFAULT, parse
from fogbank.services.events.rule import Rule
from fogbank.services.events.service import service

Request = dict[str, Any]


async def _find(ctx: Context, arn: str) -> Rule | EventBus:
    """The rule or bus with that ARN. Raises ResourceNotFoundException, ValidationException."""
    parts = parse(arn)
    if parts is None or parts.service != "events":
        raise errors.invalid_arn(arn)
    kind, _, path = parts.resource.partition("/")
    if (parts.account, parts.region) != (ctx.account, ctx.region):
        raise errors.not_found(f"Resource {arn} does not exist.")
    if kind == "event-bus":
        return await bus_records.find_bus(ctx, path)
    if kind == "rule":
        bus, _, name = path.rpartition("/")
        return await rule_records.find_rule(ctx, bus or DEFAULT, name)
    raise errors.invalid_arn(arn)


async def _tags(ctx: Context, request: Request) -> dict[str, str]:
    return (await _find(ctx, request["ResourceARN"])).tags


_ON_RESOURCE: dict[str, Any] = {"resource": lambda ctx, request: request["ResourceARN"], "tags": _tags}


def _keep(ctx: Context, found: Rule | EventBus, tags: dict[str, str]) -> None:
    if isinstance(found, Rule):
        rule_records.check_not_managed(ctx, found)
        rule_records.modify(ctx, found, tags=tags)
    else:
        bus_records.modify(ctx, found, tags=tags)


@service.operation(**_ON_RESOURCE)
async def tag_resource(ctx: Context, request: Request) -> Request:
    """Add tags, and replace those that are there already. API_TagResource."""
    found = await _find(ctx, request["ResourceARN"])
    _keep(ctx, found, tagging.added(found.tags, request["Tags"]))
    return {}


@service.operation(**_ON_RESOURCE)
async def untag_resource(ctx: Context, request: Request) -> Request:
    """Remove tags; a key that is not there is passed over. API_UntagResource."""
    found = await _find(ctx, request["ResourceARN"])
    _keep(ctx, found, {key: value for key, value in found.tags.items() if key not in request["TagKeys"]})
    return {}


@service.operation(**_ON_RESOURCE)
async def list_tags_for_resource(ctx: Context, request: Request) -> Request:
    """API_ListTagsForResource."""
    return {"Tags": tagging.shown((await _find(ctx, request["ResourceARN"])).tags)}
