"""The versions of a key: which is current, adding one, taking one away. Everything here happens inside a transaction.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html. A bucket without versioning, or with versioning
suspended, writes the null version, which replaces an earlier null version; with versioning enabled nothing is ever replaced.
"""

from __future__ import annotations

import msgspec

from fogbank.services.s3 import errors
from fogbank.services.s3.express.directory_names import STORAGE_CLASS, is_directory
from fogbank.services.s3.object import versions
from fogbank.services.s3.records import (
    ENABLED,
    Annotation,
    Home,
    Object,
    bodies,
    history,
    manifests,
    notes,
    nulls,
    object_annotations,
    objects,
)

replace = msgspec.structs.replace


async def current(home: Home, key: str) -> Object | None:
    """The current version; None when there is none, or when it is a delete marker."""
    return await objects.get(home.ctx, home.name, key)


async def newest(home: Home, key: str) -> Object | None:
    """The newest version of a key, be it a delete marker."""
    record = await objects.get(home.ctx, home.name, key)
    if record is None and home.bucket.versioning:
        found = await history.scan(home.ctx, home.name, key, limit=1)
        return found[0] if found else None
    return record


async def version(home: Home, key: str, version_id: str) -> Object | None:
    """A version by its id (`null` for the null version), be it a delete marker. Raises InvalidArgument for what is no id."""
    if version_id != versions.NULL and not versions.is_id(version_id):
        raise errors.invalid_version_id(version_id)
    record = await objects.get(home.ctx, home.name, key)
    if record is not None and record.version_id == version_id:
        return record
    order = await _null_order(home, key) if version_id == versions.NULL else version_id
    found = await history.get(home.ctx, home.name, key, order) if order else None
    return found if found is not None and found.version_id == version_id else None


async def _null_order(home: Home, key: str) -> str:
    pointer = await nulls.get(home.ctx, home.name, key)
    return pointer.decode() if pointer is not None else ""


async def add(home: Home, key: str, record: Object) -> Object:
    """Make the record the current version. Returns it with the id that it got; its body belongs in the row of its slot."""
    if is_directory(home.name):
        record = replace(record, etag=home.ctx.ids.hex(32), storage_class=STORAGE_CLASS)
    before = await newest(home, key)
    if not home.bucket.versioning:
        if before is not None:
            await discard(home, key, before, heir=record)
        objects.put(home.ctx, record, home.name, key)
        return record
    record = await _make_way(home, key, before, record)
    objects.put(home.ctx, record, home.name, key)
    return record


async def add_marker(home: Home, key: str) -> Object:
    """Make a delete marker the newest version, as a delete without version id does in a bucket with versioning."""
    ctx = home.ctx
    marker = Object(modified=int(ctx.now()), etag="", size=0, deleted=True)
    marker = await _make_way(home, key, await newest(home, key), marker)
    objects.delete(ctx, home.name, key)
    _bury(home, key, marker)
    return marker


async def insert(home: Home, key: str, record: Object) -> None:
    """Put a version where its id belongs, which it has already: a replica of one in another bucket."""
    before = await newest(home, key)
    known = await version(home, key, record.order)
    if known is not None:
        await discard(home, key, known, heir=record)
        await rewrite(home, key, record)
    elif before is not None and _ordered(before).order < record.order:
        _bury(home, key, record)
    else:
        if before is not None and not before.deleted:
            objects.delete(home.ctx, home.name, key)
            _bury(home, key, _ordered(before))
        if record.deleted:
            _bury(home, key, record)
        else:
            objects.put(home.ctx, record, home.name, key)


def _ordered(record: Object) -> Object:
    """The version with the order that it gets when it is not the only one any more."""
    if record.order:
        return record
    return replace(record, order=versions.version_id(record.modified, bytes(versions.RANDOM_BYTES)))


