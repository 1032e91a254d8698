"""Rules that fire by a schedule: one task per rule, due at its next time."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, schedules
from fogbank.services.events import envelopes
from fogbank.services.events.delivery import dispatch
from fogbank.services.events.names import rule_arn
from fogbank.services.events.rule import DISABLED, Rule, rules
from fogbank.services.events.service import service


async def arrange(ctx: Context, rule: Rule, after: float = 0.0) -> None:
    """Have the rule fire at its next time, after `after`, or not at all when it is disabled or has no schedule."""
    await cancel(ctx, rule)
    if rule.schedule is None or rule.state == DISABLED:
        return
    due = schedules.parse(rule.schedule).after(max(ctx.now(), after), rule.since)
    if due is not None:
        await ctx.schedule("fire", {"bus": rule.bus, "name": rule.name, "due": due}, at=due, key=_key(rule))


async def cancel(ctx: Context, rule: Rule) -> None:
    await ctx.unschedule("fire", _key(rule))


def _key(rule: Rule) -> str:
    return f"{rule.bus}/{rule.name}"


@service.task
async def fire(ctx: Context, payload: dict[str, Any]) -> None:
    """Send the rule's targets the event of its time, and arrange the next one. Times that were slept through are left out."""
    rule = await rules.get(ctx, payload["bus"], payload["name"])
    if rule is None:
        return
    arn = rule_arn(ctx, rule.bus, rule.name)
    entry = {"Source": "aws.events", "DetailType": "Scheduled Event", "Resources": [arn]}
    await dispatch(ctx, rule, envelopes.made(ctx, entry, {}))
    # a task runs up to a microsecond early, which must not make its time come twice
    await arrange(ctx, rule, after=payload["due"])
