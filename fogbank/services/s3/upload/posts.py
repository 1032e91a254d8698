"""Form uploads: a browser posts multipart/form-data to a bucket, under a policy that somebody signed.

https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html. Not an operation of the model, hence an edge.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from xml.sax.saxutils import escape

from fogbank.http import Payload, Request, Response
from fogbank.identity.errors.s3 import form_field_missing
from fogbank.kernel import Context
from fogbank.services.s3 import changes, errors
from fogbank.services.s3.bucket import hosts
from fogbank.services.s3.content import bodies, digests
from fogbank.services.s3.lifecycle.headers import tell_expiration
from fogbank.services.s3.object import objects, tags, traits
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import home_of
from fogbank.services.s3.service import service
from fogbank.services.s3.upload import forms
from fogbank.services.s3.web.website_pages import is_website

Fields = dict[str, str]
Parameters = dict[str, Any]


# The one operation that is a POST without a query.
_OPERATION = "/WriteGetObjectResponse"


def is_form(request: Request) -> bool:
    """Is this POST a form for a bucket (`/bucket`, in path style), or at least no operation's?"""
    if request.path in ("/", _OPERATION) or is_website(request):
        return False
    return not request.query or (_is_to_bucket(request) and _has_form(request))


def _is_to_bucket(request: Request) -> bool:
    return "/" not in request.path.strip("/")


def _has_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith(forms.CONTENT_TYPE)


@service.edge(is_form, method="POST")
async def post_object(ctx: Context, request: Request) -> Response:
    """Store the file of a form.

    Errors: those of PutObject, PreconditionFailed for what is no form, MalformedPOSTRequest, and what the policy does not allow.
    """
    if not _is_to_bucket(request):
        raise errors.method_not_allowed("POST", "OBJECT")
    if not _has_form(request):
        raise errors.no_form()
    parser = forms.FormParser(forms.boundary_of(request.headers["content-type"]))
    body = aiter(request.payload)
    first = await _read_fields(parser, body)
    fields = {name: value.replace("${filename}", parser.filename) for name, value in parser.fields.items()}
    fields["key"] = _key(fields)
    bucket = request.path.strip("/")
    policy = await _admit(ctx, fields, bucket)
    wanted = parameters(fields) | {"Bucket": bucket}
    await access.check(ctx, "s3:PutObject", wanted)
    chosen = traits.read(wanted)
    claim = digests.claim(wanted, {})
    sealing = await ctx.transact(objects.begin_large, ctx, wanted, chosen)
    received = await bodies.receive(ctx, _File(parser, body, first), claim.algorithm, sealing)

    async def keep() -> Parameters:
        if policy is not None:
            _policies().check_length(policy, received.size)
        received.check(claim)
        home = await home_of(ctx, wanted)
        record = await objects.store(home, wanted, chosen, received, claim.algorithm, changes.POST)
        answer = objects.answer_to_write(record, home.bucket, wanted)
        await tell_expiration(home, wanted["Key"], record, answer)
        return answer

    return _response(ctx, fields, wanted, await objects.commit(ctx, received, keep))


async def _read_fields(parser: forms.FormParser, body: AsyncIterator[bytes]) -> bytes:
    """Read up to the file. Returns those bytes of the file that came along."""
    async for piece in body:
        data = parser.feed(piece)
        if parser.in_file:
            return data
    parser.end()
    return b""


class _File(Payload):
    """The bytes of the form's file, while the form arrives."""

    __slots__ = ("_body", "_first", "_parser")

    def __init__(self, parser: forms.FormParser, body: AsyncIterator[bytes], first: bytes) -> None:
        super().__init__(None, None)
        self._parser = parser
        self._body = body
        self._first = first

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._first:
            yield self._first
        async for piece in self._body:
            data = self._parser.feed(piece)
            if data:
                yield data
        self._parser.end()


def _key(fields: Fields) -> str:
    key = fields.get("key", "")
    if not key:
        raise form_field_missing("key")
    return key


