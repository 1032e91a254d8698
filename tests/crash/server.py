"""A server to be killed: on one port through all its lives, with small logs so that it is often at a checkpoint.

Run as a program it is `fogbank` with that one difference.
"""

from __future__ import annotations

import os
import random
import socket
import sys
import time
from pathlib import Path

from fogbank.testing import ServerProcess

_CHECKPOINT_PAGES = "CRASH_CHECKPOINT_PAGES"


class Victim(ServerProcess):
    """`seconds` has how long each start took."""

    program = (sys.executable, __file__)

    def __init__(self, directory: str | Path, *options: str, checkpoint_pages: int) -> None:
        os.environ[_CHECKPOINT_PAGES] = str(checkpoint_pages)
        self.seconds: list[float] = []
        super().__init__(directory, *options, f"--port={_free_port()}")

    def start(self) -> None:
        begun = time.monotonic()
        super().start()
        self.seconds.append(time.monotonic() - begun)

    def kill_while_starting(self, chance: random.Random) -> None:
        """Start and kill before it has served anything, or just when it begins to."""
        self.launch()
        time.sleep(chance.uniform(0, 0.3))
        self.kill()

    def kill_at_checkpoint(self, chance: random.Random, patience: float) -> bool:
        """Kill when the main file is written, which only a checkpoint does; or after `patience` seconds. Was it one?"""
        deadline = time.monotonic() + patience
        before = self._main_file()
        while self._main_file() == before and time.monotonic() < deadline:
            time.sleep(0.0005)
        caught = self._main_file() != before
        time.sleep(chance.choice((0, 0, 0.0005, 0.002)))
        self.kill()
        return caught

    def _main_file(self) -> tuple[int, int]:
        found = os.stat(os.path.join(self.data_dir, "state.db"))
        return found.st_mtime_ns, found.st_size

    def log(self) -> str:
        return self._log.read_text(errors="replace")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _serve() -> int:
    import fogbank.storage.sqlite

    fogbank.storage.sqlite._CHECKPOINT_PAGES = int(os.environ[_CHECKPOINT_PAGES])
    from fogbank.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(_serve())
