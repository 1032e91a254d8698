"""Connections of WebSocket APIs: the open sockets of this process, and how others reach them.

A connection is a live thing: it is gone with its process, and nothing of it is state. Who has something for one asks `post`, which asks the
other processes of the fleet when the connection is not here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from fogbank.engines import Engine

if TYPE_CHECKING:
    from fogbank.app import App

_KIND = "websocket"


class About(msgspec.Struct, frozen=True):
    """What is known of a connection. Times are epoch seconds."""

    account: str
    region: str
    api: str
    stage: str
    connected: float
    active: float
    source_ip: str
    user_agent: str


class Socket(Protocol):
    """An open connection."""

    def about(self) -> About: ...

    def post(self, data: bytes) -> None:
        """Send data to the client: as text, where it is text."""

    async def shut(self, code: int, reason: str) -> None:
        """Close it, and see to the end of it."""


class Sockets(Engine):
    """The connections of this process, by their ids."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.open: dict[str, Socket] = {}

    async def asked(self, body: tuple[str, str, bytes]) -> Any:
        """What another process wants of a connection: None when it is not here."""
        verb, identifier, data = body
        socket = self.open.get(identifier)
        if socket is None:
            return None
        await _VERBS[verb](socket, data)
        return msgspec.to_builtins(socket.about())

    async def ask(self, verb: str, identifier: str, data: bytes = b"") -> About | None:
        """`look`, `post` or `shut`; None when there is no such connection anywhere."""
        answer = await self.asked((verb, identifier, data))
        if answer is None:
            others = await self._app.fleet.ask(_KIND, (verb, identifier, data))
            answer = next((each for each in others.values() if each is not None), None)
        return None if answer is None else msgspec.convert(answer, About)

    async def close(self) -> None:
        await self._shut_all(self.open.values())

    async def forget(self, account: str | None) -> None:
        await self._shut_all(each for each in self.open.values() if account in (None, each.about().account))

    async def _shut_all(self, sockets: Iterable[Socket]) -> None:
        await asyncio.gather(*[socket.shut(1001, "Going away") for socket in list(sockets)])


async def _look(socket: Socket, data: bytes) -> None:
    """Nothing is done."""


async def _post(socket: Socket, data: bytes) -> None:
    socket.post(data)


async def _shut(socket: Socket, data: bytes) -> None:
    await socket.shut(1000, "Connection Closed Normally")


_VERBS: dict[str, Callable[[Socket, bytes], Awaitable[None]]] = {"look": _look, "post": _post, "shut": _shut}


def sockets_of(app: App) -> Sockets:
    return app.engines.get("websockets", Sockets)
