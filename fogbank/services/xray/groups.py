"""Groups: filters of traces that have a name. CreateGroup, GetGroup, GetGroups, UpdateGroup, DeleteGroup.

A group is looked at when traces are asked for, so a filter that is changed holds for all of them.

groups   (name)  Group
watched  ()      there while a group wants insights

https://docs.aws.amazon.com/xray/latest/devguide/xray-api-configuration.html#xray-api-configuration-groups
"""

from __future__ import annotations

from base64 import b32encode
from typing import Any

import msgspec

from fogbank.kernel import Context, Record, pages
from fogbank.services.xray import errors, filters, limits, tags
from fogbank.services.xray.records import arn
from fogbank.services.xray.service import service

Request = dict[str, Any]

DEFAULT = "Default"
_PAGE = 100


class Group(Record, frozen=True):
    """`id` is the last part of its ARN."""

    name: str
    id: str
    filter: str | None = None
    insights: bool = False
    notifications: bool = False
    tags: dict[str, str] = {}


class Watched(Record, frozen=True):
    pass


groups = service.collection("groups", Group, cached=True)
watched = service.collection("groups-watched", Watched, cached=True)


async def _keep(ctx: Context, group: Group) -> None:
    groups.put(ctx, group, group.name)
    await _watch(ctx)


async def _watch(ctx: Context) -> None:
    """Note whether there is a group that wants insights."""
    if any(group.insights for group in await groups.scan(ctx)):
        watched.put(ctx, Watched())
    else:
        watched.delete(ctx)


def arn_of(ctx: Context, group: Group) -> str:
    return arn(ctx, "group", group.name, *([group.id] if group.id else []))


async def find(ctx: Context, request: Request) -> Group:
    """The group that a request names, by its name or its ARN. Raises InvalidRequestException."""
    name, given = request.get("GroupName"), request.get("GroupARN")
    if (name is None) == (given is None):
        raise errors.name_and_arn("group")
    if name is None:
        name = str(given).partition(":group/")[2].partition("/")[0]
    found = Group(DEFAULT, "") if name == DEFAULT else await groups.get(ctx, name)
    if found is None or given not in (None, arn_of(ctx, found)):
        raise errors.group_not_found()
    return found


async def of_request(ctx: Context, request: Request) -> filters.Node | None:
    """The filter of the group that a request names, if it names one that has one."""
    if request.get("GroupName") is None and request.get("GroupARN") is None:
        return None
    found = await find(ctx, request)
    return filters.parse(found.filter) if found.filter else None


async def known(ctx: Context) -> filters.Groups:
    """The filters of all groups, for expressions that name them."""
    found: dict[tuple[str, str], filters.Node | None] = {}
    for group in await groups.scan(ctx):
        node = filters.parse(group.filter) if group.filter else None
        found["name", group.name] = found["arn", arn_of(ctx, group)] = node
    return found


def _arn_of_request(ctx: Context, request: Request) -> str:
    return request.get("GroupARN") or arn(ctx, "group", request.get("GroupName") or "*", "*")


async def _tags_of_request(ctx: Context, request: Request) -> dict[str, str]:
    return (await find(ctx, request)).tags


_ON_GROUP: dict[str, Any] = {"resource": _arn_of_request, "tags": _tags_of_request}


@service.operation(resource=_arn_of_request)
async def create_group(ctx: Context, request: Request) -> Request:
    """API_CreateGroup."""
    name = request["GroupName"]
    if name == DEFAULT:
        raise errors.reserved_group()
    if await groups.get(ctx, name) is not None:
        raise errors.group_exists()
    if await groups.count(ctx) >= limits.GROUPS:
        raise errors.too_many_groups(limits.GROUPS)
    digits = b32encode(ctx.ids.bytes(32)).decode().rstrip("=")
    group = _changed(Group(name, digits), request)
    group = msgspec.structs.replace(group, tags=tags.added({}, request.get("Tags") or (), arn_of(ctx, group)))
    await _keep(ctx, group)
    return {"Group": shown(ctx, group)}


@service.operation(**_ON_GROUP)
async def update_group(ctx: Context, request: Request) -> Request:
    """Change what is given. API_UpdateGroup."""
    found = await find(ctx, request)
    if found.name == DEFAULT:
        raise errors.reserved_group()
    group = _changed(found, request)
    await _keep(ctx, group)
    return {"Group": shown(ctx, group)}


def _changed(group: Group, request: Request) -> Group:
    """Raises InvalidRequestException."""
    expression, insights = request.get("FilterExpression"), request.get("InsightsConfiguration") or {}
    if expression:
        filters.parse(expression)
    changed = msgspec.structs.replace(
        group,
        filter=group.filter if expression is None else expression,
        insights=insights.get("InsightsEnabled", group.insights),
        notifications=insights.get("NotificationsEnabled", group.notifications),
    )
    if changed.notifications and not changed.insights:
        raise errors.notifications_without_insights()
    return changed


@service.operation(**_ON_GROUP)
async def get_group(ctx: Context, request: Request) -> Request:
    """API_GetGroup."""
    return {"Group": shown(ctx, await find(ctx, request))}


@service.operation
async def get_groups(ctx: Context, request: Request) -> Request:
    """All groups, and the default one that everybody has. API_GetGroups."""
    token = request.get("NextToken")
    after = None if token is None else (pages.position(token, errors.invalid_token()),)
    rows = await groups.scan(ctx, after=after, limit=_PAGE + 1)
    found, next_token = pages.page(rows, _PAGE, lambda group: group.name)
    first = [Group(DEFAULT, "")] if token is None else []
    return {"Groups": [shown(ctx, each) for each in (*first, *found)], "NextToken": next_token}


@service.operation(**_ON_GROUP)
async def delete_group(ctx: Context, request: Request) -> Request:
    """API_DeleteGroup."""
    found = await find(ctx, request)
    if found.name == DEFAULT:
        raise errors.reserved_group()
    groups.delete(ctx, found.name)
    await _watch(ctx)
    return {}


def shown(ctx: Context, group: Group) -> Request:
    return {
        "GroupName": group.name,
        "GroupARN": arn_of(ctx, group),
        "FilterExpression": group.filter,
        "InsightsConfiguration": {"InsightsEnabled": group.insights, "NotificationsEnabled": group.notifications},
    }
