"""JSON with the place of every value: for findings about documents that point at what they are about.

Offsets count characters from 0; lines and columns are reckoned by `Lines`.
"""

from __future__ import annotations

import bisect
import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

import msgspec

_SPACE = re.compile(r"[ \t\r\n]*")
_ATOM = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")


class Node(msgspec.Struct, frozen=True):
    """A value from `start` up to `end`.

    value    as `json.loads` gives it
    members  of an object: (name, its node, the value's node), also of names that come twice
    items    of an array
    """

    value: Any
    start: int
    end: int
    members: tuple[Member, ...] = ()
    items: tuple[Node, ...] = ()

    @property
    def is_object(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def is_array(self) -> bool:
        return isinstance(self.value, list)

    def get(self, name: str) -> Node | None:
        """The value of a member, the last of that name."""
        return next((member.value for member in reversed(self.members) if member.name == name), None)

    def each(self) -> tuple[Node, ...]:
        """The items of an array; any other value by itself."""
        return self.items if self.is_array else (self,)


class Member(msgspec.Struct, frozen=True):
    name: str
    key: Node
    value: Node


class Lines:
    """Offsets in a text as lines (from 1) and columns (from 0)."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def at(self, offset: int) -> tuple[int, int]:
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1]


def parse(text: str) -> Node:
    """The root of a document. Raises ValueError where it is no JSON, or nested too deeply."""
    reader = _Reader(text)
    try:
        node = reader.value()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not reader.finished():
        raise reader.wrong("Extra data")
    return node


class _Reader:
    """Reads a text from its beginning; `at` is where it is."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def wrong(self, message: str) -> json.JSONDecodeError:
        return json.JSONDecodeError(message, self.text, self.at)

    def peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.text[self.at : self.at + 1]

    def finished(self) -> bool:
        return self.peek() == ""

    def takes(self, character: str) -> bool:
        """Step over the character, if it is the next."""
        if self.peek() != character:
            return False
        self.at += 1
        return True

    def value(self) -> Node:
        match self.peek():
            case "{":
                return self.object()
            case "[":
                return self.array()
            case '"':
                return self.string()
        found = _ATOM.match(self.text, self.at)
        if found is None:
            raise self.wrong("Expecting value")
        self.at = found.end()
        return Node(json.loads(found[0]), found.start(), self.at)

    def string(self) -> Node:
        start = self.at
        value, self.at = scanstring(self.text, start + 1, True)
        return Node(value, start, self.at)

    def array(self) -> Node:
        start, items = self.at, []
        self.at += 1
        if not self.takes("]"):
            items.append(self.value())
            while self.takes(","):
                items.append(self.value())
            if not self.takes("]"):
                raise self.wrong("Expecting ',' delimiter")
        return Node([item.value for item in items], start, self.at, items=tuple(items))

    def object(self) -> Node:
        start, members = self.at, []
        self.at += 1
        if not self.takes("}"):
            members.append(self.member())
            while self.takes(","):
                members.append(self.member())
            if not self.takes("}"):
                raise self.wrong("Expecting ',' delimiter")
        value = {member.name: member.value.value for member in members}
        return Node(value, start, self.at, members=tuple(members))

    def member(self) -> Member:
        if self.peek() != '"':
            raise self.wrong("Expecting property name enclosed in double quotes")
        key = self.string()
        if not self.takes(":"):
            raise self.wrong("Expecting ':' delimiter")
        return Member(key.value, key, self.value())
