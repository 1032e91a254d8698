"""What alarms say: whether one is still raised, and the latest values of what it looks at."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context

Document = dict[str, Any]

ALARM = "ALARM"


async def find(scope: Context, name: str) -> Document | None:
    """The alarm; `scope` is that of the role that scales."""
    found = await scope.call("cloudwatch", "DescribeAlarms", {"AlarmNames": [name]}, as_caller=True)
    return next(iter(found["MetricAlarms"]), None)


async def values(ctx: Context, alarm: Document) -> list[float]:
    """What the alarm looks at, in each of its evaluation periods in which there was something; the latest last."""
    period = _period(alarm)
    end = ctx.now() // period * period
    queries = alarm.get("Metrics") or [_query(alarm, period)]
    asked = {
        "MetricDataQueries": queries,
        "StartTime": end - period * alarm["EvaluationPeriods"],
        "EndTime": end,
        "ScanBy": "TimestampAscending",
    }
    cloudwatch = ctx.app.services["cloudwatch"]
    results = (await cloudwatch.provided["data"](ctx.at(service=cloudwatch), asked))["MetricDataResults"]
    return list(results[0]["Values"]) if results else []


def _period(alarm: Document) -> int:
    periods = [
        query.get("Period") or (query.get("MetricStat") or {}).get("Period") for query in alarm.get("Metrics") or []
    ]
    return int(alarm.get("Period") or max([period for period in periods if period], default=60))


def _query(alarm: Document, period: int) -> Document:
    metric = {name: alarm[name] for name in ("Namespace", "MetricName", "Dimensions") if alarm.get(name)}
    stat = {"Metric": metric, "Period": period, "Stat": alarm["Statistic"]}
    return {"Id": "m", "MetricStat": stat | ({"Unit": alarm["Unit"]} if alarm.get("Unit") else {})}
