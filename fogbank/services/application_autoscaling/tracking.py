"""Target tracking: which alarms a policy needs, and the capacity at which its metric would be at its target. Pure.

Utilisation of DynamoDB's capacity is no metric of its own: the alarms are on consumed units, with thresholds that follow the
capacity, and two more say when somebody else has changed that. Above its target in two minutes, one after another, a table is scaled
out; 20 points below in each of fifteen, it is scaled in. Other metrics have three minutes and a tenth below.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/AutoScaling.html
https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
"""

from __future__ import annotations

import math
from typing import Any

from fogbank.services.application_autoscaling import errors, kinds
from fogbank.services.application_autoscaling.records import Place

Document = dict[str, Any]

HIGH, LOW = "AlarmHigh", "AlarmLow"
CHANGED = ("ProvisionedCapacityHigh", "ProvisionedCapacityLow")
"""Alarms that say that a capacity is not what a policy has last seen."""

_MINUTE = 60
_TABLES = {"DynamoDBReadCapacityUtilization": "Read", "DynamoDBWriteCapacityUtilization": "Write"}
_FUNCTIONS = "LambdaProvisionedConcurrencyUtilization"
_TABLE_TARGETS, _FUNCTION_TARGETS = (20, 90), (0.1, 0.9)
_POINTS_BELOW = 20
_PART_BELOW = 0.9
_PERIODS_OUT, _PERIODS_IN, _TABLE_PERIODS_OUT = 3, 15, 2
_CHANGED_PERIODS, _CHANGED_SECONDS = 3, 300


def check(place: Place, config: Document) -> None:
    """What the model cannot say of a configuration. Raises ValidationException."""
    predefined, customized = config.get("PredefinedMetricSpecification"), config.get("CustomizedMetricSpecification")
    if bool(predefined) == bool(customized):
        raise errors.invalid(
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be given"
        )
    for name in ("ScaleOutCooldown", "ScaleInCooldown"):
        if (config.get(name) or 0) < 0:
            raise errors.invalid(f"{name} cannot be less than 0")
    if customized:
        _check_customized(customized)
    else:
        _check_predefined(place, config)


def _check_customized(spec: Document) -> None:
    plain = [name for name in ("MetricName", "Namespace", "Statistic") if spec.get(name)]
    if spec.get("Metrics") and plain:
        raise errors.invalid(f"{plain[0]} cannot be specified together with Metrics")
    if not spec.get("Metrics") and len(plain) < 3:
        raise errors.invalid("MetricName, Namespace and Statistic must be specified for a customized metric")


def _check_predefined(place: Place, config: Document) -> None:
    name, (_, _, dimension) = config["PredefinedMetricSpecification"]["PredefinedMetricType"], place
    direction = _TABLES.get(name)
    fits = dimension.endswith(f":{direction}CapacityUnits") if direction else name == _FUNCTIONS
    if not fits or (place[0] == "lambda") != (name == _FUNCTIONS):
        raise errors.invalid(f"Predefined metric type {name} is not supported for scalable dimension {dimension}")
    least, most = _TABLE_TARGETS if direction else _FUNCTION_TARGETS
    if not least <= config["TargetValue"] <= most:
        raise errors.invalid(f"Target value for {name} must be between {least} and {most}")


def metric_of(config: Document) -> Document:
    """What a policy follows, to tell it from what others follow."""
    found: Document = config.get("PredefinedMetricSpecification") or config["CustomizedMetricSpecification"]
    return found


def _direction(config: Document) -> str | None:
    """Read or Write, where it is a utilisation of DynamoDB's capacity."""
    predefined = config.get("PredefinedMetricSpecification") or {}
    return _TABLES.get(predefined.get("PredefinedMetricType", ""))


# -- alarms


