"""Pages of ECR's listings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fogbank.kernel import pages
from fogbank.services.ecr import errors, limits

T = TypeVar("T")


def after(request: dict[str, Any]) -> str:
    """The position that a request goes on from, empty for the beginning. Raises InvalidParameterException."""
    token = request.get("nextToken")
    return pages.position(token, errors.invalid_token()) if token else ""


def page(request: dict[str, Any], rows: Sequence[T], key: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    """A page of rows that are sorted by `key`."""
    position = after(request)
    if position:
        rows = [row for row in rows if key(row) > position]
    return pages.page(rows, request.get("maxResults") or limits.PAGE, key)
