"""Batches on their way through a pipe, and what of them failed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from fogbank.kernel import AWSError, Context, operations
from fogbank.services.pipes import templating
from fogbank.services.pipes.pipe import Pipe, as_role, pipe_arn

Event = Any


class Failed(Exception):
    """The whole batch failed. The text says why, `status` and `service` what was answered by whom, if that is known."""

    def __init__(
        self, message: str, is_throttled: bool = False, status: int | None = None, service: str | None = None
    ) -> None:
        super().__init__(message)
        self.is_throttled = is_throttled
        self.status = status
        self.service = service


class Call(NamedTuple):
    """What an enrichment or a target was asked, and its answer, if there was one."""

    request: dict[str, Any]
    response: dict[str, Any] | None


class Batch(NamedTuple):
    """Events, and the texts that are made of them, for an enrichment or a target (`arn`). `parameters` are those of `arn`.

    `calls` are those that were made for it so far.
    """

    ctx: Context
    pipe: Pipe
    arn: str
    parameters: dict[str, Any]
    events: list[Event]
    texts: list[str]
    calls: list[Call]

    def array(self) -> bytes:
        """All of it as one JSON array, for those that take that."""
        return b"[" + ",".join(map(_document, self.texts)).encode() + b"]"

    async def call(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Call an operation as the pipe's role. Raises Failed."""
        answer = None
        try:
            scope = await as_role(self.ctx, self.pipe, self.arn)
            answer = await called(scope, service, operation, params)
        except AWSError as error:
            throttled = "Throttl" in error.code or "TooManyRequests" in error.code
            raise Failed(f"{error.code}: {error.message}", throttled, error.status, service) from error
        finally:
            self.calls.append(Call(params, answer))
        return answer


def _document(text: str) -> str:
    """A text as a value of JSON: as it is when it is one, else in quotes."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return orjson.dumps(text).decode()
    return text


async def called(scope: Context, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    """Call an operation with the permissions of the context, in a transaction if it is one. Raises AWSError."""
    given = {name: value for name, value in params.items() if value is not None}

    async def work() -> dict[str, Any]:
        return await scope.call(service, operation, given, as_caller=True)

    return await (scope.transact(work) if operations.is_transactional(scope.app, service, operation) else work())


def made(ctx: Context, pipe: Pipe, noun: str, arn: str, events: list[Event]) -> Batch:
    """The batch of some events for the pipe's `Enrichment` or `Target`, each event by its template."""
    parameters = pipe.parameters(f"{noun}Parameters")
    template = parameters.get("InputTemplate")
    variables = {
        "aws.pipes.enrichment-arn": pipe.enrichment,
        "aws.pipes.event.ingestion-time": _timestamp(ctx.now()),
        "aws.pipes.pipe-arn": pipe_arn(ctx, pipe.name),
        "aws.pipes.pipe-name": pipe.name,
        "aws.pipes.source-arn": pipe.source,
        "aws.pipes.target-arn": pipe.target,
    }
    texts = [
        templating.filled(template, event, variables) if template else orjson.dumps(event).decode() for event in events
    ]
    return Batch(ctx, pipe, arn, parameters, events, texts, [])


def _timestamp(moment: float) -> str:
    """`2030-01-01T00:00:00Z`"""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
