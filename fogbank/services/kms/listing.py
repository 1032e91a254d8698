"""Pages of KMS's lists: Limit and Marker in, Truncated and NextMarker out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from fogbank.kernel import pages
from fogbank.services.kms import errors

T = TypeVar("T")
Request = dict[str, Any]


class Page(NamedTuple):
    """How many to show, and the key of the last one that was shown before."""

    limit: int
    after: str | None

    @property
    def bounds(self) -> dict[str, Any]:
        """For `Collection.scan` over keys of one part."""
        return {"limit": self.limit + 1, "after": None if self.after is None else (self.after,)}


def page_of(request: Request, default: int = 100, most: int = 1000) -> Page:
    """The page that a request asks for. Raises ValidationException, InvalidMarkerException."""
    limit = request.get("Limit")
    if limit is not None and limit > most:
        raise errors.out_of_range(limit, "limit", 1, most)
    marker = request.get("Marker")
    return Page(limit or default, None if marker is None else pages.position(marker, errors.invalid_marker()))


def paged(
    member: str, rows: Sequence[T], page: Page, key: Callable[[T], str], show: Callable[[T], Any] = lambda row: row
) -> Request:
    """The answer of a list operation from one row more than the page has, if there are so many."""
    shown, token = pages.page(rows, page.limit, key)
    answer: Request = {member: [show(row) for row in shown], "Truncated": token is not None}
    return answer if token is None else {**answer, "NextMarker": token}


def among(rows: Sequence[T], page: Page, key: Callable[[T], str]) -> Sequence[T]:
    """The rows after the page's marker, of rows that are at hand in the order of their keys."""
    return rows if page.after is None else [row for row in rows if key(row) > page.after]
