"""CloudTrail's records of the calls that are made: what CloudTrail keeps and EventBridge passes on.

    record = call_records.of_call(ctx, "CreateQueue", request, answer, None)
    call_records.recorder_of(app).add(ctx, record)

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Iterable
from time import perf_counter
from typing import TYPE_CHECKING, Any

from fogbank import protocols
from fogbank.kernel.collection import Collection
from fogbank.kernel.collection import Record as Stored
from fogbank.kernel.gathering import Gathering
from fogbank.protocols.timestamps import iso8601

if TYPE_CHECKING:
    from fogbank.app import App
    from fogbank.kernel.context import Context
    from fogbank.kernel.errors import AWSError
    from fogbank.kernel.service import Operation
    from fogbank.protocols.model import Shape

log = logging.getLogger("fogbank.trail")

Record = dict[str, Any]

_READING = re.compile(r"(Get|Describe|List|Head|Lookup|Search|BatchGet|Query|Scan|Select|Check|Validate|Test|Preview)")
# What CloudTrail says of calls whose names do not say that they only read.
_ALSO_READING = {
    "kms": frozenset(
        {"Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncrypt", "Sign", "Verify"}
    ),
    "sts": frozenset({"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "DecodeAuthorizationMessage"}),
}
# Services without Regions: their calls are events of one.
_GLOBAL = frozenset({"account", "cloudfront", "iam", "organizations", "route53"})
_HOME = "us-east-1"
_LOOK_SECONDS = 1.0
_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
_DATA_TYPES = {
    "dynamodb": "AWS::DynamoDB::Table",
    "dynamodbstreams": "AWS::DynamoDB::Stream",
    "kinesis": "AWS::Kinesis::Stream",
    "lambda": "AWS::Lambda::Function",
    "s3": "AWS::S3::Object",
    "s3vectors": "AWS::S3Vectors::Index",
    "sns": "AWS::SNS::Topic",
    "sqs": "AWS::SQS::Queue",
}
_TYPES = {"root": "Root", "user": "IAMUser", "role": "AssumedRole", "federated": "FederatedUser"}


def of_call(
    ctx: Context,
    name: str,
    request: dict[str, Any],
    answer: dict[str, Any] | None,
    error: AWSError | None,
    invoked_by: str = "",
) -> Record:
    """The record of a call of the context's service. Of `answer` and `error` there is one, or neither.

    `invoked_by` is the host name of the service that made the call for somebody (`cloudformation.amazonaws.com`).
    """
    model = protocols.load(ctx.service.name)
    operation = model.operations[name]
    reads = does_read(ctx.service.name, name)
    http = ctx.request
    inner = invoked_by or ctx.principal.arn
    record: Record = {
        "eventVersion": "1.11",
        "userIdentity": _identity(ctx) | ({"invokedBy": invoked_by} if invoked_by else {}),
        "eventTime": iso8601(int(ctx.now())),
        "eventSource": f"{model.signing_name}.amazonaws.com",
        "eventName": name,
        "awsRegion": _HOME if ctx.service.name in _GLOBAL else ctx.region,
        "sourceIPAddress": inner if http is None else http.remote,
        "userAgent": inner if http is None else http.headers.get("user-agent", ""),
    }
    if error is not None:
        record |= {"errorCode": error.code, "errorMessage": error.message}
    return record | {
        "requestParameters": _parameters(ctx, operation.input_shape, request),
        "responseElements": None if reads or error is not None else _shown(operation.output_shape, answer) or None,
        "requestID": ctx.request_id,
        "eventID": ctx.ids.uuid(),
        "readOnly": reads,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ctx.account,
        "eventCategory": "Management",
    }


async def of_data_call(
    ctx: Context,
    operation: Operation,
    name: str,
    request: dict[str, Any],
    answer: dict[str, Any] | None,
    error: AWSError | None,
) -> Record:
    """The same of a call of the data plane: what it is about is told, and nothing of the data."""
    about = {member: value for member, value in request.items() if isinstance(value, str) and member != "Message"}
    record = of_call(ctx, name, about, None, error)
    arns = await _acted_on(ctx, operation, request)
    kind = _DATA_TYPES.get(ctx.service.name, "")
    resources = [{"type": kind, "ARN": arn} for arn in arns]
    if ctx.service.name == "s3":
        buckets = dict.fromkeys(arn.partition("/")[0] for arn in arns)
        resources += [{"accountId": ctx.account, "type": "AWS::S3::Bucket", "ARN": arn} for arn in buckets]
    return record | {"resources": resources, "managementEvent": False, "eventCategory": "Data"}


async def _acted_on(ctx: Context, operation: Operation, request: dict[str, Any]) -> list[str]:
    """The ARNs of what a call was about."""
    found = operation.resource(ctx, request) if operation.resource is not None else ()
    if isinstance(found, Awaitable):
        found = await found
    return [found] if isinstance(found, str) else list(found) or _tables(ctx, request)


def _tables(ctx: Context, request: dict[str, Any]) -> list[str]:
    """The ARNs of the tables of DynamoDB's operations, which ask for each of them by themselves."""
    written = [part["TableName"] for item in request.get("TransactItems") or () for part in item.values()]
    names = written or list(request.get("RequestItems") or ()) or [request.get("TableName") or ""]
    stem = f"arn:{ctx.partition}:dynamodb:{ctx.region}:{ctx.account}:table/"
    return [name if name.startswith("arn:") else stem + name for name in dict.fromkeys(names) if name]


