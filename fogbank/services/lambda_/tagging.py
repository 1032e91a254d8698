"""Tags of functions, by ARN."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.lambda_ import errors, limits
from fogbank.services.lambda_.records import ON_FUNCTION, Answer, Named, Request, Tags, latest, named, tags
from fogbank.services.lambda_.service import service


def _named(request: Request) -> Request:
    return {"FunctionName": request["Resource"]}


def _of_resource(name: str) -> Any:
    """An option of the operations on functions, for those that name them by ARN."""
    return lambda ctx, request: ON_FUNCTION[name](ctx, _named(request))


_ON_RESOURCE = {name: _of_resource(name) for name in ON_FUNCTION}


async def _tags(ctx: Context, request: Request) -> tuple[Named, dict[str, str]]:
    of = named(ctx, _named(request))
    if of.qualifier:
        raise errors.invalid_parameter(
            "Tags on function aliases and versions are not supported. Please specify a function ARN."
        )
    await latest(of)
    found = await tags.get(of.scope, of.name)
    return of, {} if found is None else found.tags


@service.operation(**_ON_RESOURCE)
async def tag_resource(ctx: Context, request: Request) -> None:
    of, before = await _tags(ctx, request)
    merged = {**before, **request["Tags"]}
    if any(key.lower().startswith("aws:") for key in request["Tags"]):
        raise errors.invalid_parameter("Tag keys starting with aws: are reserved.")
    if len(merged) > limits.TAGS:
        raise errors.invalid_parameter(f"A function has at most {limits.TAGS} tags.")
    tags.put(of.scope, Tags(merged), of.name)


@service.operation(**_ON_RESOURCE)
async def untag_resource(ctx: Context, request: Request) -> None:
    of, before = await _tags(ctx, request)
    tags.put(of.scope, Tags({key: value for key, value in before.items() if key not in request["TagKeys"]}), of.name)


@service.operation(**_ON_RESOURCE)
async def list_tags(ctx: Context, request: Request) -> Answer:
    _, found = await _tags(ctx, request)
    return {"Tags": found}
