"""Lines out of the pieces of a file, unpacked on the way. Memory stays flat, whatever the file and however well it is packed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any

from fogbank.kernel import zstd

# An item has 400 KB; escapes and base64 may make it longer
LONGEST = 16 * 1024 * 1024
_UNPACKED = 1024 * 1024


class Malformed(ValueError):
    """The rest of the file cannot be made sense of."""


def require(compression: str) -> None:
    """501 for ZSTD without the extra `zstd`."""
    if compression == "ZSTD":
        zstd.require("dynamodb", "ImportTable of ZSTD files")


class Unpacker:
    """Bytes as they were before they were packed with GZIP or ZSTD. A file may consist of several packed ones."""

    def __init__(self, compression: str) -> None:
        self._new: Callable[[], Any] = {
            "GZIP": lambda: zlib.decompressobj(wbits=31),
            "ZSTD": lambda: zstd.module().ZstdDecompressor(),
        }[compression]
        self._errors: tuple[type[Exception], ...] = (zlib.error, EOFError)
        if compression == "ZSTD":
            self._errors = (zstd.module().ZstdError, EOFError)
        self._current: Any = None

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """Pieces of at most a megabyte. Raises Malformed."""
        while packed:
            if self._current is None:
                self._current = self._new()
            try:
                yield from _unpacked(self._current, packed)
            except self._errors as error:
                raise Malformed(str(error)) from error
            packed = b""
            if self._current.eof:
                packed, self._current = self._current.unused_data, None

    def finish(self) -> None:
        """Raises Malformed when the file breaks off."""
        if self._current is not None:
            raise Malformed("the file breaks off")


def _unpacked(current: Any, packed: bytes) -> Iterator[bytes]:
    yield current.decompress(packed, _UNPACKED)
    if hasattr(current, "unconsumed_tail"):
        while current.unconsumed_tail and not current.eof:
            yield current.decompress(current.unconsumed_tail, _UNPACKED)
        return
    while not current.needs_input and not current.eof:
        yield current.decompress(b"", _UNPACKED)


class Plain:
    """What is not packed."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data

    def finish(self) -> None:
        pass


def unpacker(compression: str) -> Unpacker | Plain:
    return Plain() if compression == "NONE" else Unpacker(compression)


class Splitter:
    """Lines without their ends. `size` counts the bytes that came."""

    def __init__(self) -> None:
        self._rest = b""
        self.size = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that are whole. Raises Malformed when one is far too long."""
        self.size += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST:
            raise Malformed("a line is too long")
        return lines

    def finish(self) -> list[bytes]:
        """The last line, if it has no end."""
        return [self._rest] if self._rest else []
