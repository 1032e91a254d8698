"""The key that signs messages, and its certificate, which subscribers fetch to check them.

There is one for the server, made with the first message that is signed; the local authority vouches for it.

signer ()   Signer
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from fogbank.certificates import keys
from fogbank.certificates.authority import issue
from fogbank.http import Request, Response
from fogbank.kernel import AWSError, Context, Record
from fogbank.kernel.vault import Vault
from fogbank.services.sns import envelope
from fogbank.services.sns.envelope import Field, Signature
from fogbank.services.sns.service import service

_PATH = "/_aws/sns/SimpleNotificationService-"
_ALGORITHM = "RSA_2048"
_YEARS = 20
_HASHES = {"1": "SHA1", "2": "SHA256"}


class Signer(Record, frozen=True):
    """`certificate` is PEM, the private key is sealed. `id` is in the URL of the certificate."""

    id: str
    certificate: str
    sealed_key: bytes


_vault = Vault("sns")
_signer = service.collection("signer", Signer, scope="global", cached=True)


async def signed(ctx: Context, fields: list[Field], version: str, base: str) -> list[Field]:
    """The fields of a document, with a signature. `ctx` is in a transaction; `base` is the URL of the endpoint."""
    signer = await _signer.get(ctx) or await _make(ctx)
    key = _loaded(await _vault.unseal(ctx, signer.sealed_key, "signer"))
    value = base64.b64encode(_sign(key, envelope.signed_text(fields), version)).decode()
    return envelope.with_signature(fields, Signature(version, value, f"{base}{_PATH}{signer.id}.pem"))


def _sign(key: Any, text: bytes, version: str) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    signature: bytes = key.sign(text, padding.PKCS1v15(), getattr(hashes, _HASHES[version])())
    return signature


@lru_cache(maxsize=4)
def _loaded(der: bytes) -> Any:
    return keys.from_der(der)


async def _make(ctx: Context) -> Signer:
    """Once in the life of a store, so it may take its time here and now."""
    key = keys.generate_now(_ALGORITHM)
    now = datetime.fromtimestamp(ctx.now(), UTC)
    name = "sns.amazonaws.com"
    end = now + timedelta(days=365 * _YEARS)
    certificate, _ = await issue(ctx, key.public_key(), name, [name], now - timedelta(days=1), end)
    number = hashlib.sha256(certificate.encode()).hexdigest()[:32]
    signer = Signer(number, certificate, await _vault.seal(ctx, keys.to_der(key), "signer"))
    _signer.put(ctx, signer)
    return signer


@service.edge(lambda request: request.path.startswith(_PATH))
async def certificate(ctx: Context, request: Request) -> Response:
    """What SigningCertURL leads to."""
    signer = await ctx.transact(_signer.get, ctx)
    if signer is None or request.path != f"{_PATH}{signer.id}.pem":
        raise AWSError("NotFound", "There is no such certificate.", 404)
    return Response(200, [("content-type", "application/x-pem-file")], signer.certificate.encode())
