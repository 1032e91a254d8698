"""The metrics of functions: what invocations measured is gathered for a moment and put together.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from fogbank.kernel import Context, metrics
from fogbank.services.lambda_.records import LATEST, Function

if TYPE_CHECKING:
    from fogbank.app import App

log = logging.getLogger("fogbank.lambda")

_GATHERED_SECONDS = 0.25


class Meter:
    """What was measured and is not put yet, by account and region."""

    def __init__(self, app: App) -> None:
        self._waiting: dict[tuple[str, str], tuple[Context, list[metrics.Measured]]] = {}
        self._putting: asyncio.Task[None] | None = None

    def add(self, scope: Context, measured: list[metrics.Measured]) -> None:
        place = (scope.account, scope.region)
        self._waiting.setdefault(place, (scope.at(), []))[1].extend(measured)
        if self._putting is None or self._putting.done():
            self._putting = asyncio.ensure_future(self._put_soon())

    async def _put_soon(self) -> None:
        while self._waiting:
            await asyncio.sleep(_GATHERED_SECONDS)
            await self._put()

    async def _put(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for scope, measured in waiting.values():
            try:
                await scope.transact(metrics.put, scope, "AWS/Lambda", measured)
            except Exception:
                log.exception("metrics of functions are lost")

    async def close(self) -> None:
        if self._putting is not None:
            self._putting.cancel()
        await self._put()


def meter_of(scope: Context) -> Meter:
    return scope.app.engines.get("lambda-metrics", Meter)


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


def throttled(scope: Context, function: Function) -> None:
    note(scope, function.name, function.version, [("Throttles", 1.0, "Count")])


def note(scope: Context, name: str, version: str, measured: list[tuple[str, float, str]]) -> None:
    """For the function, for its version, and for all functions together."""
    resource = name if version == LATEST else f"{name}:{version}"
    dimensions: list[dict[str, str]] = [{"FunctionName": name}, {"FunctionName": name, "Resource": resource}, {}]
    meter_of(scope).add(scope, [(*each, of) for of in dimensions for each in measured])
