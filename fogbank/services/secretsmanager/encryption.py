"""Values at rest: AES-GCM under a KMS data key of their own.

The data key is bound to the secret and the version by its encryption context, as on AWS, so KMS's own key policies, grants, states and
trail apply to every reading of a secret.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
"""

from __future__ import annotations

import secrets
from typing import Any, NamedTuple

from fogbank.kernel import AWSError, Context
from fogbank.services.secretsmanager import errors
from fogbank.services.secretsmanager.secret import Secret, Version, arn

MANAGED_ALIAS = "alias/aws/secretsmanager"
DEFAULT_KEY = "DefaultEncryptionKey"
"""How ListSecretVersionIds calls the key of `MANAGED_ALIAS`."""

_NONCE_BYTES = 12
_UNUSABLE = frozenset(
    {"DisabledException", "KMSInvalidStateException", "InvalidKeyUsageException", "NotFoundException"}
)


class Sealed(NamedTuple):
    """A value encrypted, its data key encrypted, and the KMS key as ListSecretVersionIds shows it."""

    value: bytes
    data_key: bytes
    key: str


async def seal(ctx: Context, secret: Secret, version_id: str, value: bytes, role: str | None = None) -> Sealed:
    """Encrypt under a new data key of the secret's KMS key, as the caller or as a role. Raises EncryptionFailure, AccessDeniedException."""
    request = {
        "KeyId": secret.key or MANAGED_ALIAS,
        "KeySpec": "AES_256",
        "EncryptionContext": _context(ctx, secret, version_id),
    }
    answer = await _kms(ctx, "GenerateDataKey", request, errors.encryption_failure(), role)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = nonce + _cipher(answer["Plaintext"]).encrypt(nonce, value, None)
    return Sealed(sealed, answer["CiphertextBlob"], answer["KeyId"] if secret.key else DEFAULT_KEY)


async def unseal(ctx: Context, secret: Secret, version: Version, role: str | None = None) -> bytes:
    """The value of a version, read as the caller or as a role. Raises DecryptionFailure, AccessDeniedException."""
    request = {"CiphertextBlob": version.data_key, "EncryptionContext": _context(ctx, secret, version.id)}
    answer = await _kms(ctx, "Decrypt", request, errors.decryption_failure(), role)
    nonce, sealed = version.sealed[:_NONCE_BYTES], version.sealed[_NONCE_BYTES:]
    return _cipher(answer["Plaintext"]).decrypt(nonce, sealed, None)


def _context(ctx: Context, secret: Secret, version_id: str) -> dict[str, str]:
    return {"SecretARN": arn(ctx, secret), "SecretVersionId": version_id}


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


async def _kms(
    ctx: Context, operation: str, request: dict[str, Any], failure: AWSError, role: str | None
) -> dict[str, Any]:
    try:
        return await ctx.call("kms", operation, request, as_caller=role is None, role=role)
    except AWSError as error:
        if error.code == "AccessDeniedException":
            raise errors.no_access_to_key() from error
        if error.code in _UNUSABLE:
            raise failure from error
        raise
