"""Putting, describing and deleting anomaly detectors. The bands are in `bands.py`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutAnomalyDetector.html
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from fogbank.kernel import Context, pages
from fogbank.services.cloudwatch import bands, computing, errors
from fogbank.services.cloudwatch.anomaly_records import MATH, SINGLE, Detector, Request, detectors, key_of
from fogbank.services.cloudwatch.checks import check_queries
from fogbank.services.cloudwatch.computing import Span
from fogbank.services.cloudwatch.points import dimensions_of
from fogbank.services.cloudwatch.service import service

Answer = dict[str, Any]

_OF_METRIC = ("Namespace", "MetricName", "Dimensions", "Stat")
_ENOUGH = 3
_PERIOD = 60


@service.operation
async def put_anomaly_detector(ctx: Context, request: Request) -> Answer:
    """Training begins at once, with what there is of the last two weeks."""
    kind, of = _asked(request)
    configuration = request.get("Configuration") or {}
    _check_zone(configuration.get("MetricTimezone"))
    return {"AnomalyDetectorId": await put(ctx, kind, of, configuration, request.get("MetricCharacteristics") or {})}


async def put(ctx: Context, kind: str, of: Request, configuration: Request, characteristics: Request) -> str:
    """The id of the detector, new or not."""
    key = key_of(kind, of)
    before = await detectors.get(ctx, *key)
    id = ctx.ids.uuid() if before is None else before.id
    detectors.put(ctx, Detector(id, kind, of, configuration, characteristics), *key)
    await ctx.schedule("train", {"key": list(key)})
    return id


@service.task
async def train(ctx: Context, payload: dict[str, Any]) -> None:
    detector = await detectors.get(ctx, *payload["key"])
    if detector is not None:
        detectors.put(ctx, msgspec.structs.replace(detector, trained=True), *payload["key"])


def _check_zone(name: str | None) -> None:
    try:
        ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        raise errors.invalid_value(f"The value {name} for parameter MetricTimezone is not a valid time zone.") from None


def _asked(request: Request) -> tuple[str, Request]:
    """(kind, what of): from the members of a single metric, old or new, or from metric math."""
    math, one = request.get("MetricMathAnomalyDetector"), request.get("SingleMetricAnomalyDetector")
    plain = {name: request[name] for name in _OF_METRIC if request.get(name) is not None}
    if sum(bool(given) for given in (math, one, plain)) > 1:
        raise errors.invalid_combination(
            "Only one of SingleMetricAnomalyDetector, MetricMathAnomalyDetector and the members of a single metric can be specified."
        )
    if math:
        check_queries(math.get("MetricDataQueries") or [])
        return MATH, math
    of = {name: value for name, value in (one or plain).items() if name in _OF_METRIC}
    for name in ("Namespace", "MetricName", "Stat"):
        if of.get(name) is None:
            raise errors.missing_parameter(f"The parameter {name} is required.")
    return SINGLE, of | {"Dimensions": of.get("Dimensions") or []}


@service.operation
async def delete_anomaly_detector(ctx: Context, request: Request) -> None:
    found = await _find(ctx, request)
    if found is None:
        raise errors.not_found("No anomaly detector was found for the metric that was specified.")
    detectors.delete(ctx, *key_of(found.kind, found.of))


async def _find(ctx: Context, request: Request) -> Detector | None:
    id = request.get("AnomalyDetectorId")
    if id is not None:
        return next((each for each in await detectors.scan(ctx) if each.id == id), None)
    return await detectors.get(ctx, *key_of(*_asked(request)))


@service.operation
async def describe_anomaly_detectors(ctx: Context, request: Request) -> Answer:
    ids, kinds = request.get("AnomalyDetectorIds"), request.get("AnomalyDetectorTypes") or [SINGLE]
    if unknown := set(kinds) - {SINGLE, MATH}:
        raise errors.invalid_value(f"The value {min(unknown)} for parameter AnomalyDetectorTypes is invalid.")
    every = [each for each in await detectors.scan(ctx) if (each.id in ids if ids else each.kind in kinds)]
    found = [each for each in every if each.kind == MATH or _fits(each.of, request)]
    token = request.get("NextToken")
    start = 0 if token is None else int(pages.position(token, errors.invalid_token()))
    end = start + (request.get("MaxResults") or 100)
    return {
        "AnomalyDetectors": [await _described(ctx, each) for each in found[start:end]],
        "NextToken": pages.token(str(end)) if end < len(found) else None,
    }


def _fits(of: Request, request: Request) -> bool:
    if any(request.get(name) not in (None, of[name]) for name in ("Namespace", "MetricName")):
        return False
    wanted = request.get("Dimensions")
    return not wanted or dimensions_of(wanted) == dimensions_of(of["Dimensions"])


async def _described(ctx: Context, detector: Detector) -> Answer:
    shown: Answer = {
        "AnomalyDetectorId": detector.id,
        "Configuration": detector.configuration or None,
        "MetricCharacteristics": detector.characteristics or None,
        "StateValue": await _state(ctx, detector),
    }
    if detector.kind == MATH:
        return shown | {"MetricMathAnomalyDetector": detector.of}
    return shown | detector.of | {"SingleMetricAnomalyDetector": detector.of}


async def _state(ctx: Context, detector: Detector) -> str:
    if not detector.trained:
        return "PENDING_TRAINING"
    queries = detector.of.get("MetricDataQueries")
    if queries is None:
        stat = {"Metric": detector.of, "Period": _PERIOD, "Stat": detector.of["Stat"]}
        queries = [{"Id": "m1", "MetricStat": stat}]
    known = await computing.values(ctx, queries, Span(ctx.now() - bands.TRAINED_SECONDS, ctx.now()))
    longest = max((len(value) for value in known.values() if isinstance(value, dict)), default=0)
    return "TRAINED" if longest >= _ENOUGH else "TRAINED_INSUFFICIENT_DATA"
