"""What has to be started for a version of a function: an interpreter or a program, its modules, its environment variables.

Where the machine allows it, a function sees its code at /var/task, its layers at /opt and its runtime at /var/runtime, as on AWS (see
`fogbank.engines.rooms`). Elsewhere it sees them where they are.
"""

from __future__ import annotations

import glob
import hashlib
import os
from pathlib import Path
from typing import Any, NamedTuple

from fogbank.engines.warden import CannotStart
from fogbank.services.lambda_.runtime import interpreters, keeping, libraries, programs
from fogbank.services.lambda_.runtime.interpreters import Interpreter, NoInterpreter
from fogbank.services.lambda_.runtime.supplies import Supplies

_RUNTIME = "awslambdaric.__main__"
_EXECUTED = "import sys; sys.path[:0] = sys.argv[2:]; from awslambdaric.__main__ import main; main(sys.argv)"
_JAVA_MAIN = "com.amazonaws.services.lambda.runtime.api.client.AWSLambda"
_PATH = "/var/lang/bin:/usr/local/bin:/usr/bin:/bin:"
_TMP = "/tmp/"
# So much of the memory is Java's heap.
_HEAP = 0.8


class Sources(NamedTuple):
    """Where things lie on this machine.

    code        the unpacked package
    layers      the unpacked layers, the last one above the others
    directory   the engine's own, where links to libraries may be put
    libraries   what is installed for functions (`--lambda-libraries`)
    supplies    what installs it
    skeleton    see `fogbank.engines.rooms`; empty where there are no rooms
    scratch     bytes that fit into /tmp
    memory      of the function, in MiB
    """

    code: str
    layers: list[str]
    directory: str
    libraries: str
    supplies: Supplies
    skeleton: str
    scratch: int
    memory: int


class Place(NamedTuple):
    """The same as the function sees it; `room` as `fogbank.engines.rooms` has it, None when it sees the machine."""

    code: str
    runtime: str
    layers: list[str]
    room: dict[str, Any] | None

    @property
    def directories(self) -> list[str]:
        """Those of this machine."""
        if self.room is None:
            return [self.code, *self.layers]
        if "root" in self.room:
            return [os.path.dirname(self.room["root"])]
        return [self.room["task"], *self.room["layers"], self.room["bytecode"]]


class Plan(NamedTuple):
    """With a module, `interpreter` forks and runs it; else `argv` is executed. `note` is something that the log should say.

    `variables` are those of the language, `extensions` programs by their names. `fault` is why the package's program cannot be started.
    """

    interpreter: Interpreter | None
    argv: list[str]
    module: str | None
    path: list[str]
    variables: dict[str, str]
    place: Place
    note: str = ""
    extensions: dict[str, str] = {}
    fault: str = ""


def plan(runtime: str, handler: str, sources: Sources, exact: bool) -> Plan:
    """What to start. Blocks. Raises CannotStart, NoInterpreter."""
    planned = _of_language(runtime, handler, sources, exact)
    programs = _extensions(sources)
    if not programs:
        return planned
    room = planned.place.room
    if room is not None:
        room = {**room, "hosts": libraries.hosts(sources.directory)}
        programs = {name: f"/opt/extensions/{name}" for name in programs}
    return planned._replace(place=planned.place._replace(room=room), extensions=programs)


def wrapped(planned: Plan, variables: dict[str, str]) -> Plan:
    """With the script that `AWS_LAMBDA_EXEC_WRAPPER` names: it gets the runtime's command, whose last word is the runtime's own program.

    Custom runtimes have no wrappers: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper
    """
    wrapper, found = variables.get("AWS_LAMBDA_EXEC_WRAPPER"), planned.interpreter
    if not wrapper or found is None:
        return planned
    if planned.module is None:
        return planned._replace(argv=[wrapper, *(each for each in planned.argv if each != variables["_HANDLER"])])
    searched = dict.fromkeys([*planned.path, *variables.get("PYTHONPATH", "").split(os.pathsep)])
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, searched))
    return planned._replace(argv=[wrapper, found.path, f"{planned.place.runtime}/bootstrap.py"], module=None)


def _extensions(sources: Sources) -> dict[str, str]:
    """External extensions by name: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html"""
    found = {}
    for layer in sources.layers:
        for program in sorted(glob.glob(os.path.join(glob.escape(layer), "extensions", "*"))):
            if os.path.isfile(program):
                found[os.path.basename(program)] = program
    return found


