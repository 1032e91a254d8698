"""What the interpreter needs of whoever runs an execution: in the store (`durable`), or in memory (`express`)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from fogbank.services.stepfunctions import limits
from fogbank.services.stepfunctions.interpreter.strand import Outcome, Strand, Work
from fogbank.services.stepfunctions.language.definition import Definition
from fogbank.services.stepfunctions.language.failure import RUNTIME, Failure
from fogbank.services.stepfunctions.language.intrinsics import Draw

if TYPE_CHECKING:
    from fogbank.services.stepfunctions.interpreter.distributed import Plan
    from fogbank.services.stepfunctions.traces import Trace

SUCCEEDED, FAILED, TIMED_OUT, ABORTED, RUNNING = "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "RUNNING"


class Done(NamedTuple):
    """The work of a Task state is done. `is_submitted`: the service has taken it, and somebody will say when it is done."""

    result: Any
    is_submitted: bool = False


class HistoryFull(Exception):
    """There is room for no event but the last."""


class Run(ABC):
    """An execution under way.

    context   the parts of the context object that belong to the whole: `Execution` and `StateMachine`
    ready     the numbers of strands that can go on
    outcome   how it ended, once it has
    failure   the latest one of a state, whatever became of it
    trace     is told of states that are left, if the execution is traced
    """

    definition: Definition
    context: dict[str, Any]
    draw: Draw
    region: str
    events = 0

    def __init__(self) -> None:
        self.ready: deque[int] = deque()
        self.outcome: Outcome | None = None
        self.failure: Failure | None = None
        self.trace: Trace | None = None

    @abstractmethod
    def now(self) -> float:
        """Epoch seconds of the virtual clock."""

    # -- strands and what belongs to them

    @abstractmethod
    async def strand(self, number: int) -> Strand | None: ...

    @abstractmethod
    def new_strand(self, **about: Any) -> Strand:
        """One more strand, with the next number."""

    @abstractmethod
    def changed(self, strand: Strand) -> None:
        """The strand is to be kept as it is now."""

    @abstractmethod
    async def drop(self, strand: Strand) -> None:
        """The strand and the values that belong to it are gone."""

    @abstractmethod
    async def value(self, strand: Strand, kind: str, place: int) -> Any:
        """The item or result at a place of a fork; None when there is none."""

    @abstractmethod
    def put_value(self, strand: Strand, kind: str, place: int, value: Any) -> None: ...

    @abstractmethod
    async def clear(self, strand: Strand) -> None:
        """The values that belong to the strand are gone."""

    # -- history

    def event(self, strand: Strand, kind: str, details: dict[str, Any] | None = None, advances: bool = True) -> int:
        """Write an event of a strand into the history. Some do not come before the next one (`advances`). Raises HistoryFull."""
        if self.events >= limits.HISTORY_EVENTS - 1:
            raise HistoryFull
        self.events += 1
        self.write(self.events, strand.last, kind, details or {})
        if advances:
            strand.last = self.events
        return self.events

    @abstractmethod
    def write(self, number: int, previous: int, kind: str, details: dict[str, Any]) -> None:
        """Keep an event of the history."""

    # -- what takes time

    @abstractmethod
    async def wake(self, strand: Strand, moment: float) -> None:
        """Go on with the strand at an epoch second."""

    @abstractmethod
    def new_token(self, strand: Strand) -> str:
        """By which somebody may say that the work of the strand's state is done."""

    @abstractmethod
    async def perform(self, strand: Strand, work: Work) -> Done | None:
        """Have the work done, at once, or later (None). Raises Failure."""

    @abstractmethod
    async def settled(self, strand: Strand) -> None:
        """The work of the strand's state is over, so nobody needs to wait for it any more."""

    @abstractmethod
    async def map_run(self, strand: Strand, plan: Plan, inputs: list[tuple[Any, int]] | None) -> None:
        """Begin a Map Run: an execution of its own for each input; None for those that have to be read. Raises Failure."""

    # -- the end

    async def end(self, strand: Strand, outcome: Outcome) -> None:
        """The execution is over."""
        self.outcome = outcome
        self.events += 1
        self.write(self.events, strand.last, *_final(outcome))

    async def overflow(self, strand: Strand) -> None:
        cause = f"The execution reached the maximum number of history events ({limits.HISTORY_EVENTS})."
        await self.end(strand, Outcome(FAILED, error=RUNTIME, cause=cause))


_FINAL = {
    SUCCEEDED: "ExecutionSucceeded",
    FAILED: "ExecutionFailed",
    TIMED_OUT: "ExecutionTimedOut",
    ABORTED: "ExecutionAborted",
}


def _final(outcome: Outcome) -> tuple[str, dict[str, Any]]:
    """The last event of a history, and its details."""
    kind = _FINAL[outcome.status]
    if outcome.status == SUCCEEDED:
        return kind, {"output": outcome.output, "outputDetails": {"truncated": False}}
    found = {"error": outcome.error, "cause": outcome.cause}
    return kind, {name: text for name, text in found.items() if text is not None}
