"""Aliases: names for versions, which can lead a part of the invocations to another one.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
"""

from __future__ import annotations

from fogbank.kernel import Context, pages
from fogbank.services.lambda_ import errors, limits
from fogbank.services.lambda_.capacity import provisioned
from fogbank.services.lambda_.invocation import event_invoke
from fogbank.services.lambda_.records import (
    LATEST,
    ON_FUNCTION,
    Alias,
    Answer,
    Named,
    Request,
    aliases,
    functions,
    key_of,
    latest,
    named,
    policies,
)
from fogbank.services.lambda_.service import service
from fogbank.services.lambda_.url import urls


@service.operation(**ON_FUNCTION)
async def create_alias(ctx: Context, request: Request) -> Answer:
    of, name = named(ctx, request), request["Name"]
    await latest(of)
    if await aliases.get(of.scope, of.name, name) is not None:
        raise errors.alias_exists(f"{of.function_arn}:{name}")
    weights = _weights(request)
    await _check(of, request["FunctionVersion"], weights)
    alias = Alias(name, request["FunctionVersion"], request.get("Description") or "", ctx.ids.uuid(), weights)
    aliases.put(of.scope, alias, of.name, name)
    return described(of, alias)


def _weights(request: Request) -> dict[str, float]:
    return (request.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}


async def _check(of: Named, version: str, weights: dict[str, float]) -> None:
    """Do the versions exist, and can they share the invocations? Raises InvalidParameterValueException and others."""
    for each in (version, *weights):
        if await functions.get(of.scope, of.name, key_of(each)) is None:
            raise errors.function_not_found(f"{of.function_arn}:{each}")
    if not weights:
        return
    if LATEST in (version, *weights):
        raise errors.invalid_parameter("$LATEST is not supported for an alias pointing to more than 1 version")
    if len(weights) > 1:
        raise errors.invalid_parameter("Number of items in AdditionalVersionWeights cannot be greater than 1")
    if version in weights:
        raise errors.invalid_parameter("Invalid function version in AdditionalVersionWeights: it is the alias' own")


@service.operation(**ON_FUNCTION)
async def update_alias(ctx: Context, request: Request) -> Answer:
    of = named(ctx, request)
    alias = await _find(of, request["Name"])
    if request.get("RevisionId") not in (None, alias.revision):
        raise errors.revision_differs()
    version = request.get("FunctionVersion") or alias.version
    weights = alias.weights if request.get("RoutingConfig") is None else _weights(request)
    await _check(of, version, weights)
    description = request.get("Description")
    changed = Alias(
        alias.name, version, alias.description if description is None else description, ctx.ids.uuid(), weights
    )
    aliases.put(of.scope, changed, of.name, alias.name)
    provisioned.alias_moved(of, alias.name)
    return described(of, changed)


async def _find(of: Named, name: str) -> Alias:
    alias = await aliases.get(of.scope, of.name, name)
    if alias is None:
        await latest(of)
        raise errors.alias_not_found(f"{of.function_arn}:{name}")
    return alias


@service.operation(**ON_FUNCTION)
async def get_alias(ctx: Context, request: Request) -> Answer:
    of = named(ctx, request)
    return described(of, await _find(of, request["Name"]))


@service.operation(**ON_FUNCTION)
async def list_aliases(ctx: Context, request: Request) -> Answer:
    of = named(ctx, request)
    await latest(of)
    marker, version = request.get("Marker"), request.get("FunctionVersion")
    after = None if not marker else (pages.position(marker, errors.invalid_parameter("Invalid marker.")),)
    found = await aliases.scan(of.scope, of.name, after=after)
    listed = [each for each in found if version is None or version in (each.version, *each.weights)]
    shown, following = pages.page(
        listed, min(request.get("MaxItems") or limits.LISTED, limits.LISTED), lambda a: a.name
    )
    return {"Aliases": [described(of, each) for each in shown], "NextMarker": following}


@service.operation(**ON_FUNCTION)
async def delete_alias(ctx: Context, request: Request) -> None:
    """What is not there need not be deleted."""
    of, name = named(ctx, request), request["Name"]
    await latest(of)
    aliases.delete(of.scope, of.name, name)
    policies.delete(of.scope, of.name, name)
    event_invoke.configs.delete(of.scope, of.name, name)
    await urls.delete_of_alias(of, name)
    await provisioned.delete_all(of, name)


def described(of: Named, alias: Alias) -> Answer:
    answer: Answer = {
        "AliasArn": f"{of.function_arn}:{alias.name}",
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision,
    }
    if alias.weights:
        answer["RoutingConfig"] = {"AdditionalVersionWeights": alias.weights}
    return answer
