"""Encryption at rest: GetEncryptionConfig, PutEncryptionConfig.

With a key of KMS, documents are sealed with a data key that KMS wrapped; X-Ray unwraps it by a grant that the caller of
PutEncryptionConfig gives it. What was kept under an earlier key stays under it. Without a key, documents lie in the store like
everything else.

config     ()        Config
data-keys  (number)  DataKey

https://docs.aws.amazon.com/xray/latest/devguide/xray-console-encryption.html
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context, Record
from fogbank.services.xray import errors
from fogbank.services.xray.service import service

Request = dict[str, Any]

_PRINCIPAL = "xray.amazonaws.com"
_NONCE = 12
_UPDATING_SECONDS = 1.0


class Config(Record, frozen=True):
    """`key` is the number of the data key that is used now, 0 for none."""

    type: str = "NONE"
    key_id: str | None = None
    status: str = "ACTIVE"
    key: int = 0


class DataKey(Record, frozen=True):
    key_id: str
    wrapped: bytes


_configs = service.collection("encryption", Config, cached=True)
_keys = service.collection("data-keys", DataKey)


@service.operation
async def get_encryption_config(ctx: Context, request: Request) -> Request:
    """API_GetEncryptionConfig."""
    return {"EncryptionConfig": _shown(await _configs.get(ctx) or Config())}


@service.operation
async def put_encryption_config(ctx: Context, request: Request) -> Request:
    """Use a key from now on, or none. It takes a moment to become active. API_PutEncryptionConfig."""
    key_id = request.get("KeyId")
    if request["Type"] == "NONE":
        if key_id is not None:
            raise errors.invalid_request("KeyId must be omitted when Type is NONE")
        config = Config(status="UPDATING")
    else:
        if key_id is None:
            raise errors.invalid_request("KeyId is required when Type is KMS")
        config = Config("KMS", *(await _new_key(ctx, key_id)))
    _configs.put(ctx, config)
    await ctx.schedule("activate_encryption", delay=_UPDATING_SECONDS, key="encryption")
    return {"EncryptionConfig": _shown(config)}


def _shown(config: Config) -> Request:
    return {"Type": config.type, "KeyId": config.key_id, "Status": config.status}


@service.task
async def activate_encryption(ctx: Context, payload: Request) -> None:
    _configs.put(ctx, msgspec.structs.replace(await _configs.get(ctx) or Config(), status="ACTIVE"))


async def _new_key(ctx: Context, key_id: str) -> tuple[str, str, int]:
    """(key's ARN, status, number of the data key). Raises InvalidRequestException."""
    try:
        found = (await ctx.call("kms", "DescribeKey", {"KeyId": key_id}, as_caller=True))["KeyMetadata"]
        if found["KeySpec"] != "SYMMETRIC_DEFAULT":
            raise errors.key_refused("asymmetric keys are not supported")
        grant = {
            "KeyId": found["Arn"],
            "GranteePrincipal": _PRINCIPAL,
            "Operations": ["GenerateDataKey", "Decrypt", "DescribeKey"],
            "Constraints": {"EncryptionContextEquals": _context(ctx)},
        }
        await ctx.call("kms", "CreateGrant", grant, as_caller=True)
        request = {"KeyId": found["Arn"], "KeySpec": "AES_256", "EncryptionContext": _context(ctx)}
        made = await ctx.call("kms", "GenerateDataKey", request)
    except AWSError as error:
        raise error if error.code == "InvalidRequestException" else errors.key_refused(error.message) from error
    number = await _keys.count(ctx) + 1
    _keys.put(ctx, DataKey(found["Arn"], made["CiphertextBlob"]), number)
    return found["Arn"], "UPDATING", number


def _context(ctx: Context) -> dict[str, str]:
    return {"aws:xray:arn": f"arn:{ctx.partition}:xray:{ctx.region}:{ctx.account}"}


# -- sealing


async def sealer(ctx: Context) -> Callable[[bytes], tuple[bytes, int]]:
    """What seals documents now: it returns what to keep, and the number of the key. Raises InvalidRequestException."""
    config = await _configs.get(ctx) or Config()
    if not config.key:
        return lambda data: (data, 0)
    key = await _opened(ctx, config.key)
    return lambda data: (_seal(key, data), config.key)


class Unsealer:
    """Unseals documents, and asks KMS once for each key."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._keys: dict[int, bytes] = {}

    async def __call__(self, data: bytes, number: int) -> bytes:
        if not number:
            return data
        if number not in self._keys:
            self._keys[number] = await _opened(self._ctx, number)
        return _unseal(self._keys[number], data)


async def _opened(ctx: Context, number: int) -> bytes:
    found = await _keys.get(ctx, number)
    assert found is not None
    request = {"KeyId": found.key_id, "CiphertextBlob": found.wrapped, "EncryptionContext": _context(ctx)}
    own = ctx.at(service=service)  # by X-Ray's grant, whoever sends or reads
    try:
        return bytes((await own.call("kms", "Decrypt", request))["Plaintext"])
    except AWSError as error:
        raise errors.key_refused(error.message) from error


def _seal(key: bytes, data: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, None)


def _unseal(key: bytes, sealed: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
