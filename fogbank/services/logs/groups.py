"""Log groups: making, finding, removing them. Retention and what else is set of them is in `settings`."""

from __future__ import annotations

import re
from collections.abc import Callable

from fogbank.kernel import Context, pages
from fogbank.services.logs import (
    chunks,
    errors,
    index_policies,
    indexes,
    limits,
    retention_policies,
    rulings,
    sealing,
    tags,
)
from fogbank.services.logs.account import rules
from fogbank.services.logs.protection.policies import status_of
from fogbank.services.logs.records import (
    DELIVERY,
    ON_GROUP,
    STANDARD,
    Answer,
    LogGroup,
    Request,
    arn_of,
    find,
    groups,
    milliseconds,
    name_in,
    streams,
)
from fogbank.services.logs.service import service

_SWEPT = 256
_DELIVERY_DAYS = 2
# Who has `aws/spans` made, with the permissions of whoever turns transaction search on.
_SPANS_OF = "xray.amazonaws.com"


@service.operation(**ON_GROUP)
async def create_log_group(ctx: Context, request: Request) -> None:
    name = request["logGroupName"]
    if name.startswith("aws/") and _SPANS_OF not in ctx.origin.get("aws:CalledVia", ()):
        raise errors.invalid_parameter("Log groups starting with AWS/ are reserved for AWS.")
    if await groups.get(ctx, name) is not None:
        raise errors.already_exists("log group")
    kind = request.get("logGroupClass", STANDARD)
    key = request.get("kmsKeyId")
    group = LogGroup(
        name,
        ctx.ids.hex(16),
        milliseconds(ctx),
        kind,
        _DELIVERY_DAYS if kind == DELIVERY else 0,
        tags.checked(arn_of(ctx, name), {}, request.get("tags") or {}),
        keys=() if key is None else (await sealing.new_key(ctx, arn_of(ctx, name), key),),
        key=0 if key is None else 1,
        is_protected=request.get("deletionProtectionEnabled", False),
    )
    groups.put(ctx, await retention_policies.for_new(ctx, group), name)


@service.operation(**ON_GROUP)
async def delete_log_group(ctx: Context, request: Request) -> None:
    group = await find(ctx, request)
    if group.is_protected:
        raise errors.protected(group.name)
    groups.delete(ctx, group.name)
    await ctx.unschedule("expire", group.name)
    await ctx.schedule("sweep", {"group": group.id})


@service.task
async def sweep(ctx: Context, payload: Request) -> None:
    """Remove the streams of a group that was deleted, some at a time."""
    rows = await streams.scan(ctx, payload["group"], limit=_SWEPT)
    for stream in rows:
        streams.delete(ctx, payload["group"], stream.name)
        await ctx.schedule("sweep_stream", {"stream": stream.id})
    if len(rows) == _SWEPT:
        await ctx.schedule("sweep", payload)


@service.task
async def sweep_stream(ctx: Context, payload: Request) -> None:
    """Remove the events of a stream that was deleted, some at a time."""
    if len(await chunks.remove(ctx, payload["stream"], chunks.FOR_EVER, _SWEPT)) == _SWEPT:
        await ctx.schedule("sweep_stream", payload)


# -- finding


def _all_groups(ctx: Context, request: Request) -> str:
    return f"{arn_of(ctx, request.get('logGroupNamePrefix') or '')}:log-stream:"


@service.operation(resource=_all_groups)
async def describe_log_groups(ctx: Context, request: Request) -> Answer:
    prefix, pattern = request.get("logGroupNamePrefix"), request.get("logGroupNamePattern")
    if prefix is not None and pattern is not None:
        raise errors.invalid_parameter(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
        )
    identifiers = request.get("logGroupIdentifiers")
    if identifiers is not None and (prefix is not None or pattern is not None):
        raise errors.invalid_parameter(
            "logGroupIdentifiers cannot be used with logGroupNamePrefix or logGroupNamePattern."
        )
    named = None if identifiers is None else {name_in(ctx, identifier) for identifier in identifiers}
    found, token = await _listed(
        ctx,
        request,
        prefix,
        request.get("limit") or limits.PAGE,
        lambda group: (named is None or group.name in named) and (pattern or "").lower() in group.name.lower(),
    )
    return {"logGroups": [await _described(ctx, group) for group in found], "nextToken": token}


@service.operation(resource=_all_groups)
async def list_log_groups(ctx: Context, request: Request) -> Answer:
    if request.get("dataSources"):
        return {"logGroups": []}
    pattern = re.compile(request.get("logGroupNamePattern") or "")
    wanted = request.get("logGroupTags") or []
    indexed = await _indexed(ctx, request.get("fieldIndexNames"))
    found, token = await _listed(
        ctx,
        request,
        None,
        request.get("limit") or limits.LIST_PAGE,
        lambda group: (
            pattern.search(group.name) is not None
            and tags.fit(group.tags, wanted)
            and (indexed is None or group.name in indexed)
        ),
    )
    shown = [
        {"logGroupName": group.name, "logGroupArn": arn_of(ctx, group.name), "logGroupClass": group.kind}
        for group in found
    ]
    return {"logGroups": shown, "nextToken": token}


async def _indexed(ctx: Context, fields: list[str] | None) -> set[str] | None:
    """The names of the groups that have indexes of all of these fields; None when that does not matter."""
    if not fields:
        return None
    found = [(group, await index_policies.in_force(ctx, group)) for group in await groups.scan(ctx)]
    return {
        group.name
        for group, policy in found
        if policy is not None and indexes.fields_of(policy.document).keys() >= set(fields)
    }


async def _listed(
    ctx: Context, request: Request, prefix: str | None, limit: int, fits: Callable[[LogGroup], bool]
) -> tuple[list[LogGroup], str | None]:
    after, kind = request.get("nextToken"), request.get("logGroupClass")
    start = None if after is None else (pages.position(after, errors.invalid_token()),)
    rows = await groups.scan(ctx, starts_with=prefix, after=start)
    found, token = pages.page(
        [group for group in rows if (kind is None or group.kind == kind) and fits(group)],
        limit,
        lambda group: group.name,
    )
    return list(found), token


async def _described(ctx: Context, group: LogGroup) -> Answer:
    arn = arn_of(ctx, group.name)
    encryption = group.encryption
    found = await rules.get(ctx)
    inherited = ["ACCOUNT_DATA_PROTECTION"] if found is not None and rulings.current(found.protections) else None
    return {
        "logGroupName": group.name,
        "creationTime": group.created,
        "retentionInDays": group.kept_days or None,
        "metricFilterCount": len(group.metric_filters),
        "arn": f"{arn}:*",
        "storedBytes": sum(stream.size for stream in await streams.scan(ctx, group.id)),
        "kmsKeyId": None if encryption is None else encryption.key_arn,
        "logGroupClass": group.kind,
        "logGroupArn": arn,
        "deletionProtectionEnabled": group.is_protected,
        "bearerTokenAuthenticationEnabled": group.takes_bearer_tokens,
        "dataProtectionStatus": status_of(group),
        "inheritedProperties": inherited,
        "retentionPolicyName": group.retention_policy or None,
    }
