"""What a function writes, as log events: lines of its output, and the framed messages of runtimes that can tell messages apart.

Both come through one pipe, so that they stay in order. A frame begins with four bytes of type (a5 5a 00 and its kind), the length, and
the time in microseconds; no text in UTF-8 begins so. The format is the one between AWS's runtimes and Lambda.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
from collections.abc import Callable

_MAGIC = b"\xa5\x5a\x00"
_HEAD = struct.Struct("!IIQ")
# AWS splits what is longer than an event of CloudWatch Logs may be.
_LONGEST = 256 * 1024
_READ = 1 << 16


class Output:
    """The reading end of a pipe. `write_end` is for the program; `tell` gets each message, without the end of its line."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._buffer = b""
        self._read_end, self.write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._read_end, self.drain)

    def started(self) -> None:
        """The program has its end of the pipe: we let go of it."""
        os.close(self.write_end)
        self.write_end = -1

    def drain(self) -> None:
        """Take all that is there."""
        while self._read_end >= 0:
            try:
                data = os.read(self._read_end, _READ)
            except BlockingIOError:
                return
            if not data:
                self.close()
                return
            self._buffer += data
            self._split()
            if len(data) < _READ:
                return

    def end_line(self) -> None:
        """What was written without the end of its line is a message now."""
        if self._buffer and not self._buffer.startswith(_MAGIC):
            self._say(self._buffer)
            self._buffer = b""

    def _split(self) -> None:
        buffer, start = self._buffer, 0
        while start < len(buffer):
            if buffer.startswith(_MAGIC, start):
                if len(buffer) - start < _HEAD.size:
                    break
                _, length, _ = _HEAD.unpack_from(buffer, start)
                end = start + _HEAD.size + length
                if len(buffer) < end:
                    break
                self._say(buffer[start + _HEAD.size : end].rstrip(b"\n"))
                start = end
                continue
            end = buffer.find(b"\n", start)
            if end < 0:
                if len(buffer) - start <= _LONGEST:
                    break
                end = start + _LONGEST
                self._say(buffer[start:end])
                start = end
                continue
            self._say(buffer[start:end])
            start = end + 1
        self._buffer = buffer[start:]

    def _say(self, message: bytes) -> None:
        for offset in range(0, max(len(message), 1), _LONGEST):
            self._tell(message[offset : offset + _LONGEST].decode("utf-8", "replace"))

    def close(self) -> None:
        """Take what is left, and close the pipe."""
        if self._read_end < 0:
            return
        self._loop.remove_reader(self._read_end)
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._read_end, _READ):
                self._buffer += data
                self._split()
        if self._buffer:
            self._say(self._buffer)
            self._buffer = b""
        os.close(self._read_end)
        self._read_end = -1
        if self.write_end >= 0:
            self.started()
