"""Metric filters: what matches a pattern becomes values of a metric.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, metrics, pages
from fogbank.services.logs import errors, limits
from fogbank.services.logs.chunks import Seen
from fogbank.services.logs.filtering import compiled
from fogbank.services.logs.pattern_values import number
from fogbank.services.logs.patterns import Pattern, text_of
from fogbank.services.logs.records import (
    ON_GROUP,
    STANDARD,
    Answer,
    LogGroup,
    MetricFilter,
    Request,
    SubscriptionFilter,
    arn_of,
    change,
    find,
    groups,
    milliseconds,
)
from fogbank.services.logs.service import service

_DIMENSIONS = 3


@service.operation(**ON_GROUP)
async def put_metric_filter(ctx: Context, request: Request) -> None:
    group, name = await find(ctx, request), request["filterName"]
    if group.kind != STANDARD:
        raise errors.wrong_class(group.kind)
    if request.get("fieldSelectionCriteria") or request.get("emitSystemFieldDimensions"):
        raise errors.invalid_parameter(
            "System fields are those of account policies and centralized logs, which there are not."
        )
    pattern = compiled(request["filterPattern"])
    others = tuple(each for each in group.metric_filters if each.name != name)
    if len(others) >= limits.METRIC_FILTERS:
        raise errors.limit_exceeded()
    require_few_regexes(group, pattern, name)
    transformation = request["metricTransformations"][0]
    _check(transformation)
    on_transformed = request.get("applyOnTransformedLogs", False)
    made = MetricFilter(name, request["filterPattern"], transformation, milliseconds(ctx), on_transformed)
    change(ctx, group, metric_filters=tuple(sorted((*others, made), key=lambda each: each.name)))


def require_few_regexes(group: LogGroup, pattern: Pattern, name: str) -> None:
    """No more than five filters of a group have regular expressions in them."""
    filters: list[MetricFilter | SubscriptionFilter] = [*group.metric_filters, *group.subscriptions]
    patterns = [each.pattern for each in filters if each.name != name]
    if pattern.regexes and sum(compiled(each).regexes > 0 for each in patterns) >= limits.REGEX_FILTERS:
        raise errors.limit_exceeded()


def _check(transformation: Answer) -> None:
    value = transformation["metricValue"]
    if not value.startswith("$") and number(value) is None:
        raise errors.invalid_parameter("Invalid metric transformation: metricValue must be a number or a selector.")
    dimensions = transformation.get("dimensions") or {}
    if len(dimensions) > _DIMENSIONS:
        raise errors.invalid_parameter(
            f"Invalid metric transformation: no more than {_DIMENSIONS} dimensions are allowed."
        )
    if dimensions and transformation.get("defaultValue") is not None:
        raise errors.invalid_parameter(
            "Invalid metric transformation: dimensions and default value are mutually exclusive properties."
        )


@service.operation(**ON_GROUP)
async def delete_metric_filter(ctx: Context, request: Request) -> None:
    group, name = await find(ctx, request), request["filterName"]
    left = tuple(each for each in group.metric_filters if each.name != name)
    if len(left) == len(group.metric_filters):
        raise errors.not_found("metric filter")
    change(ctx, group, metric_filters=left)


def _described_groups(ctx: Context, request: Request) -> str:
    return f"{arn_of(ctx, request.get('logGroupName') or '*')}:log-stream:"


@service.operation(resource=_described_groups)
async def describe_metric_filters(ctx: Context, request: Request) -> Answer:
    name, namespace = request.get("metricName"), request.get("metricNamespace")
    if (name is None) != (namespace is None):
        raise errors.invalid_parameter("metricName and metricNamespace must be specified together.")
    among = [await find(ctx, request)] if request.get("logGroupName") else await groups.scan(ctx)
    rows = [
        (group, each)
        for group in among
        for each in group.metric_filters
        if each.name.startswith(request.get("filterNamePrefix") or "")
        and name in (None, each.transformation["metricName"])
        and namespace in (None, each.transformation["metricNamespace"])
    ]
    token = request.get("nextToken")
    if token is not None:
        last = pages.position(token, errors.invalid_token())
        rows = [row for row in rows if _key(row) > last]
    found, following = pages.page(rows, request.get("limit") or limits.PAGE, _key)
    return {"metricFilters": [_described(group, each) for group, each in found], "nextToken": following}


def _key(row: tuple[LogGroup, MetricFilter]) -> str:
    return f"{row[0].name}\0{row[1].name}"


def _described(group: LogGroup, each: MetricFilter) -> Answer:
    return {
        "filterName": each.name,
        "filterPattern": each.pattern,
        "metricTransformations": [each.transformation],
        "creationTime": each.created,
        "logGroupName": group.name,
        "applyOnTransformedLogs": each.on_transformed,
    }


@service.operation
async def test_metric_filter(ctx: Context, request: Request) -> Answer:
    pattern = compiled(request["filterPattern"])
    matches = []
    for nth, message in enumerate(request["logEventMessages"], 1):
        extracted = pattern.match(message)
        if extracted is not None:
            matches.append({"eventNumber": nth, "eventMessage": message, "extractedValues": extracted})
    return {"matches": matches}


# -- at work


async def measure(ctx: Context, group: LogGroup, seen: Seen) -> None:
    """Give the group's metrics what the events say."""
    for each in group.metric_filters:
        pattern, lines = compiled(each.pattern), seen.of(each.on_transformed)
        by_minute: dict[int, list[metrics.Measured]] = {}
        for ms, message in lines:
            if pattern.match(message) is not None:
                by_minute.setdefault(ms // 60_000, []).extend(_measured(each.transformation, pattern, message))
        default = each.transformation.get("defaultValue")
        if not by_minute and default is not None:
            by_minute[lines[-1][0] // 60_000] = [_value(each.transformation, default, {})]
        for minute, measured in by_minute.items():
            await metrics.put(ctx, each.transformation["metricNamespace"], measured, minute * 60)


def _measured(transformation: Answer, pattern: Pattern, message: str) -> list[metrics.Measured]:
    """The value of an event that matches; none when it has no number, or not all of the dimensions."""
    given = transformation["metricValue"]
    value = _number(pattern.value(message, given) if given.startswith("$") else given)
    dimensions = {
        name: text_of(pattern.value(message, selector))
        for name, selector in (transformation.get("dimensions") or {}).items()
    }
    if value is None or not all(dimensions.values()):
        return []
    return [_value(transformation, value, {name: str(text) for name, text in dimensions.items()})]


def _number(value: Any) -> float | None:
    text = text_of(value)
    return None if text is None else number(text)


def _value(transformation: Answer, value: float, dimensions: dict[str, str]) -> metrics.Measured:
    return transformation["metricName"], value, transformation.get("unit") or "None", dimensions
