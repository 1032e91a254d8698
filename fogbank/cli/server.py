"""Commands about the server's process: start, stop, status, logs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import IO

from fogbank import pidfile
from fogbank.cli.errors import CommandError, Exit
from fogbank.cli.messages import already_running, ready_line
from fogbank.config import OPTIONS, Settings, chosen_options
from fogbank.pidfile import Running

LOG_NAME = "fogbank.log"
_LOG_LIMIT = 10 << 20
_START_TIMEOUT = 60.0
_STOP_TIMEOUT = 30.0
_EXIT_TIMEOUT = 2.0
_POLL = 0.02


def start(command: Namespace) -> None:
    settings = Settings(**chosen_options(command.flags))
    if command.detach:
        _start_detached(settings, command.flags)
        return
    from fogbank.cli.serve import run

    run(settings)


def stop(command: Namespace) -> None:
    from fogbank.cli.locate import running_server

    server = running_server(command.flags)
    os.kill(server.pid, signal.SIGTERM)
    if not _wait_while(lambda: server.is_alive, _STOP_TIMEOUT):
        raise CommandError(Exit.FAILED, f"the server (pid {server.pid}) is still busy after {_STOP_TIMEOUT:.0f} s")
    # State and port are free; the process itself has little left to do, unless nobody reaps it and that cannot be seen.
    _wait_while(lambda: pidfile.exists(server.pid), _EXIT_TIMEOUT)
    print(f"Stopped (pid {server.pid})")


def _wait_while(condition: Callable[[], bool], seconds: float) -> bool:
    """Return True when the condition no longer holds, False when it still does after that time."""
    deadline = time.monotonic() + seconds
    while condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True


def status(command: Namespace) -> None:
    from fogbank.cli.admin_client import call
    from fogbank.cli.durations import describe_duration
    from fogbank.cli.locate import find_endpoint, find_server

    server = find_server(command.flags)
    endpoint = server.endpoint if server is not None else find_endpoint(command.flags)
    try:
        health = call(endpoint, "GET", "/_fogbank/health", timeout=5)
    except CommandError as error:
        if server is None:
            raise CommandError(Exit.NOT_RUNNING, f"not running (nothing answers at {endpoint})") from None
        raise CommandError(Exit.NO_ANSWER, f"pid {server.pid} runs, but {error}") from None
    print(f"Fogbank {health['version']} is running")
    print(f"  endpoint   {endpoint}")
    print(f"  pid        {health['pid']}")
    print(f"  data dir   {health['data_dir'] or 'none: no state is kept'}")
    print(f"  uptime     {describe_duration(health['uptime'])}")


def logs(command: Namespace) -> None:
    with open(_log_of(command.flags), errors="replace") as file:
        lines = file.readlines()
        sys.stdout.writelines(lines if command.lines is None else lines[len(lines) - max(command.lines, 0) :])
        while command.follow:
            sys.stdout.flush()
            time.sleep(0.2)
            sys.stdout.write(file.read())


def _log_of(flags: Mapping[str, str]) -> str:
    """The log of the running server, else what the last one of the data directory left."""
    from fogbank.cli.locate import find_server

    server = find_server(flags)
    directory = server.directory if server is not None else Settings(**chosen_options(flags)).data_dir
    path = os.path.join(directory, LOG_NAME)
    if not os.path.exists(path):
        raise CommandError(Exit.FAILED, f"there is no log at {path}: only a detached server writes one")
    return path


# -- in the background


def _start_detached(settings: Settings, flags: Mapping[str, str]) -> None:
    if not settings.ephemeral and pidfile.read(settings.data_dir) is not None:
        raise already_running(settings.data_dir)
    log_path = _new_log(settings)
    with open(log_path, "ab") as log:
        begin = log.tell()
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "fogbank", "start", *_as_arguments(flags)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    server = _wait_until_ready(child, settings)
    if server is None:
        raise _why_it_ended(child, log_path, begin, settings.ephemeral)
    if settings.ephemeral:
        # Its directory is known only now, and goes with the server.
        os.replace(log_path, os.path.join(server.directory, LOG_NAME))
    print(ready_line(server.endpoint, None if settings.ephemeral else server.directory))


def _new_log(settings: Settings) -> str:
    """Where the server is to log. A log that has grown large makes room for a new one."""
    if settings.ephemeral:
        import tempfile

        handle, path = tempfile.mkstemp(prefix="fogbank-", suffix=".log")
        os.close(handle)
        return path
    path = os.path.join(settings.data_dir, LOG_NAME)
    try:
        os.makedirs(settings.data_dir, mode=0o700, exist_ok=True)
        if os.path.exists(path) and os.path.getsize(path) > _LOG_LIMIT:
            os.replace(path, path + ".1")
        with open(path, "ab"):
            return path
    except OSError as error:
        message = f"cannot write to the data directory {settings.data_dir}: {error.strerror}"
        raise CommandError(Exit.DIRECTORY_UNUSABLE, message) from None


def _as_arguments(flags: Mapping[str, str]) -> list[str]:
    arguments = []
    for option in OPTIONS:
        text = flags.get(option.name)
        if text is None:
            continue
        if option.is_switch:
            arguments.append(option.flag if text == "1" else "--no-" + option.flag[2:])
        else:
            arguments.append(f"{option.flag}={text}")
    return arguments


def _wait_until_ready(child: subprocess.Popen[bytes], settings: Settings) -> Running | None:
    """The server that the child became, None when it ended instead."""
    deadline = time.monotonic() + _START_TIMEOUT
    while child.poll() is None:
        servers = pidfile.ephemeral_servers() if settings.ephemeral else [pidfile.read(settings.data_dir)]
        for server in servers:
            if server is not None and server.pid == child.pid:
                return server
        if time.monotonic() > deadline:
            child.kill()
            child.wait()
        time.sleep(_POLL)
    return None


def _why_it_ended(child: subprocess.Popen[bytes], log_path: str, begin: int, discard: bool) -> CommandError:
    """The child's own words: the line that a command in the foreground would have printed."""
    with open(log_path, "rb") as log:
        log.seek(begin)
        lines = _decode(log)
    if discard:
        with contextlib.suppress(OSError):
            os.unlink(log_path)
    told = next((line for line in reversed(lines) if line.startswith("fogbank: ")), None)
    if told is not None and child.returncode in list(Exit):
        return CommandError(Exit(child.returncode), told.removeprefix("fogbank: "))
    last = lines[-1] if lines else f"exit code {child.returncode}"
    return CommandError(Exit.FAILED, f"the server did not start: {last}")


def _decode(log: IO[bytes]) -> list[str]:
    return log.read().decode("utf-8", "replace").splitlines()
