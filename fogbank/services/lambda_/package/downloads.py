"""Where the code of functions and layers can be fetched: links that carry their own permission, and end after ten minutes.

GET /_aws/lambda/code/<token>
"""

from __future__ import annotations

import asyncio
import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from fogbank.http import Request, Response
from fogbank.kernel import AWSError, Context
from fogbank.kernel.vault import Vault
from fogbank.services.lambda_.package import ciphers
from fogbank.services.lambda_.records import Code
from fogbank.services.lambda_.service import service

_PATH = "/_aws/lambda/code/"
_SECONDS = 600
_vault = Vault("lambda")
_NAME = "download"


class _Link(msgspec.Struct, array_like=True):
    """`key` opens a package that is encrypted."""

    blob: str
    size: int
    until: float
    key: bytes = b""


async def location(ctx: Context, code: Code, key: bytes = b"") -> str:
    """A link to the package, or the directory that is run where it lies. In a transaction."""
    if code.directory:
        return code.directory
    link = msgspec.msgpack.encode(_Link(code.blob, code.size, ctx.now() + _SECONDS, key))
    token = urlsafe_b64encode(await _vault.seal(ctx, link, _NAME)).decode().rstrip("=")
    return f"{ctx.endpoint}{_PATH}{token}"


@service.edge(lambda request: request.path.startswith(_PATH))
async def download(ctx: Context, request: Request) -> Response:
    link = await ctx.transact(_opened, ctx, request.path.removeprefix(_PATH))
    if link is None:
        raise AWSError("AccessDenied", "The link is not one of this server's.", 403)
    if ctx.now() > link.until:
        raise AWSError("AccessDenied", "Request has expired", 403)
    body = await asyncio.to_thread(_decrypted, ctx, link) if link.key else ctx.blobs.open(link.blob, 0, link.size)
    return Response(200, [("content-type", "application/zip")], body)


def _decrypted(ctx: Context, link: _Link) -> bytes:
    return ciphers.decrypted(link.key, b"".join(ctx.blobs.chunks(link.blob)))


async def _opened(ctx: Context, token: str) -> _Link | None:
    from cryptography.exceptions import InvalidTag

    try:
        sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return msgspec.msgpack.decode(await _vault.unseal(ctx, sealed, _NAME), type=_Link)
    except (binascii.Error, ValueError, InvalidTag, LookupError):
        return None
