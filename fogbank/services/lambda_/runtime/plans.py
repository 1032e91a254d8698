"""What has to be started for a version of a function: an interpreter or a program, its modules, its environment variables."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from fogbank.engines.warden import CannotStart
from fogbank.services.lambda_.runtime import interpreters
from fogbank.services.lambda_.runtime.interpreters import Interpreter

_HERE = Path(__file__).parent
# What a Python function finds besides its own modules, as on AWS. Functions get those of the server.
_PYTHON_LIBRARIES = (
    "awslambdaric",
    "snapshot_restore_py",
    "simplejson",
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "dateutil",
    "six",
    "urllib3",
)
_NEEDED = ("awslambdaric", "simplejson", "snapshot_restore_py")
# Imported before the fork, so that an environment need not: AWS's client has its settings from the environment, and is not among them.
_PRELOADED = (
    "json",
    "logging",
    "traceback",
    "importlib.metadata",
    "datetime",
    "decimal",
    "http.client",
    "simplejson",
    "socket",
    "uuid",
)
_RUNTIME = "awslambdaric.__main__"


class Plan(NamedTuple):
    """With a module, `interpreter` forks and runs it; else `argv` is executed. `note` is something that the log should say."""

    interpreter: Interpreter | None
    argv: list[str]
    module: str | None
    path: list[str]
    note: str = ""


def plan(runtime: str, handler: str, code: str, layers: list[str], directory: str, exact: bool) -> Plan:
    """What to start. `directory` is where links to libraries may be put. Blocks. Raises CannotStart, NoInterpreter."""
    if runtime.startswith("python"):
        return _python(runtime, handler, code, layers, directory, exact)
    if runtime.startswith("provided"):
        return _provided(code, layers)
    raise interpreters.NoInterpreter(f"Fogbank cannot run the runtime {runtime}.")


def _provided(code: str, layers: list[str]) -> Plan:
    """A custom runtime is the executable `bootstrap` of the package or of a layer."""
    for root in (code, *layers):
        program = os.path.join(root, "bootstrap")
        if os.path.isfile(program):
            os.chmod(program, os.stat(program).st_mode | 0o111)
            return Plan(None, [program], None, [])
    raise CannotStart("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")


# -- Python


def _python(runtime: str, handler: str, code: str, layers: list[str], directory: str, exact: bool) -> Plan:
    found = interpreters.find(runtime, exact)
    path = [code, *_python_layers(found, layers), str(_HERE / "python"), _libraries(directory)]
    return Plan(found, ["bootstrap", handler], _RUNTIME, path, _note(runtime, found))


def _python_layers(found: Interpreter, layers: list[str]) -> list[str]:
    minor = ".".join(map(str, found.version[:2]))
    places = [f"{layer}/{place}" for layer in layers for place in ("python", f"python/lib/python{minor}/site-packages")]
    return [place for place in places if os.path.isdir(place)]


def _note(runtime: str, found: Interpreter) -> str:
    _, version = interpreters.wanted(runtime)
    if found.version[: len(version)] == version:
        return ""
    return f"{runtime} is not on this machine: the function runs with {found.text}"


def preloading(directory: str) -> tuple[str, tuple[str, ...]]:
    """(directory of modules, modules) that a Python which forks functions imports first. Blocks."""
    return _libraries(directory), _PRELOADED


def _libraries(directory: str) -> str:
    """A directory with links to the server's copies of what Python functions find, and to nothing else. Raises CannotStart."""
    place = Path(directory) / "python"
    place.mkdir(parents=True, exist_ok=True)
    for origin in _origins().values():
        link = place / Path(origin).name
        if os.path.realpath(link) != os.path.realpath(origin):
            link.unlink(missing_ok=True)
            link.symlink_to(origin)
    return str(place)


@cache
def _origins() -> Mapping[str, str]:
    found = {}
    for name in _PYTHON_LIBRARIES:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            origin = Path(spec.origin)
            found[name] = str(origin.parent if origin.name == "__init__.py" else origin)
        elif name in _NEEDED:
            raise CannotStart(f"Python functions need {name}: pip install 'fogbank[lambda]' (for {sys.executable})")
    return found
