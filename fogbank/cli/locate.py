"""Which server does a command mean? The one of the data directory or port that was named, else the one that runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fogbank import pidfile
from fogbank.cli.errors import CommandError, Exit
from fogbank.config import Settings, chosen_options
from fogbank.pidfile import Running


def find_server(flags: Mapping[str, str]) -> Running | None:
    """The live server that the options mean, None when there is none. Raises CommandError when several could be meant."""
    chosen = chosen_options(flags)
    durable, ephemeral = _candidates(chosen)
    if durable is not None:
        return durable
    if len(ephemeral) > 1:
        ports = ", ".join(str(server.port) for server in ephemeral)
        raise CommandError(Exit.USAGE, f"several servers run, on the ports {ports}: say which with --port")
    return ephemeral[0] if ephemeral else None


def running_server(flags: Mapping[str, str]) -> Running:
    """The live server that the options mean. Raises CommandError when there is none."""
    server = find_server(flags)
    if server is None:
        raise CommandError(Exit.NOT_RUNNING, "no server is running" + _where(chosen_options(flags)))
    return server


def find_endpoint(flags: Mapping[str, str]) -> str:
    """The URL of the server that the options mean; where no server of this user runs, the one they would give it."""
    server = find_server(flags)
    if server is not None:
        return server.endpoint
    settings = Settings(**chosen_options(flags))
    return f"http://{settings.public_host}:{settings.port}"


def _candidates(chosen: dict[str, Any]) -> tuple[Running | None, list[Running]]:
    durable = None
    if not chosen.get("ephemeral"):
        durable = pidfile.read(chosen.get("data_dir", Settings().data_dir))
    ephemeral = [] if "data_dir" in chosen and not chosen.get("ephemeral") else pidfile.ephemeral_servers()
    port = chosen.get("port")
    if port is None:
        return durable, ephemeral
    if durable is not None and durable.port != port:
        durable = None
    return durable, [server for server in ephemeral if server.port == port]


def _where(chosen: dict[str, Any]) -> str:
    if "port" in chosen:
        return f" on port {chosen['port']}"
    return f" on {chosen['data_dir']}" if "data_dir" in chosen else ""
