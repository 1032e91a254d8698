"""The board: a page of memory that the workers of one machine share, made before they are forked.

It says, without any message, what everybody has to know at once: what time it is, and how often the state was changed.

    clock         two doubles: the offset, and the moment at which the clock is held (0: it runs)
    commits       how many commits there were; whoever sees another number than before looks at the file anew
    definitions   how many of them wrote a row of a cached collection
    waiting       a byte per worker: does it wait for its turn to write?
    interest      a table of bytes per worker: under a topic's hash, does somebody there wait for it?
"""

from __future__ import annotations

import mmap
from zlib import crc32

from fogbank.fleet.base import Topic

_TOPICS = 8192
_COUNTERS = 16
_WAITING = 64


class Board:
    """Counters are only ever changed by the worker whose turn it is to write, bytes by the worker they belong to."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        whole = memoryview(mmap.mmap(-1, _WAITING + workers * (1 + _TOPICS)))
        self.clock = whole[:_COUNTERS].cast("d")
        self.counters = whole[_COUNTERS:_WAITING].cast("Q")
        self._waiting = whole[_WAITING : _WAITING + workers]
        self._interest = whole[_WAITING + workers :]

    # -- how often the state was changed

    @property
    def commits(self) -> int:
        return self.counters[0]

    @property
    def definitions(self) -> int:
        return self.counters[1]

    def committed(self, defines: bool) -> None:
        if defines:
            self.counters[1] += 1
        self.counters[0] += 1

    # -- who waits for his turn

    def wait(self, worker: int, waits: bool) -> None:
        self._waiting[worker] = waits

    def somebody_waits(self) -> bool:
        return any(self._waiting)

    # -- who waits for what

    def watch(self, worker: int, slot: int, watches: bool) -> None:
        self._interest[worker * _TOPICS + slot] = watches

    def watched(self, topic: Topic, but: int) -> bool:
        """Does a worker other than `but` watch the topic (or one with the same hash)?"""
        slot = slot_of(topic)
        return any(self._interest[worker * _TOPICS + slot] for worker in range(self.workers) if worker != but)

    def forget(self, worker: int) -> None:
        """The worker died, and all that it wanted with it."""
        self._waiting[worker] = 0
        self._interest[worker * _TOPICS : (worker + 1) * _TOPICS] = bytes(_TOPICS)


def slot_of(topic: Topic) -> int:
    return crc32("\0".join(topic).encode()) % _TOPICS
