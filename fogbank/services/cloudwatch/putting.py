"""PutMetricData, and the same for the services of this server.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite, isnan
from typing import Any

from fogbank.kernel import Context
from fogbank.kernel.metrics import Measured, Statistics
from fogbank.services.cloudwatch import errors, statistics, watching
from fogbank.services.cloudwatch.points import MINUTE, Identity, Sample, add, dimensions_of
from fogbank.services.cloudwatch.service import service
from fogbank.services.cloudwatch.statistics import Summary

Request = dict[str, Any]

_DATA = 1000
_VALUES = 150
_PAST = 14 * 86_400
_FUTURE = 2 * 3600
_LARGEST = 2.0**360


@service.operation
async def put_metric_data(ctx: Context, request: Request) -> None:
    namespace = request["Namespace"]
    if namespace.startswith("AWS/"):
        raise errors.bad_namespace("AWS/")
    data = list(request.get("MetricData") or [])
    for of_entity in request.get("EntityMetricData") or []:
        data += of_entity.get("MetricData") or []
    if not data:
        raise errors.missing_parameter("The parameter MetricData is required.")
    if len(data) > _DATA:
        raise errors.invalid_value(f"The collection MetricData must not have a size greater than {_DATA}.")
    samples: dict[Identity, list[Sample]] = {}
    for nth, datum in enumerate(data, 1):
        identity = Identity(namespace, datum["MetricName"], dimensions_of(datum.get("Dimensions") or []))
        samples.setdefault(identity, []).append(_sample(ctx, datum, f"MetricData.member.{nth}"))
    for identity, each in samples.items():
        await watching.note(ctx, await add(ctx, identity, each))


def _sample(ctx: Context, datum: Request, place: str) -> Sample:
    moment = datum.get("Timestamp")
    moment = ctx.now() if moment is None else moment
    if moment < ctx.now() - _PAST:
        raise errors.invalid_value(
            f"The parameter {place}.Timestamp must specify a time no more than two weeks in the past."
        )
    if moment > ctx.now() + _FUTURE:
        raise errors.invalid_value(
            f"The parameter {place}.Timestamp must specify a time no more than two hours in the future."
        )
    step = datum.get("StorageResolution") or MINUTE
    if step not in (1, MINUTE):
        raise errors.invalid_value(f"The parameter {place}.StorageResolution must be 1 or 60.")
    names = [each["Name"] for each in datum.get("Dimensions") or []]
    if len(set(names)) < len(names):
        raise errors.invalid_value(f"The parameter {place}.Dimensions must not have a dimension twice.")
    return Sample(int(moment), datum.get("Unit") or "None", _summary(datum, place), step)


def _summary(datum: Request, place: str) -> Summary:
    forms = [name for name in ("Value", "Values", "StatisticValues") if datum.get(name) is not None]
    if len(forms) != 1:
        raise errors.invalid_combination(
            f"Exactly one of the parameters {place}.Value, {place}.Values and {place}.StatisticValues must be specified."
        )
    if "StatisticValues" in forms:
        return _statistics(datum["StatisticValues"], place)
    values = [datum["Value"]] if "Value" in forms else datum["Values"]
    counts = datum.get("Counts") or [1.0] * len(values)
    if len(counts) != len(values):
        raise errors.invalid_value(f"The parameters {place}.Values and {place}.Counts must be of the same size.")
    if not 0 < len(values) <= _VALUES:
        raise errors.invalid_value(f"The collection {place}.Values must have between 1 and {_VALUES} elements.")
    for value in (*values, *counts):
        _require_number(value, place)
    return statistics.of_values(list(zip(values, counts, strict=True)))


def _statistics(given: Request, place: str) -> Summary:
    samples, total, least, most = (given[name] for name in ("SampleCount", "Sum", "Minimum", "Maximum"))
    for number in (samples, total, least, most):
        _require_number(number, f"{place}.StatisticValues")
    if least > most:
        raise errors.invalid_combination(
            f"The parameter {place}.StatisticValues.Maximum must not be less than Minimum."
        )
    return Summary(samples, total, least, most, [], is_complete=False)


def _require_number(value: float, place: str) -> None:
    if not isfinite(value) or abs(value) > _LARGEST:
        spelled = "NaN" if isnan(value) else str(value).replace("inf", "Infinity")
        raise errors.invalid_value(f"The value {spelled} for parameter {place}.Value is invalid.")


async def put(ctx: Context, namespace: str, measured: Iterable[Measured], moment: float | None = None) -> bool:
    """See `fogbank.kernel.metrics.put`."""
    second = int(ctx.now() if moment is None else moment)
    is_watched = False
    for (identity, unit), summary in _summaries(namespace, measured):
        metric = await add(ctx, identity, [Sample(second, unit, summary)])
        await watching.note(ctx, metric)
        is_watched = is_watched or bool(metric.alarms)
    return is_watched


def _summaries(namespace: str, measured: Iterable[Measured]) -> list[tuple[tuple[Identity, str], Summary]]:
    """What is to be added to each metric, by unit: once for its values, of which equal ones are counted, and once for its statistics."""
    values: dict[tuple[Identity, str], dict[float, float]] = {}
    sets: dict[tuple[Identity, str], Summary] = {}
    for name, value, unit, dimensions in measured:
        place = Identity(namespace, name, tuple(sorted(dimensions.items()))), unit
        if isinstance(value, Statistics):
            samples, total, least, most = value
            known = sets.get(place)
            if known is not None:
                samples, total = samples + known.samples, total + known.sum
                least, most = min(least, known.minimum), max(most, known.maximum)
            sets[place] = Summary(samples, total, least, most, [], is_complete=False)
        else:
            counts = values.setdefault(place, {})
            counts[value] = counts.get(value, 0) + 1
    of_values = [(place, statistics.of_values(list(counts.items()))) for place, counts in values.items()]
    return [*of_values, *sets.items()]


service.provide("metrics", put)
