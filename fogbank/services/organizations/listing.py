"""Pages of this service's lists: at most 20 entries each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from fogbank.kernel import pages
from fogbank.services.organizations import errors, limits

T = TypeVar("T")
Request = dict[str, Any]


def after(request: Request) -> str:
    """The position that the request's token stands for; empty at the beginning. Raises InvalidInputException."""
    token = request.get("NextToken")
    return pages.position(token, errors.invalid_next_token()) if token is not None else ""


def size(request: Request) -> int:
    return request.get("MaxResults") or limits.PAGE


def page(request: Request, rows: Sequence[T], key: Callable[[T], str]) -> tuple[Sequence[T], Request]:
    """The page of rows that begin after the token, one more than fits among them: (rows, members with the next token)."""
    shown, token = pages.page(rows, size(request), key)
    return shown, {"NextToken": token}


def page_of_all(request: Request, rows: Iterable[T], key: Callable[[T], str]) -> tuple[Sequence[T], Request]:
    """The same from all rows that there are, which are in the order of their keys."""
    start = after(request)
    return page(request, [row for row in rows if key(row) > start], key)
