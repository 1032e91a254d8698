"""What can be done only with objects of directory buckets: rename them, append to them, delete them by size and time.

    renames    bucket, client token -> a hash of the parameters that came with it, for a day

https://docs.aws.amazon.com/AmazonS3/latest/API/API_RenameObject.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/directory-buckets-objects-append.html
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import unquote

import msgspec
import orjson

from fogbank.http import Payload
from fogbank.kernel import Collection, Context
from fogbank.services.s3 import errors, limits, records, settings
from fogbank.services.s3.bucket import names
from fogbank.services.s3.content import bodies, digests
from fogbank.services.s3.content.digests import Claim, Hashes
from fogbank.services.s3.encryption import keys
from fogbank.services.s3.encryption.keys import Sealing
from fogbank.services.s3.express import directories
from fogbank.services.s3.express.directory_names import CREATE_SESSION, is_directory
from fogbank.services.s3.object import conditions, courses, objects, vault
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import Home, Object, home_of, manifests
from fogbank.services.s3.records import bodies as small_bodies
from fogbank.services.s3.records import objects as current_objects
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

replace = msgspec.structs.replace

renames: Collection[bytes] = service.collection("renames", bytes, scope="account")
settings.goes_with_bucket(renames, str)
# How long a client token is remembered, in seconds; AWS does not say.
_REMEMBERED = 86400
_TOKEN = re.compile(r"[!-~]{1,64}")


# -- renaming


@service.operation(action=CREATE_SESSION, **access.ON_OBJECT)
async def rename_object(ctx: Context, request: Request) -> Answer:
    """Give an object another key: its bytes stay where they are.

    Errors: MethodNotAllowed in other buckets, NoSuchKey, PreconditionFailed, InvalidRequest, IdempotencyParameterMismatch.
    """
    home = await home_of(ctx, request)
    if not is_directory(home.name):
        raise errors.method_not_allowed("PUT", "OBJECT")
    if await _was_done(home, request):
        return {}
    source, target = _source(home, request["RenameSource"]), request["Key"]
    names.check_key(target)
    if source == target or source.endswith("/") or target.endswith("/"):
        raise errors.invalid_request("An object can only be renamed to another key that does not end in a slash.")
    record = await vault.current(home, source)
    if record is None:
        raise errors.no_such_key(source)
    before = await vault.current(home, target)
    _check(request, "Source", record)
    _check(request, "Destination", before)
    await _move(home, source, target, record, before)
    return {}


async def _was_done(home: Home, request: Request) -> bool:
    """Did a request with the same client token rename the object already? If not, it is noted that this one does."""
    token = request.get("ClientToken")
    if token is None:
        return False
    if _TOKEN.fullmatch(token) is None:
        raise errors.invalid_argument("The client token is not valid", "x-amz-client-token", token)
    given = {name: value for name, value in request.items() if name != records.NOTE}
    digest = hashlib.sha256(orjson.dumps(given, option=orjson.OPT_SORT_KEYS)).digest()
    known = await renames.get(home.ctx, home.name, token)
    if known is not None and known != digest:
        raise errors.idempotency_parameter_mismatch()
    if known is None:
        renames.put(home.ctx, digest, home.name, token)
        about = {"bucket": home.name, "token": token}
        await settings.scope(home).schedule("forget_rename", about, delay=_REMEMBERED, key=f"{home.name}/{token}")
    return known is not None


@service.task
async def forget_rename(ctx: Context, payload: dict[str, str]) -> None:
    renames.delete(ctx, payload["bucket"], payload["token"])


def _source(home: Home, header: str) -> str:
    """The key in an x-amz-rename-source header, which may name the bucket, too."""
    path = unquote(header)
    return path.removeprefix(f"/{home.name}/") if path.startswith("/") else path.removeprefix(f"{home.name}/")


def _check(request: Request, side: str, record: Object | None) -> None:
    """Raise PreconditionFailed unless the conditions on one side of a renaming hold."""
    if record is None:
        if f"{side}IfMatch" in request:
            raise errors.precondition_failed("If-Match")
        return
    failed = conditions.judge(request, side, record.etag, record.modified)
    if failed is not None:
        raise errors.precondition_failed(failed.condition)


async def _move(home: Home, source: str, target: str, record: Object, before: Object | None) -> None:
    ctx = home.ctx
    if before is not None:
        await vault.discard(home, target, before, heir=record)
    if record.envelope.layers:
        chosen = record.traits.encryption
        content = await keys.unwrap(home, source, chosen, record.envelope)
        sealing = await keys.wrap(home, target, {}, chosen, content)
        record = replace(record, envelope=sealing.envelope)
    await _move_row(ctx, small_bodies, (home.name, source, record.slot), target)
    await _move_row(ctx, manifests, (home.name, source, record.slot), target)
    current_objects.put(ctx, record, home.name, target)
    current_objects.delete(ctx, home.name, source)


async def _move_row(ctx: Context, rows: Collection[Any], place: tuple[str, str, str], target: str) -> None:
    row = await rows.get(ctx, *place)
    if row is not None:
        rows.put(ctx, row, place[0], target, place[2])
        rows.delete(ctx, *place)


# -- appending


async def append(ctx: Context, request: Request) -> Answer:
    """PutObject with x-amz-write-offset-bytes: the body goes behind what is there already.

    Errors: InvalidWriteOffset unless the offset is the object's size, TooManyParts; those of PutObject.
    """
    offset = request.pop("WriteOffsetBytes")
    claim = digests.claim(request, ctx.headers)
    payload = request.get("Body") or Payload()
    begun = await ctx.transact(_begin, ctx, request, offset)
    if begun is None:
        return await objects.put_object(ctx, request) or {}
    before, stream, sealing = begun
    added = _Added(payload, claim)
    objects.check_framing(ctx)
    received = await bodies.drain(ctx, _joined(stream, added), before.checksum_algorithm or claim.algorithm, sealing)

    async def keep() -> Answer:
        home = await home_of(ctx, request)
        now = await vault.current(home, request["Key"])
        if now is None or now.etag != before.etag:
            raise directories.invalid_write_offset()
        record = await objects.store(home, request, before.traits, received, received.algorithm)
        appended = courses.replace(record, appends=_pieces(before))  # it is one body again
        await vault.rewrite(home, request["Key"], appended)
        return {**objects.answer_to_write(record, home.bucket, request), "Size": record.size}

    return await objects.commit(ctx, received, keep)


async def _begin(ctx: Context, request: Request, offset: int) -> tuple[Object, AsyncIterator[bytes], Sealing] | None:
    """The object that is appended to, its bytes, and the keys for all of them together; None where there is no object yet."""
    home = await objects.place_for(ctx, request)
    if not is_directory(home.name):
        raise errors.header_not_implemented("x-amz-write-offset-bytes")
    key = request["Key"]
    before = await vault.current(home, key)
    if offset != (0 if before is None else before.size):
        raise directories.invalid_write_offset()
    if before is None:
        return None
    if _pieces(before) >= limits.PARTS:
        raise directories.too_many_parts(limits.PARTS)
    stream = await bodies.pieces(home, key, before, 0, before.size)
    return before, stream, await keys.begin(home, key, request, before.traits.encryption)


def _pieces(record: Object) -> int:
    """Of how many parts and appends an object is made."""
    return (record.parts or 1) + record.course.appends


class _Added:
    """The bytes that are appended, held against what the client claims of them while they pass."""

    def __init__(self, payload: Payload, claim: Claim) -> None:
        self._payload = payload
        self._claim = claim

    async def __aiter__(self) -> AsyncIterator[bytes]:
        hashes = Hashes(self._claim.algorithm, self._payload.expected_sha256 is not None)
        async for data in self._payload:
            hashes.md5.update(data)
            hashes.update_others(data)
            yield data
        self._payload.check_sha256(hashes.sha256())
        digests.verify(self._claim, hashes.sums(), self._payload.trailers)


async def _joined(first: AsyncIterator[bytes], then: _Added) -> AsyncIterator[bytes]:
    async for data in first:
        yield data
    async for data in then:
        yield data


# -- deleting


def check_delete(home: Home, request: Request, before: Object | None) -> None:
    """Raise PreconditionFailed for an object of another size or time than a delete names; only directory buckets look at these."""
    size = request.get("IfMatchSize", request.get("Size"))
    modified = request.get("IfMatchLastModifiedTime", request.get("LastModifiedTime"))
    if size is None and modified is None:
        return
    if not is_directory(home.name):
        name = "x-amz-if-match-size" if size is not None else "x-amz-if-match-last-modified-time"
        raise errors.header_not_implemented(name)
    if before is not None and size is not None and before.size != size:
        raise errors.precondition_failed("x-amz-if-match-size")
    if before is not None and modified is not None and before.modified != int(modified):
        raise errors.precondition_failed("x-amz-if-match-last-modified-time")
