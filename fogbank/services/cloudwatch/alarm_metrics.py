"""What a metric alarm looks at: queries, periods, windows, the rule that it goes by. Of its configuration, which is there already."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from fogbank.services.cloudwatch import insights, verdicts
from fogbank.services.cloudwatch.alarm_records import Alarm, Request
from fogbank.services.cloudwatch.computing import identity_of
from fogbank.services.cloudwatch.points import Identity
from fogbank.services.cloudwatch.series import Series

_MINUTE = 60
_DAY = 86_400
_WEEK = 7 * _DAY
# the first day of 1970 was a Thursday
_MONDAY = 4 * _DAY
_OFFSET = re.compile(r"(?:UTC)?([+-])(\d\d):(\d\d)")


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
    queries = queries_of(alarm)
    stats = [query["MetricStat"]["Period"] for query in queries if query.get("MetricStat")]
    return max(stats or [query["Period"] for query in queries if query.get("Period")], default=_MINUTE)


def watched(alarm: Alarm) -> list[Identity]:
    stats = [query["MetricStat"] for query in queries_of(alarm) if query.get("MetricStat")]
    return [identity_of(stat["Metric"]) for stat in stats]


def followed(alarm: Alarm) -> list[tuple[str, str]]:
    """(namespace, name) of the metrics, whatever their dimensions, that queries of Metrics Insights are about."""
    texts = [query.get("Expression") or "" for query in queries_of(alarm)]
    queries = [insights.parse(text) for text in texts if insights.is_query(text)]
    return [(query.namespace, query.metric) for query in queries]


def rule_of(alarm: Alarm, band: tuple[Series, Series] | None = None) -> verdicts.Rule:
    config = alarm.config
    periods = config["EvaluationPeriods"]
    edges = {} if band is None else {at: (low, band[1][at]) for at, low in band[0].items() if at in band[1]}
    return verdicts.Rule(
        config["ComparisonOperator"],
        config.get("Threshold") or 0.0,
        periods,
        config.get("DatapointsToAlarm") or periods,
        config.get("TreatMissingData") or "missing",
        edges,
    )


def end_of_window(alarm: Alarm, now: float) -> float:
    """Up to when (epoch seconds) the alarm looks now: a sliding window ends with the last minute, one of the wall clock with the period.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_EvaluationWindow.html
    """
    period = period_of(alarm)
    wall = (alarm.config.get("EvaluationWindow") or {}).get("WallClockWindow")
    if wall is None:
        step = min(period, _MINUTE)
        return now // step * step
    shift = datetime.fromtimestamp(now, zone_of(wall.get("Timezone") or "UTC")).utcoffset()
    local = now + (shift or timedelta()).total_seconds() - (_MONDAY if period == _WEEK else 0)
    return now - local % period


def zone_of(name: str) -> tzinfo:
    """`Europe/Berlin`, `+05:30`, `UTC+05:30`. Raises ValueError."""
    match = _OFFSET.fullmatch(name)
    if match is not None:
        minutes = int(match[2]) * 60 + int(match[3])
        if minutes % 5:
            raise ValueError("The offset must be a multiple of 5 minutes.")
        return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:
        raise ValueError(str(error)) from None
