"""Methods of APIs as targets of other services: asked in this process, as the context's principal.

    answer = await calling.ask(ctx, "arn:aws:execute-api:us-east-1:000000000000:abc/prod/GET/pets/*", Message(text, ["7"]))

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-gateway-target.html
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote, urlencode

from fogbank.apis.addresses import PREFIX, Place, addresses
from fogbank.apis.visits import Visit
from fogbank.http import FileBody, Payload, Request, Response
from fogbank.kernel import AWSError, Context
from fogbank.kernel.api_destinations import Message
from fogbank.kernel.outbound import Answer

PATTERN = r"execute-api:[^/]+/[^/]+/[^/]+(/.*)?"
"""Of an ARN's `service:resource`."""

_ANY = "*"


async def ask(ctx: Context, arn: str, message: Message) -> Answer:
    """Send a request to the method of that ARN, `execute-api:...:api/stage/METHOD/path`; in no transaction.

    Raises AWSError when there is no such API; what the API says is an answer.
    """
    api, stage, method, *path = arn.split(":", 5)[5].split("/", 3)
    address = await ctx.transact(addresses.get, ctx, api)
    if address is None:
        raise AWSError("NotFoundException", f"Invalid API identifier specified {ctx.account}:{api}", 404)
    place = Place(api, stage, _filled(f"/{''.join(path)}", message.path))
    request = _request("POST" if method == _ANY else method, place, message)
    scope = ctx.at(account=address.account, region=address.region)
    scope.request = request
    kind = scope.service = ctx.app.services["apigateway" if address.kind == "REST" else "apigatewayv2"]
    visit = Visit(request, await request.payload.read(), ctx.ids.uuid(), ctx.now())
    visit.api, visit.account, visit.region = api, address.account, address.region
    response: Response = await kind.provided["execute"](scope, visit, place, True)
    return Answer(response.status, {name.lower(): value for name, value in response.headers}, await _bytes(response))


def _filled(path: str, values: list[str]) -> str:
    """The path with its asterisks replaced, one after another."""
    for value in values:
        path = path.replace(_ANY, quote(value, safe=""), 1)
    return path


def _request(method: str, place: Place, message: Message) -> Request:
    headers = {"content-type": "application/json", "user-agent": "Amazon/EventBridge"}
    headers |= {name.lower(): value for name, value in message.headers.items()}
    path = f"{PREFIX}{place.api}/{place.stage}{place.path}"
    return Request(method, path, urlencode(message.query), headers, Payload(message.text.encode()))


async def _bytes(response: Response) -> bytes:
    body: Any = response.body
    if isinstance(body, FileBody):
        try:
            return os.pread(body.fd, body.length, body.offset)
        finally:
            body.close()
    return body if isinstance(body, bytes) else b"".join([chunk async for chunk in body])
