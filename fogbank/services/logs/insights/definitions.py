"""Query definitions: queries that are kept under a name.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html
"""

from __future__ import annotations

import uuid
from typing import Any

from fogbank.kernel import Context, Record, pages
from fogbank.services.logs import errors, limits
from fogbank.services.logs.records import Answer, Request, milliseconds
from fogbank.services.logs.service import service


class Definition(Record, frozen=True):
    """`modified` is in milliseconds."""

    id: str
    name: str
    query: str
    groups: tuple[str, ...]
    modified: int
    language: str = "CWLI"
    parameters: tuple[dict[str, Any], ...] = ()


definitions = service.collection("query-definitions", Definition)

_TOKENS = uuid.UUID("8f6ad4a2-39e6-4bf2-9ac4-0c1e8e0dbb57")


@service.operation
async def put_query_definition(ctx: Context, request: Request) -> Answer:
    """What is not given is not kept of the one that was there."""
    definition_id = request.get("queryDefinitionId")
    if definition_id is None:
        definition_id = _new_id(ctx, request.get("clientToken"))
        if await definitions.count(ctx, limit=limits.QUERY_DEFINITIONS) >= limits.QUERY_DEFINITIONS:
            raise errors.limit_exceeded()
    elif await definitions.get(ctx, definition_id) is None:
        raise errors.not_found("query definition")
    made = Definition(
        definition_id,
        request["name"],
        request["queryString"],
        tuple(request.get("logGroupNames") or ()),
        milliseconds(ctx),
        request.get("queryLanguage", "CWLI"),
        tuple(request.get("parameters") or ()),
    )
    definitions.put(ctx, made, made.id)
    return {"queryDefinitionId": made.id}


def _new_id(ctx: Context, token: str | None) -> str:
    """The same for the same token, so that a request may be repeated."""
    return ctx.ids.uuid() if token is None else str(uuid.uuid5(_TOKENS, f"{ctx.account}/{ctx.region}/{token}"))


@service.operation
async def delete_query_definition(ctx: Context, request: Request) -> Answer:
    if await definitions.get(ctx, request["queryDefinitionId"]) is None:
        raise errors.not_found("query definition")
    definitions.delete(ctx, request["queryDefinitionId"])
    return {"success": True}


@service.operation
async def describe_query_definitions(ctx: Context, request: Request) -> Answer:
    """By name."""
    prefix, language = request.get("queryDefinitionNamePrefix") or "", request.get("queryLanguage")
    rows = [
        each
        for each in await definitions.scan(ctx)
        if each.name.startswith(prefix) and language in (None, each.language)
    ]
    rows.sort(key=_place)
    token = request.get("nextToken")
    if token is not None:
        last = pages.position(token, errors.invalid_token())
        rows = [each for each in rows if _place(each) > last]
    found, following = pages.page(rows, request.get("maxResults") or limits.QUERIES_PAGE, _place)
    return {"queryDefinitions": [_described(each) for each in found], "nextToken": following}


def _place(definition: Definition) -> str:
    return f"{definition.name}\0{definition.id}"


def _described(definition: Definition) -> Answer:
    return {
        "queryLanguage": definition.language,
        "queryDefinitionId": definition.id,
        "name": definition.name,
        "queryString": definition.query,
        "lastModified": definition.modified,
        "logGroupNames": list(definition.groups),
        "parameters": list(definition.parameters) or None,
    }
