"""Alarms: putting, describing, deleting them, and switching their actions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from fogbank.kernel import Context, pages, service_events
from fogbank.kernel.errors import not_implemented
from fogbank.services.cloudwatch import (
    alarm_rules,
    anomaly_detectors,
    errors,
    expressions,
    messages,
    suppressing,
    tag_rules,
    verdicts,
    watching,
)
from fogbank.services.cloudwatch.alarm_checks import check_metric_alarm
from fogbank.services.cloudwatch.alarm_metrics import followed, period_of, watched
from fogbank.services.cloudwatch.alarm_records import (
    COMPOSITE,
    HISTORY_SECONDS,
    METRIC,
    Alarm,
    Answer,
    Request,
    alarms,
    arn_of,
    begin_history,
    described,
    find,
    history,
    record,
)
from fogbank.services.cloudwatch.alarm_states import decide
from fogbank.services.cloudwatch.anomaly_records import SINGLE, detectors, key_of, single
from fogbank.services.cloudwatch.points import dimensions_of
from fogbank.services.cloudwatch.service import service

_ACTIONS = ("OKActions", "AlarmActions", "InsufficientDataActions")
_LONGEST_COMPOSITE_WAIT = 86_400


def _arn(ctx: Context, request: Request) -> str:
    return arn_of(ctx, request["AlarmName"])


def _arns(ctx: Context, request: Request) -> list[str]:
    return [arn_of(ctx, name) for name in request["AlarmNames"]] or [arn_of(ctx, "*")]


# -- putting


@service.operation(resource=_arn)
async def put_metric_alarm(ctx: Context, request: Request) -> None:
    """A new alarm has insufficient data until it has looked; one that is changed keeps its state."""
    if request.get("EvaluationCriteria") is not None:
        raise not_implemented("cloudwatch", "PutMetricAlarm with PromQL")
    _refuse_tags_in_messages(request)
    check_metric_alarm(request)
    alarm = await _put(ctx, request, METRIC, ())
    await _ensure_detector(ctx, alarm)
    await watching.begin(ctx, alarm.name, period_of(alarm), watched(alarm), followed(alarm))


def _refuse_tags_in_messages(request: Request) -> None:
    """AWS does not document under which name messages have them."""
    if ((request.get("ActionConfiguration") or {}).get("AlarmTagsPropagation") or {}).get("Enabled"):
        raise not_implemented("cloudwatch", "alarms with propagated tags")


async def _ensure_detector(ctx: Context, alarm: Alarm) -> None:
    """An alarm on a band brings the detector of its metric with it."""
    queries = {query["Id"]: query for query in alarm.config.get("Metrics") or []}
    band = queries.get(alarm.config.get("ThresholdMetricId") or "")
    if band is None:
        return
    stat = queries[expressions.banded(band["Expression"])].get("MetricStat")
    if stat is not None and await detectors.get(ctx, *key_of(SINGLE, single(stat))) is None:
        await anomaly_detectors.put(ctx, SINGLE, single(stat), {}, {})


@service.operation(resource=_arn)
async def put_composite_alarm(ctx: Context, request: Request) -> None:
    _refuse_tags_in_messages(request)
    try:
        rule = alarm_rules.parse(request["AlarmRule"])
    except alarm_rules.BadRule as error:
        raise errors.bad_rule(str(error)) from None
    missing = [name for name in sorted(rule.children) if await alarms.get(ctx, name) is None]
    if missing:
        raise errors.no_children(missing)
    await _refuse_circles(ctx, request["AlarmName"], rule.children)
    await _check_suppressor(ctx, request)
    alarm = await _put(ctx, request, COMPOSITE, tuple(sorted(rule.children)))
    await suppressing.look_again(ctx, alarm)
    await decide(ctx, alarm)


async def _check_suppressor(ctx: Context, request: Request) -> None:
    suppressor = request.get("ActionsSuppressor")
    for name in ("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"):
        seconds = request.get(name)
        if suppressor is None and seconds is not None:
            raise errors.validation(f"{name} can only be specified with ActionsSuppressor.")
        if suppressor is not None and (seconds is None or not 0 <= seconds <= _LONGEST_COMPOSITE_WAIT):
            raise errors.validation(f"{name} must be between 0 and {_LONGEST_COMPOSITE_WAIT} with ActionsSuppressor.")
    if suppressor is not None and await alarms.get(ctx, suppressing.name_of(suppressor)) is None:
        raise errors.validation(f"The suppressor alarm {suppressor} does not exist.")


async def _refuse_circles(ctx: Context, name: str, children: Iterable[str]) -> None:
    for child in children:
        alarm = await alarms.get(ctx, child)
        if child == name:
            raise errors.bad_rule("it depends on the alarm itself")
        if alarm is not None and alarm.children:
            await _refuse_circles(ctx, name, alarm.children)


async def _put(ctx: Context, request: Request, kind: str, children: tuple[str, ...]) -> Alarm:
    name, now = request["AlarmName"], ctx.now()
    for action in (action for actions in _ACTIONS for action in request.get(actions) or []):
        if not action.startswith("arn:"):
            raise errors.validation(f"Invalid arn syntax: {action}")
    config = {key: value for key, value in request.items() if key != "Tags" and value is not None}
    before = await alarms.get(ctx, name)
    await begin_history(ctx)
    if before is None:
        given = tag_rules.checked({}, request.get("Tags") or [])
        reason = "Unchecked: Initial alarm creation"
        alarm = Alarm(name, kind, config, now, verdicts.INSUFFICIENT_DATA, reason, "", now, now, given, children)
        alarm = msgspec.structs.replace(alarm, warm_until=now + _warm_up(config))
    else:
        if before.kind != kind:
            raise errors.validation(f"An alarm of another type is called {name} already.")
        if kind == METRIC:
            await watching.end(ctx, name, watched(before), followed(before))
        alarm = msgspec.structs.replace(before, config=config, updated=now, children=children)
        if now < before.warm_until or not _warm_up(before.config):
            began = before.warm_until - _warm_up(before.config) if now < before.warm_until else now
            alarm = msgspec.structs.replace(alarm, warm_until=began + _warm_up(config))
    alarms.put(ctx, alarm, name)
    operation = "create" if before is None else "update"
    data = {"version": "1.0", "type": operation.capitalize(), f"{operation}dAlarm": _lowered(config)}
    record(ctx, alarm, "ConfigurationUpdate", f'Alarm "{name}" {operation}d', data)
    await _tell(ctx, operation, alarm, before)
    return alarm


def _lowered(value: Any) -> Any:
    """As histories spell members: `alarmActions`."""
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: _lowered(each) for name, each in value.items()}
    return [_lowered(each) for each in value] if isinstance(value, list) else value


def _warm_up(config: Answer) -> int:
    """Seconds."""
    return 60 * ((config.get("WarmUpConfiguration") or {}).get("WarmUpPeriodDurationInMinutes") or 0)


async def _tell(ctx: Context, operation: str, alarm: Alarm, before: Alarm | None = None) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html"""
    detail = messages.configured(operation, alarm, before)
    await service_events.tell(ctx, "CloudWatch Alarm Configuration Change", detail, [arn_of(ctx, alarm.name)])


