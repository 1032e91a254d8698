"""Annotations: up to 1,000 named texts of up to 1 MiB on each version of an object, which can be changed without writing the object.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/annotations-overview.html. They are encrypted as the object is, go with the
version that they are on, and come along with its copies.
"""

from __future__ import annotations

from typing import Any

from fogbank.http import Payload
from fogbank.kernel import AWSError, Context, pages
from fogbank.services.s3 import changes, errors, limits
from fogbank.services.s3.content import digests
from fogbank.services.s3.encryption import choices as encryption
from fogbank.services.s3.encryption import keys
from fogbank.services.s3.locking import object_lock
from fogbank.services.s3.object import courses, objects, reads, vault
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import CUSTOMER, Annotation, Home, Object, home_of, notes, object_annotations
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_RESERVED = ("aws", "s3")
_DIRECTIVE = "x-amz-object-annotation-directive"


# -- refusals, in the words of the model's documentation


def _no_such_annotation() -> AWSError:
    return AWSError("NoSuchAnnotation", "The specified annotation does not exist on this object.", 404)


def _invalid_name() -> AWSError:
    return AWSError("InvalidAnnotationName", "The annotation name you provided is invalid.", 400)


def _name_too_long() -> AWSError:
    return AWSError("AnnotationNameTooLong", f"The annotation name exceeds {limits.ANNOTATION_NAME_BYTES} bytes.", 400)


def _too_many() -> AWSError:
    message = "The request would exceed the maximum number of annotations allowed per object."
    return AWSError("AnnotationLimitExceeded", message, 400)


def _not_text() -> AWSError:
    return AWSError("UnsupportedMediaType", "The annotation payload is not valid UTF-8 encoded text.", 415)


def _invalid_prefix() -> AWSError:
    return AWSError("InvalidPrefix", "The annotation prefix you provided is invalid.", 400)


# -- writing


@service.operation(transaction=False, action=access.on_version("PutObjectAnnotation"), **access.ON_OBJECT)
async def put_object_annotation(ctx: Context, request: Request) -> Answer:
    """Put a text on a version, or in another's place: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAnnotation.html

    Errors: InvalidAnnotationName, AnnotationNameTooLong, UnsupportedMediaType, InvalidRequest, AnnotationLimitExceeded, PreconditionFailed.
    """
    _check_name(request["AnnotationName"])
    claim = digests.claim(request, ctx.headers)
    payload = request["AnnotationPayload"]
    objects.check_framing(ctx)
    data = await _text(payload)
    digests.verify(claim, sums := digests.sums_of(data, claim.algorithm), payload.trailers)
    return await ctx.transact(_put, ctx, request, data, claim.algorithm, sums)


async def _put(ctx: Context, request: Request, data: bytes, algorithm: str, sums: digests.Sums) -> Answer:
    home = await home_of(ctx, request)
    record = await _annotated(home, request)
    key, name = request["Key"], request["AnnotationName"]
    annotation = await _store(home, key, record, name, data, algorithm, sums)
    await changes.happened(changes.ANNOTATED, home, key, record)
    return {**_members(home, record, annotation), "Key": key, "AnnotationName": name}


def _check_name(name: str) -> None:
    if len(name.encode()) > limits.ANNOTATION_NAME_BYTES:
        raise _name_too_long()
    if not name or name.lower().startswith(_RESERVED):
        raise _invalid_name()


async def _text(payload: Payload) -> bytes:
    if payload.length is not None and payload.length > limits.ANNOTATION_BYTES:
        raise errors.entity_too_large(payload.length, limits.ANNOTATION_BYTES)
    data = await payload.read()
    if not data:
        raise errors.invalid_request("The annotation payload must be between 1 byte and 1 MiB in size.")
    try:
        data.decode()
    except UnicodeDecodeError:
        raise _not_text() from None
    return data


async def _annotated(home: Home, request: Request) -> Object:
    """The version that a request is about, when it is the one that the caller means."""
    record = await reads.readable(home, request)
    wanted = request.get("ObjectIfMatch")
    if wanted is not None and wanted.strip('"') != record.etag:
        raise errors.precondition_failed("x-amz-object-if-match")
    return record


async def _store(
    home: Home, key: str, record: Object, name: str, data: bytes, algorithm: str, sums: digests.Sums
) -> Annotation:
    """Put an annotation in its place, and count it on its version."""
    if record.traits.encryption.algorithm == CUSTOMER:
        raise errors.invalid_request("Objects encrypted with SSE-C cannot have annotations.")
    place = (home.name, key, record.slot, name)
    before = await object_annotations.get(home.ctx, *place)
    if before is not None:
        vault.drop_annotation(home, key, record.slot, name, before)
    elif record.course.annotations >= limits.ANNOTATIONS:
        raise _too_many()
    else:
        await vault.rewrite(home, key, courses.replace(record, annotations=record.course.annotations + 1))
    sealing, kept = await keys.encrypt_under(home, key, {}, record.traits.encryption, data)
    pieces = range(0, len(kept), limits.INLINE_BYTES)
    for number, start in enumerate(pieces):
        notes.put(home.ctx, kept[start : start + limits.INLINE_BYTES], *place, number)
    etag = sums.md5 if encryption.has_md5_etag(sealing.encryption) else home.ctx.ids.hex(32)
    annotation = Annotation(
        int(home.ctx.now()),
        etag,
        len(data),
        algorithm,
        sums.checksum,
        sealing.encryption,
        sealing.envelope,
        len(pieces),
    )
    object_annotations.put(home.ctx, annotation, *place)
    return annotation