# Fields of a form that is signed; what they sign is its policy.
_SIGNING = frozenset({"awsaccesskeyid", "signature", "x-amz-algorithm", "x-amz-credential", "x-amz-signature"})


def _policies() -> Any:
    from fogbank.identity import post_policy

    return post_policy


async def _admit(ctx: Context, fields: Fields, bucket: str) -> Any:
    """Make the context that of the one who signed the form's policy; the policy, None for an anonymous form."""
    identity = await ctx.app.authenticator.authenticate_form(fields)
    ctx.principal = identity.principal
    ctx.account = identity.principal.account
    ctx.region = identity.region
    if "policy" not in fields and not _SIGNING.isdisjoint(name.lower() for name in fields):
        raise form_field_missing("policy")
    if "policy" not in fields:
        return None
    policy = _policies().parse(fields["policy"])
    # signatures and policies age by the real clock
    _policies().check(policy, fields, bucket, time.time())
    return policy


@cache
def _members() -> dict[str, str]:
    """PutObject's members by the lower-case names of their headers, which are the names of a form's fields."""
    from fogbank import protocols

    shape = protocols.load("s3").operations["PutObject"].input_shape
    assert shape is not None
    found = {
        (member.wire_name or name).lower(): name
        for name, member in shape.members.items()
        if member.location == "header" and member.type == "string"
    }
    return found | {"acl": "ACL", "key": "Key"}


def parameters(fields: Fields) -> Parameters:
    """What a form says, as PutObject would be told."""
    known = _members()
    found: Parameters = {known[name]: value for name, value in fields.items() if name in known}
    metadata = {name[11:]: value for name, value in fields.items() if name.startswith("x-amz-meta-")}
    if metadata:
        found["Metadata"] = metadata
    if "tagging" in fields:
        found["Tagging"] = _tagging(fields["tagging"])
    return found


def _tagging(document: str) -> str:
    """The form's tags, an XML document, in the form of the x-amz-tagging header."""
    from fogbank import protocols

    operation = protocols.load("s3").operations["PutObjectTagging"]
    codec = protocols.codec(operation, "rest-xml")
    request = Request("PUT", "/b/k", "tagging", {}, Payload(document.encode()))
    parsed = codec.parse(request, {"Bucket": "b", "Key": "k"})
    return urlencode(tags.from_set((parsed.get("Tagging") or {}).get("TagSet") or []))


# -- the answer


def _response(ctx: Context, fields: Fields, wanted: Parameters, answer: Parameters) -> Response:
    """The headers are those of PutObject, and where the object is."""
    bucket, key, etag = wanted["Bucket"], wanted["Key"], answer["ETag"]
    headers = [*_put_object().serialize(answer, ctx.request_id).headers]
    target = fields.get("success_action_redirect") or fields.get("redirect")
    if target:
        return Response(303, [*headers, ("Location", _redirect(target, bucket, key, etag))])
    location = hosts.url_of(ctx.endpoint, ctx.headers.get("host", ""), bucket, key)
    headers.append(("Location", location))
    status = fields.get("success_action_status")
    if status != "201":
        return Response(200 if status == "200" else 204, headers)
    headers.append(("Content-Type", "application/xml"))
    return Response(201, headers, _document(location, bucket, key, etag))


@cache
def _put_object() -> Any:
    from fogbank import protocols

    return protocols.codec(protocols.load("s3").operations["PutObject"], "rest-xml")


def _redirect(target: str, bucket: str, key: str, etag: str) -> str:
    parts = urlsplit(target)
    query = parse_qsl(parts.query, keep_blank_values=True)
    return urlunsplit(parts._replace(query=urlencode([*query, ("bucket", bucket), ("key", key), ("etag", etag)])))


def _document(location: str, bucket: str, key: str, etag: str) -> bytes:
    """The one answer of S3 that the model does not know."""
    members = {"Location": location, "Bucket": bucket, "Key": key, "ETag": etag}
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in members.items())
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>{inner}</PostResponse>'.encode()