# -- describing


@service.operation(resource=lambda ctx, request: arn_of(ctx, "*"))
async def describe_alarms(ctx: Context, request: Request) -> Answer:
    kinds = request.get("AlarmTypes") or [METRIC]
    found = [alarm for alarm in await _candidates(ctx, request) if alarm.kind in kinds and _fits(alarm, request)]
    limit = request.get("MaxRecords") or 50
    token = request.get("NextToken")
    if token is not None:
        last = pages.position(token, errors.invalid_token())
        found = [alarm for alarm in found if alarm.name > last]
    shown, following = pages.page(found, limit, lambda alarm: alarm.name)
    return {
        "MetricAlarms": [described(ctx, alarm) for alarm in shown if alarm.kind == METRIC],
        "CompositeAlarms": [described(ctx, alarm) for alarm in shown if alarm.kind == COMPOSITE],
        "NextToken": following,
    }


async def _candidates(ctx: Context, request: Request) -> list[Alarm]:
    names, prefix = request.get("AlarmNames"), request.get("AlarmNamePrefix")
    children, parents = request.get("ChildrenOfAlarmName"), request.get("ParentsOfAlarmName")
    if names and prefix is not None:
        raise errors.invalid_combination("AlarmNames and AlarmNamePrefix cannot be specified together.")
    if children is not None:
        names = list((await find(ctx, children)).children)
    if parents is not None:
        return [alarm for alarm in await alarms.scan(ctx) if parents in alarm.children]
    if names:
        found = [await alarms.get(ctx, name) for name in sorted(set(names))]
        return [alarm for alarm in found if alarm is not None]
    return await alarms.scan(ctx, starts_with=prefix)


def _fits(alarm: Alarm, request: Request) -> bool:
    state, prefix = request.get("StateValue"), request.get("ActionPrefix")
    actions = [action for name in _ACTIONS for action in alarm.config.get(name) or []]
    return state in (None, alarm.state) and (prefix is None or any(action.startswith(prefix) for action in actions))


