"""Who serves a data directory: the file `fogbank.pid` beside its lock.

The lock, not the number in the file, says whether the server is alive, so neither a file left over by `kill -9` nor a number that
another process got since can mislead anyone. Lines of the file: process id, endpoint, start time (epoch seconds).
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import tempfile
from typing import NamedTuple

from fogbank.storage.datadir import EPHEMERAL_PREFIX
from fogbank.storage.temporary import LOCK

NAME = "fogbank.pid"


class Running(NamedTuple):
    """A live server, as its pid file tells it."""

    directory: str
    pid: int
    endpoint: str
    started: float

    @property
    def port(self) -> int:
        return int(self.endpoint.rpartition(":")[2])

    @property
    def is_alive(self) -> bool:
        return exists(self.pid) and _is_locked(self.directory)


def publish(server: Running) -> None:
    """Say where the server of the directory is reached, now that it is."""
    path = os.path.join(server.directory, NAME)
    with open(path + ".new", "w") as file:
        file.write(f"{server.pid}\n{server.endpoint}\n{server.started}\n")
    os.replace(path + ".new", path)


def withdraw(directory: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(directory, NAME))


def read(directory: str) -> Running | None:
    """The live server of the directory; None when there is none, or it is not ready yet."""
    try:
        with open(os.path.join(directory, NAME)) as file:
            pid, endpoint, started = file.read().split()
    except (OSError, ValueError):
        return None
    server = Running(directory, int(pid), endpoint, float(started))
    return server if server.is_alive else None


def ephemeral_servers() -> list[Running]:
    """The live servers that keep no state."""
    pattern = os.path.join(tempfile.gettempdir(), EPHEMERAL_PREFIX + "*")
    found = (read(directory) for directory in sorted(glob.glob(pattern)))
    return [server for server in found if server is not None]


def exists(pid: int) -> bool:
    """Is there such a process? One that has ended and was not waited for is none, where that can be seen (Linux)."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b") ")[2][:1] not in (b"Z", b"X")
    except OSError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_locked(directory: str) -> bool:
    """Does a live process own the directory? Looks by trying, so ask only when its process exists."""
    try:
        fd = os.open(os.path.join(directory, LOCK), os.O_RDWR)
    except FileNotFoundError:
        return False
    except PermissionError:
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False
