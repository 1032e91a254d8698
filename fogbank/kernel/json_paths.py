"""The JSON paths of EventBridge and Pipes: `$.detail.items[0].name`, `$.detail['a b']`, `$.detail.items[*].name`. Pure.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import orjson

ABSENT: Any = object()
"""There is nothing at the path."""

_STEP = re.compile(r"\.([^.\[\]\s'\"]+)|\[(\d+)\]|(\[\*\]|\.\*)|\['([^']+)'\]|\[\"([^\"]+)\"\]")


@lru_cache(maxsize=4096)
def _steps(path: str) -> tuple[str | int | None, ...]:
    """The names, numbers and wildcards (None) of a path. Raises ValueError."""
    if not path.startswith("$"):
        raise ValueError(f"{path} does not start with $")
    steps: list[str | int | None] = []
    at = 1
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            raise ValueError(f"{path} cannot be read from {at}")
        name, number, wildcard, *quoted = found.groups()
        if wildcard or name == "*":
            steps.append(None)
        else:
            steps.append(int(number) if number is not None else name or quoted[0] or quoted[1])
        at = found.end()
    return tuple(steps)


def check(path: str) -> None:
    """Raises ValueError when it is no path."""
    _steps(path)


def extract(path: str, document: Any) -> Any:
    """What is at the path, ABSENT when nothing is; with a wildcard the list of all that is there."""
    return _follow(_steps(path), document)


def _follow(steps: tuple[str | int | None, ...], value: Any) -> Any:
    for at, step in enumerate(steps):
        if step is None:
            items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
            found = [_follow(steps[at + 1 :], item) for item in items]
            return [item for item in found if item is not ABSENT]
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return ABSENT
            value = value[step]
        else:
            if not isinstance(value, dict) or step not in value:
                return ABSENT
            value = value[step]
    return value


def resolve(text: str, document: Any) -> str:
    """A parameter of a target: a text that is a path stands for what is there, as text."""
    if not text.startswith("$."):
        return text
    try:
        found = extract(text, document)
    except ValueError:
        return text
    if isinstance(found, str):
        return found
    return "" if found is ABSENT else orjson.dumps(found).decode()
