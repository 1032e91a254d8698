"""Groups that are associated with a key of KMS: their chunks are under a data key, which KMS is asked to unwrap for each request.

CloudWatch Logs asks by itself, as its own principal: the key's policy has to let it in, for a group by
`kms:EncryptionContext:aws:logs:arn`.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
"""

from __future__ import annotations

import os

from fogbank.kernel import AWSError, Context
from fogbank.services.logs import errors
from fogbank.services.logs.records import Encryption, LogGroup, arn_of

_NONCE = 12


async def new_key(ctx: Context, name: str, key_arn: str) -> Encryption:
    """A data key for the group of that name. Raises AccessDeniedException, InvalidParameterException."""
    if not key_arn.startswith("arn:"):
        raise errors.invalid_parameter("The specified KMS Key ARN is not valid.")
    arn = arn_of(ctx, name)
    request = {"KeyId": key_arn, "KeySpec": "AES_256", "EncryptionContext": {"aws:logs:arn": arn}}
    try:
        made = await ctx.call("kms", "GenerateDataKey", request, source_arn=arn)
    except AWSError as error:
        raise errors.key_not_usable(arn) from error
    return Encryption(key_arn, made["CiphertextBlob"])


async def key_of(ctx: Context, group: LogGroup, number: int) -> bytes:
    """A data key of the group, by its number. Raises AccessDeniedException when KMS does not give it (any more)."""
    arn = arn_of(ctx, group.name)
    request = {"CiphertextBlob": group.keys[number - 1].wrapped, "EncryptionContext": {"aws:logs:arn": arn}}
    try:
        answer = await ctx.call("kms", "Decrypt", request, source_arn=arn)
    except AWSError as error:
        raise errors.key_not_usable(arn) from error
    return bytes(answer["Plaintext"])


def seal(key: bytes, data: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, None)


def unseal(key: bytes, sealed: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
