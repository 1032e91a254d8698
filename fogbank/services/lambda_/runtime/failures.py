"""Why an environment cannot go on, and the error document that its invoker gets."""

from __future__ import annotations

from typing import NamedTuple

import orjson

from fogbank.services.lambda_.runtime.interface import Answered

TIMED_OUT = "Sandbox.Timedout"
OUT_OF_MEMORY = "Runtime.OutOfMemory"


class Failure(NamedTuple):
    """`kind` is the type of the error; `document` is the one that the runtime gave, without which `reason` makes one.

    `cause` is what reports say instead of the kind.
    """

    kind: str
    reason: str = ""
    document: bytes = b""
    cause: str = ""

    @property
    def reported(self) -> str:
        return self.cause or self.kind

    @property
    def status(self) -> str:
        """As the platform's events say it."""
        return "timeout" if self.kind == TIMED_OUT else "error"

    def text(self, request_id: str) -> str:
        return f"RequestId: {request_id} Error: {self.reason}"

    def remark(self, now: str, request_id: str) -> str:
        """How the log says it; empty for what the runtime has said there itself."""
        if self.document:
            return ""
        if self.kind == TIMED_OUT:
            return f"{now} {request_id} {self.reason}"
        return f"{self.text(request_id)}\n{self.kind}"

    def answered(self, request_id: str) -> Answered:
        if self.document:
            return Answered(self.document, self.kind, True)
        document = {"errorType": self.kind, "errorMessage": self.text(request_id)}
        return Answered(orjson.dumps(document), self.kind, True)


def timed_out(seconds: float) -> Failure:
    return Failure(TIMED_OUT, f"Task timed out after {seconds:.2f} seconds")
