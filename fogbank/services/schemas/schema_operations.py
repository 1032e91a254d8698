"""Schemas and their versions.

CreateSchema, UpdateSchema, DeleteSchema, DescribeSchema, ListSchemas, SearchSchemas, ExportSchema; ListSchemaVersions,
DeleteSchemaVersion; GetDiscoveredSchema.
"""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from fogbank.kernel import Context, service_events
from fogbank.protocols.timestamps import iso8601
from fogbank.services.schemas import documents, errors, inference, tags
from fogbank.services.schemas.finding import (
    ON_REGISTRY,
    ON_SCHEMA,
    check_name,
    find_registry,
    find_schema,
    find_version,
    own_registry,
    page,
    schema_arn,
    schemas_of,
    versions_of,
)
from fogbank.services.schemas.records import Schema, Version, bindings, schemas, versions
from fogbank.services.schemas.service import service

Request = dict[str, Any]


async def add_version(ctx: Context, schema: Schema, content: str, **changes: Any) -> tuple[Schema, Version]:
    """Keep the schema with a new version, and tell of it."""
    number = schema.newest + 1
    version = Version(number, content, ctx.now())
    schema = msgspec.structs.replace(schema, newest=number, modified=ctx.now(), **changes)
    schemas.put(ctx, schema, schema.registry, schema.name)
    versions.put(ctx, version, schema.registry, schema.name, number)
    await _tell(ctx, schema, version)
    return schema, version


async def _tell(ctx: Context, schema: Schema, version: Version) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/event-reference.html#event-reference-schemas"""
    detail = {
        "SchemaName": schema.name,
        "SchemaType": schema.kind,
        "RegistryName": schema.registry,
        "CreationDate": iso8601(version.created),
        "Version": str(version.number),
    }
    kinds = ["Schema Created"] if version.number == 1 else []
    for kind in [*kinds, "Schema Version Created"]:
        await service_events.tell(ctx, kind, detail, [schema_arn(ctx, schema)])


def _stated(ctx: Context, schema: Schema, version: Version) -> Request:
    return {
        "Description": schema.description,
        "LastModified": schema.modified,
        "SchemaArn": schema_arn(ctx, schema),
        "SchemaName": schema.name,
        "SchemaVersion": str(version.number),
        "Tags": schema.tags,
        "Type": schema.kind,
        "VersionCreatedDate": version.created,
    }


# -- making and changing


@service.operation(**ON_SCHEMA)
async def create_schema(ctx: Context, request: Request) -> Request:
    """API_CreateSchema."""
    registry, name = await own_registry(ctx, request["RegistryName"]), request["SchemaName"]
    check_name("Schema", name)
    documents.checked(request["Type"], request["Content"])
    if await schemas.get(ctx, registry.name, name) is not None:
        raise errors.conflict("Schema", name)
    labels = tags.added({}, request.get("Tags") or {})
    schema = Schema(registry.name, name, request["Type"], ctx.now(), 0, request.get("Description"), labels)
    return _stated(ctx, *await add_version(ctx, schema, request["Content"]))


@service.operation(**ON_SCHEMA)
async def update_schema(ctx: Context, request: Request) -> Request:
    """Change the description, or add a version if the content is another one. API_UpdateSchema."""
    await own_registry(ctx, request["RegistryName"])
    schema = await find_schema(ctx, request)
    version = await find_version(ctx, schema, None)
    kind, content = request.get("Type") or schema.kind, request.get("Content") or version.content
    documents.checked(kind, content)
    changes: Request = {"kind": kind}
    if request.get("Description") is not None:
        changes["description"] = request["Description"]
    if content != version.content or kind != schema.kind:
        return _stated(ctx, *await add_version(ctx, schema, content, **changes, shape=b""))
    schema = msgspec.structs.replace(schema, modified=ctx.now(), **changes)
    schemas.put(ctx, schema, schema.registry, schema.name)
    return _stated(ctx, schema, version)


@service.operation(**ON_SCHEMA)
async def delete_schema(ctx: Context, request: Request) -> None:
    """Delete a schema with its versions. API_DeleteSchema."""
    await own_registry(ctx, request["RegistryName"])
    schema = await find_schema(ctx, request)
    for version in await versions_of(ctx, schema):
        await _remove_version(ctx, schema, version)
    schemas.delete(ctx, schema.registry, schema.name)


async def _remove_version(ctx: Context, schema: Schema, version: Version) -> None:
    place = (schema.registry, schema.name, version.number)
    versions.delete(ctx, *place)
    for binding in await bindings.scan(ctx, *place):
        bindings.delete(ctx, *place, binding.language)


