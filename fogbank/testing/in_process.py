"""A server inside the test's process, on an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from fogbank import app
from fogbank.config import Settings

log = logging.getLogger("fogbank.testing")

T = TypeVar("T")
_STOP_SECONDS = 60.0


class InProcessServer:
    """A running server. `endpoint` is its URL; `app` is its inside, to be used through `call` only."""

    def __init__(self, settings: Settings) -> None:
        """Start and return when it answers. Raises what `fogbank.app.start` raises."""
        self._settings = settings
        started: Future[app.Server] = Future()
        self._thread = threading.Thread(target=self._run, args=(started,), name="fogbank", daemon=True)
        self._thread.start()
        self._server = started.result()

    def _run(self, started: Future[app.Server]) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            self._stop = asyncio.Event()
            runner.run(self._serve(started))

    async def _serve(self, started: Future[app.Server]) -> None:
        try:
            server = await app.start(self._settings)
        except BaseException as error:
            started.set_exception(error)
            return
        started.set_result(server)
        await self._stop.wait()
        await server.close()

    @property
    def app(self) -> app.App:
        return self._server.app

    @property
    def endpoint(self) -> str:
        return self._server.endpoint

    @property
    def port(self) -> int:
        return self._server.port

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's loop, for example `server.call(server.app.reset())`."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def reset(self, account: str | None = None) -> None:
        """Forget all state, or that of one account."""
        self.call(self.app.reset(account))

    def close(self) -> None:
        """Stop. What does not end within a minute is left to the end of the process."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_STOP_SECONDS)
        if self._thread.is_alive():
            log.warning("the server at %s did not stop within %.0f s", self.endpoint, _STOP_SECONDS)


@contextmanager
def server(data_dir: str | None = None, **options: Any) -> Iterator[InProcessServer]:
    """A server on a free port of 127.0.0.1 that keeps no state, or keeps it in `data_dir`.

    `options` are fields of `fogbank.config.Settings`; `FOGBANK_*` variables are not read.
    """
    if data_dir is None:
        options.setdefault("ephemeral", True)
    else:
        options["data_dir"] = str(data_dir)
    running = InProcessServer(Settings(**{"port": 0, **options}))
    try:
        yield running
    finally:
        running.close()
