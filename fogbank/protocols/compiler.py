"""What all shape compilers share: one closure per shape, built on first use, recursion allowed."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from fogbank.protocols.model import Shape

Closure = Callable[..., Any]

AGGREGATES = ("structure", "list", "map")


class ShapeCompiler:
    """Builds and keeps one closure for each shape.

    A subclass has one method for each aggregate type (`structure`, `list`, `map`) and `scalar` for the rest; None stands for
    "nothing to do". A closure that is asked for while it is being built, because its shape holds itself, is answered by one
    that looks the finished closure up when it is called. `documents` are the names of shapes that are taken as documents are.
    """

    def __init__(self, documents: frozenset[str] = frozenset()) -> None:
        self.documents = documents
        self._closures: dict[Hashable, Closure | None] = {}
        self._building: set[Hashable] = set()

    def closure(self, shape: Shape) -> Closure | None:
        if shape.is_document or shape.name in self.documents:
            return self.document(shape)
        if shape.type not in AGGREGATES:
            return self.scalar(shape)
        key = self.key(shape)
        if key in self._building:
            return self._later(key)
        if key not in self._closures:
            self._building.add(key)
            try:
                self._closures[key] = getattr(self, shape.type)(shape)
            finally:
                self._building.discard(key)
        return self._closures[key]

    def key(self, shape: Shape) -> Hashable:
        """What tells the closures of an aggregate shape apart: its name, and the reference's traits that matter here."""
        return shape.name

    def document(self, shape: Shape) -> Closure | None:
        """The closure of a value of any form."""
        return None

    def scalar(self, shape: Shape) -> Closure | None:
        raise NotImplementedError

    def _later(self, key: Hashable) -> Closure:
        def later(*arguments: Any) -> Any:
            closure = self._closures[key]
            return closure(*arguments) if closure is not None else self.nothing(*arguments)

        return later

    def nothing(self, *arguments: Any) -> Any:
        """What a closure that had nothing to do would answer."""
        return arguments[0]


def each_item(convert: Closure | None) -> Closure | None:
    """The conversion of a list's items; nulls stay."""
    return convert and (lambda value: [None if item is None else convert(item) for item in value])


def each_value(convert: Closure | None) -> Closure | None:
    """The conversion of a map's values; nulls stay."""
    return convert and (lambda value: {key: None if item is None else convert(item) for key, item in value.items()})