@service.operation(**ON_SCHEMA)
async def delete_schema_version(ctx: Context, request: Request) -> None:
    """Delete a version; with its last one a schema is gone. API_DeleteSchemaVersion."""
    await own_registry(ctx, request["RegistryName"])
    schema = await find_schema(ctx, request)
    version = await find_version(ctx, schema, request["SchemaVersion"])
    await _remove_version(ctx, schema, version)
    left = [each.number for each in await versions_of(ctx, schema)]
    if left:
        schemas.put(ctx, msgspec.structs.replace(schema, newest=max(left), shape=b""), schema.registry, schema.name)
    else:
        schemas.delete(ctx, schema.registry, schema.name)


# -- reading


@service.operation(**ON_SCHEMA)
async def describe_schema(ctx: Context, request: Request) -> Request:
    """API_DescribeSchema."""
    schema = await find_schema(ctx, request)
    version = await find_version(ctx, schema, request.get("SchemaVersion"))
    return {**_stated(ctx, schema, version), "Content": version.content}


@service.operation(**ON_SCHEMA)
async def export_schema(ctx: Context, request: Request) -> Request:
    """An OpenAPI 3 schema as JSON Schema draft 4. API_ExportSchema."""
    schema = await find_schema(ctx, request)
    version = await find_version(ctx, schema, request.get("SchemaVersion"))
    if (schema.kind, request["Type"]) != (documents.OPENAPI, documents.JSON_SCHEMA):
        raise errors.unknown_export(request["Type"])
    exported = documents.json_schema(orjson.loads(version.content))
    return {
        "Content": orjson.dumps(exported).decode(),
        "SchemaArn": schema_arn(ctx, schema),
        "SchemaName": schema.name,
        "SchemaVersion": str(version.number),
        "Type": documents.JSON_SCHEMA,
    }


@service.operation(**ON_REGISTRY)
async def list_schemas(ctx: Context, request: Request) -> Request:
    """The schemas of a registry by name. API_ListSchemas."""
    registry = await find_registry(ctx, request["RegistryName"])
    prefix = request.get("SchemaNamePrefix") or ""
    found = {each.name: each for each in await schemas_of(ctx, registry) if each.name.startswith(prefix)}
    names, token = page(request, sorted(found))
    return {"Schemas": [await _summary(ctx, found[name]) for name in names], "NextToken": token}


async def _summary(ctx: Context, schema: Schema) -> Request:
    return {
        "LastModified": schema.modified,
        "SchemaArn": schema_arn(ctx, schema),
        "SchemaName": schema.name,
        "Tags": schema.tags,
        "VersionCount": len(await versions_of(ctx, schema)),
    }


@service.operation(**ON_SCHEMA)
async def list_schema_versions(ctx: Context, request: Request) -> Request:
    """The versions of a schema, the oldest first. API_ListSchemaVersions."""
    schema = await find_schema(ctx, request)
    numbers = [f"{version.number:09}" for version in await versions_of(ctx, schema)]
    shown, token = page(request, numbers)
    place = {"SchemaArn": schema_arn(ctx, schema), "SchemaName": schema.name, "Type": schema.kind}
    return {"SchemaVersions": [{**place, "SchemaVersion": str(int(each))} for each in shown], "NextToken": token}


@service.operation(**ON_REGISTRY)
async def search_schemas(ctx: Context, request: Request) -> Request:
    """The schemas whose name, description or newest content have all of the words in them. API_SearchSchemas."""
    registry = await find_registry(ctx, request["RegistryName"])
    words = request["Keywords"].lower().split()
    found = {}
    for schema in await schemas_of(ctx, registry):
        version = await find_version(ctx, schema, None)
        text = f"{schema.name}\n{schema.description or ''}\n{version.content}".lower()
        if all(word in text for word in words):
            found[schema.name] = schema
    names, token = page(request, sorted(found))
    return {"Schemas": [await _hit(ctx, found[name]) for name in names], "NextToken": token}


async def _hit(ctx: Context, schema: Schema) -> Request:
    shown = [
        {"CreatedDate": version.created, "SchemaVersion": str(version.number), "Type": schema.kind}
        for version in await versions_of(ctx, schema)
    ]
    place = {"RegistryName": schema.registry, "SchemaArn": schema_arn(ctx, schema), "SchemaName": schema.name}
    return {**place, "SchemaVersions": shown}


# -- from events


@service.operation(resource=lambda ctx, request: "*")
async def get_discovered_schema(ctx: Context, request: Request) -> Request:
    """The schema that fits some events, without keeping it. API_GetDiscoveredSchema."""
    events = [_event(text) for text in request["Events"]]
    document = documents.openapi(inference.infer_all(events), events[0])
    if request["Type"] == documents.JSON_SCHEMA:
        document = documents.json_schema(document)
    return {"Content": orjson.dumps(document).decode()}


def _event(text: str) -> dict[str, Any]:
    try:
        event = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise errors.invalid_event(str(error)) from None
    if not isinstance(event, dict):
        raise errors.invalid_event("it is not a JSON object.")
    return event
