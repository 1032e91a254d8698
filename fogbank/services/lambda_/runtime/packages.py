"""Unpacked code: a directory for each package, named after the hash of its ZIP, so that it is unpacked once and shared.

These directories are a cache below the data directory (see `keeping`): what is removed is unpacked again.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from fogbank.services.lambda_.runtime import keeping


class BadPackage(ValueError):
    """The bytes are no ZIP that could be unpacked, or it names a place outside of itself."""


class EmptyPackage(BadPackage):
    """There is nothing in the ZIP."""


def unpacked_size(file: IO[bytes]) -> int:
    """How many bytes a package has when it is unpacked. Raises BadPackage, EmptyPackage."""
    try:
        with zipfile.ZipFile(file) as archive:
            sizes = [info.file_size for info in archive.infolist()]
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise BadPackage(str(error)) from error
    if not sizes:
        raise EmptyPackage("empty")
    return sum(sizes)


class Packages:
    """The directory of unpacked packages. All methods block."""

    def __init__(self, directory: str) -> None:
        self._root = Path(directory)

    def unpacked(self, digest: str, open_zip: Callable[[], IO[bytes]]) -> str:
        """The directory of the package with that SHA-256 (hexadecimal), unpacked now if it is not there. Raises BadPackage."""
        place = self._root / digest
        if place.is_dir():
            keeping.used(str(place))
            return str(place)
        self._root.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=self._root))
        try:
            with open_zip() as file, zipfile.ZipFile(file) as archive:
                for info in archive.infolist():
                    _extract(archive, info, made)
            made.chmod(0o755)
            os.rename(made, place)
        except zipfile.BadZipFile as error:
            shutil.rmtree(made, ignore_errors=True)
            raise BadPackage(str(error)) from error
        except OSError:
            shutil.rmtree(made, ignore_errors=True)
            if not place.is_dir():  # else another process was quicker
                raise
        keeping.remove_unused(self._root)
        return str(place)


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, root: Path) -> None:
    """One member, with its permissions; links are made as links, as long as they stay inside."""
    target = (root / info.filename).resolve()
    if not target.is_relative_to(root.resolve()):
        raise BadPackage(f"{info.filename} is outside of the package")
    mode = info.external_attr >> 16
    if info.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if stat.S_ISLNK(mode):
        link = archive.read(info).decode()
        if not (target.parent / link).resolve().is_relative_to(root.resolve()):
            raise BadPackage(f"{info.filename} leads outside of the package")
        target.symlink_to(link)
        return
    with archive.open(info) as source, open(target, "wb") as sink:
        shutil.copyfileobj(source, sink)
    # whoever runs it has to be able to read it; Windows' ZIPs have no permissions at all
    target.chmod((mode & 0o777 or 0o644) | 0o444)
