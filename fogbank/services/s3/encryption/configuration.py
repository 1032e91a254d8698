"""How a bucket has new objects encrypted, and the one way to have an old one's encryption changed.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/blocking-unblocking-s3-c-encryption-gpb.html
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.s3 import errors
from fogbank.services.s3.content import bodies, digests
from fogbank.services.s3.encryption import errors as encryption_errors
from fogbank.services.s3.encryption import keys
from fogbank.services.s3.encryption.keys import Sealing
from fogbank.services.s3.locking import locks
from fogbank.services.s3.object import reads, vault
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import CUSTOMER, DSSE, KMS, S3_KEY, Bucket, Encryption, Home, Object, buckets, home_of
from fogbank.services.s3.records import bodies as rows
from fogbank.services.s3.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

_NOTHING = "NONE"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-s3-c-encryption-setting-faq.html
_REGIONS_THAT_TAKE_CUSTOMERS_KEYS = ("me-central-1", "me-south-1")
_KEY_ARN = re.compile(r"arn:aws[a-zA-Z0-9-]*:kms:[a-z0-9-]+:(\d{12}):key/.+")

replace = msgspec.structs.replace


# -- the default of a bucket


def blocked_at_first(region: str) -> tuple[str, ...]:
    """The kinds of encryption that new buckets refuse: keys of customers, since April 2026."""
    return () if region in _REGIONS_THAT_TAKE_CUSTOMERS_KEYS else (CUSTOMER,)


@service.operation(action="s3:PutEncryptionConfiguration", **access.ON_BUCKET)
async def put_bucket_encryption(ctx: Context, request: Request) -> Answer:
    """Set how new objects are encrypted by default, and which encryption they must not have. What a rule leaves out stays as it is."""
    digests.check_document(ctx.request)
    rules = request["ServerSideEncryptionConfiguration"].get("Rules") or []
    if len(rules) != 1:
        raise errors.malformed_xml()
    home = await home_of(ctx, request)
    bucket = home.bucket
    _save(home, encryption=_default(rules[0], bucket), blocked=_blocked(rules[0], bucket))
    return {}


def _default(rule: Request, bucket: Bucket) -> Encryption:
    wanted = rule.get("ApplyServerSideEncryptionByDefault")
    has_bucket_key = rule.get("BucketKeyEnabled")
    if wanted is None:
        return bucket.encryption if has_bucket_key is None else replace(bucket.encryption, bucket_key=has_bucket_key)
    chosen = Encryption(wanted["SSEAlgorithm"], wanted.get("KMSMasterKeyID") or "", bool(has_bucket_key))
    if chosen.algorithm not in (S3_KEY, KMS, DSSE):
        raise errors.malformed_xml()
    if chosen.kms_key and not chosen.uses_kms:
        raise encryption_errors.key_without_kms()
    if chosen.algorithm == DSSE and chosen.bucket_key:
        raise encryption_errors.no_bucket_key_for_dsse()
    return chosen


def _blocked(rule: Request, bucket: Bucket) -> tuple[str, ...]:
    listed = (rule.get("BlockedEncryptionTypes") or {}).get("EncryptionType") or []
    if not listed:
        return bucket.blocked
    if _NOTHING in listed and len(listed) > 1:
        raise errors.malformed_xml()
    return tuple(listed)


@service.operation(action="s3:GetEncryptionConfiguration", **access.ON_BUCKET)
async def get_bucket_encryption(ctx: Context, request: Request) -> Answer:
    """Every bucket has one: AES256 unless it was set, and no keys of customers unless that was allowed."""
    bucket = (await home_of(ctx, request)).bucket
    chosen = bucket.encryption
    rule: Answer = {
        "ApplyServerSideEncryptionByDefault": {
            "SSEAlgorithm": chosen.algorithm,
            "KMSMasterKeyID": chosen.kms_key or None,
        },
        "BucketKeyEnabled": chosen.bucket_key,
    }
    if bucket.blocked:
        rule["BlockedEncryptionTypes"] = {"EncryptionType": list(bucket.blocked)}
    return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


@service.operation(action="s3:PutEncryptionConfiguration", **access.ON_BUCKET)
async def delete_bucket_encryption(ctx: Context, request: Request) -> Answer:
    """Back to what buckets begin with."""
    home = await home_of(ctx, request)
    _save(home, encryption=Encryption(), blocked=blocked_at_first(home.bucket.region))
    return {}


def _save(home: Home, **changes: Any) -> None:
    buckets.put(home.ctx, replace(home.bucket, **changes), home.name)


# -- objects that are there


@service.operation(**access.ON_OBJECT)
async def update_object_encryption(ctx: Context, request: Request) -> Answer:
    """Put an object under another key of KMS; its bytes are not touched.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_UpdateObjectEncryption.html
    """
    digests.check_document(ctx.request)
    home = await home_of(ctx, request)
    wanted = (request.get("ObjectEncryption") or {}).get("SSEKMS")
    if wanted is None:
        raise encryption_errors.only_to_kms()
    _check_arn(home, wanted["KMSKeyArn"])
    record = await reads.readable(home, request)
    _check_source(ctx, record)
    chosen = Encryption(KMS, wanted["KMSKeyArn"], bool(wanted.get("BucketKeyEnabled")))
    if record.envelope.direct:
        changed = await _encrypted_anew(home, request, record, chosen)
    else:
        content = await keys.unwrap(home, request["Key"], record.traits.encryption, record.envelope)
        sealing = await keys.wrap(home, request["Key"], request, chosen, content)
        changed = _under(record, sealing)
    await vault.rewrite(home, request["Key"], changed)
    return {}


async def _encrypted_anew(home: Home, request: Request, record: Object, chosen: Encryption) -> Object:
    """A small object that has no content key of its own."""
    key = request["Key"]
    data = await bodies.open_body(home, key, record, 0, record.size)
    assert isinstance(data, bytes)
    sealing = await keys.wrap(home, key, request, chosen, keys.fresh(chosen))
    cipher = sealing.cipher()
    assert cipher is not None
    changed = _under(record, sealing)
    if record.has_row:
        rows.put(home.ctx, cipher.encrypt(data), home.name, key, record.slot)
        return changed
    return replace(changed, body=cipher.encrypt(data))


def _under(record: Object, sealing: Sealing) -> Object:
    traits = replace(record.traits, encryption=sealing.encryption)
    return replace(record, traits=traits, envelope=sealing.envelope)


def _check_arn(home: Home, arn: str) -> None:
    found = _KEY_ARN.fullmatch(arn)
    if found is None:
        raise encryption_errors.bad_key_arn()
    if found[1] != home.bucket.account:
        raise encryption_errors.key_of_another_account()


def _check_source(ctx: Context, record: Object) -> None:
    if record.traits.encryption.algorithm not in (S3_KEY, KMS):
        raise encryption_errors.source_not_updatable()
    if not record.envelope.layers and not record.envelope.direct:
        raise encryption_errors.source_not_encrypted()
    if locks.holds(record, ctx.now()):
        raise encryption_errors.locked_against_update()
