"""Which resource and method a path is for: exact segments before variables, variables before what takes the rest. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from fogbank.services.apigateway.parts import Snapshot

Document = dict[str, Any]


class Match(NamedTuple):
    resource: Document
    method: Document
    params: dict[str, str]


class _Node:
    __slots__ = ("children", "greedy", "resource", "variable")

    def __init__(self) -> None:
        self.resource: Document | None = None
        self.children: dict[str, _Node] = {}
        self.variable: tuple[str, _Node] | None = None
        self.greedy: tuple[str, _Node] | None = None


class Tree:
    """The resources of a snapshot."""

    def __init__(self, resources: list[Document]) -> None:
        self.root = _Node()
        for resource in resources:
            self._add(resource)

    def _add(self, resource: Document) -> None:
        node = self.root
        for part in _parts(resource["path"]):
            node = _below(node, part)
        node.resource = resource

    def find(self, path: str, verb: str) -> Match | None:
        """The most specific resource that has the method, or ANY."""
        return _find(self.root, [unquote(part) for part in _parts(path)], 0, verb, {})


def _parts(path: str) -> list[str]:
    return [part for part in path.strip("/").split("/") if part]


def _below(node: _Node, part: str) -> _Node:
    if part.startswith("{") and part.endswith("+}"):
        node.greedy = node.greedy or (part[1:-2], _Node())
        return node.greedy[1]
    if part.startswith("{") and part.endswith("}"):
        node.variable = node.variable or (part[1:-1], _Node())
        return node.variable[1]
    return node.children.setdefault(part, _Node())


def _find(node: _Node, parts: list[str], at: int, verb: str, params: dict[str, str]) -> Match | None:
    if at == len(parts):
        return _matched(node, verb, params)
    child = node.children.get(parts[at])
    found = None if child is None else _find(child, parts, at + 1, verb, params)
    if found is None and node.variable is not None:
        name, child = node.variable
        found = _find(child, parts, at + 1, verb, {**params, name: parts[at]})
    if found is None and node.greedy is not None:
        name, child = node.greedy
        found = _matched(child, verb, {**params, name: "/".join(parts[at:])})
    return found


def _matched(node: _Node, verb: str, params: dict[str, str]) -> Match | None:
    methods = (node.resource or {}).get("resourceMethods") or {}
    method = methods.get(verb) or methods.get("ANY")
    return None if method is None or node.resource is None else Match(node.resource, method, params)


class Routes(NamedTuple):
    """A snapshot, and what is made of it once."""

    snapshot: Snapshot
    tree: Tree

    def named(self, kind: str, key: str, name: str | None) -> Document | None:
        documents: list[Document] = getattr(self.snapshot, kind)
        return next((each for each in documents if each[key] == name), None)


class _Kept:
    """A snapshot as a key: by its identity, which nobody else can have for as long as it is kept."""

    __slots__ = ("snapshot",)

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def __hash__(self) -> int:
        return id(self.snapshot)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and other.snapshot is self.snapshot


@lru_cache(maxsize=256)
def _routes(kept: _Kept) -> Routes:
    return Routes(kept.snapshot, Tree(kept.snapshot.resources))


def routes_of(snapshot: Snapshot) -> Routes:
    return _routes(_Kept(snapshot))
