"""What nobody has to sign: the links in mails, and mail that comes in from outside.

GET /_aws/ses/verify?account=...&region=...&identity=...&token=...
GET /_aws/ses/track?account=...&region=...&id=...&to=...      the image of an open; with &link=... a click
POST /_aws/ses/inbound?account=...&region=...&to=...&from=...   the mail, as MIME
"""

from __future__ import annotations

import base64
from urllib.parse import parse_qs

from fogbank.http import Request, Response
from fogbank.kernel import AWSError, Context
from fogbank.mail import identities, receiving, sending, tracking
from fogbank.services.ses.service import service

_INBOUND = "/_aws/ses/inbound"
_PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_THANKS = """<!DOCTYPE html>
<title>Amazon SES</title>
<h1>Congratulations!</h1>
<p>You have successfully verified an email address. You can now start sending email from this address.</p>
"""


def _asked(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.query).items()}


@service.edge(lambda request: request.path == identities.LINK_PATH)
async def verify(ctx: Context, request: Request) -> Response:
    """Confirm the address of a link, as nobody in particular; then go to where the mail's template says."""
    asked = _asked(request)
    scope = ctx.at(account=asked.get("account") or ctx.account, region=asked.get("region") or ctx.region)
    found = await scope.transact(identities.confirm, scope, asked.get("identity", ""), asked.get("token", ""))
    if found is None:
        raise AWSError("InvalidParameter", "The verification link is not valid, or has expired.", 400)
    if found.success_url:
        return Response(302, [("location", found.success_url)], b"")
    return Response(200, [("content-type", "text/html; charset=utf-8")], _THANKS.encode())


@service.edge(lambda request: request.path == tracking.PATH)
async def track(ctx: Context, request: Request) -> Response:
    """A mail was opened, or a link in it was followed."""
    asked = _asked(request)
    scope = ctx.at(account=asked.get("account") or ctx.account, region=asked.get("region") or ctx.region)
    agent = request.headers.get("user-agent", "")
    link = await scope.transact(tracking.happened, scope, request.query, request.remote, agent)
    if link is None:
        raise AWSError("InvalidParameter", "There is no such mail.", 400)
    if link:
        return Response(302, [("location", link)], b"")
    return Response(200, [("content-type", "image/gif"), ("cache-control", "no-store")], _PIXEL)


@service.edge(lambda request: request.path == _INBOUND)
async def inbound(ctx: Context, request: Request) -> Response:
    """A mail from outside for somebody here: the receipt rules look at it."""
    asked = _asked(request)
    if not asked.get("to") or not asked.get("from"):
        raise AWSError("InvalidParameter", "Expected ?to=...&from=... and a mail.", 400)
    scope = ctx.at(account=asked.get("account") or ctx.account, region=asked.get("region") or ctx.region)
    data = await request.payload.read()
    message_id = sending.new_id(scope)
    await scope.transact(receiving.receive_soon, scope, asked["to"], asked["from"], message_id, data)
    return Response(202, [("content-type", "text/plain")], message_id.encode())
