"""Enrichments: what a function or a state machine makes of a batch before the target is given it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/pipes-enrichment.html
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import orjson

from fogbank.kernel import Context, operations
from fogbank.kernel.errors import not_implemented
from fogbank.services.pipes import endpoints, errors
from fogbank.services.pipes.batches import Batch, Failed
from fogbank.services.pipes.sources import place_of


class Kind(NamedTuple):
    """A kind of enrichment: `pattern` is of the ARN's `service:resource`; `enrich` answers a batch with JSON."""

    pattern: str
    service: str
    operation: str
    enrich: Callable[[Batch], Awaitable[list[Any]]]


def _events(answer: bytes) -> list[Any]:
    """The events of an answer: of an empty one none."""
    try:
        events = orjson.loads(answer or b"null")
    except orjson.JSONDecodeError:
        events = answer.decode("utf-8", "replace")
    if events in (None, "", {}, []):
        return []
    return events if isinstance(events, list) else [events]


async def _function(batch: Batch) -> list[Any]:
    params = {"FunctionName": batch.arn, "InvocationType": "RequestResponse", "Payload": batch.array()}
    answer = await batch.call("lambda", "Invoke", params)
    if answer.get("FunctionError"):
        raise Failed(f"The enrichment failed: {answer['FunctionError']}")
    return _events(answer.get("Payload") or b"")


async def _state_machine(batch: Batch) -> list[Any]:
    params = {"stateMachineArn": batch.arn, "input": batch.array().decode()}
    answer = await batch.call("stepfunctions", "StartSyncExecution", params)
    if answer["status"] != "SUCCEEDED":
        raise Failed(f"The enrichment ended as {answer['status']}: {answer.get('error')}")
    return _events(str(answer.get("output") or "").encode())


async def _endpoint(batch: Batch) -> list[Any]:
    answers = [await endpoints.ask(batch, place) for place in range(len(batch.events))]
    return [event for answer in answers for event in _events(answer)]


_KINDS = (
    Kind(r"lambda:function:.+", "lambda", "Invoke", _function),
    Kind(endpoints.PATTERN, "events", "CreateApiDestination", _endpoint),
    Kind(r"states:stateMachine:.+", "stepfunctions", "StartSyncExecution", _state_machine),
)


def kind_of(arn: str) -> Kind:
    """Raises ValidationException, NotImplemented."""
    place = place_of(arn)
    kind = next((kind for kind in _KINDS if re.fullmatch(kind.pattern, place)), None)
    if kind is None:
        raise errors.invalid_arn("enrichment", arn)
    return kind


def check(ctx: Context, arn: str) -> None:
    """Raises ValidationException, NotImplemented."""
    kind = kind_of(arn)
    if not operations.is_there(ctx.app, kind.service, kind.operation):
        raise not_implemented(kind.service, kind.operation)


async def enrich(batch: Batch) -> list[Any]:
    """The events that the enrichment makes of a batch. With an empty answer the target is given nothing. Raises Failed."""
    return await kind_of(batch.arn).enrich(batch)
