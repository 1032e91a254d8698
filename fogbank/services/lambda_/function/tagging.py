"""Tags of functions, and of what else of Lambda can have them: mappings, code signing configurations, capacity providers.

They are kept by the name of the function, or by the end of the ARN (`event-source-mapping:...`).
https://docs.aws.amazon.com/lambda/latest/api/API_TagResource.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fogbank.kernel import Context
from fogbank.services.lambda_ import errors, limits
from fogbank.services.lambda_.records import Answer, Request, Tags, latest, named, tags
from fogbank.services.lambda_.service import service

Finder = Callable[[Context, str], Awaitable[Any]]
_finders: dict[str, Finder] = {}


def taggable(kind: str) -> Callable[[Finder], Finder]:
    """What finds a resource of that kind (`event-source-mapping`) by its id, or raises ResourceNotFoundException."""

    def declare(find: Finder) -> Finder:
        _finders[kind] = find
        return find

    return declare


def put(scope: Context, key: str, wanted: dict[str, str] | None) -> None:
    """The tags of something new. Raises InvalidParameterValueException."""
    if wanted:
        tags.put(scope, Tags(_checked(wanted, wanted)), key)


def _checked(given: dict[str, str], merged: dict[str, str]) -> dict[str, str]:
    if any(key.lower().startswith("aws:") for key in given):
        raise errors.invalid_parameter("Tag keys starting with aws: are reserved.")
    if len(merged) > limits.TAGS:
        raise errors.invalid_parameter(f"A resource has at most {limits.TAGS} tags.")
    return merged


# -- for the decision about a request


def _place(ctx: Context, request: Request) -> tuple[Context, str]:
    """Whose tags are where. Raises InvalidParameterValueException."""
    parts = request["Resource"].split(":")
    if parts[5] == "function":
        of = named(ctx, {"FunctionName": request["Resource"]})
        if of.qualifier:
            raise errors.invalid_parameter(
                "Tags on function aliases and versions are not supported. Please specify a function ARN."
            )
        return of.scope, of.name
    if parts[5] not in _finders or len(parts) != 7:
        raise errors.invalid_parameter(f"{request['Resource']} is not the ARN of a resource that can have tags.")
    return ctx.at(account=parts[4], region=parts[3]), f"{parts[5]}:{parts[6]}"


async def _owner(ctx: Context, request: Request) -> str | None:
    return str(request["Resource"].split(":")[4])


async def _tags_now(ctx: Context, request: Request) -> dict[str, str]:
    scope, key = _place(ctx, request)
    found = await scope.transact(tags.get, scope, key)
    return {} if found is None else found.tags


_ON_RESOURCE: dict[str, Any] = {
    "resource": lambda ctx, request: request["Resource"],
    "owner": _owner,
    "tags": _tags_now,
}


# -- operations


async def _found(ctx: Context, request: Request) -> tuple[Context, str, dict[str, str]]:
    """Where the tags are, and the tags. Raises ResourceNotFoundException, InvalidParameterValueException."""
    scope, key = _place(ctx, request)
    kind, _, identifier = key.rpartition(":")
    if kind:
        await _finders[kind](scope, identifier)
    else:
        await latest(named(ctx, {"FunctionName": request["Resource"]}))
    found = await tags.get(scope, key)
    return scope, key, {} if found is None else found.tags


@service.operation(**_ON_RESOURCE)
async def tag_resource(ctx: Context, request: Request) -> None:
    scope, key, before = await _found(ctx, request)
    tags.put(scope, Tags(_checked(request["Tags"], {**before, **request["Tags"]})), key)


@service.operation(**_ON_RESOURCE)
async def untag_resource(ctx: Context, request: Request) -> None:
    scope, key, before = await _found(ctx, request)
    tags.put(scope, Tags({name: value for name, value in before.items() if name not in request["TagKeys"]}), key)


@service.operation(**_ON_RESOURCE)
async def list_tags(ctx: Context, request: Request) -> Answer:
    _, _, found = await _found(ctx, request)
    return {"Tags": found}
