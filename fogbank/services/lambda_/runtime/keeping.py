"""What is unpacked for functions is a cache, which would grow with each deployment: what nobody has used for days is removed.

The time of a directory is when it was used last. Whoever has environments that use it says so from time to time.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from pathlib import Path

_KEPT_SECONDS = 3 * 86_400.0
# Directories are named after hashes; those with a dot were left behind by servers that were killed.
_NAME = re.compile(r"[0-9a-f]{32,64}|\.(?:unpacking|unused)-.*")


def used(place: str) -> None:
    """Somebody uses the directory."""
    with contextlib.suppress(OSError):
        os.utime(place)


def remove_unused(directory: Path) -> None:
    """Remove what nobody has used for long. Blocks."""
    oldest = time.time() - _KEPT_SECONDS
    for each in directory.iterdir():
        with contextlib.suppress(OSError):
            if _NAME.fullmatch(each.name) and each.stat().st_mtime < oldest:
                # half of a package must not be taken for the whole
                away = each.rename(directory / f".unused-{each.name.lstrip('.')}")
                shutil.rmtree(away, ignore_errors=True)
