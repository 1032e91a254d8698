"""What an audit finds in the events that come in: a metric, and reports for the destination that the policy names.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/mask-sensitive-log-data-audit-findings.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, data_identifiers, metrics
from fogbank.services.logs.chunks import Line
from fogbank.services.logs.metering import NAMESPACE
from fogbank.services.logs.protection import documents, identifiers
from fogbank.services.logs.protection.lens import Lens
from fogbank.services.logs.rulings import Ruling


async def report(ctx: Context, lens: Lens, lines: list[Line], now: int) -> None:
    """Have told what is found in events that have just come in."""
    for ruling in lens.rulings:
        if ruling.counts(lens.group, now):
            await _report(ctx, lens.group, ruling, lines)


async def _report(ctx: Context, group: str, ruling: Ruling, lines: list[Line]) -> None:
    sought = identifiers.of_policy(ruling.document)
    found = [places for _, message in lines if (places := data_identifiers.findings(message, sought))]
    if not found:
        return
    dimensions = {"LogGroupName": group, "DataProtectionOperation": "Audit"}
    await metrics.put(ctx, NAMESPACE, [("LogEventsWithFindings", float(len(found)), "Count", dimensions)])
    destination = documents.destinations_of(ruling.document)
    if destination:
        payload = {"group": group, "destination": destination, "findings": [_described(places) for places in found]}
        await ctx.schedule("audit", payload)


def _described(places: dict[str, list[tuple[int, int]]]) -> list[dict[str, Any]]:
    return [
        {"name": name, "count": len(spans), "detections": [{"start": start, "end": end} for start, end in spans]}
        for name, spans in places.items()
    ]
