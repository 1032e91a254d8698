"""Looks at everything a data directory holds, and says what is wrong with it, in one line each.

- the store's file is sound, every row belongs to a collection and decodes as its record;
- every blob that is kept is there, with its length and MD5, and every blob that a record names (in a field called `blob`) is kept;
- no blob lies about that nothing keeps (an orphan), but on open shelves;
- every task has a handler, and every task key leads to its task.

It reads rows and blobs once, in order, and keeps the names of blobs and the keys of tasks in memory.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from fogbank.kernel import keys, tasks
from fogbank.kernel.blobs import Kept, dropped, kept
from fogbank.kernel.collection import Collection, catalogue
from fogbank.kernel.registry import Registry
from fogbank.storage.base import Damaged, Pair, Store
from fogbank.storage.blobs import DIGEST_BYTES, MD5, Blobs, in_thread

# so many problems of one kind are told one by one
_TOLD = 20


class Doctor:
    """`tell` is called with each line.

    `orphans` are blobs that nothing keeps and that no start would find; `leftovers` those that the next start removes, and no problem.
    """

    def __init__(self, blobs: Blobs, services: Registry, tell: Callable[[str], None]) -> None:
        self.rows = self.blobs = self.bytes = 0
        self.orphans: list[str] = []
        self.leftovers = 0
        self._blobs = blobs
        self._services = services
        self._tell = tell
        self._kinds: Counter[str] = Counter()
        self._kept: set[str] = set()
        self._named: set[str] = set()
        self._dropped: set[str] = set()
        self._places: dict[tuple[str, ...], tuple[int, str]] = {}

    async def examine(self, store: Store) -> None:
        for sentence in store.find_damage():
            self._found("store", sentence)
        try:
            async with store.snapshot() as pairs:
                await in_thread(self._look_at_rows, pairs)
        except Damaged as error:
            self._found("store", str(error))
            return  # what was not read would look like missing
        self._look_at_names()
        self._look_for_orphans()
        for place in self._places:
            self._found("task", f"the task key {place} leads to no task")
        for kind, count in self._kinds.items():
            if count > _TOLD:
                self._tell(f"{kind}: and {count - _TOLD} more")

    @property
    def problems(self) -> int:
        return self._kinds.total()

    def _found(self, kind: str, sentence: str) -> None:
        self._kinds[kind] += 1
        if self._kinds[kind] <= _TOLD:
            self._tell(f"{kind}: {sentence}")

    # -- rows

    def _look_at_rows(self, pairs: Iterator[Pair]) -> None:
        looks: dict[bytes, Callable[[bytes, bytes], None]] = {}
        for key, value in pairs:
            self.rows += 1
            group = key[: key.find(b"\0", key.find(b"\0") + 1) + 1]
            try:
                if group not in looks:
                    looks[group] = self._look_for(group)
                looks[group](key, value)
            except (ValueError, IndexError) as error:  # of msgspec and of keys
                self._found("record", f"{_legible(key)} cannot be decoded: {error}")

    def _look_for(self, group: bytes) -> Callable[[bytes, bytes], None]:
        """What to do with the rows of a collection."""
        service, name = _texts(group, 2)
        self._services.get(service)  # so that its collections are known
        collection = catalogue.get((service, name))
        if collection is None:
            return lambda key, _: self._found("record", f"{_legible(key)} is of no collection that this version has")
        special = {kept: self._look_at_kept, dropped: self._look_at_dropped, tasks.by_key: self._look_at_place}
        if collection in special:
            return special[collection]
        if collection in (tasks.pending, tasks.dead):
            return lambda key, value: self._look_at_task(tasks.pending.decode(value), collection is tasks.pending)
        return self._look_at_records(collection)

    def _look_at_records(self, collection: Collection[Any]) -> Callable[[bytes, bytes], None]:
        blobs_of = _blob_finder(collection.record)
        decode = collection.decode
        if blobs_of is None:
            return lambda _, value: decode(value)
        return lambda _, value: self._named.update(blobs_of(decode(value)))

    # -- blobs

    def _look_at_kept(self, key: bytes, value: bytes) -> None:
        name = _texts(key, 5)[4]
        seal = Kept.of(value).seal
        self._kept.add(name)
        self.blobs += 1
        length, digest = 0, hashlib.new(seal.algorithm if seal is not None else MD5, usedforsecurity=False)
        try:
            for chunk in self._blobs.chunks(name):
                length += len(chunk)
                digest.update(chunk)
        except Damaged as error:
            self._found("blob", str(error).partition(":")[0])
            return
        self.bytes += length
        if seal is not None and length != seal.length:
            self._found("blob", f"the blob {name} has {length} bytes, {seal.length} were written")
        elif seal is not None and digest.digest()[:DIGEST_BYTES] != seal.digest:
            self._found("blob", f"the blob {name} has other bytes than were written")

    def _look_at_dropped(self, key: bytes, _value: bytes) -> None:
        self._dropped.add(str(keys.decode(key, (str, str, str, str, int, str))[5]))

    def _look_at_names(self) -> None:
        for name in sorted(self._named - self._kept):
            self._found("blob", f"a record names the blob {name}, which is not kept")

    def _look_for_orphans(self) -> None:
        """Those that are dropped will be removed anyway."""
        abandoned = set(self._blobs.claim())
        for shelf in self._blobs.settled():
            found = self._blobs.contents(shelf).keys() - self._kept - self._dropped
            if shelf in abandoned:
                self.leftovers += len(found)
            else:
                self.orphans += sorted(found)
        for name in self.orphans:
            self._found("orphan", f"nothing keeps the blob {name}")

    # -- tasks

    def _look_at_place(self, key: bytes, value: bytes) -> None:
        """Keys come before the tasks that they lead to."""
        _, _, account, region, service, name, own = _texts(key, 7)
        place = tasks.by_key.decode(value)
        self._places[service, name, account, region, own] = (place.due, place.id)

    def _look_at_task(self, task: tasks.Task, is_pending: bool) -> None:
        service = self._services.get(task.service)
        if service is None or task.name not in service.tasks:
            self._found("task", f"{task.id} is for {task.service}.{task.name}, which this version does not have")
        if is_pending and task.key is not None:
            place = (task.service, task.name, task.account, task.region, task.key)
            if self._places.pop(place, None) != (task.due, task.id):
                self._found("task", f"{task.id} ({task.service}.{task.name}) is not the one that its key leads to")


def _texts(key: bytes, count: int) -> tuple[str, ...]:
    """The first parts of a key. Raises ValueError when it has no such parts."""
    return keys.decode(key, (str,) * count)  # type: ignore[return-value]


def _legible(key: bytes) -> str:
    """A row's key as far as it can be read: service, collection, account, region and the rest."""
    try:
        service, collection, account, region = _texts(key, 4)
    except (ValueError, IndexError):
        return repr(key)
    rest = key.split(b"\0", 4)[4].rstrip(b"\0").replace(b"\0", b" ")
    place = " ".join(part for part in (account, region) if part)
    return f"{service} {collection} {place} {rest.decode('utf-8', 'backslashreplace')!r}"


def _blob_finder(record: type) -> Callable[[Any], list[str]] | None:
    """Gives the names of blobs in a record: in its field `blob`, or in those of records that it lists. None: it has no such field."""
    if not issubclass(record, msgspec.Struct):
        return None
    own = "blob" in record.__struct_fields__
    lists = {field.name: inner for field in msgspec.structs.fields(record) if (inner := _listed(field.type))}
    if not own and not lists:
        return None

    def find(value: Any) -> list[str]:
        found = [value.blob] if own and value.blob else []
        for name, inner in lists.items():
            for each in getattr(value, name):
                found += inner(each)
        return found

    return find


def _listed(annotation: Any) -> Callable[[Any], list[str]] | None:
    """The finder of the records in a `list[Record]`."""
    inner = getattr(annotation, "__args__", (None,))[0] if getattr(annotation, "__origin__", None) is list else None
    return _blob_finder(inner) if isinstance(inner, type) else None
