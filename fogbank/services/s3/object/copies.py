"""Copying objects.

The bytes of an object that was uploaded in one piece are shared by a link, which costs nothing; others are read and written once, since
the copy's ETag is the MD5 of them all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import msgspec

from fogbank.http import Payload
from fogbank.kernel import Context
from fogbank.kernel.blobs import kept_seal
from fogbank.services.s3 import changes, errors, limits
from fogbank.services.s3.access_point import access_points
from fogbank.services.s3.content import bodies
from fogbank.services.s3.content.bodies import Received
from fogbank.services.s3.content.digests import DEFAULT, FULL_OBJECT, Sums
from fogbank.services.s3.encryption import choices as encryption
from fogbank.services.s3.encryption import keys
from fogbank.services.s3.encryption.keys import Sealing
from fogbank.services.s3.lifecycle.headers import tell_expiration
from fogbank.services.s3.object import annotating, conditions, courses, objects, reads, tags, traits
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import Encryption, Home, Object, Traits, home_of
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]


class Source(NamedTuple):
    """The object that is copied, as it was when the copy began."""

    home: Home
    key: str
    record: Object

    @property
    def version_id(self) -> str | None:
        return self.record.version_id if self.home.bucket.versioning else None


def parse_source(header: str) -> tuple[str, str, str | None]:
    """(bucket, key, version id) of an x-amz-copy-source header, which is percent-encoded. Raises InvalidArgument."""
    path, question, query = header.rpartition("?versionId=")
    if not question:
        path, query = header, ""
    bucket, key = access_points.split_source(unquote_plus(path))
    if not bucket or not key:
        raise errors.bad_copy_source(header)
    return bucket, key, query or None


async def find_source(ctx: Context, request: Request) -> Source:
    """The source of a copy, when it exists, may be read, and meets the request's conditions."""
    ctx = access_points.apart(ctx)
    bucket, key, version_id = parse_source(request["CopySource"])
    wanted: Request = {"Bucket": bucket, "Key": key, "ExpectedBucketOwner": request.get("ExpectedSourceBucketOwner")}
    if version_id is not None:
        wanted["VersionId"] = version_id
    await access.check(ctx, access.READ, wanted)
    home = await home_of(ctx, wanted)
    record = await reads.readable(home, wanted)
    conditions.check_copy(request, record.etag, record.modified)
    await courses.use(home, key, record)
    return Source(home, key, record)


# -- CopyObject


@service.operation(transaction=False, action="s3:PutObject", **access.ON_OBJECT)
async def copy_object(ctx: Context, request: Request) -> Answer:
    """Copy an object: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html"""
    wanted = traits.read(request)
    source, found = await ctx.transact(_begin, ctx, request, wanted)
    if isinstance(found, Received):
        received = found
    else:
        stream, sealing = found
        received = await bodies.drain(ctx, stream, _algorithm(request, source.record), sealing)
    return await objects.commit(ctx, received, _finish, ctx, request, wanted, source, received)


Stream = tuple[AsyncIterator[bytes], Sealing]


async def _begin(ctx: Context, request: Request, wanted: Traits) -> tuple[Source, Received | Stream]:
    """The source, and its bytes: already as a body of their own, or as a stream that has to be hashed and encrypted."""
    home = await objects.place_for(ctx, request)
    source = await find_source(ctx, request)
    record = source.record
    if record.traits.tags and request.get("TaggingDirective") != "REPLACE":
        await _check_both(ctx, request, access.on_version("GetObjectTagging"), "s3:PutObjectTagging")
    if record.course.annotations and annotating.are_copied(ctx, request):
        await _check_both(ctx, request, access.on_version("GetObjectAnnotation"), "s3:PutObjectAnnotation")
    if record.size > limits.OBJECT_BYTES:
        raise errors.copy_source_too_large(limits.OBJECT_BYTES)
    _check_change(request, source, home)
    customer = encryption.customer_key(request, "CopySource")
    if not record.blob and not record.parts:
        data = await bodies.open_body(source.home, source.key, record, 0, record.size, customer)
        assert isinstance(data, bytes)
        return source, bodies.take(Payload(data), _algorithm(request, record))
    chosen = keys.choose(home, request["Key"], request, wanted.encryption)
    if _can_link(ctx, record, _algorithm(request, record), chosen):
        content = await keys.unwrap(source.home, source.key, record.traits.encryption, record.envelope, customer)
        with suppress(OSError):  # where the file system has no links, the bytes are read and written
            return source, await _linked(ctx, record, await keys.wrap(home, request["Key"], request, chosen, content))
    sealing = await keys.begin(home, request["Key"], request, wanted.encryption)
    return source, (await bodies.pieces(source.home, source.key, record, 0, record.size, customer), sealing)


