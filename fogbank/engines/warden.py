"""The server's side of a warden (`warden_main.py`): starts programs, signals their process groups, hears when they end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import struct
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

_MAIN = str(Path(__file__).with_name("warden_main.py"))
_HEAD = struct.Struct("!I")
NOT_STARTED = 127
"""The status of a program that could not be executed, as in shells."""


class CannotStart(Exception):
    """A program could not be started; the text says why."""


class Child:
    """A program that a warden started, with its process group. `exited` gets the status, negative for a signal."""

    def __init__(self, warden: Warden, pid: int) -> None:
        self._warden = warden
        self.pid = pid
        self.exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def signal(self, number: int) -> None:
        """Send a signal to the whole process group, unless the program has ended."""
        if not self.exited.done():
            self._warden.send({"signal": self.pid, "number": number})

    def kill(self) -> None:
        self.signal(signal.SIGKILL)


class Warden:
    """One warden. It is a process of `interpreter`; `modules` (a directory and names) are imported by it once for all forks."""

    def __init__(
        self, interpreter: str, environ: Mapping[str, str], directory: str = "", modules: Sequence[str] = ()
    ) -> None:
        ours, theirs = socket.socketpair()
        command = [interpreter, "-I", "-S", _MAIN, str(theirs.fileno())]
        if directory:
            command += [directory, *modules]
        try:
            self._process: subprocess.Popen[bytes] | None = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], env=dict(environ), stdin=subprocess.DEVNULL
            )
        except OSError as error:
            ours.close()
            raise CannotStart(f"{interpreter}: {error.strerror}") from error
        finally:
            theirs.close()
        self._attach(ours)

    @classmethod
    def at(cls, channel: socket.socket) -> Warden:
        """The warden at the other end of a socket, which somebody else has started."""
        warden = cls.__new__(cls)
        warden._process = None
        warden._attach(channel)
        return warden

    def _attach(self, channel: socket.socket) -> None:
        self._channel = channel
        self._channel.setblocking(False)
        self._received = b""
        self._starting: dict[int, asyncio.Future[Child]] = {}
        self._children: dict[int, Child] = {}
        self._number = 0
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(channel.fileno(), self._receive)

    @property
    def is_alive(self) -> bool:
        return self._channel.fileno() >= 0

    async def start(
        self,
        argv: list[str],
        environ: Mapping[str, str],
        cwd: str,
        descriptors: tuple[int, ...],
        module: str | None = None,
        path: Sequence[str] = (),
        room: dict[str, Any] | None = None,
        nice: int = 0,
        shared: bool = False,
        files: int = 0,
    ) -> Child:
        """Start a program, or a fork that runs `main(argv)` of a module. Raises CannotStart.

        `descriptors` (three or four) become standard output, standard error and those from 3 on; the caller closes its own. `room` is
        a file system of its own (`rooms.py`), in which `cwd` and `path` are; when it is to be `shared` with others that are started
        later, it is there when this returns. `nice` is how much less of a busy processor it gets, `files` how many it may have open
        at a time (0: as many as the server).
        """
        self._number += 1
        started = self._starting[self._number] = self._loop.create_future()
        message = {
            "start": self._number,
            "argv": argv,
            "module": module,
            "environ": dict(environ),
            "cwd": cwd,
            "path": list(path),
            "room": room,
            "nice": nice,
            "shared": shared,
            "files": files,
            "descriptors": len(descriptors),
        }
        self.send(message, descriptors)
        return await started

    def send(self, message: dict[str, Any], descriptors: tuple[int, ...] = ()) -> None:
        if not self.is_alive:
            raise CannotStart("the warden is gone")
        data = orjson.dumps(message)
        # the channel is only ever full for a moment: the warden does nothing but read it
        self._channel.setblocking(True)
        try:
            head = _HEAD.pack(len(data))
            if descriptors:
                socket.send_fds(self._channel, [head], list(descriptors))
                self._channel.sendall(data)
            else:
                self._channel.sendall(head + data)
        except OSError as error:
            self._lost()
            raise CannotStart("the warden is gone") from error
        finally:
            if self.is_alive:
                self._channel.setblocking(False)

    def _receive(self) -> None:
        try:
            data = self._channel.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost()
            return
        self._received += data
        while len(self._received) >= _HEAD.size:
            (length,) = _HEAD.unpack_from(self._received)
            if len(self._received) < _HEAD.size + length:
                return
            message = orjson.loads(self._received[_HEAD.size : _HEAD.size + length])
            self._received = self._received[_HEAD.size + length :]
            self._handle(message)

    def _handle(self, message: dict[str, Any]) -> None:
        if "exited" in message:
            child = self._children.pop(message["exited"], None)
            if child is not None and not child.exited.done():
                child.exited.set_result(os.waitstatus_to_exitcode(message["status"]))
            return
        started = self._starting.pop(message["failed"] if "failed" in message else message["started"])
        if "failed" in message:
            started.set_exception(CannotStart(message["reason"]))
            return
        child = self._children[message["pid"]] = Child(self, message["pid"])
        if started.cancelled():
            child.kill()
        else:
            started.set_result(child)

    def _lost(self) -> None:
        """The warden has ended, and with it all of its children."""
        if not self.is_alive:
            return
        self._loop.remove_reader(self._channel.fileno())
        self._channel.close()
        for child in self._children.values():
            if not child.exited.done():
                child.exited.set_result(-signal.SIGKILL)
        self._children.clear()
        for started in self._starting.values():
            if not started.done():
                started.set_exception(CannotStart("the warden is gone"))
        self._starting.clear()

    async def close(self) -> None:
        """End the warden, which kills what it started."""
        self._lost()
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self._process.wait, 2)
        if self._process.poll() is None:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
