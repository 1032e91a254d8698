"""The parameters of a connection: what of them is told, and how an update changes them. Pure."""

from __future__ import annotations

from typing import Any

Parts = dict[str, Any]

_SECRETS = frozenset({"Password", "ApiKeyValue", "ClientSecret", "AccessToken"})
_LISTS = ("HeaderParameters", "QueryStringParameters", "BodyParameters")


def shown(parts: Parts) -> Parts:
    """The parameters without passwords, keys and the values that are said to be secret."""
    told: Parts = {}
    for name, value in parts.items():
        if name in _LISTS:
            told[name] = [_shown_entry(entry) for entry in value]
        elif name not in _SECRETS and value is not None:
            told[name] = shown(value) if isinstance(value, dict) else value
    return told


def _shown_entry(entry: Parts) -> Parts:
    """A value is told unless it is said to be secret."""
    secret = entry.get("IsValueSecret", False)
    return {"Key": entry.get("Key"), "IsValueSecret": secret, **({} if secret else {"Value": entry.get("Value")})}


def merged(before: Parts, changes: Parts) -> Parts:
    """The parameters with changes made to them: what a change does not name stays."""
    result = dict(before)
    for name, value in changes.items():
        if isinstance(value, dict) and isinstance(result.get(name), dict):
            result[name] = merged(result[name], value)
        elif value is not None:
            result[name] = value
    return result
