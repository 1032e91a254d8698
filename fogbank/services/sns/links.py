"""What nobody has to sign: the links in messages that confirm a subscription or end it, and the replies to texts.

GET /?Action=ConfirmSubscription&TopicArn=...&Token=...
GET /?Action=Unsubscribe&SubscriptionArn=...
POST /_aws/sns/replies  {"from": "+15551234567", "account": "...", "text": "STOP"}
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from fogbank import protocols
from fogbank.http import Request, Response
from fogbank.identity.principals import DEFAULT_ACCOUNT
from fogbank.kernel import AWSError, Context
from fogbank.services.sns import arns, endpoints, errors, sms
from fogbank.services.sns.service import service

_OPEN = re.compile(r"(?:^|&)Action=(?:ConfirmSubscription|Unsubscribe)(?:&|$)")
_REPLIES = "/_aws/sns/replies"


def _is_link(request: Request) -> bool:
    """An unsigned request for one of the two operations, by GET or by a form."""
    if request.path != "/" or "authorization" in request.headers or "X-Amz-Signature=" in request.query:
        return False
    return _OPEN.search(request.query) is not None or _OPEN.search(_form(request)) is not None


def _form(request: Request) -> str:
    return (request.payload.data or b"")[:4096].decode("latin-1")


@service.edge(_is_link)
async def follow(ctx: Context, request: Request) -> Response:
    """Do what the link says, as nobody in particular, in the region and account of its ARN."""
    model = protocols.load("sns")
    routed = protocols.route(model, request)
    codec = protocols.codec(routed.operation, routed.protocol)
    params = codec.parse(request, routed.uri)
    for violation in codec.violations(params):
        raise errors.missing(violation.member[:1].upper() + violation.member[1:])
    parameter = "TopicArn" if "TopicArn" in params else "SubscriptionArn"
    place = arns.read(params[parameter], parameter)
    scope = ctx.at(account=place.account, region=place.region)
    operation = service.operations[routed.operation.snake]
    answer = await scope.transact(operation.handler, scope, params)
    return codec.serialize(answer or {}, ctx.request_id)


@service.edge(lambda request: request.path == _REPLIES)
async def reply(ctx: Context, request: Request) -> Response:
    """A phone answers a text: STOP and its like opt it out of the account's messages."""
    try:
        told: dict[str, Any] = orjson.loads(await request.payload.read())
        number = endpoints.phone_number(str(told["from"]))
        account, text = str(told.get("account") or DEFAULT_ACCOUNT), str(told["text"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        number, account, text = None, "", ""
    if number is None:
        raise AWSError("InvalidParameter", 'Expected {"from": "+15551234567", "text": "STOP"}.', 400)
    scope = ctx.at(account=account, region=told.get("region") or ctx.region)
    opted_out = await scope.transact(sms.replied, scope, number, text)
    return Response(200, [("content-type", "application/json")], orjson.dumps({"optedOut": opted_out}))
