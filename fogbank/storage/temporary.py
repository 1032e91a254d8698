"""Temporary directories that end with their process: those that a killed one left behind are removed by the next that makes one."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time

from fogbank.storage.locks import try_lock

LOCK = "lock"
_SWEEP_AGE = 60.0


class TemporaryDirectory:
    """A directory of the machine's temporary one, whose name begins with `prefix`. Raises OSError. Blocks."""

    def __init__(self, prefix: str) -> None:
        sweep(prefix)
        self.path = tempfile.mkdtemp(prefix=prefix)
        self._lock = os.open(os.path.join(self.path, LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try_lock(self._lock)

    def close(self) -> None:
        os.close(self._lock)
        shutil.rmtree(self.path, ignore_errors=True)


def sweep(prefix: str) -> None:
    """Remove the directories whose names begin so and whose processes are no more: those whose lock is free.

    A young one is left alone: its process may be about to lock it.
    """
    root = tempfile.gettempdir()
    oldest = time.time() - _SWEEP_AGE
    for name in os.listdir(root):
        if not name.startswith(prefix):
            continue
        path = os.path.join(root, name)
        with contextlib.suppress(OSError):
            if os.stat(path).st_mtime > oldest:
                continue
            fd = os.open(os.path.join(path, LOCK), os.O_RDWR)
            if try_lock(fd):
                shutil.rmtree(path, ignore_errors=True)
            os.close(fd)
