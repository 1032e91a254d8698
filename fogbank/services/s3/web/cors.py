"""Which web pages may use a bucket: its CORS rules, the preflights of browsers, the headers of the answers that they get.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from fogbank.http import Request as HttpRequest
from fogbank.http import Response
from fogbank.kernel import AWSError, Context
from fogbank.kernel.service import Answered
from fogbank.services.s3 import errors, records, settings
from fogbank.services.s3.content import digests
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import home_of
from fogbank.services.s3.service import service
from fogbank.services.s3.web import cors_rules
from fogbank.services.s3.web.cors_rules import Headers, Rule

Request = dict[str, Any]
Answer = dict[str, Any]

_KIND = "cors"


@service.operation(action="s3:PutBucketCORS", **access.ON_BUCKET)
async def put_bucket_cors(ctx: Context, request: Request) -> Answer:
    """Errors: MalformedXML without rules, InvalidRequest for methods and wildcards that rules cannot have."""
    digests.check_document(ctx.request)
    document = request["CORSConfiguration"] or {}
    cors_rules.check(document.get("CORSRules") or [])
    settings.write(await home_of(ctx, request), _KIND, document)
    return {}


@service.operation(action="s3:GetBucketCORS", **access.ON_BUCKET)
async def get_bucket_cors(ctx: Context, request: Request) -> Answer:
    home = await home_of(ctx, request)
    found = await settings.read(home, _KIND)
    if found is None:
        raise errors.no_such_configuration(
            "NoSuchCORSConfiguration", "The CORS configuration does not exist", home.name
        )
    return found


@service.operation(action="s3:PutBucketCORS", **access.ON_BUCKET)
async def delete_bucket_cors(ctx: Context, request: Request) -> Answer:
    settings.erase(await home_of(ctx, request), _KIND)
    return {}


async def _rules(ctx: Context, bucket: str) -> list[Rule] | None:
    """The rules of a bucket, whoever owns it; none without a configuration, None without a bucket."""
    home = await records.find(ctx, bucket) if bucket else None
    if home is None:
        return None
    return (await settings.read(home, _KIND) or {}).get("CORSRules") or []


def _names(request: HttpRequest) -> tuple[str, str]:
    """Bucket and key of a request in path style; either may be empty."""
    bucket, _, key = request.path[1:].partition("/")
    return bucket, key


# -- preflights


@service.edge(lambda request: True, method="OPTIONS")
async def preflight(ctx: Context, request: HttpRequest) -> Response:
    """May a page send the request that it announces? https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html

    Errors: BadRequest for what is no preflight, AccessForbidden.
    """
    origin = request.headers.get("origin")
    method = request.headers.get("access-control-request-method")
    if origin is None:
        raise AWSError("BadRequest", "Insufficient information. Origin request header needed.", 400)
    if method not in cors_rules.METHODS:
        raise AWSError("BadRequest", f"Invalid Access-Control-Request-Method: {method or 'null'}", 400)
    wanted = _listed(request.headers.get("access-control-request-headers", ""))
    bucket, key = _names(request)
    rules = await ctx.transact(_rules, ctx, bucket)
    if rules is None:
        raise _forbidden("Bucket not found", method, "BUCKET")
    kind = "OBJECT" if key else "BUCKET"
    if not rules:
        raise _forbidden("CORS is not enabled for this bucket.", method, kind)
    rule = cors_rules.find(rules, origin, method, wanted)
    if rule is None:
        raise _forbidden(_NOT_ALLOWED, method, kind)
    return Response(200, _preflight_headers(ctx, rule, origin, wanted))


# S3's own spelling
_NOT_ALLOWED = (
    "This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)


def _listed(header: str) -> list[str]:
    return [name for name in (part.strip().lower() for part in header.split(",")) if name]


def _preflight_headers(ctx: Context, rule: Rule, origin: str, wanted: list[str]) -> Headers:
    from fogbank.protocols import s3

    headers = [*s3.id_headers(ctx.request_id), *cors_rules.headers_of(rule, origin)]
    if wanted:
        headers.append(("Access-Control-Allow-Headers", ", ".join(wanted)))
    return headers


def _forbidden(why: str, method: str, kind: str) -> AWSError:
    return AWSError("AccessForbidden", f"CORSResponse: {why}", 403, Method=method, ResourceType=kind)


# -- other requests of pages


def _tell_page(ctx: Context, answered: Answered) -> Awaitable[None] | None:
    """Give the answer to a page's request the headers without which its browser keeps the answer from it."""
    request = answered.request
    origin = request.headers.get("origin")
    return None if origin is None or request.method == "OPTIONS" else _tell_origin(ctx, answered, origin)


async def _tell_origin(ctx: Context, answered: Answered, origin: str) -> None:
    request = answered.request
    rules = await ctx.transact(_rules, ctx, _names(request)[0])
    rule = cors_rules.find(rules or (), origin, request.method)
    if rule is not None:
        answered.response.headers += cors_rules.headers_of(rule, origin)


service.after.append(_tell_page)
