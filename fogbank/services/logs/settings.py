"""What can be set of a log group: retention, the key, the protection from deletion."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.logs import chunks, errors, limits, sealing
from fogbank.services.logs.protection.policies import ON_IDENTIFIED, identified
from fogbank.services.logs.records import (
    ON_GROUP,
    Answer,
    LogGroup,
    Request,
    arn_of,
    change,
    find,
    group_named,
    groups,
    name_in,
    result_keys,
    results_arn,
    streams,
)
from fogbank.services.logs.service import service

_DAY = 86_400
_REMOVED = 512

# -- retention


@service.operation(**ON_GROUP)
async def put_retention_policy(ctx: Context, request: Request) -> None:
    group = await find(ctx, request)
    days = request["retentionInDays"]
    if days not in limits.RETENTION_DAYS:
        raise errors.bad_retention(days)
    change(ctx, group, retention=days)
    await ctx.schedule("expire", {"group": group.name}, delay=_DAY, key=group.name)


@service.operation(**ON_GROUP)
async def delete_retention_policy(ctx: Context, request: Request) -> None:
    group = await find(ctx, request)
    change(ctx, group, retention=0)
    await ctx.unschedule("expire", group.name)


@service.task
async def expire(ctx: Context, payload: Answer) -> None:
    """Once a day: take away what is past its retention. Nobody reads it any more before that, too."""
    group = await groups.get(ctx, payload["group"])
    if group is None or not group.kept_days:
        return
    oldest, is_done = group.oldest(ctx.now()), True
    for stream in await streams.scan(ctx, group.id):
        if not stream.count or stream.first >= oldest:
            continue
        # a chunk that begins before may end behind: it is kept until it is past as a whole
        removed = await chunks.remove(ctx, stream.id, oldest - chunks.MINUTE, _REMOVED)
        is_done = is_done and len(removed) < _REMOVED
        size = 0 if stream.last < oldest - chunks.MINUTE else max(stream.size - sum(map(len, removed)), 0)
        streams.put(
            ctx, msgspec.structs.replace(stream, first=max(stream.first, oldest), size=size), group.id, stream.name
        )
    await ctx.schedule("expire", payload, delay=_DAY if is_done else 0, key=group.name)


# -- encryption


def _resource(ctx: Context, request: Request) -> str:
    if is_of_results(ctx, request):
        return str(request["resourceIdentifier"])
    return f"{arn_of(ctx, _name(ctx, request))}:log-stream:"


def is_of_results(ctx: Context, request: Request) -> bool:
    """Is the request about the results of the account's queries (`query-result:*`)?"""
    return request.get("resourceIdentifier") == results_arn(ctx)


def _name(ctx: Context, request: Request) -> str:
    """The group that AssociateKmsKey names."""
    name, identifier = request.get("logGroupName"), request.get("resourceIdentifier")
    if (name is None) == (identifier is None):
        raise errors.invalid_parameter("Exactly one of logGroupName and resourceIdentifier must be specified.")
    return str(name) if identifier is None else name_in(ctx, identifier)


@service.operation(resource=_resource)
async def associate_kms_key(ctx: Context, request: Request) -> None:
    """From now on events, or results, are encrypted with a key of KMS; those that are there stay as they are."""
    if is_of_results(ctx, request):
        result_keys.put(ctx, await sealing.new_key(ctx, results_arn(ctx), request["kmsKeyId"]))
        return
    group = await group_named(ctx, _name(ctx, request))
    keys = (*group.keys, await sealing.new_key(ctx, arn_of(ctx, group.name), request["kmsKeyId"]))
    change(ctx, group, keys=keys, key=len(keys))


@service.operation(resource=_resource)
async def disassociate_kms_key(ctx: Context, request: Request) -> None:
    if is_of_results(ctx, request):
        result_keys.delete(ctx)
        return
    change(ctx, await group_named(ctx, _name(ctx, request)), key=0)


# -- protection


@service.operation(**ON_GROUP)
async def put_log_group_deletion_protection(ctx: Context, request: Request) -> None:
    group: LogGroup = await find(ctx, request)
    fields: dict[str, Any] = {"is_protected": request["deletionProtectionEnabled"]}
    change(ctx, group, **fields)


@service.operation(**ON_IDENTIFIED)
async def put_bearer_token_authentication(ctx: Context, request: Request) -> None:
    """It is told of the group; there is no endpoint here that takes such tokens."""
    group = await identified(ctx, request)
    change(ctx, group, takes_bearer_tokens=request["bearerTokenAuthenticationEnabled"])
