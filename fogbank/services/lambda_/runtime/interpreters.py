"""Which interpreters this machine has for the runtimes of Lambda.

A runtime's own version is taken where it is found. Where it is not, the nearest one of the same language is, and the function's log says
so; with `--lambda-runtimes exact` that is refused instead.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from typing import NamedTuple

Version = tuple[int, ...]

_RUNTIME = re.compile(r"(python|nodejs|ruby|java|dotnet)(\d+(?:\.\d+)?)")
# Where pyenv, uv, CI's tool caches, nvm and Homebrew put what is not on the PATH.
_PLACES = {
    "python": (
        "~/.pyenv/versions/*/bin/python3",
        "~/.local/share/uv/python/cpython-*/bin/python3",
        "/opt/hostedtoolcache/Python/*/x64/bin/python3",
        "/opt/homebrew/bin/python3.*[0-9]",
        "/usr/local/bin/python3.*[0-9]",
        "/usr/bin/python3.*[0-9]",
    ),
    "nodejs": (
        "~/.nvm/versions/node/*/bin/node",
        "/opt/hostedtoolcache/node/*/x64/bin/node",
        "/usr/local/bin/node",
        "/usr/bin/node",
    ),
    "ruby": ("~/.rbenv/versions/*/bin/ruby", "/opt/hostedtoolcache/Ruby/*/x64/bin/ruby", "/usr/bin/ruby"),
    "java": ("/usr/lib/jvm/*/bin/java", "/usr/bin/java"),
    "dotnet": ("~/.dotnet/dotnet", "/usr/bin/dotnet", "/usr/share/dotnet/dotnet"),
}
_PROGRAMS = {"python": "python3", "nodejs": "node", "ruby": "ruby", "java": "java", "dotnet": "dotnet"}
# One `dotnet` has several runtimes, and knows a version of its own only as a part of the SDK.
_ASK = {
    "python": "--version",
    "nodejs": "--version",
    "ruby": "--version",
    "java": "-version",
    "dotnet": "--list-runtimes",
}
_DOTNET = re.compile(r"^Microsoft\.NETCore\.App (\d+(?:\.\d+)+)", re.MULTILINE)
_SECONDS = 10


class Interpreter(NamedTuple):
    path: str
    version: Version

    @property
    def text(self) -> str:
        return ".".join(map(str, self.version))


class NoInterpreter(Exception):
    """There is nothing to run the runtime with; the text says what is missing."""


def wanted(runtime: str) -> tuple[str, Version]:
    """(language, version) of a runtime such as `python3.12`. Raises NoInterpreter for what is none of an interpreter's."""
    found = _RUNTIME.match(runtime)
    if found is None:
        raise NoInterpreter(f"Fogbank cannot run the runtime {runtime}.")
    return found[1], tuple(map(int, found[2].split(".")))


def said(runtime: str, found: Interpreter | None) -> str:
    """The version of a runtime as logs say it, `python:3.11.v7`: here that of the interpreter which runs it."""
    if found is None:
        return f"{runtime.replace('.', ':', 1)}.v1"
    language, version = wanted(runtime)
    own, patches = found.version[: len(version)], found.version[len(version) :]
    return f"{language}:{'.'.join(map(str, own))}.v{patches[0] if patches else 0}"


def find(runtime: str, exact: bool) -> Interpreter:
    """The interpreter for a runtime. Blocks. Raises NoInterpreter."""
    language, version = wanted(runtime)
    there = installed(language)
    same = [each for each in there if each.version[: len(version)] == version]
    if same:
        return same[-1]
    if not there or exact:
        found = ", ".join(each.text for each in there) or "none"
        raise NoInterpreter(
            f"The runtime {runtime} needs {_PROGRAMS[language]} {'.'.join(map(str, version))} on this machine; found: {found}."
        )
    return min(there, key=lambda each: _distance(each.version, version))


def _distance(version: Version, other: Version) -> tuple[int, ...]:
    padded = (*version, 0, 0)[:2], (*other, 0, 0)[:2]
    return tuple(abs(a - b) for a, b in zip(*padded, strict=True))


@cache
def installed(language: str) -> list[Interpreter]:
    """The interpreters of a language, by version. Blocks."""
    found: dict[Version, Interpreter] = {}
    for path in _candidates(language):
        for version in _versions(path, language):
            found.setdefault(version, Interpreter(path, version))
    return [found[version] for version in sorted(found)]


def _candidates(language: str) -> list[str]:
    paths = [os.path.realpath(sys.executable)] if language == "python" else []
    on_path = shutil.which(_PROGRAMS[language])
    # a shim of pyenv's decides by the directory what it runs: the versions themselves are found below
    if on_path is not None and "/shims/" not in on_path:
        paths.append(on_path)
    for pattern in _PLACES[language]:
        paths += sorted(glob.glob(os.path.expanduser(pattern)))
    return list(dict.fromkeys(os.path.realpath(path) for path in paths if os.access(path, os.X_OK)))


def _versions(path: str, language: str) -> list[Version]:
    try:
        asked = subprocess.run([path, _ASK[language]], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    if asked.returncode != 0:
        return []
    said = asked.stdout + asked.stderr
    texts = _DOTNET.findall(said) if language == "dotnet" else re.findall(r"\d+(?:\.\d+)+|\d+", said)[:1]
    return [tuple(map(int, text.split("."))) for text in texts]
