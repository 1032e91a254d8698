"""Map Runs as they lie in the store.

map_runs     (machine/label, id)   MapRun
map_inputs   (id, place)           Input of a child
map_results  (id, place)           Result of a child
runs_of      (execution's key, -started us, id)  where the Map Runs of an execution are
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.stepfunctions import arns, errors
from fogbank.services.stepfunctions.interpreter.run import RUNNING
from fogbank.services.stepfunctions.service import service


class Counts(Record, frozen=True):
    """Of items, or of executions. Those that have not begun are the rest of `total`."""

    total: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    timed_out: int = 0
    aborted: int = 0
    written: int = 0


class MapRun(Record, frozen=True):
    """A Map Run. Times are epoch seconds, 0 for never.

    machine, name, number, attempt  the strand that waits for it
    path                            which machine of the definition its children run
    begun                           how many children were begun
    count, percentage               tolerated failures, None when the state does not say
    writer                          bucket, prefix and configuration of the results' place
    """

    id: str
    label: str
    machine: str
    name: str
    number: int
    attempt: int
    path: list[str]
    started: float
    concurrency: int
    count: int | None
    percentage: float | None
    express: bool
    writer: dict[str, Any] | None
    status: str = RUNNING
    stopped: float = 0.0
    begun: int = 0
    items: Counts = Counts()
    executions: Counts = Counts()
    redrives: int = 0
    redriven: float = 0.0

    @property
    def place(self) -> tuple[str, str]:
        return f"{self.machine.partition('/')[0]}/{self.label}", self.id


class Input(Record, frozen=True):
    value: Any
    items: int


class Result(Record, frozen=True):
    """How a child ended."""

    name: str
    arn: str
    status: str
    items: int
    input: str
    output: str | None
    error: str | None
    cause: str | None
    started: float
    stopped: float


map_runs = service.collection("map_runs", MapRun)
map_inputs = service.collection("map_inputs", Input)
map_results = service.collection("map_results", Result)
runs_of = service.collection("map_runs_of", list[str])


def arn_of(ctx: Context, run: MapRun) -> str:
    return arns.own(ctx, arns.MAP_RUN, ":".join(run.place))


async def find_map_run(ctx: Context, text: str) -> MapRun:
    """Raises InvalidArn, ResourceNotFound."""
    arn = arns.parse(text, arns.MAP_RUN)
    found = await map_runs.get(ctx, arn.name, arn.qualifier) if arn.qualifier else None
    if found is None:
        raise errors.no_map_run(text)
    return found
