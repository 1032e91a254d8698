"""The evaluation of metric alarms: at the end of their periods, and soon after new values.

contributors   (alarm, id)      series of an alarm on several that are in ALARM
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
import orjson

from fogbank.kernel import AWSError, Context, Record, pages
from fogbank.services.cloudwatch import alarm_metrics, computing, errors, statistics, verdicts, watching
from fogbank.services.cloudwatch.alarm_metrics import period_of, rule_of
from fogbank.services.cloudwatch.alarm_records import METRIC, Alarm, Answer, Request, alarms, arn_of, find, stamp
from fogbank.services.cloudwatch.alarm_states import become
from fogbank.services.cloudwatch.computing import Span
from fogbank.services.cloudwatch.series import Series
from fogbank.services.cloudwatch.service import service
from fogbank.services.cloudwatch.verdicts import Rule, Verdict

# the evaluation range is longer than the evaluation periods, by this many
_MORE_PERIODS = 2
_PAGE = 100
_ERROR = "EVALUATION_ERROR"
_DIMENSION = "Dim."


class Contributor(Record, frozen=True):
    id: str
    attributes: dict[str, str]
    reason: str
    since: float


contributors = service.collection("contributors", Contributor)


class Judged(NamedTuple):
    """`attributes` are the dimensions by which the series is told from others."""

    rule: Rule
    verdict: Verdict
    attributes: Mapping[str, str] = {}


@service.task
async def evaluate(ctx: Context, payload: dict[str, Any]) -> None:
    """Look at the periods that are over. Goes on while there is something to see."""
    alarm = await alarms.get(ctx, payload["name"])
    if alarm is None or alarm.kind != METRIC:
        return
    period, end = period_of(alarm), alarm_metrics.end_of_window(alarm, ctx.now())
    periods = alarm.config["EvaluationPeriods"]
    span = Span(end - (periods + _MORE_PERIODS) * period, end, end % period)
    try:
        judged = await ctx.undoing(_judged, ctx, alarm, span)
    except AWSError:  # what it looks at cannot be computed (any more): it keeps its state
        alarms.put(ctx, msgspec.structs.replace(alarm, evaluation=_ERROR), alarm.name)
        await watching.wake(ctx, alarm.name, period)
        return
    if alarm.evaluation:
        alarm = msgspec.structs.replace(alarm, evaluation="")
        alarms.put(ctx, alarm, alarm.name)
    if _is_warming(ctx, alarm, judged):
        await watching.wake(ctx, alarm.name, period)
        return
    decisive = await _decisive(ctx, alarm, judged)
    state = decisive.verdict.state
    is_settled = state in (None, alarm.state)
    if state is not None and state != alarm.state:
        data = json.dumps(_reason_data(ctx, alarm, decisive, span), separators=(",", ":"))
        await become(ctx, alarm, state, verdicts.reason(decisive.rule, decisive.verdict, alarm.state), data)
    if any(each.verdict.seen for each in judged.values()) or not is_settled or _is_about_logs(alarm):
        await watching.wake(ctx, alarm.name, period)
    else:
        watching.sleep(ctx, alarm.name, period)


def _is_warming(ctx: Context, alarm: Alarm, judged: dict[str, Judged]) -> bool:
    if ctx.now() >= alarm.warm_until:
        return False
    only_after = (alarm.config.get("WarmUpConfiguration") or {}).get("OnlyStartEvaluatingAfterWarmUpPeriodEnds")
    return bool(only_after) or all(each.verdict.missing for each in judged.values())


def _is_about_logs(alarm: Alarm) -> bool:
    """Nothing wakes an alarm when there are new events for a rule of Contributor Insights, so it does not sleep."""
    return any("INSIGHT_RULE_METRIC" in (query.get("Expression") or "") for query in alarm_metrics.queries_of(alarm))


# -- what is seen


async def _judged(ctx: Context, alarm: Alarm, span: Span) -> dict[str, Judged]:
    """By what the series is called: one, or several of a query that groups."""
    queries = alarm_metrics.queries_of(alarm)
    values = await computing.values(ctx, queries, span)
    threshold = alarm.config.get("ThresholdMetricId")
    main = next(query["Id"] for query in queries if query.get("ReturnData", True) and query["Id"] != threshold)
    rule = rule_of(alarm, None if threshold is None else tuple(values[threshold]))
    found = values[main]
    many = found if isinstance(found, list) else [found]
    judged = {series.label: Judged(rule, _judge(rule, series, threshold), _attributes(series)) for series in many}
    if alarm.config.get("EvaluateLowSampleCountPercentile") == "ignore" and await _is_thin(ctx, alarm, span, judged):
        return {name: each._replace(verdict=each.verdict._replace(state=None)) for name, each in judged.items()}
    return judged or {"": Judged(rule, verdicts.judge(rule, []))}


def _judge(rule: Rule, series: Series, threshold: str | None) -> Verdict:
    """Where there is no band, nothing can be said."""
    return verdicts.judge(rule, [(at, value) for at, value in series.items() if threshold is None or at in rule.band])


def _attributes(series: Series) -> dict[str, str]:
    dimensions = {name: value for name, value in series.properties.items() if name.startswith(_DIMENSION)}
    return {name.removeprefix(_DIMENSION): value for name, value in dimensions.items()}


async def _is_thin(ctx: Context, alarm: Alarm, span: Span, judged: dict[str, Judged]) -> bool:
    """Has a period, of those that count, too few samples for the percentile?

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
    """
    query = next((query for query in alarm_metrics.queries_of(alarm) if query.get("MetricStat")), None)
    needed = 0.0 if query is None else statistics.samples_needed(query["MetricStat"]["Stat"])
    if query is None or not needed:
        return False
    counts = await computing.metric(ctx, {**query["MetricStat"], "Stat": "SampleCount"}, span)
    seen = {at for each in judged.values() for at, _ in each.verdict.seen}
    return any(counts.get(at, 0) < needed for at in seen)


# -- what is made of it


async def _decisive(ctx: Context, alarm: Alarm, judged: dict[str, Judged]) -> Judged:
    """The one that decides on the state: of several series the first in ALARM, else in OK. Keeps the contributors."""
    if len(judged) > 1 or await contributors.count(ctx, alarm.name, limit=1):
        await _keep(ctx, alarm, judged)
    by_state: dict[str | None, Judged] = {}
    for each in judged.values():
        by_state.setdefault(each.verdict.state, each)
    order = (verdicts.ALARM, None, verdicts.OK, verdicts.INSUFFICIENT_DATA)
    return next(by_state[state] for state in order if state in by_state)


async def _keep(ctx: Context, alarm: Alarm, judged: dict[str, Judged]) -> None:
    """Write which series are in ALARM, and since when."""
    before = {each.id: each for each in await contributors.scan(ctx, alarm.name)}
    for name, (rule, verdict, attributes) in judged.items():
        id = hashlib.sha256(name.encode()).hexdigest()[:16]
        known = before.pop(id, None)
        if verdict.state == verdicts.ALARM:
            reason = verdicts.reason(rule, verdict, verdicts.OK)
            since = ctx.now() if known is None else known.since
            contributors.put(ctx, Contributor(id, dict(attributes), reason, since), alarm.name, id)
        elif known is not None and verdict.state is not None:
            contributors.delete(ctx, alarm.name, id)
    for gone in before:
        contributors.delete(ctx, alarm.name, gone)


def _reason_data(ctx: Context, alarm: Alarm, judged: Judged, span: Span) -> Answer:
    seen = judged.verdict.seen
    data = {
        "version": "1.0",
        "queryDate": stamp(ctx.now()),
        "startDate": stamp(min((at for at, _ in seen), default=span.start)),
        "unit": alarm.config.get("Unit"),
        "statistic": alarm.config.get("Statistic") or alarm.config.get("ExtendedStatistic"),
        "period": period_of(alarm),
        "recentDatapoints": [value for _, value in reversed(seen)],
        "threshold": alarm.config.get("Threshold"),
        "recentLowerThresholds": [judged.rule.band[at][0] for at, _ in reversed(seen)] if judged.rule.band else None,
        "recentUpperThresholds": [judged.rule.band[at][1] for at, _ in reversed(seen)] if judged.rule.band else None,
        "evaluatedDatapoints": [{"timestamp": stamp(at), "value": value} for at, value in seen],
    }
    return {name: value for name, value in data.items() if value is not None}


@service.operation(resource=lambda ctx, request: arn_of(ctx, request["AlarmName"]))
async def describe_alarm_contributors(ctx: Context, request: Request) -> Answer:
    alarm = await alarms.get(ctx, request["AlarmName"])
    if alarm is None:
        raise errors.not_found(f"Could not find alarm {request['AlarmName']}")
    token = request.get("NextToken")
    after = None if token is None else (pages.position(token, errors.invalid_token()),)
    rows = await contributors.scan(ctx, alarm.name, after=after, limit=_PAGE + 1)
    shown, following = pages.page(rows, _PAGE, lambda contributor: contributor.id)
    return {
        "AlarmContributors": [
            {
                "ContributorId": each.id,
                "ContributorAttributes": each.attributes,
                "StateReason": each.reason[:1023],
                "StateTransitionedTimestamp": each.since,
            }
            for each in shown
        ],
        "NextToken": following,
    }


@service.operation(resource=lambda ctx, request: arn_of(ctx, request["AlarmName"]))
async def set_alarm_state(ctx: Context, request: Request) -> None:
    """Until the alarm looks again, which is soon."""
    alarm = await find(ctx, request["AlarmName"])
    data = request.get("StateReasonData") or ""
    if data and not _is_json(data):
        raise errors.invalid_format("The parameter StateReasonData must be valid JSON.")
    await become(ctx, alarm, request["StateValue"], request["StateReason"], data)
    if alarm.kind == METRIC:
        await watching.wake(ctx, alarm.name, period_of(alarm))


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except ValueError:
        return False
    return True
