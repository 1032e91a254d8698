"""The intrinsic functions of JSONPath states: `States.Format('{} of {}', $.a, States.ArrayLength($.list))`.

https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import random
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from fogbank.services.stepfunctions.language import paths
from fogbank.services.stepfunctions.language.failure import Broken
from fogbank.services.stepfunctions.language.paths import Missing, Scope, text_of

_CALL = re.compile(r"\s*(States\.\w+)\s*\(")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_PATH = re.compile(r"\$(?:[^,()\s\[\]]|\[[^\]]*\]|\(\))*")
_WORDS = {"true": True, "false": False, "null": None}
_BASE64_CHARACTERS = 10000
_RANGE_ITEMS = 1000
_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


class Draw(NamedTuple):
    """Where what is random comes from."""

    random: random.Random
    uuid: Callable[[], str]


class Literal(NamedTuple):
    value: Any


class Call(NamedTuple):
    name: str
    arguments: tuple[Any, ...]
    text: str


def is_call(text: str) -> bool:
    return _CALL.match(text) is not None


@lru_cache(maxsize=4096)
def read(text: str) -> Call:
    """The call that a text is. Raises ValueError."""
    call, at = _read_call(text, 0)
    if text[at:].strip():
        raise ValueError(f"{text[at:]} follows the function")
    return call


def _read_call(text: str, at: int) -> tuple[Call, int]:
    head = _CALL.match(text, at)
    if head is None or head[1] not in _FUNCTIONS:
        raise ValueError(f"{text[at:]} is not an intrinsic function")
    begin, at = at, _blank(text, head.end())
    arguments: list[Any] = []
    while not text.startswith(")", at):
        if arguments:
            if not text.startswith(",", at):
                raise ValueError(f"a comma is missing before {text[at:]}")
            at = _blank(text, at + 1)
        argument, at = _read_argument(text, at)
        arguments.append(argument)
        at = _blank(text, at)
        if at >= len(text):
            raise ValueError("a parenthesis is missing")
    return Call(head[1], tuple(arguments), text[begin : at + 1].strip()), at + 1


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _read_argument(text: str, at: int) -> tuple[Any, int]:
    if text.startswith("'", at):
        return _read_text(text, at + 1)
    if found := _NUMBER.match(text, at):
        return Literal(orjson.loads(found[0])), found.end()
    for word, value in _WORDS.items():
        if text.startswith(word, at):
            return Literal(value), at + len(word)
    if found := _PATH.match(text, at):
        return paths.read(found[0]), found.end()
    return _read_call(text, at)


def _read_text(text: str, at: int) -> tuple[Literal, int]:
    """A text in quotes; the backslash of an escaped brace stays, for States.Format."""
    parts = []
    while at < len(text) and text[at] != "'":
        if text[at] == "\\" and at + 1 < len(text):
            parts.append(text[at : at + 2] if text[at + 1] in "{}" else text[at + 1])
            at += 2
        else:
            parts.append(text[at])
            at += 1
    if at >= len(text):
        raise ValueError("a text is not ended")
    return Literal("".join(parts)), at + 1


def evaluate(text: str, scope: Scope, draw: Draw) -> Any:
    """Raises Missing for a path that leads nowhere, Broken for what the functions refuse, ValueError for what is no call."""
    return _value(read(text), scope, draw)


def _value(given: Any, scope: Scope, draw: Draw) -> Any:
    if isinstance(given, Literal):
        return given.value
    if isinstance(given, paths.Path):
        return given.of(scope)
    arguments = [_value(argument, scope, draw) for argument in given.arguments]
    try:
        return _FUNCTIONS[given.name](draw, *arguments)
    except Missing:
        raise
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        cause = f"The function '{given.text}' had the following error: {error}"
        raise Broken("States.IntrinsicFailure", cause) from error


def _of(kind: Any, value: Any, what: str) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{what} is not valid: {text_of(value)}")
    return value


def _whole(value: Any, what: str) -> int:
    if isinstance(value, float):
        return round(value)
    return int(_of(int, value, what))


def _format(draw: Draw, template: Any, *values: Any) -> str:
    parts = re.split(r"(\\[{}\\]|\{\})", _of(str, template, "The template"))
    if parts.count("{}") != len(values):
        raise ValueError("The number of arguments does not match the occurrences of {} in the template")
    given = iter(values)
    return "".join(_shown(next(given)) if part == "{}" else _plain(part) for part in parts)


def _plain(part: str) -> str:
    return part[1:] if len(part) == 2 and part[0] == "\\" else part


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else text_of(value)


def _from_json(draw: Draw, text: Any) -> Any:
    try:
        return orjson.loads(_of(str, text, "The text"))
    except orjson.JSONDecodeError:
        raise ValueError(f"Invalid JSON: {text}") from None


def _partition(draw: Draw, values: Any, size: Any) -> list[Any]:
    width = _whole(size, "The chunk size")
    if width <= 0:
        raise ValueError("The chunk size must be a positive integer")
    items = _of(list, values, "The array")
    return [items[at : at + width] for at in range(0, len(items), width)]


def _contains(draw: Draw, values: Any, sought: Any) -> bool:
    return any(_same(value, sought) for value in _of(list, values, "The array"))


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _range(draw: Draw, first: Any, last: Any, step: Any) -> list[int]:
    begin, end, width = (_whole(value, "The range") for value in (first, last, step))
    if width == 0:
        raise ValueError("The increment must not be zero")
    found = range(begin, end + (1 if width > 0 else -1), width)
    if len(found) > _RANGE_ITEMS:
        raise ValueError(f"The array must not contain more than {_RANGE_ITEMS} items")
    return list(found)


def _item(draw: Draw, values: Any, index: Any) -> Any:
    items, at = _of(list, values, "The array"), _whole(index, "The index")
    if not 0 <= at < len(items):
        raise ValueError(f"The index {at} is out of bounds")
    return items[at]


def _unique(draw: Draw, values: Any) -> list[Any]:
    found = {text_of(value): value for value in reversed(_of(list, values, "The array"))}
    return list(reversed(found.values()))


def _encoded(draw: Draw, text: Any) -> str:
    return base64.b64encode(_short(text).encode()).decode()


def _decoded(draw: Draw, text: Any) -> str:
    try:
        return base64.b64decode(_short(text), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("Invalid Base64 data") from None


def _short(text: Any) -> str:
    if len(_of(str, text, "The data")) > _BASE64_CHARACTERS:
        raise ValueError(f"The data must not be longer than {_BASE64_CHARACTERS} characters")
    return str(text)


def _hash(draw: Draw, data: Any, algorithm: Any) -> str:
    return hashlib.new(_HASHES[_of(str, algorithm, "The algorithm")], _shown(data).encode()).hexdigest()


def _merge(draw: Draw, one: Any, other: Any, is_deep: Any) -> dict[str, Any]:
    if _of(bool, is_deep, "The merge mode"):
        raise ValueError("The deep merge mode is not supported")
    return {**_of(dict, one, "The first object"), **_of(dict, other, "The second object")}


def _random(draw: Draw, begin: Any, end: Any, seed: Any = None) -> int:
    source = draw.random if seed is None else random.Random(_whole(seed, "The seed"))
    first, last = _whole(begin, "The start"), _whole(end, "The end")
    if first >= last:
        raise ValueError("The start must be less than the end")
    return source.randrange(first, last)


def _add(draw: Draw, one: Any, other: Any) -> int:
    return _whole(one, "The first number") + _whole(other, "The second number")


def _split(draw: Draw, text: Any, splitter: Any) -> list[str]:
    """The splitter is a set of characters; what is empty between them is left out."""
    parts = re.split(f"[{re.escape(_of(str, splitter, 'The splitter'))}]", _of(str, text, "The text"))
    return [part for part in parts if part]


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "States.Array": lambda draw, *values: list(values),
    "States.ArrayContains": _contains,
    "States.ArrayGetItem": _item,
    "States.ArrayLength": lambda draw, values: len(_of(list, values, "The array")),
    "States.ArrayPartition": _partition,
    "States.ArrayRange": _range,
    "States.ArrayUnique": _unique,
    "States.Base64Decode": _decoded,
    "States.Base64Encode": _encoded,
    "States.Format": _format,
    "States.Hash": _hash,
    "States.JsonMerge": _merge,
    "States.JsonToString": lambda draw, value: text_of(value),
    "States.MathAdd": _add,
    "States.MathRandom": _random,
    "States.StringSplit": _split,
    "States.StringToJson": _from_json,
    "States.UUID": lambda draw: draw.uuid(),
}
