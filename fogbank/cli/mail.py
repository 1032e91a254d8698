"""`fogbank mail`: the mails and texts that would have left."""

from __future__ import annotations

import json
from argparse import Namespace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from fogbank.cli import admin_client
from fogbank.cli.locate import find_endpoint


def mail(command: Namespace) -> None:
    endpoint = find_endpoint(command.flags)
    if command.clear:
        admin_client.call(endpoint, "DELETE", "/_fogbank/mail")
        return
    asked = {name: getattr(command, name) for name in ("account", "kind", "limit", "to")}
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    found = admin_client.call(endpoint, "GET", f"/_fogbank/mail?{query}")["mail"]
    if command.json:
        print(json.dumps(found, indent=2))
        return
    print("\n\n".join(_shown(each) for each in reversed(found)) or "The mailbox is empty.")


def _shown(mail: dict[str, Any]) -> str:
    moment = datetime.fromtimestamp(mail["at"], UTC).strftime("%Y-%m-%d %H:%M:%S")
    lines = [f"{moment} {mail['kind']} to {mail['to']}"]
    lines += [f"  From: {mail['sender']}"] if mail["sender"] else []
    lines += [f"  Subject: {mail['subject']}"] if mail["subject"] else []
    return "\n".join([*lines, *(f"  {line}" for line in mail["body"].splitlines())])
