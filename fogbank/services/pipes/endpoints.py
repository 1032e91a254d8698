"""API destinations, and methods of API Gateway's APIs, as enrichments and targets: a request for each event.

https://docs.aws.amazon.com/eventbridge/latest/userguide/pipes-enrichment.html#eb-pipes-enrichment-api
"""

from __future__ import annotations

import zlib
from typing import Any

import msgspec

from fogbank.apis import calling
from fogbank.kernel import AWSError, api_destinations
from fogbank.kernel.api_destinations import Message
from fogbank.services.pipes.batches import Batch, Call, Event, Failed
from fogbank.services.pipes.pipe import as_role
from fogbank.services.pipes.templating import resolved

PATTERN = rf"events:api-destination/[^/]+/.+|{calling.PATTERN}"
_GZIP_OR_DEFLATE = 47  # zlib's window bits for either header


async def ask(batch: Batch, place: int) -> bytes:
    """Send one event of a batch. Returns the body of the answer. Raises Failed."""
    message = _message(batch.parameters.get("HttpParameters") or {}, batch.events[place], batch.texts[place])
    request = msgspec.to_builtins(message)
    try:
        scope = await as_role(batch.ctx, batch.pipe, batch.arn)
        ask_it = calling.ask if ":execute-api:" in batch.arn else api_destinations.invoke
        answer = await ask_it(scope, batch.arn, message)
    except AWSError as error:
        batch.calls.append(Call(request, None))
        raise Failed(f"{error.code}: {error.message}", False, error.status, "events") from error
    batch.calls.append(Call(request, {"status": answer.status, "body": answer.body}))
    if not 200 <= answer.status < 300:
        told = f"The endpoint answered with status {answer.status}."
        raise Failed(told, answer.status == 429, answer.status, "events")
    if answer.headers.get("content-encoding") in ("gzip", "deflate"):
        return _unpacked(answer.body)
    return answer.body


def _unpacked(body: bytes) -> bytes:
    try:
        return zlib.decompress(body, _GZIP_OR_DEFLATE)
    except zlib.error as error:
        raise Failed("The endpoint's answer cannot be unpacked.") from error


def _message(given: dict[str, Any], event: Event, text: str) -> Message:
    return Message(
        text,
        [resolved(value, event) for value in given.get("PathParameterValues") or ()],
        _values(given.get("QueryStringParameters"), event),
        _values(given.get("HeaderParameters"), event),
    )


def _values(given: dict[str, str] | None, event: Event) -> dict[str, str]:
    return {name: resolved(value, event) for name, value in (given or {}).items()}
