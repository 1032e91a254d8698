"""Data keys and randomness: GenerateDataKey, GenerateDataKeyPair (and both WithoutPlaintext), GenerateRandom."""

from __future__ import annotations

import os
from typing import Any

from fogbank.kernel import Context
from fogbank.services.kms import errors, key_pairs, specs, stores
from fogbank.services.kms.access import ON_KEY, find_to_use
from fogbank.services.kms.encryption import encrypted, refuse_recipient, require_usable, used
from fogbank.services.kms.keys import generated
from fogbank.services.kms.references import Target
from fogbank.services.kms.service import service
from fogbank.services.kms.specs import SPECS, Spec

Request = dict[str, Any]

_BYTES = {"AES_256": 32, "AES_128": 16}


# -- data keys


@service.operation(**ON_KEY)
async def generate_data_key(ctx: Context, request: Request) -> Request:
    """A new symmetric key, in the clear and encrypted. API_GenerateDataKey."""
    refuse_recipient(request)
    return await _data_key(ctx, request, "GenerateDataKey")


@service.operation(**ON_KEY)
async def generate_data_key_without_plaintext(ctx: Context, request: Request) -> Request:
    """A new symmetric key, encrypted. API_GenerateDataKeyWithoutPlaintext."""
    answer = await _data_key(ctx, request, "GenerateDataKeyWithoutPlaintext")
    del answer["Plaintext"]
    return answer


async def _data_key(ctx: Context, request: Request, operation: str) -> Request:
    if ("KeySpec" in request) == ("NumberOfBytes" in request):
        raise errors.data_key_size()
    target = await _wrapping_key(ctx, request, operation)
    plaintext = os.urandom(request.get("NumberOfBytes") or _BYTES[request["KeySpec"]])
    return {"Plaintext": plaintext, **await _wrapped(ctx, request, target, operation, "CiphertextBlob", plaintext)}


async def _wrapping_key(ctx: Context, request: Request, operation: str) -> Target:
    target = await find_to_use(ctx, request, operation)
    require_usable(target, specs.ENCRYPT, operation)
    if not target.key.symmetric:
        raise errors.invalid_key_usage(target.arn, target.key.usage, operation)
    return target


async def _wrapped(
    ctx: Context, request: Request, target: Target, operation: str, member: str, plaintext: bytes
) -> Request:
    context = request.get("EncryptionContext") or {}
    blob = await encrypted(target, specs.SYMMETRIC, plaintext, context)
    await used(ctx, target, operation, request)
    return {member: blob, "KeyId": target.arn, "KeyMaterialId": target.key.material}


# -- data key pairs


@service.operation(transaction=False, **ON_KEY)
async def generate_data_key_pair(ctx: Context, request: Request) -> Request:
    """A new key pair, its private key in the clear and encrypted. API_GenerateDataKeyPair."""
    refuse_recipient(request)
    return await _key_pair(ctx, request, "GenerateDataKeyPair")


@service.operation(transaction=False, **ON_KEY)
async def generate_data_key_pair_without_plaintext(ctx: Context, request: Request) -> Request:
    """A new key pair, its private key encrypted. API_GenerateDataKeyPairWithoutPlaintext."""
    answer = await _key_pair(ctx, request, "GenerateDataKeyPairWithoutPlaintext")
    del answer["PrivateKeyPlaintext"]
    return answer


async def _key_pair(ctx: Context, request: Request, operation: str) -> Request:
    spec = SPECS[request["KeyPairSpec"]]
    await ctx.transact(_check_key_pair, ctx, request, operation, spec)
    return await ctx.transact(_wrap_key_pair, ctx, request, operation, await generated(ctx, spec))


async def _check_key_pair(ctx: Context, request: Request, operation: str, spec: Spec) -> None:
    """Refuse before the work of making a key pair."""
    target = await _wrapping_key(ctx, request, operation)
    if spec.family == "sm2":
        raise errors.spec_not_here(spec.name, target.scope.region)
    if not key_pairs.can_make(spec):
        raise errors.spec_not_in_library(spec.name)


async def _wrap_key_pair(ctx: Context, request: Request, operation: str, private: bytes) -> Request:
    target = await _wrapping_key(ctx, request, operation)
    return {
        "PrivateKeyPlaintext": private,
        "PublicKey": key_pairs.public_der(key_pairs.load_public(private)),
        "KeyPairSpec": request["KeyPairSpec"],
        **await _wrapped(ctx, request, target, operation, "PrivateKeyCiphertextBlob", private),
    }


# -- randomness


@service.operation
async def generate_random(ctx: Context, request: Request) -> Request:
    """Random bytes. API_GenerateRandom."""
    refuse_recipient(request)
    if "NumberOfBytes" not in request:
        raise errors.missing_parameter("numberOfBytes")
    if "CustomKeyStoreId" in request:
        stores.refuse_random(request["CustomKeyStoreId"])
    return {"Plaintext": os.urandom(request["NumberOfBytes"])}
