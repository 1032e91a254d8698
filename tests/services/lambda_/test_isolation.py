"""What a function sees of the machine, and that nothing of it outlives the server."""

import os
import re
import resource
import signal
import subprocess
import sys
import time

import boto3
import pytest

from tests.services.lambda_.functions import RUNTIME, Functions


def test_code_lies_where_aws_puts_it_and_is_not_changed(functions, isolated):
    functions.make(
        "import os\n"
        "def handler(event, context):\n"
        "    try:\n        open('/var/task/new', 'w')\n"
        "    except OSError as error:\n        refused = error.strerror\n"
        "    return __file__, os.getcwd(), os.environ['LAMBDA_TASK_ROOT'], refused\n"
    )
    assert functions.call() == (
        ["/var/task/index.py", "/var/task", "/var/task", "Read-only file system"],
        None,
    )


def test_each_environment_has_a_tmp_of_its_own(functions, own_tmp):
    source = "import os\ndef handler(event, context):\n    before = os.listdir('/tmp')\n    open('/tmp/mine', 'w')\n    return before\n"
    functions.make(source)
    functions.make(source, "g")
    assert functions.call() == ([], None)
    assert functions.call() == (["mine"], None)
    assert functions.call(name="g") == ([], None)


def test_tmp_is_as_large_as_was_asked_for(functions, own_tmp):
    functions.make(
        "import os\ndef handler(event, context):\n    s = os.statvfs('/tmp')\n    return s.f_blocks * s.f_frsize >> 20\n",
        EphemeralStorage={"Size": 600},
    )
    assert functions.call() == (600, None)


def test_modules_of_the_same_size_and_age_are_not_mixed_up(functions):
    for name, value in (("f", 1), ("g", 2)):
        functions.make(
            {"index.py": "import part\ndef handler(event, context):\n    return part.x\n", "part.py": f"x = {value}\n"},
            name,
        )
    assert [functions.call(name=name)[0] for name in "fg"] == [1, 2]


@pytest.fixture
def doomed(tmp_path):
    """A server that is going to be killed, and a client's options for it."""
    command = [sys.executable, "-m", "fogbank", "start", "--port", "0", "--data-dir", str(tmp_path / "data")]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        text = ""
        while (found := re.search(r"http://[\w.]+:\d+", text)) is None:
            line = server.stdout.readline()
            assert line, "the server did not start"
            text += line
        yield server, found[0]
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def test_nothing_outlives_a_server_that_is_killed(doomed):
    server, endpoint = doomed

    def aws(service):
        return boto3.client(
            service,
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="111122223333",
            aws_secret_access_key="test",
        )

    functions = Functions(aws)
    functions.make(
        "import os, subprocess\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        "daemon = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "def handler(event, context):\n    return os.getpid(), os.getppid(), child.pid, daemon.pid\n",
        Runtime=RUNTIME,
    )
    pids, _ = functions.call()
    assert all(_lives(pid) for pid in pids)
    server.send_signal(signal.SIGKILL)
    server.wait()
    assert _soon_ended(*pids)


def test_what_runs_in_a_session_of_its_own_ends_with_its_environment(functions, isolated):
    functions.make(
        "import subprocess\n"
        "def handler(event, context):\n    return subprocess.Popen(['sleep', '600'], start_new_session=True).pid\n"
    )
    first, _ = functions.call()
    second, _ = functions.call()
    assert _lives(first) and _lives(second)
    functions.client.delete_function(FunctionName="f")
    assert _soon_ended(first, second)


def test_1024_files_may_be_open(functions):
    functions.make(
        "import resource\ndef handler(event, context):\n    return resource.getrlimit(resource.RLIMIT_NOFILE)\n"
    )
    most = min(1024, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    assert functions.call() == ([most, most], None)


def _soon_ended(*pids):
    until = time.monotonic() + 30
    while any(map(_lives, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(map(_lives, pids))


def _lives(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return os.path.exists(f"/proc/{pid}")
