"""GetMetricWidgetImage. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricWidgetImage.html"""

from __future__ import annotations

import asyncio
from typing import Any

from fogbank.kernel import Context
from fogbank.kernel.errors import not_implemented
from fogbank.services.cloudwatch import drawing, errors, queries, widgets
from fogbank.services.cloudwatch.drawing import Drawn
from fogbank.services.cloudwatch.service import service
from fogbank.services.cloudwatch.widgets import BadWidget, Widget

Request = dict[str, Any]
Answer = dict[str, Any]


@service.operation(transaction=False)
async def get_metric_widget_image(ctx: Context, request: Request) -> Answer:
    """The values are read in a transaction, the image is drawn beside it."""
    if (request.get("OutputFormat") or "png") != "png":
        raise errors.validation("The parameter OutputFormat must be png.")
    try:
        widget = widgets.parse(request["MetricWidget"], ctx.now())
    except BadWidget as error:
        raise errors.validation(str(error)) from None
    drawn = await ctx.transact(_read, ctx, widget)
    try:
        return {"MetricWidgetImage": await asyncio.to_thread(drawing.png, widget, drawn)}
    except ImportError:
        raise not_implemented("cloudwatch", "GetMetricWidgetImage (without `pip install fogbank[images]`)") from None


async def _read(ctx: Context, widget: Widget) -> list[Drawn]:
    lines = {line.id: line for line in widget.lines}
    found = await queries.computed(ctx, widget.queries, widget.start, widget.end)
    return [
        Drawn(each.label, lines[each.id].color or drawing.color_of(nth), each.series, on_right=lines[each.id].on_right)
        for nth, each in enumerate(found)
    ]
