"""The workers of one machine: forked from one parent, with a board and a datagram socket each between them.

The first worker runs the tasks. The parent starts a worker that died anew, so nobody has to be elected.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from typing import TYPE_CHECKING

from fogbank.fleet.base import Messenger, Topic
from fogbank.fleet.board import Board, slot_of

if TYPE_CHECKING:
    from fogbank.app import App

_LARGEST = 1 << 20


class Crew:
    """What the workers have in common; made by their parent before it forks them."""

    def __init__(self, workers: int) -> None:
        self.board = Board(workers)
        self.sockets = [_pair() for _ in range(workers)]

    def __len__(self) -> int:
        return self.board.workers


def _pair() -> tuple[socket.socket, socket.socket]:
    """A worker's own end, and the one that others write to."""
    receiving, sending = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    for end in (receiving, sending):
        end.setblocking(False)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LARGEST)
    return receiving, sending


class LocalFleet(Messenger):
    """A worker, by its number, among those of its crew."""

    def __init__(self, crew: Crew, number: int) -> None:
        super().__init__(str(number))
        self.number = number
        self.board = crew.board
        self._crew = crew
        self._watched: Counter[int] = Counter()

    @property
    def others(self) -> list[str]:
        return [str(number) for number in range(len(self._crew)) if number != self.number]

    @property
    def leader(self) -> str:
        return "0"

    async def open(self, app: App) -> None:
        asyncio.get_running_loop().add_reader(self._crew.sockets[self.number][0].fileno(), self._readable)

    async def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._crew.sockets[self.number][0].fileno())
        await super().close()

    def _readable(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                self._received(self._crew.sockets[self.number][0].recv(_LARGEST))

    def _send(self, to: str | None, data: bytes) -> None:
        for name in self.others if to is None else (to,):
            # a worker that is dead, or far behind, finds out by itself
            with contextlib.suppress(OSError):
                self._crew.sockets[int(name)][1].send(data)

    # -- who waits for what

    def wanted(self, topic: Topic) -> bool:
        return self.board.watched(topic, self.number)

    def watching(self, topic: Topic, begins: bool) -> None:
        slot = slot_of(topic)
        self._watched[slot] += 1 if begins else -1
        self.board.watch(self.number, slot, self._watched[slot] > 0)
