"""Anomaly detectors, as they are stored.

detectors   (kind, what of)         what of: JSON of a metric and its statistic, or of the queries of an expression
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from fogbank.kernel import Context, Record
from fogbank.services.cloudwatch.points import dimensions_of
from fogbank.services.cloudwatch.service import service

SINGLE = "SINGLE_METRIC"
MATH = "METRIC_MATH"

Request = dict[str, Any]


class Detector(Record, frozen=True):
    """`of` is what was asked for: the members of a single metric, or `MetricDataQueries`. `trained` says whether it has looked."""

    id: str
    kind: str
    of: dict[str, Any]
    configuration: dict[str, Any]
    characteristics: dict[str, Any]
    trained: bool = False


class Settings(NamedTuple):
    """What does not count, and whose clock says what hour it is."""

    zone: tzinfo
    excluded: tuple[tuple[float, float], ...] = ()


detectors = service.collection("detectors", Detector)


def key_of(kind: str, of: Request) -> tuple[str, str]:
    if kind == MATH:
        return MATH, json.dumps(of["MetricDataQueries"], sort_keys=True)
    return SINGLE, json.dumps(
        [of["Namespace"], of["MetricName"], dimensions_of(of.get("Dimensions") or []), of["Stat"]]
    )


def single(stat: Request) -> Request:
    """The metric that a MetricStat is of, as detectors name it."""
    metric = stat["Metric"]
    return {
        "Namespace": metric["Namespace"],
        "MetricName": metric["MetricName"],
        "Dimensions": metric.get("Dimensions") or [],
        "Stat": stat["Stat"],
    }


async def detector_of(ctx: Context, query: Request, queries: Iterable[Request]) -> Settings:
    """What a detector for that query says, if there is one: `queries` are those that it is computed from, and itself."""
    stat = query.get("MetricStat")
    if stat is not None:
        found = await detectors.get(ctx, *key_of(SINGLE, single(stat)))
    else:
        found = next((each for each in await detectors.scan(ctx, MATH) if _is_for(each, query, queries)), None)
    configuration = {} if found is None else found.configuration
    excluded = tuple((each["StartTime"], each["EndTime"]) for each in configuration.get("ExcludedTimeRanges") or [])
    return Settings(ZoneInfo(configuration.get("MetricTimezone") or "UTC"), excluded)


def _is_for(detector: Detector, query: Request, queries: Iterable[Request]) -> bool:
    """Detectors of expressions are known by what is computed; ids of alarms and of detectors may differ in what they return."""
    known = {each.get("Expression") for each in detector.of["MetricDataQueries"]}
    return query.get("Expression") in known
