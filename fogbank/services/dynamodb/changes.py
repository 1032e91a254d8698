"""UpdateTable: billing, capacity, protection, class, encryption, indexes that come and go; replicas are in `replicas.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.services.dynamodb import (
    autoscaling,
    creation,
    encryption,
    errors,
    joint,
    replica_errors,
    replicas,
    streams,
    table_errors,
    tables,
    vector_indexes,
)
from fogbank.services.dynamodb.creation import PAY_PER_REQUEST
from fogbank.services.dynamodb.schema import Index, Table, attributes_used
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.tables import on_table

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

_CHANGES = (
    "BillingMode",
    "ProvisionedThroughput",
    "GlobalSecondaryIndexUpdates",
    "VectorIndexUpdates",
    "StreamSpecification",
    "SSESpecification",
    "TableClass",
    "DeletionProtectionEnabled",
    "OnDemandThroughput",
    "WarmThroughput",
)
_CEILINGS = {"MaxReadRequestUnits": "max_reads", "MaxWriteRequestUnits": "max_writes"}
_ONLY_CAPACITY = frozenset({"IndexName", "ProvisionedThroughput"})
_REPLICA_CHANGES = ("ReplicaUpdates", "GlobalTableWitnessUpdates", "MultiRegionConsistency")
_ALONE = "DisassociationProtectionEnabled"


@on_table
async def update_table(ctx: Context, request: Document) -> Document:
    table = await tables.find_described(ctx, request)
    _refuse_at_sight(request)
    changing = [member for member in _CHANGES if request.get(member) not in (None, [])]
    among_replicas = [member for member in _REPLICA_CHANGES if request.get(member)]
    if request.get(_ALONE) is not None:
        return await _protect(ctx, table, request, changing + among_replicas)
    mode = request.get("GlobalTableSettingsReplicationMode")
    if not changing and not among_replicas and mode is None:
        raise errors.validation(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates "
            "or SSESpecification or ReplicaUpdates is required"
        )
    tables.require_idle(table)
    if mode is not None:
        table = joint.with_mode(ctx, table, mode)
    if changing:
        await autoscaling.keep_own_reads(ctx, table, request)
        table = await change(ctx, table, request)
    if among_replicas:
        table = await replicas.update(ctx, table, request)
    answer = await tables.shown(ctx, table)
    if request.get("OnDemandThroughput"):
        # -1 is echoed once, and then is no more
        answer["OnDemandThroughput"] = {**(answer["OnDemandThroughput"] or {}), **request["OnDemandThroughput"]}
    return {"TableDescription": answer}


async def _protect(ctx: Context, table: Table, request: Document, others: list[str]) -> Document:
    if others:
        raise errors.invalid_parameters(f"{_ALONE} must be the only change in the request")
    tables.require_idle(table)
    await replicas.protect(ctx, table, request[_ALONE])
    return {"TableDescription": await tables.shown(ctx, table)}


async def change(ctx: Context, table: Table, request: Document) -> Table:
    """What a request asks for about the table itself. Returns its record as it is now, already written."""
    changed = _change_billing(_change_settings(table, request, ctx.now()), request, ctx.now())
    changed = msgspec.structs.replace(changed, **_ceilings(request, changed.on_demand))
    changed = await encryption.chosen(ctx, changed, request.get("SSESpecification"))
    if "StreamSpecification" in request:
        changed = await _change_stream(ctx, changed, request)
    for update in request.get("GlobalSecondaryIndexUpdates") or []:
        changed = await _change_index(ctx, changed, update, request)
    changed = await vector_indexes.change(ctx, changed, request.get("VectorIndexUpdates") or [], request)
    changed = tables.put(ctx, _warmed(changed, request), status="UPDATING")
    await ctx.schedule("activate_table", {"table": table.name, "id": table.id})
    if table.group:
        await replicas.follow(ctx, changed)
    return changed


def _warmed(table: Table, request: Document) -> Table:
    if not request.get("WarmThroughput"):
        return table
    current = max(table.reads, table.warm_reads), max(table.writes, table.warm_writes)
    reads, writes = creation.warm_throughput(request, table.on_demand, *current)
    return msgspec.structs.replace(table, warm_reads=reads or table.warm_reads, warm_writes=writes or table.warm_writes)


async def _change_stream(ctx: Context, table: Table, request: Document) -> Table:
    view = creation.stream_view(request)
    if view is None and table.stream_view is None:
        raise errors.validation("Table has no stream to disable")
    if view is not None and table.stream_view is not None:
        raise errors.validation(f"Table already has an enabled stream: TableName: {table.name}")
    if view is None and table.group and not table.is_strong:
        raise replica_errors.stream_of_replica()
    if view is None:
        return await streams.disabled(ctx, table)
    return await streams.enabled(ctx, table, view, next(tables.new_spaces(ctx)))


def _refuse_at_sight(request: Document) -> None:
    """What cannot be asked at once."""
    updates = request.get("GlobalSecondaryIndexUpdates") or []
    if len([update for update in updates if "Update" not in update]) > 1:
        raise table_errors.too_many_index_changes()
    names = [action["IndexName"] for update in updates for action in update.values()]
    if len(set(names)) < len(names):
        raise errors.validation("Only one global secondary index update per index is allowed simultaneously.")


# -- the table itself


def _change_settings(table: Table, request: Document, now: float) -> Table:
    changes: Document = {}
    if (is_protected := request.get("DeletionProtectionEnabled")) is not None:
        changes["is_protected"] = is_protected
    if (table_class := request.get("TableClass")) is not None:
        changes |= {"table_class": table_class, "class_changed": now}
    return msgspec.structs.replace(table, **changes)


def _ceilings(definition: Document, on_demand: bool) -> Document:
    """The changed ceilings of a table or index on demand: members that are not given stay as they are."""
    ceiling = creation.ceiling_of(definition)
    if ceiling and not on_demand:
        raise table_errors.ceiling_on_provisioned(next(iter(ceiling)), "the table BillingMode is PROVISIONED")
    return {_CEILINGS[name]: None if units == creation.NO_CEILING else units for name, units in ceiling.items()}


def _change_billing(table: Table, request: Document, now: float) -> Table:
    mode = request.get("BillingMode")
    on_demand = table.on_demand if mode is None else mode == PAY_PER_REQUEST
    throughput = request.get("ProvisionedThroughput")
    if throughput is None and on_demand == table.on_demand:
        return table
    reads, writes = creation.capacity_of(request, on_demand)
    if table.vectors and not on_demand:
        raise table_errors.vectors_on_demand()
    if on_demand:
        indexes = tuple([msgspec.structs.replace(index, reads=0, writes=0) for index in table.indexes])
        return msgspec.structs.replace(table, on_demand=True, on_demand_since=now, reads=0, writes=0, indexes=indexes)
    if not table.on_demand and (reads, writes) == (table.reads, table.writes):
        raise table_errors.same_capacity("table", (reads, writes))
    if table.on_demand:
        _require_index_capacity(table, request)
        table = _without_ceilings(table)
    return msgspec.structs.replace(
        table, on_demand=False, reads=reads, writes=writes, **_when(table, reads, writes, now)
    )


def _without_ceilings(table: Table) -> Table:
    none = dict.fromkeys(_CEILINGS.values())
    indexes = tuple([msgspec.structs.replace(index, **none) for index in table.indexes])
    return msgspec.structs.replace(table, indexes=indexes, **none)


def _when(table: Table, reads: int, writes: int, now: float) -> Document:
    """When capacity was raised or lowered last."""
    when: Document = {}
    if not table.on_demand and (reads > table.reads or writes > table.writes):
        when["increased"] = now
    if not table.on_demand and (reads < table.reads or writes < table.writes):
        when |= {"decreased": now, "decreases": table.decreases + 1}
    return when


def _require_index_capacity(table: Table, request: Document) -> None:
    """A table that becomes provisioned needs capacity for each global index that it keeps."""
    updates = request.get("GlobalSecondaryIndexUpdates") or []
    given = {update["Delete"]["IndexName"] for update in updates if "Delete" in update}
    given |= {
        update["Update"]["IndexName"] for update in updates if "ProvisionedThroughput" in update.get("Update", {})
    }
    for index in table.indexes:
        if index.is_global and index.name not in given:
            raise errors.invalid_parameters(f"ProvisionedThroughput is not specified for index: {index.name}")


# -- indexes


async def _change_index(ctx: Context, table: Table, update: Document, request: Document) -> Table:
    if len(update) != 1:
        raise errors.invalid_parameters("One of GlobalSecondaryIndexUpdate.Update, .Create, .Delete must be specified")
    if "Create" in update:
        return await _create_index(ctx, table, update["Create"], request)
    name = (update.get("Update") or update["Delete"])["IndexName"]
    index = table.index(name)
    if index is None or not index.is_global:
        raise errors.no_such_resource()
    if "Delete" in update:
        return await _delete_index(ctx, table, index)
    return _with_index(table, _changed_index(table, index, update["Update"]))


def _changed_index(table: Table, index: Index, update: Document) -> Index:
    changes: Document = {"status": "UPDATING"}
    if update.get("WarmThroughput"):
        current = max(index.reads, index.warm_reads), max(index.writes, index.warm_writes)
        reads, writes = creation.warm_throughput(update, table.on_demand, *current)
        changes |= {"warm_reads": reads or index.warm_reads, "warm_writes": writes or index.warm_writes}
    if (throughput := update.get("ProvisionedThroughput")) is not None:
        if table.on_demand:
            raise errors.invalid_parameters(
                f"ProvisionedThroughput should not be specified for index: {index.name} when BillingMode is PAY_PER_REQUEST"
            )
        changes |= {"reads": throughput["ReadCapacityUnits"], "writes": throughput["WriteCapacityUnits"]}
        if _ONLY_CAPACITY.issuperset(update) and (changes["reads"], changes["writes"]) == (index.reads, index.writes):
            raise table_errors.same_capacity(f"index {index.name}", (index.reads, index.writes))
    return msgspec.structs.replace(index, **changes, **_ceilings(update, table.on_demand))


def _with_index(table: Table, changed: Index) -> Table:
    indexes = [changed if index.name == changed.name else index for index in table.indexes]
    return msgspec.structs.replace(table, indexes=tuple(indexes))


async def _create_index(ctx: Context, table: Table, definition: Document, request: Document) -> Table:
    """From now on writes keep the index; a task gives it the items that are there already."""
    if table.index(definition["IndexName"]) is not None:
        raise errors.validation("Attempting to create an index which already exists")
    attributes = _given_attributes(table, request)
    built = creation.global_index(definition, attributes, table.on_demand, tables.new_spaces(ctx))
    used = {name: attributes[name] for name in built.keys}
    index = msgspec.structs.replace(built, status="CREATING", is_backfilling=True)
    indexes = (*table.indexes, index)
    creation.check_index_names(list(indexes))
    task = {"table": table.name, "index": index.name, "space": index.space, "start": b""}
    await ctx.schedule("backfill_index", task)
    return msgspec.structs.replace(table, attributes={**table.attributes, **used}, indexes=indexes)


def _given_attributes(table: Table, request: Document) -> dict[str, str]:
    """The definitions of a request: it has to define the keys of a new index, also those that the table has."""
    given = creation.attribute_types(request.get("AttributeDefinitions") or [])
    for name, kind in given.items():
        if table.attributes.get(name, kind) != kind:
            raise errors.invalid_parameters(
                f"Attribute {name} is defined as {table.attributes[name]} and cannot be redefined as {kind}"
            )
    return given


async def _delete_index(ctx: Context, table: Table, index: Index) -> Table:
    await ctx.schedule("remove_index", {"table": table.name, "index": index.name, "space": index.space})
    return _with_index(table, msgspec.structs.replace(index, status="DELETING"))


@service.task
async def remove_index(ctx: Context, payload: Document) -> None:
    """The index goes at once, with the definitions of attributes that only it had; its entries follow, in parts."""
    table = await tables.tables.get(ctx, payload["table"])
    index = None if table is None else table.index(payload["index"])
    if table is None or index is None or index.space != payload["space"]:
        return
    indexes = tuple([other for other in table.indexes if other.name != index.name])
    status = "ACTIVE" if all(other.status == "ACTIVE" for other in indexes) else table.status
    left = msgspec.structs.replace(table, indexes=indexes, status=status)
    tables.put(ctx, left, attributes=attributes_used(left))
    await ctx.schedule("purge", {"collection": "index-items", "space": index.space})
