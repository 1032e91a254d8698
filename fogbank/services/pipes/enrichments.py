"""Enrichments: what a function or a state machine makes of a batch before the target is given it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/pipes-enrichment.html
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import orjson

from fogbank.kernel import Context
from fogbank.kernel.errors import not_implemented
from fogbank.services.pipes import errors
from fogbank.services.pipes.batches import Batch, Failed, is_there
from fogbank.services.pipes.sources import place_of


class Kind(NamedTuple):
    pattern: str
    service: str
    operation: str
    enrich: Callable[[Batch], Awaitable[bytes]]


async def _function(batch: Batch) -> bytes:
    params = {"FunctionName": batch.arn, "InvocationType": "RequestResponse", "Payload": batch.array()}
    answer = await batch.call("lambda", "Invoke", params)
    if answer.get("FunctionError"):
        raise Failed(f"The enrichment failed: {answer['FunctionError']}")
    return answer.get("Payload") or b""


async def _state_machine(batch: Batch) -> bytes:
    params = {"stateMachineArn": batch.arn, "input": batch.array().decode()}
    answer = await batch.call("stepfunctions", "StartSyncExecution", params)
    if answer["status"] != "SUCCEEDED":
        raise Failed(f"The enrichment ended as {answer['status']}: {answer.get('error')}")
    return str(answer.get("output") or "").encode()


_KINDS = (
    Kind(r"lambda:function:.+", "lambda", "Invoke", _function),
    Kind(r"states:stateMachine:.+", "stepfunctions", "StartSyncExecution", _state_machine),
)
# what AWS has besides: the services of these enrichments
_OTHERS = ("events", "execute-api")


def kind_of(arn: str) -> Kind:
    """Raises ValidationException, NotImplemented."""
    place = place_of(arn)
    kind = next((kind for kind in _KINDS if re.fullmatch(kind.pattern, place)), None)
    if kind is None and place.partition(":")[0] in _OTHERS:
        raise errors.unsupported("enrichment", arn)
    if kind is None:
        raise errors.invalid_arn("enrichment", arn)
    return kind


def check(ctx: Context, arn: str) -> None:
    """Raises ValidationException, NotImplemented."""
    kind = kind_of(arn)
    if not is_there(ctx, kind.service, kind.operation):
        raise not_implemented(kind.service, kind.operation)


async def enrich(batch: Batch) -> list[Any]:
    """The events that the enrichment makes of a batch. With an empty answer the target is given nothing. Raises Failed."""
    answer = await kind_of(batch.arn).enrich(batch)
    try:
        events = orjson.loads(answer or b"null")
    except orjson.JSONDecodeError:
        events = answer.decode("utf-8", "replace")
    if events in (None, "", {}, []):
        return []
    return events if isinstance(events, list) else [events]
