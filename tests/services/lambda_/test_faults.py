"""Functions in Python that do what they should not: the error document, the log, and that the next invocation works."""

import base64
import json
import platform
import time

import pytest
from botocore.exceptions import ClientError

from tests.services.lambda_.functions import code

HANDLER = "def handler(event, context):\n"
# an ELF file says at 18 for which machine it is: 62 is x86-64, 183 arm64
OTHER_PROGRAM = b"\x7fELF\x02\x01\x01".ljust(18, b"\0") + bytes(
    [183 if platform.machine() == "x86_64" else 62, 0, 1, 0]
)


def invoke(functions, event=None):
    """(error document, lines of the log, id of the request)"""
    answer = functions.client.invoke(FunctionName="f", Payload=json.dumps(event or {}), LogType="Tail")
    assert answer["FunctionError"] == "Unhandled"
    lines = base64.b64decode(answer["LogResult"]).decode().splitlines()
    return json.loads(answer["Payload"].read()), lines, answer["ResponseMetadata"]["RequestId"]


def report(lines):
    """The fields of the report that is the log's last line."""
    return dict(field.partition(": ")[::2] for field in lines[-1].split("\t") if field)


# -- what cannot be loaded


@pytest.mark.parametrize(
    "files, handler, kind, message",
    [
        (
            {"other.py": ""},
            "index.handler",
            "ImportModuleError",
            "Unable to import module 'index': No module named 'index'",
        ),
        ({"index.py": ""}, "index.handler", "HandlerNotFound", "Handler 'handler' missing on module 'index'"),
        (
            {"index.py": ""},
            "handler",
            "MalformedHandlerName",
            "Bad handler 'handler': not enough values to unpack (expected 2, got 1)",
        ),
        (
            {"index.py": "x = = 1\n"},
            "index.handler",
            "UserCodeSyntaxError",
            "Syntax error in module 'index': invalid syntax (index.py, line 1)",
        ),
    ],
)
def test_what_cannot_be_loaded_is_said_in_the_document_and_in_the_log(functions, files, handler, kind, message):
    functions.make(files, Handler=handler)
    document, lines, _ = invoke(functions)
    assert (document["errorType"], document["errorMessage"]) == (f"Runtime.{kind}", message)
    assert document["requestId"] == ""
    assert f"[ERROR] Runtime.{kind}: {message}" in lines
    started = next(index for index, line in enumerate(lines) if line.startswith("START"))
    assert lines[started - 1].startswith("INIT_REPORT Init Duration: ")
    assert lines[started - 1].endswith(f"\tStatus: error\tError Type: Runtime.{kind}")
    assert report(lines)["Error Type"] == f"Runtime.{kind}"


def test_what_is_written_while_a_module_loads_comes_with_its_first_answer(functions):
    functions.make("print('loading')\n" + HANDLER + "    print('handling')\n")
    tails = [functions.client.invoke(FunctionName="f", LogType="Tail")["LogResult"] for _ in range(2)]
    first, second = ([line.split()[0] for line in base64.b64decode(tail).decode().splitlines()] for tail in tails)
    assert first == ["loading", "START", "handling", "END", "REPORT"]
    assert second == ["START", "handling", "END", "REPORT"]


@pytest.mark.parametrize(
    "source, reason",
    [
        ("import sys\nsys.exit('no settings')\n", "exit status 1"),
        ("import os\nos._exit(7)\n", "exit status 7"),
        ("import os\nos.kill(os.getpid(), 11)\n", "signal: segmentation fault"),
    ],
)
def test_a_process_that_ends_before_it_is_ready_is_started_once_more(functions, source, reason):
    functions.make("print('loading')\n" + source)
    document, lines, request = invoke(functions)
    text = f"RequestId: {request} Error: Runtime exited with error: {reason}"
    assert document == {"errorType": "Runtime.ExitError", "errorMessage": text}
    assert lines.count("loading") == 2
    end = lines.index(text)
    assert lines[end + 1 : end + 3] == ["Runtime.ExitError", f"END RequestId: {request}"]
    assert report(lines)["Error Type"] == "Runtime.ExitError"


