"""Auto scaling: the capacity of provisioned tables and global indexes follows what is consumed of it, as their settings say.

A task looks at a table once a minute, or every five minutes when nothing is consumed of it. It does what Application Auto Scaling does
with target tracking: capacity below the least or above the most that is set is brought there at once. When in two minutes, one after
another, more than the target was consumed, it is raised to where the last of them would have met the target; when in each of fifteen
minutes it was less than the target by more than 20 points, it is lowered to where the busiest of them would have met it. Minutes in which
nothing was consumed say nothing: an idle table is not scaled in.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/AutoScaling.html
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from fogbank.services.dynamodb import changes, groups, metering, scaling, tables
from fogbank.services.dynamodb.groups import Group, IndexOverride, Member
from fogbank.services.dynamodb.scaling import READ, Scaling
from fogbank.services.dynamodb.service import service

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.schema import Table

Document = dict[str, Any]
Target = tuple[str, str]
"""What is scaled: an index by its name, empty for the table; Read or Write."""

_MINUTE = 60
# how often to look at a table of which nothing was consumed lately (seconds)
_IDLE = 300
_MINUTES_OUT, _MINUTES_IN = 2, 15
_POINTS_BELOW = 20
_LIMITS = (1, 40_000)


@service.task
async def scale_table(ctx: Context, payload: Document) -> None:
    """Scale a table, and look again."""
    table = await tables.tables.get(ctx, payload["table"])
    settings = Scaling() if table is None else await scaling.of(ctx, table)
    targets = settings.targets()
    if table is None or not targets:
        return
    consumed = {target: await _consumed(ctx, table, target) for target in targets}
    if table.status == "ACTIVE" and not table.on_demand:
        await _scale(ctx, table, settings, consumed)
    is_idle = table.status == "ACTIVE" and all(minutes == [None] * _MINUTES_IN for minutes in consumed.values())
    await ctx.schedule("scale_table", payload, delay=_IDLE if is_idle else _MINUTE, key=table.name)


async def _consumed(ctx: Context, table: Table, target: Target) -> list[float | None]:
    """Units consumed in each of the last whole minutes, the latest first; None where nothing was."""
    index, direction = target
    dimensions = [{"Name": "TableName", "Value": table.name}]
    if index:
        dimensions.append({"Name": "GlobalSecondaryIndexName", "Value": index})
    end = int(ctx.now()) // _MINUTE * _MINUTE
    asked = {
        "Namespace": metering.NAMESPACE,
        "MetricName": f"Consumed{direction}CapacityUnits",
        "Dimensions": dimensions,
        "StartTime": float(end - _MINUTES_IN * _MINUTE),
        "EndTime": float(end),
        "Period": _MINUTE,
        "Statistics": ["Sum"],
    }
    cloudwatch = ctx.app.services["cloudwatch"]
    found = await cloudwatch.provided["statistics"](ctx.at(service=cloudwatch), asked)
    sums = {int(point["Timestamp"]): float(point["Sum"]) for point in found["Datapoints"]}
    return [sums.get(end - number * _MINUTE) for number in range(1, _MINUTES_IN + 1)]


# -- deciding


def wanted(settings: Document, current: int, minutes: Sequence[float | None], since_moved: float) -> int:
    """The capacity to have, of the settings, the capacity now, and what was consumed; `since_moved` is in seconds."""
    least, most = settings["MinimumUnits"] or _LIMITS[0], settings["MaximumUnits"] or _LIMITS[1]
    units = current
    for policy in settings.get("ScalingPolicies") or ():
        units = _tracked(policy["TargetTrackingScalingPolicyConfiguration"], current, minutes, since_moved)
    return min(max(units, least), most)


def _tracked(policy: Document, current: int, minutes: Sequence[float | None], since_moved: float) -> int:
    """What target tracking makes of a capacity."""
    target = policy["TargetValue"]
    recent, all_of_them = _known(minutes[:_MINUTES_OUT]), _known(minutes)
    if len(recent) == _MINUTES_OUT and min(recent) > _units(current, target):
        return _fitting(recent[0], target) if since_moved >= (policy.get("ScaleOutCooldown") or 0) else current
    if policy.get("DisableScaleIn") or len(all_of_them) < _MINUTES_IN:
        return current
    if max(all_of_them) < _units(current, target - _POINTS_BELOW):
        return _fitting(max(all_of_them), target) if since_moved >= (policy.get("ScaleInCooldown") or 0) else current
    return current


def _known(minutes: Sequence[float | None]) -> list[float]:
    return [units for units in minutes if units is not None]


def _units(capacity: int, percent: float) -> float:
    """That part of a capacity, in a minute."""
    return capacity * _MINUTE * percent / 100


def _fitting(consumed: float, target: float) -> int:
    """The capacity of which what was consumed in a minute is the target's part."""
    return math.ceil(consumed / _MINUTE * 100 / target)


# -- scaling


async def _scale(ctx: Context, table: Table, settings: Scaling, consumed: dict[Target, list[float | None]]) -> None:
    now, moves = ctx.now(), {}
    for target, of_target in settings.targets().items():
        current = _capacity(table, target)
        since = now - settings.moved.get("/".join(target), 0.0)
        units = None if current is None else wanted(of_target, current, consumed[target], since)
        if units is not None and units != current:
            moves[target] = units
    if not moves:
        return
    moved = settings.moved | {"/".join(target): now for target in moves}
    scaling.scaling.put(ctx, msgspec.structs.replace(settings, moved=moved), table.name)
    await _keep_own_reads(ctx, table, moves)
    await changes.change(ctx, table, _request(table, moves))


def _capacity(table: Table, target: Target) -> int | None:
    name, direction = target
    of = table.index(name) if name else table
    return None if of is None else of.reads if direction == READ else of.writes


def _request(table: Table, moves: dict[Target, int]) -> Document:
    """The UpdateTable that does it."""
    request: Document = {}
    updates = []
    for name in dict.fromkeys([name for name, _ in moves]):
        throughput = {
            f"{direction}CapacityUnits": moves.get((name, direction), _capacity(table, (name, direction)))
            for direction in (READ, scaling.WRITE)
        }
        if name:
            updates.append({"Update": {"IndexName": name, "ProvisionedThroughput": throughput}})
        else:
            request["ProvisionedThroughput"] = throughput
    return request | ({"GlobalSecondaryIndexUpdates": updates} if updates else {})


async def _keep_own_reads(ctx: Context, table: Table, moves: dict[Target, int]) -> None:
    """Reads are each replica's own: those that are scaled here are not to be taken over by the other replicas."""
    group = await groups.group_of(ctx, table)
    scaled = {name: units for (name, direction), units in moves.items() if direction == READ}
    if group is None or group.version != groups.CURRENT or not scaled:
        return
    for replica in await groups.replicas(ctx, group):
        member = group.member(replica.layout.region)
        if member is not None:
            reads = {name: _capacity(replica, (name, READ)) for name in scaled}
            group = _with_reads(group, member, {**reads, **scaled} if replica.arn == table.arn else reads)
    groups.put(ctx, group)


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
