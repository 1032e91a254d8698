"""Completing multipart uploads: an object is made of parts.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from fogbank.kernel import Context
from fogbank.services.s3 import changes, errors, limits
from fogbank.services.s3.bucket import hosts
from fogbank.services.s3.content import bodies, digests, etags
from fogbank.services.s3.content.digests import COMPOSITE, DEFAULT, FULL_OBJECT
from fogbank.services.s3.encryption import keys
from fogbank.services.s3.express.directory_names import is_directory
from fogbank.services.s3.lifecycle.headers import tell_expiration
from fogbank.services.s3.locking import locks
from fogbank.services.s3.object import objects, vault
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import Home, Manifest, Object, Part, Upload, home_of, manifests, parts, uploads
from fogbank.services.s3.service import service
from fogbank.services.s3.upload.uploads import forget

Request = dict[str, Any]
Answer = dict[str, Any]


@service.operation(action="s3:PutObject", **access.ON_OBJECT)
async def complete_multipart_upload(ctx: Context, request: Request) -> Answer:
    """Make an object of the parts that are listed, and forget the others. Asked again, it answers the same again.

    Errors, in this order: NoSuchUpload, MalformedXML, InvalidPartOrder, InvalidPart, EntityTooSmall, InvalidRequest,
    BadDigest, PreconditionFailed.
    """
    home = await home_of(ctx, request)
    upload = await uploads.get(home.ctx, home.name, request["Key"], request["UploadId"])
    record = await (_made_before(home, request) if upload is None else _complete(ctx, home, request, upload))
    answer = objects.answer_to_write(record, home.bucket, request)
    await tell_expiration(home, request["Key"], record, answer)
    location = hosts.url_of(ctx.endpoint, ctx.headers.get("host", ""), home.name, request["Key"])
    return answer | {"Bucket": home.name, "Key": request["Key"], "Location": location}


async def _made_before(home: Home, request: Request) -> Object:
    """The object that the same request has made already: who missed the answer asks again, and gets it. Raises NoSuchUpload."""
    upload_id, key = request["UploadId"], request["Key"]
    record = await vault.current(home, key)
    if record is None or not record.parts:
        raise errors.no_such_upload(upload_id)
    manifest = await bodies.manifest_of(home, key, record)
    made_of = [(part.number, part.etag) for part in manifest.parts]
    wanted = [(entry.get("PartNumber"), etags.unquoted(entry.get("ETag") or "")) for entry in _listed(request)]
    if manifest.upload_id != upload_id or made_of != wanted:
        raise errors.no_such_upload(upload_id)
    return record


def _listed(request: Request) -> list[Request]:
    return (request.get("MultipartUpload") or {}).get("Parts") or []


async def _complete(ctx: Context, home: Home, request: Request, upload: Upload) -> Object:
    chosen = await _chosen(home, request, upload)
    _check_size(request, chosen)
    checksum = _checksum(upload, chosen)
    _check_checksum(request, upload, checksum)
    await objects.place_for(ctx, request)
    if upload.traits.encryption.uses_kms:  # who completes must be able to read the parts
        await keys.unwrap(home, request["Key"], upload.traits.encryption, upload.envelope)
    record = await _assemble(home, request, upload, chosen, checksum)
    await forget(home, request, {part.number for part in chosen})
    return record


async def _chosen(home: Home, request: Request, upload: Upload) -> list[Part]:
    """The parts that the request lists, checked one by one."""
    upload_id = request["UploadId"]
    listed = _listed(request)
    if not 0 < len(listed) <= limits.PARTS:
        raise errors.malformed_xml()
    numbers = [entry.get("PartNumber") or 0 for entry in listed]
    if any(later <= earlier for earlier, later in pairwise(numbers)) or (
        _must_be_consecutive(home, upload) and numbers != list(range(1, len(numbers) + 1))
    ):
        raise errors.invalid_part_order(upload_id)
    known = {part.number: part for part in await parts.scan(home.ctx, upload_id)}
    chosen = [_match(upload_id, upload, entry, known) for entry in listed]
    for part in chosen[:-1]:
        if part.size < limits.PART_BYTES_MIN:
            raise errors.entity_too_small(part.size, limits.PART_BYTES_MIN, part.number, part.etag)
    return chosen


def _must_be_consecutive(home: Home, upload: Upload) -> bool:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompletedPart.html"""
    return is_directory(home.name) or upload.checksum_algorithm not in ("", DEFAULT)