async def _check_both(ctx: Context, request: Request, of_read: access.Action, of_write: str) -> None:
    """Tags and annotations that are copied need permissions of their own, on both sides."""
    bucket, key, version_id = parse_source(request["CopySource"])
    of_source: Request = {"Bucket": bucket, "Key": key} | ({} if version_id is None else {"VersionId": version_id})
    await access.check(access_points.apart(ctx), of_read, of_source)
    await access.check(ctx, of_write, request)


def _can_link(ctx: Context, record: Object, algorithm: str, chosen: Encryption) -> bool:
    """May the copy be the same bytes on disk, under another name?"""
    return (
        bool(record.blob)
        and _keeps_sums(record, algorithm)
        and (encryption.has_md5_etag(record.traits.encryption) or not encryption.has_md5_etag(chosen))
        and keys.can_share(chosen, record.envelope, ctx.app.settings.encrypt_at_rest)
    )


async def _linked(ctx: Context, record: Object, sealing: Sealing) -> Received:
    """The bytes of a blob under another name."""
    sums = Sums(record.etag, record.checksum)
    blob = ctx.blobs.link(record.blob, await kept_seal(ctx, record.blob))
    return Received(record.size, record.checksum_algorithm, sums, b"", blob, {}, sealing)


def _algorithm(request: Request, record: Object) -> str:
    """The checksum that the copy gets: the one asked for, else the source's, else S3's default."""
    return request.get("ChecksumAlgorithm") or record.checksum_algorithm or DEFAULT


def _keeps_sums(record: Object, algorithm: str) -> bool:
    """Are ETag and checksum of the source those of its bytes, so that they need not be computed anew?"""
    known = record.checksum_algorithm == algorithm and record.checksum_type in ("", FULL_OBJECT)
    return known and "-" not in record.etag


def _check_change(request: Request, source: Source, target: Home) -> None:
    """A copy onto itself has to change something; where a default encryption of the bucket's own applies, it does."""
    is_same = source.home.name == request["Bucket"] and source.key == request["Key"]
    if not is_same or "?versionId=" in request["CopySource"]:
        return
    if request.get("MetadataDirective") == "REPLACE" or request.keys() & _CHANGES:
        return
    if target.bucket.encryption != Encryption():
        return
    raise errors.copy_onto_itself()


_CHANGES = frozenset({"StorageClass", "ServerSideEncryption", "SSECustomerAlgorithm", "WebsiteRedirectLocation"})


async def _finish(ctx: Context, request: Request, wanted: Traits, source: Source, received: Received) -> Answer:
    home = await objects.place_for(ctx, request)
    algorithm = _algorithm(request, source.record)
    merged = _merged(request, wanted, source.record.traits)
    copied = await _annotations(ctx, request, source)
    record = await objects.store(home, request, merged, received, algorithm, changes.COPY)
    await annotating.put_all(home, request["Key"], copied)
    answer: Answer = {"CopyObjectResult": _result(record), "CopySourceVersionId": source.version_id}
    if home.bucket.versioning:
        answer["VersionId"] = record.version_id
    encryption.members(record.traits.encryption, answer, request)
    await tell_expiration(home, request["Key"], record, answer)
    return answer


async def _annotations(ctx: Context, request: Request, source: Source) -> annotating.Copied:
    if not source.record.course.annotations or not annotating.are_copied(ctx, request):
        return []
    home = await home_of(ctx, {"Bucket": source.home.name})
    return await annotating.taken(home, source.key, source.record)


def _result(record: Object) -> Answer:
    result: Answer = {"ETag": f'"{record.etag}"', "LastModified": record.modified}
    traits.checksum_members(record, result)
    return result


def _merged(request: Request, wanted: Traits, old: Traits) -> Traits:
    """The copy's traits: the source's headers, metadata and tags unless replaced, the rest as asked for."""
    if request.get("MetadataDirective") != "REPLACE":
        headers = {name: value for name, value in old.headers.items() if name != "WebsiteRedirectLocation"}
        if "WebsiteRedirectLocation" in wanted.headers:
            headers["WebsiteRedirectLocation"] = wanted.headers["WebsiteRedirectLocation"]
        wanted = msgspec.structs.replace(wanted, content_type=old.content_type, headers=headers, metadata=old.metadata)
    if request.get("TaggingDirective") != "REPLACE":
        wanted = msgspec.structs.replace(wanted, tags=tags.check_object(old.tags))
    return wanted
