"""What templates say, as the operations of a model want it: templates have numbers and truth values as texts, and documents as objects.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html (a number is a text when it is used)
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel.errors import AWSError
from fogbank.protocols import Shape

_TRUTH = {"true": True, "false": False}


def fitted(shape: Shape, value: Any, documents: frozenset[str] = frozenset(), path: str = "#") -> Any:
    """A value as the shape has it. What the model does not know, and `documents`, stay as they are. Raises ValidationException."""
    if value is None or shape.name in documents:
        return value
    if shape.type == "structure" and isinstance(value, dict):
        return {name: _member(shape, name, each, documents, f"{path}/{name}") for name, each in value.items()}
    if shape.type == "list" and isinstance(value, list):
        return [fitted(shape.member, each, documents, f"{path}/{index}") for index, each in enumerate(value)]
    if shape.type == "map" and isinstance(value, dict):
        return {str(name): fitted(shape.value, each, documents, f"{path}/{name}") for name, each in value.items()}
    fit = _SCALARS.get(shape.type)
    try:
        return value if fit is None else fit(value)
    except (TypeError, ValueError, KeyError):
        raise _misfit(path, shape, value) from None


def _member(shape: Shape, name: str, value: Any, documents: frozenset[str], path: str) -> Any:
    member = shape.members.get(name)
    return value if member is None else fitted(member, value, documents, path)


def _whole(value: Any) -> int:
    number = float(value)
    if isinstance(value, bool) or number != int(number):
        raise ValueError(value)
    return int(value) if isinstance(value, (int, str)) and "." not in str(value) else int(number)


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError(value)
    return value if isinstance(value, (int, float)) else float(value)


def _truth(value: Any) -> bool:
    return value if isinstance(value, bool) else _TRUTH[value.lower()]


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return orjson.dumps(value).decode() if isinstance(value, (dict, list)) else value


_SCALARS = {
    "integer": _whole,
    "long": _whole,
    "float": _number,
    "double": _number,
    "boolean": _truth,
    "string": _text,
}


def _misfit(path: str, shape: Shape, value: Any) -> AWSError:
    return AWSError(
        "ValidationException",
        f"Model validation failed ({path}: expected type: {shape.type.capitalize()}, found: {value!r})",
    )
