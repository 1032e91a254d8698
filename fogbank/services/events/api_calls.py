"""`AWS API Call via CloudTrail`: what is called in an account, as events of its default bus.

EventBridge offers this as "api_calls" to whoever sees all calls. A call that only reads is for rules in the state
ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import re
from typing import Any

from fogbank import protocols
from fogbank.kernel import AWSError, Context
from fogbank.protocols.model import Shape
from fogbank.services.events import envelopes
from fogbank.services.events.inputs import timestamp
from fogbank.services.events.names import DEFAULT
from fogbank.services.events.putting import ingest
from fogbank.services.events.rule import book_of
from fogbank.services.events.service import service

Document = dict[str, Any]

DETAIL_TYPE = "AWS API Call via CloudTrail"
_READING = re.compile(r"(Get|Describe|List|Head|Lookup|Search|BatchGet|Query|Scan|Select|Check|Validate|Test|Preview)")
_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


class ApiCalls:
    """Contexts are those of the calls."""

    async def wanted(self, ctx: Context) -> bool:
        """Might any rule match a call of the context's service? Costs two look-ups in memory."""
        if ctx.tx is None:
            return await ctx.transact(self.wanted, ctx)
        book = await book_of(ctx, DEFAULT)
        return book is not None and book.may_match(_source(ctx))

    async def record(
        self, ctx: Context, event_name: str, request: Document, response: Document | None, error: AWSError | None
    ) -> None:
        """Put the event of a call: `event_name` is the operation's, and of answer and error there is one, or neither."""
        reads = _READING.match(event_name) is not None
        entry = {"Source": _source(ctx), "DetailType": DETAIL_TYPE}
        detail = _detail(ctx, event_name, request, response, error, reads)
        putting = ctx.at(service=service)
        event = envelopes.made(putting, entry, detail, reads=reads)
        await putting.transact(ingest, putting, DEFAULT, event)


service.provide("api_calls", ApiCalls())


def _source(ctx: Context) -> str:
    return f"aws.{protocols.load(ctx.service.name).signing_name}"


def _detail(
    ctx: Context, name: str, request: Document, response: Document | None, error: AWSError | None, reads: bool
) -> Document:
    """CloudTrail's record of the call."""
    model = protocols.load(ctx.service.name)
    operation = model.operations[name]
    http = ctx.request
    record: Document = {
        "eventVersion": "1.11",
        "userIdentity": _identity(ctx),
        "eventTime": timestamp(ctx.now()),
        "eventSource": f"{model.signing_name}.amazonaws.com",
        "eventName": name,
        "awsRegion": ctx.region,
        "sourceIPAddress": ctx.principal.arn if http is None else http.remote,
        "userAgent": ctx.principal.arn if http is None else http.headers.get("user-agent", ""),
    }
    if error is not None:
        record |= {"errorCode": error.code, "errorMessage": error.message}
    return record | {
        "requestParameters": _shown(operation.input_shape, request) or None,
        "responseElements": None if reads or error is not None else _shown(operation.output_shape, response) or None,
        "requestID": ctx.request_id,
        "eventID": ctx.ids.uuid(),
        "readOnly": reads,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ctx.account,
        "eventCategory": "Management",
    }


def _identity(ctx: Context) -> Document:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html"""
    principal = ctx.principal
    if principal.kind == "service":
        return {"type": "AWSService", "invokedBy": principal.arn}
    if principal.kind == "anonymous":
        return {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}
    types = {"root": "Root", "user": "IAMUser", "role": "AssumedRole", "federated": "FederatedUser"}
    identity: Document = {
        "type": types.get(principal.kind, "WebIdentityUser"),
        "principalId": principal.user_id,
        "arn": principal.arn,
        "accountId": principal.account,
        "accessKeyId": principal.access_key or None,
        "userName": principal.name or None,
    }
    if principal.session is not None:
        identity["sessionContext"] = _session(ctx)
    return {name: value for name, value in identity.items() if value is not None}


def _session(ctx: Context) -> Document:
    principal, session = ctx.principal, ctx.principal.session
    assert session is not None
    attributes = {"creationDate": timestamp(session.issued), "mfaAuthenticated": str(session.mfa is not None).lower()}
    if not principal.issuer:
        return {"attributes": attributes}
    issuer = {
        "type": "Role" if principal.kind == "role" else "IAMUser",
        "principalId": principal.unique_id,
        "arn": principal.issuer,
        "accountId": principal.account,
        "userName": principal.issuer.rpartition("/")[2],
    }
    return {"sessionIssuer": issuer, "attributes": attributes}


def _shown(shape: Shape | None, value: Any) -> Any:
    """A value as CloudTrail shows it: names in camel case, secrets hidden, bytes left out."""
    if shape is None or value is None or isinstance(value, bytes):
        return None
    if shape.get("sensitive"):
        return _HIDDEN
    if shape.type == "structure" and isinstance(value, dict):
        shown = {name: _shown(shape.members[name], each) for name, each in value.items() if name in shape.members}
        return {name[:1].lower() + name[1:]: each for name, each in shown.items() if each is not None}
    if shape.type == "list" and isinstance(value, list | tuple):
        return [_shown(shape.member, each) for each in value]
    if shape.type == "map" and isinstance(value, dict):
        return {name: _shown(shape.value, each) for name, each in value.items()}
    if shape.type == "timestamp" and isinstance(value, int | float):
        return timestamp(value)
    return value if isinstance(value, str | int | float | bool | dict | list) else None
