"""The virtual clock of a server under test."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fogbank.testing.in_process import InProcessServer


class ServerClock:
    """Moves the server's time; what becomes due on the way has happened when `advance` returns."""

    def __init__(self, server: InProcessServer) -> None:
        self._server = server

    def now(self) -> float:
        """The server's time in epoch seconds (UTC)."""
        return self._server.app.clock.now()

    def advance(self, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        app = self._server.app
        self._server.call(app.advance(seconds + 60 * (minutes + 60 * (hours + 24 * days))))

    def reset(self) -> None:
        """Back to the real time."""
        self._server.call(self._server.app.reset_clock())
