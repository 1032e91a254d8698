"""Composite alarms whose actions another alarm holds back.

A composite alarm with a suppressor does nothing while the suppressor is in ALARM, for a while before (the wait period: the suppressor may
follow), and for a while after (the extension period). What is withheld then is done when nothing holds it back any more, if the
alarm is not again in the state that it had before.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html#Create_Composite_Alarm_Suppression
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.cloudwatch import verdicts
from fogbank.services.cloudwatch.alarm_records import COMPOSITE, Alarm, alarms, record
from fogbank.services.cloudwatch.service import service

BY_ALARM, WAITING, EXTENDED = "Alarm", "WaitPeriod", "ExtensionPeriod"


def name_of(given: str) -> str:
    """The name of an alarm that is given by name or ARN."""
    return given.rpartition(":alarm:")[2]


async def withheld(ctx: Context, before: Alarm, after: Alarm) -> Alarm:
    """The changed alarm, with what holds its actions back, if anything does."""
    by = before.suppressed_by or await _holding(ctx, after)
    if not by:
        return after
    if not before.suppressed_by:
        record(ctx, after, "Action", f"Actions suppressed by {by}", {"actionsSuppressedBy": by})
    return msgspec.structs.replace(after, suppressed_by=by, owed=before.owed or before.state)


async def _holding(ctx: Context, alarm: Alarm) -> str:
    config = alarm.config
    if alarm.kind != COMPOSITE or not config.get("ActionsSuppressor"):
        return ""
    suppressor = await alarms.get(ctx, name_of(config["ActionsSuppressor"]))
    if suppressor is not None and suppressor.state == verdicts.ALARM:
        return BY_ALARM
    wait = config.get("ActionsSuppressorWaitPeriod") or 0
    if alarm.state != verdicts.ALARM or not wait:
        return ""
    await ctx.schedule("release", {"name": alarm.name}, delay=wait, key=alarm.name)
    return WAITING


async def follow(ctx: Context, suppressor: Alarm) -> None:
    """An alarm has changed its state: look after those that it suppresses."""
    for alarm in await alarms.scan(ctx):
        if alarm.suppressed_by and name_of(alarm.config.get("ActionsSuppressor") or "") == suppressor.name:
            await _follow(ctx, alarm, suppressor)


async def _follow(ctx: Context, alarm: Alarm, suppressor: Alarm) -> None:
    if suppressor.state == verdicts.ALARM:
        await ctx.unschedule("release", alarm.name)
        alarms.put(ctx, msgspec.structs.replace(alarm, suppressed_by=BY_ALARM), alarm.name)
    elif alarm.suppressed_by == BY_ALARM:
        extension = alarm.config.get("ActionsSuppressorExtensionPeriod") or 0
        alarms.put(ctx, msgspec.structs.replace(alarm, suppressed_by=EXTENDED), alarm.name)
        await ctx.schedule("release", {"name": alarm.name}, delay=extension, key=alarm.name)


async def look_again(ctx: Context, alarm: Alarm) -> None:
    """The alarm has another suppressor, or none, or that one is gone: nobody might tell of its end."""
    if alarm.suppressed_by != BY_ALARM:
        return
    given = alarm.config.get("ActionsSuppressor")
    suppressor = await alarms.get(ctx, name_of(given)) if given else None
    if suppressor is None or suppressor.state != verdicts.ALARM:
        await ctx.schedule("release", {"name": alarm.name}, key=alarm.name)


@service.task
async def release(ctx: Context, payload: dict[str, Any]) -> None:
    """The wait or the extension is over: the actions are taken."""
    alarm = await alarms.get(ctx, payload["name"])
    if alarm is None or not alarm.suppressed_by:
        return
    free = msgspec.structs.replace(alarm, suppressed_by="", owed="")
    alarms.put(ctx, free, alarm.name)
    if alarm.owed != alarm.state:
        changes = {"before": msgspec.to_builtins(alarm), "after": msgspec.to_builtins(free)}
        await ctx.schedule("tell", changes)