@service.operation(resource=lambda ctx, request: arn_of(ctx, "*"))
async def describe_alarms_for_metric(ctx: Context, request: Request) -> Answer:
    wanted = dimensions_of(request.get("Dimensions") or [])
    shown = [
        described(ctx, alarm)
        for alarm in await alarms.scan(ctx)
        if alarm.kind == METRIC
        and _is_about(alarm.config, request)
        and dimensions_of(alarm.config.get("Dimensions") or []) == wanted
    ]
    return {"MetricAlarms": shown}


def _is_about(config: Answer, request: Request) -> bool:
    exact = all(config.get(name) == request[name] for name in ("MetricName", "Namespace"))
    optional = ("Statistic", "ExtendedStatistic", "Period", "Unit")
    return exact and all(request.get(name) in (None, config.get(name)) for name in optional)


@service.operation(resource=lambda ctx, request: arn_of(ctx, request.get("AlarmName") or "*"))
async def describe_alarm_history(ctx: Context, request: Request) -> Answer:
    prefix = () if request.get("AlarmName") is None else (request["AlarmName"],)
    types: tuple[type, ...] = (str, int, str)[len(prefix) :]
    rows = [((*prefix, *key), item) for key, item in await history.items(ctx, types, *prefix)]
    kinds, kind = request.get("AlarmTypes"), request.get("HistoryItemType")
    kept = ctx.now() - HISTORY_SECONDS
    since, until = max(request.get("StartDate") or 0, kept), request.get("EndDate") or float("inf")
    found = [
        (key, item)
        for key, item in rows
        if (not kinds or item.kind in kinds) and kind in (None, item.item) and since <= item.at <= until
    ]
    newest_first = request.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    found.sort(key=lambda row: row[0][1:], reverse=newest_first)
    token = request.get("NextToken")
    start = int(pages.position(token, errors.invalid_token())) if token is not None else 0
    end = start + (request.get("MaxRecords") or 100)
    items = [
        {
            "AlarmName": key[0],
            "AlarmType": item.kind,
            "Timestamp": item.at,
            "HistoryItemType": item.item,
            "HistorySummary": item.summary,
            "HistoryData": item.data,
        }
        for key, item in found[start:end]
    ]
    return {"AlarmHistoryItems": items, "NextToken": pages.token(str(end)) if end < len(found) else None}


# -- deleting, and switching actions


@service.operation(resource=_arns)
async def delete_alarms(ctx: Context, request: Request) -> None:
    """Those that are there, or none when a composite alarm needs one of them. No more than one may be composite.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html
    """
    given = dict.fromkeys(request["AlarmNames"])
    gone = [alarm for name in given if (alarm := await alarms.get(ctx, name)) is not None]
    if given and not gone:
        raise errors.no_alarm(next(iter(given)))
    if sum(alarm.kind == COMPOSITE for alarm in gone) > 1:
        raise errors.validation("No more than one composite alarm can be deleted in one operation.")
    names = {alarm.name for alarm in gone}
    for other in await alarms.scan(ctx):
        needed = names.intersection(other.children)
        if other.name not in names and needed:
            raise errors.alarm_in_use(min(needed), other.name)
    for alarm in gone:
        alarms.delete(ctx, alarm.name)
        record(ctx, alarm, "ConfigurationUpdate", f'Alarm "{alarm.name}" deleted', {"version": "1.0", "type": "Delete"})
        await _tell(ctx, "delete", alarm)
        if alarm.kind == METRIC:
            await watching.end(ctx, alarm.name, watched(alarm), followed(alarm))
    for other in await alarms.scan(ctx):
        await suppressing.look_again(ctx, other)


@service.operation(resource=_arns)
async def enable_alarm_actions(ctx: Context, request: Request) -> None:
    await _switch(ctx, request, True)


@service.operation(resource=_arns)
async def disable_alarm_actions(ctx: Context, request: Request) -> None:
    await _switch(ctx, request, False)


async def _switch(ctx: Context, request: Request, enabled: Any) -> None:
    for name in request["AlarmNames"]:
        alarm = await alarms.get(ctx, name)
        if alarm is not None:
            changed = msgspec.structs.replace(
                alarm, config={**alarm.config, "ActionsEnabled": enabled}, updated=ctx.now()
            )
            alarms.put(ctx, changed, name)
            data = {"version": "1.0", "type": "Update", "updatedAlarm": _lowered(changed.config)}
            record(ctx, changed, "ConfigurationUpdate", f'Alarm "{name}" updated', data)
            await _tell(ctx, "update", changed, alarm)
