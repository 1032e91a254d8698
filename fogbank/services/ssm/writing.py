"""PutParameter."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context
from fogbank.services.ssm import data_types, encryption, errors, events, limits, names, policies, settings, tags, tiers
from fogbank.services.ssm.access import ON_NEW
from fogbank.services.ssm.parameter import Parameter, Policy, Version, arn, history, parameters
from fogbank.services.ssm.service import service

Request = dict[str, Any]

replace = msgspec.structs.replace


@service.operation(**ON_NEW)
async def put_parameter(ctx: Context, request: Request) -> Request:
    """Create a parameter, or add a version to one. API_PutParameter."""
    name = names.check_new(request["Name"], len(arn(ctx, request["Name"].strip())))
    present = await parameters.get(ctx, name)
    _check_overwriting(present, request)
    version = await _version(ctx, name, present, request)
    labels = tags.added(ctx, {}, request.get("Tags") or [])
    if version.data_type == data_types.IMAGE:
        draft = {"name": name, "version": msgspec.msgpack.encode(version), "tags": labels}
        await ctx.schedule("take_image", draft)
    else:
        await _save(ctx, name, present, version, labels)
    return {"Version": version.number, "Tier": version.tier}


def _check_overwriting(present: Parameter | None, request: Request) -> None:
    if request.get("Tags") and request.get("Overwrite"):
        raise errors.tags_and_overwrite()
    if present is None:
        if "Type" not in request:
            raise errors.no_type()
    elif not request.get("Overwrite"):
        raise errors.parameter_exists()
    elif request.get("Type", present.latest.type) != present.latest.type:
        raise errors.type_changed()


# -- the new version


async def _version(ctx: Context, name: str, present: Parameter | None, request: Request) -> Version:
    """The version that a request makes: what it does not say stays as it was."""
    before = present.latest if present is not None else None
    type_ = request.get("Type") or (before.type if before else "")
    data_type = request.get("DataType") or (before.data_type if before else data_types.TEXT)
    value = request["Value"]
    _check_value(value, request.get("AllowedPattern"))
    data_types.check(data_type, type_, value)
    acting = _policies(ctx, before, request)
    tier = await _tier(ctx, before, request, bool(acting), data_type)
    key = _key(type_, before, request)
    return Version(
        before.number + 1 if before else 1,
        type_,
        value if key is None else await encryption.seal(ctx, name, value, key, tier),
        ctx.now(),
        ctx.principal.arn,
        tier,
        data_type,
        request.get("Description", before.description if before else None),
        request.get("AllowedPattern"),
        key,
        acting,
    )


def _check_value(value: str, pattern: str | None) -> None:
    if not value:
        raise errors.empty_value()
    if "{{" in value and "}}" in value:
        raise errors.nested_parameter()
    if pattern:
        _check_pattern(value, pattern)


def _check_pattern(value: str, pattern: str) -> None:
    from fogbank.protocols import patterns

    try:
        re.compile(patterns.translated(pattern))
    except (re.error, OverflowError, KeyError):
        raise errors.invalid_pattern() from None
    matches = patterns.matcher(pattern)
    if matches is not None and not matches(value):
        raise errors.pattern_mismatch(pattern)


def _policies(ctx: Context, before: Version | None, request: Request) -> list[Policy]:
    if "Policies" in request:
        return policies.parse(request["Policies"], ctx.now())
    return policies.renewed(before.policies, ctx.now()) if before else []


def _key(type_: str, before: Version | None, request: Request) -> str | None:
    """The KMS key of a SecureString; None for other types."""
    if type_ != "SecureString":
        if "KeyId" in request:
            raise errors.key_without_encryption()
        return None
    return request.get("KeyId") or (before and before.key) or encryption.MANAGED_ALIAS


async def _tier(ctx: Context, before: Version | None, request: Request, has_policies: bool, data_type: str) -> str:
    standard_full, full = (False, False) if before else await _fullness(ctx)
    default = await settings.default_tier(ctx)
    size = len(request["Value"].encode("utf-8", "surrogatepass"))
    asked, present = request.get("Tier"), before.tier if before else None
    tier = tiers.resolve(asked, default, present, size, has_policies, data_type, standard_full)
    if full if tier == tiers.ADVANCED else standard_full:
        raise errors.too_many_parameters()
    return tier


async def _fullness(ctx: Context) -> tuple[bool, bool]:
    """Has the account as many standard, and as many advanced parameters here as it may have?"""
    most = limits.PARAMETERS
    if await parameters.count(ctx, limit=most[tiers.STANDARD]) < most[tiers.STANDARD]:
        return False, False
    counts = dict.fromkeys(most, 0)
    for parameter in await parameters.scan(ctx):
        counts[parameter.latest.tier] += 1
    return counts[tiers.STANDARD] >= most[tiers.STANDARD], counts[tiers.ADVANCED] >= most[tiers.ADVANCED]


# -- saving it


async def _save(ctx: Context, name: str, present: Parameter | None, version: Version, labels: dict[str, str]) -> None:
    after = Parameter(name, version, tags=labels) if present is None else replace(present, latest=version)
    if present is not None:
        _make_room(ctx, present, version)
        history.put(ctx, present.latest, name, present.latest.number)
    parameters.put(ctx, after, name)
    await policies.plan(ctx, present, after)
    await events.changed(ctx, "Create" if present is None else "Update", after)


def _make_room(ctx: Context, present: Parameter, version: Version) -> None:
    """The oldest version goes when there are too many, unless it has a label."""
    oldest = version.number - limits.VERSIONS
    if oldest >= 1 and present.labels_of(oldest):
        raise errors.oldest_version_is_labelled(present.name, oldest)
    history.delete(ctx, present.name, oldest)


# -- images


@service.task
async def take_image(ctx: Context, payload: dict[str, Any]) -> None:
    """Create or update a parameter of type aws:ec2:image, if its value is an image that the account can use."""
    name = payload["name"]
    version = msgspec.msgpack.decode(payload["version"], type=Version)
    present = await parameters.get(ctx, name)
    version = replace(version, number=present.latest.number + 1 if present else 1)
    if await _is_image(ctx, version.value):
        await _save(ctx, name, present, version, payload["tags"])
    else:
        operation = "Update" if present else "Create"
        await events.failed(ctx, operation, name, version, result="FAILED", reason="The AMI ID is not valid.")


async def _is_image(ctx: Context, value: str) -> bool:
    """Is this the id of an image? Without EC2 all that can be told is whether it looks like one."""
    if not data_types.is_image_id(value):
        return False
    try:
        answer = await ctx.call("ec2", "DescribeImages", {"ImageIds": [value]})
    except AWSError as error:
        return error.code == "NotImplemented"
    return bool(answer.get("Images"))
