"""ImportRestApi and PutRestApi. https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-import-api.html"""

from __future__ import annotations

from typing import Any

from fogbank.apis import openapi
from fogbank.apis.naming import Answer, Request, short_id
from fogbank.http import Payload
from fogbank.kernel import Context
from fogbank.services.apigateway import errors, integrations, methods
from fogbank.services.apigateway.documentation import put_all
from fogbank.services.apigateway.openapi import reading
from fogbank.services.apigateway.parts import (
    AUTHORIZER,
    DOC_PART,
    MODEL,
    RESOURCE,
    RESPONSE,
    VALIDATOR,
    Part,
    api_of,
    apis,
    documents,
    parts,
)
from fogbank.services.apigateway.patches import Document
from fogbank.services.apigateway.rest_apis import empty, make, put_defaults, shown
from fogbank.services.apigateway.service import operation


async def _document(request: Request) -> Document:
    body = request["body"]
    return reading.document_of(await body.read() if isinstance(body, Payload) else body)


@operation(transaction=False)
async def import_rest_api(ctx: Context, request: Request) -> Answer:
    return await ctx.transact(_import, ctx, request, await _document(request))


async def _import(ctx: Context, request: Request, document: Document) -> Answer:
    options = request.get("parameters") or {}
    asked: Document = reading.settings(document)
    if options.get("endpointConfigurationTypes"):
        asked["endpointConfiguration"] = {"types": options["endpointConfigurationTypes"].split(",")}
    api = make(ctx, asked)
    api["disableExecuteApiEndpoint"] = asked.get("disableExecuteApiEndpoint", False)
    put_defaults(ctx, api)
    await fill(ctx, api, document, options)
    return shown(api)


@operation(transaction=False)
async def put_rest_api(ctx: Context, request: Request) -> Answer:
    return await ctx.transact(_put, ctx, request, await _document(request))


async def _put(ctx: Context, request: Request, document: Document) -> Answer:
    """`overwrite` takes out what was there before; `merge` only what the document has, too."""
    api = {**await api_of(ctx, request), **reading.settings(document)}
    if request.get("mode") == "overwrite":
        await empty(ctx, api["id"], RESOURCE, MODEL, VALIDATOR, AUTHORIZER, RESPONSE, DOC_PART)
        put_defaults(ctx, api)
    apis.put(ctx, Part(api), api["id"])
    await fill(ctx, api, document, request.get("parameters") or {})
    return shown(api)


async def fill(ctx: Context, api: Document, document: Document, options: dict[str, str]) -> None:
    """Put everything that a document has into an API. Raises BadRequestException."""
    api_id = api["id"]
    try:
        for name, schema in reading.models(document, api_id).items():
            found = await parts.get(ctx, api_id, MODEL, name)
            identifier = found.document["id"] if found else short_id(ctx)
            model = {"id": identifier, "name": name, "contentType": "application/json", "schema": schema}
            parts.put(ctx, Part(model), api_id, MODEL, name)
        validators = await _named(ctx, api_id, VALIDATOR, reading.validators(document))
        authorizers = await _named(ctx, api_id, AUTHORIZER, reading.authorizers(document))
        for kind, response in reading.gateway_responses(document).items():
            parts.put(ctx, Part(response), api_id, RESPONSE, kind)
        await put_all(ctx, api_id, document)
        tree = await _Tree.of(ctx, api)
        prefix = reading.path_prefix(document, options.get("basepath") or options.get("basePath") or "ignore")
        for path in document.get("paths") or {}:
            tree.resource(ctx, prefix + path)
        for path, verb, told, parameters in openapi.operations(document):
            method = reading.method(document, verb, told, parameters)
            await _put_method(ctx, api_id, tree.resource(ctx, prefix + path), method, validators, authorizers)
    except openapi.Unreadable as error:
        raise errors.bad_request(str(error)) from error
    tree.save(ctx)


async def _named(ctx: Context, api_id: str, kind: str, told: dict[str, Document]) -> dict[str, str]:
    """Put parts that are known by their names; their ids by these."""
    known = {each["name"]: each["id"] for each in await documents(ctx, api_id, kind)}
    ids = {}
    for name, document in told.items():
        ids[name] = known.get(document["name"]) or short_id(ctx)
        parts.put(ctx, Part({"id": ids[name], **document}), api_id, kind, ids[name])
    return {**known, **ids}


class _Tree:
    """The resources of an API, which grow as paths are asked for."""

    def __init__(self, api: Document, resources: list[Document]) -> None:
        self.api_id = api["id"]
        self.by_path = {each["path"]: dict(each) for each in resources}

    @classmethod
    async def of(cls, ctx: Context, api: Document) -> _Tree:
        return cls(api, await documents(ctx, api["id"], RESOURCE))

    def resource(self, ctx: Context, path: str) -> Document:
        path = "/" + path.strip("/")
        found = self.by_path.get(path)
        if found is None:
            above, _, part = path.rpartition("/")
            parent = self.resource(ctx, above or "/")
            found = {"id": short_id(ctx), "parentId": parent["id"], "pathPart": part, "path": path}
            self.by_path[path] = found
        return found

    def save(self, ctx: Context) -> None:
        for each in self.by_path.values():
            parts.put(ctx, Part(each), self.api_id, RESOURCE, each["id"])


async def _put_method(
    ctx: Context,
    api_id: str,
    resource: Document,
    method: Document,
    validators: dict[str, Any],
    authorizers: dict[str, Any],
) -> None:
    validator = method.pop("validator", None)
    if validator:
        if validator not in validators:
            raise errors.bad_request(f"Invalid request validator specified: {validator}")
        method["requestValidatorId"] = validators[validator]
    authorizer = method.pop("authorizer", None)
    if authorizer:
        method["authorizerId"] = authorizers.get(authorizer)
    await methods.check(ctx, api_id, method)
    if "methodIntegration" in method:
        method["methodIntegration"].setdefault("cacheNamespace", resource["id"])
        integrations.check(method["methodIntegration"])
    resource.setdefault("resourceMethods", {})
    resource["resourceMethods"] = {**resource["resourceMethods"], method["httpMethod"]: method}
