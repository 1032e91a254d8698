"""The metrics of functions.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

from functools import lru_cache

from fogbank.kernel import Context, metrics
from fogbank.services.lambda_.records import LATEST, Function

NAMESPACE = "AWS/Lambda"


def invoked(scope: Context, function: Function, is_error: bool, milliseconds: float, concurrent: int) -> None:
    """Note an invocation that has ended. `concurrent` is how many of the function were at work."""
    counted = (("Invocations", 1.0), ("Errors", float(is_error)), ("ConcurrentExecutions", float(concurrent)))
    for dimensions in _dimensions(function.name, function.version):
        for name, value in counted:
            metrics.tally(scope, NAMESPACE, name, value, "Count", dimensions)
    note(scope, function.name, function.version, [("Duration", milliseconds, "Milliseconds")])


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


def throttled(scope: Context, function: Function) -> None:
    note(scope, function.name, function.version, [("Throttles", 1.0, "Count")])


def note(scope: Context, name: str, version: str, measured: list[tuple[str, float, str]]) -> None:
    """For the function, for its version, and for all functions together."""
    all_dimensions = [dict(each) for each in _dimensions(name, version)]
    metrics.note(scope, NAMESPACE, [(*each, of) for of in all_dimensions for each in measured])


@lru_cache(1000)
def _dimensions(name: str, version: str) -> tuple[metrics.Dimensions, ...]:
    resource = name if version == LATEST else f"{name}:{version}"
    function = ("FunctionName", name)
    return (function,), (function, ("Resource", resource)), ()
