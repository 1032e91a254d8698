"""Reading objects: GET, HEAD, attributes."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context
from fogbank.services.s3 import errors, limits
from fogbank.services.s3.content import bodies, ranges
from fogbank.services.s3.content.digests import COMPOSITE
from fogbank.services.s3.encryption import choices as encryption
from fogbank.services.s3.encryption import keys
from fogbank.services.s3.express.directory_names import is_directory
from fogbank.services.s3.lifecycle.headers import tell_expiration
from fogbank.services.s3.locking import locks
from fogbank.services.s3.object import conditions, courses, traits, vault
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import CUSTOMER, Home, Lock, Object, home_of
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

replace = msgspec.structs.replace

_OVERRIDES = {
    "ResponseCacheControl": "CacheControl",
    "ResponseContentDisposition": "ContentDisposition",
    "ResponseContentEncoding": "ContentEncoding",
    "ResponseContentLanguage": "ContentLanguage",
    "ResponseContentType": "ContentType",
    "ResponseExpires": "Expires",
}


@service.operation(action=access.READ, **access.ON_OBJECT)
async def get_object(ctx: Context, request: Request) -> Answer:
    """An object's bytes and headers: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html"""
    encryption.refuse_header(ctx.headers)
    home = await home_of(ctx, request)
    record = await readable(home, request)
    await courses.use(home, request["Key"], record)
    customer = encryption.customer_key(request)
    answer, offset = await _answer(ctx, home, request, record)
    answer["Body"] = await bodies.open_body(home, request["Key"], record, offset, answer["ContentLength"], customer)
    return answer


@service.operation(action=access.READ, **access.ON_OBJECT)
async def head_object(ctx: Context, request: Request) -> Answer:
    """An object's headers: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html"""
    encryption.refuse_header(ctx.headers)
    home = await home_of(ctx, request)
    record = await readable(home, request)
    await check_key(home, request, record, request.get("ChecksumMode") is not None)
    answer, _ = await _answer(ctx, home, request, record)
    return answer


async def check_key(home: Home, request: Request, record: Object, about_bytes: bool) -> None:
    """Raise unless the caller has the key of an object of which only the headers are read.

    Who has no say with KMS may have those that tell nothing `about_bytes`, as a checksum does. Raises as `keys.unwrap`.
    """
    wanted, customer = record.traits.encryption, encryption.customer_key(request)
    if customer is not None or wanted.algorithm == CUSTOMER or (about_bytes and wanted.uses_kms):
        await keys.unwrap(home, request["Key"], wanted, record.envelope, customer)


async def readable(home: Home, request: Request) -> Object:
    """The version that a read names. Raises NoSuchKey, NoSuchVersion, or MethodNotAllowed for a delete marker by its id."""
    key, version_id = request["Key"], request.get("VersionId")
    if version_id is None:
        record = await vault.current(home, key)
        if record is None:
            raise await _missing(home, key)
        return record
    if not version_id:
        raise errors.invalid_argument("Version id cannot be the empty string", "versionId", "")
    record = await vault.version(home, key, version_id)
    if record is None:
        raise errors.no_such_version(key, version_id)
    if record.deleted:
        headers = {"x-amz-delete-marker": "true", "allow": "DELETE", "last-modified": http_date(record.modified)}
        raise errors.method_not_allowed(_method(home), "DeleteMarker", headers)
    return record


def _method(home: Home) -> str:
    return home.ctx.request.method if home.ctx.request is not None else "GET"


async def _missing(home: Home, key: str) -> AWSError:
    """NoSuchKey; when a delete marker hides the object, the headers say so.

    Raises AccessDenied to those who may not list: they are not told what is missing.
    """
    await access.check(home.ctx, "s3:ListBucket", {"Bucket": home.name})
    marker = await vault.newest(home, key)
    if marker is None:
        return errors.no_such_key(key)
    return errors.no_such_key(key, {"x-amz-delete-marker": "true", "x-amz-version-id": marker.version_id})


async def _answer(ctx: Context, home: Home, request: Request, record: Object) -> tuple[Answer, int]:
    """The headers of a read, its conditions and range applied, and where its bytes begin."""
    if not _CONDITIONS.isdisjoint(request):
        _check(request, record)
    answer = traits.object_members(record, home.bucket, request)
    answer["ContentLength"] = record.size
    if record.lock is not None:
        await _tell_lock(ctx, request, record.lock, answer)
    if home.bucket.features and request.get("VersionId") is None:
        await tell_expiration(home, request["Key"], record, answer)
    offset = 0
    part, requested = request.get("PartNumber"), request.get("Range")
    if part is not None:
        if requested is not None:
            raise errors.invalid_request("Cannot specify both Range header and partNumber query parameter")
        offset = await _one_part(home, request, record, part, answer)
    elif requested is not None and _is_still(ctx.headers.get("if-range"), record):
        found = ranges.parse(requested, record.size)
        if found is not None:
            offset = _narrow(answer, *found, record.size)
    if "ContentRange" not in answer and request.get("ChecksumMode") is not None:
        traits.checksum_members(record, answer)
    if not _OVERRIDES.keys().isdisjoint(request):
        _override(ctx, request, answer)
    return answer, offset


