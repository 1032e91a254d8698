"""Multi-Region Access Points: one name for buckets in several regions.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiRegionAccessPoints.html. They are created, deleted and given policies by
requests that are only noted at first; what became of one is told by DescribeMultiRegionAccessPointOperation.

    multi-region     name     -> MultiRegionAccessPoint  (of `fogbank.identity.storage_access`)
    aliases          alias    -> whose it is, once it is ready
    mrap-requests    token    -> AsyncRequest
    mrap-tokens      client token -> the token that it got
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.identity import storage_access
from fogbank.identity.storage_access import Alias, MultiRegionAccessPoint, Route, aliases, attached, multi_region
from fogbank.kernel import AWSError, Collection, Context, Record, pages
from fogbank.services.s3control import accounts, blocks, errors, limits, policies
from fogbank.services.s3control.service import service

Request = dict[str, Any]
Answer = dict[str, Any]

replace = msgspec.structs.replace

# All of these requests are served from one region.
_REGION = "us-west-2"
_SOON = 0.5
_CREATE, _DELETE, _PUT_POLICY = "create", "delete", "put-policy"
_OPERATIONS = {
    _CREATE: "CreateMultiRegionAccessPoint",
    _DELETE: "DeleteMultiRegionAccessPoint",
    _PUT_POLICY: "PutMultiRegionAccessPointPolicy",
}
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


class AsyncRequest(Record, frozen=True):
    """`details` is what was asked for; `error` is (code, message) of one that failed."""

    token: str
    verb: str
    created: float
    details: dict[str, Any]
    status: str = "NEW"
    regions: tuple[str, ...] = ()
    error: tuple[str, str] | None = None

    def arn(self, account: str) -> str:
        return f"arn:aws:s3:{_REGION}:{account}:async-request/mrap/{self.verb}/{self.token}"


class ClientToken(Record, frozen=True):
    verb: str
    details: dict[str, Any]
    token: str


_requests: Collection[AsyncRequest] = service.collection("mrap-requests", AsyncRequest, scope="account")
_client_tokens: Collection[ClientToken] = service.collection("mrap-tokens", ClientToken, scope="account")


async def _arn(ctx: Context, request: Request) -> str:
    """The resource of a request, as policies know it: by its alias."""
    named = request.get("Mrap") or request.get("Name") or (request.get("Details") or {}).get("Name") or ""
    home = accounts.home(ctx, request)
    found = await _find(home, named)
    return f"arn:aws:s3::{home.account}:accesspoint/{'*' if found is None else found.alias}"


_ON: dict[str, Any] = {"resource": _arn, "owner": accounts.owner}


# -- requests


async def _note(ctx: Context, request: Request, verb: str) -> Answer:
    """Note what is asked for, once for each client token."""
    home = accounts.home(ctx, request).at(region=_REGION)
    client_token, details = request["ClientToken"], request["Details"]
    known = await _client_tokens.get(home, client_token)
    if known is not None:
        if (known.verb, known.details) != (verb, details):
            raise errors.client_token_conflict()
        found = await _requests.get(home, known.token)
        assert found is not None
        return {"RequestTokenARN": found.arn(home.account)}
    noted = AsyncRequest("mrap" + "".join(home.ids.choice(_ALPHABET) for _ in range(24)), verb, home.now(), details)
    _requests.put(home, noted, noted.token)
    _client_tokens.put(home, ClientToken(verb, details, noted.token), client_token)
    await home.schedule("settle_multi_region_request", {"token": noted.token}, delay=_SOON)
    return {"RequestTokenARN": noted.arn(home.account)}


@service.operation(**_ON)
async def create_multi_region_access_point(ctx: Context, request: Request) -> Answer:
    answer = await _note(ctx, request, _CREATE)
    home, details = accounts.home(ctx, request), request["Details"]
    if await multi_region.get(home, details["Name"]) is None:
        routes = tuple(
            Route(each["Bucket"], each.get("BucketAccountId") or home.account, "") for each in details["Regions"]
        )
        flags = blocks.flags_of(details.get("PublicAccessBlock"), default=True)
        point = MultiRegionAccessPoint(
            details["Name"], home.account, _alias(home), home.now(), "CREATING", routes, flags
        )
        multi_region.put(home, point, point.name)
    return answer


def _alias(home: Context) -> str:
    letters = _ALPHABET[:26]
    return home.ids.choice(letters) + "".join(home.ids.choice(_ALPHABET) for _ in range(12)) + ".mrap"


@service.operation(**_ON)
async def delete_multi_region_access_point(ctx: Context, request: Request) -> Answer:
    return await _note(ctx, request, _DELETE)


@service.operation(**_ON)
async def put_multi_region_access_point_policy(ctx: Context, request: Request) -> Answer:
    return await _note(ctx, request, _PUT_POLICY)


@service.operation(**accounts.on("{RequestTokenARN}"))
async def describe_multi_region_access_point_operation(ctx: Context, request: Request) -> Answer:
    """Errors: NoSuchAsyncRequest."""
    home = accounts.home(ctx, request)
    arn = request["RequestTokenARN"]
    noted = await _requests.get(home, arn.rpartition("/")[2])
    if noted is None or noted.arn(home.account) != arn:
        raise errors.no_such_async_request()
    return {
        "AsyncOperation": {
            "CreationTime": noted.created,
            "Operation": _OPERATIONS[noted.verb],
            "RequestTokenARN": arn,
            "RequestParameters": {f"{_OPERATIONS[noted.verb]}Request": noted.details},
            "RequestStatus": noted.status,
            "ResponseDetails": _details(noted),
        }
    }


def _details(noted: AsyncRequest) -> Answer:
    if noted.error is not None:
        code, message = noted.error
        return {"ErrorDetails": {"Code": code, "Message": message, "Resource": noted.details["Name"]}}
    regions = [{"Name": region, "RequestStatus": noted.status} for region in noted.regions]
    return {"MultiRegionAccessPointDetails": {"Regions": regions}}


@service.task
async def settle_multi_region_request(ctx: Context, payload: dict[str, Any]) -> None:
    """Do what was asked for, and say what became of it."""
    noted = await _requests.get(ctx, payload["token"])
    if noted is None:
        return
    try:
        point = await ctx.undoing(_SETTLERS[noted.verb], ctx, noted.details)
    except AWSError as error:
        settled = replace(noted, status="FAILED", error=(error.code, error.message))
    else:
        settled = replace(noted, status="SUCCEEDED", regions=tuple(route.region for route in point.routes))
    _requests.put(ctx, settled, settled.token)
    if settled.error is not None and noted.verb == _CREATE:
        await _forget_unmade(ctx, noted.details["Name"])


async def _forget_unmade(ctx: Context, name: str) -> None:
    point = await multi_region.get(ctx, name)
    if point is not None and point.status == "CREATING":
        multi_region.delete(ctx, name)


async def _create(ctx: Context, details: Request) -> MultiRegionAccessPoint:
    point = await multi_region.get(ctx, details["Name"])
    if point is None or point.status != "CREATING":
        raise errors.multi_region_already_owned()
    routes = [await _route(ctx, each) for each in point.routes]
    if len({route.region for route in routes}) < len(routes):
        raise errors.same_bucket_region()
    if len(routes) > limits.MULTI_REGION_BUCKETS:
        raise errors.invalid_request(f"A Multi-Region Access Point has {limits.MULTI_REGION_BUCKETS} buckets at most.")
    point = replace(point, routes=tuple(routes), status="READY")
    multi_region.put(ctx, point, point.name)
    aliases.put(ctx, Alias("multi-region", ctx.account, "", point.name), point.alias)
    for route in routes:
        attached.put(ctx, b"", route.bucket, ctx.account, "", point.name)
    return point


async def _route(ctx: Context, wanted: Route) -> Route:
    place = await storage_access.buckets(ctx.app).place(ctx, wanted.bucket)
    if place is None:
        raise errors.no_such_bucket(wanted.bucket)
    if place.account != wanted.bucket_account:
        raise errors.access_denied()
    return replace(wanted, region=place.region)


async def _delete(ctx: Context, details: Request) -> MultiRegionAccessPoint:
    point = await _existing(ctx, details["Name"])
    multi_region.delete(ctx, point.name)
    aliases.delete(ctx, point.alias)
    for route in point.routes:
        attached.delete(ctx, route.bucket, ctx.account, "", point.name)
    return point


async def _put_policy(ctx: Context, details: Request) -> MultiRegionAccessPoint:
    point = await _existing(ctx, details["Name"])
    if point.status != "READY":
        raise errors.multi_region_not_ready()
    text = details["Policy"]
    policies.checked(text, point.arn)
    is_blocked = point.flags[2] or await storage_access.blocks(ctx, "BlockPublicPolicy")
    if is_blocked and policies.is_public(text):
        raise errors.access_denied()
    point = replace(point, policy=text)
    multi_region.put(ctx, point, point.name)
    return point


_SETTLERS = {_CREATE: _create, _DELETE: _delete, _PUT_POLICY: _put_policy}


# -- reading


async def _find(home: Context, named: str) -> MultiRegionAccessPoint | None:
    """By name, by alias, or by ARN."""
    name = named.rpartition("/")[2].rpartition(":")[2]
    if name.endswith(".mrap"):
        alias = await aliases.get(home, name)
        if alias is None or alias.account != home.account:
            return None
        name = alias.name
    return await multi_region.get(home, name)


async def _existing(home: Context, named: str) -> MultiRegionAccessPoint:
    point = await _find(home, named)
    if point is None:
        raise errors.no_such_multi_region(named)
    return point


@service.operation(**_ON)
async def get_multi_region_access_point(ctx: Context, request: Request) -> Answer:
    return {"AccessPoint": _entry(await _existing(accounts.home(ctx, request), request["Name"]))}


@service.operation(**accounts.ON_ACCOUNT)
async def list_multi_region_access_points(ctx: Context, request: Request) -> Answer:
    home = accounts.home(ctx, request)
    limit = accounts.limit_of(request)
    found = await multi_region.scan(home, after=accounts.after_of(request), limit=limit + 1)
    shown, token = pages.page(found, limit, lambda point: point.name)
    return {"AccessPoints": [_entry(point) for point in shown], "NextToken": token}


def _entry(point: MultiRegionAccessPoint) -> Answer:
    regions = [
        {"Bucket": route.bucket, "Region": route.region or None, "BucketAccountId": route.bucket_account}
        for route in point.routes
    ]
    return {
        "Name": point.name,
        "Alias": point.alias,
        "CreatedAt": point.created,
        "PublicAccessBlock": blocks.document_of(point.flags),
        "Status": point.status,
        "Regions": regions,
    }


@service.operation(**_ON)
async def get_multi_region_access_point_policy(ctx: Context, request: Request) -> Answer:
    point = await _existing(accounts.home(ctx, request), request["Name"])
    policy = {"Policy": point.policy or None}
    return {"Policy": {"Established": policy, "Proposed": policy}}


@service.operation(**_ON)
async def get_multi_region_access_point_policy_status(ctx: Context, request: Request) -> Answer:
    point = await _existing(accounts.home(ctx, request), request["Name"])
    return {"Established": {"IsPublic": bool(point.policy) and policies.is_public(point.policy)}}


# -- routes


@service.operation(**_ON)
async def get_multi_region_access_point_routes(ctx: Context, request: Request) -> Answer:
    point = await _existing(accounts.home(ctx, request), request["Mrap"])
    routes = [
        {"Bucket": route.bucket, "Region": route.region, "TrafficDialPercentage": route.dial} for route in point.routes
    ]
    return {"Mrap": request["Mrap"], "Routes": routes}


@service.operation(**_ON)
async def submit_multi_region_access_point_routes(ctx: Context, request: Request) -> Answer:
    """Fail over: say where requests go. Errors: InvalidRequest when no region would be active any more."""
    home = accounts.home(ctx, request)
    point = await _existing(home, request["Mrap"])
    routes = list(point.routes)
    for update in request["RouteUpdates"]:
        routes = _updated(routes, update)
    if not any(route.dial for route in routes):
        raise errors.invalid_request("At least one Region must be active at all times.")
    multi_region.put(home, replace(point, routes=tuple(routes)), point.name)
    return {}


def _updated(routes: list[Route], update: Request) -> list[Route]:
    bucket, region, dial = update.get("Bucket"), update.get("Region"), update["TrafficDialPercentage"]
    if dial not in (0, 100) or (bucket is None and region is None):
        raise errors.invalid_request(
            "A route update names a Bucket or a Region, and a TrafficDialPercentage of 0 or 100."
        )
    fitting = [route for route in routes if bucket in (None, route.bucket) and region in (None, route.region)]
    if not fitting:
        raise errors.invalid_request("A route update names a bucket or a Region that the access point does not have.")
    return [replace(route, dial=dial) if route in fitting else route for route in routes]
