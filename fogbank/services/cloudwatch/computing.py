"""Computing what queries of metrics ask for: metrics, metric math, searches, Metrics Insights, bands of anomaly detection."""

from __future__ import annotations

from math import ceil
from typing import Any, NamedTuple

from fogbank.kernel import Context
from fogbank.services.cloudwatch import bands, errors, expressions, insights, points, searching, statistics
from fogbank.services.cloudwatch.anomaly_records import detector_of
from fogbank.services.cloudwatch.contributors import rule_metric
from fogbank.services.cloudwatch.expressions import BadExpression, Scope
from fogbank.services.cloudwatch.points import Identity, Metric, dimensions_of
from fogbank.services.cloudwatch.reading import computing, require_period, rounding
from fogbank.services.cloudwatch.series import Series
from fogbank.services.cloudwatch.statistics import Summary, merged

Request = dict[str, Any]
Value = Any

_DAY = 86_400
_SEARCHED_PERIOD = 300
_INSIGHTS_SECONDS = 14 * 86_400


class Span(NamedTuple):
    """Epoch seconds, without the end. Periods are counted from `origin`."""

    start: float
    end: float
    origin: float = 0


async def values(ctx: Context, queries: list[Request], span: Span) -> dict[str, Value]:
    """What each query comes to, by its id. Raises ValidationError for what cannot be computed."""
    by_id = {query["Id"]: query for query in queries}
    results: dict[str, Value] = {}
    metrics: dict[str, Series] = {}
    periods: dict[str, int] = {}
    for id, query in by_id.items():
        if query.get("MetricStat") is not None:
            results[id] = metrics[id] = await metric(ctx, query["MetricStat"], span)
            periods[id] = query["MetricStat"]["Period"]
    for id in ordered(by_id):
        if by_id[id].get("Expression") is None:
            continue
        period = by_id[id].get("Period") or max(periods.values(), default=_SEARCHED_PERIOD)
        try:
            results[id] = await _computed(ctx, by_id, id, span, Scope(results, periods, metrics), period)
        except BadExpression as error:
            raise errors.bad_expression(id, str(error)) from None
    return results


async def _computed(ctx: Context, by_id: dict[str, Request], id: str, span: Span, scope: Scope, period: int) -> Value:
    text = by_id[id]["Expression"]
    if insights.is_query(text):
        return await _queried(ctx, text, period, span)
    found: dict[str, Value] = {}
    for key, (function, args) in expressions.lookups(text).items():
        if function == "SEARCH":
            found[key] = await _searched(ctx, args, period, span)
        elif function == "INSIGHT_RULE_METRIC":
            found[key] = await rule_metric(ctx, args, period, span.start, span.end)
        else:
            found[key] = await _band(ctx, by_id, args, span, period)
    moments = _moments(ctx, span._replace(end=min(span.end, ctx.now())), period)
    return expressions.evaluate(text, scope._replace(found=found, moments=moments))


