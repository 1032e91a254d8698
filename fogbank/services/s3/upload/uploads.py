"""Multipart uploads: begin, send parts, abort. They are completed in `completions.py`, and listed in `lists.py`.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html. A part is always a blob; the completed object is the list of its
parts' blobs, so that completing copies no bytes.
"""

from __future__ import annotations

import os
from typing import Any

from fogbank.http import Payload
from fogbank.kernel import AWSError, Context
from fogbank.services.s3 import errors, limits
from fogbank.services.s3.bucket import names
from fogbank.services.s3.content import bodies, digests, ranges
from fogbank.services.s3.content.bodies import Received
from fogbank.services.s3.content.digests import COMPOSITE, DEFAULT, FULL_OBJECT, Claim
from fogbank.services.s3.encryption import choices as encryption
from fogbank.services.s3.encryption import errors as encryption_errors
from fogbank.services.s3.encryption import keys
from fogbank.services.s3.encryption.keys import Sealing
from fogbank.services.s3.lifecycle.headers import tell_abortion
from fogbank.services.s3.locking import locks
from fogbank.services.s3.object import copies, objects, traits, versions
from fogbank.services.s3.object.copies import Source
from fogbank.services.s3.permissions import access, acls
from fogbank.services.s3.records import (
    CUSTOMER,
    Home,
    Part,
    Upload,
    home_of,
    parts,
    uploads,
)
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_NO_BODY = Payload()
# CRCs of parts can be combined to that of the whole; a hash of the whole cannot be had from hashes of the parts.
_TYPES = {
    "CRC32": (COMPOSITE, FULL_OBJECT),
    "CRC32C": (COMPOSITE, FULL_OBJECT),
    "CRC64NVME": (FULL_OBJECT,),
    "SHA1": (COMPOSITE,),
    "SHA256": (COMPOSITE,),
}


async def upload_of(home: Home, request: Request) -> Upload:
    found = await uploads.get(home.ctx, home.name, request["Key"], request["UploadId"])
    if found is None:
        raise errors.no_such_upload(request["UploadId"])
    return found


# -- beginning


@service.operation(action="s3:PutObject", **access.ON_OBJECT)
async def create_multipart_upload(ctx: Context, request: Request) -> Answer:
    wanted = traits.read(request)
    algorithm, kind = checksum_of(request)
    names.check_key(request["Key"])
    home = await home_of(ctx, request)
    await objects.check_extras(ctx, request, home.bucket)
    sealing = await keys.begin(home, request["Key"], request, wanted.encryption)
    upload = Upload(
        int(ctx.now()),
        ctx.principal.arn,
        traits.storage_class(request),
        algorithm,
        kind,
        objects.with_encryption(wanted, sealing.encryption),
        sealing.envelope,
        locks.requested(request, home.bucket, ctx.now()),
        acls.owner_of_new(ctx, home.bucket, wanted.acl),
    )
    upload_id = versions.upload_id(ctx.now(), ctx.ids.bytes(versions.RANDOM_BYTES))
    uploads.put(home.ctx, upload, home.name, request["Key"], upload_id)
    answer: Answer = {"Bucket": home.name, "Key": request["Key"], "UploadId": upload_id}
    if algorithm:
        answer["ChecksumAlgorithm"], answer["ChecksumType"] = algorithm, kind
    encryption.members(sealing.encryption, answer, request)
    await tell_abortion(home, request["Key"], upload.initiated, answer)
    return answer


def checksum_of(request: Request) -> tuple[str, str]:
    """The checksum algorithm and type of an upload, both empty when none was asked for. Raises InvalidRequest."""
    algorithm, kind = request.get("ChecksumAlgorithm"), request.get("ChecksumType")
    if algorithm is None:
        if kind is not None:
            raise errors.invalid_request(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
            )
        return "", ""
    digests.usable(algorithm)
    allowed = _TYPES.get(algorithm, (COMPOSITE,))
    if kind is not None and kind not in allowed:
        raise errors.invalid_request(
            f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
        )
    return algorithm, kind or allowed[0]


# -- parts


@service.operation(transaction=False, action="s3:PutObject", **access.ON_OBJECT)
async def upload_part(ctx: Context, request: Request) -> Answer:
    _check_number(request["PartNumber"])
    encryption.refuse_header(ctx.headers)
    claim = digests.claim(request, ctx.headers)
    algorithm, sealing = await ctx.transact(_may_send, ctx, request, claim)
    objects.check_framing(ctx)
    received = await bodies.receive(ctx, request.get("Body", _NO_BODY), algorithm, sealing, _salt(sealing))
    return await objects.commit(ctx, received, _keep_part, ctx, request, claim, received)


def _check_number(number: int) -> None:
    if not 1 <= number <= limits.PARTS:
        raise errors.bad_part_number(number)


async def _may_send(ctx: Context, request: Request, claim: Claim) -> tuple[str, Sealing]:
    """The checksum algorithm to compute of a part, and the upload's keys.

    Raises InvalidRequest when the client computed another checksum, or none where the object's is made of the parts', or has not the key.
    """
    home = await home_of(ctx, request)
    upload = await upload_of(home, request)
    is_claimed = claim.value is not None or claim.in_trailer
    if is_claimed and upload.checksum_algorithm and claim.algorithm != upload.checksum_algorithm:
        raise errors.checksum_mismatch(upload.checksum_algorithm, claim.algorithm)
    if not is_claimed and upload.checksum_type == COMPOSITE:
        raise errors.checksum_mismatch(upload.checksum_algorithm, "null")
    algorithm = claim.algorithm if is_claimed else upload.checksum_algorithm or DEFAULT
    return algorithm, await _unsealed(home, request, upload)