def test_memory_is_limited_from_the_start(functions):
    functions.make("x = []\nwhile True:\n    x.append(bytearray(1 << 20))\n", Timeout=5)
    document, lines, _ = invoke(functions)
    assert document["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert report(lines)["Error Type"] == "Runtime.OutOfMemory"


# -- what ends the process


@pytest.mark.parametrize(
    "statement, reason",
    [
        ("raise SystemExit", "Runtime exited without providing a reason"),
        ("raise SystemExit('bye')", "Runtime exited with error: exit status 1"),
        ("raise KeyboardInterrupt", "Runtime exited with error: exit status 1"),
        ("raise type('Own', (BaseException,), {})('own')", "Runtime exited with error: exit status 1"),
        ("import os; os.abort()", "Runtime exited with error: signal: aborted"),
        ("import os; os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
    ],
)
def test_a_handler_that_ends_its_process_is_started_anew(functions, statement, reason):
    functions.make(HANDLER + f"    if event.get('end'):\n        {statement}\n    return 'well'\n")
    document, lines, request = invoke(functions, {"end": True})
    text = f"RequestId: {request} Error: {reason}"
    assert document == {"errorType": "Runtime.ExitError", "errorMessage": text}
    assert text in lines and report(lines)["Status"] == "error"
    assert int(report(lines)["Max Memory Used"].removesuffix(" MB")) > 0
    assert functions.call() == ("well", None)


def test_too_much_memory_is_reported_as_that(functions):
    functions.make(HANDLER + "    x = []\n    while event:\n        x.append(bytearray(1 << 20))\n")
    document, lines, _ = invoke(functions, {"much": True})
    assert document["errorType"] == "Runtime.ExitError"
    assert report(lines)["Max Memory Used"] == report(lines)["Memory Size"] == "128 MB"
    assert report(lines)["Error Type"] == "Runtime.OutOfMemory"
    assert functions.call() == (None, None)


def test_a_time_out_cannot_be_ignored(functions):
    functions.make(
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        + HANDLER
        + "    while event:\n        time.sleep(9)\n    return 'well'\n",
        Timeout=1,
    )
    document, lines, request = invoke(functions, {"long": True})
    assert document["errorType"] == "Sandbox.Timedout"
    assert any(line.endswith(f" {request} Task timed out after 1.00 seconds") for line in lines)
    assert report(lines)["Status"] == "timeout" and report(lines)["REPORT RequestId"] == request
    assert functions.call() == ("well", None)


def test_a_process_that_ends_between_invocations_is_replaced(functions):
    functions.make(
        "import os, threading\n"
        + HANDLER
        + "    threading.Timer(0.02, os._exit, (3,)).start()\n    return os.getpid()\n"
    )
    answers = [functions.call() for _ in range(3)]
    assert all(error is None or "exit status 3" in document["errorMessage"] for document, error in answers)
    assert any(error is None for _, error in answers)


# -- what is raised, and what is returned


def test_an_exception_has_its_type_its_text_and_its_trace(functions):
    functions.make(
        "class Refused(Exception):\n    def __str__(self):\n        return 'not\\nnow'\n"
        + HANDLER
        + "    raise Refused\n"
    )
    document, lines, request = invoke(functions)
    assert document.pop("stackTrace")[0].endswith('index.py", line 5, in handler\n    raise Refused\n')
    assert document == {"errorMessage": "not\nnow", "errorType": "Refused", "requestId": request}
    assert lines[1:4] == ["[ERROR] Refused: not", "now", "Traceback (most recent call last):"]
    assert "Status" not in report(lines)


def test_endless_recursion_is_an_exception(functions):
    functions.make(HANDLER + "    return handler(event, context)\n")
    document, _, _ = invoke(functions)
    assert document["errorType"] == "RecursionError"
    assert document["stackTrace"][-1].startswith("  [Previous line repeated")


@pytest.mark.parametrize(
    "value, reason",
    [
        ("{1, 2}", "Object of type set is not JSON serializable"),
        ("__import__('datetime').datetime.now()", "Object of type datetime is not JSON serializable"),
        ("(lambda x: x.append(x) or x)([])", "Circular reference detected"),
    ],
)
def test_what_has_no_json_cannot_be_returned(functions, value, reason):
    functions.make(HANDLER + f"    return {value}\n")
    document, _, _ = invoke(functions)
    assert document["errorType"] == "Runtime.MarshalError"
    assert document["errorMessage"] == f"Unable to marshal response: {reason}"


# -- what is written, and what is left behind


def test_megabytes_of_output_are_taken(functions):
    functions.make(HANDLER + "    print('x' * (10 << 20))\n    print('end')\n    return 1\n")
    for _ in range(2):
        answer = functions.client.invoke(FunctionName="f", LogType="Tail")
        tail = base64.b64decode(answer["LogResult"])
        assert len(tail) == 4096 and b"\nend\nEND RequestId: " in tail


def test_a_line_without_an_end_belongs_to_its_invocation(functions):
    functions.make(
        "import sys\n"
        + HANDLER
        + "    sys.stdout.write('half a line')\n    sys.stderr.write('an error\\n')\n    raise ValueError\n"
    )
    for _ in range(2):
        _, lines, _ = invoke(functions)
        assert sum("half a line" in line for line in lines) == 1


def test_a_function_may_close_its_output(functions):
    functions.make("import os\n" + HANDLER + "    if event:\n        os.closerange(1, 4)\n    return 'well'\n")
    assert [functions.call({"close": True}), functions.call(), functions.call()] == [("well", None)] * 3


def test_children_threads_and_sockets_may_be_left_behind(functions):
    functions.make(
        "import socket, subprocess, threading, time\nkept = []\n"
        + HANDLER
        + "    kept.append(subprocess.Popen(['sleep', '60']))\n"
        "    kept.append(socket.create_server(('127.0.0.1', 0)))\n"
        "    threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "    return len(kept)\n"
    )
    assert [functions.call() for _ in range(3)] == [(2, None), (4, None), (6, None)]


def test_threads_stand_still_between_invocations(functions):
    functions.make(
        "import threading, time\nticks = 0\n"
        "def tick():\n    global ticks\n    while True:\n        ticks += 1\n        time.sleep(0.001)\n"
        "threading.Thread(target=tick, daemon=True).start()\n" + HANDLER + "    return ticks, time.time()\n"
    )
    (before, then), _ = functions.call()
    time.sleep(0.5)
    (after, now), _ = functions.call()
    assert after - before < (now - then) * 1000 * 0.7


# -- sizes


def test_an_event_may_have_6_mb_and_an_answer_a_little_more(functions):
    functions.make(HANDLER + "    return event if isinstance(event, int) else len(event)\n")
    assert functions.call("x" * ((6 << 20) - 2)) == ((6 << 20) - 2, None)
    functions.make(HANDLER + "    return 'x' * event\n", "g")
    assert len(functions.call((6 << 20) + 98, "g")[0]) == (6 << 20) + 98
    document, _ = functions.call((6 << 20) + 99, "g")
    assert document == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size (6291557 bytes) exceeded maximum allowed payload size (6291556 bytes).",
    }
    assert functions.call(1, "g") == ("x", None)


def test_an_asynchronous_event_may_have_1_mb(functions):
    functions.make()
    send = functions.client.invoke
    assert (
        send(FunctionName="f", InvocationType="Event", Payload=json.dumps("x" * ((1 << 20) - 2)))["StatusCode"] == 202
    )
    with pytest.raises(ClientError) as error:
        send(FunctionName="f", InvocationType="Event", Payload=json.dumps("x" * ((1 << 20) - 1)))
    assert code(error) == "RequestTooLargeException"


# -- programs


@pytest.mark.parametrize(
    "files, reason",
    [
        ({"readme": ""}, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"),
        ({"bootstrap": "#!/no/such/shell\n"}, "/bootstrap: no such file or directory"),
        ({"bootstrap": "#!/bin/sh\r\necho\r\n"}, "/bootstrap: no such file or directory"),
        ({"bootstrap": "echo without an interpreter\n"}, "/bootstrap: exec format error"),
        ({"bootstrap": OTHER_PROGRAM}, "/bootstrap: exec format error"),
    ],
)
def test_a_package_needs_a_program_that_can_be_executed(functions, files, reason):
    functions.make(files, Runtime="provided.al2023")
    document, lines, request = invoke(functions)
    assert document["errorType"] == "Runtime.InvalidEntrypoint"
    assert document["errorMessage"].startswith(f"RequestId: {request} Error: ")
    assert document["errorMessage"].endswith(reason)
    assert report(lines)["Error Type"] == "Runtime.InvalidEntrypoint"