def _moments(ctx: Context, span: Span, period: int) -> tuple[float, ...]:
    """The beginnings of the periods, from as long ago as there are values of that period."""
    span = span._replace(start=max(span.start, points.oldest(ctx.now(), period)))
    first = int(span.origin + (span.start - span.origin) // period * period)
    return tuple(float(moment) for moment in range(first, ceil(span.end), period))


def ordered(by_id: dict[str, Request]) -> list[str]:
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
    text = query.get("Expression")
    if text is None or insights.is_query(text):
        return set()
    try:
        return expressions.names(text)
    except BadExpression as error:
        raise errors.bad_expression(query["Id"], str(error)) from None


# -- metrics


def identity_of(metric: Request) -> Identity:
    for name in ("Namespace", "MetricName"):
        if metric.get(name) is None:
            raise errors.validation(f"The parameter Metric.{name} is required.")
    return Identity(metric["Namespace"], metric["MetricName"], dimensions_of(metric.get("Dimensions") or []))


async def metric(ctx: Context, stat: Request, span: Span) -> Series:
    """Periods are whole ones of the clock."""
    identity = identity_of(stat["Metric"])
    found = await _summaries(ctx, identity, stat["Period"], span, stat.get("Unit"))
    return _series(ctx, identity, stat["Stat"], stat["Period"], found)


async def _summaries(
    ctx: Context, identity: Identity, period: int, span: Span, unit: str | None = None
) -> dict[float, Summary]:
    require_period(period)
    step = max(rounding(ctx, span.start, period), period)
    begin = span.origin + (span.start - span.origin) // step * step
    found = await points.read(ctx, identity, begin, span.end, period, span.origin, unit)
    by_moment: dict[float, list[Summary]] = {}
    for (moment, _), summary in found.items():
        by_moment.setdefault(moment, []).append(summary)
    return {moment: whole for moment, each in by_moment.items() if (whole := merged(each)) is not None}


def _series(ctx: Context, identity: Identity, stat: str, period: int, found: dict[float, Summary]) -> Series:
    compute = computing(stat)
    series = Series((moment, value) for moment, each in found.items() if (value := compute(each)) is not None)
    properties = {"Namespace": identity.namespace, "MetricName": identity.name, "Stat": stat, "Period": str(period)}
    properties |= {"Region": ctx.region, "AccountId": ctx.account}
    properties |= {f"Dim.{name}": value for name, value in identity.dimensions}
    return series.named(identity.name, properties)


# -- several metrics at once


async def _searched(ctx: Context, args: list[Value], period: int, span: Span) -> list[Series]:
    """SEARCH('...', 'Average'[, 300])"""
    if len(args) not in (2, 3) or not all(isinstance(arg, str) for arg in args[:2]):
        raise BadExpression("SEARCH takes what to search for, a statistic, and a period")
    if statistics.parse(args[1]) is None:
        raise BadExpression(f"Unsupported statistic: {args[1]}")
    is_meant = searching.matcher(args[0])
    if len(args) == 3:
        period = _searched_period(args[2])
    rows = await points.metrics.scan(ctx, *searching.namespaces(args[0]))
    every = [metric for metric in rows if points.is_listed(metric, ctx.now())]
    meant = [metric for metric in every if is_meant(metric)][: searching.MOST]
    found = []
    for each, label in zip(meant, _told_apart(meant), strict=True):
        identity = points.identity_of(each)
        series = _series(ctx, identity, args[1], period, await _summaries(ctx, identity, period, span))
        found.append(series.named(label, series.properties))
    return found


def _searched_period(given: Value) -> int:
    if not isinstance(given, int | float) or given < 1 or given != int(given):
        raise BadExpression("The period of SEARCH is a number of seconds")
    return int(given)


def _told_apart(metrics: list[Metric]) -> list[str]:
    """What each has that not all of them have; its name where they have all in common."""
    labels = [[metric.namespace, *(value for _, value in metric.dimensions), metric.name] for metric in metrics]
    common = set(labels[0]).intersection(*labels[1:]) if labels else set()
    return [" ".join(part for part in each if part not in common) or each[-1] for each in labels]


async def _queried(ctx: Context, text: str, period: int, span: Span) -> Value:
    """Metrics Insights: a list of series where it groups, else one."""
    query = insights.parse(text)
    span = span._replace(start=max(span.start, ctx.now() - _INSIGHTS_SECONDS))
    parts: dict[tuple[str, ...], dict[float, list[Summary]]] = {}
    for each in await points.metrics.scan(ctx, query.namespace, query.metric):
        if not points.is_listed(each, ctx.now()) or not insights.matches(query, each, ctx.account):
            continue
        labels = insights.labels_of(each, ctx.account)
        group = parts.setdefault(tuple(labels[name] for name in query.group_by), {})
        identity = points.identity_of(each)
        for moment, summary in (await _summaries(ctx, identity, period, span)).items():
            group.setdefault(moment, []).append(summary)
    stat = insights.STATISTICS[query.function]
    found = []
    for values_of, by_moment in parts.items():
        summaries = {moment: whole for moment, each in by_moment.items() if (whole := merged(each)) is not None}
        identity = Identity(query.namespace, query.metric, tuple(zip(query.group_by, values_of, strict=True)))
        series = _series(ctx, identity, stat, period, summaries)
        found.append(series.named(" ".join(values_of) or query.metric, series.properties))
    if query.group_by:
        return insights.arranged(query, found)
    return found[0] if found else Series().named(query.metric)


# -- what is expected


async def _band(ctx: Context, by_id: dict[str, Request], args: list[Value], span: Span, period: int) -> list[Series]:
    """ANOMALY_DETECTION_BAND(id[, standard deviations])"""
    if len(args) not in (1, 2) or args[0] not in by_id:
        raise BadExpression("ANOMALY_DETECTION_BAND takes the id of a metric or expression, and a number")
    width = args[1] if len(args) == 2 else bands.WIDTH
    if not isinstance(width, int | float):
        raise BadExpression("ANOMALY_DETECTION_BAND takes a number of standard deviations")
    of = by_id[args[0]]
    needed = [query for query in by_id.values() if query.get("Id") in _behind(by_id, args[0])]
    before = Span(span.start - bands.TRAINED_SECONDS, span.start, span.origin)
    history = (await values(ctx, needed, before))[args[0]]
    if not isinstance(history, dict):
        raise BadExpression("ANOMALY_DETECTION_BAND takes a single time series")
    detector = await detector_of(ctx, of, needed)
    model = bands.train(Series(history), detector.zone, detector.excluded)
    if model is None:
        return [Series().named("Lower"), Series().named("Upper")]
    period = (of.get("MetricStat") or {}).get("Period") or period
    return list(bands.band(model, _moments(ctx, span._replace(end=min(span.end, ctx.now() + _DAY)), period), width))


def _behind(by_id: dict[str, Request], id: str) -> set[str]:
    """The id, and those that it is computed from."""
    found, ahead = set[str](), [id]
    while ahead:
        each = ahead.pop()
        if each in by_id and each not in found:
            found.add(each)
            ahead += _names(by_id[each])
    return found
