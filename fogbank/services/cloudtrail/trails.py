"""Making, changing, deleting and showing trails; starting and stopping them; what became of their deliveries."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.identity.membership import membership
from fogbank.kernel import Context, pages
from fogbank.protocols.timestamps import iso8601
from fogbank.services.cloudtrail import delivering, errors, limits, targets, watching
from fogbank.services.cloudtrail.service import service
from fogbank.services.cloudtrail.tagging import checked
from fogbank.services.cloudtrail.trail import (
    ON_TRAIL,
    Request,
    Trail,
    answered,
    check_name,
    find,
    find_at_home,
    save,
    seen,
    shown,
    trails,
)

_PRINCIPAL = "cloudtrail.amazonaws.com"


def _create_actions(ctx: Context, request: Request) -> tuple[str, ...]:
    tagging = ("cloudtrail:AddTags",) if request.get("TagsList") else ()
    return ("cloudtrail:CreateTrail", *tagging)


@service.operation(transaction=False, resource=ON_TRAIL["resource"], action=_create_actions)
async def create_trail(ctx: Context, request: Request) -> Request:
    """API_CreateTrail. It does not log before StartLogging."""
    name = request["Name"]
    check_name(name)
    tags = checked({}, request.get("TagsList") or [])
    await ctx.transact(_check_new, ctx, name)
    trail = await _with(ctx, Trail(name, ctx.region, "", tags=tags), request)

    async def make() -> None:
        await _check_new(ctx, name)
        save(ctx, trail)

    await ctx.transact(make)
    return answered(ctx, trail)


async def _check_new(ctx: Context, name: str) -> None:
    known = await seen(ctx)
    if any(each.name == name for each in known):
        raise errors.trail_exists(name, ctx.account)
    if sum(each.home == ctx.region for each in known) >= limits.TRAILS:
        raise errors.too_many_trails(ctx.account)


@service.operation(transaction=False, **ON_TRAIL)
async def update_trail(ctx: Context, request: Request) -> Request:
    """What is not given stays; an empty text takes it away. API_UpdateTrail."""
    before = await ctx.transact(find_at_home, ctx, request["Name"])
    changed = await _with(ctx, before, request)

    async def change() -> Trail:
        now = await find_at_home(ctx, request["Name"])
        kept = {
            name: getattr(now, name) for name in ("is_logging", "status", "selectors", "advanced", "insights", "tags")
        }
        trail = msgspec.structs.replace(changed, **kept)
        save(ctx, trail)
        await watching.note(ctx)
        return trail

    return answered(ctx, await ctx.transact(change))


async def _with(ctx: Context, trail: Trail, request: Request) -> Trail:
    """The trail as a request wants it, after what it delivers to was tried."""
    changes = _plain_changes(request)
    if request.get("SnsTopicName") is not None:
        topic = request["SnsTopicName"] and targets.topic_of(ctx, request["SnsTopicName"])
        changes |= {"topic": topic, "topic_name": topic.rpartition(":")[2]}
    if request.get("KmsKeyId") is not None:
        changes["key"] = request["KmsKeyId"] and await targets.key_of(ctx, request["KmsKeyId"])
    if request.get("IsOrganizationTrail") is not None:
        wanted = request["IsOrganizationTrail"]
        changes["organization"] = await ctx.transact(_organization, ctx) if wanted else ""
    wanted_trail = msgspec.structs.replace(trail, **changes)
    _check(wanted_trail)
    await _try(ctx, trail, wanted_trail)
    return wanted_trail


_PLAIN = {
    "S3BucketName": "bucket",
    "S3KeyPrefix": "prefix",
    "CloudWatchLogsLogGroupArn": "log_group",
    "CloudWatchLogsRoleArn": "role",
    "IncludeGlobalServiceEvents": "has_global_events",
    "IsMultiRegionTrail": "is_multi_region",
    "EnableLogFileValidation": "is_validated",
}


def _plain_changes(request: Request) -> dict[str, Any]:
    return {field: request[member] for member, field in _PLAIN.items() if request.get(member) is not None}


def _check(trail: Trail) -> None:
    if not trail.bucket:
        raise errors.invalid_bucket_name()
    if len(trail.prefix) > limits.LONGEST_PREFIX:
        raise errors.invalid_prefix(f"S3 prefix is longer than maximum length {limits.LONGEST_PREFIX}")
    if trail.is_multi_region and not trail.has_global_events:
        raise errors.invalid_combination("Multi-Region trail must include global service events.")
    if trail.log_group and not trail.role:
        raise errors.invalid_logs_role("You must specify a role ARN as well as a log group.")
    if trail.role and not trail.log_group:
        raise errors.invalid_log_group("You must specify a log group as well as a role ARN.")


async def _try(ctx: Context, before: Trail, trail: Trail) -> None:
    """Try what is new of where it delivers."""
    if (trail.bucket, trail.prefix, trail.key) != (before.bucket, before.prefix, before.key):
        await targets.try_bucket(ctx, trail)
    if trail.topic and trail.topic != before.topic:
        await targets.try_topic(ctx, trail)
    if trail.log_group and (trail.log_group, trail.role) != (before.log_group, before.role):
        await targets.try_logs(ctx, trail)


async def _organization(ctx: Context) -> str:
    """The id of the organization whose trail the account may have. Raises OrganizationsNotInUseException and such."""
    members = membership(ctx)
    found = await members.organization(ctx, ctx.account)
    if found is None:
        raise errors.no_organization()
    if not await members.administers(ctx, ctx.account, _PRINCIPAL):
        raise errors.not_the_management_account()
    return found.id


@service.operation(**ON_TRAIL)
async def delete_trail(ctx: Context, request: Request) -> None:
    """What was not delivered yet is not any more. API_DeleteTrail."""
    trail = await find_at_home(ctx, request["Name"])
    trails.delete(ctx, trail.home, trail.name)
    await delivering.forget(ctx, trail)
    await watching.note(ctx)


# -- showing


@service.operation(**ON_TRAIL)
async def get_trail(ctx: Context, request: Request) -> Request:
    """API_GetTrail."""
    return {"Trail": shown(ctx, await find(ctx, request["Name"]))}


@service.operation
async def describe_trails(ctx: Context, request: Request) -> Request:
    """All trails, or those that are named and there. API_DescribeTrails."""
    names = request.get("trailNameList") or []
    for name in names:
        if not name.startswith("arn:"):
            check_name(name)
    shadows = request.get("includeShadowTrails")
    found = await seen(ctx, shadows is None or shadows)
    if names:
        everywhere = await trails.scan(ctx)
        found = [each for each in found if each.name in names]
        found += [each for each in everywhere if each not in found and each.arn(ctx) in names]
    return {"trailList": [shown(ctx, each) for each in found]}


@service.operation
async def list_trails(ctx: Context, request: Request) -> Request:
    """The trails of all Regions. API_ListTrails."""
    if request.get("NextToken"):
        pages.position(request["NextToken"], errors.invalid_token())
    found = await trails.scan(ctx)
    return {"Trails": [{"TrailARN": each.arn(ctx), "Name": each.name, "HomeRegion": each.home} for each in found]}


# -- logging


@service.operation(**ON_TRAIL)
async def start_logging(ctx: Context, request: Request) -> None:
    """API_StartLogging."""
    await _switch(ctx, request["Name"], is_logging=True)


@service.operation(**ON_TRAIL)
async def stop_logging(ctx: Context, request: Request) -> None:
    """What happened before is delivered. API_StopLogging."""
    await _switch(ctx, request["Name"], is_logging=False)


async def _switch(ctx: Context, name: str, is_logging: bool) -> None:
    trail = await find_at_home(ctx, name)
    if trail.is_logging == is_logging:
        return
    changed = {"started" if is_logging else "stopped": ctx.now()}
    status = msgspec.structs.replace(trail.status, **changed)
    save(ctx, msgspec.structs.replace(trail, is_logging=is_logging, status=status))
    await watching.note(ctx)


@service.operation(**ON_TRAIL)
async def get_trail_status(ctx: Context, request: Request) -> Request:
    """API_GetTrailStatus."""
    trail = await find(ctx, request["Name"])
    status = trail.status
    return {
        "IsLogging": trail.is_logging,
        "LatestDeliveryError": status.delivery_error or None,
        "LatestNotificationError": status.notification_error or None,
        "LatestDeliveryTime": status.delivery or None,
        "LatestNotificationTime": status.notification or None,
        "StartLoggingTime": status.started or None,
        "StopLoggingTime": status.stopped or None,
        "LatestCloudWatchLogsDeliveryError": status.logs_error or None,
        "LatestCloudWatchLogsDeliveryTime": status.logs or None,
        "LatestDigestDeliveryTime": status.digest or None,
        "LatestDigestDeliveryError": status.digest_error or None,
        "LatestDeliveryAttemptTime": _text(status.delivery_attempt),
        "LatestNotificationAttemptTime": _text(status.notification),
        "LatestNotificationAttemptSucceeded": _text(status.notification),
        "LatestDeliveryAttemptSucceeded": _text(status.delivery),
        "TimeLoggingStarted": _text(status.started),
        "TimeLoggingStopped": _text(status.stopped),
    }


def _text(moment: float) -> str:
    return iso8601(int(moment)) if moment else ""
