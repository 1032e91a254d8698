"""Delivery to Splunk: its HTTP Event Collector, with the acknowledgement that it has indexed what it was given.

https://docs.splunk.com/Documentation/Splunk/latest/Data/AboutHECIDXAck
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import orjson

from fogbank.kernel import outbound
from fogbank.services.firehose import endpoints, metering
from fogbank.services.firehose.buffers import Item
from fogbank.services.firehose.delivery import Delivery
from fogbank.services.firehose.refusals import Undelivered

_METRIC = "DeliveryToSplunk"
_FAILED = "splunk-failed"
_PATHS = {"Event": "/services/collector", "Raw": "/services/collector/raw"}
_ACKNOWLEDGED = "/services/collector/ack"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0


async def deliver(delivery: Delivery, items: list[Item]) -> None:
    """All records in one request. Raises Undelivered; when it has been tried for long enough, they are backed up."""
    if not items:
        return
    try:
        await _send(delivery, items)
    except Undelivered as failure:
        metering.failed(delivery.ctx, delivery.stream, _METRIC)
        await endpoints.give_up(delivery, items, failure, _FAILED)
        return
    metering.delivered(delivery.ctx, delivery.stream, _METRIC, items)


async def _send(delivery: Delivery, items: list[Item]) -> None:
    """Raises Undelivered."""
    chosen = delivery.settings
    token = await endpoints.secret(delivery.ctx, delivery.stream, chosen, "hec_token") or chosen["HECToken"]
    headers = {"Authorization": f"Splunk {token}", "X-Splunk-Request-Channel": delivery.batch.request}
    between = b"\n" if chosen["HECEndpointType"] == "Raw" else b""
    body = between.join(item.data for item in items)
    answer = await _asked(delivery, _PATHS[chosen["HECEndpointType"]], headers, body)
    if "ackId" not in answer:
        raise Undelivered(
            "Splunk.AckMissing",
            "The acknowledgement is missing. Enable indexer acknowledgement for the HEC token.",
            False,
        )
    await _acknowledged(delivery, headers, int(answer["ackId"]))


async def _acknowledged(delivery: Delivery, headers: dict[str, str], number: int) -> None:
    """Wait until it is indexed. Splunk lives in the world's time, so this is real time. Raises Undelivered."""
    end = time.monotonic() + delivery.settings["HECAcknowledgmentTimeoutInSeconds"]
    body, pause = orjson.dumps({"acks": [number]}), _FIRST_PAUSE
    while not (await _asked(delivery, _ACKNOWLEDGED, headers, body)).get("acks", {}).get(str(number)):
        if time.monotonic() >= end:
            raise Undelivered("Splunk.AckTimeout", "The timeout expired before Splunk acknowledged the data.")
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


async def _asked(delivery: Delivery, path: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    url = delivery.settings["HECEndpoint"].rstrip("/") + path
    try:
        answer = await outbound.send(delivery.ctx, "POST", url, headers, body)
        document = orjson.loads(answer.body or b"{}")
    except outbound.Unreachable as error:
        raise Undelivered("Splunk.ConnectionTimeout", str(error)) from error
    except ValueError as error:
        raise Undelivered("Splunk.InvalidResponse", "The answer of Splunk is not JSON.") from error
    if answer.status in (401, 403):
        raise Undelivered("Splunk.InvalidToken", "The HEC token is invalid. Update Firehose with a valid HEC token.")
    if answer.status != 200:
        raise Undelivered("Splunk.ServerError", f"Splunk answered with status {answer.status}.")
    return document if isinstance(document, dict) else {}
