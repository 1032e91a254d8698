"""DNS on the server's own port, over UDP: questions go to Route 53, once there is a zone.

It is a door like HTTP's, but nobody depends on it: where the port cannot be had, the log says so, and the server goes on without.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from fogbank.kernel.collection import has_rows
from fogbank.storage.base import StoreError

if TYPE_CHECKING:
    from fogbank.app import App

log = logging.getLogger("fogbank.dns")

_SERVICE = "route53"


class Questions(asyncio.DatagramProtocol):
    """Packets of DNS to and from everybody."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._transport: asyncio.DatagramTransport | None = None
        self._answering: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[Any, ...]) -> None:
        task = asyncio.ensure_future(self._answer(data, address))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, data: bytes, address: tuple[Any, ...]) -> None:
        try:
            if not self._app.services.has_loaded(_SERVICE) and not await self._has_zones():
                return
            service = self._app.services[_SERVICE]
            ctx = self._app.system_context(_SERVICE, region="us-east-1")
            answer = await service.provided["dns"](ctx, data, address[0])
        except Exception:
            log.exception("no answer to a question of %s", address[0])
            return
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, address)

    async def _has_zones(self) -> bool:
        ctx = self._app.system_context()
        try:
            return await ctx.transact(has_rows, ctx, _SERVICE, "names")
        except StoreError:
            return False

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def listen(app: App, host: str, port: int, shared: bool) -> Questions | None:
    """Answer questions on a port; None where it is taken. `shared`: other processes answer on the same one."""
    questions = Questions(app)
    loop = asyncio.get_running_loop()
    try:
        await loop.create_datagram_endpoint(
            lambda: questions, local_addr=(host, port), reuse_port=True if shared else None
        )
    except OSError as error:
        log.warning("no DNS on UDP port %d: %s", port, error)
        return None
    return questions
