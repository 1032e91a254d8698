"""What clients order: certificates for names that the endpoint may issue for. RFC 8555, sections 7.4 to 7.6."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from fogbank.certificates import authority, keys, reading
from fogbank.http import Response
from fogbank.kernel import Context
from fogbank.services.acm import limits, lives
from fogbank.services.acm.acme import jws, problems
from fogbank.services.acm.acme.domain_validations import covers
from fogbank.services.acm.acme.records import Order, domain_validations, endpoint_arn, orders
from fogbank.services.acm.acme.server import Call, answer, handles, registered
from fogbank.services.acm.certificate import PENDING, PUBLIC, REVOKED, Certificate, certificates, save

_ORDER_SECONDS = 7 * 86_400
_REASONS = {
    0: "UNSPECIFIED",
    1: "KEY_COMPROMISE",
    3: "AFFILIATION_CHANGED",
    4: "SUPERSEDED",
    5: "CESSATION_OF_OPERATION",
    9: "PRIVILEGE_WITHDRAWN",
}


# -- orders


@handles("new-order")
async def new_order(ctx: Context, call: Call) -> Response:
    """Order a certificate. The names are authorised beforehand, so that the order is ready."""
    own = registered(call)
    names = _names(call.payload)
    allowed = await domain_validations.scan(ctx, call.endpoint.id)
    for name in names:
        if not any(covers(validation, name) for validation in allowed):
            raise problems.rejected(name)
    order_id = ctx.ids.uuid()
    order = Order(own.id, names, ctx.now() + _ORDER_SECONDS)
    orders.put(ctx, order, call.endpoint.id, order_id)
    return _shown(call, order_id, order, 201)


def _names(payload: Any) -> list[str]:
    try:
        identifiers = payload["identifiers"]
        if any(one["type"] != "dns" for one in identifiers):
            raise problems.Problem("unsupportedIdentifier", "Identifiers are of the type dns.")
        names = list(dict.fromkeys(str(one["value"]).lower() for one in identifiers))
    except (KeyError, TypeError) as error:
        raise problems.malformed("The order has no identifiers.") from error
    if not 1 <= len(names) <= limits.DOMAIN_NAMES:
        raise problems.malformed(f"An order has 1 to {limits.DOMAIN_NAMES} identifiers.")
    return names


def _shown(call: Call, order_id: str, order: Order, status: int = 200) -> Response:
    url = f"{call.base}/order/{order_id}"
    document = {
        "status": "valid" if order.certificate else "ready",
        "expires": _time(order.expires),
        "identifiers": [{"type": "dns", "value": name} for name in order.names],
        "authorizations": [f"{call.base}/authz/{order_id}/{index}" for index in range(len(order.names))],
        "finalize": f"{call.base}/finalize/{order_id}",
    }
    if order.certificate:
        document["certificate"] = f"{call.base}/cert/{order.certificate}"
    return answer(document, status, ("location", url))


def _time(moment: float) -> str:
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _order(ctx: Context, call: Call) -> tuple[str, Order]:
    own = registered(call)
    order_id = call.rest[0] if call.rest else ""
    order = await orders.get(ctx, call.endpoint.id, order_id)
    if order is None or order.account != own.id:
        raise problems.not_found()
    return order_id, order


@handles("order")
async def look_at_order(ctx: Context, call: Call) -> Response:
    return _shown(call, *await _order(ctx, call))


@handles("orders")
async def list_orders(ctx: Context, call: Call) -> Response:
    """The URLs of the account's orders."""
    own = registered(call)
    rows = await orders.items(ctx, (str,), call.endpoint.id)
    mine = [str(key) for (key,), order in rows if order.account == own.id]
    return answer({"orders": [f"{call.base}/order/{order_id}" for order_id in mine]})


@handles("authz")
async def look_at_authorization(ctx: Context, call: Call) -> Response:
    """An authorization, which has been given beforehand."""
    _, order = await _order(ctx, call)
    index = call.rest[1] if len(call.rest) > 1 else ""
    if not index.isdecimal() or int(index) >= len(order.names):
        raise problems.not_found()
    name = order.names[int(index)]
    identifier = {"type": "dns", "value": name.removeprefix("*.")}
    wildcard = {"wildcard": True} if name.startswith("*.") else {}
    document = {"status": "valid", "expires": _time(order.expires), "identifier": identifier, "challenges": []}
    return answer({**document, **wildcard})


# -- certificates


