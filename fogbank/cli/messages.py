"""What a server says of itself, whether it starts here or in the background."""

from __future__ import annotations

from fogbank import __version__, pidfile
from fogbank.cli.errors import CommandError, Exit


def ready_line(endpoint: str, directory: str | None) -> str:
    """`directory` is None for a server that keeps no state."""
    state = "no state is kept" if directory is None else f"state in {directory}"
    return f"Fogbank {__version__} ready on {endpoint} ({state})"


def already_running(directory: str) -> CommandError:
    server = pidfile.read(directory)
    who = f"a server on {directory}" if server is None else f"pid {server.pid} on {directory}, at {server.endpoint}"
    return CommandError(Exit.ALREADY_RUNNING, f"already running: {who}")
