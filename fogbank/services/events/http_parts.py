"""Requests to HTTP endpoints, put together from a connection's parameters and a target's. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from fogbank.kernel import json_paths
from fogbank.kernel.api_destinations import Message
from fogbank.services.events.deliveries import Delivery

USER_AGENT = "Amazon/EventBridge/ApiDestinations"


def pairs(parameters: Mapping[str, Any], member: str) -> dict[str, str]:
    """A list of `{Key, Value}` as a map."""
    return {entry["Key"]: entry.get("Value") or "" for entry in parameters.get(member) or ()}


def with_query(url: str, query: Mapping[str, str]) -> str:
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def with_path(url: str, values: list[str]) -> str:
    """The URL with its asterisks replaced, one after another."""
    for value in values:
        url = url.replace("*", quote(value, safe=""), 1)
    return url


def authorization(parts: Mapping[str, Any]) -> dict[str, str]:
    """The header that a connection identifies itself by."""
    if basic := parts.get("BasicAuthParameters"):
        pair = f"{basic['Username']}:{basic['Password']}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    if key := parts.get("ApiKeyAuthParameters"):
        return {key["ApiKeyName"]: key["ApiKeyValue"]}
    token = (parts.get("OAuthParameters") or {}).get("AccessToken")
    return {"Authorization": f"Bearer {token}"} if token else {}


def body(text: str, added: Mapping[str, str]) -> bytes:
    """The input with a connection's body parameters in it, if it is a JSON object."""
    if added:
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError:
            document = None
        if isinstance(document, dict):
            return orjson.dumps({**document, **added})
    return text.encode()


def message(delivery: Delivery) -> Message:
    """What a target is sent of an event, by its HttpParameters."""
    given = delivery.target.get("HttpParameters") or {}
    event = delivery.event.document
    return Message(
        delivery.text(),
        [json_paths.resolve(value, event) for value in given.get("PathParameterValues") or ()],
        _resolved(given.get("QueryStringParameters"), event),
        _resolved(given.get("HeaderParameters"), event),
    )


def _resolved(values: dict[str, str] | None, event: dict[str, Any]) -> dict[str, str]:
    return {name: json_paths.resolve(value, event) for name, value in (values or {}).items()}
