"""The metrics of functions.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

from fogbank.kernel import Context, metrics
from fogbank.services.lambda_.records import LATEST, Function

NAMESPACE = "AWS/Lambda"


def invoked(scope: Context, function: Function, is_error: bool, milliseconds: float, concurrent: int) -> None:
    """Note an invocation that has ended. `concurrent` is how many of the function were at work."""
    measured = [
        ("Invocations", 1.0, "Count"),
        ("Errors", float(is_error), "Count"),
        ("Duration", milliseconds, "Milliseconds"),
        ("ConcurrentExecutions", float(concurrent), "Count"),
    ]
    note(scope, function.name, function.version, measured)


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
    resource = name if version == LATEST else f"{name}:{version}"
    dimensions: list[dict[str, str]] = [{"FunctionName": name}, {"FunctionName": name, "Resource": resource}, {}]
    metrics.note(scope, NAMESPACE, [(*each, of) for of in dimensions for each in measured])
