"""Destinations: streams of this account that other accounts may send their log events to.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CrossAccountSubscriptions.html
"""

from __future__ import annotations

import msgspec

from fogbank.kernel import Context, Record, pages
from fogbank.services.logs import errors, limits, tags
from fogbank.services.logs.records import Answer, Request, milliseconds
from fogbank.services.logs.service import service

_TARGETS = ("kinesis", "firehose")


class Destination(Record, frozen=True):
    """`created` is in milliseconds; `policy` says who may subscribe, empty for nobody else."""

    name: str
    target: str
    role: str
    created: int
    policy: str = ""
    tags: dict[str, str] = {}


destinations = service.collection("destinations", Destination)


def arn_of(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:logs:{ctx.region}:{ctx.account}:destination:{name}"


def _resource(ctx: Context, request: Request) -> str:
    return arn_of(ctx, request["destinationName"])


@service.operation(resource=_resource)
async def put_destination(ctx: Context, request: Request) -> Answer:
    name, target = request["destinationName"], request["targetArn"]
    parts = target.split(":", 5)
    if len(parts) != 6 or parts[2] not in _TARGETS:
        raise errors.invalid_parameter("The target of a destination has to be a stream of Kinesis or Firehose.")
    if parts[3:5] != [ctx.region, ctx.account]:
        raise errors.invalid_parameter("The target has to be in the same account and region as the destination.")
    await ctx.pass_role(request["roleArn"])
    before = await destinations.get(ctx, name)
    made = Destination(
        name,
        target,
        request["roleArn"],
        milliseconds(ctx) if before is None else before.created,
        "" if before is None else before.policy,
        tags.checked(arn_of(ctx, name), {} if before is None else before.tags, request.get("tags") or {}),
    )
    destinations.put(ctx, made, name)
    return {"destination": _described(ctx, made)}


@service.operation(resource=_resource)
async def put_destination_policy(ctx: Context, request: Request) -> None:
    from fogbank.identity import policy_grammar

    found = await _find(ctx, request["destinationName"])
    try:
        policy_grammar.check(request["accessPolicy"], "resource")
    except policy_grammar.MalformedPolicy as error:
        raise errors.bad_policy(error.message) from None
    destinations.put(ctx, msgspec.structs.replace(found, policy=request["accessPolicy"]), found.name)


@service.operation(resource=_resource)
async def delete_destination(ctx: Context, request: Request) -> None:
    found = await _find(ctx, request["destinationName"])
    destinations.delete(ctx, found.name)


async def _find(ctx: Context, name: str) -> Destination:
    found = await destinations.get(ctx, name)
    if found is None:
        raise errors.not_found("destination")
    return found


@service.operation
async def describe_destinations(ctx: Context, request: Request) -> Answer:
    token = request.get("nextToken")
    after = None if token is None else (pages.position(token, errors.invalid_token()),)
    limit = request.get("limit") or limits.PAGE
    rows = await destinations.scan(ctx, starts_with=request.get("DestinationNamePrefix"), after=after, limit=limit + 1)
    found, following = pages.page(rows, limit, lambda each: each.name)
    return {"destinations": [_described(ctx, each) for each in found], "nextToken": following}


def _described(ctx: Context, destination: Destination) -> Answer:
    return {
        "destinationName": destination.name,
        "targetArn": destination.target,
        "roleArn": destination.role,
        "accessPolicy": destination.policy or None,
        "arn": arn_of(ctx, destination.name),
        "creationTime": destination.created,
    }


# -- for subscriptions


async def at_arn(ctx: Context, arn: str) -> tuple[Context, Destination | None]:
    """The scope and the destination of an ARN, which may be another account's."""
    _, _, _, region, account, resource = arn.split(":", 5)
    scope = ctx.at(account=account, region=region)
    return scope, await destinations.get(scope, resource.removeprefix("destination:"))


async def require_access(ctx: Context, arn: str) -> None:
    """Raise AccessDenied unless the destination lets the caller subscribe; InvalidParameterException when there is none."""
    if not arn.split(":", 5)[5].startswith("destination:"):
        raise errors.not_deliverable(arn)
    scope, found = await at_arn(ctx, arn)
    if found is None:
        raise errors.not_deliverable(arn)
    await ctx.authorise("logs:PutSubscriptionFilter", arn, policy=found.policy or None, owner=scope.account)
