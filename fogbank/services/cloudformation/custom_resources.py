"""Custom resources: a function (or whoever listens to a topic) makes what no type of AWS makes, and tells the result to a URL.

    custom  (uuid of the stack, logical id, id)  Custom: what was asked for last, and what was answered
    replies (token)                              Reply: whom an answer is for

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html
"""

from __future__ import annotations

import hmac
import re
from typing import Any

import msgspec
import orjson

from fogbank.http import Request, Response
from fogbank.kernel import AWSError, Context, Record
from fogbank.kernel.resource_types import Properties, ResourceType
from fogbank.services.cloudformation import provisioning
from fogbank.services.cloudformation.own_types import PLACE, Place
from fogbank.services.cloudformation.service import service
from fogbank.services.cloudformation.templates import parameters
from fogbank.services.cloudformation.types import CUSTOM

change = msgspec.structs.replace

_PATH = re.compile(r"/_aws/cloudformation/response/([0-9a-f]{64})")
_TIMEOUT = 3600
_RESPONSE_BYTES = 4096
_NOT_SENT = frozenset({"ServiceTimeout"})


class Custom(Record, frozen=True):
    """`sent` and `before` are properties (JSON): those that were asked for, and those before an update. `data` (JSON) was answered."""

    stack: str
    logical: str
    type: str
    sent: str
    physical: str = ""
    request: str = ""
    asked: str = "Create"
    token: str = ""
    until: float = 0.0
    state: str = "WAITING"
    reason: str = ""
    data: str = "{}"
    before: str = ""


class Reply(Record, frozen=True):
    account: str
    region: str
    identifier: str


custom = service.collection("custom", Custom)
replies = service.collection("replies", Reply, scope="global")


class _Missing(AWSError):
    def __init__(self, identifier: str) -> None:
        super().__init__("ResourceNotFoundException", f"Custom resource {identifier} does not exist")


