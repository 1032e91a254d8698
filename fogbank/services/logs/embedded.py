"""Metrics that are embedded in log events: a JSON object with `_aws.CloudWatchMetrics` is a log event and values of metrics.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from fogbank.kernel import Context, metrics
from fogbank.services.logs.chunks import Line

_MARK = '"CloudWatchMetrics"'
_METRICS = 100
_DIMENSIONS = 30


async def measure(ctx: Context, lines: list[Line]) -> None:
    """Give the metrics what the events say. What is not as specified is a log event and nothing else."""
    for ms, message in lines:
        if _MARK not in message:
            continue
        for namespace, measured in values_in(message):
            await metrics.put(ctx, namespace, measured, ms // 1000)


def values_in(message: str) -> Iterator[tuple[str, list[metrics.Measured]]]:
    """(namespace, values) for each directive of an event."""
    try:
        document = orjson.loads(message)
        directives = document["_aws"]["CloudWatchMetrics"]
        for directive in directives:
            yield str(directive["Namespace"]), list(_values(document, directive))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return


def _values(document: dict[str, Any], directive: dict[str, Any]) -> Iterator[metrics.Measured]:
    for names in directive.get("Dimensions") or [[]]:
        dimensions = {name: str(document[name]) for name in names[:_DIMENSIONS]}
        for definition in directive["Metrics"][:_METRICS]:
            found = document.get(definition["Name"])
            for value in found if isinstance(found, list) else [found]:
                if isinstance(value, int | float) and not isinstance(value, bool):
                    yield definition["Name"], float(value), definition.get("Unit") or "None", dimensions
