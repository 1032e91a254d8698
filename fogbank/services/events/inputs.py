"""What a target is given of an event: all of it, a constant, a part, or a template with parts filled in. Pure.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson

from fogbank.kernel import json_paths
from fogbank.services.events import errors

Target = dict[str, Any]

RESERVED = frozenset(
    {
        "aws.events.event",
        "aws.events.event.ingestion-time",
        "aws.events.event.json",
        "aws.events.rule-arn",
        "aws.events.rule-name",
    }
)
# a text, with what stands in it unescaped, or a placeholder outside of one
_PART = re.compile(r'("(?:[^"\\]|\\.)*")|<([^<>"\s]+)>', re.DOTALL)
_PLACEHOLDER = re.compile(r"<([^<>\s\"]+)>")
_SHOWN = 500


class Occasion(msgspec.Struct, frozen=True):
    """An event (as JSON, and read), the rule that it matched, and when it came in (epoch seconds)."""

    text: str
    event: dict[str, Any]
    rule_arn: str
    ingested: float


def render(target: Target, occasion: Occasion) -> str:
    """The text that the target is given."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        found = json_paths.extract(target["InputPath"], occasion.event)
        return "null" if found is json_paths.ABSENT else _json(found)
    if "InputTransformer" in target:
        return _transformed(target["InputTransformer"], occasion)
    return occasion.text


def timestamp(moment: float) -> str:
    """`2030-01-01T00:00:00Z`"""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _transformed(transformer: dict[str, Any], occasion: Occasion) -> str:
    variables = _variables(transformer.get("InputPathsMap") or {}, occasion)

    def fill(part: re.Match[str]) -> str:
        if part[1] is None:
            return _json(variables.get(part[2], ""))
        return _PLACEHOLDER.sub(lambda place: _in_text(variables.get(place[1], "")), part[1])

    return _minified(_PART.sub(fill, transformer["InputTemplate"]))


def _variables(given: dict[str, str], occasion: Occasion) -> dict[str, Any]:
    """The values of the variables; one whose path leads nowhere is not there."""
    event = occasion.event
    values: dict[str, Any] = {
        "aws.events.rule-arn": occasion.rule_arn,
        "aws.events.rule-name": occasion.rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": timestamp(occasion.ingested),
        "aws.events.event.json": event,
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
    }
    for name, path in given.items():
        found = json_paths.extract(path, event)
        if found is not json_paths.ABSENT:
            values[name] = found
    return values


def _in_text(value: Any) -> str:
    """A value inside of a text: nothing is escaped, and objects lose their quotes."""
    return value if isinstance(value, str) else _json(value).replace('"', "")


def _minified(text: str) -> str:
    """JSON goes out without white space; what is no JSON after the filling in goes out as it is."""
    try:
        return _json(orjson.loads(text))
    except orjson.JSONDecodeError:
        return text


# -- checking


def check(target: Target) -> None:
    """Raises ValidationException for an input that could never be made."""
    id, arn = target["Id"], target["Arn"]
    given = [name for name in ("Input", "InputPath", "InputTransformer") if name in target]
    if len(given) > 1:
        raise errors.more_than_one_input(id)
    if "Input" in target and not _is_json(target["Input"]):
        raise errors.invalid_input(arn)
    if "InputPath" in target:
        _check_path(id, target["InputPath"])
    if "InputTransformer" in target:
        _check_transformer(id, target["InputTransformer"])


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _check_path(id: str, path: str) -> None:
    try:
        json_paths.check(path)
    except ValueError:
        raise errors.invalid_input_path(id, path) from None


def _check_transformer(id: str, transformer: dict[str, Any]) -> None:
    given = transformer.get("InputPathsMap") or {}
    for name, path in given.items():
        if name.upper().startswith("AWS"):
            raise errors.reserved_variable(id, name)
        _check_path(id, path)
    template = transformer["InputTemplate"]
    for found in _PLACEHOLDER.finditer(template):
        if found[1] not in given and found[1] not in RESERVED:
            raise errors.invalid_placeholder(id, found[1])
    _check_template(id, template)


def _check_template(id: str, template: str) -> None:
    """With values in the places of its placeholders a template is JSON: one value, or a text per line."""
    filled = _PART.sub(lambda part: part[1] or "0", template)
    decoder, at = json.JSONDecoder(strict=False), 0
    try:
        while True:
            _, at = decoder.raw_decode(filled, _past_space(filled, at))
            if _past_space(filled, at) == len(filled):
                return
    except json.JSONDecodeError as error:
        shown = (
            template if len(template) <= _SHOWN else f"{template[:_SHOWN]}[truncated {len(template) - _SHOWN} chars]"
        )
        place = f'[Source: (String)"{shown}"; line: {error.lineno}, column: {error.colno}]'
        raise errors.invalid_template(id, place) from None


def _past_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
