"""Locks on open files: held by the process that took them, and free when it is gone, however it went."""

from __future__ import annotations

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def try_lock(fd: int) -> bool:
    """Lock the file for us alone. False when somebody else has a lock on it."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def lock_shared(fd: int) -> None:
    """Lock the file together with others; waits while somebody has it alone."""
    if fcntl is not None:
        fcntl.flock(fd, fcntl.LOCK_SH)
