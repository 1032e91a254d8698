"""How management policies merge, from the root over the units to the account. Pure.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_inheritance_mgmt.html

A policy is a tree of nodes. The operators `@@assign`, `@@append` and `@@remove` set the value of a node;
`@@operators_allowed_for_child_policies` limits what the levels below may do to a node that is there, or, where it stands at a node with
others in it, what they may add to it. A limit is never lifted. Of policies at the same level, the one that was attached first assigns,
and only what all of them allow is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fogbank.services.organizations.documents import CONTROL, SETTERS

Document = dict[str, Any]
Path = tuple[str, ...]
Allowed = frozenset[str]

_ALL: Allowed = SETTERS


class Merged:
    """What the levels so far amount to: values, and what the levels below may do, both by the paths of nodes."""

    def __init__(self) -> None:
        self.values: dict[Path, Any] = {}
        self._allowed: dict[Path, Allowed] = {}

    def add_level(self, policies: Sequence[Document]) -> None:
        """The policies of the next level, in the order in which they were attached."""
        inherited = dict(self.values)
        assigned: set[Path] = set()
        for policy in policies:
            for path, node in _nodes(policy):
                self._set(path, node, inherited, assigned)
        self._limit(policies)

    def _set(self, path: Path, node: Document, inherited: dict[Path, Any], assigned: set[Path]) -> None:
        allowed = self._allowed_at(path, inherited)
        if "@@assign" in node and "@@assign" in allowed and path not in assigned:
            assigned.add(path)
            self.values[path] = node["@@assign"]
        if "@@append" in node and "@@append" in allowed:
            present = _list(self.values.get(path))
            self.values[path] = present + [value for value in node["@@append"] if value not in present]
        if "@@remove" in node and "@@remove" in allowed and path in self.values:
            self.values[path] = [value for value in _list(self.values[path]) if value not in node["@@remove"]]

    def _allowed_at(self, path: Path, inherited: dict[Path, Any]) -> Allowed:
        """What may be done to a node: as it says itself, or, when it is not there, as the node says that it would be added to."""
        there = {known[:length] for known in (*inherited, *self._allowed) for length in range(len(known) + 1)}
        while path and path not in there:
            path = path[:-1]
        return self._allowed.get(path, _ALL)

    def _limit(self, policies: Sequence[Document]) -> None:
        for policy in policies:
            for path, node in _nodes(policy):
                if CONTROL in node:
                    self._allowed[path] = self._allowed.get(path, _ALL) & _operators(node[CONTROL])


def merge(levels: Sequence[Sequence[Document]]) -> Document:
    """The effective policy of an account: plain values without operators, from the policies of each level."""
    merged = Merged()
    for level in levels:
        merged.add_level(level)
    document: Document = {}
    for path, value in merged.values.items():
        if value != []:
            _place(document, path, value)
    return document


def _place(document: Document, path: Path, value: Any) -> None:
    """Put a value where it belongs, unless policies disagree about whether there is a value or there are further nodes."""
    *outer, last = path
    for name in outer:
        document = document.setdefault(name, {})
        if not isinstance(document, dict):
            return
    document.setdefault(last, value)


def _nodes(node: Document, path: Path = ()) -> Iterator[tuple[Path, Document]]:
    """All nodes of a policy with their paths, outer before inner ones."""
    yield path, node
    for name, inner in node.items():
        if not name.startswith("@@"):
            yield from _nodes(inner, (*path, name))


def _operators(names: Sequence[str]) -> Allowed:
    if "@@all" in names:
        return _ALL
    return frozenset(names) & SETTERS


def _list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
