"""Statements as sets of requests: the product of their actions, resources and principals, cut down by their conditions.

Comparisons of such sets are certain in one direction. `covers` is true only when every request of a statement is one of another's;
`meets` is false only when no request is in both. What cannot be told is answered the other way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from fogbank.services.accessanalyzer import implications
from fogbank.services.accessanalyzer.globs import common, within
from fogbank.services.accessanalyzer.implications import Test

Element = dict[str, Any]


class Names(msgspec.Struct, frozen=True):
    """Names that fit one of some patterns, or with `negated` those that fit none. Principals have their kind in front:
    `AWS:arn:aws:iam::111122223333:user/jane`, `Service:sns.amazonaws.com`; everyone is `*`."""

    patterns: tuple[str, ...]
    negated: bool = False

    @property
    def everything(self) -> bool:
        return "*" in self.patterns if not self.negated else not self.patterns

    def covers(self, other: Names) -> bool:
        """Whether each name of `other` is one of these."""
        if self.everything:
            return True
        if self.negated:
            return self._leaves_out_none_of(other)
        if other.negated:
            return False
        return all(any(within(inner, outer) for outer in self.patterns) for inner in other.patterns)

    def _leaves_out_none_of(self, other: Names) -> bool:
        if other.negated:
            return Names(other.patterns).covers(Names(self.patterns))
        return not any(common(inner, outer) for inner in other.patterns for outer in self.patterns)

    def meets(self, other: Names) -> bool:
        """Whether there may be a name in both."""
        if self.negated and other.negated:
            return not ("*" in self.patterns or "*" in other.patterns)
        if self.negated:
            return other.meets(self)
        if other.negated:
            return any(not any(within(inner, outer) for outer in other.patterns) for inner in self.patterns)
        return any(common(one, two) for one in self.patterns for two in other.patterns)


class Grant(msgspec.Struct, frozen=True):
    """One statement. `principals` is everyone for identity policies, `resources` everything where there is no such element."""

    index: int
    sid: str
    allows: bool
    actions: Names
    resources: Names
    principals: Names
    conditions: tuple[Test, ...]

    def covers(self, other: Grant) -> bool:
        """Whether every request that `other` is about is one that this is about."""
        return (
            self.actions.covers(other.actions)
            and self.resources.covers(other.resources)
            and self.principals.covers(other.principals)
            and all(implications.implied(wanted, other.conditions) for wanted in self.conditions)
        )

    def meets(self, other: Grant) -> bool:
        """Whether there may be a request that both are about. Conditions are taken to be fulfilled."""
        return (
            self.actions.meets(other.actions)
            and self.resources.meets(other.resources)
            and self.principals.meets(other.principals)
        )

    def parts(self) -> Iterator[Grant]:
        """The statement cut up by action, resource and principal: smaller sets are covered more easily."""
        for actions in _parts(self.actions):
            for resources in _parts(self.resources):
                for principals in _parts(self.principals):
                    yield msgspec.structs.replace(self, actions=actions, resources=resources, principals=principals)


def _parts(names: Names) -> list[Names]:
    return [names] if names.negated else [Names((pattern,)) for pattern in names.patterns]


# -- reading documents


def grants(document: Element) -> list[Grant]:
    """The statements of a document that keeps to the grammar."""
    return [_grant(statement, index) for index, statement in enumerate(statements_of(document))]


def statements_of(document: Element) -> list[Element]:
    return _list(document["Statement"])


def _grant(statement: Element, index: int) -> Grant:
    return Grant(
        index,
        statement.get("Sid", ""),
        statement["Effect"] == "Allow",
        _lower(_names(statement, "Action", "NotAction")),
        _names(statement, "Resource", "NotResource"),
        _principals(statement),
        implications.of_block(statement.get("Condition", {})),
    )


def _names(statement: Element, name: str, negated: str) -> Names:
    if negated in statement:
        return Names(tuple(_list(statement[negated])), negated=True)
    return Names(tuple(_list(statement.get(name, "*"))))


def _lower(names: Names) -> Names:
    return Names(tuple(pattern.lower() for pattern in names.patterns), names.negated)


def _principals(statement: Element) -> Names:
    if "NotPrincipal" in statement:
        return Names(tuple(spelled(statement["NotPrincipal"])), negated=True)
    return Names(tuple(spelled(statement.get("Principal", "*"))))


def spelled(element: Any) -> Iterator[str]:
    """Each of a Principal element, with its kind in front; everyone is `*`, and an account all that belongs to it."""
    if element == "*":
        yield "*"
        return
    for kind, names in element.items():
        for name in _list(names):
            if kind == "AWS" and name == "*":
                yield "*"
            else:
                yield f"{kind}:{_of_account(name) if kind == 'AWS' else name}"


def _of_account(name: str) -> str:
    """An account (its number or its root's ARN) as a pattern of all its principals' ARNs."""
    account = name if len(name) == 12 and name.isdigit() else name.split(":")[4] if name.endswith(":root") else ""
    return f"arn:*:*::{account}:*" if account else name


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
