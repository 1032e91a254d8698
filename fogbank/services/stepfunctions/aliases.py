"""Aliases of state machines. https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-alias.html"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, pages
from fogbank.services.stepfunctions import arns, errors, limits
from fogbank.services.stepfunctions.arns import Arn
from fogbank.services.stepfunctions.records import Alias, aliases, find_machine, given, machine_arn, versions
from fogbank.services.stepfunctions.service import service
from fogbank.services.stepfunctions.wire import listed

Request = dict[str, Any]
Routing = list[tuple[int, int]]


def _made(ctx: Context, request: Request) -> str:
    routes = request["routingConfiguration"]
    return routes[0]["stateMachineVersionArn"].rpartition(":")[0] if routes else "*"


@service.operation(resource=_made)
async def create_state_machine_alias(ctx: Context, request: Request) -> Request:
    """The same request again is answered as the first one was. API_CreateStateMachineAlias."""
    name = request["name"]
    if name.isdigit():
        raise errors.invalid_name(name)
    machine, routing = await _routing(ctx, request["routingConfiguration"])
    known = await aliases.get(ctx, machine.name, name)
    if known is not None and (known.routing != routing or known.description != request.get("description")):
        raise errors.alias_exists(name)
    if known is None:
        if await aliases.count(ctx, machine.name, limit=limits.ALIASES) >= limits.ALIASES:
            raise errors.quota_exceeded("aliases", limits.ALIASES)
        known = Alias(name, routing, ctx.now(), ctx.now(), request.get("description"))
        aliases.put(ctx, known, machine.name, name)
    return {"stateMachineAliasArn": f"{arns.machine(ctx, machine.name)}:{name}", "creationDate": known.created}


async def _routing(ctx: Context, routes: list[Request]) -> tuple[Arn, Routing]:
    """The state machine, and the versions with their weights. Raises InvalidArn, ResourceNotFound, ValidationException."""
    if not 1 <= len(routes) <= 2:
        raise errors.invalid_routing("Routing configuration must contain one or two versions")
    found = [machine_arn(route["stateMachineVersionArn"]) for route in routes]
    if any(not arn.is_version for arn in found):
        raise errors.invalid_routing("Routing configuration must contain state machine version ARNs")
    if len({arn.name for arn in found}) > 1:
        raise errors.invalid_routing("Routing configuration must contain versions of the same state machine")
    if len({arn.text for arn in found}) < len(found):
        raise errors.invalid_routing("Routing configuration must contain distinct state machine version ARNs")
    if sum(route["weight"] for route in routes) != 100:
        raise errors.invalid_routing("Sum of routing configuration weights must equal 100")
    await find_machine(ctx, found[0])
    for arn in found:
        if await versions.get(ctx, arn.name, int(arn.qualifier)) is None:
            raise errors.no_version(arn.text)
    return found[0], [(int(arn.qualifier), route["weight"]) for arn, route in zip(found, routes, strict=True)]


async def _find(ctx: Context, text: str) -> tuple[Arn, Alias]:
    """Raises InvalidArn, ResourceNotFound."""
    arn = machine_arn(text)
    alias = await aliases.get(ctx, arn.name, arn.qualifier) if arn.qualifier else None
    if alias is None:
        raise errors.no_resource(text)
    return arn, alias


@service.operation(resource=given)
async def describe_state_machine_alias(ctx: Context, request: Request) -> Request:
    """API_DescribeStateMachineAlias."""
    arn, alias = await _find(ctx, request["stateMachineAliasArn"])
    routes = [
        {"stateMachineVersionArn": f"{arn.unqualified}:{number}", "weight": weight} for number, weight in alias.routing
    ]
    return {
        "stateMachineAliasArn": arn.text,
        "name": alias.name,
        "description": alias.description,
        "routingConfiguration": routes,
        "creationDate": alias.created,
        "updateDate": alias.updated,
    }


@service.operation(resource=given)
async def update_state_machine_alias(ctx: Context, request: Request) -> Request:
    """API_UpdateStateMachineAlias."""
    arn, alias = await _find(ctx, request["stateMachineAliasArn"])
    if request.get("description") is None and request.get("routingConfiguration") is None:
        raise errors.validation(
            "Either the description or the routingConfiguration must be specified", "MISSING_REQUIRED_PARAMETER"
        )
    if request.get("routingConfiguration") is not None:
        machine, routing = await _routing(ctx, request["routingConfiguration"])
        if machine.name != arn.name:
            raise errors.invalid_routing("Routing configuration must contain versions of the alias's state machine")
        alias = msgspec.structs.replace(alias, routing=routing)
    if request.get("description") is not None:
        alias = msgspec.structs.replace(alias, description=request["description"])
    alias = msgspec.structs.replace(alias, updated=ctx.now())
    aliases.put(ctx, alias, arn.name, alias.name)
    return {"updateDate": alias.updated}


@service.operation(resource=given)
async def delete_state_machine_alias(ctx: Context, request: Request) -> Request:
    """API_DeleteStateMachineAlias."""
    arn, alias = await _find(ctx, request["stateMachineAliasArn"])
    aliases.delete(ctx, arn.name, alias.name)
    return {}


@service.operation(resource=given)
async def list_state_machine_aliases(ctx: Context, request: Request) -> Request:
    """By name; given a version, those that lead to it. API_ListStateMachineAliases."""
    arn = machine_arn(request["stateMachineArn"])
    await find_machine(ctx, arn)
    token = request.get("nextToken")
    after = "" if token is None else pages.position(token, errors.invalid_token())
    rows = [each for each in await aliases.scan(ctx, arn.name) if each.name > after and _leads_to(each, arn)]
    found, following = listed(rows, request, lambda alias: alias.name)
    shown = [
        {"stateMachineAliasArn": f"{arn.unqualified}:{alias.name}", "creationDate": alias.created} for alias in found
    ]
    return {"stateMachineAliases": shown, "nextToken": following}


def _leads_to(alias: Alias, arn: Arn) -> bool:
    return not arn.is_version or int(arn.qualifier) in [number for number, _ in alias.routing]
