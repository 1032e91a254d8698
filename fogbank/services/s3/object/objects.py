"""Writing and deleting objects."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from fogbank.http import Payload
from fogbank.kernel import AWSError, Context
from fogbank.services.s3 import changes, errors, limits
from fogbank.services.s3.bucket import names
from fogbank.services.s3.content import bodies, digests
from fogbank.services.s3.content.digests import FULL_OBJECT, Claim
from fogbank.services.s3.encryption import choices as encryption
from fogbank.services.s3.encryption import keys
from fogbank.services.s3.encryption.keys import Sealing
from fogbank.services.s3.express.directory_names import is_directory
from fogbank.services.s3.lifecycle.headers import tell_expiration
from fogbank.services.s3.locking import errors as lock_errors
from fogbank.services.s3.locking import locks, mfa, object_lock
from fogbank.services.s3.object import conditions, traits, vault, versions
from fogbank.services.s3.permissions import access, acls, grants
from fogbank.services.s3.records import Bucket, Encryption, Home, Object, Traits, home_of
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]
T = TypeVar("T")

_NO_BODY = Payload()


# -- writing


@service.operation(transaction=False, action="s3:PutObject", **access.ON_OBJECT)
async def put_object(ctx: Context, request: Request) -> Answer:
    """Store an object: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html

    Errors: NoSuchBucket, KeyTooLongError, MetadataTooLarge, PreconditionFailed, BadDigest, IncompleteBody and others.
    """
    if "WriteOffsetBytes" in request:
        from fogbank.services.s3.express import directory_objects

        return await directory_objects.append(ctx, request)
    wanted = traits.read(request)
    claim = digests.claim(request, ctx.headers)
    if locks.is_wanted(request) and claim.md5 is None and claim.value is None and not claim.in_trailer:
        raise lock_errors.no_digest()
    payload = request.get("Body", _NO_BODY)
    if bodies.is_small(payload):
        check_framing(ctx)
        return await ctx.transact(_put, ctx, request, wanted, claim, bodies.take(payload, claim.algorithm))
    sealing = await ctx.transact(begin_large, ctx, request, wanted)
    check_framing(ctx)
    received = await bodies.receive(ctx, payload, claim.algorithm, sealing)
    return await commit(ctx, received, _put_late, ctx, request, wanted, claim, received)


async def begin_large(ctx: Context, request: Request, wanted: Traits) -> Sealing:
    """The keys for a body that is about to arrive, when there is a place for it."""
    home = await place_for(ctx, request)
    return await keys.begin(home, request["Key"], request, wanted.encryption)


def check_framing(ctx: Context) -> None:
    """S3 wants to know the length of what arrives, and takes no chunked Transfer-Encoding unless that is announced, too."""
    request = ctx.request
    if request is None or "content-length" in request.headers or request.version == "2":
        return
    if "transfer-encoding" not in request.headers:
        raise errors.missing_content_length()
    if "x-amz-decoded-content-length" not in request.headers:
        raise errors.header_not_implemented("Transfer-Encoding")


async def commit(ctx: Context, received: bodies.Received, work: Callable[..., Awaitable[T]], *args: Any) -> T:
    """Run the transaction that names a received body; if it fails, or its commit does, the body goes."""
    try:
        result = await ctx.transact(work, *args)
    except BaseException as error:
        received.give_up(ctx, error)
        raise
    if received.blob:
        ctx.app.store.after_flush(lambda error: received.give_up(ctx, error) if error is not None else None)
    return result


async def place_for(ctx: Context, request: Request) -> Home:
    """The bucket that a write goes to, when bucket, key, ACL and conditions allow it."""
    key = request["Key"]
    names.check_key(key)
    home = await home_of(ctx, request)
    await check_extras(ctx, request, home.bucket)
    if not _CONDITIONS.isdisjoint(request):
        conditions.check_write_headers(request)
        await _check_may_compare(home, request)
        before = await vault.current(home, key)
        conditions.check_write(request, key, before.etag if before is not None else None)
    return home


_CONDITIONS = frozenset({"IfMatch", "IfNoneMatch"})


async def _check_may_compare(home: Home, request: Request) -> None:
    """Who has an ETag compared needs the permission to read it:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html#conditional-deletes-etags
    """
    if request.get("IfMatch") not in (None, "*") and not is_directory(home.name):
        await access.check(home.ctx, "s3:GetObject", request)


async def check_extras(ctx: Context, request: Request, bucket: Bucket) -> None:
    """Tags and an ACL that come with an object need permissions of their own."""
    if request.get("Tagging"):
        await access.check(ctx, "s3:PutObjectTagging", request)
    if locks.is_wanted(request):
        await _check_lock(ctx, request)
    if not grants.MEMBERS.isdisjoint(request):
        # what AWS's services deliver belongs to the owner of the bucket: their documented policies allow nothing but s3:PutObject
        if ctx.principal.kind != "service" or request.get("ACL") != grants.OWNERS_OWN:
            await access.check(ctx, "s3:PutObjectAcl", request)
        acls.check_written(bucket, request)


async def _check_lock(ctx: Context, request: Request) -> None:
    """A lock that comes with an object needs permissions of its own."""
    if not locks.RETENTION_MEMBERS.isdisjoint(request):
        await access.check(ctx, "s3:PutObjectRetention", request)
    if "ObjectLockLegalHoldStatus" in request:
        await access.check(ctx, "s3:PutObjectLegalHold", request)


async def _put(ctx: Context, request: Request, wanted: Traits, claim: Claim, received: bodies.Received) -> Answer:
    home = await place_for(ctx, request)
    received.check(claim)
    record = await store(home, request, wanted, received, claim.algorithm)
    answer = answer_to_write(record, home.bucket, request)
    if home.bucket.features:
        await tell_expiration(home, request["Key"], record, answer)
    return answer


async def _put_late(ctx: Context, request: Request, wanted: Traits, claim: Claim, received: bodies.Received) -> Answer:
    """As `_put`, for a body that was a while on its way: the object that it was to replace may have been deleted meanwhile.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html#conditional-error-response
    """
    try:
        return await _put(ctx, request, wanted, claim, received)
    except AWSError as error:
        if error.code == "NoSuchKey" and "IfMatch" in request:
            raise errors.conditional_conflict() from None
        raise


async def store(
    home: Home, request: Request, wanted: Traits, received: bodies.Received, algorithm: str, event: str = changes.PUT
) -> Object:
    """Make the bytes and traits the current version of the key; `event` is how that is told."""
    ctx, key = home.ctx, request["Key"]
    sealing, data = received.sealing, b""
    if sealing is None:
        sealing, data = await keys.encrypt_small(home, key, request, wanted.encryption, received.data)
    record = Object(
        int(ctx.now()),
        received.sums.md5 if encryption.has_md5_etag(sealing.encryption) else ctx.ids.hex(32),
        received.size,
        traits.storage_class(request),
        algorithm,
        FULL_OBJECT if algorithm else "",
        blob=received.blob,
        checksum=received.sums.checksum,
        traits=with_encryption(wanted, sealing.encryption),
        body=data if received.size <= limits.POCKET_BYTES else b"",
        envelope=sealing.envelope,
        lock=locks.of_new(locks.requested(request, home.bucket, ctx.now()), home.bucket, ctx.now()),
        owner=acls.owner_of_new(ctx, home.bucket, wanted.acl),
    )
    record = await vault.add(home, key, record)
    received.keep(home, key, record, data)
    await changes.happened(event, home, key, record)
    return record


def with_encryption(wanted: Traits, chosen: Encryption) -> Traits:
    return wanted if chosen == wanted.encryption else msgspec.structs.replace(wanted, encryption=chosen)


def answer_to_write(record: Object, bucket: Bucket, request: Request) -> Answer:
    answer: Answer = {"ETag": f'"{record.etag}"'}
    if bucket.versioning:
        answer["VersionId"] = record.version_id
    traits.checksum_members(record, answer)
    encryption.members(record.traits.encryption, answer, request)
    return answer


# -- deleting


@service.operation(action=access.DELETE, **access.ON_OBJECT)
async def delete_object(ctx: Context, request: Request) -> Answer:
    """Delete an object, or one version of it: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html"""
    home = await home_of(ctx, request)
    if request.get("VersionId") is not None:
        await mfa.check_delete(home, request.get("MFA"))
    return await _delete(home, request)


async def _delete(home: Home, request: Request) -> Answer:
    key = request["Key"]
    if request.get("VersionId") is not None:
        return await _delete_version(home, request)
    await _check_may_compare(home, request)
    before = await vault.current(home, key)
    conditions.check_delete(request.get("IfMatch"), before.etag if before is not None else None)
    if not _DIRECTORY_CONDITIONS.isdisjoint(request):
        _check_directory_conditions(home, request, before)
    if home.bucket.versioning:
        marker = await vault.add_marker(home, key)
        await changes.happened(changes.MARKED, home, key, marker)
        return {"DeleteMarker": True, "VersionId": marker.version_id}
    if before is not None:
        await vault.remove(home, key, before)
        await changes.happened(changes.DELETED, home, key, before)
    return {}


_DIRECTORY_CONDITIONS = frozenset({"IfMatchLastModifiedTime", "IfMatchSize", "LastModifiedTime", "Size"})


def _check_directory_conditions(home: Home, request: Request, before: Object | None) -> None:
    """Size and time as conditions are for directory buckets only."""
    from fogbank.services.s3.express import directory_objects

    directory_objects.check_delete(home, request, before)


async def _delete_version(home: Home, request: Request) -> Answer:
    key, version_id = request["Key"], request["VersionId"]
    record = await vault.version(home, key, version_id)
    if record is None:
        return {"VersionId": version_id}
    await object_lock.check_delete(home, request, record)
    await vault.remove(home, key, record)
    await changes.happened(changes.DELETED, home, key, record)
    return {"VersionId": version_id, "DeleteMarker": True if record.deleted else None}


@service.operation(action=("s3:DeleteObject", "s3:DeleteObjectVersion"), **access.ON_EACH)
async def delete_objects(ctx: Context, request: Request) -> Answer:
    """Delete up to 1,000 objects: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""
    digests.check_document(ctx.request, required=True)
    home = await home_of(ctx, request)
    wanted = request["Delete"]
    entries = wanted.get("Objects") or []
    if not 0 < len(entries) <= limits.DELETE_MANY:
        raise errors.malformed_xml()
    if any(entry.get("VersionId") is not None for entry in entries):
        await mfa.check_delete(home, request.get("MFA"))
    bypass = request.get("BypassGovernanceRetention")
    deleted: list[Answer] = []
    failed: list[Answer] = []
    for entry in entries:
        one = {**entry, "Bucket": home.name, "IfMatch": entry.get("ETag"), "BypassGovernanceRetention": bypass}
        try:
            await access.check(ctx, access.DELETE, one)
            deleted.append(await _delete_entry(home, one))
        except AWSError as error:
            failed.append(_failure(entry, error))
    return {"Deleted": [] if wanted.get("Quiet") else deleted, "Errors": failed}


async def _delete_entry(home: Home, entry: Request) -> Answer:
    key, version_id = entry["Key"], entry.get("VersionId")
    if version_id is not None and version_id != versions.NULL and not versions.is_id(version_id):
        raise errors.no_such_version(key, version_id)
    done = await _delete(home, entry)
    if not done.get("DeleteMarker"):
        return {"Key": key, "VersionId": version_id}
    return {"Key": key, "VersionId": version_id, "DeleteMarker": True, "DeleteMarkerVersionId": done["VersionId"]}


def _failure(entry: Request, error: AWSError) -> Answer:
    return {"Key": entry["Key"], "VersionId": entry.get("VersionId"), "Code": error.code, "Message": error.message}
