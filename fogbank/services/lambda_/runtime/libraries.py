"""What functions find at /var/runtime: AWS's runtime clients and SDKs, as directories of links. All of it blocks."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fogbank.engines.warden import CannotStart

_HERE = Path(__file__).parent
# What a Python function finds besides its own modules, as on AWS. Functions get those of the server.
_PYTHON = (
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
PRELOADED = (
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


def python(directory: str) -> str:
    """Links to the server's copies of what Python functions find, and to nothing else. Raises CannotStart."""
    return _linked(Path(directory) / "python", _origins())


def nodejs(directory: str, modules: str) -> str:
    """The runtime client, and the directory of modules that come with it, if there is one."""
    place = _copied(_HERE / "nodejs", Path(directory) / "nodejs")
    return _linked(place, {"node_modules": modules} if modules else {})


def ruby(directory: str) -> str:
    """The runtime client."""
    return str(_copied(_HERE / "ruby", Path(directory) / "ruby"))


def empty(directory: str) -> str:
    """For runtimes that bring everything themselves."""
    return _linked(Path(directory) / "provided", {})


def hosts(directory: str) -> str:
    """The machine's file of hosts, and the name by which extensions are found: `sandbox.localdomain`."""
    place = Path(directory) / "hosts"
    try:
        own = Path("/etc/hosts").read_text()
    except OSError:
        own = ""
    place.write_text(f"{own.rstrip()}\n127.0.0.1 sandbox.localdomain sandbox\n")
    return str(place)


def _copied(origin: Path, place: Path) -> Path:
    """The files of a directory: an interpreter that follows links would show in its traces where they lead."""
    place.mkdir(parents=True, exist_ok=True)
    for file in origin.iterdir():
        copy = place / file.name
        if copy.is_symlink() or not copy.is_file() or copy.read_bytes() != file.read_bytes():
            copy.unlink(missing_ok=True)
            shutil.copyfile(file, copy)
    return place


def _linked(place: Path, links: Mapping[str, str]) -> str:
    place.mkdir(parents=True, exist_ok=True)
    for name, origin in links.items():
        link = place / name
        if not link.is_symlink() or str(link.readlink()) != origin:
            link.unlink(missing_ok=True)
            link.symlink_to(origin)
    return str(place)


@cache
def _origins() -> Mapping[str, str]:
    found = {name: str(_HERE / "python" / name) for name in ("bootstrap.py", "runtime_client.py", "snapshot_client.py")}
    for name in _PYTHON:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            origin = Path(spec.origin)
            place = origin.parent if origin.name == "__init__.py" else origin
            found[place.name] = str(place)
        elif name in _NEEDED:
            raise CannotStart(f"Python functions need {name}: pip install 'fogbank[lambda]' (for {sys.executable})")
    return found
