"""What a consumer is told to do, and what becomes of a batch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

Records = list[dict[str, Any]]

# The most bytes in a batch: the payload of an invocation.
BATCH_BYTES = 6 * 1024 * 1024


class Settings(NamedTuple):
    """Times in seconds. `retries` and `age` are -1 for no limit. `reports_failures`: the handler tells which records failed.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
    """

    batch_size: int
    window: float = 0
    concurrency: int = 5
    reports_failures: bool = False
    retries: int = -1
    age: float = -1
    bisects: bool = False
    parallel: int = 1
    tumbling: float = 0
    starting: str = "TRIM_HORIZON"
    starting_at: float | None = None


class Verdict(NamedTuple):
    """What became of a batch. `failed` are the identifiers of records that failed, when only some did; `error` says that all did.

    `state` is what a tumbling window hands on.
    """

    failed: tuple[str, ...] = ()
    error: str = ""
    is_throttled: bool = False
    state: dict[str, Any] | None = None

    @property
    def is_good(self) -> bool:
        return not (self.failed or self.error or self.is_throttled)


GOOD = Verdict()


class Window(NamedTuple):
    """The tumbling window that a batch is of. Times are epoch seconds."""

    start: float
    end: float
    state: dict[str, Any]
    is_final: bool
    is_early: bool = False


class Batch(NamedTuple):
    """Records in the form of an event's `Records`. `shard` is empty for a queue."""

    records: Records
    shard: str = ""
    window: Window | None = None


Handle = Callable[[Batch], Awaitable[Verdict]]
Passes = Callable[[dict[str, Any]], bool]
"""Is the record let through by the filters?"""


def let_all(record: dict[str, Any]) -> bool:
    return True
