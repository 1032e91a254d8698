"""Replicas: what the role of a replication may do, and how a version is placed in its destination.

Everything here happens inside a transaction, in the name of the role.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

import msgspec

from fogbank.identity.principals import Principal
from fogbank.kernel import AWSError, Context
from fogbank.services.s3 import changes, limits, records
from fogbank.services.s3.content import bodies
from fogbank.services.s3.content.bodies import Received
from fogbank.services.s3.encryption import keys
from fogbank.services.s3.encryption.keys import Sealing
from fogbank.services.s3.object import vault
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import (
    ENABLED,
    ENFORCED,
    Course,
    Encryption,
    Envelope,
    Home,
    Manifest,
    Object,
    Part,
    manifests,
)
from fogbank.services.s3.replication.rules import REPLICA, Rule
from fogbank.services.s3.service import service

replace = msgspec.structs.replace


class Failed(Exception):
    """A replication that cannot be done. `reason` is a word of S3's failure events:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-failure-codes.html"""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Leg(NamedTuple):
    """A version of a bucket that goes to one destination, as one rule of its replication has it."""

    bucket: str
    key: str
    version_id: str
    role: str
    rule: Rule


class Target(NamedTuple):
    """A version, the bucket that it is in, and the one that it goes to; both as the role sees them."""

    source: Home
    home: Home
    key: str
    record: Object
    rule: Rule


async def target(ctx: Context, leg: Leg) -> Target | None:
    """What is to be done for a rule; None when the version is gone. Raises Failed when the role may not do it."""
    rule = leg.rule
    principal = await _assumed(ctx, leg.role, f"arn:aws:s3:::{leg.bucket}")
    source, home = await _seen_by(ctx, principal, leg.bucket), await _seen_by(ctx, principal, rule.bucket)
    record = None if source is None else await vault.version(source, leg.key, leg.version_id)
    if source is None or record is None:
        return None
    if home is None:
        raise Failed("DstBucketNotFound")
    if home.bucket.versioning != ENABLED:
        raise Failed("DstBucketUnversioned")
    if rule.account and rule.account != home.bucket.account:
        raise Failed("DstBucketOwnerMismatch")
    found = Target(source, home, leg.key, record, rule)
    await _check(found)
    return found


async def _assumed(ctx: Context, role: str, bucket_arn: str) -> Principal:
    try:
        return await ctx.assume(role, source_arn=bucket_arn, session_name="s3-replication")
    except AWSError as error:
        raise Failed("AssumeRoleNotPermitted") from error


async def _seen_by(ctx: Context, principal: Principal, name: str) -> Home | None:
    """A bucket as the role sees it."""
    found = await records.find(ctx, name)
    if found is None:
        return None
    scope = ctx.at(account=found.bucket.account, region=found.bucket.region, service=service)
    scope.principal, scope.origin = principal, {}
    scope.request, scope.protocol = None, ""
    return Home(scope, found.bucket)


