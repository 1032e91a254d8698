"""Running the command as users do: in a process of its own, with nothing from outside in its environment.

What only asks the server that all tests share would do there what it does in this process, and runs here.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import pytest

from fogbank.cli import main

Completed = subprocess.CompletedProcess[str]
Fogbank = Callable[..., Completed]
START_SECONDS = 60.0


class Served(NamedTuple):
    """A detached server and whose it is."""

    environment: dict[str, str]
    port: str


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Its home and its temporary directory are the test's own."""
    return environment_in(tmp_path)


def environment_in(place: Path) -> dict[str, str]:
    (place / "tmp").mkdir()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("FOGBANK_", "AWS_"))}
    return {**inherited, "HOME": str(place / "home"), "TMPDIR": str(place / "tmp")}


@pytest.fixture
def fogbank(request: pytest.FixtureRequest) -> Fogbank:
    """fogbank("status") runs the command to its end. Keyword arguments are further environment variables."""
    if "served" not in request.fixturenames:
        environment = request.getfixturevalue("environment")
        return lambda *arguments, **variables: run_apart(environment | variables, *arguments)
    environment = request.getfixturevalue("served").environment
    return lambda *arguments, **variables: run(environment | variables, *arguments)


def run_apart(environment: dict[str, str], *arguments: str) -> Completed:
    command = [sys.executable, "-m", "fogbank", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=START_SECONDS)


def run(environment: dict[str, str], *arguments: str) -> Completed:
    if arguments[0] == "aws":  # becomes another program
        return run_apart(environment, *arguments)
    out, err = io.StringIO(), io.StringIO()
    with mock.patch.dict(os.environ, environment, clear=True), redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return Completed(arguments, code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for all tests that only ask a server something."""
    place = tmp_path_factory.mktemp("served")
    environment = environment_in(place) | {"FOGBANK_DATA_DIR": str(place / "home" / ".fogbank")}
    yield Served(environment, start_detached(environment))
    run_apart(environment, "stop")


@pytest.fixture
def detached(environment: dict[str, str]) -> Iterator[str]:
    """A detached server of the test's own, on the default data directory; its port."""
    yield start_detached(environment)
    run_apart(environment, "stop")


def start_detached(environment: dict[str, str]) -> str:
    started = run_apart(environment, "start", "--detach", "--port", "0")
    assert started.returncode == 0, started.stderr
    return port_of(started.stdout)


@pytest.fixture
def foreground(environment: dict[str, str]) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """foreground(...) starts `fogbank start ...` and returns when it has printed its line."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "fogbank", "start", *arguments]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def port_of(ready_line: str) -> str:
    """The port in `... ready on http://127.0.0.1:4566 (...)`."""
    return ready_line.split()[4].rpartition(":")[2]
