"""What an alarm makes of the values that it sees. Values in, values out.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html#alarms-and-missing-data
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from time import gmtime, strftime
from typing import NamedTuple

OK = "OK"
ALARM = "ALARM"
INSUFFICIENT_DATA = "INSUFFICIENT_DATA"

_TOLD = 5
"""As many values a reason names."""

TREATMENTS = ("breaching", "notBreaching", "ignore", "missing")

_COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}

COMPARISONS = frozenset(_COMPARISONS)

_OUTSIDE: dict[str, tuple[bool, bool]] = {
    "LessThanLowerOrGreaterThanUpperThreshold": (True, True),
    "LessThanLowerThreshold": (True, False),
    "GreaterThanUpperThreshold": (False, True),
}

BAND_COMPARISONS = frozenset(_OUTSIDE)

Band = Mapping[float, tuple[float, float]]
"""The lower and the upper edge, by time."""


class Rule(NamedTuple):
    """`needed` of the last `periods` values have to breach the threshold, or leave the band. `treatment` is of missing ones."""

    comparison: str
    threshold: float
    periods: int
    needed: int
    treatment: str = "missing"
    band: Band = {}

    def breaches(self, at: float, value: float) -> bool:
        if self.comparison in _COMPARISONS:
            return _COMPARISONS[self.comparison][0](value, self.threshold)
        low, high = self.band[at]
        below, above = _OUTSIDE[self.comparison]
        return (below and value < low) or (above and value > high)


class Verdict(NamedTuple):
    """`state` is None when the present one stays. `seen` are the values that counted, with their times, newest first."""

    state: str | None
    seen: list[tuple[float, float]]
    missing: int


def judge(rule: Rule, values: list[tuple[float, float]]) -> Verdict:
    """`values` are those (time, value) of the evaluation range, which is longer than `periods`, in any order.

    As many as there are periods count, the latest; only when there are fewer, missing ones are filled in.
    """
    seen = sorted(values, reverse=True)[: rule.periods]
    breaching = sum(rule.breaches(at, value) for at, value in seen)
    missing = rule.periods - len(seen)
    return Verdict(_state(rule, len(seen), breaching, missing), seen, missing)


def _state(rule: Rule, real: int, breaching: int, missing: int) -> str | None:
    if rule.treatment == "breaching":
        return ALARM if breaching + missing >= rule.needed else OK
    if rule.treatment == "notBreaching" or not missing:
        return ALARM if breaching >= rule.needed else OK
    if rule.treatment == "ignore":
        if breaching >= rule.needed:
            return ALARM
        return OK if real - breaching > rule.periods - rule.needed else None
    if not real:
        return INSUFFICIENT_DATA
    return ALARM if breaching >= min(rule.needed, real) else OK


def reason(rule: Rule, verdict: Verdict, before: str) -> str:
    """The sentence that explains the new state."""
    if verdict.state == INSUFFICIENT_DATA:
        return f"Insufficient Data: {_datapoints(rule.periods)} unknown."
    if not verdict.seen:
        how = "Breaching" if verdict.state == ALARM else "NonBreaching"
        periods = "1 period" if rule.periods == 1 else f"{rule.periods} periods"
        return (
            f"Threshold Crossed: no datapoints were received for {periods} and "
            f"{_datapoints(rule.periods, 'missing ')} treated as [{how}]."
        )
    if verdict.state == ALARM:
        counted = [pair for pair in verdict.seen if rule.breaches(*pair)]
        many = len(counted)
        return (
            f"{_crossed(rule)}: {many} out of the last {rule.periods} datapoints {_listed(counted)} "
            f"{'was' if many == 1 else 'were'} {_bounds(rule, counted)} "
            f"(minimum {rule.needed} datapoint{'s' if rule.needed > 1 else ''} for {before} -> ALARM transition)."
        )
    counted = [pair for pair in verdict.seen if not rule.breaches(*pair)]
    datapoints, verb = _datapoints(len(counted)).rsplit(" ", 1)
    return f"{_crossed(rule)}: {datapoints} {_listed(counted)} {verb} not {_bounds(rule, counted)}."


def _crossed(rule: Rule) -> str:
    return "Thresholds Crossed" if rule.comparison in _OUTSIDE else "Threshold Crossed"


def _bounds(rule: Rule, counted: list[tuple[float, float]]) -> str:
    """`greater than the threshold (10.0)`, `less than the lower thresholds [8.5]`"""
    if rule.comparison in _COMPARISONS:
        return f"{_COMPARISONS[rule.comparison][1]} the threshold ({rule.threshold})"
    below, above = _OUTSIDE[rule.comparison]
    edges = [rule.band[at] for at, _ in counted[:_TOLD]]
    lower = f"less than the lower thresholds [{', '.join(str(low) for low, _ in edges)}]"
    upper = f"greater than the upper thresholds [{', '.join(str(high) for _, high in edges)}]"
    return " or ".join(text for is_meant, text in ((below, lower), (above, upper)) if is_meant)


def _datapoints(count: int, kind: str = "") -> str:
    return f"1 {kind}datapoint was" if count == 1 else f"{count} {kind}datapoints were"


def _listed(values: list[tuple[float, float]]) -> str:
    return (
        "[" + ", ".join(f"{value} ({strftime('%d/%m/%y %H:%M:%S', gmtime(at))})" for at, value in values[:_TOLD]) + "]"
    )
