"""What Application Auto Scaling changes of a replica's reads is that replica's own: the others do not take it over.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.services.dynamodb import groups, linked_roles
from fogbank.services.dynamodb.groups import Group, IndexOverride, Member

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.schema import Table

_READS = "ReadCapacityUnits"


async def keep_own_reads(ctx: Context, table: Table, request: dict[str, Any]) -> None:
    """Note in its global table which reads a replica has for itself from now on, if it is auto scaling that changes them."""
    group = await groups.group_of(ctx, table)
    scaled = _changed_reads(table, request)
    is_scaling = ctx.principal.issuer == linked_roles.arn(ctx, linked_roles.SCALING)
    if not is_scaling or group is None or group.version != groups.CURRENT or not scaled:
        return
    for replica in await groups.replicas(ctx, group):
        member = group.member(replica.layout.region)
        if member is not None:
            reads = {name: _reads(replica, name) for name in scaled}
            group = _with_reads(group, member, {**reads, **scaled} if replica.arn == table.arn else reads)
    groups.put(ctx, group)


def _changed_reads(table: Table, request: dict[str, Any]) -> dict[str, int]:
    """The new reads of the table (empty) and of indexes, where they are others than now."""
    asked = {"": (request.get("ProvisionedThroughput") or {}).get(_READS)}
    for change in request.get("GlobalSecondaryIndexUpdates") or []:
        update = change.get("Update") or {}
        asked[update.get("IndexName", "")] = (update.get("ProvisionedThroughput") or {}).get(_READS)
    return {name: units for name, units in asked.items() if units is not None and units != _reads(table, name)}


def _reads(table: Table, index: str) -> int | None:
    of = table.index(index) if index else table
    return None if of is None else of.reads


def _with_reads(group: Group, member: Member, reads: Mapping[str, int | None]) -> Group:
    """The group with a member that has these reads for itself, of its table (empty) and of indexes."""
    for name, kept in reads.items():
        if not name:
            member = msgspec.structs.replace(member, reads=kept)
            continue
        known = next((own for own in member.indexes if own.name == name), IndexOverride(name))
        others = [own for own in member.indexes if own.name != name]
        member = msgspec.structs.replace(member, indexes=(*others, msgspec.structs.replace(known, reads=kept)))
    return group.with_member(member)
