"""What several operations show in the same way."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import orjson

from fogbank.kernel import pages
from fogbank.services.stepfunctions import errors, limits

T = TypeVar("T")
Request = dict[str, Any]

_VARIABLE = re.compile(r"\$([A-Za-z_]\w*)(?!\w*\s*\()")
_RESERVED = frozenset({"states"})


def number_after(request: Request) -> tuple[int] | None:
    """The number that a page begins after. Raises InvalidToken."""
    found = _position(request)
    if found is None:
        return None
    if not found.isdigit():
        raise errors.invalid_token()
    return (int(found),)


def moment_after(request: Request) -> tuple[int, str] | None:
    """The moment (negative microseconds) and the name that a page begins after. Raises InvalidToken."""
    found = _position(request)
    if found is None:
        return None
    moment, _, name = found.partition(":")
    if not moment.removeprefix("-").isdigit():
        raise errors.invalid_token()
    return int(moment), name


def _position(request: Request) -> str | None:
    token = request.get("nextToken")
    return None if token is None else pages.position(token, errors.invalid_token())


def listed(rows: Sequence[T], request: Request, key: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    """The page that a request wants, given one row more than that."""
    return pages.page(rows, request.get("maxResults") or limits.PAGE, key)


@lru_cache(maxsize=512)
def variable_references(definition: str) -> dict[str, list[str]] | None:
    """Which variables the states of a definition refer to."""
    document = orjson.loads(definition)
    found: dict[str, list[str]] = {}
    _gather(document, found)
    return found or None


def _gather(machine: Any, found: dict[str, list[str]]) -> None:
    for name, state in (machine.get("States") or {}).items():
        inner = [*state.get("Branches", ()), *(state[key] for key in ("ItemProcessor", "Iterator") if key in state)]
        own = {key: value for key, value in state.items() if key not in ("Branches", "ItemProcessor", "Iterator")}
        names = sorted(_names_in(own) - _RESERVED)
        if names:
            found[name] = names
        for each in inner:
            _gather(each, found)


def _names_in(value: Any, is_path: bool = False) -> set[str]:
    if isinstance(value, dict):
        return (
            set().union(*(_names_in(item, key.endswith((".$", "Path"))) for key, item in value.items()))
            if value
            else set()
        )
    if isinstance(value, list):
        return set().union(*(_names_in(item) for item in value)) if value else set()
    if isinstance(value, str) and (is_path or value.startswith("{%")):
        return set(_VARIABLE.findall(value))
    return set()
