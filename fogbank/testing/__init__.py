"""Fogbank in tests: `server()` in this process, `ServerProcess` for crashes, and the pytest fixtures of `fogbank.testing.plugin`.

pytest loads the plugin in every project that has Fogbank installed, so nothing is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fogbank.testing.clients import Clients
    from fogbank.testing.clock import ServerClock
    from fogbank.testing.in_process import InProcessServer, server
    from fogbank.testing.process import ServerProcess

__all__ = ["Clients", "InProcessServer", "ServerClock", "ServerProcess", "server"]

_HOMES = {
    "Clients": "clients",
    "InProcessServer": "in_process",
    "ServerClock": "clock",
    "ServerProcess": "process",
    "server": "in_process",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
