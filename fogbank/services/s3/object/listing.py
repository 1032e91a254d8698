"""How a listing folds an ordered scan into a page of entries and common prefixes.

What lies below a common prefix is never read: the scan goes on behind it, so that a page costs what it shows, however many keys are
folded away. Keys are compared as S3 does, by their UTF-8 bytes, which is the order of code points and thus of Python's strings.
"""

from __future__ import annotations

from bisect import bisect_left
from operator import itemgetter
from typing import Generic, Protocol, TypeVar

Row = TypeVar("Row")

# Going on behind a common prefix costs as much as reading some 16 rows. A look of that length that meets but one prefix, or a longer
# one in which so many rows make but one entry, is followed by a short look; others by one that is longer still.
_SHORT_LOOK = 16
_GROWTH = 4
_key = itemgetter(0)


class Source(Protocol[Row]):
    """An ordered scan that can jump ahead. Its rows are (key, anything)."""

    async def rows(self, limit: int) -> list[tuple[str, Row]]:
        """The next rows, `limit` of them unless the scan ends before."""

    def seek(self, key: str | None) -> None:
        """Go on with the first row whose key is not less than `key`; None is the end."""


class Page(Generic[Row]):
    """Entries and common prefixes, each in order; `last` is the last of both, `truncated` says that more follow it."""

    __slots__ = ("entries", "last", "prefixes", "truncated")

    def __init__(self) -> None:
        self.entries: list[tuple[str, Row]] = []
        self.prefixes: list[str] = []
        self.last: str | None = None
        self.truncated = False


def past(prefix: str) -> str | None:
    """The least string that is greater than all that start with `prefix`; None when there is none."""
    while prefix:
        code = ord(prefix[-1])
        if code < 0x10FFFF:
            return prefix[:-1] + chr(code + 1)
        prefix = prefix[:-1]
    return None


def after(key: str) -> str:
    """The least string that is greater than `key`."""
    return key + "\0"


def start_of(prefix: str, delimiter: str, marker: str | None) -> str | None:
    """Where a listing begins that goes on after `marker`: behind the common prefix that the marker is, or lies in."""
    if not marker or marker < prefix:
        return prefix
    if delimiter and marker.startswith(prefix):
        cut = marker.find(delimiter, len(prefix))
        if cut >= 0:
            return past(marker[: cut + len(delimiter)])
    return after(marker)


async def fold(source: Source[Row], prefix: str, delimiter: str, limit: int) -> Page[Row]:
    """The first `limit` (at least 1) entries and common prefixes of the source, all of whose keys start with `prefix`."""
    page: Page[Row] = Page()
    if not delimiter:
        _take_all(page, await source.rows(limit + 1), limit)
        return page
    look = _SHORT_LOOK
    while True:
        rows = await source.rows(look)
        taken = _take(page, source, rows, len(prefix), delimiter, limit)
        if page.truncated or len(rows) < look:
            return page
        look = _SHORT_LOOK if taken * _SHORT_LOOK <= len(rows) else min(look * _GROWTH, limit + 1)


def _take_all(page: Page[Row], rows: list[tuple[str, Row]], limit: int) -> None:
    page.truncated = len(rows) > limit
    page.entries = rows[:limit] if page.truncated else rows
    if page.entries:
        page.last = page.entries[-1][0]


def _take(
    page: Page[Row], source: Source[Row], rows: list[tuple[str, Row]], skip: int, delimiter: str, limit: int
) -> int:
    """Move rows into the page until it is full; let the source jump when the rows end below a common prefix.

    Returns how many entries and prefixes the rows made.
    """
    at, end = 0, len(rows)
    before = room = limit - len(page.entries) - len(page.prefixes)
    while at < end:
        if room == 0:
            page.truncated = True
            break
        key = rows[at][0]
        cut = key.find(delimiter, skip)
        if cut < 0:
            page.entries.append(rows[at])
            page.last = key
            at += 1
        else:
            page.last = common = key[: cut + len(delimiter)]
            page.prefixes.append(common)
            beyond = past(common)
            at = end if beyond is None else bisect_left(rows, beyond, at, key=_key)
            if at == end:
                source.seek(beyond)
        room -= 1
    return before - room
