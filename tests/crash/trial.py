"""A trial: writers write, the server is killed and started again, and everything that was acknowledged has to be there."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
import time
import urllib.request
from collections import Counter as Tally
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fogbank.testing import Clients
from tests.crash import writers
from tests.crash.ledger import Broken
from tests.crash.server import Victim
from tests.crash.writers import Writer

ACCOUNT = "111122223333"
WORKING, STARTING, CHECKPOINT = "working", "starting", "checkpoint"
# one after the other
_KINDS = (WORKING, WORKING, WORKING, STARTING, CHECKPOINT)
_HOURS_AT_REST = 2

KINDS: dict[str, tuple[type[Writer], int]] = {
    "objects": (writers.Objects, 3),
    "versions": (writers.Versions, 1),
    "items": (writers.Items, 3),
    "counter": (writers.Counter, 2),
    "expiring": (writers.Expiring, 1),
    "messages": (writers.Messages, 2),
    "ordered": (writers.Ordered, 2),
}


class Trial:
    """`kills` counts by kind; `span` is how many seconds the writers have at most before a kill.

    `checkpoint_pages` is how long the log gets before it is brought into the main file: the less, the more often.
    """

    def __init__(
        self, directory: str | Path, seed: int, options: tuple[str, ...], span: float, checkpoint_pages: int
    ) -> None:
        self.random = random.Random(seed)
        self.span = span
        self.kills: Tally[str] = Tally()
        self._kinds = itertools.cycle(_KINDS)
        self.server = Victim(directory, *options, checkpoint_pages=checkpoint_pages)
        self._clients = Clients(self.server.endpoint, ACCOUNT)
        self._made: dict[str, Any] = {"clock": self.now}
        writers.make_buckets(self.client)
        writers.make_table(self.client)
        self.writers = [
            kind(f"{name}-{number}", self.client, seed)
            for name, (kind, count) in KINDS.items()
            for number in range(count)
        ]
        self._threads = ThreadPoolExecutor(len(self.writers))

    def client(self, service: str) -> Any:
        if service not in self._made:
            self._made[service] = self._clients(service, max_pool_connections=16, connect_timeout=5, read_timeout=20)
        return self._made[service]

    # -- one kill

    def kill(self) -> None:
        kind = next(self._kinds)
        working = [self._threads.submit(writer.run) for writer in self.writers]
        if kind != CHECKPOINT:
            time.sleep(self.random.uniform(0.02, self.span))
            self.server.kill()
        elif not self.server.kill_at_checkpoint(self.random, self.span):
            kind = WORKING
        for writer in working:
            writer.result()
        if kind == STARTING:
            self.server.kill_while_starting(self.random)
        self.kills[kind] += 1
        self.server.start()
        self._all(lambda writer: writer.settle())

    def _all(self, work: Callable[[Writer], None]) -> None:
        list(self._threads.map(work, self.writers))

    # -- what has to be there

    def verify(self) -> None:
        """Everything that does not have to wait for the clock."""
        self._all(lambda writer: writer.verify())
        writers.verify_counters([writer for writer in self.writers if isinstance(writer, writers.Counter)])
        if "Traceback" in self.server.log():
            raise Broken(f"the server logged a defect:\n{self.server.log()}")

    def rest(self) -> None:
        """Move the clock, so that everything has happened that was due, and verify all of it."""
        self.verify()
        self._admin("clock", {"advance": _HOURS_AT_REST * 3600})
        self._all(lambda writer: writer.at_rest())
        tasks = self._admin("tasks")
        overdue = [task for task in tasks["pending"] if task["due"] < self.now() - 60]
        if tasks["dead"] or overdue:
            raise Broken(f"dead tasks: {tasks['dead']}, overdue: {overdue}")

    def examine(self) -> None:
        """Stop the server, after a start that swept away what there was, and have `fogbank doctor` look at everything."""
        self.server.restart()
        self.server.stop()
        command = [sys.executable, "-m", "fogbank", "doctor", f"--data-dir={self.server.data_dir}"]
        found = subprocess.run(command, capture_output=True, text=True)
        if not found.stdout.startswith("No problems"):
            raise Broken(f"fogbank doctor: {found.stdout}{found.stderr}")
        self.server.start()

    def done(self) -> dict[str, int]:
        """Acknowledged changes by kind of writer."""
        found: Tally[str] = Tally()
        for writer in self.writers:
            found[writer.name.rpartition("-")[0]] += writer.done
        return dict(found)

    def close(self) -> None:
        self.server.__exit__(None, None, None)
        self._clients.close()
        self._threads.shutdown()

    # -- beside AWS's APIs

    def now(self) -> float:
        return float(self._admin("clock")["now"])

    def _admin(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.server.endpoint}/_fogbank/{path}", data, timeout=120) as answer:
            return json.load(answer)
