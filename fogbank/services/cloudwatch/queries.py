"""GetMetricData. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html"""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.kernel import Context, pages
from fogbank.services.cloudwatch import computing, errors, insights, series
from fogbank.services.cloudwatch.checks import check_queries
from fogbank.services.cloudwatch.computing import Span
from fogbank.services.cloudwatch.reading import Answer, Request
from fogbank.services.cloudwatch.series import Series
from fogbank.services.cloudwatch.service import service

_POINTS = 100_800
_UTC = "+0000"


class Result(NamedTuple):
    id: str
    label: str
    series: Series


@service.operation
async def get_metric_data(ctx: Context, request: Request) -> Answer:
    start, end = request["StartTime"], request["EndTime"]
    if start >= end:
        raise errors.validation("The parameter StartTime must be less than the parameter EndTime.")
    zone = (request.get("LabelOptions") or {}).get("Timezone") or _UTC
    _check_zone(zone)
    results = await computed(ctx, request["MetricDataQueries"], start, end, zone)
    newest_first = request.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    skipped = int(pages.position(request["NextToken"], errors.invalid_token())) if request.get("NextToken") else 0
    most = request.get("MaxDatapoints") or _POINTS
    if not 0 < most <= _POINTS:
        raise errors.validation(f"The value {most} for parameter MaxDatapoints must be between 1 and {_POINTS}.")
    return _page(results, newest_first, skipped, most)


# for services that scale by what is measured
service.provide("data", get_metric_data)


def _check_zone(zone: str) -> None:
    try:
        series.offset(zone)
    except ValueError:
        raise errors.validation(
            f"The value {zone} for parameter LabelOptions.Timezone is not an offset like +0130."
        ) from None


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


async def computed(ctx: Context, queries: list[Request], start: float, end: float, zone: str = _UTC) -> list[Result]:
    """What the queries return. Raises ValidationError for queries that cannot be computed."""
    check_queries(queries)
    values = await computing.values(ctx, queries, Span(start, end))
    returned = [query for query in queries if query.get("ReturnData", True)]
    return [result for query in returned for result in _results(query, values[query["Id"]], zone)]


def _results(query: Request, value: Any, zone: str) -> list[Result]:
    """One for each series; several are told apart by their own labels."""
    given, stat = query.get("Label"), query.get("MetricStat")
    if isinstance(value, list):
        return [Result(query["Id"], _label_among(given, one, nth, zone), one) for nth, one in enumerate(value)]
    if not isinstance(value, dict):
        raise errors.bad_expression(query["Id"], "The result of the expression is no time series")
    found = value if isinstance(value, Series) else Series(value)
    is_named = stat is not None or insights.is_query(query["Expression"])
    plain = found.label if is_named else query["Id"]
    return [Result(query["Id"], plain if given is None else series.labelled(given, found, plain, zone), found)]


def _label_among(given: str | None, one: Series, nth: int, zone: str) -> str:
    plain = one.label or str(nth)
    if given is None:
        return plain
    filled = series.labelled(given, one, plain, zone)
    return filled if filled != given else f"{given} {plain}"
