"""The ACME server of an endpoint: RFC 8555 for clients that are not AWS's.

Authorizations are given beforehand (PRE_APPROVED): an order for names that the endpoint's domain validations cover is ready at once. All
requests but those for the directory and for nonces are signed by the client; a new account by the MAC of its binding as well.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import orjson

from fogbank.http import Request, Response
from fogbank.kernel import Context
from fogbank.services.acm.acme import jws, nonces, problems
from fogbank.services.acm.acme.records import (
    SERVER_PATH,
    Account,
    Endpoint,
    account_keys,
    accounts,
    endpoints,
)
from fogbank.services.acm.service import service


class Call(NamedTuple):
    """A signed request: the endpoint and its base URL, what was signed, and who has signed (`account` None: an unknown key)."""

    endpoint: Endpoint
    base: str
    rest: list[str]
    signed: jws.Signed
    payload: Any
    jwk: dict[str, Any]
    account: Account | None


Handler = Callable[[Context, Call], Awaitable[Response]]
HANDLERS: dict[str, Handler] = {}


def handles(name: str) -> Callable[[Handler], Handler]:
    """Declare what answers requests below `/<name>`."""

    def declare(handler: Handler) -> Handler:
        HANDLERS[name] = handler
        return handler

    return declare


def answer(document: Any, status: int = 200, *headers: tuple[str, str]) -> Response:
    return Response(status, [("content-type", "application/json"), *headers], orjson.dumps(document))


@service.edge(lambda request: request.path.startswith(SERVER_PATH))
async def serve(ctx: Context, request: Request) -> Response:
    """Answer a client's request; every answer brings a new nonce and tells where the directory is."""
    region, account, endpoint_id, *rest = (*request.path.removeprefix(SERVER_PATH).split("/"), "", "")
    scope = ctx.at(account=account, region=region)
    base = f"{request.endpoint}{SERVER_PATH}{region}/{account}/{endpoint_id}"
    body = await request.payload.read()
    response = await scope.transact(_answer, scope, request, endpoint_id, base, [part for part in rest if part], body)
    response.headers.append(("link", f'<{base}/directory>;rel="index"'))
    response.headers.append(("cache-control", "no-store"))
    return response


async def _answer(
    ctx: Context, request: Request, endpoint_id: str, base: str, rest: list[str], body: bytes
) -> Response:
    endpoint = await endpoints.get(ctx, endpoint_id)
    if endpoint is None or endpoint.status != "ACTIVE" or not rest:
        return problems.not_found().response()
    if rest[0] == "directory":
        return answer(_directory(endpoint, base))
    try:
        if rest[0] == "new-nonce":
            response = Response(200 if request.method == "HEAD" else 204)
        else:
            response = await _signed_call(ctx, request, endpoint, base, rest, body)
    except problems.Problem as problem:
        response = problem.response()
    response.headers.append(("replay-nonce", await nonces.make(ctx, endpoint_id)))
    return response


def _directory(endpoint: Endpoint, base: str) -> dict[str, Any]:
    paths = {
        "newNonce": "new-nonce",
        "newAccount": "new-account",
        "newOrder": "new-order",
        "revokeCert": "revoke-cert",
        "keyChange": "key-change",
    }
    links: dict[str, Any] = {name: f"{base}/{path}" for name, path in paths.items()}
    return {**links, "meta": {"externalAccountRequired": True}}


async def _signed_call(
    ctx: Context, request: Request, endpoint: Endpoint, base: str, rest: list[str], body: bytes
) -> Response:
    handler = HANDLERS.get(rest[0])
    if handler is None or request.method != "POST":
        raise problems.not_found()
    try:
        signed = jws.parse(body)
        payload = orjson.loads(signed.payload) if signed.payload else None
    except ValueError as error:
        raise problems.malformed(str(error)) from error
    await _check_header(ctx, endpoint, signed, f"{request.endpoint}{request.path}")
    jwk, account = await _signer(ctx, endpoint, base, signed)
    return await handler(ctx, Call(endpoint, base, rest[1:], signed, payload, jwk, account))


async def _check_header(ctx: Context, endpoint: Endpoint, signed: jws.Signed, url: str) -> None:
    """Is it fresh, for this URL, and signed in a way that is accepted? RFC 8555, section 6."""
    if signed.header.get("alg") not in jws.ALGORITHMS:
        raise problems.bad_algorithm(", ".join(jws.ALGORITHMS))
    if not await nonces.take(ctx, endpoint.id, str(signed.header.get("nonce"))):
        raise problems.bad_nonce()
    if signed.header.get("url") != url:
        raise problems.unauthorized("The request is signed for another URL.")
    if ("jwk" in signed.header) == ("kid" in signed.header):
        raise problems.malformed("The protected header has either jwk or kid.")


async def _signer(
    ctx: Context, endpoint: Endpoint, base: str, signed: jws.Signed
) -> tuple[dict[str, Any], Account | None]:
    """The key that has signed, and the account that it belongs to."""
    account = await _named_account(ctx, endpoint, base, signed)
    jwk = signed.header.get("jwk") if account is None else orjson.loads(account.key)
    if not isinstance(jwk, dict):
        raise problems.malformed("The key is no object.")
    try:
        if not jws.is_signed_by(signed, jwk):
            raise problems.unauthorized("The signature is not valid.")
        print_ = jws.thumbprint(jwk)
    except ValueError as error:
        raise problems.malformed(str(error)) from error
    if account is None and (known := await account_keys.get(ctx, endpoint.id, print_)) is not None:
        account = await accounts.get(ctx, endpoint.id, known)
    return jwk, account


async def _named_account(ctx: Context, endpoint: Endpoint, base: str, signed: jws.Signed) -> Account | None:
    if "kid" not in signed.header:
        return None
    url = str(signed.header["kid"])
    account = await accounts.get(ctx, endpoint.id, url.removeprefix(f"{base}/account/"))
    if account is None:
        raise problems.no_account()
    if account.status != "VALID":
        raise problems.unauthorized(f"The account is {account.status.lower()}.")
    return account


def registered(call: Call) -> Account:
    """The account of a call that needs one."""
    if call.account is None or call.account.status != "VALID":
        raise problems.no_account()
    return call.account
