"""The replicas of a table: made and changed by UpdateTable, and kept alike; `leaving.py` is about those that go.

A replica begins as an empty twin of the table and is filled by a task. Its settings follow those of the others (`follow`), except for what
is each replica's own: read capacity and class where it overrides them, protection, recovery, tags, policies, Kinesis destinations.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-CoreConcepts.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from fogbank.kernel import regions
from fogbank.services.dynamodb import (
    bulk,
    encryption,
    errors,
    groups,
    leaving,
    linked_roles,
    replica_errors,
    streams,
    tables,
    vectors,
)
from fogbank.services.dynamodb.groups import CURRENT, STRONG, Group, IndexOverride, Member
from fogbank.services.dynamodb.schema import Index, Table, VectorIndex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fogbank.kernel import Context

Document = dict[str, Any]

IMAGES = "NEW_AND_OLD_IMAGES"
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/multi-region-strong-consistency-gt.html
_STRONG_SETS = (
    frozenset({"us-east-1", "us-east-2", "us-west-2"}),
    frozenset({"eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1"}),
    frozenset({"ap-northeast-1", "ap-northeast-2", "ap-northeast-3"}),
)
_STRONG_SIZE = 3


async def update(ctx: Context, table: Table, request: Document) -> Table:
    """What a request asks for about replicas and witnesses. Returns the table's record as it is now, already written."""
    asked = _asked(ctx, request)
    witnesses = request.get("GlobalTableWitnessUpdates") or []
    if "Disassociate" in asked:
        return await leaving.disassociate(ctx, table, request)
    group = await groups.group_of(ctx, table)
    if group is not None and group.is_joint:
        raise replica_errors.joint_by_accounts()
    if request.get("MultiRegionConsistency") is not None and (group is not None or not asked.get("Create")):
        raise replica_errors.consistency_of_existing()
    if group is not None and group.is_strong:
        return await _end_strong(ctx, table, group, asked, witnesses)
    if request.get("MultiRegionConsistency") == STRONG:
        await _check_strong(ctx, table, asked["Create"], witnesses)
    elif witnesses:
        raise replica_errors.witness_without_strong()
    for create in asked.get("Create", ()):
        table = await _create(ctx, table, create, request)
    for change in asked.get("Update", ()):
        await _change(ctx, table, change)
    for delete in asked.get("Delete", ()):
        table = await leaving.delete(ctx, table, delete["RegionName"])
    return table


def _asked(ctx: Context, request: Document) -> dict[str, list[Document]]:
    """The actions of a request by their kind. Raises ValidationException."""
    asked: dict[str, list[Document]] = {}
    for each in request.get("ReplicaUpdates") or []:
        if len(each) != 1:
            raise replica_errors.one_replica_action()
        for kind, action in each.items():
            if kind != "Disassociate" and action["RegionName"] == ctx.region:
                raise replica_errors.local_replica()
            asked.setdefault(kind, []).append(action)
    named = [action["RegionName"] for actions in asked.values() for action in actions]
    if len(set(named)) < len(named):
        raise replica_errors.one_replica_action()
    return asked


# -- creating


async def _create(ctx: Context, table: Table, create: Document, request: Document) -> Table:
    region = create["RegionName"]
    there = ctx.at(region=region)
    _check_region(region)
    if await tables.tables.get(there, table.name) is not None:
        raise replica_errors.replica_is_table(table.name)
    await bulk.require_none(ctx, table)
    if table.encryption is not None and not table.encryption.is_managed and not create.get("KMSMasterKeyId"):
        raise replica_errors.replica_needs_key()
    await ctx.authorise("dynamodb:CreateTableReplica", tables.arn_of(there, table.name))
    await linked_roles.require(ctx, linked_roles.REPLICATION)
    table, group = await _in_group(ctx, table, request)
    member = _overridden(Member(region), create)
    here = group.member(ctx.region)
    assert here is not None
    group = group.with_member(member).with_member(msgspec.structs.replace(here, sourced=ctx.now()))
    groups.put(ctx, group)
    await put_twin(there, table, group, member, create)
    await ctx.schedule("fill_replica", {"group": group.id, "region": region, "after": b""})
    return tables.put(ctx, table, status="UPDATING")


def _check_region(region: str) -> None:
    if region not in regions.known():
        raise replica_errors.no_such_region(region)


async def _in_group(ctx: Context, table: Table, request: Document) -> tuple[Table, Group]:
    """The table as a part of a global table, and that. Changes of its items are in its stream from now on."""
    group = await groups.group_of(ctx, table)
    if group is None:
        consistency = request.get("MultiRegionConsistency") or groups.EVENTUAL
        witness = [each["Create"]["RegionName"] for each in request.get("GlobalTableWitnessUpdates") or []]
        group = Group(
            ctx.ids.uuid(),
            table.name,
            CURRENT,
            ctx.now(),
            (Member(ctx.region, "ACTIVE"),),
            consistency,
            (witness[0], "CREATING") if witness else None,
        )
        table = msgspec.structs.replace(table, group=group.id, is_strong=group.is_strong)
    if not group.is_strong:
        table = await with_stream(ctx, table)
    return table, group


