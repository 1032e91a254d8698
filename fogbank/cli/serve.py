"""Serving in this process until a signal comes."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

from fogbank import app, pidfile
from fogbank.cli.errors import CommandError, Exit
from fogbank.cli.messages import already_running, ready_line
from fogbank.config import Settings
from fogbank.storage.base import NewerFormat, StoreError
from fogbank.storage.datadir import DirectoryBusy
from fogbank.telemetry import logs

# macOS allows no more, whatever it says
_FILES = 10_240
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; print one line when ready. Raises CommandError when the server cannot start."""
    logs.configure(settings)
    _allow_files()
    if settings.workers > 1:
        _run_workers(settings)
        return
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(settings))


def _allow_files() -> None:
    """Have as many files and connections open as the machine lets us: many systems begin with 256 or 1,024."""
    if resource is None:
        return
    now, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if highest == resource.RLIM_INFINITY else min(_FILES, highest)
    if now != resource.RLIM_INFINITY and now < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, highest))


def _run_workers(settings: Settings) -> None:
    from fogbank.cli.workers import Workers

    with _explained(settings):
        workers = Workers(settings)
    workers.run()


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


async def _serve(settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.set)
    server = await _start(settings)
    directory = server.app.directory.path
    pidfile.publish(pidfile.Running(directory, os.getpid(), server.endpoint, server.app.started))
    print(ready_line(server.endpoint, None if settings.ephemeral else directory), flush=True)
    await stop.wait()
    # From here on a second signal ends the process at once; what was acknowledged is safe.
    for number in _SIGNALS:
        loop.remove_signal_handler(number)
    pidfile.withdraw(directory)
    await server.close()


async def serve_as_worker(settings: Settings, worker: app.Worker, parent: int, told: int) -> None:
    """Serve as one of several processes, until a signal comes or the pipe `parent` ends. `told` hears when it is ready."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.set)
    loop.add_reader(parent, stop.set)
    server = await _start(settings, worker)
    os.write(told, b"ready")
    os.close(told)
    await stop.wait()
    loop.remove_reader(parent)
    await server.close()


async def _start(settings: Settings, worker: app.Worker | None = None) -> app.Server:
    with _explained(settings):
        return await app.start(settings, worker)


@contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    """Turn what keeps a server from starting into one line and an exit code."""
    try:
        yield
    except DirectoryBusy:
        raise already_running(settings.data_dir) from None
    except NewerFormat as error:
        raise CommandError(Exit.NEWER_FORMAT, str(error)) from None
    except StoreError as error:
        raise CommandError(Exit.DIRECTORY_UNUSABLE, str(error)) from None
    except OSError as error:
        raise _cannot_listen(settings, error) from None


def _cannot_listen(settings: Settings, error: OSError) -> CommandError:
    if error.errno == errno.EADDRINUSE:
        return CommandError(Exit.PORT_UNAVAILABLE, f"port {settings.port} is in use: choose another one with --port")
    if error.errno == errno.EACCES:
        return CommandError(Exit.PORT_UNAVAILABLE, f"port {settings.port} needs more rights: choose one above 1023")
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return CommandError(Exit.PORT_UNAVAILABLE, f"{settings.host} is not an address of this machine")
    return CommandError(Exit.FAILED, f"cannot start: {error}")
