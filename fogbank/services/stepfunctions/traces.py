"""What X-Ray is told of executions whose state machine traces: a segment of the execution, and a subsegment of each state.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html
"""

from __future__ import annotations

import hashlib
from typing import Any

from fogbank.kernel import Context, tracing
from fogbank.services.stepfunctions.interpreter.run import SUCCEEDED
from fogbank.services.stepfunctions.interpreter.strand import Outcome, Strand
from fogbank.services.stepfunctions.language.failure import Failure

Document = dict[str, Any]

_ORIGIN = "AWS::STEPFUNCTIONS::STATEMACHINE"


def header_of(ctx: Context, given: str, is_on: bool) -> str:
    """The tracing header of a new execution: what it is given, or the beginning of a trace if its state machine has it traced."""
    parts = tracing.parts_of(given)
    if not is_on or "Root" in parts:
        return given
    return f"Root=1-{int(ctx.now()):08x}-{ctx.ids.hex(24)};Sampled=1"


class Trace:
    """The trace of an execution. `header` is the execution's, `onward` what those are given that it asks for something."""

    def __init__(self, ctx: Context, execution: str, machine: str, name: str, header: str) -> None:
        parts = tracing.parts_of(header)
        self._ctx = ctx
        self._execution, self._machine, self._name = execution, machine, name
        self._root, self._parent = parts["Root"], parts.get("Parent")
        self._segment = hashlib.sha256(execution.encode()).hexdigest()[:16]
        self._waiting: list[Document] = []
        self.onward = f"Root={self._root};Parent={self._segment};Sampled=1"

    def state(self, strand: Strand, now: float, failure: Failure | None = None) -> None:
        """A strand leaves a state, or fails in it."""
        document = self._entity(strand.state, self._ctx.ids.hex(16), strand.entered, now)
        self._waiting.append({**document, "type": "subsegment", "parent_id": self._segment, **_fault(failure)})

    def ended(self, started: float, now: float, outcome: Outcome) -> None:
        document = {
            **self._entity(self._name, self._segment, started, now),
            "origin": _ORIGIN,
            "resource_arn": self._machine,
            "aws": {"execution_arn": self._execution, "account_id": self._ctx.account},
        }
        if self._parent:
            document["parent_id"] = self._parent
        failure = None if outcome.status == SUCCEEDED else Failure(outcome.error, outcome.cause)
        self._waiting.append({**document, **_fault(failure)})

    def _entity(self, name: str, id: str, start: float, end: float) -> Document:
        return {"name": name, "id": id, "trace_id": self._root, "start_time": start, "end_time": max(start, end)}

    def deliver(self) -> None:
        """Have X-Ray told what was gathered; in a transaction, when it is committed."""
        ctx, documents, self._waiting = self._ctx, self._waiting, []
        if documents and ctx.tx is not None:
            ctx.after_commit(lambda: tracing.note(ctx, documents))
        elif documents:
            tracing.note(ctx, documents)


def _fault(failure: Failure | None) -> Document:
    if failure is None:
        return {}
    exception = {"id": "0" * 16, "type": failure.error or "", "message": failure.cause or ""}
    return {"fault": True, "cause": {"exceptions": [exception]}}


def trace_of(ctx: Context, execution: str, machine: str, name: str, header: str, is_on: bool) -> Trace | None:
    """The trace of an execution, if there is one: its state machine has it traced, and its caller does not object."""
    parts = tracing.parts_of(header)
    if not is_on or "Root" not in parts or parts.get("Sampled") == "0":
        return None
    return Trace(ctx, execution, machine, name, header)
