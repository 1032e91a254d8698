"""Global tables: which replicas belong together.

    groups  (id)  Group

A group is a global table of one account. Each of its replicas is a table of its own in its region, under the same name; what they have
in common is kept here, what a replica may have for itself is part of its `Member`. There are two versions of them: since 2019.11.21 a table
becomes global by `UpdateTable` (`replicas.py`), before that tables were joined by `CreateGlobalTable` (`joined.py`).

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-CoreConcepts.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.kernel import Record
from fogbank.services.dynamodb import replica_errors
from fogbank.services.dynamodb.schema import Table, tables
from fogbank.services.dynamodb.service import service
from fogbank.services.dynamodb.unreplicated import home_of

if TYPE_CHECKING:
    from fogbank.kernel import Context

Description = dict[str, Any]

CURRENT = "2019.11.21"
JOINED = "2017.11.29"
STRONG = "STRONG"
EVENTUAL = "EVENTUAL"
SYNCHRONISED, OVERRIDABLE = "ENABLED", "ENABLED_WITH_OVERRIDES"
"""The settings replication modes: of global tables of several accounts and tables that such may begin with, and of one account."""
REPLICATING = frozenset({"CREATING", "ACTIVE", "UPDATING"})
"""The states of replicas that take changes from others."""


class IndexOverride(Record, frozen=True):
    """What a replica has for itself of a global index: read capacity, and the most reads on demand."""

    name: str
    reads: int | None = None
    max_reads: int | None = None


class Member(Record, frozen=True):
    """A replica. `key`, `reads` and `max_reads` are what it was given for itself. `sourced` is when others were copied from it last.

    `account` is whose it is, in a global table of several accounts.
    """

    region: str
    status: str = "CREATING"
    key: str | None = None
    reads: int | None = None
    max_reads: int | None = None
    indexes: tuple[IndexOverride, ...] = ()
    sourced: float = 0.0
    is_protected: bool = True
    account: str = ""


class Group(Record, frozen=True):
    """`witness` is the region of the witness that some strongly consistent global tables have, and its state."""

    id: str
    name: str
    version: str
    created: float
    members: tuple[Member, ...]
    consistency: str = EVENTUAL
    witness: tuple[str, str] | None = None

    @property
    def is_strong(self) -> bool:
        return self.consistency == STRONG

    @property
    def is_joint(self) -> bool:
        """Is it one of several accounts?"""
        return "/" in self.id

    def member(self, region: str) -> Member | None:
        return next((member for member in self.members if member.region == region), None)

    def others(self, region: str) -> list[Member]:
        return [member for member in self.members if member.region != region]

    def with_member(self, changed: Member) -> Group:
        """The group with a member in place of the one in the same region, or one more."""
        members = [changed if member.region == changed.region else member for member in self.members]
        if changed not in members:
            members.append(changed)
        return msgspec.structs.replace(self, members=tuple(members))

    def with_status(self, region: str, status: str) -> Group:
        """The group with a member that is there in another state."""
        member = self.member(region)
        return self if member is None else self.with_member(msgspec.structs.replace(member, status=status))

    def without(self, region: str) -> Group:
        return msgspec.structs.replace(self, members=tuple(self.others(region)))


groups = service.collection("global-tables", Group, scope="account", cached=True)


def put(ctx: Context, group: Group) -> Group:
    groups.put(home_of(ctx, group.id), group, group.id)
    return group


async def group_of(ctx: Context, table: Table) -> Group | None:
    return await groups.get(home_of(ctx, table.group), table.group) if table.group else None


def scope_of(ctx: Context, group: Group, region: str) -> Context:
    """The context of what belongs to the replica in a region."""
    member = group.member(region)
    return ctx.at(account=(member.account if member else "") or None, region=region)


async def replica(ctx: Context, group: Group, region: str) -> Table | None:
    """The group's table in a region."""
    table = await tables.get(scope_of(ctx, group, region), group.name)
    return table if table is not None and table.group == group.id else None


async def replicas(ctx: Context, group: Group, *, but: str = "") -> list[Table]:
    """The tables of all replicas that are there, except the one in the region `but`."""
    found = [await replica(ctx, group, member.region) for member in group.others(but)]
    return [table for table in found if table is not None]


async def member_of(ctx: Context, table: Table, region: str) -> tuple[Group, Member]:
    """The replica of a table's global table in a region. Raises ValidationException when there is none."""
    group = await group_of(ctx, table)
    member = None if group is None else group.member(region)
    if group is None or member is None or member.status == "DELETING":
        raise replica_errors.no_such_replica()
    return group, member


# -- showing


async def describe(ctx: Context, table: Table) -> Description:
    """What a table's description says of the global table that it belongs to, nothing if it does not. The table itself is not listed."""
    group = await group_of(ctx, table)
    if group is None:
        return {"GlobalTableSettingsReplicationMode": table.settings_mode or None}
    if group.version == JOINED:
        return {"GlobalTableVersion": JOINED}
    here = group.member(table.layout.region)
    return {
        "GlobalTableVersion": group.version,
        "Replicas": [await describe_member(ctx, group, member) for member in group.others(table.layout.region)],
        "MultiRegionConsistency": group.consistency,
        "GlobalTableWitnesses": [_describe_witness(*group.witness)] if group.witness else None,
        "GlobalTableSettingsReplicationMode": SYNCHRONISED if group.is_joint else OVERRIDABLE,
        "DisassociationProtectionEnabled": None if here is None or group.is_strong else here.is_protected,
    }


def _describe_witness(region: str, status: str) -> Description:
    return {"RegionName": region, "WitnessStatus": status}


async def describe_member(ctx: Context, group: Group, member: Member) -> Description:
    """A ReplicaDescription."""
    table = await replica(ctx, group, member.region)
    table_class = None
    if table is not None and table.table_class is not None:
        table_class = {"TableClass": table.table_class, "LastUpdateDateTime": table.class_changed}
    lost = None if table is None or table.encryption is None else table.encryption.lost
    return {
        "RegionName": member.region,
        "ReplicaStatus": member.status if lost is None else "INACCESSIBLE_ENCRYPTION_CREDENTIALS",
        "ReplicaArn": None if table is None else table.arn,
        "GlobalTableSettingsReplicationMode": SYNCHRONISED if group.is_joint else None,
        "KMSMasterKeyId": member.key,
        "ProvisionedThroughputOverride": _capacity(member.reads),
        "OnDemandThroughputOverride": _ceiling(member.max_reads),
        "GlobalSecondaryIndexes": [_describe_index(index) for index in member.indexes] or None,
        "ReplicaInaccessibleDateTime": lost,
        "ReplicaTableClassSummary": table_class,
    }


def _describe_index(index: IndexOverride) -> Description:
    return {
        "IndexName": index.name,
        "ProvisionedThroughputOverride": _capacity(index.reads),
        "OnDemandThroughputOverride": _ceiling(index.max_reads),
    }


def _capacity(reads: int | None) -> Description | None:
    return None if reads is None else {"ReadCapacityUnits": reads}


def _ceiling(max_reads: int | None) -> Description | None:
    return None if max_reads is None else {"MaxReadRequestUnits": max_reads}
