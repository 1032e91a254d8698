"""Messages that only this server can read: what EC2 says of a refusal, for DecodeAuthorizationMessage to tell."""

from __future__ import annotations

import binascii
import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any

from fogbank.kernel.vault import Vault

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.context import Context

_vault = Vault("authorization-messages")
_NAME = "message"


async def seal(app: App, document: dict[str, Any]) -> str:
    """The document as an opaque text. Uses a transaction of its own."""
    ctx = app.system_context()
    sealed = await ctx.transact(_vault.seal, ctx, zlib.compress(json.dumps(document).encode()), _NAME)
    return urlsafe_b64encode(sealed).decode().rstrip("=")


async def unseal(ctx: Context, text: str) -> dict[str, Any] | None:
    """The document that was sealed, None when this is no such text. `ctx` is in a transaction."""
    from cryptography.exceptions import InvalidTag

    try:
        sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        packed = await _vault.unseal(ctx, sealed, _NAME)
    except (binascii.Error, ValueError, InvalidTag, LookupError):
        return None
    document: dict[str, Any] = json.loads(zlib.decompress(packed))
    return document
