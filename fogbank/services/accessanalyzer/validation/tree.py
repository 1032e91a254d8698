"""A policy document as the checks see it: values with their places and the paths that lead to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from fogbank.identity.located_json import Node, parse

Path = tuple[dict[str, Any], ...]


class Spot(msgspec.Struct, frozen=True):
    """A place in the document: the path to it, and its characters from `start` up to `end`."""

    path: Path
    start: int
    end: int


class Place(msgspec.Struct, frozen=True):
    """A value in the document."""

    node: Node
    path: Path = ()

    @property
    def value(self) -> Any:
        return self.node.value

    @property
    def spot(self) -> Spot:
        return Spot(self.path, self.node.start, self.node.end)

    def part(self, start: int, length: int) -> Spot:
        """A part of a string, by its place in it; all of it where escapes stand in between."""
        if self.node.end - self.node.start != len(self.value) + 2:
            return self.spot
        step = {"substring": {"start": start, "length": length}}
        begin = self.node.start + 1 + start
        return Spot((*self.path, step), begin, begin + length)

    def get(self, name: str) -> Place | None:
        node = self.node.get(name)
        return None if node is None else Place(node, (*self.path, {"value": name}))

    def members(self) -> Iterator[tuple[str, Spot, Place]]:
        """The members of an object: the name, where it stands, and the value."""
        for member in self.node.members:
            key = Spot((*self.path, {"key": member.name}), member.key.start, member.key.end)
            yield member.name, key, Place(member.value, (*self.path, {"value": member.name}))

    def each(self) -> list[Place]:
        """The items of an array; any other value by itself."""
        if not self.node.is_array:
            return [self]
        return [Place(item, (*self.path, {"index": index})) for index, item in enumerate(self.node.items)]

    def texts(self) -> list[Place]:
        """Those of them that are strings."""
        return [place for place in self.each() if isinstance(place.value, str)]


class Test(msgspec.Struct, frozen=True):
    """One operator on one key of a statement's Condition."""

    operator: str
    operator_spot: Spot
    key: str
    key_spot: Spot
    values: Place


class Statement(msgspec.Struct, frozen=True):
    place: Place

    def get(self, name: str) -> Place | None:
        return self.place.get(name)

    def texts(self, *names: str) -> list[Place]:
        """The strings of the elements of those names."""
        return [text for name in names if (found := self.get(name)) is not None for text in found.texts()]

    def strings(self, *names: str) -> list[str]:
        return [text.value for text in self.texts(*names)]

    @property
    def allows(self) -> bool:
        effect = self.get("Effect")
        return effect is not None and effect.value == "Allow"

    def principals(self) -> Iterator[tuple[str, Place]]:
        """(kind, name) of all principals that are given by kind."""
        for element in ("Principal", "NotPrincipal"):
            found = self.get(element)
            if found is not None and found.node.is_object:
                for kind, _, names in found.members():
                    yield from ((kind, name) for name in names.texts())

    def tests(self) -> Iterator[Test]:
        block = self.get("Condition")
        if block is None or not block.node.is_object:
            return
        for operator, operator_spot, tests in block.members():
            if tests.node.is_object:
                for key, key_spot, values in tests.members():
                    yield Test(operator, operator_spot, key, key_spot, values)


class Document(msgspec.Struct, frozen=True):
    """A document and what it is meant to be: `kind` is the policy type, `resource` what it is to be attached to, or empty."""

    text: str
    root: Place
    kind: str
    resource: str = ""

    @classmethod
    def read(cls, text: str, kind: str, resource: str) -> Document:
        """Raises ValueError where the text is no JSON."""
        return cls(text, Place(parse(text)), kind, resource)

    @property
    def is_trust(self) -> bool:
        """Is it a role's trust policy? It is where it says so, or speaks of nothing but STS."""
        if self.resource:
            return self.resource == "AWS::IAM::AssumeRolePolicyDocument"
        actions = [action for statement in self.statements for action in statement.strings("Action", "NotAction")]
        return bool(actions) and all(action.lower().startswith("sts:") for action in actions)

    @property
    def has_principals(self) -> bool:
        return self.kind in ("RESOURCE_POLICY", "RESOURCE_CONTROL_POLICY")

    @property
    def has_variables(self) -> bool:
        version = self.root.get("Version")
        return version is not None and version.value == "2012-10-17"

    @property
    def statements(self) -> list[Statement]:
        found = self.root.get("Statement")
        return [] if found is None else [Statement(place) for place in found.each() if place.node.is_object]