@service.resource_type
class CustomResourceType(ResourceType):
    """`AWS::CloudFormation::CustomResource`, and `Custom::` with whatever name."""

    name = CUSTOM
    identifier = ("Id",)
    required = frozenset({"ServiceToken"})
    create_only = frozenset({"ServiceToken"})
    missing = frozenset({"ResourceNotFoundException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        place: Place = properties[PLACE]
        identifier = f"{place.stack.uuid}/{place.logical}/{ctx.ids.hex(12)}"
        sent = {name: value for name, value in properties.items() if name != PLACE}
        made = Custom(place.stack.id, place.logical, place.type, orjson.dumps(sent).decode())
        await _ask(ctx, identifier, made, "Create")
        return identifier

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await _get(ctx, identifier)
        return {"Id": identifier, **orjson.loads(found.data)}

    def ref(self, identifier: str, properties: Properties) -> str:
        return str(properties.get(_PHYSICAL, identifier))

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        found = await _get(ctx, identifier)
        sent = {name: value for name, value in after.items() if name != PLACE}
        asked = change(found, sent=orjson.dumps(sent).decode(), before=found.sent)
        await _ask(ctx, identifier, asked, "Update")

    async def delete(self, ctx: Context, identifier: str) -> None:
        found = await _get(ctx, identifier)
        if not found.physical:
            custom.delete(ctx, *_key(identifier))  # nothing was ever made
            return
        await _ask(ctx, identifier, found, "Delete")

    async def is_gone(self, ctx: Context, identifier: str) -> bool:
        if await custom.get(ctx, *_key(identifier)) is None:
            return True
        if not await self.is_ready(ctx, identifier):
            return False
        custom.delete(ctx, *_key(identifier))
        return True

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        """Raises what the function answered when it failed, or that it did not answer."""
        found = await _get(ctx, identifier)
        if found.state == "SUCCESS":
            return True
        if found.state == "FAILED":
            raise AWSError(
                "GeneralServiceException",
                f"Received response status [FAILED] from custom resource. Message returned: {found.reason}",
            )
        if ctx.now() >= found.until:
            told = (
                "CloudFormation did not receive a response from your Custom Resource. "
                f"Please check your logs for requestId [{found.request}]. If you are using the Python cfn-response module, you "
                "may need to update your Lambda function code so that CloudFormation can attach the updated version."
            )
            raise AWSError("NotStabilized", told)
        return False


_PHYSICAL = "::physical"


def _key(identifier: str) -> tuple[str, str, str]:
    stack, logical, random = identifier.split("/")
    return stack, logical, random


async def _get(ctx: Context, identifier: str) -> Custom:
    found = await custom.get(ctx, *_key(identifier))
    if found is None:
        raise _Missing(identifier)
    return found


# -- asking


async def _ask(ctx: Context, identifier: str, asked: Custom, kind: str) -> None:
    """Send the request that leads to what is asked for, and wait for its answer from now on."""
    sent = orjson.loads(asked.sent)
    token = ctx.ids.hex(64)
    seconds = int(sent.get("ServiceTimeout") or _TIMEOUT)
    waiting = change(
        asked,
        request=ctx.ids.uuid(),
        asked=kind,
        token=token,
        until=ctx.now() + seconds,
        state="WAITING",
        reason="",
    )
    custom.put(ctx, waiting, *_key(identifier))
    replies.put(ctx, Reply(ctx.account, ctx.region, identifier), token)
    await _send(ctx, waiting, sent)


async def _send(ctx: Context, asked: Custom, sent: Properties) -> None:
    message: dict[str, Any] = {
        "RequestType": asked.asked,
        "ServiceToken": sent["ServiceToken"],
        "ResponseURL": f"{ctx.endpoint}/_aws/cloudformation/response/{asked.token}",
        "StackId": asked.stack,
        "RequestId": asked.request,
        "LogicalResourceId": asked.logical,
        "ResourceType": asked.type,
        "ResourceProperties": _texts(sent),
    }
    if asked.asked != "Create":
        message["PhysicalResourceId"] = asked.physical
    if asked.asked == "Update":
        message["OldResourceProperties"] = _texts(orjson.loads(asked.before))
    text = orjson.dumps(message)
    token = sent["ServiceToken"]
    if ":sns:" in token:
        request = {"TopicArn": token, "Message": text.decode(), "Subject": "AWS CloudFormation custom resource request"}
        await ctx.at(region=token.split(":")[3]).call("sns", "Publish", request, as_caller=True)
    else:
        request = {"FunctionName": token, "InvocationType": "Event", "Payload": text}
        await ctx.call("lambda", "Invoke", request, as_caller=True)


def _texts(value: Any) -> Any:
    """Numbers and truth values are sent as texts, as they always were."""
    if isinstance(value, dict):
        return {key: _texts(each) for key, each in value.items() if key not in _NOT_SENT}
    if isinstance(value, list):
        return [_texts(each) for each in value]
    return parameters.text_of(value)


# -- being answered


@service.edge(lambda request: _PATH.fullmatch(request.path) is not None)
async def answered(ctx: Context, request: Request) -> Response:
    """`PUT` of the response document, by whoever has the URL."""
    match = _PATH.fullmatch(request.path)
    assert match is not None
    if request.method != "PUT":
        return Response(405)
    body = await request.payload.read()
    try:
        document = orjson.loads(body)
        status = document["Status"] if isinstance(document, dict) and len(body) <= _RESPONSE_BYTES else "FAILED"
    except (orjson.JSONDecodeError, KeyError):
        document, status = {}, "FAILED"
    if not isinstance(document, dict):
        document = {}
    taken = await ctx.transact(_take, ctx, match[1], document, status, len(body))
    return Response(200 if taken else 403)


async def _take(ctx: Context, token: str, document: dict[str, Any], status: str, size: int) -> bool:
    reply = await replies.get(ctx, token)
    if reply is None:
        return False
    scope = ctx.at(account=reply.account, region=reply.region)
    found = await custom.get(scope, *_key(reply.identifier))
    if found is None or not hmac.compare_digest(found.token, token) or found.state != "WAITING":
        return False
    replies.delete(ctx, token)
    custom.put(scope, _with_answer(found, document, status, size), *_key(reply.identifier))
    stack, logical, _ = _key(reply.identifier)
    await provisioning.poke(scope, stack, logical)
    return True


def _with_answer(found: Custom, document: dict[str, Any], status: str, size: int) -> Custom:
    physical = document.get("PhysicalResourceId") or found.physical
    reason = str(document.get("Reason") or "")
    if size > _RESPONSE_BYTES:
        status, reason = "FAILED", "Response object is too long."
    elif status not in ("SUCCESS", "FAILED"):
        status, reason = "FAILED", "Invalid response status"
    elif status == "SUCCESS" and not physical:
        status, reason = "FAILED", "Invalid PhysicalResourceId"
    data = {**(document.get("Data") or {}), _PHYSICAL: physical}
    return change(
        found,
        state=status,
        reason=reason,
        physical=str(physical),
        data=orjson.dumps(data).decode() if found.asked != "Delete" else found.data,
    )
