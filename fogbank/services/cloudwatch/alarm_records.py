"""Alarms and their history, as they are stored and shown.

alarms    (name)
history   (name, ms, nth)
"""

from __future__ import annotations

import json
from time import gmtime, strftime
from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.cloudwatch import errors
from fogbank.services.cloudwatch.service import service

METRIC = "MetricAlarm"
COMPOSITE = "CompositeAlarm"

_DAY = 86_400
HISTORY_SECONDS = 30 * _DAY

Request = dict[str, Any]
Answer = dict[str, Any]


class Alarm(Record, frozen=True):
    """`config` is what was put, `children` the alarms that a composite one names. Times are epoch seconds.

    `suppressed_by` is what holds its actions back (`WaitPeriod`), `owed` the state that was told of last before; `warm_until` is when
    it stops waiting for its first data; `evaluation` is what is wrong with what it looks at (`EVALUATION_ERROR`).
    """

    name: str
    kind: str
    config: dict[str, Any]
    updated: float
    state: str
    reason: str
    reason_data: str
    state_updated: float
    transitioned: float
    tags: dict[str, str] = {}
    children: tuple[str, ...] = ()
    suppressed_by: str = ""
    owed: str = ""
    warm_until: float = 0
    evaluation: str = ""


class HistoryItem(Record, frozen=True):
    kind: str
    at: float
    item: str
    summary: str
    data: str


alarms = service.collection("alarms", Alarm)
history = service.collection("history", HistoryItem)


def arn_of(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:cloudwatch:{ctx.region}:{ctx.account}:alarm:{name}"


async def find(ctx: Context, name: str) -> Alarm:
    alarm = await alarms.get(ctx, name)
    if alarm is None:
        raise errors.no_alarm(name)
    return alarm


def record(ctx: Context, alarm: Alarm, item: str, summary: str, data: Answer) -> None:
    """Add an item (`StateUpdate`, ...) to the alarm's history."""
    entry = HistoryItem(alarm.kind, ctx.now(), item, summary, json.dumps(data, separators=(",", ":")))
    history.put(ctx, entry, alarm.name, int(ctx.now() * 1000), ctx.ids.hex(8))


async def begin_history(ctx: Context) -> None:
    """Before the first item is recorded: history is kept for 30 days, also that of deleted alarms."""
    if not await history.scan(ctx, limit=1):
        await ctx.schedule("forget_history", {}, delay=_DAY, key="")


@service.task
async def forget_history(ctx: Context, payload: dict[str, Any]) -> None:
    """Once a day. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html"""
    rows = await history.items(ctx, (str, int, str))
    for key, item in rows:
        if item.at < ctx.now() - HISTORY_SECONDS:
            history.delete(ctx, *key)
    if rows:
        await ctx.schedule("forget_history", {}, delay=_DAY, key="")


def described(ctx: Context, alarm: Alarm) -> Answer:
    defaults = {"ActionsEnabled": True, "OKActions": [], "AlarmActions": [], "InsufficientDataActions": []}
    if alarm.kind == METRIC and "Metrics" not in alarm.config:
        defaults["Dimensions"] = []
    return (
        defaults
        | alarm.config
        | {
            "AlarmArn": arn_of(ctx, alarm.name),
            "AlarmConfigurationUpdatedTimestamp": alarm.updated,
            "StateValue": alarm.state,
            "StateReason": alarm.reason,
            "StateReasonData": alarm.reason_data or None,
            "StateUpdatedTimestamp": alarm.state_updated,
            "StateTransitionedTimestamp": alarm.transitioned,
            "EvaluationState": alarm.evaluation or None,
            "ActionsSuppressedBy": alarm.suppressed_by or None,
            "ActionsSuppressedReason": f"Actions suppressed by {alarm.suppressed_by}" if alarm.suppressed_by else None,
        }
    )


def stamp(moment: float) -> str:
    """As the messages of alarms and their reasons spell times."""
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(moment)) + f".{int(moment * 1000) % 1000:03}+0000"
