"""SnapStart for `awslambdaric`: the process that has initialised a function is the snapshot, and environments are forks of it.

A function's process is a fork of the warden (`warden_main.py`), which is therefore the main module of this one. When everything is
initialised, it becomes a warden itself: what it is asked to start are restored environments.
"""

from __future__ import annotations

import os
import signal
import socket
import stat
import traceback

from awslambdaric import __main__ as runtime
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient

import __main__ as warden

_CHANNEL = 4
_READY = b"GET /2018-06-01/runtime/restore/next HTTP/1.1\r\nHost: runtime\r\n\r\n"


class _Restored(Exception):
    """This process is a fork: it goes on where the snapshot was taken."""


class _Snapshot(warden.Warden):  # type: ignore[misc, name-defined]
    def become(self, message, descriptors, entered):  # type: ignore[no-untyped-def]
        try:
            self._begin(message, descriptors, entered)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        raise _Restored

    def _begin(self, message, descriptors, entered):  # type: ignore[no-untyped-def]
        os.setpgid(0, 0)
        warden._die_with_parent()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self.channel.close()
        os.close(self.wakeup)
        for number, each in enumerate(descriptors, 1):
            os.dup2(each, number)
            os.close(each)
        _cut_connections()
        if message["room"] is not None:
            warden.rooms.branch(message["room"]["tmp"])
        if entered >= 0:
            os.close(entered)
        os.environ.clear()
        os.environ.update(message["environ"])


def _cut_connections() -> None:
    """Connections of the snapshot are dead, as on AWS: forks that went on with the same ones would disturb each other."""
    ours, theirs = socket.socketpair()
    theirs.close()
    for number in map(int, os.listdir("/dev/fd")):
        try:
            if number not in (ours.fileno(), *range(4)) and stat.S_ISSOCK(os.fstat(number).st_mode):
                os.dup2(ours.fileno(), number, inheritable=False)
        except OSError:
            continue  # the directory itself was listed, too
    ours.close()


def _restore_next(self: LambdaRuntimeClient) -> None:
    """Wait to be restored: returns in each of the forks."""
    host, _, port = os.environ["AWS_LAMBDA_RUNTIME_API"].rpartition(":")
    ready = socket.create_connection((host, int(port)))
    ready.sendall(_READY)
    try:
        _Snapshot(socket.socket(fileno=_CHANNEL)).run()
    except _Restored:
        ready.close()
        self.lambda_runtime_address = os.environ["AWS_LAMBDA_RUNTIME_API"]
        return
    os._exit(0)  # the server is gone


def main(arguments: list[str]) -> None:
    LambdaRuntimeClient.restore_next = _restore_next
    runtime.main(arguments)
