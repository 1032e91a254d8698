"""What has to be started for a function of a container image: its entry point, in a file system that is the image's.

https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
"""

from __future__ import annotations

import os
import stat
from typing import Any

from fogbank.engines.warden import CannotStart
from fogbank.services.lambda_.runtime import libraries, programs
from fogbank.services.lambda_.runtime.images import BadImage, Unpacked, within
from fogbank.services.lambda_.runtime.plans import Place, Plan

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_EXTENSIONS = "/opt/extensions"
_ARCHITECTURES = {"amd64": "x86_64", "arm64": "arm64"}


def plan(image: Unpacked, overrides: dict[str, Any], architecture: str, directory: str, scratch: int) -> Plan:
    """What to start. Blocks. Raises BadImage.

    overrides     the function's ImageConfig
    architecture  of the function (`x86_64`)
    directory     the engine's own
    scratch       bytes that fit into /tmp
    """
    config = image.config.get("config") or {}
    entry = overrides.get("EntryPoint") or _texts(config, "Entrypoint")
    argv = [*entry, *(overrides.get("Command") or _texts(config, "Cmd"))]
    working = overrides.get("WorkingDirectory") or config.get("WorkingDir") or "/"
    room = {"root": image.root, "tmp": scratch, "hosts": libraries.hosts(directory)}
    variables = {"PATH": _PATH, "LAMBDA_TASK_ROOT": "/var/task", "LAMBDA_RUNTIME_DIR": "/var/runtime"}
    variables.update(_pair(each) for each in _texts(config, "Env"))
    place = Place(working, variables["LAMBDA_RUNTIME_DIR"], ["/opt"], room)
    fault = _fault(image, argv, variables["PATH"], working, architecture)
    return Plan(None, argv, None, [], variables, place, extensions=_extensions(image.root), fault=fault)


def _texts(config: dict[str, Any], name: str) -> list[str]:
    """A list in an image's configuration. Raises BadImage."""
    found = config.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise BadImage(f"{name} in the image's configuration is no list of texts")
    return found


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _extensions(root: str) -> dict[str, str]:
    """The image's own extensions: there are no layers that could bring others."""
    place = within(root, _EXTENSIONS)
    if not os.path.isdir(place):
        return {}
    names = sorted(name for name in os.listdir(place) if os.path.isfile(within(root, f"{_EXTENSIONS}/{name}")))
    return {name: f"{_EXTENSIONS}/{name}" for name in names}


# -- what keeps it from starting, in the words of AWS's


def _fault(image: Unpacked, argv: list[str], path: str, working: str, architecture: str) -> str:
    try:
        if not argv:
            return "entrypoint requires the handler name to be the first argument"
        if not os.path.isdir(within(image.root, working)):
            return f"failed to set working directory: chdir {working}: no such file or directory"
        return _fault_of_program(image, argv[0], path, working, architecture)
    except BadImage as error:
        return str(error)


def _fault_of_program(image: Unpacked, program: str, path: str, working: str, architecture: str) -> str:
    places = [program] if "/" in program else [f"{each}/{program}" for each in path.split(":")]
    found = [within(image.root, each if each.startswith("/") else f"{working}/{each}") for each in places]
    there = [each for each in found if os.path.isfile(each)]
    if not there:
        return f'exec: "{program}": executable file not found in $PATH' if "/" not in program else _missing(program)
    if not any(os.stat(each).st_mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH) for each in there):
        return f"fork/exec {program}: permission denied"
    with open(there[0], "rb") as file:
        is_script = file.read(2) == b"#!"
    made_for = _ARCHITECTURES.get(image.config.get("architecture", ""), architecture)
    if made_for != architecture:
        return f"fork/exec {program}: exec format error"
    return "" if is_script else programs.fault(there[0], program)


def _missing(program: str) -> str:
    return f"fork/exec {program}: no such file or directory"


def require_rooms(skeleton: str) -> None:
    """Raise CannotStart where programs cannot have a file system of their own."""
    if not skeleton:
        raise CannotStart(
            "Container images need a file system of their own, which this machine does not let Fogbank make: mount namespaces "
            "(Linux, as root, or with user namespaces allowed) are missing."
        )