async def with_stream(ctx: Context, table: Table) -> Table:
    if table.stream_view is None:
        return await streams.enabled(ctx, table, IMAGES, next(tables.new_spaces(ctx)))
    if table.stream_view != IMAGES:
        raise replica_errors.replica_needs_images(table.name)
    return table


async def put_twin(ctx: Context, table: Table, group: Group, member: Member, create: Document) -> Table:
    """The empty table of a new replica, in its region."""
    spaces = tables.new_spaces(ctx)
    twin = Table(
        name=table.name,
        id=ctx.ids.uuid(),
        arn=tables.arn_of(ctx, table.name),
        space=next(spaces),
        created=ctx.now(),
        status="CREATING",
        attributes=table.attributes,
        hash=table.hash,
        range=table.range,
        indexes=tuple([_twin_index(index, spaces) for index in table.indexes]),
        table_class=create.get("TableClassOverride") or table.table_class,
        ttl=table.ttl,
        ttl_space=next(spaces),
        vectors=vectors.with_spaces(table.vectors, spaces, "CREATING"),
        group=group.id,
        is_strong=group.is_strong,
    )
    twin = _like(table, twin, member)
    if not group.is_strong:
        twin = await with_stream(ctx, twin)
    twin = await encryption.like(ctx, twin, table, member.key)
    tables.tables.put(ctx, twin, twin.name)
    return twin


def _twin_index(index: Index, spaces: Iterator[int]) -> Index:
    return msgspec.structs.replace(index, space=next(spaces), status="CREATING", is_backfilling=False)


# -- strong consistency


async def _check_strong(ctx: Context, table: Table, creates: list[Document], witnesses: list[Document]) -> None:
    """Three regions of one set, and a table that is empty and has nothing that strongly consistent ones cannot have."""
    named = [ctx.region, *[create["RegionName"] for create in creates]]
    named += [each["Create"]["RegionName"] for each in witnesses if "Create" in each]
    if len(set(named)) != _STRONG_SIZE:
        raise replica_errors.strong_needs_three()
    if not any(set(named) <= together for together in _STRONG_SETS):
        raise replica_errors.strong_regions(named)
    if table.ttl is not None:
        raise replica_errors.strong_without("Time to Live")
    if any(not index.is_global for index in table.indexes):
        raise replica_errors.strong_without("local secondary indexes")
    if await tables.has_items(ctx, table):
        raise replica_errors.strong_needs_empty(table.name)


async def _end_strong(
    ctx: Context, table: Table, group: Group, asked: dict[str, list[Document]], witnesses: list[Document]
) -> Table:
    """A strongly consistent global table cannot grow, and shrinks only to a single table: all at once."""
    going = {delete["RegionName"] for delete in asked.get("Delete", ())}
    going |= {each["Delete"]["RegionName"] for each in witnesses if "Delete" in each}
    there = {member.region for member in group.others(ctx.region)} | ({group.witness[0]} if group.witness else set())
    if asked.get("Create") or any("Create" in each for each in witnesses):
        raise replica_errors.strong_cannot_grow()
    for change in asked.get("Update", ()):
        await _change(ctx, table, change)
    if not going:
        return table
    if going != there:
        raise replica_errors.strong_shrinks_at_once()
    for delete in asked.get("Delete", ()):
        table = await leaving.delete(ctx, table, delete["RegionName"])
    return table


# -- changing


def _overridden(member: Member, given: Document) -> Member:
    """A replica with what a request gives it for itself."""
    throughput, ceiling = given.get("ProvisionedThroughputOverride"), given.get("OnDemandThroughputOverride")
    own = {index.name: index for index in member.indexes}
    for each in given.get("GlobalSecondaryIndexes") or []:
        own[each["IndexName"]] = IndexOverride(
            each["IndexName"],
            (each.get("ProvisionedThroughputOverride") or {}).get("ReadCapacityUnits"),
            (each.get("OnDemandThroughputOverride") or {}).get("MaxReadRequestUnits"),
        )
    return msgspec.structs.replace(
        member,
        key=given.get("KMSMasterKeyId") or member.key,
        reads=member.reads if throughput is None else throughput.get("ReadCapacityUnits"),
        max_reads=member.max_reads if ceiling is None else ceiling.get("MaxReadRequestUnits"),
        indexes=tuple(own.values()),
    )


