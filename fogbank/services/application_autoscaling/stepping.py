"""Step scaling: the capacity that a step asks for, by how far a metric is beyond its alarm's threshold. Pure.

https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from fogbank.services.application_autoscaling import errors, limits

Document = dict[str, Any]

CHANGE, PERCENT = "ChangeInCapacity", "PercentChangeInCapacity"
_COOLDOWN = 300.0
_LOWER, _UPPER = "MetricIntervalLowerBound", "MetricIntervalUpperBound"


def check(config: Document) -> None:
    """What the model cannot say of a configuration. Raises ValidationException, LimitExceededException."""
    if config.get("AdjustmentType") is None:
        raise errors.invalid("AdjustmentType must be specified for step scaling policies")
    steps = config.get("StepAdjustments") or []
    if not steps:
        raise errors.invalid("At least one step adjustment must be specified for step scaling policies")
    if len(steps) > limits.STEPS:
        raise errors.limit_exceeded("step adjustments of a scaling policy", limits.STEPS)
    if config.get("MinAdjustmentMagnitude") is not None and config["AdjustmentType"] != PERCENT:
        raise errors.invalid(f"MinAdjustmentMagnitude can only be specified with adjustment type {PERCENT}")
    _check_intervals(sorted(_interval(step) for step in steps))


def _interval(step: Document) -> tuple[float, float]:
    lower, upper = step.get(_LOWER), step.get(_UPPER)
    if lower is None and upper is None:
        raise errors.invalid("The upper and lower bound cannot be null in the same step adjustment")
    low, high = -math.inf if lower is None else lower, math.inf if upper is None else upper
    if low >= high:
        raise errors.invalid("The lower bound of a step adjustment must be less than its upper bound")
    return low, high


def _check_intervals(intervals: list[tuple[float, float]]) -> None:
    """They follow upon each other, and what begins below or ends above the threshold goes on for ever."""
    if any(before[1] != after[0] for before, after in pairwise(intervals)):
        raise errors.invalid("The ranges of the step adjustments cannot overlap or have a gap")
    lowest, highest = intervals[0][0], intervals[-1][1]
    if -math.inf < lowest < 0:
        raise errors.invalid("With a negative lower bound there must be a step adjustment with a null lower bound")
    if 0 < highest < math.inf:
        raise errors.invalid("With a positive upper bound there must be a step adjustment with a null upper bound")


def wanted(config: Document, units: int, beyond: float) -> int | None:
    """The capacity after the step that a metric calls for which is so far beyond the threshold; None when there is no such step.

    Above the threshold the lower bound of a step belongs to it, below the upper one.
    """
    for step in config["StepAdjustments"]:
        low, high = _interval(step)
        if low <= beyond < high if beyond >= 0 else low < beyond <= high:
            return _adjusted(config, units, step["ScalingAdjustment"])
    return None


def _adjusted(config: Document, units: int, adjustment: int) -> int:
    if config["AdjustmentType"] == CHANGE:
        return units + adjustment
    if config["AdjustmentType"] != PERCENT:
        return adjustment
    exact = units * adjustment / 100
    change = math.trunc(exact) or int(math.copysign(1, exact) if exact else 0)
    least = config.get("MinAdjustmentMagnitude") or 0
    return units + (int(math.copysign(max(abs(change), least), change)) if change else 0)


def cooldown(config: Document) -> float:
    """In seconds."""
    given = config.get("Cooldown")
    return _COOLDOWN if given is None else float(given)
