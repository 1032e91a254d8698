"""ListMetrics and GetMetricStatistics."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, pages
from fogbank.services.cloudwatch import errors, points, statistics
from fogbank.services.cloudwatch.points import Identity, Metric, dimensions_of
from fogbank.services.cloudwatch.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_PAGE = 500
_POINTS = 1440
_SHORT_PERIODS = (1, 5, 10, 20, 30)


@service.operation
async def list_metrics(ctx: Context, request: Request) -> Answer:
    wanted = request.get("Dimensions") or []
    name, recently = request.get("MetricName"), request.get("RecentlyActive")
    namespace = request.get("Namespace")
    prefix = () if namespace is None else (namespace,)
    rows = [
        metric
        for metric in await points.metrics.scan(ctx, *prefix)
        if request.get("OwningAccount") in (None, ctx.account)
        and points.is_listed(metric, ctx.now())
        and (name is None or metric.name == name)
        and _has(metric, wanted)
    ]
    if recently:
        rows = [metric for metric in rows if metric.seen >= (ctx.now() - 3 * 3600) // 86_400]
    token = request.get("NextToken")
    start = (
        0 if token is None else _place(rows, pages.position(token, errors.invalid_value("The NextToken is invalid.")))
    )
    found, following = pages.page(rows[start : start + _PAGE + 1], _PAGE, lambda metric: metric.id)
    owners = [ctx.account] * len(found) if request.get("IncludeLinkedAccounts") else None
    return {"Metrics": [described(metric) for metric in found], "NextToken": following, "OwningAccounts": owners}


def _place(rows: list[Metric], last: str) -> int:
    return next((nth for nth, metric in enumerate(rows, 1) if metric.id == last), len(rows))


def _has(metric: Metric, wanted: list[dict[str, str]]) -> bool:
    have = dict(metric.dimensions)
    return all(each["Name"] in have and each.get("Value") in (None, have[each["Name"]]) for each in wanted)


def described(metric: Metric | Identity) -> Answer:
    dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions]
    return {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions}


@service.operation
async def get_metric_statistics(ctx: Context, request: Request) -> Answer:
    """Periods are counted from the start, rounded down to what is kept of such an age."""
    period, start, end = request["Period"], request["StartTime"], request["EndTime"]
    require_period(period)
    if start >= end:
        raise errors.invalid_combination("The parameter StartTime must be less than the parameter EndTime.")
    if (end - start) / period > _POINTS:
        raise errors.invalid_combination(
            f"You have requested up to {int((end - start) / period)} datapoints, which exceeds the limit of {_POINTS}. "
            f"You may reduce the datapoints requested by increasing Period, or decreasing the time range."
        )
    plain, extended = request.get("Statistics") or [], request.get("ExtendedStatistics") or []
    if not plain and not extended:
        raise errors.missing_parameter(
            "At least one of the parameters Statistics and ExtendedStatistics must be specified."
        )
    computed = {name: computing(name) for name in (*plain, *extended)}
    identity = Identity(request["Namespace"], request["MetricName"], dimensions_of(request.get("Dimensions") or []))
    origin = start // rounding(ctx, start, period) * rounding(ctx, start, period)
    found = await points.read(ctx, identity, origin, end, period, origin, request.get("Unit"))
    datapoints = []
    for (moment, unit), summary in found.items():
        of_extended = {name: value for name in extended if (value := computed[name](summary)) is not None}
        datapoint = {"Timestamp": float(moment), "Unit": unit, "ExtendedStatistics": of_extended or None}
        datapoints.append(datapoint | {name: computed[name](summary) for name in plain})
    return {"Label": identity.name, "Datapoints": datapoints}


# for services that scale by what is measured
service.provide("statistics", get_metric_statistics)


def require_period(period: int) -> None:
    if period not in _SHORT_PERIODS and period % 60:
        raise errors.invalid_value("The parameter Period must be 1, 5, 10, 20, 30, or a multiple of 60.")


def computing(name: str) -> Any:
    """What computes the statistic of that name. Raises InvalidParameterValue."""
    computed = statistics.parse(name)
    if computed is None:
        raise errors.invalid_value(f"The value {name} for parameter Statistic is not supported.")
    return computed


def rounding(ctx: Context, start: float, period: int) -> int:
    """What a start is rounded down to (seconds): less exactly the older it is."""
    if period < points.MINUTE:
        return period
    days = (ctx.now() - start) / 86_400
    return 60 if days < 15 else 300 if days < 63 else 3600
