"""A server in a process of its own, which a test can kill."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from fogbank import pidfile

_START_TIMEOUT = 60.0
_POLL = 0.01


class ServerProcess:
    """`fogbank start` on a data directory and a free port. As a context manager it is stopped at the end.

    `endpoint` changes with every start. `options` are flags of `fogbank start`; `FOGBANK_*` variables are not passed on.
    """

    # what runs `fogbank`
    program = (sys.executable, "-m", "fogbank")

    def __init__(self, data_dir: str | Path, *options: str) -> None:
        """Start and return when it answers. Raises RuntimeError with its output when it ends instead."""
        self.data_dir = str(data_dir)
        self._options = options
        self.start()

    def start(self) -> None:
        self.launch()
        self.endpoint = self._wait_until_ready()

    def launch(self) -> None:
        """Start and return at once; the server is not ready yet."""
        command = [*self.program, "start", "--port=0", f"--data-dir={self.data_dir}", *self._options]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("FOGBANK_")}
        os.makedirs(self.data_dir, mode=0o700, exist_ok=True)
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def _log(self) -> Path:
        return Path(self.data_dir, "fogbank.log")

    def _wait_until_ready(self) -> str:
        deadline = time.monotonic() + _START_TIMEOUT
        while time.monotonic() < deadline and self._process.poll() is None:
            server = pidfile.read(self.data_dir)
            if server is not None and server.pid == self.pid:
                return server.endpoint
            time.sleep(_POLL)
        self.kill()
        raise RuntimeError(f"the server did not start: {self._log.read_text(errors='replace')}")

    def kill(self) -> None:
        """`kill -9`, and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Ask it to stop (SIGTERM), wait until it is gone, and return its exit code."""
        self._process.terminate()
        return self._process.wait()

    def restart(self) -> None:
        """Start again, after `kill` or `stop`, or after stopping it now."""
        if self._process.poll() is None:
            self.stop()
        self.start()

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self.stop()
