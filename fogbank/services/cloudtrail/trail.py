"""Trails: what they are, finding them by name or ARN, and showing them.

trails   (home Region, name)   Trail

A trail of several Regions is seen in all of them (a shadow trail), and changed only at home.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-trails.html
"""

from __future__ import annotations

import re
from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.cloudtrail import errors, limits
from fogbank.services.cloudtrail.service import service

Request = dict[str, Any]
Selectors = tuple[dict[str, Any], ...]


class Status(Record, frozen=True):
    """When something happened last (epoch seconds, 0 for never), and what went wrong then."""

    started: float = 0
    stopped: float = 0
    delivery: float = 0
    delivery_error: str = ""
    delivery_attempt: float = 0
    notification: float = 0
    notification_error: str = ""
    logs: float = 0
    logs_error: str = ""
    digest: float = 0
    digest_error: str = ""


class Trail(Record, frozen=True):
    """`topic`, `log_group`, `role` and `key` are ARNs. `selectors` and `insights` are as requests have them; of `selectors` and
    `advanced` there is one at most, none of them stands for all management events."""

    name: str
    home: str
    bucket: str
    prefix: str = ""
    topic: str = ""
    topic_name: str = ""
    log_group: str = ""
    role: str = ""
    key: str = ""
    has_global_events: bool = True
    is_multi_region: bool = False
    is_validated: bool = False
    organization: str = ""
    is_logging: bool = False
    status: Status = Status()
    selectors: Selectors = ()
    advanced: Selectors = ()
    insights: Selectors = ()
    tags: dict[str, str] = {}

    def arn(self, ctx: Context) -> str:
        return f"arn:{ctx.partition}:cloudtrail:{self.home}:{ctx.account}:trail/{self.name}"

    def was_logging(self, time: float) -> bool:
        """At a time (epoch seconds) since it was switched on or off last, or before it was switched off."""
        return self.status.started <= time if self.is_logging else self.status.started <= time < self.status.stopped

    @property
    def is_for_organization(self) -> bool:
        return bool(self.organization)


trails = service.collection("trails", Trail, scope="account", cached=True)

_ARN = re.compile(r"arn:aws[a-z-]*:cloudtrail:([a-z0-9-]+):(\d{12}):trail/(.+)")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


def check_name(name: str) -> None:
    """Raises InvalidTrailNameException."""
    length = len(name)
    if not name:
        raise errors.invalid_name("Trail name cannot be blank!")
    if length < limits.SHORTEST_NAME:
        raise errors.invalid_name(
            f"Trail name too short. Minimum allowed length: {limits.SHORTEST_NAME} characters. Specified name length: {length} characters."
        )
    if length > limits.LONGEST_NAME:
        raise errors.invalid_name(
            f"Trail name too long. Maximum allowed length: {limits.LONGEST_NAME} characters. Specified name length: {length} characters."
        )
    if not _NAME.fullmatch(name):
        raise errors.invalid_name(
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and "
            "underscores (_)."
        )
    if not name[0].isalnum():
        raise errors.invalid_name("Trail name must starts with a letter or number.")
    if not name[-1].isalnum():
        raise errors.invalid_name("Trail name must ends with a letter or number.")
    if re.search(r"[._-]{2}", name):
        raise errors.invalid_name("Trail name cannot have adjacent periods, hyphens or underscores.")
    if _ADDRESS.fullmatch(name):
        raise errors.invalid_name("Trail name must not be formatted as an IP address.")


def arn_of(ctx: Context, given: str) -> str:
    """The ARN of a trail that is given by name or ARN: for permissions."""
    return (
        given
        if given.startswith("arn:")
        else f"arn:{ctx.partition}:cloudtrail:{ctx.region}:{ctx.account}:trail/{given}"
    )


def by_name(ctx: Context, request: Request) -> str:
    return arn_of(ctx, request["Name"])


async def tags_by_name(ctx: Context, request: Request) -> dict[str, str]:
    return (await find(ctx, request["Name"])).tags


ON_TRAIL: dict[str, Any] = {"resource": by_name, "tags": tags_by_name}


async def find(ctx: Context, given: str) -> Trail:
    """A trail by its name, if it is seen in this Region, or its ARN. Raises TrailNotFoundException, or what `given` is not."""
    home = ctx.region
    name = given
    if given.startswith("arn:"):
        parts = _ARN.fullmatch(given)
        if parts is None:
            raise errors.invalid_arn(given)
        home, account, name = parts.groups()
        if account != ctx.account:
            raise errors.trail_not_found(given, ctx.account)
    check_name(name)
    trail = await trails.get(ctx, home, name)
    if trail is None and not given.startswith("arn:"):
        trail = next((each for each in await seen(ctx) if each.name == name), None)
    if trail is None:
        raise errors.trail_not_found(arn_of(ctx, given), ctx.account)
    return trail


async def find_at_home(ctx: Context, given: str) -> Trail:
    """The same, to change it. Raises InvalidHomeRegionException elsewhere."""
    trail = await find(ctx, given)
    if trail.home != ctx.region:
        raise errors.not_at_home(trail.home)
    return trail


async def seen(ctx: Context, shadows: bool = True) -> list[Trail]:
    """The trails of the account that are seen in the context's Region."""
    found = await trails.scan(ctx)
    return [each for each in found if each.home == ctx.region or (shadows and each.is_multi_region)]


def save(ctx: Context, trail: Trail) -> None:
    trails.put(ctx, trail, trail.home, trail.name)


def shown(ctx: Context, trail: Trail) -> Request:
    """A trail as GetTrail and DescribeTrails tell of it."""
    return {
        **answered(ctx, trail),
        "HomeRegion": trail.home,
        "HasCustomEventSelectors": bool(trail.selectors or trail.advanced),
        "HasInsightSelectors": bool(trail.insights),
    }


def answered(ctx: Context, trail: Trail) -> Request:
    """A trail as CreateTrail and UpdateTrail answer with it."""
    return {
        "Name": trail.name,
        "S3BucketName": trail.bucket,
        "S3KeyPrefix": trail.prefix or None,
        "SnsTopicName": trail.topic_name or None,
        "SnsTopicARN": trail.topic or None,
        "IncludeGlobalServiceEvents": trail.has_global_events,
        "IsMultiRegionTrail": trail.is_multi_region,
        "TrailARN": trail.arn(ctx),
        "LogFileValidationEnabled": trail.is_validated,
        "CloudWatchLogsLogGroupArn": trail.log_group or None,
        "CloudWatchLogsRoleArn": trail.role or None,
        "KmsKeyId": trail.key or None,
        "IsOrganizationTrail": trail.is_for_organization,
    }
