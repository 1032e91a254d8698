"""Discoverers of the Schema Registry as targets: they learn from the events that their managed rules match."""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.services.events.deliveries import Delivery
from fogbank.services.events.failures import Failure
from fogbank.services.events.kinds import declare


async def observe(ctx: Context, delivery: Delivery) -> None:
    schemas = ctx.app.services.get("schemas")
    if schemas is None:
        raise Failure("NO_RESOURCE", "There is no Schema Registry.")
    await schemas.provided["discovery"].observe(ctx.at(service=schemas), delivery.event.document)


declare(r"schemas:discoverer/.+", observe)
