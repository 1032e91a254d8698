"""Commands that use a running server: env, aws, reset, save, load, clock."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from argparse import Namespace
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fogbank.cli import admin_client
from fogbank.cli.durations import describe_duration, parse_duration
from fogbank.cli.errors import CommandError, Exit
from fogbank.cli.locate import find_endpoint, find_server
from fogbank.config import Settings, chosen_options


def env(command: Namespace) -> None:
    region = Settings(**chosen_options(command.flags)).region
    endpoint = find_endpoint(command.flags)
    variables = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": command.account,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        **_trust(command.flags, endpoint),
    }
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")


def aws(command: Namespace) -> None:
    """Become the AWS CLI, so that its exit code and its signals are its own."""
    program = _find_aws_cli()
    arguments = list(command.arguments)
    region = Settings(**chosen_options({})).region
    environment = _aws_environment(os.environ, arguments, region)
    if not _names_option(arguments, "--endpoint-url"):
        # Version 1 ignores AWS_ENDPOINT_URL for some services, hence the option.
        endpoint = find_endpoint({})
        arguments[:0] = ["--endpoint-url", endpoint]
        environment |= _trust({}, endpoint)
    sys.stdout.flush()
    os.execve(program, [program, *arguments], environment)


def _trust(flags: Mapping[str, str], endpoint: str) -> dict[str, str]:
    """What makes AWS clients trust the server's own certificate, where it has one."""
    server = find_server(flags)
    if server is None or not endpoint.startswith("https:"):
        return {}
    return {"AWS_CA_BUNDLE": os.path.join(server.directory, "fogbank.crt")}


def _find_aws_cli() -> str:
    """The AWS CLI beside this Python (one virtual environment for both), else the one on the PATH."""
    beside = os.path.join(os.path.dirname(sys.executable), "aws")
    program = beside if os.access(beside, os.X_OK) else shutil.which("aws")
    if program is None:
        raise CommandError(Exit.NOT_AVAILABLE, "the AWS CLI is not installed: pip install awscli")
    return program


def _aws_environment(environ: Mapping[str, str], arguments: list[str], region: str) -> dict[str, str]:
    """The environment for the AWS CLI: dummy keys and a region where nobody chose any, and no pager."""
    defaults = {"AWS_PAGER": "", "AWS_EC2_METADATA_DISABLED": "true"}
    has_profile = "AWS_PROFILE" in environ or _names_option(arguments, "--profile")
    if "AWS_ACCESS_KEY_ID" not in environ and not has_profile:
        defaults |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    if "AWS_REGION" not in environ and not has_profile:
        defaults["AWS_DEFAULT_REGION"] = region
    return {**defaults, **environ}


def _names_option(arguments: list[str], option: str) -> bool:
    return any(argument == option or argument.startswith(option + "=") for argument in arguments)


def reset(command: Namespace) -> None:
    body = {} if command.account is None else {"account": command.account}
    admin_client.call(find_endpoint(command.flags), "POST", "/_fogbank/reset", body)
    print("State is gone" + (f" (account {command.account})" if command.account else ""))


def save(command: Namespace) -> None:
    target = Path(command.file)
    partial = target.with_name(target.name + ".part")
    try:
        with open(partial, "wb") as file:
            admin_client.download(find_endpoint(command.flags), "/_fogbank/state", file)
        partial.replace(target)
    except OSError as error:
        raise CommandError(Exit.FAILED, f"cannot write {target}: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)
    print(f"Saved {target} ({target.stat().st_size:,} bytes)")


def load(command: Namespace) -> None:
    try:
        with open(command.file, "rb") as file:
            admin_client.upload(find_endpoint(command.flags), "/_fogbank/state", file)
    except OSError as error:
        raise CommandError(Exit.FAILED, f"cannot read {command.file}: {error.strerror}") from None
    print(f"Loaded {command.file}")


def clock(command: Namespace) -> None:
    endpoint = find_endpoint(command.flags)
    if command.action == "advance":
        answer = admin_client.call(endpoint, "POST", "/_fogbank/clock", {"advance": _seconds(command.duration)})
    elif command.action == "reset":
        answer = admin_client.call(endpoint, "POST", "/_fogbank/clock", {"reset": True})
    else:
        answer = admin_client.call(endpoint, "GET", "/_fogbank/clock")
    print(_describe_clock(answer))


def _seconds(duration: str | None) -> float:
    if duration is None:
        raise CommandError(Exit.USAGE, "clock advance needs a duration, for example 90s, 1h30m or 30d")
    try:
        return parse_duration(duration)
    except ValueError as error:
        raise CommandError(Exit.USAGE, str(error)) from None


def _describe_clock(answer: dict[str, Any]) -> str:
    moment = datetime.fromtimestamp(answer["now"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ahead = describe_duration(answer["offset"])
    return f"{moment} (real time)" if ahead == "0s" else f"{moment} ({ahead} ahead)"
