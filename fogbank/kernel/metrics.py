"""Metrics that services emit about their resources (`AWS/Lambda`), as CloudWatch shows them.

Values of one minute share a row, so a service that gathers what it measured and puts it now and then, in a transaction that it has anyway,
pays next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fogbank.kernel.context import Context

Measured = tuple[str, float, str, dict[str, str]]
"""The name of a metric, a value, its unit (`Count`, `Milliseconds`), and the metric's dimensions."""


async def put(ctx: Context, namespace: str, measured: Iterable[Measured], moment: float | None = None) -> None:
    """Add values to metrics of the context's account and region, in its transaction. `moment` is when (epoch seconds), else now."""
    cloudwatch = ctx.app.services.get("cloudwatch")
    if cloudwatch is not None:
        await cloudwatch.provided["metrics"](ctx.at(service=cloudwatch), namespace, measured, moment)
