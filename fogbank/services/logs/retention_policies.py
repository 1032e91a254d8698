"""Retention policies of the account: they decide about the retention of groups instead of the groups, a day after they were put.

Of several that are for a group, the longest retention counts.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutAccountPolicy.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, Record
from fogbank.services.logs import errors, limits
from fogbank.services.logs.records import Answer, LogGroup, change, groups, milliseconds, streams
from fogbank.services.logs.service import service

_DAY = 86_400
_NEVER = 1 << 30
_LEAST = 30
_TOP = 20


class Retention(Record, frozen=True):
    """`days` is 0 for ever. `made` is when the policy was put (ms): those that are not retroactive are for groups made since."""

    name: str
    days: int
    retroactive: bool
    prefixes: tuple[str, ...]
    made: int

    def counts(self, group: LogGroup) -> bool:
        fits = not self.prefixes or group.name.startswith(self.prefixes)
        return fits and (self.retroactive or group.created >= self.made)


in_force = service.collection("retention-policies", Retention)


def checked(name: str, document: dict[str, Any], prefixes: tuple[str, ...], made: int) -> Retention:
    """Raises InvalidParameterException."""
    days, mode = document.get("retentionInDays"), document.get("enforcementMode")
    if mode not in ("NEW_ONLY", "RETROACTIVE"):
        raise errors.invalid_parameter("enforcementMode has to be NEW_ONLY or RETROACTIVE.")
    if days != "NEVER_EXPIRE" and (days not in limits.RETENTION_DAYS or days < _LEAST):
        raise errors.invalid_parameter(
            f"retentionInDays has to be one of the allowed values from {_LEAST} on, or NEVER_EXPIRE."
        )
    return Retention(name, 0 if days == "NEVER_EXPIRE" else int(days), mode == "RETROACTIVE", prefixes, made)


async def announce(ctx: Context, retention: Retention) -> None:
    await ctx.schedule("enforce_retention", {"policy": msgspec.to_builtins(retention)}, delay=_DAY, key=retention.name)


@service.task
async def enforce_retention(ctx: Context, payload: dict[str, Any]) -> None:
    retention = msgspec.convert(payload["policy"], Retention)
    in_force.put(ctx, retention, retention.name)
    await _rule(ctx)


async def withdraw(ctx: Context, name: str) -> None:
    await ctx.unschedule("enforce_retention", name)
    in_force.delete(ctx, name)
    await _rule(ctx)


async def _rule(ctx: Context) -> None:
    """Have each group follow what is in force."""
    policies = await in_force.scan(ctx)
    for group in await groups.scan(ctx):
        ruled = ruled_by(group, policies)
        if (ruled.ruled_retention, ruled.retention_policy) != (group.ruled_retention, group.retention_policy):
            change(ctx, ruled)
            if ruled.kept_days:
                await ctx.schedule("expire", {"group": group.name}, delay=_DAY, key=group.name)


async def for_new(ctx: Context, group: LogGroup) -> LogGroup:
    """A group that is being made, as policies want it."""
    return ruled_by(group, await in_force.scan(ctx))


def ruled_by(group: LogGroup, policies: list[Retention]) -> LogGroup:
    """The group under the policy with the longest retention; of those alike the first that was made."""
    fitting = sorted(
        (each for each in policies if each.counts(group)), key=lambda each: (-(each.days or _NEVER), each.made)
    )
    if not fitting:
        return msgspec.structs.replace(group, ruled_retention=0, retention_policy="")
    return msgspec.structs.replace(group, ruled_retention=fitting[0].days, retention_policy=fitting[0].name)


# -- what would be


async def preview(ctx: Context, retention: Retention) -> Answer:
    """What a policy would do if it were in force."""
    others = [each for each in await in_force.scan(ctx) if each.name != retention.name]
    return await _compared(ctx, retention, [*others, retention])


async def preview_without(ctx: Context, name: str) -> Answer:
    policies = await in_force.scan(ctx)
    gone = next((each for each in policies if each.name == name), Retention(name, 0, True, (), milliseconds(ctx)))
    return await _compared(ctx, gone, [each for each in policies if each.name != name])


async def _compared(ctx: Context, retention: Retention, policies: list[Retention]) -> Answer:
    matched = [group for group in await groups.scan(ctx) if retention.counts(group)]
    rows = [(group, group.kept_days, ruled_by(group, policies).kept_days, await _size(ctx, group)) for group in matched]
    changes = [(after or _NEVER) - (before or _NEVER) for _, before, after, _ in rows]
    top = sorted(rows, key=lambda row: -row[3])[:_TOP]
    return {
        "totalMatchedLogGroups": len(rows),
        "increasedRetentionLogGroupCount": sum(each > 0 for each in changes),
        "decreasedRetentionLogGroupCount": sum(each < 0 for each in changes),
        "unchangedRetentionLogGroupCount": sum(each == 0 for each in changes),
        "failedAnalysisCount": 0,
        "topLogGroupsImpacted": [
            {
                "logGroupName": group.name,
                "currentRetention": _shown(before),
                "proposedRetention": _shown(after),
                "storedBytes": size,
            }
            for group, before, after, size in top
        ],
    }


async def _size(ctx: Context, group: LogGroup) -> int:
    return sum(stream.size for stream in await streams.scan(ctx, group.id))


def _shown(days: int) -> str:
    return str(days) if days else "NEVER_EXPIRE"
