"""What the modules of this API have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from fogbank.kernel import AWSError, pages

Request = dict[str, Any]
Answer = dict[str, Any]
T = TypeVar("T")

ANY: dict[str, Any] = {"resource": lambda ctx, request: "*"}


def start_of(request: Request) -> tuple[str] | None:
    """The key after which a page begins."""
    token = request.get("NextToken")
    error = AWSError("InvalidParameterValue", "The provided next token is invalid.")
    return None if not token else (pages.position(token, error),)


def page(names: Sequence[T], limit: int, key: Any) -> tuple[Sequence[T], str | None]:
    return pages.page(names, limit, key)


def title(status: str) -> str:
    """v2's `NOT_STARTED` as `NotStarted`."""
    return "".join(word.capitalize() for word in status.split("_"))


def shout(text: str) -> str:
    """`RenderingFailure`, or `messageTag`, as v2's `RENDERING_FAILURE`."""
    return "".join(f"_{letter}" if letter.isupper() else letter for letter in text).lstrip("_").upper()
