"""Items in the store: reading them, and the one place where they are written.

`replace` is the only way in which an item changes, whatever operation or task it comes from: table, index entries, expiry, the streams and
the other replicas follow from the item before and the item after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from fogbank.services.dynamodb import expiry, groups, history, kinesis_log, lagging, streams, unreplicated, vectors
from fogbank.services.dynamodb.values import Item, item_size

if TYPE_CHECKING:
    from fogbank.kernel import Context
    from fogbank.services.dynamodb.schema import IndexLayout, Key, Layout, Table, VectorIndex

_SIZE = 4

CALLER, TTL, REPLICATION = "caller", "ttl", "replication"
"""Who writes: whoever asked for it, DynamoDB because an item expired, or DynamoDB because another replica was written to."""


class Image:
    """An item as it is stored: its bytes, decoded on demand. `size` is what AWS counts."""

    __slots__ = ("_item", "raw", "size")

    def __init__(self, raw: bytes, size: int, item: Item | None = None) -> None:
        self.raw = raw
        self.size = size
        self._item = item

    @classmethod
    def stored(cls, raw: bytes) -> Image:
        """Of a row's value."""
        return cls(raw, int.from_bytes(raw[:_SIZE], "big"))

    @classmethod
    def of(cls, item: Item, size: int) -> Image:
        """Of an item in canonical form."""
        return cls(size.to_bytes(_SIZE, "big") + orjson.dumps(item), size, item)

    @property
    def item(self) -> Item:
        """The item. Not to be changed: what changes it makes a new one."""
        if self._item is None:
            self._item = orjson.loads(self.raw[_SIZE:])
        return self._item

    @property
    def fragment(self) -> orjson.Fragment:
        """The item for an answer, without decoding it."""
        return orjson.Fragment(self.raw[_SIZE:])


class Change(NamedTuple):
    """What a write did to one index: the entries before and after, and whether they are at different places."""

    into: IndexLayout
    old_size: int
    new_size: int
    has_moved: bool


async def read(ctx: Context, key: Key) -> Image | None:
    tx = ctx.tx
    raw = tx.read(key.row) if tx.synchronous else await tx.get(key.row)
    return None if raw is None else Image.stored(raw)


async def read_late(ctx: Context, key: Key) -> Image | None:
    """An item as it was before it changed, if that was a moment ago."""
    raw = await lagging.get(ctx, key.row)
    return None if raw is None else Image.stored(raw)


async def replace(
    ctx: Context, layout: Layout, key: Key, old: Image | None, new: Image | None, by: str = CALLER
) -> list[Change]:
    """Put `new` in the place of `old`; None stands for no item. Returns what it did to indexes.

    For a table that `is_plain`, `old` need not be known: None will do. The table need not be in the context's account and region.
    """
    writes = ctx.tx.writes
    if ctx.app.settings.consistency == "adversarial":
        await lagging.note(ctx, layout, key, old, new)
    writes[key.row] = None if new is None else new.raw
    if layout.is_plain:
        return []
    ctx = layout.scope(ctx)
    if layout.table.history_space:
        await history.note(ctx, layout, key.row, old)
    changes = [
        change
        for index in layout.indexes.values()
        if (change := _replace_entry(writes, index, key, old, new)) is not None
    ]
    if layout.table.ttl is not None:
        await expiry.track(ctx, layout.table, key, None if old is None else old.item, None if new is None else new.item)
    for vector_index in layout.table.vectors:
        _replace_vector(writes, layout.table, vector_index, key, old, new)
    await _tell(ctx, layout, key, old, new, by)
    return changes


async def _tell(ctx: Context, layout: Layout, key: Key, old: Image | None, new: Image | None, by: str) -> None:
    """Let the table's streams know of a change, and the other replicas."""
    table = layout.table
    if table.stream_view is not None:
        await streams.record(ctx, layout, old, new, by == TTL)
    if table.destinations:
        await kinesis_log.note(ctx, layout, old, new, by == TTL)
    if table.group and by != REPLICATION and not (old is None and new is None):
        if table.is_strong:
            await _replace_elsewhere(ctx, layout, key, old, new)
        else:
            await unreplicated.note(ctx, layout, key, b"" if new is None else new.raw)


async def _replace_elsewhere(ctx: Context, layout: Layout, key: Key, old: Image | None, new: Image | None) -> None:
    """A write of a strongly consistent global table takes place in all replicas."""
    group = await groups.group_of(ctx, layout.table)
    for table in await groups.replicas(ctx, group, but=layout.region) if group is not None else ():
        place = table.layout.prefix + key.row[len(layout.prefix) :]
        await replace(ctx, table.layout, key._replace(row=place), old, new, by=REPLICATION)


def _replace_entry(
    writes: dict[bytes, bytes | None], index: IndexLayout, key: Key, old: Image | None, new: Image | None
) -> Change | None:
    old_row = None if old is None else index.row_of(old.item, key)
    new_row = None if new is None else index.row_of(new.item, key)
    if old_row is None and new_row is None:
        return None
    before = None if old is None or old_row is None else entry(index, old)
    after = None if new is None or new_row is None else entry(index, new)
    if before is not None and after is not None and old_row == new_row and before.item == after.item:
        return None
    if old_row is not None and old_row != new_row:
        writes[old_row] = None
    if new_row is not None and after is not None:
        writes[new_row] = after.raw
    return Change(
        index,
        0 if before is None else before.size,
        0 if after is None else after.size,
        old_row is not None and new_row is not None and old_row != new_row,
    )


def _replace_vector(
    writes: dict[bytes, bytes | None], table: Table, index: VectorIndex, key: Key, old: Image | None, new: Image | None
) -> None:
    row = None if old is None else vectors.row_of(table, index, old.item, key)
    if row is not None:
        writes[row] = None
    if new is not None:
        put_vector(writes, table, index, key, new)


def put_vector(writes: dict[bytes, bytes | None], table: Table, index: VectorIndex, key: Key, image: Image) -> None:
    """Give a vector index its entry of an item, if the item is in it."""
    row, vector = vectors.row_of(table, index, image.item, key), vectors.vector_of(index, image.item)
    if row is not None and vector is not None:
        item = vectors.kept(table, index, image.item)
        writes[row] = vectors.encode(vector, Image.of(item, item_size(item)).raw)


def entry(index: IndexLayout, image: Image) -> Image:
    """What an index keeps of an item."""
    if index.projected is None:
        return image
    item = {name: value for name, value in image.item.items() if name in index.projected}
    return Image.of(item, item_size(item))
