"""Filters on findings, for lists and for archive rules. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-filter-keys.html. All criteria have to hold; within one, any of
the values. A property that a finding has several of (its actions) fits if one of them does.
"""

from __future__ import annotations

from typing import Any, Final

Criterion = dict[str, Any]
Properties = dict[str, tuple[str, ...]]

KEYS: Final = frozenset(
    {
        "accessType",
        "action",
        "analyzedAt",
        "changeType",
        "createdAt",
        "error",
        "existingFindingId",
        "existingFindingStatus",
        "findingType",
        "id",
        "isPublic",
        "principalType",
        "resource",
        "resourceControlPolicyRestriction",
        "resourceOwnerAccount",
        "resourceType",
        "sources",
        "status",
        "updatedAt",
    }
)
_PREFIXES: Final = ("condition.", "principal.")


def is_known(key: str) -> bool:
    return key in KEYS or key.startswith(_PREFIXES)


def fits(criteria: dict[str, Criterion], properties: Properties) -> bool:
    """Whether a finding with these properties (by filter key) is one that is asked for."""
    return all(_holds(criterion, properties.get(key, ())) for key, criterion in criteria.items())


def _holds(criterion: Criterion, values: tuple[str, ...]) -> bool:
    if "exists" in criterion and bool(values) is not criterion["exists"]:
        return False
    if "eq" in criterion and not any(value in criterion["eq"] for value in values):
        return False
    if "neq" in criterion and any(value in criterion["neq"] for value in values):
        return False
    return "contains" not in criterion or any(wanted in value for wanted in criterion["contains"] for value in values)
