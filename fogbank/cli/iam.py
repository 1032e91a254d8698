"""`fogbank iam`: what was refused, and what a role needs."""

from __future__ import annotations

import json
import re
from argparse import Namespace
from datetime import UTC, datetime
from urllib.parse import urlencode

from fogbank.cli import admin_client
from fogbank.cli.errors import CommandError, Exit
from fogbank.cli.locate import find_endpoint
from fogbank.identity.principals import DEFAULT_ACCOUNT

_ARN = re.compile(r"arn:[\w-]+:iam::\d{12}:(role|user)/.+")


def iam(command: Namespace) -> None:
    if command.action == "denials":
        if command.name is not None:
            raise CommandError(Exit.USAGE, "denials takes no name: see `fogbank iam --help`")
        _denials(command)
    else:
        _suggest(command)


def _denials(command: Namespace) -> None:
    query = urlencode({"account": command.account or DEFAULT_ACCOUNT, "limit": command.limit})
    found = admin_client.call(find_endpoint(command.flags), "GET", f"/_fogbank/iam/denials?{query}")["denials"]
    for denial in reversed(found):
        moment = datetime.fromtimestamp(denial["time"], UTC).strftime("%Y-%m-%d %H:%M:%S")
        mark = " (audited)" if denial["mode"] == "audit" else ""
        print(f"{moment}{mark} {denial['message']}")


def _suggest(command: Namespace) -> None:
    arn = _arn(command)
    query = urlencode({"principal": arn})
    found = admin_client.call(find_endpoint(command.flags), "GET", f"/_fogbank/iam/suggestion?{query}")
    print(json.dumps(found["policy"], indent=2))


def _arn(command: Namespace) -> str:
    """The role's ARN: given as such, or as the name of a role of the account."""
    name = command.name
    if name is None:
        raise CommandError(Exit.USAGE, "suggest takes the name or ARN of a role: see `fogbank iam --help`")
    if _ARN.fullmatch(name):
        return name
    if name.startswith("arn:") or not re.fullmatch(r"[\w+=,.@/-]+", name):
        raise CommandError(Exit.USAGE, f"{name!r} is no role: expected a role's name, or the ARN of a role or user")
    return f"arn:aws:iam::{command.account or DEFAULT_ACCOUNT}:role/{name}"
