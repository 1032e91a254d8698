"""Stack policies: which resources of a stack an update may touch, and how. Pure.

Where there is a policy, nothing may be touched that it does not allow, and nothing that it denies.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

import orjson

from fogbank.services.cloudformation import errors

MODIFY, REPLACE, DELETE = "Update:Modify", "Update:Replace", "Update:Delete"

_ACTIONS = frozenset({MODIFY, REPLACE, DELETE, "Update:*", "*"})
_OPERATORS = frozenset({"StringEquals", "StringLike"})
_BYTES = 16_384

Statement = dict[str, Any]


def check(text: str) -> None:
    """Raises ValidationError for what is no stack policy."""
    try:
        document = orjson.loads(text)
        found = _listed(document["Statement"])
        fine = len(text.encode()) <= _BYTES and all(map(_is_statement, found))
    except (orjson.JSONDecodeError, KeyError, TypeError):
        fine = False
    if not fine:
        raise errors.invalid("Error validating stack policy: Invalid stack policy")


def _is_statement(statement: Any) -> bool:
    actions = _listed(statement.get("Action", statement.get("NotAction")))
    return (
        statement.get("Effect") in ("Allow", "Deny")
        and statement.get("Principal") == "*"
        and bool(actions)
        and set(actions) <= _ACTIONS
        and ("Resource" in statement) != ("NotResource" in statement)
        and set(statement.get("Condition") or {}) <= _OPERATORS
    )


def require(text: str, action: str, logical: str, type: str) -> None:
    """Raise unless the policy lets an update do this to a resource."""
    if not text:
        return
    allowed = False
    for number, statement in enumerate(_statements(text), 1):
        if not _speaks_of(statement, action, logical, type):
            continue
        if statement["Effect"] == "Deny":
            told = f"Statement [#{number}] does not allow [{action}] for resource [LogicalResourceId/{logical}]"
            raise errors.said(f"Action denied by stack policy: {told}")
        allowed = True
    if not allowed:
        told = f"No statement allows [{action}] for resource [LogicalResourceId/{logical}]"
        raise errors.said(f"Action not allowed by stack policy: {told}")


@lru_cache(maxsize=64)
def _statements(text: str) -> tuple[Statement, ...]:
    return tuple(_listed(orjson.loads(text)["Statement"]))


def _speaks_of(statement: Statement, action: str, logical: str, type: str) -> bool:
    resource = f"LogicalResourceId/{logical}"
    return (
        _is_in(statement, "Action", action)
        and _is_in(statement, "Resource", resource)
        and all(_holds(operator, wanted, type) for operator, wanted in (statement.get("Condition") or {}).items())
    )


def _is_in(statement: Statement, member: str, value: str) -> bool:
    if f"Not{member}" in statement:
        return not any(fnmatchcase(value, each) for each in _listed(statement[f"Not{member}"]))
    return any(fnmatchcase(value, each) for each in _listed(statement.get(member)))


def _holds(operator: str, wanted: dict[str, Any], type: str) -> bool:
    return any(type == each or (operator == "StringLike" and fnmatchcase(type, each)) for each in _types(wanted))


def _types(wanted: dict[str, Any]) -> Iterator[str]:
    for each in wanted.values():
        yield from _listed(each)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
