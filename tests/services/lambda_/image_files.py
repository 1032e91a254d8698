"""The file system of a container image with a Python of this machine in it, no larger than the test's function needs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache

PROGRAM = "/var/task/bootstrap.py"
# A runtime client in as few modules as possible.
_SOURCE = """
import json
import os
import socket
import sys
import time


def ask(method, path, body=b""):
    host, _, port = os.environ["AWS_LAMBDA_RUNTIME_API"].partition(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"{method} /2018-06-01/runtime/{path} HTTP/1.1\\r\\nHost: {host}\\r\\nConnection: close\\r\\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\\r\\n\\r\\n".encode() + body)
        data = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = data.partition(b"\\r\\n\\r\\n")
    lines = head.decode().split("\\r\\n")[1:]
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}, body


def what(event):
    if "read" in event:
        return open(event["read"]).read()
    if "await" in event:
        while not os.path.exists(event["await"]):
            time.sleep(0.01)
        return open(event["await"]).read()
    if "list" in event:
        return sorted(os.listdir(event["list"]))
    if "write" in event:
        try:
            with open(event["write"], "w") as file:
                return file.write("x")
        except OSError as error:
            return error.strerror
    if "variable" in event:
        return os.environ.get(event["variable"])
    return {"arguments": sys.argv[1:], "directory": os.getcwd(), "event": event}


print("the image has started")
while True:
    headers, body = ask("GET", "invocation/next")
    answer = json.dumps(what(json.loads(body))).encode()
    ask("POST", f"invocation/{headers['lambda-runtime-aws-request-id']}/response", answer)
"""
_MODULES = "import encodings.idna, encodings.utf_8, encodings.latin_1, json, os, selectors, signal, socket, sys"


@cache
def python_files():
    """{path: bytes} of the interpreter, the modules that the client needs, and the libraries of both."""
    interpreter = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    script = (
        f"{_MODULES}; print(*[m.__file__ for m in sys.modules.values() if getattr(m, '__file__', None)], sep='\\n')"
    )
    modules = subprocess.check_output([interpreter, "-I", "-S", "-B", "-c", script], text=True).split()
    landmark = os.path.join(os.path.dirname(os.__file__), "os.py")
    wanted = {interpreter, landmark, *modules}
    libraries = {each for path in wanted if path == interpreter or ".so" in path for each in _libraries(path)}
    files = {path: _read(path) for path in wanted | libraries}
    return {**files, PROGRAM: _SOURCE.encode()}


def _libraries(path):
    listed = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
    return re.findall(r"(/\S+) \(0x", listed)


def _read(path):
    with open(path, "rb") as file:
        return file.read()


def command():
    """What starts the client."""
    interpreter = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    return [interpreter, "-I", "-S", "-B", PROGRAM]
