"""start, stop, status and logs, as processes."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from fogbank.cli.errors import Exit


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".fogbank"


@pytest.fixture
def busy_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield str(taken.getsockname()[1])


def one_line(text: str) -> bool:
    return text.startswith("fogbank: ") and text.count("\n") == 1


# -- in the foreground


def test_one_line_is_printed_when_ready(foreground, data_dir):
    server = foreground("--port", "0")
    line = server.stdout.readline()
    assert line.startswith("Fogbank 0.") and "ready on http://127.0.0.1:" in line
    assert line.endswith(f"(state in {data_dir})\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_it_cleanly(foreground, data_dir, number):
    server = foreground("--port", "0")
    server.stdout.readline()
    server.send_signal(number)
    assert server.communicate(timeout=30) == ("", "")
    assert server.returncode == 0
    assert not (data_dir / "fogbank.pid").exists()


def test_ephemeral_server_leaves_nothing(foreground, tmp_path, data_dir):
    server = foreground("--port", "0", "--ephemeral")
    assert "no state is kept" in server.stdout.readline()
    server.terminate()
    server.wait(timeout=30)
    assert not data_dir.exists()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_starting_imports_nothing_that_only_requests_need():
    code = "import sys, fogbank.cli.arguments, fogbank.cli.server, fogbank.cli.serve; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"boto3", "botocore.session", "cryptography", "email.parser", "h2", "http.client", "wsproto", "zipfile"}
    assert heavy & set(loaded) == set()
    assert [name for name in loaded if name.startswith("fogbank.services.")] == []


# -- why it does not start


@pytest.mark.parametrize("mode", ["--detach", "--no-ephemeral"], ids=["detached", "foreground"])
class TestRefusal:
    def test_busy_port(self, fogbank, busy_port, mode):
        done = fogbank("start", mode, "--port", busy_port)
        assert done.returncode == Exit.PORT_UNAVAILABLE
        assert done.stderr == f"fogbank: port {busy_port} is in use: choose another one with --port\n"

    def test_address_of_another_machine(self, fogbank, mode):
        done = fogbank("start", mode, "--port", "0", "--host", "192.0.2.1")
        assert (done.returncode, one_line(done.stderr)) == (Exit.PORT_UNAVAILABLE, True)

    def test_directory_that_cannot_be_written(self, fogbank, tmp_path, mode):
        (tmp_path / "file").touch()
        done = fogbank("start", mode, "--port", "0", "--data-dir", str(tmp_path / "file" / "below"))
        assert (done.returncode, one_line(done.stderr)) == (Exit.DIRECTORY_UNUSABLE, True)
        assert "cannot write to the data directory" in done.stderr

    def test_second_server_on_a_directory(self, fogbank, detached, mode):
        done = fogbank("start", mode, "--port", "0")
        assert (done.returncode, one_line(done.stderr)) == (Exit.ALREADY_RUNNING, True)
        assert f"at http://127.0.0.1:{detached}" in done.stderr

    def test_newer_data(self, fogbank, detached, data_dir, mode):
        fogbank("stop")
        with sqlite3.connect(data_dir / "state.db") as database:
            database.execute("PRAGMA user_version = 999")
        database.close()
        done = fogbank("start", mode, "--port", "0")
        assert (done.returncode, one_line(done.stderr)) == (Exit.NEWER_FORMAT, True)
        assert "data format 999" in done.stderr


def test_something_that_is_no_database_is_not_touched(fogbank, data_dir):
    data_dir.mkdir(parents=True)
    (data_dir / "state.db").write_bytes(b"precious" * 1000)
    done = fogbank("start", "--port", "0")
    assert (done.returncode, one_line(done.stderr)) == (Exit.DIRECTORY_UNUSABLE, True)
    assert (data_dir / "state.db").read_bytes() == b"precious" * 1000


# -- in the background


def test_detached_server_is_found_by_status(fogbank, detached, data_dir):
    done = fogbank("status")
    assert done.returncode == 0
    pid = (data_dir / "fogbank.pid").read_text().split()[0]
    assert f"http://127.0.0.1:{detached}" in done.stdout
    assert f" {pid}\n" in done.stdout and f" {data_dir}\n" in done.stdout


def test_stop_returns_when_it_is_gone(fogbank, detached, data_dir):
    pid = int((data_dir / "fogbank.pid").read_text().split()[0])
    assert fogbank("stop").returncode == 0
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", int(detached))) != 0
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    """Is it a process that has not ended? One that nobody has waited for yet has."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_status_and_stop_without_a_server_say_so(fogbank):
    for command in ("status", "stop"):
        done = fogbank(command, "--port", "1")
        assert (done.returncode, one_line(done.stderr)) == (Exit.NOT_RUNNING, True)


def test_killed_server_is_not_running_and_starts_again(fogbank, detached, data_dir):
    os.kill(int((data_dir / "fogbank.pid").read_text().split()[0]), signal.SIGKILL)
    assert fogbank("stop").returncode == Exit.NOT_RUNNING
    assert (data_dir / "fogbank.pid").exists()
    assert fogbank("start", "--detach", "--port", "0").returncode == 0


def test_pid_of_another_process_is_not_taken_for_the_server(fogbank, data_dir):
    data_dir.mkdir(parents=True)
    (data_dir / "lock").touch()
    (data_dir / "fogbank.pid").write_text(f"{os.getpid()}\nhttp://127.0.0.1:1\n0\n")
    assert fogbank("stop").returncode == Exit.NOT_RUNNING


def test_detached_ephemeral_servers_are_told_apart_by_port(fogbank):
    lines = [fogbank("start", "--detach", "--ephemeral", "--port", "0").stdout for _ in range(2)]
    ports = [line.split()[4].rpartition(":")[2] for line in lines]
    try:
        assert fogbank("stop").returncode == Exit.USAGE
        assert ports[0] in fogbank("status", "--port", ports[0]).stdout
    finally:
        for port in ports:
            assert fogbank("stop", "--port", port).returncode == 0


def test_log_of_a_detached_server_is_printed(fogbank, detached):
    assert "ready on" in fogbank("logs").stdout
    assert fogbank("logs", "-n", "0").stdout == ""


def test_log_of_a_detached_ephemeral_server_is_printed(fogbank):
    assert fogbank("start", "--detach", "--ephemeral", "--port", "0").returncode == 0
    try:
        assert "ready on" in fogbank("logs").stdout
    finally:
        fogbank("stop")


def test_log_that_is_not_there_is_one_line(fogbank):
    done = fogbank("logs")
    assert (done.returncode, one_line(done.stderr)) == (Exit.FAILED, True)


def test_environment_configures_the_server(fogbank):
    done = fogbank("start", "--detach", FOGBANK_PORT="0", FOGBANK_EPHEMERAL="1")
    assert "no state is kept" in done.stdout
    assert fogbank("stop", FOGBANK_EPHEMERAL="1").returncode == 0