async def _check(target: Target) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html"""
    record, rule = target.record, target.rule
    if not record.deleted:
        await _allowed(target.source, target, "GetObjectVersionForReplication", "SrcGetObjectNotPermitted")
    action = "ReplicateDelete" if record.deleted else "ReplicateObject"
    await _allowed(
        target.home, target, action, "DstDeleteObjNotPermitted" if record.deleted else "DstPutObjNotPermitted"
    )
    if record.traits.tags:
        await _allowed(target.source, target, "GetObjectVersionTagging", "SrcGetObjectTaggingNotPermitted")
        await _allowed(target.home, target, "ReplicateTags", "DstPutTaggingNotPermitted")
    if record.lock is not None:
        for part in ("Retention", "LegalHold"):
            await _allowed(target.source, target, f"GetObject{part}", f"SrcGetObject{part}NotPermitted")
    if rule.takes_over and not record.deleted:
        await _allowed(target.home, target, "ObjectOwnerOverrideToBucketOwner", "OwnerOverrideNotPermitted")


async def _allowed(home: Home, target: Target, action: str, reason: str) -> None:
    request = {"Bucket": home.name, "Key": target.key}
    if home is target.source:
        request["VersionId"] = target.record.version_id
    try:
        await access.check(home.ctx, f"s3:{action}", request)
    except AWSError as error:
        raise Failed(reason) from error


# -- the bytes


def _asked(target: Target) -> tuple[dict[str, str], Encryption]:
    """How the replica is to be encrypted, as a request says it: under the rule's key of KMS if the source is under one, else as the
    destination has it."""
    wanted = target.record.traits.encryption
    if not wanted.uses_kms:
        return {}, Encryption()
    return {"ServerSideEncryption": wanted.algorithm}, replace(wanted, kms_key=target.rule.kms_key)


async def sealing(target: Target) -> Sealing:
    """The keys under which a large replica will be."""
    try:
        return await keys.begin(target.home, target.key, *_asked(target))
    except AWSError as error:
        raise Failed("DstKmsKeyInvalidState") from error


async def _read_small(target: Target) -> bytes:
    try:
        data = await bodies.open_body(target.source, target.key, target.record, 0, target.record.size)
    except AWSError as error:
        raise Failed("SrcKmsKeyInvalidState") from error
    assert isinstance(data, bytes)
    return data


async def _encrypt_small(target: Target, data: bytes) -> tuple[Sealing, bytes]:
    try:
        return await keys.encrypt_small(target.home, target.key, *_asked(target), data)
    except AWSError as error:
        raise Failed("DstKmsKeyInvalidState") from error


async def stream(target: Target, offset: int, size: int) -> AsyncIterator[bytes]:
    """Some of the bytes of a large one."""
    try:
        return await bodies.pieces(target.source, target.key, target.record, offset, size)
    except AWSError as error:
        raise Failed("SrcKmsKeyInvalidState") from error


async def pieces(target: Target) -> list[tuple[int, int, bytes]]:
    """(offset, size, salt) of each blob that the replica gets: one, or one for each part."""
    if not target.record.parts:
        return [(0, target.record.size, b"")]
    offset, found = 0, []
    for part in (await bodies.manifest_of(target.source, target.key, target.record)).parts:
        found.append((offset, part.size, target.home.ctx.ids.bytes(keys.SALT_BYTES)))
        offset += part.size
    return found


# -- placing


async def is_there(target: Target, only_changed: bool) -> bool:
    """Is the version there already? Where only its traits have changed, they are changed there, too."""
    found = await vault.version(target.home, target.key, target.record.version_id)
    if found is None:
        return False
    changed = replace(found, traits=_traits(target, found.traits.encryption), lock=_lock(target))
    # a change that came back from where it went to ends here
    if only_changed and changed != found:
        await vault.rewrite(target.home, target.key, changed)
        event = changes.TAGGED if changed.traits.tags != found.traits.tags else changes.ACL
        await changes.happened(event, target.home, target.key, changed)
    return True


def _traits(target: Target, encryption: Encryption) -> records.Traits:
    """The source's, without its ACL where the destination has none, or belongs to somebody else who takes the replica over."""
    traits = replace(target.record.traits, encryption=encryption)
    if target.home.bucket.ownership == ENFORCED or target.rule.takes_over:
        return replace(traits, acl="", grants=())
    return traits


def _lock(target: Target) -> records.Lock | None:
    return target.record.lock if target.home.bucket.retention is not None else None


def _owner(target: Target) -> str:
    """The replica belongs to whom the source belongs, unless the destination's owner takes over."""
    account = target.record.owner or target.source.bucket.account
    bucket = target.home.bucket
    is_taken = target.rule.takes_over or bucket.ownership == ENFORCED or account == bucket.account
    return "" if is_taken else account


async def place_small(target: Target) -> None:
    """Write the replica of a delete marker, or of an object whose bytes are a row at most."""
    if target.record.deleted:
        await _place(target, None, "", b"")
        return
    sealing, data = await _encrypt_small(target, await _read_small(target))
    record = await _place(target, sealing, "", data if target.record.size <= limits.POCKET_BYTES else b"")
    if record.has_row:
        records.bodies.put(target.home.ctx, data, target.home.name, target.key, record.slot)


async def place(target: Target, sealing: Sealing, copied: list[Received]) -> None:
    """Write the replica of an object whose bytes were copied: in one blob, or in one for each part."""
    if target.record.parts:
        record = await _place(target, sealing, "", b"")
        await _place_parts(target, record, copied)
    else:
        await _place(target, sealing, copied[0].blob, b"")
        target.home.ctx.keep_blob(copied[0].blob)


async def _place(target: Target, sealing: Sealing | None, blob: str, body: bytes) -> Object:
    home, key, source = target.home, target.key, target.record
    storage_class = source.storage_class if target.rule.storage_class is None else target.rule.storage_class
    record = replace(
        source,
        storage_class="" if source.deleted else storage_class,
        blob=blob,
        body=body,
        traits=_traits(target, source.traits.encryption if sealing is None else sealing.encryption),
        envelope=Envelope() if sealing is None else sealing.envelope,
        lock=_lock(target),
        owner=_owner(target),
        course=Course(replication=REPLICA),
    )
    await vault.insert(home, key, record)
    await changes.happened(changes.MARKED if record.deleted else changes.PUT, home, key, record)
    return record


async def _place_parts(target: Target, record: Object, copied: list[Received]) -> None:
    manifest = await bodies.manifest_of(target.source, target.key, target.record)
    placed: list[Part] = []
    for part, received in zip(manifest.parts, copied, strict=True):
        placed.append(replace(part, blob=received.blob, salt=received.salt))
        target.home.ctx.keep_blob(received.blob)
    manifests.put(target.home.ctx, Manifest(placed), target.home.name, target.key, record.slot)
