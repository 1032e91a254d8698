"""Marker and MaxItems: every list of IAM is given out in the same way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fogbank.kernel import pages
from fogbank.services.iam import errors, limits

T = TypeVar("T")
Request = dict[str, Any]


def window(request: Request) -> tuple[int, str | None]:
    """How many items are asked for, and the key of the item after which they begin. Raises ValidationError for a marker not ours."""
    marker = request.get("Marker")
    return request.get("MaxItems") or limits.PAGE, pages.position(marker, errors.invalid_marker()) if marker else None


def page(request: Request, items: Sequence[T], key: Callable[[T], str]) -> tuple[Sequence[T], Request]:
    """The items of a list ordered by `key` that a request asks for, and the members that tell whether there are more."""
    limit, after = window(request)
    rest = [item for item in items if key(item) > after] if after is not None else items
    found, token = pages.page(rest[: limit + 1], limit, key)
    return found, {"IsTruncated": False} if token is None else {"IsTruncated": True, "Marker": token}


def listed(request: Request, member: str, items: Sequence[T], key: Callable[[T], str] = str) -> Request:
    """A whole answer: the page under `member`."""
    found, more = page(request, items, key)
    return {member: list(found), **more}