def _members(home: Home, record: Object, annotation: Annotation) -> Answer:
    answer: Answer = {"ETag": f'"{annotation.etag}"', **_version(home, record)}
    if annotation.checksum:
        answer[f"Checksum{annotation.checksum_algorithm}"] = annotation.checksum
        answer["ChecksumType"] = digests.FULL_OBJECT
    answer["ServerSideEncryption"] = annotation.encryption.algorithm
    return answer


def _version(home: Home, record: Object) -> Answer:
    return {"ObjectVersionId": record.version_id if home.bucket.versioning else None}


# -- reading


@service.operation(action=access.on_version("GetObjectAnnotation"), **access.ON_OBJECT)
async def get_object_annotation(ctx: Context, request: Request) -> Answer:
    """An annotation's text. Errors: NoSuchAnnotation, and those of reading the object."""
    home = await home_of(ctx, request)
    record = await reads.readable(home, request)
    annotation = await _find(home, request, record)
    data = await _read(home, request["Key"], record, request["AnnotationName"], annotation)
    answer = _members(home, record, annotation)
    if request.get("ChecksumMode") is None:
        answer = {name: value for name, value in answer.items() if not name.startswith("Checksum")}
    return {**answer, "AnnotationPayload": data, "LastModified": annotation.modified, "ContentLength": annotation.size}


async def _find(home: Home, request: Request, record: Object) -> Annotation:
    name = request["AnnotationName"]
    found = await object_annotations.get(home.ctx, home.name, request["Key"], record.slot, name)
    if found is None:
        raise _no_such_annotation()
    return found


async def _read(home: Home, key: str, record: Object, name: str, annotation: Annotation) -> bytes:
    content = await keys.unwrap(home, key, annotation.encryption, annotation.envelope)
    kept = b"".join(await notes.scan(home.ctx, home.name, key, record.slot, name))
    return await keys.decrypt_small(home.ctx, annotation.envelope, content, kept)


@service.operation(action=access.on_version("ListObjectAnnotations"), **access.ON_OBJECT)
async def list_object_annotations(ctx: Context, request: Request) -> Answer:
    """The annotations of a version, by name. Errors: InvalidPrefix, InvalidArgument for a token that is none of ours."""
    prefix, token = request.get("AnnotationPrefix") or "", request.get("ContinuationToken")
    if len(prefix.encode()) > limits.ANNOTATION_NAME_BYTES:
        raise _invalid_prefix()
    bounds: dict[str, Any] = {"starts_with": prefix} if prefix else {}
    if token is not None:
        wrong = errors.invalid_argument("The continuation token provided is incorrect", "continuation-token", token)
        bounds["after"] = (pages.position(token, wrong),)
    home = await home_of(ctx, request)
    record = await reads.readable(home, request)
    limit = request.get("MaxAnnotationResults") or limits.PAGE
    place = (home.name, request["Key"], record.slot)
    found = await object_annotations.items(home.ctx, (str,), *place, limit=limit + 1, **bounds)
    shown, following = pages.page(found, limit, lambda item: str(item[0][0]))
    return {
        "Annotations": [_entry(str(name), annotation) for (name,), annotation in shown],
        "Bucket": home.name,
        "Key": request["Key"],
        **_version(home, record),
        "AnnotationPrefix": prefix or None,
        "MaxAnnotationResults": limit,
        "AnnotationCount": len(shown),
        "ContinuationToken": token,
        "NextContinuationToken": following,
    }


def _entry(name: str, annotation: Annotation) -> Answer:
    algorithm = annotation.checksum_algorithm
    return {
        "AnnotationName": name,
        "LastModified": annotation.modified,
        "ETag": f'"{annotation.etag}"',
        "ChecksumAlgorithm": [algorithm] if algorithm else None,
        "Size": annotation.size,
    }


# -- deleting


@service.operation(action=access.on_version("DeleteObjectAnnotation"), **access.ON_OBJECT)
async def delete_object_annotation(ctx: Context, request: Request) -> Answer:
    """Take an annotation away, if it is there. Errors: AccessDenied while the version is locked, PreconditionFailed."""
    home = await home_of(ctx, request)
    record = await _annotated(home, request)
    bypass = ctx.headers.get("x-amz-bypass-governance-retention", "").lower() == "true"
    await object_lock.check_delete(home, {**request, "BypassGovernanceRetention": bypass}, record)
    key, name = request["Key"], request["AnnotationName"]
    found = await object_annotations.get(home.ctx, home.name, key, record.slot, name)
    if found is not None:
        vault.drop_annotation(home, key, record.slot, name, found)
        await vault.rewrite(home, key, courses.replace(record, annotations=record.course.annotations - 1))
        await changes.happened(changes.NOT_ANNOTATED, home, key, record)
    return _version(home, record)


# -- copying

Copied = list[tuple[str, Annotation, bytes]]


def are_copied(ctx: Context, request: Request) -> bool:
    """Do a source's annotations come along? A presigned URL says so in its query."""
    directive = request.get("AnnotationDirective")
    if directive is None and ctx.request is not None:
        return f"{_DIRECTIVE}=EXCLUDE" not in ctx.request.query
    return directive != "EXCLUDE"


async def taken(home: Home, key: str, record: Object) -> Copied:
    """What is on a version that is copied; read before the copy is written, which may be in the version's own place."""
    found = await object_annotations.items(home.ctx, (str,), home.name, key, record.slot)
    return [(str(name), one, await _read(home, key, record, str(name), one)) for (name,), one in found]


async def put_all(home: Home, key: str, copied: Copied) -> None:
    """Put them on a copy that was just written."""
    for name, annotation, data in copied:
        record = await vault.current(home, key)
        assert record is not None
        sums = digests.sums_of(data, annotation.checksum_algorithm)
        await _store(home, key, record, name, data, annotation.checksum_algorithm, sums)
