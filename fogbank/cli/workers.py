"""Several processes on one port: a parent that forks workers, starts one anew that died, and serves nothing itself.

The parent owns the data directory, the port's number, and what the workers share (`fogbank.fleet.local.Crew`). It has no event loop and no
connection to the state, so a fork of it is a clean beginning. Workers end when their parent does, however it ended.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import time

from fogbank import pidfile
from fogbank.app import Worker, data_directory
from fogbank.cli.errors import CommandError, Exit
from fogbank.cli.messages import ready_line
from fogbank.config import Settings
from fogbank.fleet.local import Crew

log = logging.getLogger("fogbank.workers")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# a worker that ends sooner than this (seconds) after its start is not started again and again
_SHORT_LIFE = 5.0
_SHORT_LIVES = 5
_WAIT = 0.05


class Workers:
    """The parent's side. `run` returns when all workers have ended."""

    def __init__(self, settings: Settings) -> None:
        """Raises DirectoryBusy, StoreError, or OSError when the port cannot be had."""
        self._settings = settings
        self._crew = Crew(settings.workers)
        self._reserved = _reserve(settings)
        self._directory = data_directory(settings)
        # workers see the end of this pipe when the parent is gone
        self._watched, self._held = os.pipe()
        self._pids: dict[int, int] = {}
        self._born: dict[int, float] = {}
        self._short_lives = 0
        self._stopping = False

    def run(self) -> None:
        for each in _SIGNALS:
            signal.signal(each, self._stop)
        started = time.time()
        try:
            for number in range(self._settings.workers):
                self._start(number)
                self._wait_until_ready()
            endpoint = (
                f"{'https' if self._settings.tls else 'http'}://{self._settings.public_host}:{self._settings.port}"
            )
            pidfile.publish(pidfile.Running(self._directory.path, os.getpid(), endpoint, started))
            print(ready_line(endpoint, None if self._settings.ephemeral else self._directory.path), flush=True)
            self._mind()
        finally:
            pidfile.withdraw(self._directory.path)
            self._end_all()
            self._directory.close()

    # -- one worker

    def _start(self, number: int) -> None:
        self._crew.board.forget(number)
        self._ready, told = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(self._held)
            os.close(self._ready)
            for each in _SIGNALS:
                signal.signal(each, signal.SIG_DFL)
            _work(self._settings, Worker(number, self._crew, self._directory), self._watched, told)
        os.close(told)
        self._pids[pid] = number
        self._born[pid] = time.monotonic()

    def _wait_until_ready(self) -> None:
        """Raises CommandError, with the worker's words, when it ends instead."""
        with os.fdopen(self._ready, "rb") as pipe:
            said = pipe.read().decode()
        if said != "ready":
            code, _, message = said.partition(" ")
            raise CommandError(Exit(int(code)) if code else Exit.FAILED, message or "a worker did not start")

    # -- all of them

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _mind(self) -> None:
        """Start anew what dies, until told to stop."""
        while not self._stopping:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                time.sleep(_WAIT)
                continue
            number = self._pids.pop(pid)
            if time.monotonic() - self._born.pop(pid) < _SHORT_LIFE:
                self._short_lives += 1
            if self._short_lives >= _SHORT_LIVES:
                raise CommandError(Exit.FAILED, "the workers keep ending; the log says why")
            log.warning("worker %d (pid %d) ended with status %d: another one takes its place", number, pid, status)
            self._start(number)
            self._wait_until_ready()

    def _end_all(self) -> None:
        for pid in self._pids:
            os.kill(pid, signal.SIGTERM)
        for pid in self._pids:
            os.waitpid(pid, 0)
        self._pids.clear()
        self._reserved.close()


def _reserve(settings: Settings) -> socket.socket:
    """A socket that holds the port, so that every worker gets the same one. It does not listen."""
    _bind(settings, socket.SO_REUSEADDR).close()  # this one finds out whether another server listens there
    return _bind(settings, socket.SO_REUSEPORT)


def _bind(settings: Settings, option: int) -> socket.socket:
    """A bound socket; the settings have its port from then on. Raises OSError."""
    bound = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, option, 1)
        bound.bind((settings.host, settings.port))
    except OSError:
        bound.close()
        raise
    settings.port = bound.getsockname()[1]
    return bound


def _work(settings: Settings, worker: Worker, watched: int, told: int) -> None:
    """A worker's whole life."""
    from fogbank.cli.serve import loop_factory, serve_as_worker

    code = 0
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(serve_as_worker(settings, worker, watched, told))
    except CommandError as error:
        code = error.exit_code
        os.write(told, f"{code} {error}".encode())
    except BaseException:
        log.exception("worker %d", worker.number)
        code = Exit.FAILED
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