def only_looks(name: str) -> bool:
    """Does an operation's name say that it only reads?"""
    return _READING.match(name) is not None


def does_read(service: str, name: str) -> bool:
    """Does an operation only read, as CloudTrail sees it?"""
    return only_looks(name) or name in _ALSO_READING.get(service, ())


def _identity(ctx: Context) -> Record:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html"""
    principal = ctx.principal
    if principal.kind == "service":
        return {"type": "AWSService", "invokedBy": principal.arn}
    if principal.kind == "anonymous":
        return {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}
    identity: Record = {
        "type": _TYPES.get(principal.kind, "WebIdentityUser"),
        "principalId": principal.user_id,
        "arn": principal.arn,
        "accountId": principal.account,
        "accessKeyId": principal.access_key or None,
        "userName": principal.name or None,
    }
    if principal.session is not None:
        identity["sessionContext"] = _session(ctx)
    return {name: value for name, value in identity.items() if value is not None}


def _session(ctx: Context) -> Record:
    principal, session = ctx.principal, ctx.principal.session
    assert session is not None
    attributes = {
        "creationDate": iso8601(int(session.issued)),
        "mfaAuthenticated": str(session.mfa is not None).lower(),
    }
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


def _parameters(ctx: Context, shape: Shape | None, request: dict[str, Any]) -> Record | None:
    shown = _shown(shape, request) or None
    if shown is not None and ctx.service.name == "s3" and "bucket" in shown:
        return {"bucketName": shown.pop("bucket"), **shown}
    return shown


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
        return iso8601(int(value))
    return value if isinstance(value, str | int | float | bool | dict | list) else None


# -- on the way to CloudTrail


class Watch(Stored, frozen=True):
    """`account` has trails that want the calls of data planes in `accounts`."""

    account: str
    accounts: list[str]


_watched: Collection[Watch] = Collection("cloudtrail", "watched", Watch, scope="global")


async def watch(ctx: Context, owner: str, accounts: Iterable[str]) -> None:
    """From now on trails of the account `owner` want the calls of data planes in these accounts."""
    if chosen := sorted(accounts):
        _watched.put(ctx, Watch(owner, chosen), owner)
    else:
        _watched.delete(ctx, owner)
    ctx.after_commit(recorder_of(ctx.app).look_again)


def recorder_of(app: App) -> Recorder:
    return app.engines.get("trail", Recorder)


class Recorder(Gathering):
    """Records of this process that CloudTrail does not have yet, by account and region."""

    moment = 0.25

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self._waiting: dict[tuple[str, str], list[tuple[float, Record]]] = {}
        self._watched: frozenset[str] = frozenset()
        self._looks_at = 0.0
        self._looking: asyncio.Task[None] | None = None

    def add(self, ctx: Context, record: Record) -> None:
        """Have a record kept soon, as of now."""
        self._waiting.setdefault((ctx.account, record["awsRegion"]), []).append((ctx.now(), record))
        self._begin()

    def add_after_commit(self, ctx: Context, record: Record) -> None:
        """The same, in a transaction: if it is committed."""
        if ctx.tx is None or ctx.tx.is_over:
            self.add(ctx, record)
        else:
            ctx.after_commit(lambda: self.add(ctx, record))

    def watches(self, account: str) -> bool:
        """Are calls of data planes recorded in the account? A choice that was made elsewhere is known within a second."""
        if perf_counter() >= self._looks_at:
            self.look_again()
        return account in self._watched

    def look_again(self) -> None:
        self._looks_at = perf_counter() + _LOOK_SECONDS
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(self._look())

    async def _look(self) -> None:
        ctx = self._app.system_context("cloudtrail")
        chosen = await ctx.transact(_watched.scan, ctx)
        self._watched = frozenset(account for watch in chosen for account in watch.accounts)

    @property
    def _gathered(self) -> tuple[dict[Any, Any], ...]:
        return (self._waiting,)

    async def _put_all(self) -> None:
        waiting, self._waiting = self._waiting, {}
        trail = self._app.services.get("cloudtrail")
        if trail is None:
            return
        for (account, region), records in waiting.items():
            scope = self._app.system_context("cloudtrail", account, region)
            try:
                await scope.transact(trail.provided["records"], scope, records)
            except Exception:
                log.exception("%d records of calls are lost", len(records))
