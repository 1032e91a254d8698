"""The way into KMS for key material: GetParametersForImport gives a public key to wrap it with, and a token.

wrappings  (key id, token)    Wrapping
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.kms import errors, key_pairs, limits, states, vault, wrapping
from fogbank.services.kms.access import ON_KEY, find_to_manage
from fogbank.services.kms.references import Target
from fogbank.services.kms.service import service
from fogbank.services.kms.specs import SPECS

Request = dict[str, Any]

_TOKEN_BYTES = 32
_WITHOUT_AES = ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256")


class Wrapping(Record, frozen=True):
    """The private key (sealed) that unwraps what is imported with a token, and until when that goes."""

    algorithm: str
    private: bytes
    expires: float


wrappings = service.collection("wrappings", Wrapping)


@service.operation(transaction=False, **ON_KEY)
async def get_parameters_for_import(ctx: Context, request: Request) -> Request:
    """A key pair for one import, its public key given out. API_GetParametersForImport."""
    target = await ctx.transact(_importable, ctx, request)
    _check_algorithm(target, request["WrappingAlgorithm"], request["WrappingKeySpec"])
    spec = SPECS[request["WrappingKeySpec"]]
    private = key_pairs.generate(spec) if ctx.tx is not None else await asyncio.to_thread(key_pairs.generate, spec)
    return await ctx.transact(_give_out, ctx, target, request["WrappingAlgorithm"], private)


async def _importable(ctx: Context, request: Request) -> Target:
    target = await find_to_manage(ctx, request, "GetParametersForImport")
    require_importable(target)
    return target


def require_importable(target: Target) -> None:
    """Raise UnsupportedOperationException or KMSInvalidStateException unless the key takes imported material."""
    if not target.key.imported:
        raise errors.invalid_origin(target.arn, target.key.origin)
    states.require(target, states.TO_IMPORT)


def _check_algorithm(target: Target, algorithm: str, wrapping_spec: str) -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-get-public-key-and-token.html"""
    if algorithm == "RSAES_PKCS1_V1_5":
        raise errors.unsupported("The RSAES_PKCS1_V1_5 wrapping algorithm is not supported.")
    if "SM2" in (algorithm, wrapping_spec) or algorithm == "SM2PKE":
        raise errors.spec_not_here("SM2", target.scope.region)
    spec = target.key.kind
    too_long = spec.name == "ECC_NIST_P521" and wrapping_spec == "RSA_2048"
    if algorithm in _WITHOUT_AES and (spec.family == "rsa" or too_long):
        raise errors.unsupported(f"{algorithm} with {wrapping_spec} cannot wrap key material of {spec.name}.")


async def _give_out(ctx: Context, target: Target, algorithm: str, private: bytes) -> Request:
    token, expires = os.urandom(_TOKEN_BYTES), ctx.now() + limits.IMPORT_TOKEN_SECONDS
    sealed = await vault.seal(ctx, private, token.hex())
    wrappings.put(ctx, Wrapping(algorithm, sealed, expires), target.key.id, token)
    # an expired token is still known for a while, to be told from a wrong one
    gone = expires + limits.IMPORT_TOKEN_SECONDS
    await ctx.schedule("forget_wrapping", {"key": target.key.id, "token": token}, at=gone)
    return {
        "KeyId": target.arn,
        "ImportToken": token,
        "PublicKey": key_pairs.public_der(key_pairs.load_public(private)),
        "ParametersValidTo": expires,
    }


@service.task
async def forget_wrapping(ctx: Context, payload: Request) -> None:
    wrappings.delete(ctx, payload["key"], payload["token"])


async def unwrapped(ctx: Context, target: Target, token: bytes, wrapped: bytes) -> bytes:
    """The material that was wrapped for the token's key.

    Raises InvalidImportTokenException, ExpiredImportTokenException, InvalidCiphertextException.
    """
    found = await wrappings.get(ctx, target.key.id, token)
    if found is None:
        raise errors.invalid_import_token()
    if ctx.now() >= found.expires:
        raise errors.expired_import_token()
    private = key_pairs.load(await vault.unseal(ctx, found.private, token.hex()))
    material = wrapping.unwrap(private, found.algorithm, wrapped)
    if material is None:
        raise errors.invalid_ciphertext()
    return material
