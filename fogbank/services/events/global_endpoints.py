"""Global endpoints: two buses of one name in two Regions, one of which takes the events: the primary one while it is healthy.

endpoints   (home Region, name)   Endpoint

With replication both buses take them. Whether the primary Region is healthy says its Route 53 health check.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-global-endpoints.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context, Record, pages
from fogbank.services.events import errors, limits
from fogbank.services.events.bus import find_bus
from fogbank.services.events.names import own_arn, parse_bus
from fogbank.services.events.service import service

Request = dict[str, Any]

_SECONDS = 1.0
_SUFFIX = ".endpoint.events.amazonaws.com"


class Endpoint(Record, frozen=True):
    """A global endpoint. `routing`, `replication` and `buses` are as the API has them; the home Region is the primary one."""

    name: str
    home: str
    id: str
    created: float
    modified: float
    routing: dict[str, Any]
    buses: list[dict[str, str]]
    replication: str = "ENABLED"
    description: str | None = None
    role: str | None = None
    state: str = "CREATING"


endpoints = service.collection("endpoints", Endpoint, scope="account")


def _own(ctx: Context, request: Request) -> str:
    return own_arn(ctx, f"endpoint/{request.get('Name') or '*'}")


# -- routing


async def scopes(ctx: Context, id: str | None) -> list[Context]:
    """The contexts of the Regions whose buses take the events that come by an endpoint; without one, the caller's."""
    if id is None:
        return [ctx]
    endpoint = next((each for each in await endpoints.scan(ctx) if each.id == id), None)
    if endpoint is None:
        raise errors.no_such("Endpoint", id)
    secondary = endpoint.routing["FailoverConfig"]["Secondary"]["Route"]
    regions = [endpoint.home, secondary]
    if endpoint.replication != "ENABLED":
        regions = [endpoint.home if await _is_healthy(ctx, endpoint) else secondary]
    return [ctx.at(region=region) for region in regions]


async def _is_healthy(ctx: Context, endpoint: Endpoint) -> bool:
    """What the health check says; without Route 53 the primary Region is healthy."""
    check = endpoint.routing["FailoverConfig"]["Primary"]["HealthCheck"].rpartition("/")[2]
    try:
        answer = await ctx.call("route53", "GetHealthCheckStatus", {"HealthCheckId": check})
    except AWSError:
        return True
    reports = [each["StatusReport"]["Status"] for each in answer["HealthCheckObservations"]]
    return not reports or any(report.startswith("Success") for report in reports)


# -- the operations


@service.operation(resource=_own)
async def create_endpoint(ctx: Context, request: Request) -> Request:
    """Make an endpoint, which is active a moment later. API_CreateEndpoint."""
    if await endpoints.get(ctx, ctx.region, request["Name"]) is not None:
        raise errors.exists("Endpoint", request["Name"])
    if await endpoints.count(ctx, ctx.region) >= limits.ENDPOINTS:
        raise errors.limit_exceeded()
    now = ctx.now()
    endpoint = Endpoint(request["Name"], ctx.region, "", now, now, {}, [])
    id = f"{ctx.ids.hex(10)}.veo"
    endpoint = await _changed(ctx, msgspec.structs.replace(endpoint, id=id), request, "CREATING")
    return {name: value for name, value in _shown(ctx, endpoint).items() if name not in ("EndpointId", "EndpointUrl")}


async def _changed(ctx: Context, endpoint: Endpoint, request: Request, state: str) -> Endpoint:
    """Keep the endpoint as a request wants it, and have it be active soon."""
    named = {"Description": "description", "RoutingConfig": "routing", "EventBuses": "buses", "RoleArn": "role"}
    changes = {field: request[member] for member, field in named.items() if request.get(member) is not None}
    if request.get("ReplicationConfig"):
        changes["replication"] = request["ReplicationConfig"].get("State") or "ENABLED"
    changed = msgspec.structs.replace(endpoint, **changes, state=state, modified=ctx.now())
    await _check(ctx, changed)
    endpoints.put(ctx, changed, changed.home, changed.name)
    await ctx.schedule("activate_endpoint", {"name": changed.name}, delay=_SECONDS, key=changed.name)
    return changed