@handles("finalize")
async def finalize(ctx: Context, call: Call) -> Response:
    """Issue the certificate of an order for the key of a CSR."""
    order_id, order = await _order(ctx, call)
    if order.certificate or ctx.now() > order.expires:
        raise problems.not_ready()
    csr = _csr(call, order)
    certificate = await _issue(ctx, call, order, csr)
    order = msgspec.structs.replace(order, certificate=certificate.id)
    orders.put(ctx, order, call.endpoint.id, order_id)
    return _shown(call, order_id, order)


def _csr(call: Call, order: Order) -> Any:
    from cryptography import x509

    from fogbank.certificates.names import common_name

    try:
        csr = x509.load_der_x509_csr(jws.decode(call.payload["csr"]))
    except (KeyError, TypeError, ValueError):
        raise problems.bad_csr("There is no CSR in DER.") from None
    if not csr.is_signature_valid:
        raise problems.bad_csr("The signature of the CSR is not valid.")
    named = {name.lower() for name in [*reading.dns_names(csr), common_name(csr.subject)] if name}
    if named != set(order.names):
        raise problems.bad_csr("The names of the CSR are not those of the order.")
    if keys.algorithm_of(csr.public_key()) not in call.endpoint.algorithms:
        raise problems.bad_csr(f"The key must be one of {', '.join(call.endpoint.algorithms)}.")
    return csr


async def _issue(ctx: Context, call: Call, order: Order, csr: Any) -> Certificate:
    today = datetime.fromtimestamp(ctx.now(), UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    until = today + timedelta(days=limits.VALID_DAYS) - timedelta(seconds=1)
    text, chain = await authority.issue(ctx, csr.public_key(), order.names[0], order.names, today, until)
    certificate = Certificate(
        ctx.ids.uuid(),
        PUBLIC,
        PENDING,
        order.names[0],
        order.names,
        ctx.now(),
        keys.algorithm_of(csr.public_key()),
        tags=call.endpoint.certificate_tags,
        acme_endpoint=endpoint_arn(ctx, call.endpoint.id),
        acme_account=order.account,
    )
    return await lives.begin(ctx, certificate, certificate=text, chain=chain)


@handles("cert")
async def download(ctx: Context, call: Call) -> Response:
    """The certificate and its chain in PEM."""
    own = registered(call)
    certificate = await certificates.get(ctx, call.rest[0] if call.rest else "")
    if certificate is None or certificate.acme_account != own.id:
        raise problems.not_found()
    body = (certificate.certificate + certificate.chain).encode()
    return Response(200, [("content-type", "application/pem-certificate-chain")], body)


@handles("revoke-cert")
async def revoke(ctx: Context, call: Call) -> Response:
    """Revoke a certificate, by the account that ordered it or by its own key. RFC 8555, section 7.6."""
    found, certificate = await _named(ctx, call)
    by_its_key = call.account is None and jws.thumbprint(call.jwk) == _thumbprint(found)
    if not by_its_key and (call.account is None or certificate.acme_account != call.account.id):
        raise problems.unauthorized("The certificate is not of this account.")
    if certificate.status == REVOKED:
        raise problems.already_revoked()
    code = call.payload.get("reason", 0)
    reason = _REASONS.get(code) if isinstance(code, int) else None
    if reason is None:
        raise problems.Problem("badRevocationReason", "The reason is not one that is accepted.")
    await lives.end(ctx, certificate)
    save(ctx, certificate, status=REVOKED, revoked=ctx.now(), reason=reason)
    return Response(200)


async def _named(ctx: Context, call: Call) -> tuple[Any, Certificate]:
    """The certificate that a revocation is about, as X.509 and as ACM has it."""
    from cryptography import x509

    try:
        found = x509.load_der_x509_certificate(jws.decode(call.payload["certificate"]))
    except (KeyError, TypeError, ValueError):
        raise problems.malformed("There is no certificate in DER.") from None
    text = reading.pem(found)
    for certificate in await certificates.scan(ctx):
        if certificate.acme_endpoint == endpoint_arn(ctx, call.endpoint.id) and certificate.certificate == text:
            return found, certificate
    raise problems.not_found()


def _thumbprint(certificate: Any) -> str:
    """Of the certificate's key; empty for keys that ACME does not sign with."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return jws.thumbprint({"kty": "RSA", "e": _encoded(numbers.e), "n": _encoded(numbers.n)})
    if isinstance(key, ec.EllipticCurvePublicKey):
        point, size = key.public_numbers(), (key.key_size + 7) // 8
        curve = {"secp256r1": "P-256", "secp384r1": "P-384"}.get(key.curve.name, "")
        x, y = (jws.encode(number.to_bytes(size, "big")) for number in (point.x, point.y))
        return jws.thumbprint({"kty": "EC", "crv": curve, "x": x, "y": y})
    return ""


def _encoded(number: int) -> str:
    return jws.encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))
