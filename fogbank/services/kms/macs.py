"""Message authentication codes: GenerateMac, VerifyMac (RFC 2104)."""

from __future__ import annotations

import hmac
from typing import Any

from fogbank.kernel import Context
from fogbank.services.kms import errors, specs
from fogbank.services.kms.access import ON_KEY, find_to_use
from fogbank.services.kms.encryption import material_of, require_usable, used
from fogbank.services.kms.references import Target
from fogbank.services.kms.service import service

Request = dict[str, Any]


@service.operation(**ON_KEY)
async def generate_mac(ctx: Context, request: Request) -> Request:
    """The HMAC of a message. API_GenerateMac."""
    target, mac = await _mac(ctx, request, "GenerateMac")
    await used(ctx, target, "GenerateMac", request)
    return {"Mac": mac, "MacAlgorithm": request["MacAlgorithm"], "KeyId": target.arn}


@service.operation(**ON_KEY)
async def verify_mac(ctx: Context, request: Request) -> Request:
    """Check an HMAC; a wrong one is an error. API_VerifyMac."""
    target, mac = await _mac(ctx, request, "VerifyMac")
    if not hmac.compare_digest(mac, request["Mac"]):
        raise errors.invalid_mac()
    await used(ctx, target, "VerifyMac", request)
    return {"KeyId": target.arn, "MacValid": True, "MacAlgorithm": request["MacAlgorithm"]}


async def _mac(ctx: Context, request: Request, operation: str) -> tuple[Target, bytes]:
    target = await find_to_use(ctx, request, operation)
    algorithm: str = request["MacAlgorithm"]
    require_usable(target, specs.MAC, operation, algorithm)
    digest = algorithm.removeprefix("HMAC_").replace("_", "").lower()
    return target, hmac.digest(await material_of(target), request["Message"], digest)
