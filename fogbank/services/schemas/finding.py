"""Finding registries, schemas and versions, of the account or AWS's own; and what the decision needs to know of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from fogbank.kernel import Context, pages
from fogbank.services.schemas import errors, provided
from fogbank.services.schemas.records import Registry, Schema, Version, arn, registries, schemas, versions

Request = dict[str, Any]

_NAME = re.compile(r"[\w.@-]{1,385}", re.ASCII)
_PAGE = 100


def registry_arn(ctx: Context, name: str) -> str:
    return arn(ctx.at(account="") if name == provided.NAME else ctx, "registry", name)


def schema_arn(ctx: Context, schema: Schema) -> str:
    return arn(ctx.at(account="") if schema.registry == provided.NAME else ctx, "schema", schema.registry, schema.name)


def check_name(noun: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise errors.invalid_name(noun, name)


async def find_registry(ctx: Context, name: str) -> Registry:
    """Raises NotFoundException."""
    found = provided.REGISTRY if name == provided.NAME else await registries.get(ctx, name)
    if found is None:
        raise errors.not_found("Registry", name)
    return found


async def own_registry(ctx: Context, name: str) -> Registry:
    """The same, but not AWS's. Raises ForbiddenException."""
    if name.startswith("aws."):
        raise errors.reserved_registry(name)
    return await find_registry(ctx, name)


async def find_schema(ctx: Context, request: Request) -> Schema:
    """The schema that a request names. Raises NotFoundException."""
    registry, name = await find_registry(ctx, request["RegistryName"]), request["SchemaName"]
    aws = registry.name == provided.NAME
    found = provided.schema(name) if aws else await schemas.get(ctx, registry.name, name)
    if found is None:
        raise errors.not_found("Schema", name)
    return found


async def find_version(ctx: Context, schema: Schema, number: str | None) -> Version:
    """A version of a schema, the newest unless another is named. Raises NotFoundException."""
    wanted = schema.newest if not number else int(number) if number.isdecimal() and len(number) < 10 else 0
    if schema.registry == provided.NAME:
        found = provided.version(schema.name) if wanted == 1 else None
    else:
        found = await versions.get(ctx, schema.registry, schema.name, wanted)
    if found is None:
        raise errors.no_such_version(schema.name, str(number))
    return found


async def schemas_of(ctx: Context, registry: Registry) -> list[Schema]:
    return provided.schemas() if registry.name == provided.NAME else await schemas.scan(ctx, registry.name)


async def versions_of(ctx: Context, schema: Schema) -> list[Version]:
    if schema.registry == provided.NAME:
        return [provided.version(schema.name)]
    return await versions.scan(ctx, schema.registry, schema.name)


def page(request: Request, names: Sequence[str]) -> tuple[Sequence[str], str | None]:
    """The names, which are in order, that are on the page that a request asks for. Raises BadRequestException."""
    limit = request.get("Limit", _PAGE)
    if not 1 <= limit <= _PAGE:
        raise errors.bad_request(f"Limit must be between 1 and {_PAGE}.")
    token = request.get("NextToken")
    after = "" if token is None else pages.position(token, errors.invalid_next_token())
    return pages.page([name for name in names if name > after], limit, lambda name: name)


# -- what the decision needs to know of a request


def _registry_named(ctx: Context, request: Request) -> str:
    return registry_arn(ctx, request.get("RegistryName") or "*")


def _schema_named(ctx: Context, request: Request) -> str:
    return arn(ctx, "schema", request["RegistryName"], request["SchemaName"])


async def _policy(ctx: Context, request: Request) -> str | None:
    name = request.get("RegistryName") or ""
    registry = await (ctx.transact(registries.get, ctx, name) if ctx.tx is None else registries.get(ctx, name))
    return None if registry is None else registry.policy


ON_REGISTRY: dict[str, Any] = {"resource": _registry_named, "policy": _policy}
ON_SCHEMA: dict[str, Any] = {"resource": _schema_named, "policy": _policy}
