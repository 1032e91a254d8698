"""The data directory: `state.db` (records), `blobs/`, `secrets/`, `lock`. One server at a time owns it.

An ephemeral server owns a temporary directory of the same shape and removes it when it stops; those that a killed server left
behind are removed by the next one.
"""

from __future__ import annotations

import os
import shutil
import tempfile

from fogbank.storage.base import StoreError
from fogbank.storage.directories import make_directory
from fogbank.storage.locks import try_lock
from fogbank.storage.temporary import LOCK, sweep

EPHEMERAL_PREFIX = "fogbank-ephemeral-"


class DirectoryBusy(StoreError):
    """Another server owns the directory."""


class DataDirectory:
    """An owned data directory. Raises DirectoryBusy, or StoreError when it cannot be written."""

    def __init__(self, path: str | None) -> None:
        self.ephemeral = path is None
        if path is None:
            sweep(EPHEMERAL_PREFIX)
            path = tempfile.mkdtemp(prefix=EPHEMERAL_PREFIX)
        self.path = os.path.abspath(os.path.expanduser(path))
        try:
            make_directory(self.path, durable=not self.ephemeral)
            self._lock = os.open(os.path.join(self.path, LOCK), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(f"cannot write to the data directory {self.path}: {error.strerror}") from error
        if not try_lock(self._lock):
            os.close(self._lock)
            raise DirectoryBusy(f"another fogbank server uses the data directory {self.path}")

    @property
    def state_file(self) -> str:
        return os.path.join(self.path, "state.db")

    @property
    def blob_directory(self) -> str:
        return os.path.join(self.path, "blobs")

    @property
    def secrets(self) -> str:
        """The directory of the keys under which the store keeps secrets: what must not lie in the store itself."""
        return os.path.join(self.path, "secrets")

    def close(self) -> None:
        os.close(self._lock)
        if self.ephemeral:
            shutil.rmtree(self.path, ignore_errors=True)
