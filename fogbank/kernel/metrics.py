"""Metrics that services emit about their resources (`AWS/Lambda`), as CloudWatch shows them.

Values of one minute share a row, so what was measured is gathered for a moment in each process and put together: a service that notes a
value pays next to nothing. What was gathered last is lost when the process is killed, as AWS's metrics may be, too.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from fogbank.kernel.gathering import Gathering

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.context import Context

log = logging.getLogger("fogbank.metrics")

_MINUTE = 60


class Statistics(NamedTuple):
    """What is known of many values of which only that is kept."""

    samples: float
    sum: float
    minimum: float
    maximum: float


Measured = tuple[str, "float | Statistics", str, dict[str, str]]
"""The name of a metric, a value (or what is known of many), its unit (`Count`, `Milliseconds`), and the metric's dimensions."""


Dimensions = tuple[tuple[str, str], ...]
"""Names and values."""

Tallied = tuple[str, str, Dimensions]
"""The name of a metric, its unit, and its dimensions."""

_Place = tuple[str, str, str, int]
"""Account, region, namespace, and minute (epoch seconds)."""


async def put(ctx: Context, namespace: str, measured: Iterable[Measured], moment: float | None = None) -> bool:
    """Add values to metrics of the context's account and region, in its transaction. `moment` is when (epoch seconds), else now.

    Says whether an alarm looks at one of them.
    """
    cloudwatch = ctx.app.services.get("cloudwatch")
    if cloudwatch is None:
        return False
    return bool(await cloudwatch.provided["metrics"](ctx.at(service=cloudwatch), namespace, measured, moment))


def note(ctx: Context, namespace: str, measured: list[Measured]) -> None:
    """Have values put soon, as of now. In a transaction: if it is committed."""
    if ctx.tx is not None and not ctx.tx.is_over:
        ctx.after_commit(lambda: gatherer_of(ctx.app).add(ctx, namespace, measured))
    else:
        gatherer_of(ctx.app).add(ctx, namespace, measured)


def tally(ctx: Context, namespace: str, name: str, value: float, unit: str, dimensions: Dimensions) -> None:
    """Note one of very many values, of which only the statistics are kept: for what every request of a busy service measures.

    It counts whether or not the transaction is committed.
    """
    tally_all(ctx, namespace, (((name, unit, dimensions), value),))


def tally_all(ctx: Context, namespace: str, measured: Iterable[tuple[Tallied, float]]) -> None:
    """The same of several values."""
    ctx.app.engines.get("metrics", Gatherer).tally(ctx, namespace, measured)


def gatherer_of(app: App) -> Gatherer:
    return app.engines.get("metrics", Gatherer)


class Gatherer(Gathering):
    """What was measured in this process and is not put yet, by account, region, namespace and minute."""

    moment = 0.25

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self._waiting: dict[_Place, list[Measured]] = {}
        self._tallies: dict[_Place, dict[Tallied, list[float]]] = {}  # samples, sum, minimum, maximum

    def add(self, scope: Context, namespace: str, measured: list[Measured]) -> None:
        self._waiting.setdefault(_place(scope, namespace), []).extend(measured)
        self._begin()

    def tally(self, scope: Context, namespace: str, measured: Iterable[tuple[Tallied, float]]) -> None:
        place = scope.account, scope.region, namespace, int(self._app.clock.now()) // _MINUTE * _MINUTE
        tallies = self._tallies.get(place)
        if tallies is None:
            tallies = self._tallies[place] = {}
            self._begin()  # while there are any, they are going to be put already
        for what, value in measured:
            found = tallies.get(what)
            if found is None:
                tallies[what] = [1, value, value, value]
                continue
            found[0] += 1
            found[1] += value
            if value < found[2]:
                found[2] = value
            elif value > found[3]:
                found[3] = value

    @property
    def _gathered(self) -> tuple[dict[Any, Any], ...]:
        return (self._waiting, self._tallies)

    async def _put_all(self) -> None:
        waiting, self._waiting = self._waiting, {}
        tallies, self._tallies = self._tallies, {}
        for place, found in tallies.items():
            measured = waiting.setdefault(place, [])
            measured += [
                (name, Statistics(*values), unit, dict(dimensions))
                for (name, unit, dimensions), values in found.items()
            ]
        for (account, region, namespace, minute), measured in waiting.items():
            scope = self._app.system_context("cloudwatch", account, region)
            try:
                await scope.transact(put, scope, namespace, measured, minute)
            except Exception:
                log.exception("metrics of %s are lost", namespace)


def _place(scope: Context, namespace: str) -> _Place:
    return scope.account, scope.region, namespace, int(scope.now()) // _MINUTE * _MINUTE
