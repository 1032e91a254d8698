"""Secrets that two sides share: DeriveSharedSecret (ECDH), Encapsulate and Decapsulate (ML-KEM)."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from fogbank.kernel import Context
from fogbank.services.kms import errors, key_pairs, specs
from fogbank.services.kms.access import ON_KEY, find_to_use
from fogbank.services.kms.encryption import material_of, refuse_recipient, require_usable, used
from fogbank.services.kms.references import Target
from fogbank.services.kms.service import service

Request = dict[str, Any]


@service.operation(**ON_KEY)
async def derive_shared_secret(ctx: Context, request: Request) -> Request:
    """What the KMS key and another's public key have in common, raw. API_DeriveSharedSecret."""
    refuse_recipient(request)
    target = await find_to_use(ctx, request, "DeriveSharedSecret")
    require_usable(target, specs.AGREE, "DeriveSharedSecret", request["KeyAgreementAlgorithm"])
    private = key_pairs.load(await material_of(target))
    secret = private.exchange(ec.ECDH(), _public_key(request["PublicKey"], private))
    await used(ctx, target, "DeriveSharedSecret", request)
    return {
        "KeyId": target.arn,
        "SharedSecret": secret,
        "KeyAgreementAlgorithm": request["KeyAgreementAlgorithm"],
        "KeyOrigin": target.key.origin,
    }


def _public_key(data: bytes, private: key_pairs.PrivateKey) -> ec.EllipticCurvePublicKey:
    """The other side's key, on the same curve. Raises ValidationException."""
    try:
        key = load_der_public_key(data)
    except Exception as error:  # of many kinds, whatever the bytes make the library stumble over
        raise errors.invalid_public_key() from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != private.curve.name:
        raise errors.invalid_public_key()
    return key


@service.operation(**ON_KEY)
async def encapsulate(ctx: Context, request: Request) -> Request:
    """A new secret, in the clear and encapsulated for the KMS key. API_Encapsulate."""
    target = await _encapsulating(ctx, request, "Encapsulate")
    secret, ciphertext = key_pairs.load_public(await material_of(target)).encapsulate()
    await used(ctx, target, "Encapsulate", request)
    return {
        "KeyId": target.arn,
        "SharedSecret": secret,
        "SharedSecretCiphertextBlob": ciphertext,
        "EncapsulationAlgorithm": request["EncapsulationAlgorithm"],
    }


@service.operation(**ON_KEY)
async def decapsulate(ctx: Context, request: Request) -> Request:
    """The secret of an encapsulation. One that is not for this key gives another secret, not an error. API_Decapsulate."""
    target = await _encapsulating(ctx, request, "Decapsulate")
    private = key_pairs.load(await material_of(target))
    try:
        secret = private.decapsulate(request["SharedSecretCiphertextBlob"])
    except ValueError as error:
        raise errors.invalid_ciphertext() from error
    await used(ctx, target, "Decapsulate", request)
    return {
        "KeyId": target.arn,
        "SharedSecret": secret,
        "EncapsulationAlgorithm": request["EncapsulationAlgorithm"],
    }


async def _encapsulating(ctx: Context, request: Request, operation: str) -> Target:
    target = await find_to_use(ctx, request, operation)
    require_usable(target, specs.ENCAPSULATE, operation, request["EncapsulationAlgorithm"])
    return target
