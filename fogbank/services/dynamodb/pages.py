"""One page of a query or scan: rows of a range, up to 1 MB or a limit, filtered and projected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from fogbank.services.dynamodb import rows
from fogbank.services.dynamodb.expressions import Condition, Projection
from fogbank.services.dynamodb.limits import PAGE_SIZE
from fogbank.services.dynamodb.rows import Image

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.lagging import Scan
    from fogbank.services.dynamodb.schema import Layout
    from fogbank.services.dynamodb.values import Value

# rows read at once, to begin with; afterwards as many as the page can still take
_FIRST_CHUNK = 128
_LARGEST_CHUNK = 1024


class Page:
    """What was found. `size` is the bytes of all rows that were looked at; `fetched` those of items fetched from the table.

    `last` is the row after which the next page begins; None when there is no more.
    """

    __slots__ = ("count", "fetched", "found", "last", "scanned", "size")

    def __init__(self) -> None:
        self.found: list[Any] = []
        self.count = 0
        self.scanned = 0
        self.size = 0
        self.fetched: list[int] = []
        self.last: bytes | None = None

    @property
    def items(self) -> orjson.Fragment | list[Any]:
        """For the answer. Items that were never decoded are joined as bytes."""
        if self.found and self.found[0].__class__ is bytes:
            return orjson.Fragment(b"[%b]" % b",".join(self.found))
        return self.found


class Selection:
    """What is wanted of each row.

    `origin` is the table to fetch whole items from, when the index that is read does not have all that is wanted.
    """

    __slots__ = ("filter", "is_count", "is_whole", "origin", "projection", "values")

    def __init__(
        self,
        condition: Condition | None,
        values: dict[str, Value],
        projection: Projection | None,
        is_count: bool,
        origin: Layout | None,
    ) -> None:
        self.filter = condition
        self.values = values
        self.projection = projection
        self.is_count = is_count
        self.origin = origin
        self.is_whole = condition is None and projection is None and not is_count and origin is None

    async def take(self, ctx: Context, page: Page, raw: bytes) -> None:
        """Look at one row, and take what is wanted of it into the page."""
        image = Image.stored(raw)
        if self.origin is not None:
            whole = await self._fetch(ctx, page, image, self.origin)
            if whole is None:
                return
            image = whole
        if self.filter is not None and not self.filter.test(image.item, self.values):
            return
        page.count += 1
        if not self.is_count:
            page.found.append(image.raw[4:] if self.projection is None else self.projection.apply(image.item))

    async def _fetch(self, ctx: Context, page: Page, entry: Image, origin: Layout) -> Image | None:
        """The whole item of an index entry; a stale entry may have none."""
        image = await rows.read(ctx, origin.key_of(entry.item))
        if image is not None:
            page.fetched.append(image.size)
        return image


async def read_page(
    ctx: Context,
    scan: Scan,
    low: bytes,
    high: bytes,
    selection: Selection,
    limit: int | None = None,
    reverse: bool = False,
) -> Page:
    """Read rows from `low` to before `high`, in key order or from the end, by `scan`."""
    page = Page()
    chunk = _FIRST_CHUNK
    while True:
        wanted = chunk if limit is None else min(chunk, limit - page.scanned)
        found = await scan(low, high, wanted, reverse)
        is_full = await _take_rows(ctx, page, selection, found)
        if is_full or (limit is not None and page.scanned == limit):
            return page
        if len(found) < wanted:
            page.last = None
            return page
        if reverse:
            high = found[-1][0]
        else:
            low = found[-1][0] + b"\0"
        chunk = max(1, min((PAGE_SIZE - page.size) * page.scanned // page.size + 1, _LARGEST_CHUNK))


async def _take_rows(ctx: Context, page: Page, selection: Selection, found: list[tuple[bytes, bytes]]) -> bool:
    """Take rows into the page; True when it is full. The item that goes beyond 1 MB still belongs to it."""
    if selection.is_whole:
        return _take_whole(page, found)
    for _, raw in found:
        page.size += int.from_bytes(raw[:4], "big")
        page.scanned += 1
        page.last = raw
        await selection.take(ctx, page, raw)
        if page.size >= PAGE_SIZE:
            return True
    return False


def _take_whole(page: Page, found: list[tuple[bytes, bytes]]) -> bool:
    """The same for whole items, which nobody needs to look into."""
    size, taken = page.size, 0
    for _, raw in found:
        size += int.from_bytes(raw[:4], "big")
        taken += 1
        if size >= PAGE_SIZE:
            break
    page.found += [raw[4:] for _, raw in found[:taken]]
    page.size = size
    page.count = page.scanned = page.scanned + taken
    if taken:
        page.last = found[taken - 1][1]
    return size >= PAGE_SIZE
