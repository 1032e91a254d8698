"""What a function of Object Lambda is told: https://docs.aws.amazon.com/AmazonS3/latest/userguide/olap-event-context.html"""

from __future__ import annotations

import hashlib
import time
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from fogbank.http import Request
from fogbank.identity import Credential, Principal, sessions, sigv4
from fogbank.identity.canonical import canonical_query, s3_path, wire
from fogbank.identity.principals import Session
from fogbank.identity.storage_access import ObjectLambdaAccessPoint
from fogbank.kernel import Context

Document = dict[str, Any]

_GOOD_FOR = 900
_EXPIRES = 61
_CONTEXTS = {
    "GetObject": "getObjectContext",
    "HeadObject": "headObjectContext",
    "ListObjects": "listObjectsContext",
    "ListObjectsV2": "listObjectsV2Context",
}
_TYPES = {"root": "Root", "user": "IAMUser", "role": "AssumedRole", "federated": "FederatedUser"}


class Event(NamedTuple):
    """The event, and the token by which the function answers it."""

    document: Document
    token: str


def function_of(point: ObjectLambdaAccessPoint, operation: str) -> Document | None:
    """The function that is configured for an operation: its ARN, and the payload that it is given."""
    for each in point.configuration["TransformationConfigurations"]:
        if operation in each["Actions"]:
            found: Document = each["ContentTransformation"]["AwsLambda"]
            return found
    return None


async def event(
    ctx: Context, point: ObjectLambdaAccessPoint, function: Document, operation: str, request: Request
) -> Event:
    """The event of a request."""
    token = ctx.ids.hex(64)
    context = {"inputS3Url": await _input_url(ctx, point, request)}
    if operation == "GetObject":
        context |= {"outputRoute": f"io-{ctx.ids.hex(8)}", "outputToken": token}
    document = {
        "xAmzRequestId": ctx.request_id,
        _CONTEXTS[operation]: context,
        "configuration": {
            "accessPointArn": point.arn,
            "supportingAccessPointArn": point.configuration["SupportingAccessPoint"],
            "payload": function.get("FunctionPayload") or "",
        },
        "userRequest": _user_request(ctx, request),
        "userIdentity": identity(ctx.principal),
        "protocolVersion": "1.00",
    }
    return Event(document, token)


def _user_request(ctx: Context, request: Request) -> Document:
    """The request as the reader sent it, but for what proves who that is."""
    assert ctx.request is not None
    hidden = {"authorization", "x-amz-security-token"}
    headers = {name: value for name, value in ctx.request.headers.items() if name not in hidden}
    query = f"?{ctx.request.query}" if ctx.request.query else ""
    return {"url": f"{ctx.endpoint}{ctx.request.path}{query}", "headers": headers}


def identity(principal: Principal) -> Document:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html"""
    found: Document = {
        "type": _TYPES.get(principal.kind, "AWSAccount"),
        "principalId": principal.user_id,
        "arn": principal.arn,
        "accountId": principal.account,
        "accessKeyId": principal.access_key,
    }
    if principal.kind == "user":
        found["userName"] = principal.name
    if principal.kind == "role":
        issuer = {
            "type": "Role",
            "principalId": principal.unique_id,
            "arn": principal.issuer,
            "accountId": principal.account,
        }
        found["sessionContext"] = {"sessionIssuer": {**issuer, "userName": principal.issuer.rpartition("/")[2]}}
    return found


# -- the URL of what there is


async def _input_url(ctx: Context, point: ObjectLambdaAccessPoint, request: Request) -> str:
    """A presigned URL for the same request at the supporting access point, with the reader's permissions, for a minute."""
    arn = point.configuration["SupportingAccessPoint"]
    _, _, rest = request.path[1:].partition("/")
    credential = await ctx.transact(sessions.issue, ctx, _in_session(ctx), _GOOD_FOR)
    host = f"{ctx.app.settings.public_host}:{ctx.app.settings.port}"
    path = f"/{quote(arn, safe='')}" + (f"/{rest}" if rest else "")
    return presigned(host, path, request.query, ctx.region, credential)


def _in_session(ctx: Context) -> Principal:
    principal = ctx.principal
    return (
        principal if principal.session is not None else msgspec.structs.replace(principal, session=Session(ctx.now()))
    )


def presigned(host: str, path: str, query: str, region: str, credential: Credential) -> str:
    """A URL to get `path` (escaped) with, signed by version 4."""
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())  # signatures age by the real clock
    scope = f"{moment[:8]}/{region}/s3/{sigv4.TERMINATOR}"
    proof = urlencode(
        {
            "X-Amz-Algorithm": sigv4.ALGORITHM,
            "X-Amz-Credential": f"{credential.access_key}/{scope}",
            "X-Amz-Date": moment,
            "X-Amz-Expires": str(_EXPIRES),
            "X-Amz-Security-Token": credential.session_token,
            "X-Amz-SignedHeaders": "host",
        },
        quote_via=quote,
        safe="",
    )
    unsigned = f"{query}&{proof}" if query else proof
    canonical = f"GET\n{s3_path(path)}\n{canonical_query(unsigned)}\nhost:{host}\n\nhost\n{sigv4.UNSIGNED}"
    text = f"{sigv4.ALGORITHM}\n{moment}\n{scope}\n{_hash(canonical)}"
    signature = sigv4.signing_key(credential.secret, moment[:8], region, "s3").sign(text)
    return f"http://{host}{path}?{unsigned}&X-Amz-Signature={signature}"


def _hash(text: str) -> str:
    return hashlib.sha256(wire(text)).hexdigest()
