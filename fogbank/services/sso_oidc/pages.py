"""The doors for browsers: confirming a device (RFC 8628), and the authorization endpoint of the code grant (RFC 6749, 4.1).

Whoever can reach the server may sign in as any user of the identity store: there are no passwords in AWS's API that could be asked for.
"""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qsl, urlencode

from fogbank.http import Request, Response
from fogbank.identity.workforce import Person, Portal, assignments, workforce
from fogbank.kernel import Context
from fogbank.services.sso_oidc import codes, devices, html
from fogbank.services.sso_oidc.clients import CODE_GRANT, Client, clients
from fogbank.services.sso_oidc.devices import DEVICE_PAGE
from fogbank.services.sso_oidc.service import service

Fields = dict[str, str]

# Where a browser is sent to for a code. AWS has it at /authorize, which on one port would be a bucket's.
AUTHORIZE_PAGE = "/_aws/sso-oidc/authorize"

_TITLE = "Authorize a device"
_LOST = "This code is not known, or it has been used or has expired. Start again on your device."


def _fields(text: str | bytes) -> Fields:
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return dict(parse_qsl(plain))


async def _people(ctx: Context, portal: Portal) -> list[Person]:
    return await workforce(ctx).people(ctx.at(account=portal.account, region=portal.region), portal.store)


# -- devices


@service.edge(lambda request: request.path == DEVICE_PAGE)
async def device_page(ctx: Context, request: Request) -> Response:
    """GET shows who is to be asked, POST takes the answer."""
    if request.method == "POST":
        return await ctx.transact(_answer_device, ctx, _fields(await request.payload.read()))
    return await ctx.transact(_ask_device, ctx, _fields(request.query))


async def _ask_device(ctx: Context, fields: Fields) -> Response:
    if "user_code" not in fields:
        return html.ask_code(DEVICE_PAGE)
    code = fields["user_code"].strip().upper()
    device = await devices.waiting(ctx, code)
    portal = None if device is None else await assignments(ctx).portal_of(ctx, device.store)
    if device is None or portal is None:
        return html.message(_TITLE, _LOST, 404)
    client = await clients.get(ctx, device.client)
    name = "A program" if client is None else client.name
    intro = f"<p>{escape(name)} asks to sign in with the code <code>{escape(code)}</code>. Who are you?</p>"
    return html.choose_person(_TITLE, intro, await _people(ctx, portal), {"user_code": code})


async def _answer_device(ctx: Context, fields: Fields) -> Response:
    code = fields.get("user_code", "")
    device = await devices.waiting(ctx, code)
    portal = None if device is None else await assignments(ctx).portal_of(ctx, device.store)
    if device is None or portal is None:
        return html.message(_TITLE, _LOST, 404)
    if fields.get("answer") != "allow":
        await devices.settle(ctx, code, "denied")
        return html.message("Request denied", "You can close this window.")
    user = fields.get("user", "")
    if user not in {person.id for person in await _people(ctx, portal)}:
        return html.message(_TITLE, "There is no such user.", 400)
    await devices.settle(ctx, code, "approved", user)
    return html.message("Request approved", "You can close this window and go back to your device.")


# -- codes


@service.edge(lambda request: request.path == AUTHORIZE_PAGE)
async def authorize_page(ctx: Context, request: Request) -> Response:
    """GET shows who is to be asked, POST sends the browser back with a code. The query is the program's request, both times."""
    wanted = _fields(request.query)
    answer = _fields(await request.payload.read()) if request.method == "POST" else None
    return await ctx.transact(_authorize, ctx, wanted, answer)


async def _authorize(ctx: Context, wanted: Fields, answer: Fields | None) -> Response:
    client = await clients.get(ctx, wanted.get("client_id", ""))
    # who is not known to be the client's own address is never sent there
    if client is None or not _is_its_own(client, wanted.get("redirect_uri", "")):
        return html.message("Sign in", "The client or its redirect URI is not known.", 400)
    refusal = _refusal(client, wanted)
    portal = await assignments(ctx).portal(ctx, client.issuer)
    if refusal is not None or portal is None:
        return _back(wanted, error=refusal or "invalid_request")
    people = await _people(ctx, portal)
    if answer is None:
        intro = f"<p>{escape(client.name)} asks to sign in. Who are you?</p>"
        return html.choose_person("Sign in", intro, people, {})
    if answer.get("answer") != "allow" or answer.get("user") not in {person.id for person in people}:
        return _back(wanted, error="access_denied")
    about = (client.id, portal.store, answer["user"], wanted["redirect_uri"], wanted["code_challenge"])
    return _back(wanted, code=codes.issue(ctx, *about))


def _is_its_own(client: Client, uri: str) -> bool:
    """Is it a redirect URI of the client? The port of a program on this machine may be another each time (RFC 8252, 7.3)."""
    return any(uri == known or _without_port(uri) == known for known in client.redirects)


def _without_port(uri: str) -> str:
    scheme, _, rest = uri.partition("://")
    host, slash, path = rest.partition("/")
    name, _, port = host.partition(":")
    return f"{scheme}://{name}{slash}{path}" if name in ("127.0.0.1", "localhost") and port.isdigit() else ""


def _refusal(client: Client, wanted: Fields) -> str | None:
    if CODE_GRANT not in client.grants:
        return "unauthorized_client"
    if wanted.get("response_type") != "code":
        return "unsupported_response_type"
    if wanted.get("code_challenge_method") != "S256" or not wanted.get("code_challenge"):
        return "invalid_request"
    return None


def _back(wanted: Fields, **result: str) -> Response:
    state = {"state": wanted["state"]} if "state" in wanted else {}
    separator = "&" if "?" in wanted["redirect_uri"] else "?"
    location = f"{wanted['redirect_uri']}{separator}{urlencode({**result, **state})}"
    return Response(302, [("location", location), ("cache-control", "no-store")])
