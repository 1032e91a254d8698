"""Code bindings of schemas: PutCodeBinding, DescribeCodeBinding, GetCodeBindingSource."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from fogbank.kernel import Context
from fogbank.services.schemas import documents, errors
from fogbank.services.schemas.classes import classes_of, package_of
from fogbank.services.schemas.code import GENERATORS, archive
from fogbank.services.schemas.finding import ON_SCHEMA, find_schema, find_version
from fogbank.services.schemas.records import Binding, Schema, Version, bindings
from fogbank.services.schemas.service import service

Request = dict[str, Any]

_SECONDS = 1.0


async def _find(ctx: Context, request: Request) -> tuple[Schema, Version]:
    """The schema and version that a request names. Raises NotFoundException, BadRequestException."""
    if request["Language"] not in GENERATORS:
        raise errors.unknown_language(request["Language"])
    schema = await find_schema(ctx, request)
    return schema, await find_version(ctx, schema, request.get("SchemaVersion"))


async def _binding(ctx: Context, request: Request) -> tuple[Binding, Schema, Version]:
    schema, version = await _find(ctx, request)
    found = await bindings.get(ctx, schema.registry, schema.name, version.number, request["Language"])
    if found is None:
        raise errors.no_binding(request["Language"])
    return found, schema, version


def _shown(binding: Binding, version: Version) -> Request:
    return {
        "CreationDate": binding.created,
        "LastModified": binding.modified,
        "SchemaVersion": str(version.number),
        "Status": binding.status,
    }


@service.operation(**ON_SCHEMA)
async def put_code_binding(ctx: Context, request: Request) -> Request:
    """Have code generated for a version of a schema; it is there a moment later. API_PutCodeBinding."""
    schema, version = await _find(ctx, request)
    if schema.kind != documents.OPENAPI:
        raise errors.only_from_openapi()
    place = (schema.registry, schema.name, version.number, request["Language"])
    binding = await bindings.get(ctx, *place)
    if binding is None:
        binding = Binding(request["Language"], ctx.now(), ctx.now())
        bindings.put(ctx, binding, *place)
        await ctx.schedule("generate", {"place": list(place)}, delay=_SECONDS)
    return _shown(binding, version)


@service.task
async def generate(ctx: Context, payload: dict[str, Any]) -> None:
    """The code can be had from now on."""
    registry, name, number, language = payload["place"]
    binding = await bindings.get(ctx, registry, name, number, language)
    if binding is not None:
        done = msgspec.structs.replace(binding, status="CREATE_COMPLETE", modified=ctx.now())
        bindings.put(ctx, done, registry, name, number, language)


@service.operation(**ON_SCHEMA)
async def describe_code_binding(ctx: Context, request: Request) -> Request:
    """API_DescribeCodeBinding."""
    binding, _, version = await _binding(ctx, request)
    return _shown(binding, version)


@service.operation(**ON_SCHEMA)
async def get_code_binding_source(ctx: Context, request: Request) -> Request:
    """The code, as a ZIP. API_GetCodeBindingSource."""
    binding, schema, version = await _binding(ctx, request)
    if binding.status != "CREATE_COMPLETE":
        raise errors.no_binding(binding.language)
    classes = classes_of(orjson.loads(version.content))
    return {"Body": archive(GENERATORS[binding.language](package_of(schema.name), classes))}
