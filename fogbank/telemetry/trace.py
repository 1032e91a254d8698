"""Which request or task the code at hand works for: its id for the lines of the log, its stages for the slow-request log.

A trace goes along in a context variable, so it also reaches asyncio tasks and work that a request starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter


class Trace:
    """One request on its way. Moments are those of `perf_counter`, 0 while they have not come; `waited` is in seconds.

    The names are those of AWS: `service` of botocore, `operation` of the model. They are empty until they are known.
    """

    __slots__ = (
        "account",
        "answered",
        "authenticated",
        "operated",
        "operation",
        "parsed",
        "request_id",
        "service",
        "started",
        "waited",
    )

    def __init__(self) -> None:
        self.request_id = self.service = self.operation = self.account = ""
        self.authenticated = self.parsed = self.operated = self.waited = 0.0
        self.answered = False
        self.started = perf_counter()


current: ContextVar[Trace | None] = ContextVar("fogbank-trace", default=None)


def request_id() -> str:
    """The id of the request or task at hand, empty when there is none. Work that outlives its request is nobody's."""
    trace = current.get()
    return "" if trace is None or trace.answered else trace.request_id


@contextmanager
def working_for(request_id: str) -> Iterator[None]:
    """Everything inside is done for that request or task; for what is not started by the gateway: tasks."""
    trace = Trace()
    trace.request_id = request_id
    token = current.set(trace)
    try:
        yield
    finally:
        current.reset(token)


@contextmanager
def waiting() -> Iterator[None]:
    """The request at hand waits because it was asked to (a long poll): that time does not count as its own."""
    trace = current.get()
    began = perf_counter()
    try:
        yield
    finally:
        if trace is not None:
            trace.waited += perf_counter() - began
