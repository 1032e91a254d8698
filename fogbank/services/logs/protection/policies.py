"""PutDataProtectionPolicy, GetDataProtectionPolicy, DeleteDataProtectionPolicy."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.logs import rulings
from fogbank.services.logs.errors import wrong_class
from fogbank.services.logs.protection import admission, documents
from fogbank.services.logs.records import (
    STANDARD,
    Answer,
    LogGroup,
    Request,
    arn_of,
    change,
    group_named,
    groups,
    milliseconds,
    name_in,
)
from fogbank.services.logs.rulings import Ruling
from fogbank.services.logs.service import service


def _resource(ctx: Context, request: Request) -> str:
    return f"{arn_of(ctx, name_in(ctx, request['logGroupIdentifier']))}:log-stream:"


async def _tags(ctx: Context, request: Request) -> dict[str, str]:
    group = await ctx.transact(groups.get, ctx, name_in(ctx, request["logGroupIdentifier"]))
    return {} if group is None else group.tags


ON_IDENTIFIED: dict[str, Any] = {"resource": _resource, "tags": _tags}


async def identified(ctx: Context, request: Request) -> LogGroup:
    """The group of `logGroupIdentifier`. Raises ResourceNotFoundException."""
    return await group_named(ctx, name_in(ctx, request["logGroupIdentifier"]))


@service.operation(**ON_IDENTIFIED)
async def put_data_protection_policy(ctx: Context, request: Request) -> Answer:
    group, policy = await identified(ctx, request), request["policyDocument"]
    if group.kind != STANDARD:
        raise wrong_class(group.kind)
    documents.check(policy)
    await admission.admit(ctx, documents.destinations_of(policy))
    now = milliseconds(ctx)
    change(ctx, group, protections=rulings.begun(group.protections, Ruling(policy, now)))
    return _described(request["logGroupIdentifier"], Ruling(policy, now))


@service.operation(**ON_IDENTIFIED)
async def get_data_protection_policy(ctx: Context, request: Request) -> Answer:
    """Nothing where there is none."""
    group = await identified(ctx, request)
    ruling = rulings.current(group.protections)
    return {} if ruling is None else _described(request["logGroupIdentifier"], ruling)


@service.operation(**ON_IDENTIFIED)
async def delete_data_protection_policy(ctx: Context, request: Request) -> None:
    """What came in under it stays masked."""
    group = await identified(ctx, request)
    change(ctx, group, protections=rulings.ended(group.protections, milliseconds(ctx)))


def _described(identifier: str, ruling: Ruling) -> Answer:
    return {"logGroupIdentifier": identifier, "policyDocument": ruling.document, "lastUpdatedTime": ruling.since}


def status_of(group: LogGroup) -> str | None:
    if not group.protections:
        return None
    return "DELETED" if rulings.current(group.protections) is None else "ACTIVATED"
