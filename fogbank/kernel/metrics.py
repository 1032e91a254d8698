"""Metrics that services emit about their resources (`AWS/Lambda`), as CloudWatch shows them.

Values of one minute share a row, so a service that gathers what it measured and puts it now and then, in a transaction that it has anyway,
pays next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fogbank.kernel.context import Context


class Statistics(NamedTuple):
    """What is known of many values of which only that is kept."""

    samples: float
    sum: float
    minimum: float
    maximum: float


Measured = tuple[str, "float | Statistics", str, dict[str, str]]
"""The name of a metric, a value (or what is known of many), its unit (`Count`, `Milliseconds`), and the metric's dimensions."""


async def put(ctx: Context, namespace: str, measured: Iterable[Measured], moment: float | None = None) -> bool:
    """Add values to metrics of the context's account and region, in its transaction. `moment` is when (epoch seconds), else now.

    Says whether an alarm looks at one of them.
    """
    cloudwatch = ctx.app.services.get("cloudwatch")
    if cloudwatch is None:
        return False
    return bool(await cloudwatch.provided["metrics"](ctx.at(service=cloudwatch), namespace, measured, moment))
