"""The registry's protocol, OCI Distribution 1.1: what docker, podman, skopeo, crane and oras push and pull by.

Registries answer under `/v2/` of the server's own address, where the token says whose and in which region (`localhost:4566/<repository>`),
and wherever the `Host` header names one as AWS does (`<account>.dkr.ecr.<region>.amazonaws.com`, `.localhost:4566`).
https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, unquote

import orjson

from fogbank.http import Request, Response
from fogbank.kernel import AWSError, Context
from fogbank.services.ecr import authorization, registry_errors
from fogbank.services.ecr.records import Home, arn_of, find_named, repositories
from fogbank.services.ecr.service import service

_HOST = re.compile(r"(\d{12})\.dkr[.-]ecr\.([a-z0-9-]+)\.")
_NAME = r"(?P<name>.+)"


class Visit:
    """One request to a registry. `ctx` is the registry's, with the caller as principal; the groups are those of the path."""

    def __init__(self, ctx: Context, request: Request, groups: dict[str, str]) -> None:
        self.ctx = ctx
        self.request = request
        self.groups = groups
        self.query = dict(parse_qsl(request.query, keep_blank_values=True))

    @property
    def name(self) -> str:
        return self.groups["name"]

    async def may(self, action: str, name: str | None = None) -> None:
        """Raise AccessDeniedException unless the caller may do `ecr:<action>` with the repository."""
        ctx, name = self.ctx, name or self.name
        repository = await ctx.transact(repositories.get, ctx, name)
        about = {"policy": repository.policy or None, "tags": repository.tags} if repository is not None else {}
        await ctx.authorise(f"ecr:{action}", arn_of(ctx, name), owner=ctx.account, **about)

    async def home(self) -> Home:
        """The repository; in a transaction. Raises RepositoryNotFoundException."""
        return await find_named(self.ctx, self.name)


Handler = Callable[[Visit], Awaitable[Response]]
_doors: list[tuple[frozenset[str], re.Pattern[str], Handler]] = []


def door(methods: str, path: str) -> Callable[[Handler], Handler]:
    """Declare what answers some methods (`GET HEAD`) of a path below /v2/, in which `{name}` is the repository."""
    pattern = re.compile("/v2/" + path.replace("{name}", _NAME))

    def declare(handler: Handler) -> Handler:
        _doors.append((frozenset(methods.split()), pattern, handler))
        return handler

    return declare


def is_registry(request: Request) -> bool:
    """Is this the registry's protocol, and none of ECR's operations?"""
    return request.path == "/v2" or request.path.startswith("/v2/")


@service.edge(is_registry)
async def serve(ctx: Context, request: Request) -> Response:
    try:
        token = await ctx.transact(authorization.holder, ctx, request.headers.get("authorization", ""))
        if token is None:
            response = registry_errors.unauthorized(f"{request.endpoint}/")
        else:
            response = await _answer(_registry(ctx, request, token), request)
    except AWSError as error:
        response = registry_errors.response(error, request.method)
    response.headers.append(("docker-distribution-api-version", "registry/2.0"))
    return response


def _registry(ctx: Context, request: Request, token: authorization.Token) -> Context:
    """The registry that the host names, or else the one that the token is for."""
    found = _HOST.match(request.headers.get("host", "").lower())
    account, region = (found[1], found[2]) if found is not None else (token.account, token.region)
    registry = ctx.at(account=account, region=region)
    registry.principal = token.principal
    return registry


async def _answer(ctx: Context, request: Request) -> Response:
    path = unquote(request.path)
    if path in ("/v2", "/v2/"):
        return Response(200, [("content-type", "application/json; charset=utf-8")], b"{}")
    known = False
    for methods, pattern, handler in _doors:
        found = pattern.fullmatch(path)
        if found is not None and request.method in methods:
            return await handler(Visit(ctx, request, found.groupdict()))
        known = known or found is not None
    raise registry_errors.unsupported() if known else registry_errors.name_invalid(path)


def json_answer(document: object, headers: list[tuple[str, str]] | None = None) -> Response:
    return Response(200, [("content-type", "application/json"), *(headers or [])], orjson.dumps(document))


@door("GET", "_catalog")
async def list_repositories(visit: Visit) -> Response:
    """The names of all repositories, in pages that the `Link` header leads through."""
    ctx = visit.ctx
    await ctx.authorise("ecr:DescribeRepositories", arn_of(ctx, "*"), owner=ctx.account)
    found = await ctx.transact(repositories.scan, ctx)
    names, link = page_of(visit, [each.name for each in found])
    return json_answer({"repositories": names}, link)


def page_of(visit: Visit, rows: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Rows behind `last`, as many as `n` says, and the link to what follows."""
    last, size = visit.query.get("last", ""), visit.query.get("n")
    rows = sorted(row for row in rows if row > last)
    if size is None:
        return rows, []
    if not size.isdecimal():
        raise AWSError("PAGINATION_NUMBER_INVALID", "invalid number of results requested", 400)
    count = int(size)
    if count >= len(rows) or count == 0:
        return rows[:count], []
    link = f'<{visit.request.path}?last={rows[count - 1]}&n={count}>; rel="next"'
    return rows[:count], [("link", link)]