def _match(upload_id: str, upload: Upload, entry: Request, known: dict[int, Part]) -> Part:
    number, etag = entry.get("PartNumber") or 0, etags.unquoted(entry.get("ETag") or "")
    part = known.get(number)
    if part is None or part.etag != etag:
        raise errors.invalid_part(upload_id, number, etag)
    claimed = [(name[8:], value) for name, value in entry.items() if name.startswith("Checksum") and value is not None]
    if upload.checksum_type == COMPOSITE and not claimed:
        raise errors.missing_part_checksum(upload.checksum_algorithm, number)
    for algorithm, value in claimed:
        if (algorithm, value) != (part.algorithm, part.checksum):
            raise errors.invalid_part(upload_id, number, etag)
    return part


def _check_size(request: Request, chosen: list[Part]) -> None:
    size = sum(part.size for part in chosen)
    expected = request.get("MpuObjectSize")
    if expected is not None and expected != size:
        raise errors.invalid_request(
            f"The provided 'x-amz-mp-object-size' header value {expected} does not match what was computed: {size}"
        )
    if size > limits.MULTIPART_BYTES:
        raise errors.entity_too_large(size, limits.MULTIPART_BYTES)


def _checksum(upload: Upload, chosen: list[Part]) -> tuple[str, str, str]:
    """(algorithm, type, value) of the object's checksum; empty when there is none to be had from the parts.

    An upload that asked for none gets the default one, if all parts have it.
    """
    algorithm = upload.checksum_algorithm or DEFAULT
    if not algorithm or any(part.algorithm != algorithm for part in chosen):
        return "", "", ""
    kind = upload.checksum_type or FULL_OBJECT
    if kind == COMPOSITE:
        return algorithm, kind, digests.composite(algorithm, [part.checksum for part in chosen])
    return algorithm, kind, digests.whole(algorithm, [(part.checksum, part.size) for part in chosen])


def _check_checksum(request: Request, upload: Upload, computed: tuple[str, str, str]) -> None:
    """The checksum of the whole object that the client may have sent, and its type."""
    kind = request.get("ChecksumType")
    if kind is not None and kind != (upload.checksum_type or FULL_OBJECT):
        raise errors.invalid_request(
            f"The upload was created using the {upload.checksum_type or FULL_OBJECT} checksum mode. "
            f"The complete request must use the same checksum mode."
        )
    algorithm, _, value = computed
    claimed = request.get(f"Checksum{algorithm}") if algorithm else None
    if claimed is not None and claimed.partition("-")[0] != value.partition("-")[0]:
        raise errors.bad_checksum(algorithm)


async def _assemble(
    home: Home, request: Request, upload: Upload, chosen: list[Part], checksum: tuple[str, str, str]
) -> Object:
    """The object's date is that of the upload's beginning, as S3 has it."""
    algorithm, kind, value = checksum
    record = Object(
        upload.initiated,
        etags.of_parts(part.etag for part in chosen),
        sum(part.size for part in chosen),
        upload.storage_class,
        algorithm,
        kind,
        parts=len(chosen),
        checksum=value,
        traits=upload.traits,
        envelope=upload.envelope,
        lock=locks.of_new(upload.lock, home.bucket, home.ctx.now()),
        owner=upload.owner,
    )
    record = await vault.add(home, request["Key"], record)
    manifests.put(home.ctx, Manifest(chosen, request["UploadId"]), home.name, request["Key"], record.slot)
    await changes.happened(changes.COMPLETED, home, request["Key"], record)
    return record
