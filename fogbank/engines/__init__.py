"""Engines: real programs behind services, and what keeps them. Each lives as long as its server, and no longer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from fogbank.app import App

log = logging.getLogger("fogbank.engines")

# an engine has so long to stop (seconds); what it leaves then ends with the process
_STOP_SECONDS = 20.0


class Engine:
    async def close(self) -> None:
        """Stop the program. What it holds that is state lies in the store, or in its directory."""

    async def settle(self) -> None:
        """The clock is about to be moved: put what belongs to the present into the store."""

    async def forget(self, account: str | None) -> None:
        """The state of an account is gone, or that of all: let go of what belongs to it."""


E = TypeVar("E", bound=Engine)


class Engines:
    """The engines of this process, each made on its first use."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._running: dict[str, Engine] = {}

    def get(self, name: str, make: Callable[[App], E]) -> E:
        """The engine of that name; `make` begins it when there is none yet."""
        engine = self._running.get(name)
        if engine is None:
            engine = self._running[name] = make(self._app)
        return engine  # type: ignore[return-value]

    async def settle(self) -> None:
        """See `Engine.settle`."""
        for engine in tuple(self._running.values()):
            await engine.settle()

    async def forget(self, account: str | None) -> None:
        """See `Engine.forget`."""
        for engine in tuple(self._running.values()):
            await engine.forget(account)

    async def close(self) -> None:
        """Stop them all, the last one first."""
        while self._running:
            name, engine = self._running.popitem()
            try:
                await asyncio.wait_for(engine.close(), _STOP_SECONDS)
            except TimeoutError:
                log.warning("%s did not stop within %.0f s", name, _STOP_SECONDS)
