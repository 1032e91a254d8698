"""What a process notes for a moment and then puts into the store together, so that noting it costs next to nothing.

What was gathered last is lost when the process is killed: this is for what nobody was promised, as metrics and traces.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from fogbank.engines import Engine

if TYPE_CHECKING:
    from fogbank.app import App


class Gathering(Engine):
    """An engine. Who extends it notes things, and calls `_begin` after each."""

    moment: ClassVar[float]
    """Seconds to gather for."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._soon: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    @property
    @abstractmethod
    def _gathered(self) -> Iterable[dict[Any, Any]]:
        """What was noted and is not put yet: by places, which are tuples that begin with the account."""

    @abstractmethod
    async def _put_all(self) -> None:
        """Put what was noted."""

    def _begin(self) -> None:
        if self._soon is None or self._soon.done():
            self._soon = asyncio.ensure_future(self._put_soon())

    async def _put_soon(self) -> None:
        while any(self._gathered):
            await asyncio.sleep(self.moment)
            await self.put()

    async def put(self) -> None:
        """Put it now."""
        async with self._turn:
            await self._put_all()

    async def settle(self) -> None:
        await self.put()

    async def forget(self, account: str | None) -> None:
        """When this returns, what was being put already is there."""
        for gathered in self._gathered:
            for place in [place for place in gathered if account in (None, place[0])]:
                del gathered[place]
        async with self._turn:
            pass

    async def close(self) -> None:
        await self.put()  # also what is being put already
        if self._soon is not None:
            self._soon.cancel()
