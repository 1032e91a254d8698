"""What is kept under a key of KMS: under a data key, which KMS is asked to unwrap for each request.

CloudWatch Logs asks by itself, as its own principal: the key's policy has to let it in, for a resource by
`kms:EncryptionContext:aws:logs:arn`.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
"""

from __future__ import annotations

import os

from fogbank.kernel import AWSError, Context
from fogbank.services.logs import errors
from fogbank.services.logs.records import Encryption, LogGroup, arn_of

_NONCE = 12


async def new_key(ctx: Context, arn: str, key_arn: str) -> Encryption:
    """A data key for the resource of that ARN. Raises AccessDeniedException, InvalidParameterException."""
    if not key_arn.startswith("arn:"):
        raise errors.invalid_parameter("The specified KMS Key ARN is not valid.")
    request = {"KeyId": key_arn, "KeySpec": "AES_256", "EncryptionContext": {"aws:logs:arn": arn}}
    try:
        made = await ctx.call("kms", "GenerateDataKey", request, source_arn=arn)
    except AWSError as error:
        raise errors.key_not_usable(arn) from error
    return Encryption(key_arn, made["CiphertextBlob"])


async def opened(ctx: Context, arn: str, encryption: Encryption) -> bytes:
    """A data key of a resource. Raises AccessDeniedException when KMS does not give it (any more)."""
    request = {"CiphertextBlob": encryption.wrapped, "EncryptionContext": {"aws:logs:arn": arn}}
    try:
        answer = await ctx.call("kms", "Decrypt", request, source_arn=arn)
    except AWSError as error:
        raise errors.key_not_usable(arn) from error
    return bytes(answer["Plaintext"])


async def key_of(ctx: Context, group: LogGroup, number: int) -> bytes:
    """A data key of a group, by its number."""
    return await opened(ctx, arn_of(ctx, group.name), group.keys[number - 1])


def seal(key: bytes, data: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, None)


def unseal(key: bytes, sealed: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
