"""How alarms change their states: what is written of it, and how composite alarms follow their children."""

from __future__ import annotations

import json
from time import gmtime, strftime

import msgspec

from fogbank.kernel import Context
from fogbank.services.cloudwatch import alarm_rules, messages, suppressing, verdicts
from fogbank.services.cloudwatch.alarm_records import COMPOSITE, Alarm, Answer, alarms, arn_of, record, stamp


async def become(ctx: Context, alarm: Alarm, state: str, reason: str, data: str) -> None:
    """Put the alarm into a state. Only a change of it has consequences."""
    now = ctx.now()
    has_changed = state != alarm.state
    changed = msgspec.structs.replace(
        alarm,
        state=state,
        reason=reason,
        reason_data=data,
        state_updated=now,
        transitioned=now if has_changed else alarm.transitioned,
    )
    if has_changed:
        changed = await suppressing.withheld(ctx, alarm, changed)
    alarms.put(ctx, changed, alarm.name)
    if not has_changed:
        return
    record(ctx, alarm, "StateUpdate", f"Alarm updated from {alarm.state} to {state}", messages.history(alarm, changed))
    await ctx.schedule("tell", {"before": msgspec.to_builtins(alarm), "after": msgspec.to_builtins(changed)})
    await suppressing.follow(ctx, changed)
    await _ask_composites(ctx, alarm.name)


async def _ask_composites(ctx: Context, name: str) -> None:
    for alarm in await alarms.scan(ctx):
        if alarm.kind == COMPOSITE and name in alarm.children:
            await decide(ctx, alarm, name)


async def decide(ctx: Context, alarm: Alarm, because_of: str = "") -> None:
    """Evaluate the rule of a composite alarm."""
    rule = alarm_rules.parse(alarm.config["AlarmRule"])
    found = {name: await alarms.get(ctx, name) for name in rule.children}
    states = {name: child.state for name, child in found.items() if child is not None}
    state = verdicts.ALARM if rule.holds(states) else verdicts.OK
    if state == alarm.state:
        return
    child = found.get(because_of)
    reason = f"{arn_of(ctx, alarm.name)} was created and its alarm rule evaluates to {state}"
    triggering: list[Answer] = []
    if child is not None:
        spelled = strftime("%A %d %B, %Y %H:%M:%S UTC", gmtime(child.transitioned))
        reason = f"{arn_of(ctx, child.name)} transitioned to {child.state} at {spelled}"
        state_of = {"value": child.state, "timestamp": stamp(child.transitioned)}
        triggering = [{"arn": arn_of(ctx, child.name), "state": state_of}]
    await become(ctx, alarm, state, reason, json.dumps({"triggeringAlarms": triggering}))
