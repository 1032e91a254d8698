"""The Iceberg REST catalog at `/iceberg`: PyIceberg, Spark, Trino and DuckDB work with tables by it.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-integrating-open-source.html
    https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml

It is a translation: what a request asks for is done by the operations of the service, with the caller's permissions. The prefix of
the paths is the ARN of a table bucket.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, quote, unquote

import orjson

from fogbank.http import Request, Response
from fogbank.kernel import AWSError, Context
from fogbank.services.s3tables import catalog_errors, commits
from fogbank.services.s3tables.catalog_errors import CatalogError
from fogbank.services.s3tables.commits import Named
from fogbank.services.s3tables.service import service

Document = dict[str, Any]

_ROOT = "/iceberg/v1/"
# What this catalog does, in the words of the protocol: clients do not try the rest.
_ENDPOINTS = [
    "GET /v1/{prefix}/namespaces",
    "POST /v1/{prefix}/namespaces",
    "GET /v1/{prefix}/namespaces/{namespace}",
    "HEAD /v1/{prefix}/namespaces/{namespace}",
    "DELETE /v1/{prefix}/namespaces/{namespace}",
    "GET /v1/{prefix}/namespaces/{namespace}/tables",
    "POST /v1/{prefix}/namespaces/{namespace}/tables",
    "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    "HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    "DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    "POST /v1/{prefix}/tables/rename",
]


class Call:
    """A request to the catalog. `parts` are what the pattern of its path found, decoded."""

    def __init__(self, ctx: Context, request: Request, parts: dict[str, str]) -> None:
        self.ctx = ctx
        self.parts = parts
        self.query = {name: values[-1] for name, values in parse_qs(request.query, keep_blank_values=True).items()}
        self._request = request

    async def body(self) -> Document:
        """Raises CatalogError for what is no JSON object."""
        try:
            found = orjson.loads(await self._request.payload.read() or b"{}")
        except ValueError:
            raise catalog_errors.bad_request("The body is not JSON") from None
        if not isinstance(found, dict):
            raise catalog_errors.bad_request("The body is not a JSON object")
        return found

    @property
    def bucket(self) -> Document:
        return {"tableBucketARN": self.parts["prefix"]}

    @property
    def namespace(self) -> Document:
        return {**self.bucket, "namespace": self.parts["namespace"]}

    @property
    def table(self) -> Named:
        return Named(self.parts["prefix"], self.parts["namespace"], self.parts["table"])

    async def call(self, operation: str, params: Document) -> Document:
        return await commits.call(self.ctx, operation, params)


Answer = tuple[int, Document | None]
Handler = Callable[[Call], Awaitable[Answer]]
_routes: list[tuple[str, re.Pattern[str], str, Handler]] = []


def _route(method: str, path: str, noun: str) -> Callable[[Handler], Handler]:
    """Declare what answers a method and path; `noun` is what is missing where nothing is found."""
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))

    def declare(handler: Handler) -> Handler:
        _routes.append((method, pattern, noun, handler))
        return handler

    return declare


@service.edge(lambda request: request.path.startswith(_ROOT))
async def iceberg_catalog(ctx: Context, request: Request) -> Response:
    try:
        return await _answer(ctx, request)
    except CatalogError as error:
        return catalog_errors.answer(error)


async def _answer(ctx: Context, request: Request) -> Response:
    path = request.path.removeprefix(_ROOT)
    for method, pattern, noun, handler in _routes:
        found = pattern.fullmatch(path)
        if found is None or method != request.method:
            continue
        call = Call(ctx, request, {name: unquote(value) for name, value in found.groupdict().items()})
        try:
            status, document = await handler(call)
        except AWSError as error:
            raise catalog_errors.from_aws(error, noun) from error
        body = b"" if document is None else orjson.dumps(document)
        return Response(status, [("Content-Type", "application/json")] if body else [], body)
    raise catalog_errors.not_found(f"{request.method} {path}")


# -- configuration


@_route("GET", "config", "Warehouse")
async def _config(call: Call) -> Answer:
    """The warehouse is the ARN of a table bucket. Clients are told where this S3 is, too."""
    warehouse = call.query.get("warehouse")
    if warehouse is None:
        raise catalog_errors.bad_request("The warehouse must be the ARN of a table bucket")
    await call.call("GetTableBucket", {"tableBucketARN": warehouse})
    return 200, {
        "defaults": {"s3.endpoint": call.ctx.endpoint, "s3.region": call.ctx.region, "s3.path-style-access": "true"},
        "overrides": {"prefix": quote(warehouse, safe="")},
        "endpoints": _ENDPOINTS,
    }


# -- namespaces


def _only(levels: Any) -> str:
    """Namespaces have one level. Raises CatalogError for more."""
    if not isinstance(levels, list) or len(levels) != 1:
        raise catalog_errors.bad_request("A namespace has one level")
    return str(levels[0])


def _page(call: Call, limit: str) -> Document:
    size = call.query.get("pageSize")
    params = {
        "continuationToken": call.query.get("pageToken") or None,
        limit: int(size) if size and size.isdigit() else None,
    }
    return {name: value for name, value in params.items() if value is not None}


@_route("GET", "{prefix}/namespaces", "Namespace")
async def _list_namespaces(call: Call) -> Answer:
    if call.query.get("parent"):
        return 200, {"namespaces": []}
    found = await call.call("ListNamespaces", {**call.bucket, **_page(call, "maxNamespaces")})
    listed = [namespace["namespace"] for namespace in found["namespaces"]]
    return 200, {"namespaces": listed, "next-page-token": found.get("continuationToken")}


@_route("POST", "{prefix}/namespaces", "Namespace")
async def _create_namespace(call: Call) -> Answer:
    name = _only((await call.body()).get("namespace"))
    await call.call("CreateNamespace", {**call.bucket, "namespace": [name]})
    return 200, {"namespace": [name], "properties": {}}


@_route("GET", "{prefix}/namespaces/{namespace}", "Namespace")
async def _load_namespace(call: Call) -> Answer:
    found = await call.call("GetNamespace", call.namespace)
    return 200, {"namespace": found["namespace"], "properties": {}}


@_route("HEAD", "{prefix}/namespaces/{namespace}", "Namespace")
async def _namespace_exists(call: Call) -> Answer:
    await call.call("GetNamespace", call.namespace)
    return 204, None


@_route("DELETE", "{prefix}/namespaces/{namespace}", "Namespace")
async def _drop_namespace(call: Call) -> Answer:
    await call.call("DeleteNamespace", call.namespace)
    return 204, None


@_route("POST", "{prefix}/namespaces/{namespace}/properties", "Namespace")
async def _update_namespace(call: Call) -> Answer:
    raise catalog_errors.unsupported("Updating the properties of a namespace")


# -- tables


@_route("GET", "{prefix}/namespaces/{namespace}/tables", "Namespace")
async def _list_tables(call: Call) -> Answer:
    found = await call.call("ListTables", {**call.namespace, **_page(call, "maxTables")})
    listed = [{"namespace": table["namespace"], "name": table["name"]} for table in found["tables"]]
    return 200, {"identifiers": listed, "next-page-token": found.get("continuationToken")}


@_route("POST", "{prefix}/namespaces/{namespace}/tables", "Namespace")
async def _create_table(call: Call) -> Answer:
    body = await call.body()
    if body.get("stage-create"):
        raise catalog_errors.bad_request("The stage-create option is not supported")
    if body.get("location"):
        raise catalog_errors.bad_request("The location of a table cannot be chosen")
    named = Named(call.parts["prefix"], call.parts["namespace"], str(body.get("name") or ""))
    return 200, await commits.create(call.ctx, named, body)


@_route("GET", "{prefix}/namespaces/{namespace}/tables/{table}", "Table")
async def _load_table(call: Call) -> Answer:
    return 200, await commits.load(call.ctx, call.table)


@_route("HEAD", "{prefix}/namespaces/{namespace}/tables/{table}", "Table")
async def _table_exists(call: Call) -> Answer:
    await call.call("GetTable", call.table.params)
    return 204, None


@_route("POST", "{prefix}/namespaces/{namespace}/tables/{table}", "Table")
async def _commit(call: Call) -> Answer:
    body = await call.body()
    return 200, await commits.commit(call.ctx, call.table, body.get("requirements") or [], body.get("updates") or [])


@_route("DELETE", "{prefix}/namespaces/{namespace}/tables/{table}", "Table")
async def _drop_table(call: Call) -> Answer:
    """The files go with the table: dropping it without them is refused, as on AWS."""
    if call.query.get("purgeRequested", "").lower() != "true":
        raise catalog_errors.bad_request("A table can be dropped only with purgeRequested=true")
    await call.call("DeleteTable", call.table.params)
    return 204, None


@_route("POST", "{prefix}/namespaces/{namespace}/tables/{table}/metrics", "Table")
async def _report_metrics(call: Call) -> Answer:
    """Clients report how scans went; nobody asks for it later."""
    await call.call("GetTable", call.table.params)
    return 204, None


@_route("POST", "{prefix}/tables/rename", "Table")
async def _rename_table(call: Call) -> Answer:
    body = await call.body()
    source, target = body.get("source") or {}, body.get("destination") or {}
    named = Named(call.parts["prefix"], _only(source.get("namespace")), str(source.get("name")))
    wanted = {"newNamespaceName": _only(target.get("namespace")), "newName": str(target.get("name"))}
    await call.call("RenameTable", {**named.params, **wanted})
    return 204, None
