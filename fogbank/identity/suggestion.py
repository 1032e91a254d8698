"""The least policy that a principal needs for what it has done, or was refused for want of permission."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fogbank.identity import reference
from fogbank.identity.journal import MAX_RESOURCES, Use, condense


def policy(uses: Mapping[str, Use]) -> dict[str, Any]:
    """A policy document for these actions: what is done with the same resources makes one statement."""
    actions_on: dict[tuple[str, ...], list[str]] = {}
    for action in sorted(uses):
        actions_on.setdefault(_resources(action, uses[action]), []).append(action)
    statements = [
        {"Effect": "Allow", "Action": actions, "Resource": list(resources)} for resources, actions in actions_on.items()
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _resources(action: str, use: Use) -> tuple[str, ...]:
    """What the action has to be allowed on: actions that know no resources can only be allowed on all."""
    prefix, _, name = action.partition(":")
    service = reference.service(prefix)
    known = service.actions.get(name.lower()) if service is not None else None
    if known is not None and not known.resource_types:
        return ("*",)
    return tuple(sorted(condense(use.resources, MAX_RESOURCES))) or ("*",)