def _is_still(known: str | None, record: Object) -> bool:
    """Is the object the one that a reader knows a part of (If-Range, RFC 9110: an ETag or a date)? Else they get it whole."""
    return known is None or known in (f'"{record.etag}"', http_date(record.modified))


async def _tell_lock(ctx: Context, request: Request, lock: Lock, answer: Answer) -> None:
    """Tell of a version's lock, as far as the reader may know."""
    if (lock.until or lock.event_hold) and await access.may(ctx, "s3:GetObjectRetention", request):
        locks.retention_members(lock, answer)
    if lock.legal_hold and await access.may(ctx, "s3:GetObjectLegalHold", request):
        answer["ObjectLockLegalHoldStatus"] = lock.legal_hold


_CONDITIONS = frozenset({"IfMatch", "IfNoneMatch", "IfModifiedSince", "IfUnmodifiedSince"})


def _check(request: Request, record: Object) -> None:
    failed = conditions.judge(request, "", record.etag, record.modified)
    if failed is None:
        return
    if not failed.not_modified:
        raise errors.precondition_failed(failed.condition)
    headers = {"ETag": f'"{record.etag}"', "Last-Modified": http_date(record.modified)}
    if "CacheControl" in record.traits.headers:
        headers["Cache-Control"] = record.traits.headers["CacheControl"]
    raise errors.not_modified(headers)


def _narrow(answer: Answer, offset: int, length: int, size: int) -> int:
    answer["ContentLength"] = length
    answer["ContentRange"] = f"bytes {offset}-{offset + length - 1}/{size}"
    return offset


async def _one_part(home: Home, request: Request, record: Object, number: int, answer: Answer) -> int:
    """Narrow the answer to one part of the object; one that was uploaded in one piece is its own part 1."""
    if not 1 <= number <= limits.PARTS:
        raise errors.bad_part_number(number)
    if number > max(record.parts, 1):
        raise errors.invalid_part_number(number, max(record.parts, 1))
    if record.parts <= 1 and record.checksum_type != COMPOSITE and request.get("ChecksumMode") is not None:
        traits.checksum_members(record, answer)  # the part is the whole object
    if not record.parts:
        return _narrow(answer, 0, record.size, record.size) if record.size else 0
    manifest = await bodies.manifest_of(home, request["Key"], record)
    part = manifest.parts[number - 1]
    answer["PartsCount"] = record.parts
    if part.checksum and request.get("ChecksumMode") is not None and record.checksum_type == COMPOSITE:
        answer[f"Checksum{record.checksum_algorithm}"] = part.checksum
        answer["ChecksumType"] = COMPOSITE
    offset = sum(each.size for each in manifest.parts[: number - 1])
    return _narrow(answer, offset, part.size, record.size)


def _override(ctx: Context, request: Request, answer: Answer) -> None:
    """Headers that the reader wants to see instead of the object's own."""
    if ctx.principal.kind == "anonymous":
        raise errors.invalid_request("Request specific response headers cannot be used for anonymous GET requests.")
    for name, member in _OVERRIDES.items():
        if name in request:
            answer[member] = request[name]


def http_date(moment: int) -> str:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(moment))


# -- attributes


@service.operation(action=access.with_contents, **access.ON_OBJECT)
async def get_object_attributes(ctx: Context, request: Request) -> Answer:
    """The attributes that are asked for: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html"""
    home = await home_of(ctx, request)
    record = await readable(home, request)
    wanted = set(request["ObjectAttributes"])
    await check_key(home, request, record, "Checksum" in wanted)
    answer: Answer = {"LastModified": record.modified}
    if home.bucket.versioning:
        answer["VersionId"] = record.version_id
    if "ETag" in wanted:
        answer["ETag"] = record.etag
    if "Checksum" in wanted and record.checksum:
        answer["Checksum"] = {}
        traits.checksum_members(replace(record, checksum=record.checksum.partition("-")[0]), answer["Checksum"])
    if "ObjectParts" in wanted and record.parts:
        answer["ObjectParts"] = await _parts(home, request, record)
    if "StorageClass" in wanted:
        answer["StorageClass"] = record.storage_class or "STANDARD"
    if "ObjectSize" in wanted:
        answer["ObjectSize"] = record.size
    return answer


async def _parts(home: Home, request: Request, record: Object) -> Answer:
    """The number of parts; and the parts themselves, a page of them, when each has a checksum of its own.

    Directory buckets tell the parts of every object.
    """
    answer: Answer = {"TotalPartsCount": record.parts}
    if record.checksum_type != COMPOSITE and not is_directory(home.name):
        return answer
    marker, limit = request.get("PartNumberMarker") or 0, min(request.get("MaxParts", limits.PAGE), limits.PAGE)
    manifest = await bodies.manifest_of(home, request["Key"], record)
    later = [part for part in manifest.parts if part.number > marker]
    shown = later[:limit]
    return answer | {
        "PartNumberMarker": marker,
        "NextPartNumberMarker": shown[-1].number if shown else 0,
        "MaxParts": limit,
        "IsTruncated": len(later) > len(shown),
        "Parts": [
            {"PartNumber": part.number, "Size": part.size, f"Checksum{part.algorithm}": part.checksum or None}
            for part in shown
        ],
    }