def alarms(place: Place, config: Document, units: int) -> dict[str, Document]:
    """The alarms by kind, as PutMetricAlarm takes them but for names and actions. `units` is the capacity now."""
    direction, target = _direction(config), config["TargetValue"]
    if direction is None:
        metric = _metric(place, config)
        found = {HIGH: _above(metric, target, _PERIODS_OUT), LOW: _below(metric, target * _PART_BELOW, _PERIODS_IN)}
    else:
        consumed = {**_of_table(place, f"Consumed{direction}CapacityUnits", "Sum"), "Period": _MINUTE}
        provisioned = {
            **_of_table(place, f"Provisioned{direction}CapacityUnits", "Average"),
            "Period": _CHANGED_SECONDS,
        }
        found = {
            HIGH: _above(consumed, _consumed(units, target), _TABLE_PERIODS_OUT),
            LOW: _below(consumed, _consumed(units, max(target - _POINTS_BELOW, 0)), _PERIODS_IN),
            CHANGED[0]: _above(provisioned, units, _CHANGED_PERIODS),
            CHANGED[1]: _below(provisioned, units, _CHANGED_PERIODS),
        }
    if config.get("DisableScaleIn"):
        del found[LOW]
    return found


def _above(metric: Document, threshold: float, periods: int) -> Document:
    return _alarm(metric, "GreaterThanThreshold", threshold, periods)


def _below(metric: Document, threshold: float, periods: int) -> Document:
    return _alarm(metric, "LessThanThreshold", threshold, periods)


def _alarm(metric: Document, comparison: str, threshold: float, periods: int) -> Document:
    return {
        **metric,
        "ComparisonOperator": comparison,
        "Threshold": float(threshold),
        "EvaluationPeriods": periods,
    }


def _consumed(units: int, percent: float) -> float:
    """That part of a capacity, in a minute."""
    return units * _MINUTE * percent / 100


def _of_table(place: Place, name: str, statistic: str) -> Document:
    _, table, *index = place[1].split("/")
    dimensions = [{"Name": "TableName", "Value": table}]
    if index:
        dimensions.append({"Name": "GlobalSecondaryIndexName", "Value": index[1]})
    return {"Namespace": "AWS/DynamoDB", "MetricName": name, "Dimensions": dimensions, "Statistic": statistic}


def _metric(place: Place, config: Document) -> Document:
    custom = config.get("CustomizedMetricSpecification")
    if custom is None:
        return {**_of_function(place), "Period": _MINUTE}
    if custom.get("Metrics"):
        return {"Metrics": [_query(query) for query in custom["Metrics"]]}
    names = ("Namespace", "MetricName", "Dimensions", "Statistic", "Unit")
    return {name: custom[name] for name in names if custom.get(name)} | {"Period": _MINUTE}


def _of_function(place: Place) -> Document:
    _, name, qualifier = place[1].split(":")
    dimensions = [{"Name": "FunctionName", "Value": name}, {"Name": "Resource", "Value": f"{name}:{qualifier}"}]
    metric = {"Namespace": "AWS/Lambda", "MetricName": "ProvisionedConcurrencyUtilization"}
    return {**metric, "Dimensions": dimensions, "Statistic": "Average"}


def _query(query: Document) -> Document:
    stat = query.get("MetricStat")
    return query if stat is None else {**query, "MetricStat": {**stat, "Period": _MINUTE}}


# -- capacity


def needed(config: Document, units: int, value: float) -> int:
    """The capacity at which the metric, which is `value` at `units`, would be at its target."""
    if _direction(config) is not None:  # consumed in a minute
        return _ceiling(value / _MINUTE * 100 / config["TargetValue"])
    return _ceiling(units * value / config["TargetValue"])


def _ceiling(value: float) -> int:
    return math.ceil(round(value, 9))


def cooldown(place: Place, config: Document, member: str) -> float:
    """`member` is ScaleOutCooldown or ScaleInCooldown; in seconds."""
    given = config.get(member)
    return float(kinds.of(place[2]).cooldown if given is None else given)
