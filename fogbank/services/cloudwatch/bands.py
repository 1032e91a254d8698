"""What is expected of a metric: a band around what its history says of an hour of the week. Values in, values out.

AWS does not tell its algorithm. This one takes, for each moment, what was measured at that hour of that weekday, else at that hour of the
day, else ever; the band is as many standard deviations wide as the history strays from that.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Anomaly_Detection.html
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from typing import NamedTuple

from fogbank.services.cloudwatch.series import Series, like

TRAINED_SECONDS = 14 * 86_400
WIDTH = 2.0
"""Standard deviations, when none are given."""

_ENOUGH = 3
_Cell = tuple[int, ...]


class Model(NamedTuple):
    """What is expected in the hours (of the week, of the day, `()` for any), and how far values stray from it."""

    zone: tzinfo
    expected: dict[_Cell, float]
    deviation: float

    def at(self, moment: float) -> float:
        return next(self.expected[cell] for cell in _cells(moment, self.zone) if cell in self.expected)


def _cells(moment: float, zone: tzinfo) -> tuple[_Cell, _Cell, _Cell]:
    """The closest first."""
    at = datetime.fromtimestamp(moment, zone)
    return (at.weekday(), at.hour), (at.hour,), ()


def train(history: Series, zone: tzinfo, excluded: Iterable[tuple[float, float]] = ()) -> Model | None:
    """None where there is too little to learn from. What was measured in excluded ranges does not count."""
    ranges = list(excluded)
    known = {at: value for at, value in history.items() if not any(since <= at < until for since, until in ranges)}
    if len(known) < _ENOUGH:
        return None
    cells: dict[_Cell, list[float]] = {}
    for moment, value in known.items():
        for cell in _cells(moment, zone):
            cells.setdefault(cell, []).append(value)
    expected = {cell: statistics.fmean(values) for cell, values in cells.items() if len(values) >= _ENOUGH}
    model = Model(zone, expected, 0.0)
    strays = [value - model.at(moment) for moment, value in known.items()]
    return model._replace(deviation=statistics.fmean([stray**2 for stray in strays]) ** 0.5)


def band(model: Model, moments: Iterable[float], width: float) -> tuple[Series, Series]:
    """The lower and the upper edge."""
    centre = {moment: model.at(moment) for moment in moments}
    reach = width * model.deviation

    def edge(moved: Callable[[float], float]) -> Series:
        return like({moment: moved(value) for moment, value in centre.items()})

    return edge(lambda value: value - reach).named("Lower"), edge(lambda value: value + reach).named("Upper")
