"""Running the command as users do: in a process of its own, with nothing from outside in its environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Fogbank = Callable[..., "subprocess.CompletedProcess[str]"]
START_SECONDS = 60.0


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Its home and its temporary directory are the test's own."""
    (tmp_path / "tmp").mkdir()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("FOGBANK_", "AWS_"))}
    return {**inherited, "HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp")}


@pytest.fixture
def fogbank(environment: dict[str, str]) -> Fogbank:
    """fogbank("status") runs the command to its end. Keyword arguments are further environment variables."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "fogbank", *arguments]
        return subprocess.run(
            command, env=environment | variables, capture_output=True, text=True, timeout=START_SECONDS
        )

    return run


@pytest.fixture
def detached(fogbank: Fogbank) -> Iterator[str]:
    """A detached server on the default data directory; its port."""
    started = fogbank("start", "--detach", "--port", "0")
    assert started.returncode == 0, started.stderr
    yield port_of(started.stdout)
    fogbank("stop")


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
