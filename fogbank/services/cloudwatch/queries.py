"""GetMetricData. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from fogbank.kernel import Context, pages
from fogbank.services.cloudwatch import errors, expressions, points
from fogbank.services.cloudwatch.expressions import BadExpression, Scope, Series
from fogbank.services.cloudwatch.points import Identity, dimensions_of
from fogbank.services.cloudwatch.reading import Answer, Request, computing, require_period, rounding
from fogbank.services.cloudwatch.service import service
from fogbank.services.cloudwatch.statistics import Summary, merged

_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
_QUERIES = 500
_POINTS = 100_800


class Result(NamedTuple):
    id: str
    label: str
    series: Series


@service.operation
async def get_metric_data(ctx: Context, request: Request) -> Answer:
    start, end = request["StartTime"], request["EndTime"]
    if start >= end:
        raise errors.validation("The parameter StartTime must be less than the parameter EndTime.")
    queries = request["MetricDataQueries"]
    results = await computed(ctx, queries, start, end)
    newest_first = request.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    skipped = int(pages.position(request["NextToken"], errors.invalid_token())) if request.get("NextToken") else 0
    most = request.get("MaxDatapoints") or _POINTS
    if not 0 < most <= _POINTS:
        raise errors.validation(f"The value {most} for parameter MaxDatapoints must be between 1 and {_POINTS}.")
    return _page(results, newest_first, skipped, most)


def _page(results: list[Result], newest_first: bool, skipped: int, most: int) -> Answer:
    """The points behind the first `skipped`, counted through all of the results."""
    shown: list[Answer] = []
    place, end = 0, skipped + most
    for result in results:
        moments = sorted(result.series, reverse=newest_first)
        part = moments[max(skipped - place, 0) : max(end - place, 0)]
        place += len(moments)
        shown.append(
            {
                "Id": result.id,
                "Label": result.label,
                "Timestamps": [float(moment) for moment in part],
                "Values": [result.series[moment] for moment in part],
                "StatusCode": "PartialData" if place > end else "Complete",
            }
        )
    return {"MetricDataResults": shown, "NextToken": pages.token(str(end)) if place > end else None, "Messages": []}


async def computed(ctx: Context, queries: list[Request], start: float, end: float) -> list[Result]:
    """What the queries return. Raises ValidationError for queries that cannot be computed."""
    check_queries(queries)
    by_id = {query["Id"]: query for query in queries}
    results: dict[str, Any] = {}
    metrics: dict[str, Series] = {}
    periods: dict[str, int] = {}
    for query in queries:
        if query.get("MetricStat") is not None:
            results[query["Id"]] = metrics[query["Id"]] = await _metric(ctx, query["MetricStat"], start, end)
            periods[query["Id"]] = query["MetricStat"]["Period"]
    scope = Scope(results, periods, metrics)
    for id in _ordered(by_id):
        if by_id[id].get("Expression") is not None:
            results[id] = _evaluated(by_id[id], scope)
    return [
        result for query in queries if query.get("ReturnData", True) for result in _results(query, results[query["Id"]])
    ]


def check_queries(queries: list[Request]) -> None:
    if len(queries) > _QUERIES:
        raise errors.validation(f"The collection MetricDataQueries must not have a size greater than {_QUERIES}.")
    ids = [query["Id"] for query in queries]
    if len(set(ids)) != len(ids):
        raise errors.validation("The values for parameter Id in MetricDataQueries must be unique.")
    for query in queries:
        if not _ID.fullmatch(query["Id"]):
            raise errors.validation(
                f"The value {query['Id']} for parameter Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
            )
        if (query.get("MetricStat") is None) == (query.get("Expression") is None):
            raise errors.validation(
                "Exactly one of MetricStat and Expression must be specified in each of MetricDataQueries."
            )
    if not any(query.get("ReturnData", True) for query in queries):
        raise errors.validation("At least one of MetricDataQueries must return data.")


def _ordered(by_id: dict[str, Request]) -> list[str]:
    """The ids, each behind those that it names. Raises ValidationError for circles."""
    done: dict[str, None] = {}
    open_ids: set[str] = set()

    def visit(id: str) -> None:
        if id in done or id not in by_id:
            return
        if id in open_ids:
            raise errors.bad_expression(id, "Circular dependency")
        open_ids.add(id)
        for name in sorted(_names(by_id[id])):
            visit(name)
        done[id] = None

    for id in by_id:
        visit(id)
    return list(done)


def _names(query: Request) -> set[str]:
    if query.get("Expression") is None:
        return set()
    try:
        return expressions.names(query["Expression"])
    except BadExpression as error:
        raise errors.bad_expression(query["Id"], str(error)) from None


def _evaluated(query: Request, scope: Scope) -> Any:
    try:
        return expressions.evaluate(query["Expression"], scope)
    except BadExpression as error:
        raise errors.bad_expression(query["Id"], str(error)) from None


def _results(query: Request, value: Any) -> list[Result]:
    label = query.get("Label")
    if label is None:
        stat = query.get("MetricStat")
        label = query["Id"] if stat is None else stat["Metric"]["MetricName"]
    if isinstance(value, list):
        return [Result(query["Id"], f"{label} {nth}", series) for nth, series in enumerate(value)]
    if not isinstance(value, dict):
        raise errors.bad_expression(query["Id"], "The result of the expression is no time series")
    return [Result(query["Id"], label, value)]


def identity_of(metric: Request) -> Identity:
    for name in ("Namespace", "MetricName"):
        if metric.get(name) is None:
            raise errors.validation(f"The parameter Metric.{name} is required.")
    return Identity(metric["Namespace"], metric["MetricName"], dimensions_of(metric.get("Dimensions") or []))


async def _metric(ctx: Context, stat: Request, start: float, end: float) -> Series:
    """Periods are whole ones of the clock."""
    period = stat["Period"]
    require_period(period)
    compute = computing(stat["Stat"])
    step = max(rounding(ctx, start, period), period)
    begin = start // step * step
    found = await points.read(ctx, identity_of(stat["Metric"]), begin, end, period, 0, stat.get("Unit"))
    by_moment: dict[float, list[Summary]] = {}
    for (moment, _), summary in found.items():
        by_moment.setdefault(moment, []).append(summary)
    values = {moment: compute(merged(each)) for moment, each in by_moment.items()}
    return {moment: value for moment, value in values.items() if value is not None}
