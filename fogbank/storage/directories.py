"""Directories that survive loss of power: what is made in one is there for sure only after the directory was synced, too."""

from __future__ import annotations

import contextlib
import os


def make_directory(path: str, durable: bool) -> None:
    """Make a directory for us alone, and those above it, where they are missing. Raises OSError."""
    missing = []
    while not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    for each in reversed(missing):
        with contextlib.suppress(FileExistsError):
            os.mkdir(each, 0o700)
        if durable:
            sync_directory(os.path.dirname(each))


def sync_directory(path: str) -> None:
    """Make what was created, renamed or removed in the directory survive loss of power. Raises OSError."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
