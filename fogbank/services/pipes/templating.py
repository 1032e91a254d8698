"""Input templates: what an enrichment or a target is given of an event. Pure.

    filled('{"order": <$.body.id>, "pipe": "<aws.pipes.pipe-name>"}', event, variables)

A template that is JSON stays JSON: outside of texts a placeholder is a value, inside of them it is text. One that is none, or nothing but
one placeholder of a text, becomes text. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

import orjson

from fogbank.kernel import json_paths
from fogbank.services.pipes import errors

Event = Any

RESERVED = frozenset(
    {
        "aws.pipes.enrichment-arn",
        "aws.pipes.event",
        "aws.pipes.event.ingestion-time",
        "aws.pipes.event.json",
        "aws.pipes.pipe-arn",
        "aws.pipes.pipe-name",
        "aws.pipes.source-arn",
        "aws.pipes.target-arn",
    }
)
# a text, with what stands in it unescaped, or a placeholder outside of one
_PART = re.compile(r'("(?:[^"\\]|\\.)*")|<(\$[^<>"\s]*|aws\.[^<>"\s]+)>', re.DOTALL)
_PLACEHOLDER = re.compile(r"<(\$[^<>\"\s]*|aws\.[^<>\"\s]+)>")
# fields of sources that hold a document as text, and whether that is in base64
_ENCODED = {"body": False, "data": True, "value": True, "key": True}


def parsed(event: Event) -> Event:
    """The event with the fields that its source encodes (a message's body, a record's data) as JSON, where they are JSON.

    `Implicit body data parsing` on the page above.
    """
    if not isinstance(event, dict):
        return event
    return {name: _decoded(name, value) for name, value in event.items()}


def _decoded(name: str, value: Any) -> Any:
    if name not in _ENCODED or not isinstance(value, str):
        return value
    try:
        text: str | bytes = base64.b64decode(value, validate=True) if _ENCODED[name] else value
        return orjson.loads(text)
    except (binascii.Error, ValueError):
        return value


def filled(template: str, event: Event, variables: Mapping[str, str]) -> str:
    """The template with its placeholders filled in; `variables` are the reserved ones that do not depend on the event."""
    inner = parsed(event)
    values = {**variables, "aws.pipes.event": event, "aws.pipes.event.json": inner}

    def value(name: str) -> Any:
        found = json_paths.extract(name, inner) if name.startswith("$") else values.get(name, "")
        return "" if found is json_paths.ABSENT else found

    whole = _PLACEHOLDER.fullmatch(template.strip())
    if whole is not None:
        return _in_text(value(whole[1]))
    if not _is_json(_PART.sub(lambda part: part[1] or "0", template)):
        return _PLACEHOLDER.sub(lambda place: _in_text(value(place[1])), template)

    def fill(part: re.Match[str]) -> str:
        if part[1] is None:
            return _json(value(part[2]))
        return _PLACEHOLDER.sub(lambda place: _escaped(_in_text(value(place[1]))), part[1])

    return _PART.sub(fill, template)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _in_text(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _escaped(text: str) -> str:
    """As it stands between the quotes of a JSON text."""
    return _json(text)[1:-1]


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def resolved(text: str, event: Event) -> str:
    """A parameter of a target: a text that is a path stands for what is there, as text."""
    return json_paths.resolve(text, parsed(event))


def check(template: str | None) -> None:
    """Raises ValidationException for a placeholder that stands for nothing."""
    for place in _PLACEHOLDER.finditer(template or ""):
        name = place[1]
        if not name.startswith("$"):
            if name not in RESERVED:
                raise errors.invalid_template(f"Unknown variable <{name}>.")
            continue
        try:
            json_paths.check(name)
        except ValueError as error:
            raise errors.invalid_template(str(error)) from None
