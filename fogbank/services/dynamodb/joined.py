"""Global tables of the old version (2017.11.29): CreateGlobalTable, UpdateGlobalTable, DescribeGlobalTable, ListGlobalTables.

Tables that are there already, under one name in several regions, alike and empty, are joined. What is written to one of them comes to the
others with the attributes `aws:rep:*`. A replica that is taken out stays as a table.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables_HowItWorks.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.services.dynamodb import errors, groups, linked_roles, replica_errors, tables
from fogbank.services.dynamodb.groups import JOINED, Group, Member
from fogbank.services.dynamodb.replicas import IMAGES
from fogbank.services.dynamodb.schema import Table
from fogbank.services.dynamodb.service import service

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

_LISTED = 100


def arn_of(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:dynamodb::{ctx.account}:global-table/{name}"


def _arns(ctx: Context, request: Document) -> tuple[str, ...]:
    name = request["GlobalTableName"]
    return arn_of(ctx, name), tables.arn_of(ctx, name)


ON_GLOBAL_TABLE: dict[str, Any] = {"resource": lambda ctx, request: arn_of(ctx, request["GlobalTableName"])}


async def known(ctx: Context, name: str) -> Group | None:
    found = [group for group in await groups.groups.scan(ctx) if group.version == JOINED and group.name == name]
    return found[0] if found else None


async def find(ctx: Context, name: str) -> Group:
    """Raises GlobalTableNotFoundException."""
    group = await known(ctx, name)
    if group is None:
        raise replica_errors.no_such_global_table(name)
    return group


# -- joining


@service.operation(resource=_arns)
async def create_global_table(ctx: Context, request: Document) -> Document:
    name = request["GlobalTableName"]
    named = [each.get("RegionName", ctx.region) for each in request["ReplicationGroup"]]
    if not named or len(set(named)) < len(named):
        raise errors.invalid_parameters("ReplicationGroup must name one Region at least, and each only once")
    if await known(ctx, name) is not None:
        raise replica_errors.global_table_exists(name)
    await linked_roles.require(ctx, linked_roles.REPLICATION)
    group = Group(ctx.ids.uuid(), name, JOINED, ctx.now(), ())
    for region in named:
        group = await _join(ctx, group, region)
    return await _settled_soon(ctx, group, "CREATING")


async def _join(ctx: Context, group: Group, region: str) -> Group:
    """One more replica. Raises TableNotFoundException, or ValidationException for a table that is not like the others."""
    there = ctx.at(region=region)
    table = await tables.tables.get(there, group.name)
    if table is None:
        raise replica_errors.joined_table_missing(group.name, region)
    reason = await _unfit(there, table, await groups.replicas(ctx, group))
    if reason:
        raise replica_errors.unfit_to_join(group.name, region, reason)
    tables.put(there, table, group=group.id)
    return groups.put(ctx, group.with_member(Member(region)))


async def _unfit(ctx: Context, table: Table, others: list[Table]) -> str:
    """Why a table cannot be a replica; empty when it can."""
    if table.group:
        return "it is a replica of another global table"
    if table.stream_view != IMAGES:
        return "it does not have DynamoDB Streams enabled with the view type NEW_AND_OLD_IMAGES"
    if await tables.has_items(ctx, table):
        return "it is not empty"
    if any(_shape(other) != _shape(table) for other in others):
        return "it does not have the key schema and the indexes of the other replicas"
    return ""


def _shape(table: Table) -> Any:
    indexes = sorted([(index.name, index.is_global, index.hashes, index.ranges) for index in table.indexes])
    return table.keys, [table.attributes[name] for name in table.keys], indexes


async def _settled_soon(ctx: Context, group: Group, status: str) -> Document:
    await ctx.schedule("settle_global_table", {"group": group.id})
    return {"GlobalTableDescription": await _describe(ctx, group, status)}


@service.task
async def settle_global_table(ctx: Context, payload: Document) -> None:
    """New replicas are active."""
    group = await groups.groups.get(ctx, payload["group"])
    if group is not None:
        members = [msgspec.structs.replace(member, status="ACTIVE") for member in group.members]
        groups.put(ctx, msgspec.structs.replace(group, members=tuple(members)))


# -- changing


@service.operation(resource=_arns)
async def update_global_table(ctx: Context, request: Document) -> Document:
    group = await find(ctx, request["GlobalTableName"])
    for update in request["ReplicaUpdates"]:
        if len(update) != 1:
            raise replica_errors.one_replica_action()
        if "Create" in update:
            group = await _add(ctx, group, update["Create"]["RegionName"])
        else:
            group = await _remove(ctx, group, update["Delete"]["RegionName"])
    return await _settled_soon(ctx, group, "UPDATING")


async def _add(ctx: Context, group: Group, region: str) -> Group:
    if group.member(region) is not None:
        raise replica_errors.replica_exists(group.name, region)
    return await _join(ctx, group, region)


async def _remove(ctx: Context, group: Group, region: str) -> Group:
    """The table stays, and is a table of its own."""
    table = await groups.replica(ctx, group, region)
    if table is None:
        raise replica_errors.replica_not_found(group.name, region)
    tables.put(ctx.at(region=region), table, group="")
    return groups.put(ctx, group.without(region))


# -- showing


async def _describe(ctx: Context, group: Group, status: str) -> Document:
    return {
        "GlobalTableName": group.name,
        "GlobalTableArn": arn_of(ctx, group.name),
        "CreationDateTime": group.created,
        "GlobalTableStatus": status,
        "ReplicationGroup": [{"RegionName": member.region, "ReplicaStatus": member.status} for member in group.members],
    }


@service.operation(**ON_GLOBAL_TABLE)
async def describe_global_table(ctx: Context, request: Document) -> Document:
    group = await find(ctx, request["GlobalTableName"])
    is_settled = all(member.status == "ACTIVE" for member in group.members)
    return {"GlobalTableDescription": await _describe(ctx, group, "ACTIVE" if is_settled else "UPDATING")}


@service.operation
async def list_global_tables(ctx: Context, request: Document) -> Document:
    """By name; those with a replica in a region, if one is named."""
    start, region = request.get("ExclusiveStartGlobalTableName", ""), request.get("RegionName")
    limit = request.get("Limit") or _LISTED
    found = [
        group
        for group in sorted(await groups.groups.scan(ctx), key=lambda group: group.name)
        if group.version == JOINED and group.name > start and (region is None or group.member(region) is not None)
    ]
    shown = found[:limit]
    return {
        "GlobalTables": [
            {
                "GlobalTableName": group.name,
                "ReplicationGroup": [{"RegionName": member.region} for member in group.members],
            }
            for group in shown
        ],
        "LastEvaluatedGlobalTableName": shown[-1].name if len(found) > limit else None,
    }
