"""SecureString values: encrypted by KMS, bound to the parameter by its ARN.

A standard parameter is encrypted by the KMS key itself, an advanced one under a data key of its own.
https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
"""

from __future__ import annotations

import base64
import secrets
from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.ssm import errors
from fogbank.services.ssm.parameter import Version, arn
from fogbank.services.ssm.tiers import ADVANCED

MANAGED_ALIAS = "alias/aws/ssm"

_NONCE_BYTES = 12
_UNUSABLE = frozenset(
    {
        "DisabledException",
        "InvalidKeyUsageException",
        "InvalidArnException",
        "KMSInvalidStateException",
        "NotFoundException",
    }
)


async def seal(ctx: Context, name: str, value: str, key: str, tier: str) -> str:
    """The encrypted value, as it is stored and answered. Raises InvalidKeyId, AccessDeniedException."""
    request: dict[str, Any] = {"KeyId": key, "EncryptionContext": _context(ctx, name)}
    if tier != ADVANCED:
        answer = await _kms(ctx, "Encrypt", {**request, "Plaintext": value.encode()})
        return base64.b64encode(answer["CiphertextBlob"]).decode()
    answer = await _kms(ctx, "GenerateDataKey", {**request, "KeySpec": "AES_256"})
    data_key: bytes = answer["CiphertextBlob"]
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = _cipher(answer["Plaintext"]).encrypt(nonce, value.encode(), None)
    return base64.b64encode(len(data_key).to_bytes(2, "big") + data_key + nonce + sealed).decode()


async def unseal(ctx: Context, name: str, version: Version) -> str:
    """The value of a SecureString. Raises InvalidKeyId, AccessDeniedException."""
    raw = base64.b64decode(version.value)
    if version.tier != ADVANCED:
        return (await _decrypt(ctx, name, raw)).decode()
    end = 2 + int.from_bytes(raw[:2], "big")
    data_key, nonce, sealed = raw[2:end], raw[end : end + _NONCE_BYTES], raw[end + _NONCE_BYTES :]
    return _cipher(await _decrypt(ctx, name, data_key)).decrypt(nonce, sealed, None).decode()


async def _decrypt(ctx: Context, name: str, blob: bytes) -> bytes:
    answer = await _kms(ctx, "Decrypt", {"CiphertextBlob": blob, "EncryptionContext": _context(ctx, name)})
    return answer["Plaintext"]


def _context(ctx: Context, name: str) -> dict[str, str]:
    return {"PARAMETER_ARN": arn(ctx, name)}


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


async def _kms(ctx: Context, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return await ctx.call("kms", operation, request, as_caller=True)
    except AWSError as error:
        if error.code in _UNUSABLE:
            raise errors.invalid_key(error.message) from error
        raise