def _of_language(runtime: str, handler: str, sources: Sources, exact: bool) -> Plan:
    if runtime.startswith("python"):
        return _python(runtime, handler, sources, exact)
    if runtime.startswith("nodejs"):
        return _nodejs(runtime, handler, sources, exact)
    if runtime.startswith("java"):
        return _java(runtime, handler, sources, exact)
    if runtime.startswith("ruby"):
        return _ruby(runtime, handler, sources, exact)
    if runtime.startswith("dotnet"):
        return _dotnet(runtime, handler, sources, exact)
    return _provided(sources)


# -- what is seen


def _place(sources: Sources, runtime: str, modules: list[str] | None = None, bytecode: str = "") -> Place:
    if not sources.skeleton:
        return Place(sources.code, runtime, sources.layers, None)
    room = {
        "task": sources.code,
        "runtime": runtime,
        "bytecode": bytecode,
        "modules": modules or [],
        "layers": sources.layers,
        "skeleton": sources.skeleton,
        "tmp": sources.scratch,
    }
    return Place("/var/task", "/var/runtime", ["/opt"], room)


def _variables(place: Place, **more: str) -> dict[str, str]:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""
    programs = ":".join(f"{each}/bin" for each in place.layers)
    shared = ":".join(f"{each}/lib" for each in place.layers)
    code, runtime = place.code, place.runtime
    return {
        "PATH": _PATH + (programs or "/opt/bin"),
        "LD_LIBRARY_PATH": f"/var/lang/lib:/lib64:/usr/lib64:{runtime}:{runtime}/lib:{code}:{code}/lib:{shared or '/opt/lib'}",
        "LAMBDA_TASK_ROOT": code,
        "LAMBDA_RUNTIME_DIR": runtime,
        **more,
    }


def _keeping_tmp(sources: Sources, *needed: str) -> Sources:
    """What the program itself needs from the machine's /tmp must not be covered by another one."""
    if any(os.path.realpath(each).startswith(_TMP) for each in needed):
        return sources._replace(scratch=0)
    return sources


def _note(runtime: str, found: Interpreter) -> str:
    _, version = interpreters.wanted(runtime)
    if found.version[: len(version)] == version:
        return ""
    return f"{runtime} is not on this machine: the function runs with {found.text}"


# -- languages


def _provided(sources: Sources) -> Plan:
    """A custom runtime is the executable `bootstrap` of the package or of a layer."""
    place = _place(sources, libraries.empty(sources.directory))
    for root, seen in ((sources.code, place.code), *((layer, "/opt") for layer in reversed(sources.layers))):
        program = os.path.join(root, "bootstrap")
        if os.path.isfile(program):
            os.chmod(program, os.stat(program).st_mode | 0o111)
            shown = program if place.room is None else f"{seen}/bootstrap"
            return Plan(None, [shown], None, [], _variables(place), place, fault=programs.fault(program, shown))
    missing = "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
    return Plan(None, [], None, [], _variables(place), place, fault=missing)


def _python(runtime: str, handler: str, sources: Sources, exact: bool) -> Plan:
    found = interpreters.find(runtime, exact)
    links = libraries.python(sources.directory)
    needed = [found.path, *(os.path.join(links, each) for each in os.listdir(links))]
    place = _place(_keeping_tmp(sources, *needed), links, bytecode=_bytecode(sources))
    minor = ".".join(map(str, found.version[:2]))
    below = [f"{each}/python{rest}" for each in place.layers for rest in (f"/lib/python{minor}/site-packages", "")]
    path = [place.code, *below, place.runtime]
    variables, note = _variables(place, PYTHONPATH=place.runtime), _note(runtime, found)
    if _has_shared_libraries(sources):
        argv = [found.path, "-S", "-c", _EXECUTED, handler, *path]
        return Plan(found, argv, None, [], variables, place, note)
    return Plan(found, ["bootstrap", handler], _RUNTIME, path, variables, place, note)


def _has_shared_libraries(sources: Sources) -> bool:
    """Whether LD_LIBRARY_PATH leads to any. Programs look there if they were started with it, which a fork was not."""
    places = (sources.code, *(os.path.join(each, "lib") for each in (sources.code, *sources.layers)))
    return any(glob.glob(os.path.join(glob.escape(each), "lib*.so*")) for each in places)


def _bytecode(sources: Sources) -> str:
    """Compiled modules are kept by package and layers: in all of them the paths are the same."""
    name = hashlib.sha256("\0".join((sources.code, *sources.layers)).encode()).hexdigest()[:32]
    place = os.path.join(sources.directory, "bytecode", name)
    if sources.skeleton:
        is_new = not os.path.isdir(place)
        os.makedirs(place, exist_ok=True)
        keeping.used(place)
        if is_new:
            keeping.remove_unused(Path(place).parent)
    return place


