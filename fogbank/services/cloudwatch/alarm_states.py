"""How alarms come to their states, and what follows from it: history, actions, composite alarms, an event on the bus."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context, regions, service_events
from fogbank.services.cloudwatch import alarm_rules, messages, queries, verdicts, watching
from fogbank.services.cloudwatch.alarm_records import (
    COMPOSITE,
    METRIC,
    Alarm,
    Answer,
    Request,
    alarms,
    arn_of,
    find,
    record,
    stamp,
)
from fogbank.services.cloudwatch.computing import identity_of
from fogbank.services.cloudwatch.points import Identity
from fogbank.services.cloudwatch.service import service

# the evaluation range is longer than the evaluation periods, by this many
_MORE_PERIODS = 2

_ACTIONS = {
    verdicts.OK: "OKActions",
    verdicts.ALARM: "AlarmActions",
    verdicts.INSUFFICIENT_DATA: "InsufficientDataActions",
}

# the service that invokes functions for alarms
_INVOKER = "lambda.alarms.cloudwatch"

# -- metric alarms


def queries_of(alarm: Alarm) -> list[Request]:
    """What a metric alarm looks at, as queries of GetMetricData."""
    config = alarm.config
    if "Metrics" in config:
        return list(config["Metrics"])
    metric = {name: config.get(name) for name in ("Namespace", "MetricName", "Dimensions")}
    statistic = config.get("Statistic") or config.get("ExtendedStatistic")
    stat = {"Metric": metric, "Period": config["Period"], "Stat": statistic, "Unit": config.get("Unit")}
    return [{"Id": "m1", "MetricStat": stat}]


def period_of(alarm: Alarm) -> int:
    return max((query["MetricStat"]["Period"] for query in queries_of(alarm) if query.get("MetricStat")), default=60)


def watched(alarm: Alarm) -> list[Identity]:
    stats = [query["MetricStat"] for query in queries_of(alarm) if query.get("MetricStat")]
    return [identity_of(stat["Metric"]) for stat in stats]


def rule_of(alarm: Alarm) -> verdicts.Rule:
    config = alarm.config
    periods = config["EvaluationPeriods"]
    return verdicts.Rule(
        config["ComparisonOperator"],
        config["Threshold"],
        periods,
        config.get("DatapointsToAlarm") or periods,
        config.get("TreatMissingData") or "missing",
    )


@service.task
async def evaluate(ctx: Context, payload: dict[str, Any]) -> None:
    """Look at the periods that are over. Goes on while there is something to see."""
    alarm = await alarms.get(ctx, payload["name"])
    if alarm is None or alarm.kind != METRIC:
        return
    rule, period = rule_of(alarm), period_of(alarm)
    end = ctx.now() // period * period
    start = end - (rule.periods + _MORE_PERIODS) * period
    results = await queries.computed(ctx, queries_of(alarm), start, end)
    verdict = verdicts.judge(rule, list(results[0].series.items()))
    is_settled = verdict.state in (None, alarm.state)
    if verdict.state is not None and verdict.state != alarm.state:
        data = _reason_data(ctx, alarm, verdict, start, period)
        await become(ctx, alarm, verdict.state, verdicts.reason(rule, verdict, alarm.state), json.dumps(data))
    if verdict.seen or not is_settled:
        await watching.wake(ctx, alarm.name, period)
    else:
        watching.sleep(ctx, alarm.name, period)


def _reason_data(ctx: Context, alarm: Alarm, verdict: verdicts.Verdict, start: float, period: int) -> Answer:
    data = {
        "version": "1.0",
        "queryDate": stamp(ctx.now()),
        "startDate": stamp(min((at for at, _ in verdict.seen), default=start)),
        "statistic": alarm.config.get("Statistic") or alarm.config.get("ExtendedStatistic"),
        "period": period,
        "recentDatapoints": [value for _, value in reversed(verdict.seen)],
        "threshold": alarm.config["Threshold"],
        "evaluatedDatapoints": [{"timestamp": stamp(at), "value": value} for at, value in verdict.seen],
    }
    return {name: value for name, value in data.items() if value is not None}


@service.operation(resource=lambda ctx, request: arn_of(ctx, request["AlarmName"]))
async def set_alarm_state(ctx: Context, request: Request) -> None:
    alarm = await find(ctx, request["AlarmName"])
    await become(ctx, alarm, request["StateValue"], request["StateReason"], request.get("StateReasonData") or "")
    if alarm.kind == METRIC:
        await watching.wake(ctx, alarm.name, period_of(alarm))


# -- transitions


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
    alarms.put(ctx, changed, alarm.name)
    if not has_changed:
        return
    record(ctx, alarm, "StateUpdate", f"Alarm updated from {alarm.state} to {state}", messages.history(alarm, changed))
    await ctx.schedule("tell", {"before": msgspec.to_builtins(alarm), "after": msgspec.to_builtins(changed)})
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
        at = stamp(child.transitioned)
        reason = f"{arn_of(ctx, child.name)} transitioned to {child.state} at {at}"
        triggering = [{"arn": arn_of(ctx, child.name), "state": {"value": child.state, "timestamp": at}}]
    await become(ctx, alarm, state, reason, json.dumps({"triggeringAlarms": triggering}))


# -- actions


@service.task
async def tell(ctx: Context, payload: dict[str, Any]) -> None:
    """An event for whoever has a rule for it, and the alarm's actions."""
    before = msgspec.convert(payload["before"], Alarm)
    after = msgspec.convert(payload["after"], Alarm)
    detail = messages.event(before, after)
    await service_events.tell(ctx, "CloudWatch Alarm State Change", detail, [arn_of(ctx, after.name)])
    if not after.config.get("ActionsEnabled", True):
        return
    for action in after.config.get(_ACTIONS[after.state]) or []:
        await _act(ctx, before, after, action)


async def _act(ctx: Context, before: Alarm, after: Alarm, action: str) -> None:
    try:
        await ctx.undoing(_take, ctx, before, after, action)
    except AWSError as error:
        summary = f"Failed to execute action {action}. Received error: {error.message}"
        data = {"actionState": "Failed", "stateUpdateTimestamp": after.state_updated, "notificationResource": action}
        record(ctx, after, "Action", summary[:255], data | {"error": error.message})
        return
    data = {"actionState": "Succeeded", "stateUpdateTimestamp": after.state_updated, "notificationResource": action}
    record(ctx, after, "Action", f"Successfully executed action {action}"[:255], data)


async def _take(ctx: Context, before: Alarm, after: Alarm, action: str) -> None:
    """Raises AWSError for what does not want it, and for actions that there are not."""
    arn = arn_of(ctx, after.name)
    kind = action.split(":")[2] if action.count(":") >= 5 else ""
    if kind == "sns":
        subject = f'{after.state}: "{after.name}" in {regions.description(ctx.region)}'
        text = json.dumps(messages.notification(ctx, before, after))
        notice = {"TopicArn": action, "Subject": subject[:100], "Message": text}
        await messages.as_alarm(ctx, arn).call("sns", "Publish", notice, as_caller=True)
    elif kind == "lambda":
        payload = json.dumps(messages.invocation(ctx, before, after)).encode()
        event = {"FunctionName": action, "InvocationType": "Event", "Payload": payload}
        await messages.as_alarm(ctx, arn, _INVOKER).call("lambda", "Invoke", event, as_caller=True)
    else:
        raise AWSError("NotImplemented", f"Fogbank has no alarm action for {action}.", 501)
