"""Settings: what a user may choose when starting the server. Flags win over `FOGBANK_*` variables, these over the defaults.

Every option is one row of `OPTIONS` and one field of `Settings` of the same name; the command line, the environment and
the user guide's table all follow from these two.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

DEFAULT_PORT = 4566
DEFAULT_DATA_DIR = os.path.expanduser("~/.fogbank")


class SettingsError(Exception):
    """An option has a value that it cannot have. The message is one line that names the option."""


class Settings(msgspec.Struct, kw_only=True):
    """The options of one server; see `OPTIONS` for their meaning. Port 0 becomes the free port that was taken."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    data_dir: str = DEFAULT_DATA_DIR
    ephemeral: bool = False
    store: str = ""
    blobs: str = ""
    secrets: str = ""
    durability: Literal["process", "power"] = "process"
    encrypt_at_rest: bool = True
    iam: Literal["enforce", "audit", "off"] = "enforce"
    credentials: Literal["default", "strict"] = "default"
    consistency: Literal["strong", "adversarial"] = "strong"
    throttle: tuple[str, ...] = ()
    lambda_runtimes: Literal["nearest", "exact"] = "nearest"
    lambda_processors: Literal["machine", "memory"] = "machine"
    lambda_install: Literal["needed", "asked"] = "needed"
    lambda_libraries: str = os.path.expanduser("~/.fogbank/lambda")
    workers: int = 1
    tls: bool = False
    region: str = "us-east-1"
    s3_regions: Literal["strict", "any"] = "strict"
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    log_format: Literal["text", "json"] = "text"
    log_requests: bool = False
    slow_request: int = 1000
    admin_open: bool = False
    admin_hosts: tuple[str, ...] = ()

    @property
    def public_host(self) -> str:
        """The host (bracketed when IPv6) under which clients on this machine reach the server."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host
        return f"[{host}]" if ":" in host else host


class Option(NamedTuple):
    """How one setting is read from text. `parse` raises ValueError with the reason."""

    name: str
    parse: Callable[[str], Any]
    help: str
    metavar: str | None = None

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return "FOGBANK_" + self.name.upper()

    @property
    def is_switch(self) -> bool:
        return self.parse is parse_switch


_SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def parse_switch(text: str) -> bool:
    try:
        return _SWITCH[text.lower()]
    except KeyError:
        raise ValueError("expected 1 or 0") from None


def _parse_port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise ValueError("expected a port number from 0 to 65535")
    return int(text)


def _parse_count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ValueError("expected a number of 1 or more")
    return int(text)


def _parse_milliseconds(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError("expected a number of milliseconds, or 0 for never")
    return int(text)


def _parse_store(text: str) -> str:
    if not text.startswith(("postgresql://", "postgres://")):
        raise ValueError("expected a URL that begins with postgresql://")
    return text


def _parse_directory(text: str) -> str:
    if not text:
        raise ValueError("expected a directory")
    return os.path.abspath(os.path.expanduser(text))


def _parse_place(text: str) -> str:
    return text if text.startswith("s3://") else _parse_directory(text)


def _parse_name(text: str) -> str:
    if not text or text != text.strip():
        raise ValueError("expected a name")
    return text


_THROTTLED = ("dynamodb", "kinesis", "sqs")


def _parse_throttled(text: str) -> tuple[str, ...]:
    names = _parse_names(text)
    if not set(names) <= set(_THROTTLED):
        raise ValueError(f"expected names of {', '.join(_THROTTLED)}")
    return names


def _parse_names(text: str) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in text.split(",") if name.strip())


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"expected {', '.join(choices[:-1])} or {choices[-1]}")
        return text

    return parse


OPTIONS = (
    Option("host", _parse_name, "address to listen on", "ADDRESS"),
    Option("port", _parse_port, "port to listen on; 0 takes a free one", "PORT"),
    Option("data_dir", _parse_directory, "where the state is kept", "DIR"),
    Option("ephemeral", parse_switch, "keep no state: it is gone when the server stops"),
    Option(
        "store",
        _parse_store,
        "a PostgreSQL database to keep the records in, shared by any number of servers; else a file in the data directory",
        "postgresql://...",
    ),
    Option(
        "blobs",
        _parse_place,
        "where objects and packages are kept, a directory or s3://bucket/prefix; servers that share a store have to share it too",
        "DIR|s3://...",
    ),
    Option(
        "secrets",
        _parse_directory,
        "where the keys of secrets in the store are kept; servers that share a store have to share it too",
        "DIR",
    ),
    Option(
        "durability",
        _one_of("process", "power"),
        "what acknowledged writes survive: kill -9, or a power failure too",
        "process|power",
    ),
    Option(
        "encrypt_at_rest",
        parse_switch,
        "encrypt S3 objects under a key of this server's; those under keys of KMS or the customer always are",
    ),
    Option(
        "iam",
        _one_of("enforce", "audit", "off"),
        "refuse what policies forbid, only record it, or do not ask",
        "enforce|audit|off",
    ),
    Option(
        "credentials",
        _one_of("default", "strict"),
        "accept dummy keys as account roots, or only issued keys",
        "default|strict",
    ),
    Option(
        "consistency",
        _one_of("strong", "adversarial"),
        "let everybody see every write at once, or make happen what AWS allows: stale reads, messages that are delivered twice",
        "strong|adversarial",
    ),
    Option(
        "throttle",
        _parse_throttled,
        "services that refuse what exceeds AWS's throughput, separated by commas: dynamodb, kinesis, sqs",
        "NAMES",
    ),
    Option(
        "lambda_runtimes",
        _one_of("nearest", "exact"),
        "run functions with the nearest version of their language that is on this machine, or only with their own",
        "nearest|exact",
    ),
    Option(
        "lambda_processors",
        _one_of("machine", "memory"),
        "let functions have the processors of the machine, or as much of them as AWS gives for their memory",
        "machine|memory",
    ),
    Option(
        "lambda_install",
        _one_of("needed", "asked"),
        "fetch what AWS's runtimes bring (the SDK for JavaScript, Java's client) when a function needs it, or only when asked",
        "needed|asked",
    ),
    Option(
        "lambda_libraries",
        _parse_directory,
        "directory of what functions find besides their packages: nodejs/node_modules, java/*.jar",
        "DIR",
    ),
    Option("workers", _parse_count, "number of processes", "N"),
    Option("tls", parse_switch, "answer HTTPS too, on the same port"),
    Option("region", _parse_name, "region of requests that do not name one", "REGION"),
    Option(
        "s3_regions",
        _one_of("strict", "any"),
        "redirect requests for buckets of other regions, as AWS does, or serve them",
        "strict|any",
    ),
    Option("log_level", _one_of("debug", "info", "warning", "error"), "how much to log", "debug|info|warning|error"),
    Option("log_format", _one_of("text", "json"), "lines for people or JSON objects for machines", "text|json"),
    Option("log_requests", parse_switch, "log every request"),
    Option(
        "slow_request",
        _parse_milliseconds,
        "log requests that take longer than this many milliseconds; 0 for none",
        "MS",
    ),
    Option("admin_open", parse_switch, "answer the admin API to clients that are not on this machine"),
    Option(
        "admin_hosts",
        _parse_names,
        "further host names under which the admin API answers, separated by commas",
        "NAMES",
    ),
)


def chosen_options(flags: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The options that somebody set, by name: `flags` (texts by option name) win over the environment.

    An empty variable counts as not set. Raises SettingsError.
    """
    chosen = {}
    for option in OPTIONS:
        source, text = option.flag, flags.get(option.name)
        if text is None:
            source, text = option.variable, environ.get(option.variable) or None
        if text is None:
            continue
        try:
            chosen[option.name] = option.parse(text)
        except ValueError as reason:
            raise SettingsError(f"{source}: {reason}, not {text!r}") from None
    return chosen
