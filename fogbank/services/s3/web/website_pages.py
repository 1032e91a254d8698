"""Websites: what a browser gets at `bucket.s3-website-us-east-1.amazonaws.com`, or here at `bucket.s3-website.localhost:4566`.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html. Pages are read as by a stranger, whoever signed the request;
refusals are HTML. Not an operation of the model, hence an edge.
"""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import quote, unquote

from fogbank.http import Payload, Response
from fogbank.http import Request as HttpRequest
from fogbank.identity import ANONYMOUS
from fogbank.kernel import AWSError, Context
from fogbank.services.s3 import errors, records
from fogbank.services.s3.bucket import hosts
from fogbank.services.s3.object import vault
from fogbank.services.s3.permissions import access
from fogbank.services.s3.records import Home
from fogbank.services.s3.service import service
from fogbank.services.s3.web import website, website_rules
from fogbank.services.s3.web.website_rules import Asked, Document, Redirect

# What a browser may say of the page that it has already, or of the part that it wants.
_CONDITIONS = frozenset({"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "range"})
_OPERATIONS = {"GET": "GetObject", "HEAD": "HeadObject"}
_NOT_MODIFIED = 304


def is_website(request: HttpRequest) -> bool:
    host = request.headers.get("host", "")
    return hosts.WEBSITE_LABEL in host and hosts.website_of_host(host) is not None


@service.edge(is_website)
async def serve(ctx: Context, request: HttpRequest) -> Response:
    """A page, a redirect, the website's error document, or a page that tells the error."""
    ctx.principal, ctx.account = ANONYMOUS, ""
    visit = Visit(ctx, request)
    try:
        return await visit.answer()
    except AWSError as error:
        return visit.error_page(error)


class Visit:
    """One request to a website. `asked` is what for; its key may be that of a folder, or empty."""

    def __init__(self, ctx: Context, request: HttpRequest) -> None:
        self.ctx = ctx
        self.request = request
        self.bucket, _, path = request.path[1:].partition("/")
        host = request.headers["host"]
        self.asked = Asked(request.scheme, host, unquote(path), request.query)

    async def answer(self) -> Response:
        if self.request.method not in _OPERATIONS:
            raise errors.method_not_allowed(self.request.method, "OBJECT")
        found = await self.ctx.transact(self._website)
        redirect = website_rules.everything(found, self.asked) or website_rules.by_rule(found, self.asked)
        if redirect is not None:
            return _moved(self.ctx, redirect)
        try:
            return await self._page(self._key(found))
        except AWSError as error:
            if error.status == _NOT_MODIFIED:
                return _plain(self.ctx, error)
            return await self._instead(found, error)

    async def _website(self) -> Document:
        home = await self._home()
        region = hosts.website_of_host(self.asked.host)
        if region and region != home.bucket.region:
            raise _incorrect_endpoint(home)
        return await website.of(home)

    async def _home(self) -> Home:
        home = await records.find(self.ctx, self.bucket)
        if home is None:
            raise errors.no_such_bucket(self.bucket)
        return home

    def _key(self, found: Document) -> str:
        """The key of a page: a folder's is its index document."""
        key = self.asked.key
        return key + found["IndexDocument"]["Suffix"] if not key or key.endswith("/") else key

    # -- pages

    async def _page(self, key: str, conditions: bool = True) -> Response:
        """The object at a key, or where it leads. Raises what GetObject raises."""
        from fogbank import protocols

        name = _OPERATIONS[self.request.method]
        model = protocols.load("s3").operations[name]
        operation = service.operations[model.snake]
        codec = protocols.codec(model, "rest-xml", service.documents, service.enums)
        headers = {name: value for name, value in self.request.headers.items() if conditions and name in _CONDITIONS}
        request = HttpRequest(self.request.method, f"/{self.bucket}/{quote(key)}", "", headers, Payload())
        params = codec.parse(request, {"Bucket": self.bucket, "Key": key})

        async def read() -> Response:
            await access.check(self.ctx, "s3:GetObject", params)
            target = await self._target(key)
            if target:
                return _moved(self.ctx, Redirect(301, target))
            return codec.serialize(await operation.handler(self.ctx, params) or {}, self.ctx.request_id)

        return await (self.ctx.transact(read) if operation.transaction else read())

    async def _target(self, key: str) -> str:
        """Where an object leads to that has x-amz-website-redirect-location; empty for others."""

        async def look() -> str:
            record = await vault.current(await self._home(), key)
            return "" if record is None else record.traits.headers.get("WebsiteRedirectLocation") or ""

        return await self.ctx.transact(look)

    # -- when there is no page

    async def _instead(self, found: Document, error: AWSError) -> Response:
        """What a website answers instead of an error: a redirect, or its own document about it."""
        if await self._is_folder(found):
            return self._to_folder()
        status = error.status or 400
        redirect = website_rules.by_rule(found, self.asked, status)
        if redirect is not None:
            return _moved(self.ctx, redirect)
        document = found.get("ErrorDocument")
        if document is None or not 400 <= status < 500:
            raise error
        try:
            response = await self._page(document["Key"], conditions=False)
        except AWSError as another:
            return self.error_page(error, another)
        if response.status == 200:
            response.status = status
            response.headers += _error_headers(error)
        return response

    async def _is_folder(self, found: Document) -> bool:
        """Is there no object of that name, but an index document below it?"""
        key = self.asked.key
        if not key or key.endswith("/"):
            return False

        async def look() -> bool:
            home = await self._home()
            index = f"{key}/{found['IndexDocument']['Suffix']}"
            return await vault.current(home, key) is None and await vault.current(home, index) is not None

        return await self.ctx.transact(look)

    def _to_folder(self) -> Response:
        moved = AWSError("Found", "Resource Found", 302)
        response = self.error_page(moved)
        response.headers.append(("Location", f"/{quote(self.asked.key)}/"))
        return response

    def error_page(self, error: AWSError, another: AWSError | None = None) -> Response:
        """The page that tells an error, and `another` that kept the website's own document from being shown."""
        status = error.status or 400
        headers = [*_id_headers(self.ctx), *_error_headers(error), ("Content-Type", "text/html; charset=utf-8")]
        return Response(status, headers, _html(self.ctx, status, error, another).encode())


def _incorrect_endpoint(home: Home) -> AWSError:
    return AWSError(
        "IncorrectEndpoint",
        "The specified bucket exists in another region. Please direct requests to the specified endpoint.",
        400,
        Endpoint=f"{home.name}.s3-website.{home.bucket.region}.amazonaws.com",
    )


def _id_headers(ctx: Context) -> list[tuple[str, str]]:
    from fogbank.protocols import s3

    return s3.id_headers(ctx.request_id)


def _moved(ctx: Context, redirect: Redirect) -> Response:
    return Response(redirect.status, [*_id_headers(ctx), ("Location", redirect.location)])


def _plain(ctx: Context, error: AWSError) -> Response:
    return Response(error.status or 400, [*_id_headers(ctx), *error.headers.items()])


def _error_headers(error: AWSError) -> list[tuple[str, str]]:
    headers = [("x-amz-error-code", error.code), ("x-amz-error-message", error.message)]
    details = [(f"x-amz-error-detail-{name}", quote(str(value))) for name, value in _members(error).items()]
    return headers + details + list(error.headers.items())


def _members(error: AWSError) -> dict[str, Any]:
    return {name: value for name, value in error.members.items() if value is not None}


# -- HTML


_REASONS = {302: "Found", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}
_REASONS |= {412: "Precondition Failed", 416: "Requested Range Not Satisfiable", 500: "Internal Server Error"}


def _html(ctx: Context, status: int, error: AWSError, another: AWSError | None) -> str:
    title = f"{status} {_REASONS.get(status, error.code)}"
    ids = dict(zip(("RequestId", "HostId"), (value for _, value in _id_headers(ctx)), strict=True))
    parts = [f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n", _items(error, ids)]
    if another is not None:
        parts += [
            "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n",
            _items(another, {}),
        ]
    return "".join([*parts, "<hr/>\n</body>\n</html>\n"])


def _items(error: AWSError, ids: dict[str, str]) -> str:
    members = {"Code": error.code, "Message": error.message, **_members(error), **ids}
    lines = [f"<li>{name}: {escape(str(value), quote=False)}</li>\n" for name, value in members.items()]
    return f"<ul>\n{''.join(lines)}</ul>\n"
