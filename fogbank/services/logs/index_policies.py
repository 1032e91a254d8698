"""PutIndexPolicy, DescribeIndexPolicies, DeleteIndexPolicy, DescribeFieldIndexes."""

from __future__ import annotations

from typing import NamedTuple

from fogbank.kernel import Context, pages
from fogbank.services.logs import account_policies, errors, indexes, limits
from fogbank.services.logs.protection.policies import ON_IDENTIFIED, identified
from fogbank.services.logs.records import (
    STANDARD,
    Answer,
    LogGroup,
    Request,
    arn_of,
    change,
    group_named,
    milliseconds,
    name_in,
    streams,
)
from fogbank.services.logs.service import service


class InForce(NamedTuple):
    """The policy that counts for a group: its own, or that of the account."""

    document: str
    updated: int
    name: str
    source: str


async def in_force(ctx: Context, group: LogGroup) -> InForce | None:
    if group.index_policy:
        return InForce(group.index_policy, group.index_changed, "", "LOG_GROUP")
    for policy, prefixes in await account_policies.index_policies(ctx):
        if not prefixes or group.name.startswith(prefixes):
            return InForce(policy.document, policy.updated, policy.name, "ACCOUNT")
    return None


@service.operation(**ON_IDENTIFIED)
async def put_index_policy(ctx: Context, request: Request) -> Answer:
    group = await identified(ctx, request)
    if group.kind != STANDARD:
        raise errors.wrong_class(group.kind)
    indexes.check(request["policyDocument"])
    now = milliseconds(ctx)
    change(ctx, group, index_policy=request["policyDocument"], index_changed=now)
    return {"indexPolicy": _described(ctx, group, InForce(request["policyDocument"], now, "", "LOG_GROUP"))}


@service.operation(**ON_IDENTIFIED)
async def delete_index_policy(ctx: Context, request: Request) -> Answer:
    group = await identified(ctx, request)
    if not group.index_policy:
        raise errors.not_found("index policy")
    change(ctx, group, index_policy="", index_changed=0)
    return {}


def _resources(ctx: Context, request: Request) -> list[str]:
    return [f"{arn_of(ctx, name_in(ctx, each))}:log-stream:" for each in request["logGroupIdentifiers"]]


@service.operation(resource=_resources)
async def describe_index_policies(ctx: Context, request: Request) -> Answer:
    """One group has one policy at most, so there is one page."""
    _require_no_token(request)
    among = [await group_named(ctx, name_in(ctx, each)) for each in request["logGroupIdentifiers"]]
    found = [(group, policy) for group in among if (policy := await in_force(ctx, group)) is not None]
    return {"indexPolicies": [_described(ctx, group, policy) for group, policy in found]}


def _require_no_token(request: Request) -> None:
    if request.get("nextToken") is not None:
        raise errors.invalid_token()


def _described(ctx: Context, group: LogGroup, policy: InForce) -> Answer:
    return {
        "logGroupIdentifier": arn_of(ctx, group.name),
        "lastUpdateTime": policy.updated,
        "policyDocument": policy.document,
        "policyName": policy.name or None,
        "source": policy.source,
    }


@service.operation(resource=_resources)
async def describe_field_indexes(ctx: Context, request: Request) -> Answer:
    """Default fields, and those of policies. The times are those of the events that came in since the policy was put."""
    wanted = set(request.get("indexCategories") or ("DEFAULT", "CUSTOM"))
    rows: list[Answer] = []
    for each in request["logGroupIdentifiers"]:
        group = await group_named(ctx, name_in(ctx, each))
        rows += [row for row in await _indexes(ctx, group) if row["indexCategory"] in wanted]
    token = request.get("nextToken")
    if token is not None:
        last = pages.position(token, errors.invalid_token())
        rows = [row for row in rows if _key(row) > last]
    rows.sort(key=_key)
    found, following = pages.page(rows, limits.INDEXES_PAGE, _key)
    return {"fieldIndexes": list(found), "nextToken": following}


def _key(row: Answer) -> str:
    return f"{row['logGroupIdentifier']}\0{row['fieldIndexName']}"


async def _indexes(ctx: Context, group: LogGroup) -> list[Answer]:
    if group.kind != STANDARD:
        return []
    rows = [_index(ctx, group, name, indexes.FIELD_INDEX, "DEFAULT") for name in indexes.DEFAULT_FIELDS]
    policy = await in_force(ctx, group)
    if policy is None:
        return rows
    fields = indexes.fields_of(policy.document)
    written = [stream for stream in await streams.scan(ctx, group.id) if stream.ingested >= policy.updated]
    times = {
        "lastScanTime": policy.updated,
        "firstEventTime": min((max(stream.first, policy.updated) for stream in written), default=None),
        "lastEventTime": max((stream.last for stream in written), default=None),
    }
    return [*rows, *(_index(ctx, group, name, kind, "CUSTOM") | times for name, kind in fields.items())]


def _index(ctx: Context, group: LogGroup, name: str, kind: str, category: str) -> Answer:
    return {
        "logGroupIdentifier": arn_of(ctx, group.name),
        "fieldIndexName": name,
        "type": kind,
        "indexCategory": category,
    }
