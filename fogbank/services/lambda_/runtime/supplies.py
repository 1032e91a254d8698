"""What AWS's runtimes bring besides an interpreter is installed when a function first needs it. All of it blocks.

A function in JavaScript needs the SDK when its own scripts name it and no package or layer of its brings it; every function in Java needs
the runtime interface client. An installation that failed is not tried again for a while: without a network, functions that can do without
are not to wait for it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fogbank.services.lambda_.runtime.installing import Installer

log = logging.getLogger("fogbank.lambda")

_SDK = "@aws-sdk"
_SCRIPTS = (".js", ".mjs", ".cjs")
_PATIENCE = 600.0
_LARGEST = 16 << 20


class Supplies:
    """Those of a directory of libraries. `installs`: they may be fetched from npm and Maven Central."""

    def __init__(self, libraries: str, installs: bool) -> None:
        self._libraries = libraries
        self._installs = installs
        self._turn = threading.Lock()
        self._failures: dict[str, tuple[float, str]] = {}

    @cached_property
    def _installer(self) -> Installer:
        from fogbank.services.lambda_.runtime.installing import Installer  # with clients of HTTP, which few need

        return Installer(self._libraries)

    def sdk(self, code: str, layers: Iterable[str]) -> str:
        """See to it that the SDK is there if the package needs it. Returns why that could not be, or nothing."""
        if self._has_sdk() or not _names_sdk(code, layers):
            return ""
        with self._turn:
            return "" if self._has_sdk() else self._fetched("nodejs")

    def runtime_client(self) -> str:
        """See to it that Amazon's client for Java is there. Returns why that could not be, or nothing."""
        with self._turn:
            return "" if self._installer.found("java") else self._fetched("java")

    def _has_sdk(self) -> bool:
        return os.path.isdir(os.path.join(self._libraries, "nodejs", "node_modules", _SDK))

    def _fetched(self, language: str) -> str:
        if not self._installs:
            return f"`fogbank lambda install {language}` puts it there"
        tried, reason = self._failures.get(language, (0.0, ""))
        if reason and time.monotonic() - tried < _PATIENCE:
            return reason
        from fogbank.services.lambda_.runtime.installing import CannotInstall

        log.info("installing what functions in %s need into %s", language, self._libraries)
        try:
            self._installer.install(language)
        except CannotInstall as error:
            log.warning("what functions in %s need could not be installed: %s", language, error)
            self._failures[language] = time.monotonic(), str(error)
            return str(error)
        return ""


def _names_sdk(code: str, layers: Iterable[str]) -> bool:
    brought = (code, *(os.path.join(layer, "nodejs") for layer in layers))
    if any(os.path.isdir(os.path.join(each, "node_modules", _SDK)) for each in brought):
        return False
    return any(_names(path) for path in _scripts(code))


def _scripts(code: str) -> Iterator[str]:
    for directory, inner, names in os.walk(code):
        inner[:] = [each for each in inner if each != "node_modules"]
        yield from (os.path.join(directory, name) for name in names if name.endswith(_SCRIPTS))


def _names(path: str) -> bool:
    with open(path, "rb") as script:
        return _SDK.encode() + b"/" in script.read(_LARGEST)
