"""A cache of one cluster: the item cache, or the query cache. It holds what DynamoDB said, and is empty whenever the door opens."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, NamedTuple

_MISSING: Any = object()


class _Entry(NamedTuple):
    value: Any
    time: float


class Cache:
    """Up to `size` values; the one that was not asked for for the longest time goes first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self.writes = 0

    def get(self, key: Hashable, now: float, ttl: float) -> Any:
        """The value, or `Cache.MISSING` when there is none, or it is older than `ttl` seconds; 0 is for ever."""
        entry = self._entries.get(key)
        if entry is None or (ttl and now - entry.time >= ttl):
            return _MISSING
        self._entries.move_to_end(key)
        return entry.value

    def fill(self, key: Hashable, value: Any, now: float, writes: int) -> None:
        """Keep what was read, unless somebody wrote since `writes` was looked at: then it may be what was there before."""
        if writes == self.writes:
            self._put(key, value, now)

    def write(self, key: Hashable, value: Any, now: float) -> None:
        """Keep what was written through the cache."""
        self.writes += 1
        self._put(key, value, now)

    def drop(self, key: Hashable) -> None:
        """Forget what was changed through the cache."""
        self.writes += 1
        self._entries.pop(key, None)

    def clear(self) -> None:
        self.writes += 1
        self._entries.clear()

    def _put(self, key: Hashable, value: Any, now: float) -> None:
        self._entries[key] = _Entry(value, now)
        self._entries.move_to_end(key)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)

    MISSING = _MISSING
