"""The metrics of functions.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

from functools import lru_cache
from itertools import cycle

from fogbank.kernel import Context, metrics
from fogbank.services.lambda_.records import LATEST, Function

NAMESPACE = "AWS/Lambda"


def invoked(
    scope: Context, function: Function, named: str, is_error: bool, milliseconds: float, concurrent: int
) -> None:
    """Note an invocation that has ended; `named` is the ARN that was asked for. `concurrent` is how many of the function were at work."""
    alias = _alias_of(named)
    values = (1.0, float(is_error), float(concurrent))
    metrics.tally_all(scope, NAMESPACE, zip(_counted(function.name, function.version, alias), cycle(values)))
    note(scope, function.name, function.version, [("Duration", milliseconds, "Milliseconds")], alias)


def throttled(scope: Context, function: Function, named: str) -> None:
    note(scope, function.name, function.version, [("Throttles", 1.0, "Count")], _alias_of(named))


def _alias_of(arn: str) -> str:
    """The alias that an ARN names, empty when it is none."""
    qualifier = arn.split(":", 7)[7:]
    return qualifier[0] if qualifier and qualifier[0] != LATEST and not qualifier[0].isdecimal() else ""


def extended(scope: Context, function: Function, milliseconds: float) -> None:
    """Note how long extensions were at work after the runtime."""
    note(scope, function.name, function.version, [("PostRuntimeExtensionsDuration", milliseconds, "Milliseconds")])


def dropped(scope: Context, function: Function) -> None:
    """Note an invocation that would have gone on with a loop."""
    note(scope, function.name, function.version, [("RecursiveInvocationsDropped", 1.0, "Count")])


def aged(scope: Context, function: Function, arrived: float) -> None:
    """Note how old the last record of a stream's batch is that the function is about to get. `arrived` is epoch seconds."""
    age = max(scope.now() - arrived, 0.0) * 1000
    note(scope, function.name, function.version, [("IteratorAge", age, "Milliseconds")])


def note(scope: Context, name: str, version: str, measured: list[tuple[str, float, str]], alias: str = "") -> None:
    """For the function, for its version or alias, and for all functions together."""
    all_dimensions = [dict(each) for each in _dimensions(name, version, alias)]
    metrics.note(scope, NAMESPACE, [(*each, of) for of in all_dimensions for each in measured])


@lru_cache(1000)
def _counted(name: str, version: str, alias: str) -> tuple[metrics.Tallied, ...]:
    """What is counted of each invocation, by every set of dimensions."""
    names = ("Invocations", "Errors", "ConcurrentExecutions")
    return tuple((each, "Count", of) for of in _dimensions(name, version, alias) for each in names)


@lru_cache(1000)
def _dimensions(name: str, version: str, alias: str) -> tuple[metrics.Dimensions, ...]:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html"""
    function = ("FunctionName", name)
    qualifier = alias or ("" if version == LATEST else version)
    resource = ("Resource", f"{name}:{qualifier}" if qualifier else name)
    if not alias:
        return (function,), (function, resource), ()
    return (function,), (function, resource), (("ExecutedVersion", version), function, resource), ()
