"""The keys under which the store keeps secrets: files beside the store, because whoever has only the store shall not have them.

Each is a file that is written once, under a name that follows from its content or is random, so that no two contents ever claim one name.
They are readable for the owner only. Snapshots carry all of them, and loading one adds those that are missing. Servers that share a
store have to share this directory too.
"""

from __future__ import annotations

import contextlib
import os
import re
from secrets import token_hex

from fogbank.storage.base import StoreError
from fogbank.storage.directories import make_directory, sync_directory

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")


def is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


class Secrets:
    """A directory of secrets; it is there when the first one is."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self._known: dict[str, bytes] = {}

    def read(self, name: str) -> bytes:
        """Raises OSError when there is none of that name."""
        known = self._known.get(name)
        if known is None:
            with open(os.path.join(self.directory, name), "rb") as file:
                known = self._known[name] = file.read()
        return known

    def add(self, name: str, secret: bytes) -> None:
        """Keep a secret, durably; one that is there already is the same."""
        make_directory(self.directory, durable=True)
        path = os.path.join(self.directory, name)
        if os.path.exists(path):
            return
        incoming = f"{path}.{os.getpid()}"
        fd = os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(fd, secret)
            os.fsync(fd)
        finally:
            os.close(fd)
        os.replace(incoming, path)
        sync_directory(self.directory)

    def identity(self) -> str:
        """What tells this directory from others; it is no secret, and no part of a snapshot. Raises StoreError. Blocks."""
        path = os.path.join(self.directory, "IDENTITY")
        try:
            make_directory(self.directory, durable=True)
            with contextlib.suppress(FileExistsError), open(path, "x") as file:
                file.write(token_hex(16))
                file.flush()
                os.fsync(file.fileno())
            with open(path) as file:
                return file.read()
        except OSError as error:
            raise StoreError(f"cannot write to the directory of secrets {self.directory}: {error.strerror}") from error

    def names(self) -> list[str]:
        with contextlib.suppress(FileNotFoundError):
            return sorted(name for name in os.listdir(self.directory) if is_name(name))
        return []
