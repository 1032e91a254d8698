"""What there is to tell of a running server, looked up when somebody asks."""

from __future__ import annotations

import os
import platform
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fogbank.kernel import tasks
from fogbank.storage.blobs import in_thread
from fogbank.telemetry.metrics import Family, Sample, StoreMeter, TaskMeter, counter, gauge, histogram

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.storage.blobs import Blobs

COUNTED = 10_000
"""Up to here tasks are counted one by one, so that a long queue does not make asking expensive."""
_BLOBS_KEPT = 60.0

# caches that count for themselves: their name, and where the cached function is
_CACHES = (
    ("codecs", "fogbank.protocols.codec", "codec"),
    ("policies", "fogbank.identity.policy", "compiled"),
    ("signing_keys", "fogbank.identity.sigv4", "signing_key"),
)


class Collector:
    """Gathers the families of one process, and those of the state that all processes share."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._blobs: tuple[int, int] = (0, 0)
        self._blobs_seen = float("-inf")

    def of_process(self) -> list[Family]:
        app = self.app
        connections = sum(front.connections for front in app.gateway.fronts)
        return [
            *app.gateway.meter.families(),
            gauge("fogbank_connections", "Open connections of clients.", connections),
            *_commits(app.store.meter),
            *_caches(app),
            *_task_runs(app.tasks.meter),
            *_build(app),
            *_process(app),
        ]

    async def of_state(self) -> list[Family]:
        app = self.app
        size = await app.store.size()
        return [
            *([] if size is None else [gauge("fogbank_store_bytes", "Size of the store, with its log.", size)]),
            *await self._blob_files(),
            *await _task_queue(app),
            gauge("fogbank_clock_offset_seconds", "Virtual time ahead of the real one.", app.clock.offset),
        ]

    async def _blob_files(self) -> list[Family]:
        """Counted in a thread, and not again within a minute: there may be many."""
        if time.monotonic() - self._blobs_seen > _BLOBS_KEPT:
            self._blobs_seen = time.monotonic()
            self._blobs = await in_thread(_usage, self.app.blobs)
        count, size = self._blobs
        return [
            gauge("fogbank_blobs", "Blobs, as counted at most a minute ago.", count),
            gauge("fogbank_blobs_bytes", "Bytes of blobs, as counted at most a minute ago.", size),
        ]


def _usage(blobs: Blobs) -> tuple[int, int]:
    """(number, bytes) of blobs."""
    count = size = 0
    for shelf in blobs.shelves():
        lengths = blobs.contents(shelf).values()
        count += len(lengths)
        size += sum(lengths)
    return count, size


# -- the store and its caches


def _commits(meter: StoreMeter) -> list[Family]:
    return [
        histogram(
            "fogbank_commit_duration_seconds", "Commits, from their beginning until they are durable.", meter.seconds
        ),
        histogram("fogbank_commit_rows", "Rows written or deleted per commit.", meter.rows),
        histogram("fogbank_commit_transactions", "Transactions that shared a commit.", meter.transactions),
        counter("fogbank_commit_failures", "Commits that were lost; their requests were answered 503.", meter.failures),
        counter("fogbank_transaction_retries", "Transactions run again after a conflict.", meter.retries),
    ]


def _caches(app: App) -> list[Family]:
    meter = app.store.meter
    known = {"records": (meter.hits, meter.misses, len(app.store.decoded))}
    for name, module, function in _CACHES:
        cached: Any = getattr(sys.modules.get(module), function, None)
        if cached is not None:
            hits, misses, _, entries = cached.cache_info()
            known[name] = (hits, misses, entries)
    columns = [[Sample({"cache": name}, values[at]) for name, values in known.items()] for at in range(3)]
    return [
        Family("fogbank_cache_hits", "counter", "Look-ups that a cache answered.", columns[0]),
        Family("fogbank_cache_misses", "counter", "Look-ups that a cache could not answer.", columns[1]),
        Family("fogbank_cache_entries", "gauge", "Entries of a cache.", columns[2]),
    ]


# -- tasks


def _task_runs(meter: TaskMeter) -> list[Family]:
    runs = [
        Sample({"service": service, "task": name, "outcome": outcome}, count)
        for (service, name, outcome), count in sorted(meter.runs.items())
    ]
    seconds = [
        Sample({"service": service, "task": name}, distribution)
        for (service, name), distribution in sorted(meter.seconds.items())
    ]
    return [
        Family("fogbank_task_runs", "counter", "Tasks run, by how it ended.", runs),
        Family("fogbank_task_duration_seconds", "histogram", "How long tasks ran.", seconds),
    ]


async def _task_queue(app: App) -> list[Family]:
    ctx = app.system_context()

    async def look() -> tuple[int, int, int, list[tasks.Task]]:
        due = (int(app.clock.now() * 1e6) + 1,)
        return (
            await tasks.pending.count(ctx, limit=COUNTED),
            await tasks.pending.count(ctx, limit=COUNTED, until=due),
            await tasks.dead.count(ctx, limit=COUNTED),
            await tasks.pending.scan(ctx, limit=1, until=due),
        )

    pending, due, dead, first = await ctx.transact(look)
    age = app.clock.now() - first[0].due / 1e6 if first else 0.0
    counted = f"counted up to {COUNTED}"
    return [
        gauge("fogbank_tasks_pending", f"Tasks to be run, now or later; {counted}.", pending),
        gauge("fogbank_tasks_due", f"Tasks whose time has come; {counted}.", due),
        gauge(
            "fogbank_tasks_oldest_due_seconds",
            "Since when the first of these is due, in virtual time.",
            age,
        ),
        gauge("fogbank_tasks_dead", f"Tasks that failed too often to be tried again; {counted}.", dead),
    ]


# -- the process


def _build(app: App) -> list[Family]:
    labels = {"version": app.version, "python": platform.python_version()}
    return [Family("fogbank_build_info", "gauge", "Always 1; the labels say what runs.", [Sample(labels, 1)])]


def _process(app: App) -> list[Family]:
    """Under the names that every client library of Prometheus has for them. Memory and files only where there is /proc."""
    families = [
        counter("process_cpu_seconds", "User and system CPU time.", time.process_time()),
        gauge("process_start_time_seconds", "Start of the server since the epoch.", app.started),
    ]
    with suppress(OSError):
        with open("/proc/self/statm") as file:
            virtual, resident = (int(pages) * os.sysconf("SC_PAGE_SIZE") for pages in file.read().split()[:2])
        families += [
            gauge("process_virtual_memory_bytes", "Virtual memory.", virtual),
            gauge("process_resident_memory_bytes", "Resident memory.", resident),
            gauge("process_open_fds", "Open file descriptors.", len(os.listdir("/proc/self/fd")) - 1),
        ]
    return families
