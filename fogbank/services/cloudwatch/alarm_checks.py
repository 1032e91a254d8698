"""What metric alarms may be. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""

from __future__ import annotations

from typing import Any

from fogbank.services.cloudwatch import alarm_metrics, errors, expressions, insights, statistics, verdicts
from fogbank.services.cloudwatch.alarm_records import METRIC, Alarm
from fogbank.services.cloudwatch.checks import check_queries
from fogbank.services.cloudwatch.math_functions import BadExpression
from fogbank.services.cloudwatch.reading import require_period

Request = dict[str, Any]

_DAY = 86_400
_WALL_PERIODS = (60, 300, 3600, _DAY, 7 * _DAY)
_LOW_SAMPLES = ("evaluate", "ignore")


def check_metric_alarm(request: Request) -> None:
    """What the model cannot say. Raises ValidationError, InvalidParameterCombination, MissingParameter."""
    if request.get("EvaluationInterval") is not None:
        raise errors.validation("The parameter EvaluationInterval can only be specified with EvaluationCriteria.")
    if request.get("EvaluationPeriods") is None:
        raise errors.validation("The parameter EvaluationPeriods is required.")
    _check_threshold(request)
    _require_one_of(request, "TreatMissingData", verdicts.TREATMENTS)
    _require_one_of(request, "EvaluateLowSampleCountPercentile", _LOW_SAMPLES)
    if (request.get("DatapointsToAlarm") or 1) > request["EvaluationPeriods"]:
        raise errors.validation("The parameter DatapointsToAlarm must not be greater than EvaluationPeriods.")
    if request.get("Metrics"):
        _check_metrics(request)
    else:
        _check_metric(request)
    period = alarm_metrics.period_of(Alarm(request["AlarmName"], METRIC, request, 0, "", "", "", 0, 0))
    longest = _DAY if period < 3600 else 7 * _DAY
    if period * request["EvaluationPeriods"] > longest:
        days = "a day" if longest == _DAY else "7 days"
        raise errors.validation(
            f"Metrics cannot be checked across more than {days} (EvaluationPeriods * Period must be <= {longest})."
        )
    _check_window(request, period)


def _require_one_of(request: Request, name: str, allowed: tuple[str, ...]) -> None:
    value = request.get(name)
    if value is not None and value not in allowed:
        raise errors.validation(f"The value {value} for parameter {name} is not in [{', '.join(allowed)}].")


def _check_threshold(request: Request) -> None:
    """A threshold, or the id of a band."""
    operator, band = request.get("ComparisonOperator"), request.get("ThresholdMetricId")
    if operator in verdicts.BAND_COMPARISONS:
        if band is None:
            raise errors.validation(f"The parameter ThresholdMetricId is required for {operator}.")
        if request.get("Threshold") is not None:
            raise errors.validation("Threshold and ThresholdMetricId cannot be specified together.")
    elif operator not in verdicts.COMPARISONS:
        raise errors.validation("The parameter ComparisonOperator is required.")
    elif band is not None:
        raise errors.validation(f"ThresholdMetricId cannot be specified for {operator}.")
    elif request.get("Threshold") is None:
        raise errors.validation("The parameter Threshold is required.")


def _check_window(request: Request, period: int) -> None:
    window = request.get("EvaluationWindow") or {}
    if len([name for name in window if window[name] is not None]) > 1:
        raise errors.validation("EvaluationWindow must have exactly one of SlidingWindow and WallClockWindow.")
    wall = window.get("WallClockWindow")
    if wall is None:
        return
    if period not in _WALL_PERIODS:
        raise errors.validation(
            f"The period of an alarm with a wall clock window must be one of {', '.join(map(str, _WALL_PERIODS))}."
        )
    try:
        alarm_metrics.zone_of(wall.get("Timezone") or "UTC")
    except ValueError:
        raise errors.validation(f"The value {wall['Timezone']} for parameter Timezone is not a time zone.") from None


def _check_metric(request: Request) -> None:
    for name in ("MetricName", "Namespace", "Period"):
        if request.get(name) is None:
            raise errors.missing_parameter(f"The parameter {name} is required.")
    require_period(request["Period"])
    if (request.get("Statistic") is None) == (request.get("ExtendedStatistic") is None):
        raise errors.invalid_combination("Exactly one of Statistic and ExtendedStatistic must be specified.")
    if statistics.parse(request.get("Statistic") or request["ExtendedStatistic"]) is None:
        raise errors.validation(
            f"The value {request['ExtendedStatistic']} for parameter ExtendedStatistic is not supported."
        )


def _check_metrics(request: Request) -> None:
    given = [
        name
        for name in ("MetricName", "Namespace", "Period", "Statistic", "ExtendedStatistic", "Dimensions")
        if request.get(name)
    ]
    if given:
        raise errors.invalid_combination(f"The parameters Metrics and {given[0]} cannot be specified together.")
    check_queries(request["Metrics"])
    band = request.get("ThresholdMetricId")
    if sum(query.get("ReturnData", True) for query in request["Metrics"] if query["Id"] != band) != 1:
        raise errors.validation("Exactly one element of the metrics list should return data.")
    _check_expressions(request)


def _check_expressions(request: Request) -> None:
    band = request.get("ThresholdMetricId")
    functions = {query["Id"]: _functions(query) for query in request["Metrics"]}
    if any("SEARCH" in each for each in functions.values()):
        raise errors.validation("SEARCH is not supported on Metric Alarms.")
    bands = {query["Id"] for query in request["Metrics"] if expressions.banded(query.get("Expression")) in functions}
    if band is not None and band not in bands:
        raise errors.validation("ThresholdMetricId must be the id of an ANOMALY_DETECTION_BAND of one of the metrics.")


def _functions(query: Request) -> set[str]:
    """What has to be looked up for an expression. Raises ValidationError."""
    text = query.get("Expression")
    if text is None:
        return set()
    if insights.is_query(text) and query.get("Period") is None:
        raise errors.validation("Period must not be null for a Metrics Insights query.")
    try:
        if insights.is_query(text):
            insights.parse(text)
            return set()
        return {function for function, _ in expressions.lookups(text).values()}
    except BadExpression as error:
        raise errors.bad_expression(query["Id"], str(error)) from None
