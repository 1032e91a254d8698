"""Executions: batches on their way through a pipe, step by step. What is measured and logged of a pipe is what its executions went through.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-logs.html#eb-pipes-logs-level
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import orjson

from fogbank.kernel import Context
from fogbank.services.pipes.batches import Batch, Failed
from fogbank.services.pipes.pipe import Pipe

ENRICHMENT, TARGET = "ENRICHMENT", "TARGET"

_INFO = frozenset(
    {
        *("EXECUTION_STARTED", "EXECUTION_SUCCEEDED", "ENRICHMENT_INVOCATION_SKIPPED"),
        *(f"{stage}_STAGE_{step}" for stage in (ENRICHMENT, TARGET) for step in ("ENTERED", "SUCCEEDED")),
    }
)
_ERRORS = ("FAILED", "THROTTLED", "TIMEOUT")


class Step(NamedTuple):
    """`moment` is in epoch seconds; `payload`, `request` and `response` are JSON, `error` what went wrong."""

    name: str
    moment: float
    payload: bytes | None = None
    request: bytes | None = None
    response: bytes | None = None
    error: Failed | None = None

    @property
    def level(self) -> str:
        if self.name.endswith(_ERRORS):
            return "ERROR"
        return "INFO" if self.name in _INFO else "TRACE"


class Execution:
    """One batch of `events` and what became of it so far."""

    def __init__(self, ctx: Context, pipe: Pipe, events: list[Any]) -> None:
        self.ctx = ctx
        self.pipe = pipe
        self.id = ctx.ids.uuid()
        self.count = len(events)
        self.payload = orjson.dumps(events)
        self.begun = ctx.now()
        self.steps: list[Step] = []
        self.durations: dict[str, float] = {}
        self.note("EXECUTION_STARTED", payload=self.payload)

    def note(self, name: str, **more: Any) -> None:
        self.steps.append(Step(name, self.ctx.now(), **more))

    def went_through(self, name: str) -> bool:
        return any(step.name == name for step in self.steps)

    @contextmanager
    def stage(self, stage: str) -> Iterator[None]:
        """What happens inside is a stage (ENRICHMENT, TARGET). It fails with what it raises (Failed)."""
        begun = self.ctx.now()
        self.note(f"{stage}_STAGE_ENTERED")
        try:
            yield
        except Failed as failure:
            self.note(f"{stage}_STAGE_FAILED", error=failure)
            raise
        finally:
            self.durations[stage] = self.ctx.now() - begun

    def transformed(self, stage: str, batch: Batch) -> None:
        """A batch was made by its template."""
        if batch.parameters.get("InputTemplate"):
            self.note(f"{stage}_TRANSFORMATION_STARTED")
            self.note(f"{stage}_TRANSFORMATION_SUCCEEDED", payload=batch.array())

    @contextmanager
    def invocation(self, stage: str, batch: Batch) -> Iterator[None]:
        """What happens inside invokes the stage's enrichment or target. How it went is noted by the caller unless it fails."""
        self.note(f"{stage}_INVOCATION_STARTED")
        try:
            yield
        except Failed as failure:
            self.invoked(stage, "FAILED", batch, failure)
            raise

    def invoked(self, stage: str, outcome: str, batch: Batch, error: Failed | None = None) -> None:
        """`outcome`: SUCCEEDED, PARTIALLY_FAILED, FAILED."""
        requests = _documents([call.request for call in batch.calls])
        responses = _documents([call.response for call in batch.calls if call.response is not None])
        self.note(f"{stage}_INVOCATION_{outcome}", request=requests, response=responses, error=error)


def _documents(found: list[Any]) -> bytes | None:
    """One as it is, several as an array."""
    if not found:
        return None
    return orjson.dumps(found[0] if len(found) == 1 else found, default=_text)


def _text(value: Any) -> str:
    return bytes(value).decode("utf-8", "replace")
