"""Fleet: all processes that serve one state, as one of them sees it. Most servers are alone in theirs.

Nothing here is state. What is said between processes hurries things along (somebody's message is there, a task is due, the clock was
moved); what gets lost is found again by looking.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from fogbank.app import App

log = logging.getLogger("fogbank.fleet")

Topic = tuple[str, ...]
Handler = Callable[[Any], Awaitable[Any]]

# topics that are woken within this time (seconds) are told in one message
_GATHER = 0.002
_ANSWER_SECONDS = 5.0

_pack = msgspec.msgpack.Encoder().encode


class NoAnswer(Exception):
    """A process that was asked is gone, or too busy to say anything."""


class Fleet:
    """One process, with nobody else; `Messenger` is for several.

    `name` is this process's own among the others. `handlers` answer what others say, by kind; the App fills it.
    """

    name = "0"

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}

    @property
    def leads(self) -> bool:
        """Is this the process that runs the tasks?"""
        return True

    async def open(self, app: App) -> None:
        """Join the others. The store is open, the handlers are in place."""

    async def close(self) -> None:
        """Leave."""

    def wanted(self, topic: Topic) -> bool:
        """May somebody elsewhere be waiting for this topic?"""
        return False

    def watching(self, topic: Topic, begins: bool) -> None:
        """Somebody here begins or ends to wait for a topic."""

    def wake(self, topic: Topic) -> None:
        """Wake those who wait for the topic in other processes, soon."""

    def tell(self, kind: str, body: Any = None) -> None:
        """Say something to all others, who may miss it."""

    async def ask(self, kind: str, body: Any = None) -> dict[str, Any]:
        """The answers of all others, by name. Those that do not answer in time are left out."""
        return {}

    async def ask_leader(self, kind: str, body: Any = None) -> Any:
        """The answer of the process that runs the tasks. Raises NoAnswer when it is gone."""
        raise NoAnswer("this is the leader")


class Message(msgspec.Struct, array_like=True):
    """`number` is there when an answer is wanted, and comes back with it. `kind` is empty in an answer, `error` when all is well."""

    sender: str
    kind: str
    body: Any = None
    number: int = 0
    error: str = ""


_unpack = msgspec.msgpack.Decoder(Message).decode


class Messenger(Fleet, ABC):
    """A fleet whose processes send each other messages. A subclass knows how, and who is there."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self._numbers = itertools.count(1)
        self._asked: dict[tuple[str, int], asyncio.Future[Any]] = {}
        self._topics: set[Topic] = set()
        self._work: set[asyncio.Task[None]] = set()

    # -- what a subclass provides

    @property
    @abstractmethod
    def others(self) -> list[str]:
        """The names of the other processes, as far as they are known to be alive."""

    @property
    @abstractmethod
    def leader(self) -> str | None:
        """The name of the process that runs the tasks."""

    @abstractmethod
    def _send(self, to: str | None, data: bytes) -> None:
        """Send bytes to one process, or to all others; they may get lost."""

    # -- what everybody uses

    @property
    def leads(self) -> bool:
        return self.leader == self.name

    def wake(self, topic: Topic) -> None:
        if not self._topics:
            asyncio.get_running_loop().call_later(_GATHER, self._wake)
        self._topics.add(topic)

    def _wake(self) -> None:
        topics, self._topics = self._topics, set()
        self.tell("wake", list(topics))

    def tell(self, kind: str, body: Any = None) -> None:
        self._send(None, _pack(Message(self.name, kind, body)))

    async def ask(self, kind: str, body: Any = None) -> dict[str, Any]:
        names = self.others
        answers = await asyncio.gather(*(self._ask(name, kind, body) for name in names), return_exceptions=True)
        return {
            name: answer for name, answer in zip(names, answers, strict=True) if not isinstance(answer, BaseException)
        }

    async def ask_leader(self, kind: str, body: Any = None) -> Any:
        """Waits as long as there is a leader who may be working on it."""
        leader = self.leader
        if leader is None:
            raise NoAnswer("no process runs the tasks at the moment")
        return await self._ask(leader, kind, body, patient=True)

    async def _ask(self, to: str, kind: str, body: Any, patient: bool = False) -> Any:
        number = next(self._numbers)
        answer = self._asked[to, number] = asyncio.get_running_loop().create_future()
        try:
            self._send(to, _pack(Message(self.name, kind, body, number)))
            while not answer.done():
                await asyncio.wait((answer,), timeout=_ANSWER_SECONDS)
                if not answer.done() and not (patient and to in self.others):
                    raise NoAnswer(f"worker {to} did not answer")
            return answer.result()
        finally:
            del self._asked[to, number]

    def _received(self, data: bytes) -> None:
        message = _unpack(data)
        if message.sender == self.name:
            return
        if not message.kind:
            self._answered(message)
            return
        work = asyncio.get_running_loop().create_task(self._handle(message))
        self._work.add(work)
        work.add_done_callback(self._work.discard)

    def _answered(self, message: Message) -> None:
        answer = self._asked.get((message.sender, message.number))
        if answer is None or answer.done():
            return
        if message.error:
            answer.set_exception(NoAnswer(message.error))
        else:
            answer.set_result(message.body)

    async def _handle(self, message: Message) -> None:
        answer = Message(self.name, "", None, message.number)
        try:
            answer.body = await self.handlers[message.kind](message.body)
        except Exception as error:
            log.exception("worker %s said %s", message.sender, message.kind)
            answer.error = f"worker {self.name}: {error}"
        if message.number:
            self._send(message.sender, _pack(answer))

    async def close(self) -> None:
        for work in list(self._work):
            work.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
