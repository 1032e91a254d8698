"""Which regions an account has opted in to. Regions from before 20 March 2019 are always enabled.

https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html

options   (region)    status of a region that was ever enabled
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, pages
from fogbank.services.account import errors
from fogbank.services.account.access import operation
from fogbank.services.account.service import service

Request = dict[str, Any]

TRANSITION_SECONDS = 1.0
PAGE = 50

BY_DEFAULT = frozenset(
    {
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    }
)
OPTIONAL = frozenset(
    {
        "af-south-1",
        "ap-east-1",
        "ap-east-2",
        "ap-south-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ca-west-1",
        "eu-central-2",
        "eu-south-1",
        "eu-south-2",
        "il-central-1",
        "me-central-1",
        "me-south-1",
        "mx-central-1",
    }
)
REGIONS = sorted(BY_DEFAULT | OPTIONAL)

# status while under way -> status afterwards
_AFTERWARDS = {"ENABLING": "ENABLED", "DISABLING": "DISABLED"}

_options = service.collection("options", str, scope="account")


async def _status(ctx: Context, region: str) -> str:
    if region in BY_DEFAULT:
        return "ENABLED_BY_DEFAULT"
    if region not in OPTIONAL:
        raise errors.unknown_region(region)
    return await _options.get(ctx, region) or "DISABLED"


@operation
async def list_regions(ctx: Context, request: Request) -> Request:
    """All regions by name, with their statuses. API_ListRegions."""
    token, limit = request.get("NextToken"), request.get("MaxResults") or PAGE
    after = "" if token is None else pages.position(token, errors.invalid_next_token())
    wanted = request.get("RegionOptStatusContains")
    statuses = [(region, await _status(ctx, region)) for region in REGIONS if region > after]
    fitting = [(region, status) for region, status in statuses if not wanted or status in wanted]
    shown, token = pages.page(fitting, limit, lambda row: row[0])
    regions = [{"RegionName": region, "RegionOptStatus": status} for region, status in shown]
    return {"Regions": regions, "NextToken": token}


@operation
async def get_region_opt_status(ctx: Context, request: Request) -> Request:
    """Raises ValidationException for a region that there is not. API_GetRegionOptStatus."""
    region = request["RegionName"]
    return {"RegionName": region, "RegionOptStatus": await _status(ctx, region)}


@operation
async def enable_region(ctx: Context, request: Request) -> Request:
    """Opt in to a region. API_EnableRegion."""
    await _change(ctx, request["RegionName"], "ENABLING")
    return {}


@operation
async def disable_region(ctx: Context, request: Request) -> Request:
    """Opt out of a region. API_DisableRegion."""
    await _change(ctx, request["RegionName"], "DISABLING")
    return {}


async def _change(ctx: Context, region: str, transition: str) -> None:
    status = await _status(ctx, region)
    if status == "ENABLED_BY_DEFAULT":
        raise errors.region_not_optional(region)
    if status in (transition, _AFTERWARDS[transition]):
        return
    if status in _AFTERWARDS:
        raise errors.region_in_transition(region, status)
    _options.put(ctx, transition, region)
    await ctx.schedule("settle_region", {"region": region}, delay=TRANSITION_SECONDS, key=region)


@service.task
async def settle_region(ctx: Context, payload: dict[str, Any]) -> None:
    region = payload["region"]
    _options.put(ctx, _AFTERWARDS[await _status(ctx, region)], region)
