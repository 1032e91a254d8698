"""Schedule groups: CreateScheduleGroup, GetScheduleGroup, ListScheduleGroups, DeleteScheduleGroup, and their tags.

groups   (name)   Group

The group `default` is always there; it has a row only once it has tags.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-group.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from fogbank.kernel import Context, Record, pages
from fogbank.services.scheduler import errors, limits
from fogbank.services.scheduler.service import service

Request = dict[str, Any]

DEFAULT = "default"
ACTIVE, DELETING = "ACTIVE", "DELETING"


class Group(Record, frozen=True):
    """Times are epoch seconds; `token` is the client's token of the request that made it."""

    name: str
    created: float
    modified: float
    state: str = ACTIVE
    tags: dict[str, str] = {}
    token: str = ""


groups = service.collection("groups", Group)

# the default group is there before anybody asks for it: since the service began, on 10 November 2022
_DEFAULT_GROUP = Group(DEFAULT, 1668038400.0, 1668038400.0)


def group_arn(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:scheduler:{ctx.region}:{ctx.account}:schedule-group/{name}"


async def find_group(ctx: Context, name: str) -> Group:
    """Raises ResourceNotFoundException."""
    group = await groups.get(ctx, name)
    if group is None and name == DEFAULT:
        return _DEFAULT_GROUP
    if group is None:
        raise errors.no_such_group(name)
    return group


def _named(ctx: Context, request: Request) -> str:
    return group_arn(ctx, request["Name"])


async def _tags_of(ctx: Context, request: Request) -> Mapping[str, str]:
    return (await find_group(ctx, request["Name"])).tags


def _create_actions(ctx: Context, request: Request) -> tuple[str, ...]:
    tagging = ("scheduler:TagResource",) if request.get("Tags") else ()
    return ("scheduler:CreateScheduleGroup", *tagging)


@service.operation(resource=_named, action=_create_actions)
async def create_schedule_group(ctx: Context, request: Request) -> Request:
    """API_CreateScheduleGroup. The same request with the same token is answered as the first one was."""
    name, token = request["Name"], request.get("ClientToken") or ""
    known = _DEFAULT_GROUP if name == DEFAULT else await groups.get(ctx, name)
    if known is not None and not (token and known.token == token and known.state == ACTIVE):
        raise errors.group_exists(name)
    if known is None:
        if await groups.count(ctx, limit=limits.GROUPS) >= limits.GROUPS:
            raise errors.quota_exceeded("schedule groups", limits.GROUPS)
        tags = _added({}, request.get("Tags") or [])
        now = ctx.now()
        groups.put(ctx, Group(name, now, now, tags=tags, token=token), name)
    return {"ScheduleGroupArn": group_arn(ctx, name)}


@service.operation(resource=_named, tags=_tags_of)
async def get_schedule_group(ctx: Context, request: Request) -> Request:
    """API_GetScheduleGroup."""
    return _shown(ctx, await find_group(ctx, request["Name"]))


def _shown(ctx: Context, group: Group) -> Request:
    return {
        "Arn": group_arn(ctx, group.name),
        "Name": group.name,
        "State": group.state,
        "CreationDate": group.created,
        "LastModificationDate": group.modified,
    }


@service.operation(resource=lambda ctx, request: group_arn(ctx, "*"))
async def list_schedule_groups(ctx: Context, request: Request) -> Request:
    """The groups by name. API_ListScheduleGroups."""
    token, prefix = request.get("NextToken"), request.get("NamePrefix") or ""
    after = "" if token is None else pages.position(token, errors.invalid_next_token())
    found = {group.name: group for group in [_DEFAULT_GROUP, *await groups.scan(ctx)]}
    names = sorted(name for name in found if name.startswith(prefix) and name > after)
    shown, following = pages.page(names, request.get("MaxResults") or limits.PAGE, lambda name: name)
    return {"ScheduleGroups": [_shown(ctx, found[name]) for name in shown], "NextToken": following}


@service.operation(resource=_named, tags=_tags_of)
async def delete_schedule_group(ctx: Context, request: Request) -> Request:
    """Delete the group and, task by task, its schedules; until then it is in the state DELETING. API_DeleteScheduleGroup."""
    name = request["Name"]
    if name == DEFAULT:
        raise errors.default_group_stays()
    group = await find_group(ctx, name)
    if group.state != DELETING:
        groups.put(ctx, msgspec.structs.replace(group, state=DELETING, modified=ctx.now()), name)
        await ctx.schedule("empty_group", {"name": name})
    return {}


# -- tags


def _tagged(ctx: Context, request: Request) -> str:
    return str(request["ResourceArn"])


async def _tagged_group(ctx: Context, request: Request) -> Group:
    """The group with that ARN. Raises ResourceNotFoundException."""
    arn, name = request["ResourceArn"], request["ResourceArn"].rpartition("/")[2]
    if arn != group_arn(ctx, name):
        raise errors.no_such_group(name)
    return await find_group(ctx, name)


async def _tags_of_tagged(ctx: Context, request: Request) -> Mapping[str, str]:
    return (await _tagged_group(ctx, request)).tags


def _added(present: Mapping[str, str], given: list[dict[str, str]]) -> dict[str, str]:
    """Raises ValidationException."""
    tags = {**present, **{tag["Key"]: tag["Value"] for tag in given}}
    if any(tag["Key"].lower().startswith("aws:") for tag in given):
        raise errors.reserved_tag_key()
    if len(tags) > limits.TAGS:
        raise errors.too_many_tags(limits.TAGS)
    return tags


def _keep(ctx: Context, group: Group, tags: dict[str, str]) -> None:
    groups.put(ctx, msgspec.structs.replace(group, tags=tags, modified=ctx.now()), group.name)


@service.operation(resource=_tagged, tags=_tags_of_tagged)
async def tag_resource(ctx: Context, request: Request) -> Request:
    """Add tags to a group, and replace those that are there already. API_TagResource."""
    group = await _tagged_group(ctx, request)
    if group.state == DELETING:
        raise errors.group_is_going(group.name)
    _keep(ctx, group, _added(group.tags, request["Tags"]))
    return {}


@service.operation(resource=_tagged, tags=_tags_of_tagged)
async def untag_resource(ctx: Context, request: Request) -> Request:
    """Remove tags; a key that is not there is passed over. API_UntagResource."""
    group = await _tagged_group(ctx, request)
    if group.state == DELETING:
        raise errors.group_is_going(group.name)
    _keep(ctx, group, {key: value for key, value in group.tags.items() if key not in request["TagKeys"]})
    return {}


@service.operation(resource=_tagged, tags=_tags_of_tagged)
async def list_tags_for_resource(ctx: Context, request: Request) -> Request:
    """API_ListTagsForResource."""
    group = await _tagged_group(ctx, request)
    return {"Tags": [{"Key": key, "Value": value} for key, value in group.tags.items()]}
