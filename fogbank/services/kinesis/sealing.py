"""Streams that are encrypted with a key of KMS: their chunks are under a data key, which KMS is asked to unwrap for each request.

So who may not use the key, may neither write nor read, and a disabled key stops both, as on AWS.
https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html
"""

from __future__ import annotations

import os
from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.kinesis.records import Encryption, Stream

_NONCE = 12

# What Kinesis calls the refusals of KMS.
_CODES = {
    "NotFoundException": "KMSNotFoundException",
    "DisabledException": "KMSDisabledException",
    "KMSInvalidStateException": "KMSInvalidStateException",
    "AccessDeniedException": "KMSAccessDeniedException",
    "InvalidKeyUsageException": "KMSInvalidStateException",
}


def _context(stream: Stream) -> dict[str, str]:
    return {"aws:kinesis:arn": stream.arn}


async def check_key(ctx: Context, key_id: str) -> None:
    """Raises KMS*Exception when there is no such key for the caller."""
    await _ask(ctx, "DescribeKey", {"KeyId": key_id})


async def new_key(scope: Context, stream: Stream, key_id: str) -> Encryption:
    """A data key for the stream. Raises KMS*Exception when the key cannot be used."""
    made = await _ask(
        scope,
        "GenerateDataKey",
        {"KeyId": key_id, "KeySpec": "AES_256", "EncryptionContext": _context(stream)},
    )
    return Encryption(key_id, made["CiphertextBlob"])


async def key_of(scope: Context, stream: Stream, number: int) -> bytes:
    """A data key of the stream, by its number. Raises KMS*Exception."""
    wrapped = stream.keys[number - 1].wrapped
    answer = await _ask(scope, "Decrypt", {"CiphertextBlob": wrapped, "EncryptionContext": _context(stream)})
    return bytes(answer["Plaintext"])


async def _ask(scope: Context, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return await scope.call("kms", operation, request, as_caller=True)
    except AWSError as error:
        code = _CODES.get(error.code)
        if code is None:
            raise
        raise AWSError(code, error.message) from error


def seal(key: bytes, data: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, None)


def unseal(key: bytes, sealed: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