def _nodejs(runtime: str, handler: str, sources: Sources, exact: bool) -> Plan:
    """https://docs.aws.amazon.com/lambda/latest/dg/nodejs-package.html"""
    found = interpreters.find(runtime, exact)
    missing = sources.supplies.sdk(sources.code, sources.layers)
    own = os.path.join(sources.libraries, "nodejs", "node_modules")
    own = own if os.path.isdir(own) else ""
    links = libraries.nodejs(sources.directory, own)
    names = (f"nodejs/node{found.version[0]}/node_modules", "nodejs/node_modules")
    layered = [os.path.join(layer, name) for name in names for layer in reversed(sources.layers)]
    modules = [each for each in (*layered, own) if each and os.path.isdir(each)]
    place = _place(_keeping_tmp(sources, *filter(None, (found.path, own))), links, modules)
    searched = [f"{each}/{name}" for name in names for each in reversed(place.layers)]
    searched += [f"{place.runtime}/node_modules", place.runtime, place.code]
    variables = _variables(place, NODE_PATH=":".join(searched))
    argv = [found.path, f"{place.runtime}/index.mjs", handler]
    note = f"The AWS SDK for JavaScript is not installed: {missing}." if missing else _note(runtime, found)
    return Plan(found, argv, None, [], variables, place, note)


def _ruby(runtime: str, handler: str, sources: Sources, exact: bool) -> Plan:
    """https://docs.aws.amazon.com/lambda/latest/dg/ruby-package.html"""
    found = interpreters.find(runtime, exact)
    own = os.path.join(sources.libraries, "ruby")
    place = _place(_keeping_tmp(sources, found.path, own), libraries.ruby(sources.directory))
    abi = ".".join(map(str, (*found.version[:2], 0)))
    gems = [f"{each}/ruby/gems/{abi}" for each in reversed(place.layers)]
    variables = _variables(
        place,
        GEM_PATH=":".join([f"{place.code}/vendor/bundle/ruby/{abi}", *gems, f"{own}/gems/{abi}"]),
        RUBYLIB=":".join([place.code, *(f"{each}/ruby/lib" for each in reversed(place.layers))]),
    )
    argv = [found.path, f"{place.runtime}/main.rb", handler]
    return Plan(found, argv, None, [], variables, place, _note(runtime, found))


def _java(runtime: str, handler: str, sources: Sources, exact: bool) -> Plan:
    """With Amazon's runtime interface client, which has to be installed: see `installing`."""
    found = interpreters.find(runtime, exact)
    missing = sources.supplies.runtime_client()
    client = sorted(glob.glob(os.path.join(sources.libraries, "java", "*.jar")))
    if not client:
        raise CannotStart(f"{runtime} needs Amazon's runtime interface client in {sources.libraries}/java: {missing}.")
    place = _place(_keeping_tmp(sources, found.path, *client), libraries.empty(sources.directory))
    jars = [*client, place.code, f"{place.code}/lib/*", *(f"{each}/java/lib/*" for each in place.layers)]
    options = [f"-Xmx{round(sources.memory * _HEAP)}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    argv = [found.path, *options, "-cp", ":".join(jars), _JAVA_MAIN, handler]
    return Plan(found, argv, None, [], _variables(place), place, _note(runtime, found))


def _dotnet(runtime: str, handler: str, sources: Sources, exact: bool) -> Plan:
    """An executable assembly, which has AWS's runtime client in it. That of class libraries is a part of Lambda, and not published.

    https://docs.aws.amazon.com/lambda/latest/dg/csharp-handler.html#csharp-executable-assembly-handlers
    """
    found = interpreters.find(runtime, exact)
    if "::" in handler:
        raise NoInterpreter(
            f"Fogbank has no runtime client of {runtime} for class libraries, as {handler} is one: make it an executable "
            f"assembly with Amazon.Lambda.RuntimeSupport, whose handler is the name of the assembly."
        )
    place = _place(_keeping_tmp(sources, found.path), libraries.empty(sources.directory))
    assembly = handler if handler.endswith(".dll") else f"{handler}.dll"
    shown = f"{place.code}/{assembly}"
    is_there = os.path.isfile(os.path.join(sources.code, assembly))
    fault = "" if is_there else f"executable assembly {shown} was not found."
    note = _note(runtime, found)
    variables = _variables(place, **({"DOTNET_ROLL_FORWARD": "Major"} if note else {}))
    return Plan(found, [found.path, shown], None, [], variables, place, note, fault=fault)