async def _make_way(home: Home, key: str, before: Object | None, record: Object) -> Object:
    """Move the newest version aside, or replace the null version, as versioning wants it. Gives the new record its place."""
    ctx = home.ctx
    is_null = home.bucket.versioning != ENABLED
    if before is not None and not before.deleted:
        before = _ordered(before)
        if not (is_null and before.null):
            _bury(home, key, before)
    if is_null:
        await _drop_null(home, key, before, record)
    order = versions.version_id(ctx.now(), ctx.ids.bytes(versions.RANDOM_BYTES), before.order if before else None)
    return replace(record, order=order, null=is_null)


def _bury(home: Home, key: str, record: Object) -> None:
    """Put a version among those that are not current."""
    history.put(home.ctx, record, home.name, key, record.order)
    if record.null:
        nulls.put(home.ctx, record.order.encode(), home.name, key)


async def _drop_null(home: Home, key: str, before: Object | None, heir: Object) -> None:
    """Take the null version away, wherever it is, since another takes its place."""
    if before is not None and before.null and not before.deleted:
        await discard(home, key, before, heir)
        return
    order = await _null_order(home, key)
    if order:
        buried = await history.get(home.ctx, home.name, key, order)
        history.delete(home.ctx, home.name, key, order)
        nulls.delete(home.ctx, home.name, key)
        if buried is not None:
            await discard(home, key, buried, heir)


async def remove(home: Home, key: str, record: Object) -> None:
    """Take one version away for good. The newest of those that are left becomes current."""
    ctx, name = home.ctx, home.name
    await discard(home, key, record)
    now = await objects.get(ctx, name, key)
    if now is not None and now.version_id == record.version_id:
        objects.delete(ctx, name, key)
    else:
        _exhume(home, key, record)
    if home.bucket.versioning and (now is None or now.version_id == record.version_id):
        await _promote(home, key)


def _exhume(home: Home, key: str, record: Object) -> None:
    history.delete(home.ctx, home.name, key, record.order)
    if record.null:
        nulls.delete(home.ctx, home.name, key)


async def _promote(home: Home, key: str) -> None:
    """There is no current version: the newest one becomes it, unless it is a delete marker."""
    found = await history.scan(home.ctx, home.name, key, limit=1)
    if found and not found[0].deleted:
        _exhume(home, key, found[0])
        objects.put(home.ctx, found[0], home.name, key)


async def discard(home: Home, key: str, record: Object, heir: Object | None = None) -> None:
    """Give up a version's bytes and annotations. Those in a row are left to an heir with the same slot that writes its own there."""
    ctx, name = home.ctx, home.name
    if record.course.annotations:
        await _drop_annotations(home, key, record.slot)
    if record.blob:
        ctx.drop_blob(record.blob)
    elif record.parts:
        manifest = await manifests.get(ctx, name, key, record.slot)
        for part in manifest.parts if manifest is not None else ():
            ctx.drop_blob(part.blob)
        manifests.delete(ctx, name, key, record.slot)
    elif record.has_row and not (heir is not None and heir.has_row):
        bodies.delete(ctx, name, key, record.slot)


async def _drop_annotations(home: Home, key: str, slot: str) -> None:
    for (annotation,), found in await object_annotations.items(home.ctx, (str,), home.name, key, slot):
        drop_annotation(home, key, slot, str(annotation), found)


def drop_annotation(home: Home, key: str, slot: str, name: str, annotation: Annotation) -> None:
    object_annotations.delete(home.ctx, home.name, key, slot, name)
    for number in range(annotation.rows):
        notes.delete(home.ctx, home.name, key, slot, name, number)


async def rewrite(home: Home, key: str, record: Object) -> None:
    """Write a version again where it is, with other traits."""
    now = await objects.get(home.ctx, home.name, key)
    if now is not None and now.version_id == record.version_id:
        objects.put(home.ctx, record, home.name, key)
    else:
        history.put(home.ctx, record, home.name, key, record.order)