async def _unsealed(home: Home, request: Request, upload: Upload) -> Sealing:
    """The upload's keys, for who sends a part of it."""
    chosen, customer = upload.traits.encryption, encryption.customer_key(request)
    is_customers = chosen.algorithm == CUSTOMER
    if is_customers and customer is None:
        raise encryption_errors.upload_needs_customer_key()
    if customer is not None and not is_customers:
        raise encryption_errors.upload_has_no_customer_key()
    try:
        content = await keys.unwrap(home, request["Key"], chosen, upload.envelope, customer)
    except AWSError as error:
        raise encryption_errors.upload_has_another_customer_key() if is_customers else error from None
    return Sealing(chosen, upload.envelope, content)


def _salt(sealing: Sealing) -> bytes:
    """What sets a part's keys apart from those of the upload's other parts."""
    return os.urandom(keys.SALT_BYTES) if sealing.keys else b""


async def _keep_part(ctx: Context, request: Request, claim: Claim, received: Received) -> Answer:
    received.check(claim)
    home = await home_of(ctx, request)
    upload = await upload_of(home, request)
    part = await _put_part(home, request, upload, received)
    answer: Answer = {"ETag": f'"{part.etag}"'}
    if received.sums.checksum and (upload.checksum_algorithm or claim.value is not None or claim.in_trailer):
        answer[f"Checksum{received.algorithm}"] = received.sums.checksum
    encryption.members(upload.traits.encryption, answer, request)
    return answer


async def _put_part(home: Home, request: Request, upload: Upload, received: Received) -> Part:
    """A part takes the place of an earlier one with its number."""
    ctx, upload_id, number = home.ctx, request["UploadId"], request["PartNumber"]
    earlier = await parts.get(ctx, upload_id, number)
    if earlier is not None:
        ctx.drop_blob(earlier.blob)
    part = Part(
        number,
        received.size,
        received.sums.md5 if encryption.has_md5_etag(upload.traits.encryption) else ctx.ids.hex(32),
        received.blob,
        received.algorithm,
        received.sums.checksum,
        int(ctx.now()),
        received.salt,
    )
    parts.put(ctx, part, upload_id, number)
    ctx.keep_blob(received.blob)
    return part


@service.operation(transaction=False, action="s3:PutObject", **access.ON_OBJECT)
async def upload_part_copy(ctx: Context, request: Request) -> Answer:
    _check_number(request["PartNumber"])
    encryption.refuse_header(ctx.headers)
    source, algorithm, stream, sealing = await ctx.transact(_begin_copy, ctx, request)
    received = await bodies.drain(ctx, stream, algorithm, sealing, _salt(sealing))
    return await objects.commit(ctx, received, _keep_copy, ctx, request, source, received)


async def _begin_copy(ctx: Context, request: Request) -> Any:
    home = await home_of(ctx, request)
    upload = await upload_of(home, request)
    source = await copies.find_source(ctx, request)
    size = source.record.size
    wanted = request.get("CopySourceRange")
    offset, length = (0, size) if wanted is None else ranges.parse_copy(wanted, size)
    if length > limits.PART_BYTES_MAX:
        raise errors.copy_source_too_large(limits.PART_BYTES_MAX)
    sealing = await _unsealed(home, request, upload)
    customer = encryption.customer_key(request, "CopySource")
    stream = await bodies.pieces(source.home, source.key, source.record, offset, length, customer)
    return source, upload.checksum_algorithm or DEFAULT, stream, sealing


async def _keep_copy(ctx: Context, request: Request, source: Source, received: Received) -> Answer:
    home = await home_of(ctx, request)
    upload = await upload_of(home, request)
    part = await _put_part(home, request, upload, received)
    result: Answer = {"ETag": f'"{part.etag}"', "LastModified": part.modified}
    if upload.checksum_algorithm and part.checksum:
        result[f"Checksum{part.algorithm}"] = part.checksum
    answer: Answer = {"CopyPartResult": result, "CopySourceVersionId": source.version_id}
    encryption.members(upload.traits.encryption, answer, request)
    return answer


# -- aborting


async def forget(home: Home, request: Request, kept: set[int]) -> None:
    """End an upload: its record goes, and its parts but those whose blobs an object keeps."""
    ctx, upload_id = home.ctx, request["UploadId"]
    uploads.delete(ctx, home.name, request["Key"], upload_id)
    for part in await parts.scan(ctx, upload_id):
        parts.delete(ctx, upload_id, part.number)
        if part.number not in kept:
            ctx.drop_blob(part.blob)


@service.operation(action="s3:AbortMultipartUpload", **access.ON_OBJECT)
async def abort_multipart_upload(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    await upload_of(home, request)
    await forget(home, request, set())
    return {}


async def abort_all(home: Home) -> None:
    """Abort every upload of a bucket that is being deleted."""
    for (key, upload_id), _ in await uploads.items(home.ctx, (str, str), home.name):
        await forget(home, {"Key": key, "UploadId": upload_id}, set())
