"""The OCSP responder: whether a certificate has been revoked, signed by its authority. RFC 6960, by POST and by GET.

It answers at the URL that certificates of authorities with OCSP carry, see `revocation_lists.ocsp_url`.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from fogbank.certificates import keys, reading
from fogbank.http import Request, Response
from fogbank.kernel import Context
from fogbank.services.acm_pca import states
from fogbank.services.acm_pca.authority import Authority, authorities, issued, private_key
from fogbank.services.acm_pca.revocation_lists import OCSP_PATH, REASONS
from fogbank.services.acm_pca.service import service

_VALID = timedelta(hours=1)
_HEADERS = [("content-type", "application/ocsp-response")]


@service.edge(lambda request: request.path.startswith(OCSP_PATH))
async def answer_ocsp(ctx: Context, request: Request) -> Response:
    """The status of the certificate that the request asks about; a refusal is an answer of the protocol, too."""
    place = request.path.removeprefix(OCSP_PATH).split("/", 3)
    region, account, authority_id, question = (*place, "", "", "")[:4]
    body = await request.payload.read() if request.method == "POST" else _decoded(question)
    scope = ctx.at(account=account, region=region)
    return Response(200, _HEADERS, await scope.transact(_answer, scope, authority_id, body))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(unquote(text), validate=True)
    except (binascii.Error, ValueError):
        return b""


async def _answer(ctx: Context, authority_id: str, body: bytes) -> bytes:
    from cryptography.x509 import ocsp

    try:
        asked = ocsp.load_der_ocsp_request(body)
    except ValueError:
        return _refusal(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
    authority = await authorities.get(ctx, authority_id)
    enabled = authority is not None and (authority.revocation.get("OcspConfiguration") or {}).get("Enabled")
    if authority is None or not enabled or authority.status != states.ACTIVE:
        return _refusal(ocsp.OCSPResponseStatus.UNAUTHORIZED)
    return await _signed(ctx, authority, asked)


def _refusal(status: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import ocsp

    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)


async def _signed(ctx: Context, authority: Authority, asked: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import ocsp

    own = reading.load(authority.certificate)
    now = datetime.fromtimestamp(int(ctx.now()), UTC)
    status, revoked, reason = await _status(ctx, authority, asked.serial_number)
    builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
        asked.issuer_name_hash,
        asked.issuer_key_hash,
        asked.serial_number,
        asked.hash_algorithm,
        status,
        now,
        now + _VALID,
        revoked,
        reason,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, own)
    for extension in asked.extensions:  # the nonce
        builder = builder.add_extension(extension.value, critical=extension.critical)
    key = await private_key(ctx, authority)
    return keys.sign(builder, key).public_bytes(Encoding.DER)


async def _status(ctx: Context, authority: Authority, serial: int) -> tuple[Any, datetime | None, Any]:
    """(status, when it was revoked, why) of the certificate with that serial number."""
    from cryptography import x509
    from cryptography.x509 import ocsp

    found = await issued.get(ctx, authority.id, f"{serial:x}")
    if found is None:
        return ocsp.OCSPCertStatus.UNKNOWN, None, None
    if found.revoked is None:
        return ocsp.OCSPCertStatus.GOOD, None, None
    reason = REASONS[found.reason]
    flag = None if reason == "unspecified" else x509.ReasonFlags(reason)
    return ocsp.OCSPCertStatus.REVOKED, datetime.fromtimestamp(int(found.revoked), UTC), flag
