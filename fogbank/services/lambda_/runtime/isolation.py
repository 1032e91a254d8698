"""Whether functions can have a file system of their own on this machine, and what it is made from."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from functools import cached_property
from pathlib import Path

import orjson

from fogbank.engines import rooms
from fogbank.storage.temporary import TemporaryDirectory

# It takes milliseconds; a busy machine that is given up on would leave all functions without file systems of their own.
_SECONDS = 60
_APPEARING = ("task", "runtime", "bytecode", "node_modules")


class Rooms:
    """`directory` is the engine's own."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._making = threading.Lock()
        self._temporary: TemporaryDirectory | None = None

    @cached_property
    def skeleton(self) -> str:
        """The directory of empty directories, after a room was made from it once; empty when that failed. Blocks."""
        if sys.platform != "linux":
            return ""
        place = Path(self._place(), "var")
        for name in _APPEARING:
            (place / name).mkdir(parents=True, exist_ok=True)
        nothing = str(place / "task")
        room = {
            "task": nothing,
            "runtime": nothing,
            "bytecode": nothing,
            "modules": [nothing],
            "layers": [nothing],
            "skeleton": str(place),
            "tmp": 1 << 20,
        }
        return str(place) if _can_enter(room) else ""

    def _place(self) -> str:
        """What is laid over /var must not come from there."""
        if not os.path.realpath(self._directory).startswith("/var/"):
            return self._directory
        return self._own_temporary().path

    def scratch(self) -> str:
        """A new directory for the temporary files of an environment that has no /tmp of its own. Blocks."""
        return tempfile.mkdtemp(dir=self._own_temporary().path)

    def _own_temporary(self) -> TemporaryDirectory:
        with self._making:
            if self._temporary is None:
                self._temporary = TemporaryDirectory("fogbank-lambda-")
            return self._temporary

    def close(self) -> None:
        if self._temporary is not None:
            self._temporary.close()


def _can_enter(room: dict[str, object]) -> bool:
    command = [sys.executable, "-I", "-S", rooms.__file__, orjson.dumps(room).decode()]
    try:
        tried = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0
