"""Texts that only the pool can read: refresh tokens, sessions between challenges, the secret block of SRP."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from fogbank.kernel import Context
from fogbank.services.cognito_idp.client import vault


async def seal(ctx: Context, kind: str, content: dict[str, Any]) -> bytes:
    """`ctx` is in a transaction. `kind` is needed again to open it."""
    return await vault.seal(ctx, orjson.dumps(content), kind)


async def opened(ctx: Context, kind: str, given: bytes) -> dict[str, Any] | None:
    """None for what was not sealed so."""
    from cryptography.exceptions import InvalidTag

    try:
        content: dict[str, Any] = orjson.loads(await vault.unseal_once(ctx, given, kind))
    except (InvalidTag, ValueError):
        return None
    return content


async def seal_text(ctx: Context, kind: str, content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(await seal(ctx, kind, content)).decode()


async def opened_text(ctx: Context, kind: str, given: str) -> dict[str, Any] | None:
    try:
        return await opened(ctx, kind, base64.b64decode(given, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        return None
