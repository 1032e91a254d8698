"""What invocations of every kind have in common: the event, and the version that it goes to."""

from __future__ import annotations

import random
from base64 import b64decode

import orjson

from fogbank.http import Payload
from fogbank.services.lambda_ import errors
from fogbank.services.lambda_.capacity.capacity_providers import provider_of
from fogbank.services.lambda_.records import LATEST, Function, Named, aliases, find, functions, key_of


async def payload_of(body: bytes | str | Payload | None, most: int) -> bytes:
    """The event, which is JSON. Raises RequestTooLargeException, InvalidRequestContentException."""
    if isinstance(body, Payload):
        body = await body.read()
    data = body.encode() if isinstance(body, str) else body or b"{}"
    if len(data) > most:
        raise errors.request_too_large(most)
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise errors.not_json(str(error)) from error
    return data


def context_of(given: str | None) -> str:
    """The client's context, which is JSON, in Base64. Raises InvalidRequestContentException."""
    if not given:
        return ""
    try:
        text = b64decode(given, validate=True).decode()
        orjson.loads(text)
    except ValueError as error:
        raise errors.client_context_not_valid() from error
    return text


def _invocable(function: Function) -> Function:
    """Raises NoPublishedVersionException: of functions on capacity providers only published versions have environments."""
    if provider_of(function.config):
        raise errors.no_published_version(function.name)
    return function


async def routed(of: Named) -> Function:
    """The version that an invocation goes to: of an alias with weights one by chance."""
    if of.qualifier in ("", LATEST):
        return _invocable(await find(of))
    if of.qualifier.isdecimal():
        return await find(of)
    alias = await aliases.get(of.scope, of.name, of.qualifier)
    if alias is None or not alias.weights:
        return await find(of)
    chance = random.random()
    for version, weight in alias.weights.items():
        if chance < weight:
            function = await functions.get(of.scope, of.name, key_of(version))
            if function is not None:
                return function
        chance -= weight
    return await find(of)