async def _change(ctx: Context, table: Table, change: Document) -> None:
    group, member = await groups.member_of(ctx, table, change["RegionName"])
    if len(change) == 1:
        raise replica_errors.replica_needs_key()
    there = await groups.replica(ctx, group, member.region)
    assert there is not None
    await ctx.authorise("dynamodb:UpdateTable", there.arn)
    for each in change.get("GlobalSecondaryIndexes") or []:
        if there.index(each["IndexName"]) is None:
            raise errors.no_such_resource()
    member = _overridden(member, change)
    groups.put(ctx, group.with_member(member))
    scope = ctx.at(region=member.region)
    changed = _like(table, there, member)
    if (table_class := change.get("TableClassOverride")) is not None:
        changed = msgspec.structs.replace(changed, table_class=table_class, class_changed=ctx.now())
    if change.get("KMSMasterKeyId"):
        changed = await encryption.like(scope, changed, table, member.key)
    tables.put(scope, changed, status="UPDATING")
    await scope.schedule("activate_table", {"table": changed.name, "id": changed.id})


def _like(table: Table, other: Table, member: Member) -> Table:
    """A replica with the capacity of the table, and what it has for itself."""
    own = {index.name: index for index in member.indexes}
    return msgspec.structs.replace(
        other,
        attributes=table.attributes,
        indexes=tuple([_index_like(table.index(index.name), index, own.get(index.name)) for index in other.indexes]),
        on_demand=table.on_demand,
        on_demand_since=table.on_demand_since,
        reads=table.reads if member.reads is None or table.on_demand else member.reads,
        writes=table.writes,
        max_reads=table.max_reads if member.max_reads is None else member.max_reads,
        max_writes=table.max_writes,
        warm_reads=table.warm_reads,
        warm_writes=table.warm_writes,
    )


def _index_like(index: Index | None, other: Index, own: IndexOverride | None) -> Index:
    if index is None:
        return other
    reads, max_reads = (None, None) if own is None else (own.reads, own.max_reads)
    return msgspec.structs.replace(
        other,
        reads=index.reads if reads is None else reads,
        writes=index.writes,
        max_reads=index.max_reads if max_reads is None else max_reads,
        max_writes=index.max_writes,
        warm_reads=index.warm_reads,
        warm_writes=index.warm_writes,
    )


async def follow(ctx: Context, table: Table) -> None:
    """The table was changed: so are the other replicas, with the indexes that it got and lost."""
    group = await groups.group_of(ctx, table)
    for other in await groups.replicas(ctx, group, but=ctx.region) if group and group.version == CURRENT else ():
        there = other.layout.scope(ctx)
        member = group.member(there.region) if group else None
        assert member is not None
        added = [index for index in table.indexes if other.index(index.name) is None]
        spaces = tables.new_spaces(ctx)
        new = tuple([msgspec.structs.replace(index, space=next(spaces)) for index in added])
        kept = tuple([_with_fate(index, table.index(index.name)) for index in other.indexes])
        changed = _like(table, msgspec.structs.replace(other, indexes=(*kept, *new)), member)
        changed = await _with_vectors(there, changed, table, spaces)
        tables.put(there, changed, status="UPDATING")
        await _have_done(there, changed, new)


_AnyIndex = TypeVar("_AnyIndex", Index, VectorIndex)


def _with_fate(index: _AnyIndex, same: _AnyIndex | None) -> _AnyIndex:
    """An index of a replica, which is to go where it goes elsewhere."""
    is_going = same is not None and same.status == "DELETING"
    return msgspec.structs.replace(index, status="DELETING") if is_going else index


async def _with_vectors(ctx: Context, other: Table, table: Table, spaces: Iterator[int]) -> Table:
    """A replica with the vector indexes that the table got and lost, which tasks fill and remove."""
    kept = [_with_fate(index, table.vector_index(index.name)) for index in other.vectors]
    added = [index for index in table.vectors if other.vector_index(index.name) is None]
    new = [msgspec.structs.replace(index, space=next(spaces)) for index in added]
    for index in new:
        await ctx.schedule("fill_vector_index", {"table": other.name, "space": index.space, "start": b""})
    for index in kept:
        if index.status == "DELETING":
            await ctx.schedule("remove_vector_index", {"table": other.name, "space": index.space})
    return msgspec.structs.replace(other, vectors=(*kept, *new))


async def _have_done(ctx: Context, table: Table, new: tuple[Index, ...]) -> None:
    for index in table.indexes:
        about = {"table": table.name, "index": index.name, "space": index.space}
        if index in new or index.is_backfilling:
            await ctx.schedule("backfill_index", {**about, "start": b""})
        elif index.status == "DELETING":
            await ctx.schedule("remove_index", about)
    await ctx.schedule("activate_table", {"table": table.name, "id": table.id})


# -- one replica


async def protect(ctx: Context, table: Table, is_protected: bool) -> None:
    """Switch the protection of the local replica against disassociation."""
    group, member = await groups.member_of(ctx, table, ctx.region)
    if group.is_strong:
        raise replica_errors.disassociation_of_strong()
    groups.put(ctx, group.with_member(msgspec.structs.replace(member, is_protected=is_protected)))


async def expires_here(ctx: Context, table: Table) -> bool:
    """Is it this replica that removes what expired? One of them does, from there it is replicated."""
    group = await groups.group_of(ctx, table)
    return group is None or group.version != CURRENT or group.members[0].region == ctx.region
