"""The command line: which commands there are and what they take.

Server options are read as texts and turned into settings by `fogbank.config`, where the environment has its say too.
Every command is a function that gets the parsed arguments and returns an exit code (None for 0).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn

from fogbank import __version__
from fogbank.cli.errors import CommandError, Exit
from fogbank.config import OPTIONS

# What finds a running server; the other server options matter only when it starts.
_WHERE = ("host", "port", "data_dir", "ephemeral")


class _Parser(argparse.ArgumentParser):
    """Reports a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(Exit.USAGE, f"{message} (see {self.prog} --help)")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The namespace has `run` (the command) and `flags` (server options that were given, as texts by name)."""
    if arguments and arguments[0] == "aws":
        # Everything after it belongs to the AWS CLI, `--help` and unknown options included.
        return argparse.Namespace(run=_lazy("client", "aws"), flags={}, arguments=list(arguments[1:]))
    namespace = _parser().parse_args(arguments)
    names = [option.name for option in OPTIONS]
    namespace.flags = {name: value for name in names if (value := getattr(namespace, name, None)) is not None}
    return namespace


def _parser() -> _Parser:
    parser = _Parser(prog="fogbank", description="AWS on your own ground.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"fogbank {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: Callable[..., int | None], help: str, options: Sequence[str] = _WHERE) -> _Parser:
        parser = commands.add_parser(name, help=help, description=help, allow_abbrev=False)
        parser.set_defaults(run=run)
        _add_server_options(parser, options)
        return parser

    start = command("start", _lazy("server", "start"), "start the server", [option.name for option in OPTIONS])
    start.add_argument("--detach", action="store_true", help="run in the background and return when it is ready")
    command("stop", _lazy("server", "stop"), "stop the server and wait until it is gone")
    command("status", _lazy("server", "status"), "say whether a server runs, and where")
    logs = command("logs", _lazy("server", "logs"), "print the log of a detached server")
    logs.add_argument("-f", "--follow", action="store_true", help="go on until interrupted")
    logs.add_argument("-n", "--lines", type=int, metavar="N", help="only the last N lines")
    env = command(
        "env", _lazy("client", "env"), 'print shell exports for AWS clients: eval "$(fogbank env)"', (*_WHERE, "region")
    )
    env.add_argument("--account", default="test", metavar="ID", help="work in this account (12 digits)")
    # Only for the list of commands: `parse` takes `aws` before the parser sees it.
    command("aws", _lazy("client", "aws"), "run the AWS CLI against the server", ())
    reset = command("reset", _lazy("client", "reset"), "forget all state")
    reset.add_argument("--account", metavar="ID", help="only the state of this account")
    command("save", _lazy("client", "save"), "write the whole state to a file").add_argument("file", metavar="FILE")
    command("load", _lazy("client", "load"), "replace the state by a saved one").add_argument("file", metavar="FILE")
    clock = command("clock", _lazy("client", "clock"), "show or move the virtual clock")
    clock.add_argument("action", choices=("show", "advance", "reset"))
    clock.add_argument("duration", nargs="?", help="for advance: 90s, 1h30m, 30d, PT15M or a number of seconds")
    iam = command("iam", _lazy("iam", "iam"), "show what was refused, or the policy that a role needs")
    iam.add_argument("action", choices=("denials", "suggest"))
    iam.add_argument("name", nargs="?", metavar="ROLE", help="for suggest: a role's name, or the ARN of a role or user")
    iam.add_argument("--account", metavar="ID", help="in this account (12 digits)")
    iam.add_argument("-n", "--limit", type=int, default=50, metavar="N", help="only the last N denials")
    mail = command("mail", _lazy("mail", "mail"), "show the mails and texts that would have left")
    mail.add_argument("--to", metavar="RECEIVER", help="only those to this address, phone number or device")
    mail.add_argument("--kind", choices=("email", "sms", "push"), help="only those of this kind")
    mail.add_argument("--account", metavar="ID", help="only those of this account (12 digits)")
    mail.add_argument("-n", "--limit", type=int, default=20, metavar="N", help="only the last N (20)")
    mail.add_argument("--json", action="store_true", help="as JSON")
    mail.add_argument("--clear", action="store_true", help="throw everything away")
    lambda_ = command(
        "lambda",
        _lazy("lambda_", "lambda_"),
        "install what functions need besides an interpreter, or show what this machine runs them with",
        ("lambda_libraries", "lambda_runtimes"),
    )
    lambda_.add_argument("action", choices=("install", "runtimes"))
    lambda_.add_argument(
        "languages", nargs="*", metavar="LANGUAGE", help="for install: nodejs, java (those that are here)"
    )
    lambda_.add_argument("--upgrade", action="store_true", help="for install: also what is there, in newer versions")
    lambda_.add_argument("--maven", metavar="URL", help="for install: a Maven repository, instead of Maven Central")
    doctor = command(
        "doctor", _lazy("doctor", "doctor"), "look for damage in a data directory", ("data_dir", "store", "blobs")
    )
    doctor.add_argument("--repair", action="store_true", help="remove blobs that nothing keeps")
    services = command("services", _lazy("services", "services"), "say which operations are implemented", ())
    services.add_argument("service", nargs="?", metavar="NAME", help="list the operations of one service")
    return parser


def _add_server_options(parser: argparse.ArgumentParser, names: Sequence[str]) -> None:
    group = parser.add_argument_group("server options", "each also as an environment variable: FOGBANK_PORT for --port")
    for option in OPTIONS:
        if option.name not in names:
            continue
        if option.is_switch:
            group.add_argument(option.flag, dest=option.name, action="store_const", const="1", help=option.help)
            group.add_argument(
                "--no-" + option.flag[2:], dest=option.name, action="store_const", const="0", help=argparse.SUPPRESS
            )
        else:
            group.add_argument(option.flag, dest=option.name, metavar=option.metavar, help=option.help)


def _lazy(module: str, function: str) -> Callable[..., Any]:
    def run(command: argparse.Namespace) -> Any:
        return getattr(import_module(f"fogbank.cli.{module}"), function)(command)

    return run
