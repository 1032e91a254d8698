"""Signatures and public keys: Sign, Verify, GetPublicKey."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.kms import errors, key_pairs, signing, specs, states
from fogbank.services.kms.access import ON_KEY, find_to_use
from fogbank.services.kms.encryption import material_of, require_usable, used
from fogbank.services.kms.references import Target
from fogbank.services.kms.service import service

Request = dict[str, Any]


@service.operation(**ON_KEY)
async def sign(ctx: Context, request: Request) -> Request:
    """Sign a message or its digest. API_Sign."""
    target = await _signer(ctx, request, "Sign")
    private = key_pairs.load(await material_of(target))
    signature = signing.sign(private, request["SigningAlgorithm"], request["Message"], _message_type(request))
    await used(ctx, target, "Sign", request)
    return {"KeyId": target.arn, "Signature": signature, "SigningAlgorithm": request["SigningAlgorithm"]}


@service.operation(**ON_KEY)
async def verify(ctx: Context, request: Request) -> Request:
    """Check a signature; a wrong one is an error. API_Verify."""
    target = await _signer(ctx, request, "Verify")
    public, algorithm = key_pairs.load_public(await material_of(target)), request["SigningAlgorithm"]
    if not signing.verifies(public, algorithm, request["Message"], _message_type(request), request["Signature"]):
        raise errors.invalid_signature()
    await used(ctx, target, "Verify", request)
    return {"KeyId": target.arn, "SignatureValid": True, "SigningAlgorithm": algorithm}


async def _signer(ctx: Context, request: Request, operation: str) -> Target:
    target = await find_to_use(ctx, {"MessageType": "RAW", **request}, operation)
    require_usable(target, specs.SIGN, operation, request["SigningAlgorithm"])
    return target


def _message_type(request: Request) -> str:
    return request.get("MessageType", "RAW")


@service.operation(**ON_KEY)
async def get_public_key(ctx: Context, request: Request) -> Request:
    """The public key of a key pair, and what it is for. API_GetPublicKey."""
    target = await find_to_use(ctx, request, "GetPublicKey")
    key = target.key
    if not key.kind.asymmetric:
        raise errors.unsupported(f"{target.arn} is not an asymmetric KMS key.")
    states.require(target, states.TO_USE)
    return {
        "KeyId": target.arn,
        "PublicKey": key_pairs.public_der(key_pairs.load_public(await material_of(target))),
        "CustomerMasterKeySpec": key.spec,
        "KeySpec": key.spec,
        "KeyUsage": key.usage,
        specs.MEMBERS[key.usage]: list(key.kind.algorithms[key.usage]),
    }
