"""Encryption settings, and the check that a caller can use the KMS key of what it reads and writes.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-data-encryption.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.s3vectors import errors
from fogbank.services.s3vectors.records import Address, Encryption, Index

Request = dict[str, Any]


async def read(address: Address, given: Request | None, default: Encryption) -> Encryption:
    """The setting that a request makes. Raises ValidationException, or what KMS says of the key."""
    if not given or not given.get("sseType"):
        if given and given.get("kmsKeyArn"):
            raise _key_without_kms()
        return default
    key = given.get("kmsKeyArn") or ""
    if given["sseType"] == "AES256":
        if key:
            raise _key_without_kms()
        return Encryption()
    if not key:
        raise errors.validation("A KMS key ARN is required with sseType aws:kms", "encryptionConfiguration.kmsKeyArn")
    return await _sealed(address, key)


def _key_without_kms() -> AWSError:
    return errors.validation("A KMS key ARN is allowed only with sseType aws:kms", "encryptionConfiguration.kmsKeyArn")


async def for_index(address: Address, given: Request | None, default: Encryption) -> Encryption:
    """An index takes the setting of its bucket, with a data key of its own."""
    if given or not default.key:
        return await read(address, given, default)
    return await _sealed(address, default.key)


async def _sealed(address: Address, key: str) -> Encryption:
    request = {"KeyId": key, "KeySpec": "AES_256", "EncryptionContext": _context(address)}
    found = await _kms(address.ctx, "GenerateDataKeyWithoutPlaintext", request)
    return Encryption("aws:kms", key, found["CiphertextBlob"])


async def require(address: Address, index: Index) -> None:
    """Raise a Kms...Exception, or AccessDeniedException, unless the caller can use the index's key."""
    used = index.encryption
    if used.key:
        request = {"KeyId": used.key, "CiphertextBlob": used.sealed, "EncryptionContext": _context(address)}
        await _kms(address.ctx, "Decrypt", request)


def _context(address: Address) -> dict[str, str]:
    return {"aws:s3vectors:arn": address.bucket_arn, "aws:s3vectors:resource-id": address.arn}


async def _kms(ctx: Context, operation: str, request: Request) -> Request:
    try:
        return await ctx.call("kms", operation, request, as_caller=True)
    except AWSError as error:
        raise errors.from_kms(error) from error


def shown(used: Encryption) -> Request:
    return {"sseType": used.algorithm, "kmsKeyArn": used.key or None}