async def _check(ctx: Context, endpoint: Endpoint) -> None:
    """Two buses of one name: one here, one in the secondary Region. Raises ValidationException, ResourceNotFoundException."""
    places = [parse_bus(bus["EventBusArn"]) for bus in endpoint.buses]
    secondary = endpoint.routing["FailoverConfig"]["Secondary"]["Route"]
    found = [place for place in places if place is not None and place.account == ctx.account]
    if len({place.name for place in found}) != 1 or {place.region for place in found} != {ctx.region, secondary}:
        reason = "Must be two event buses of the same name, one in the primary and one in the secondary Region."
        raise errors.invalid_parameter("EventBuses", reason)
    for place in found:
        await find_bus(ctx.at(region=place.region), place.name)
    if endpoint.replication == "ENABLED" and endpoint.role is None:
        raise errors.invalid_parameter("RoleArn", "RoleArn is required when event replication is enabled.")


@service.task
async def activate_endpoint(ctx: Context, payload: dict[str, Any]) -> None:
    endpoint = await endpoints.get(ctx, ctx.region, payload["name"])
    if endpoint is not None:
        endpoints.put(ctx, msgspec.structs.replace(endpoint, state="ACTIVE"), endpoint.home, endpoint.name)


async def _find(ctx: Context, request: Request) -> Endpoint:
    endpoint = await endpoints.get(ctx, request.get("HomeRegion") or ctx.region, request["Name"])
    if endpoint is None:
        raise errors.no_such("Endpoint", request["Name"])
    return endpoint


@service.operation(resource=_own)
async def update_endpoint(ctx: Context, request: Request) -> Request:
    """API_UpdateEndpoint."""
    return _shown(ctx, await _changed(ctx, await _find(ctx, request), request, "UPDATING"))


@service.operation(resource=_own)
async def delete_endpoint(ctx: Context, request: Request) -> Request:
    """API_DeleteEndpoint."""
    endpoint = await _find(ctx, request)
    endpoints.delete(ctx, endpoint.home, endpoint.name)
    await ctx.unschedule("activate_endpoint", endpoint.name)
    return {}


@service.operation(resource=_own)
async def describe_endpoint(ctx: Context, request: Request) -> Request:
    """API_DescribeEndpoint."""
    return _shown(ctx, await _find(ctx, request))


def _shown(ctx: Context, endpoint: Endpoint) -> Request:
    return {
        "Name": endpoint.name,
        "Description": endpoint.description,
        "Arn": own_arn(ctx.at(region=endpoint.home), f"endpoint/{endpoint.name}"),
        "RoutingConfig": endpoint.routing,
        "ReplicationConfig": {"State": endpoint.replication},
        "EventBuses": endpoint.buses,
        "RoleArn": endpoint.role,
        "EndpointId": endpoint.id,
        "EndpointUrl": f"https://{endpoint.id}{_SUFFIX}",
        "State": endpoint.state,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
    }


@service.operation(resource=_own)
async def list_endpoints(ctx: Context, request: Request) -> Request:
    """The endpoints of the account, of all home Regions or one. API_ListEndpoints."""
    prefix, home, token = request.get("NamePrefix") or "", request.get("HomeRegion"), request.get("NextToken")
    after = "" if token is None else pages.position(token, errors.invalid_next_token())
    found = [
        endpoint
        for endpoint in await endpoints.scan(ctx)
        if endpoint.name.startswith(prefix) and home in (None, endpoint.home) and _position(endpoint) > after
    ]
    shown, following = pages.page(found, request.get("MaxResults") or limits.PAGE, _position)
    return {"Endpoints": [_shown(ctx, endpoint) for endpoint in shown], "NextToken": following}


def _position(endpoint: Endpoint) -> str:
    return f"{endpoint.home} {endpoint.name}"
