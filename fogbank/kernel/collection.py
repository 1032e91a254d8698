"""Collections: typed records in the store, scoped to (account, region), ordered by key. All state of a service is here.

A collection's rows lie at `service \\0 collection \\0 account \\0 region \\0 key...`; an account- or globally-scoped collection leaves
the parts empty that it does not have. Rows of a `cached` collection are kept decoded in memory until they are written again:
for definitions (tables, queues, buckets) that every request reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

import msgspec

from fogbank.kernel import keys
from fogbank.kernel.keys import Part

if TYPE_CHECKING:
    from fogbank.kernel.context import Context

Scope = Literal["region", "account", "global"]


class Record(msgspec.Struct, frozen=True, array_like=True):
    """A stored value: `class Queue(Record, frozen=True)`.

    Fields are kept by position: append new ones at the end, with a default, and never reorder.
    """


R = TypeVar("R")

# Kept in place of a record: there is none at that key.
_ABSENT: Any = object()

_encode = msgspec.msgpack.Encoder().encode
_MAX_PREFIXES = 4096

# Every collection that was declared so far, by (service, name): for who looks at rows without knowing whose they are.
catalogue: dict[tuple[str, str], Collection[Any]] = {}


async def has_rows(ctx: Context, *place: str) -> bool:
    """Has anybody rows of a service, or of one of its collections? In a transaction; for who would not load the service to ask it."""
    low = keys.encode(place)
    return await ctx.tx.count(low, keys.after_prefix(low), 1) > 0


class Collection(Generic[R]):
    """Rows of one kind. Key parts are given positionally; see `fogbank.kernel.keys` for what they may be.

    With `record=bytes` the rows are raw bytes, for services that store their own encoding.
    """

    __slots__ = ("_decode", "_prefixes", "cached", "name", "record", "scope", "service")

    def __init__(self, service: str, name: str, record: type[R], scope: Scope = "region", cached: bool = False) -> None:
        self.service = service
        self.name = name
        self.record = record
        self.scope = scope
        self.cached = cached
        self._decode = None if record is bytes else msgspec.msgpack.Decoder(record).decode
        self._prefixes: dict[tuple[str, str], bytes] = {}
        catalogue[service, name] = self

    def decode(self, value: bytes) -> R:
        """The record of a stored value. Raises msgspec.DecodeError (a ValueError) when it is none."""
        return value if self._decode is None else self._decode(value)  # type: ignore[return-value]

    def prefix(self, ctx: Context) -> bytes:
        """The bytes before the key of every row in the context's scope."""
        scope = (ctx.account, ctx.region)
        prefix = self._prefixes.get(scope)
        if prefix is None:
            if len(self._prefixes) >= _MAX_PREFIXES:
                self._prefixes.clear()
            account = "" if self.scope == "global" else ctx.account
            region = ctx.region if self.scope == "region" else ""
            prefix = self._prefixes[scope] = keys.encode((self.service, self.name, account, region))
        return prefix

    def row_key(self, ctx: Context, *key: Part) -> bytes:
        return self.prefix(ctx) + keys.encode(key)

    async def get(self, ctx: Context, *key: Part) -> R | None:
        """The record at the key, or None."""
        row_key = self._prefixes.get((ctx.account, ctx.region)) or self.prefix(ctx)
        if key:
            row_key += keys.encode(key)
        tx = ctx.tx
        if self.cached and row_key not in tx.writes:
            store = ctx.app.store
            record = store.decoded.get(row_key)
            if record is not None:
                store.meter.hits += 1
                return None if record is _ABSENT else record
            store.meter.misses += 1
            raw = await tx.get(row_key)
            found = None if raw is None else self.decode(raw)
            store.decoded[row_key] = _ABSENT if found is None else found
            return found
        raw = tx.read(row_key) if tx.synchronous else await tx.get(row_key)
        return raw if raw is None or self._decode is None else self._decode(raw)  # type: ignore[return-value]

    def remembered(self, ctx: Context, *key: Part) -> R | None:
        """The record of a `cached` collection, if it is kept decoded. None says nothing: then `get` it."""
        row_key = self._prefixes.get((ctx.account, ctx.region)) or self.prefix(ctx)
        if key:
            row_key += keys.encode(key)
        store, tx = ctx.app.store, ctx.tx
        # outside of a transaction, only a store that is alone is sure of what it remembers
        if row_key in tx.writes if tx is not None and not tx.is_over else not store.alone:
            return None
        record = store.decoded.get(row_key)
        if record is None or record is _ABSENT:
            return None
        store.meter.hits += 1
        return record  # type: ignore[no-any-return]

    def is_empty(self, ctx: Context) -> bool:
        """Is it remembered that there is no record at the empty key of a `cached` collection? False says nothing, either."""
        row_key = self._prefixes.get((ctx.account, ctx.region)) or self.prefix(ctx)
        store, tx = ctx.app.store, ctx.tx
        if row_key in tx.writes if tx is not None and not tx.is_over else not store.alone:
            return False
        return store.decoded.get(row_key) is _ABSENT

    def put(self, ctx: Context, record: R, *key: Part) -> None:
        """Write the record at the key, new or not."""
        value = record if self._decode is None else _encode(record)
        if self.cached:
            ctx.tx.defines = True
        prefix = self._prefixes.get((ctx.account, ctx.region)) or self.prefix(ctx)
        ctx.tx.writes[prefix + keys.encode(key)] = value  # type: ignore[assignment]

    def delete(self, ctx: Context, *key: Part) -> None:
        """Remove the row at the key, if there is one."""
        if self.cached:
            ctx.tx.defines = True
        prefix = self._prefixes.get((ctx.account, ctx.region)) or self.prefix(ctx)
        ctx.tx.writes[prefix + keys.encode(key)] = None

    async def scan(self, ctx: Context, *prefix: Part, **bounds: Any) -> list[R]:
        """Records under the key prefix, in key order. Bounds: `limit`, `reverse`, and those of `_span`."""
        rows = await self._rows(ctx, prefix, **bounds)
        decode = self._decode
        return [value if decode is None else decode(value) for _, value in rows]  # type: ignore[misc]

    async def items(
        self, ctx: Context, types: tuple[type, ...], *prefix: Part, **bounds: Any
    ) -> list[tuple[tuple[Part, ...], R]]:
        """(rest of the key, record) under the key prefix; `types` are the types of the key parts after the prefix."""
        rows = await self._rows(ctx, prefix, **bounds)
        skip = len(self.row_key(ctx, *prefix))
        decode = self._decode
        return [
            (keys.decode(key[skip:], types), value if decode is None else decode(value))  # type: ignore[misc]
            for key, value in rows
        ]

    async def raw_items(self, ctx: Context, *prefix: Part, **bounds: Any) -> list[tuple[bytes, bytes]]:
        """(encoded rest of the key, stored bytes) under the key prefix, nothing decoded: for hot paths."""
        rows = await self._rows(ctx, prefix, **bounds)
        skip = len(self.row_key(ctx, *prefix))
        return [(key[skip:], value) for key, value in rows]

    async def count(self, ctx: Context, *prefix: Part, limit: int | None = None, **bounds: Any) -> int:
        """How many rows there are under the key prefix, counted up to `limit`: nothing of them is read."""
        low, high = self._span(ctx, prefix, **bounds)
        return await ctx.tx.count(low, high, limit) if low < high else 0

    async def _rows(
        self, ctx: Context, prefix: tuple[Part, ...], limit: int | None = None, reverse: bool = False, **bounds: Any
    ) -> list[tuple[bytes, bytes]]:
        low, high = self._span(ctx, prefix, **bounds)
        return await ctx.tx.scan(low, high, limit, reverse) if low < high else []

    def _span(
        self,
        ctx: Context,
        prefix: tuple[Part, ...],
        starts_with: str | None = None,
        after: tuple[Part, ...] | None = None,
        since: tuple[Part, ...] | None = None,
        until: tuple[Part, ...] | None = None,
    ) -> tuple[bytes, bytes]:
        """The bounds (from, up to) of the rows under the whole key parts `prefix`.

        starts_with  the next part (a str) starts with this
        after        only keys greater than this tuple of remaining parts, and not below it (exclusive)
        since        only keys equal to or greater than this tuple (inclusive)
        until        only keys less than this tuple (exclusive)
        """
        base = self.prefix(ctx) + keys.encode(prefix)
        low = base if starts_with is None else base + keys.prefix_of(starts_with)
        high = keys.after_prefix(low)
        if since is not None:
            low = max(low, base + keys.encode(since))
        if after is not None:
            low = max(low, keys.after_prefix(base + keys.encode(after)))
        if until is not None:
            high = min(high, base + keys.encode(until))
        return low, high
