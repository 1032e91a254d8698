"""Global tables of several accounts: CreateTable makes a replica of another account's table, where all let replication in.

Each replica is in an account and a region of its own, and has the settings of the others. What they have in common is kept in the account
of the first one, with whose number the group's id begins.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-MultiAccount.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables_MA_security.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.identity.principals import service_principal
from fogbank.services.dynamodb import (
    bulk,
    groups,
    guards,
    linked_roles,
    policies,
    replica_errors,
    replicas,
    table_errors,
    tables,
    tags,
)
from fogbank.services.dynamodb.groups import CURRENT, SYNCHRONISED, Group, Member
from fogbank.services.dynamodb.schema import Table
from fogbank.services.dynamodb.unreplicated import home_of

if TYPE_CHECKING:
    from fogbank.kernel import Context

Document = dict[str, Any]

_REPLICATOR = linked_roles.REPLICATION.removesuffix(".amazonaws.com")
_NEEDED = ("dynamodb:ReadDataForReplication", "dynamodb:WriteDataForReplication", "dynamodb:ReplicateSettings")
_MODE = "GlobalTableSettingsReplicationMode"
# what a replica has for itself; everything else is as in its source
_OWN = frozenset({"TableName", "GlobalTableSourceArn", _MODE, "ResourcePolicy", "Tags", "DeletionProtectionEnabled"})


def mode_of_new(mode: str | None) -> str:
    """The mode of a new table: that of global tables of one account says nothing of a table that is none yet."""
    return "" if mode is None or mode == groups.OVERRIDABLE else mode


def with_mode(ctx: Context, table: Table, mode: str) -> Table:
    """UpdateTable of a table that is no replica: whether others may be made from it. Raises ValidationException."""
    if table.group or mode == groups.OVERRIDABLE:
        raise replica_errors.mode_of_regional_tables()
    return tables.put(ctx, table, settings_mode=mode)


async def join(ctx: Context, name: str, request: Document) -> Table:
    """Make a replica of the source that a CreateTable names. Returns its record, already written."""
    if request.get(_MODE) != SYNCHRONISED:
        raise replica_errors.joint_mode()
    settings = [member for member in request if member not in _OWN and request[member] is not None]
    if settings:
        raise replica_errors.joint_settings(settings)
    tags.check(request.get("Tags") or [])
    if await tables.tables.get(ctx, name) is not None:
        raise table_errors.table_exists(name)
    source = await _source(ctx, name, request["GlobalTableSourceArn"])
    await bulk.require_none(source.layout.scope(ctx), source)
    await linked_roles.require(ctx, linked_roles.REPLICATION)
    twin = await _replicate(ctx, source, await _group(ctx, source))
    if request.get("ResourcePolicy"):
        twin = policies.attach(ctx, twin, request["ResourcePolicy"])
    twin = tables.put(ctx, twin, is_protected=bool(request.get("DeletionProtectionEnabled")))
    tags.replace(ctx, name, request.get("Tags") or [])
    await _require_consent(ctx, twin)
    return twin


async def _source(ctx: Context, name: str, arn: str) -> Table:
    """Raises ValidationException, ResourceNotFoundException, AccessDeniedException."""
    _, _, _, region, account, resource = arn.split(":", 5)
    if resource != f"table/{name}" or account == ctx.account or region == ctx.region:
        raise replica_errors.joint_source(arn)
    there = ctx.at(account=account, region=region)
    source = await tables.tables.get(there, name)
    policy = await guards.policy_for(there, source)
    await ctx.authorise("dynamodb:AssociateTableReplica", arn, policy=policy, owner=account)
    if source is None:
        raise table_errors.no_such_table(name)
    tables.require_idle(source)
    return source


async def _group(ctx: Context, source: Table) -> Group:
    """The global table that the new replica becomes a part of. Raises ValidationException."""
    here, there = ctx, source.layout.scope(ctx)
    group = await groups.group_of(there, source)
    if group is None:
        if source.settings_mode != SYNCHRONISED:
            raise replica_errors.joint_source_mode(source.arn)
        first = Member(there.region, "ACTIVE", account=there.account)
        return Group(f"{there.account}/{ctx.ids.uuid()}", source.name, CURRENT, ctx.now(), (first,))
    if not group.is_joint:
        raise replica_errors.joint_of_one_account()
    if any(member.account == here.account or member.region == here.region for member in group.members):
        raise replica_errors.joint_member_there()
    return group


async def _replicate(ctx: Context, source: Table, group: Group) -> Table:
    """The empty table of the new replica; a task fills it."""
    there = source.layout.scope(ctx)
    known = group.member(there.region)
    assert known is not None
    source = await replicas.with_stream(there, source)
    member = Member(ctx.region, account=ctx.account)
    group = group.with_member(member).with_member(msgspec.structs.replace(known, sourced=ctx.now()))
    groups.put(ctx, group)
    tables.put(there, source, group=group.id, status="UPDATING")
    home = home_of(there, group.id)
    await home.schedule("fill_replica", {"group": group.id, "region": ctx.region, "after": b""})
    return await replicas.put_twin(ctx, source, group, member, {})


async def _require_consent(ctx: Context, twin: Table) -> None:
    """All replicas have to let the service read, write and keep alike for each of them. Raises ValidationException."""
    group = await groups.group_of(ctx, twin)
    assert group is not None
    for guarded in (everyone := await groups.replicas(ctx, group)):
        policy = await guards.policy_for(ctx, guarded)
        for source in everyone:
            asking = guarded.layout.scope(ctx).at()
            asking.principal = service_principal(_REPLICATOR, guarded.layout.account)
            asking.origin = {"aws:SourceArn": source.arn, "aws:SourceAccount": source.layout.account}
            for action in _NEEDED:
                if not await asking.may(action, guarded.arn, policy=policy, owner=guarded.layout.account):
                    raise replica_errors.joint_without_consent(action, guarded.arn, source.arn)
