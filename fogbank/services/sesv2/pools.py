"""Pools of dedicated IP addresses. Nothing is sent from an address here, so nobody has any: pools are empty.

pools  name -> Pool
"""

from __future__ import annotations

from typing import NoReturn

import msgspec

from fogbank.kernel import AWSError, Context, Record
from fogbank.kernel.actions import with_members
from fogbank.mail import problems
from fogbank.mail.permissions import on
from fogbank.services.sesv2.service import service
from fogbank.services.sesv2.shared import Answer, Request, page, page_size, start_of, tag_map

_LIMIT = 50
ON_POOL = on("dedicated-ip-pool", "PoolName")
_ANY = {"resource": lambda ctx, request: "*"}


class Pool(Record, frozen=True):
    name: str
    mode: str
    tags: dict[str, str] = {}


pools = service.collection("dedicated_ip_pools", Pool)


@service.operation(**ON_POOL, action=with_members("ses:CreateDedicatedIpPool", {"Tags": "ses:TagResource"}))
async def create_dedicated_ip_pool(ctx: Context, request: Request) -> None:
    name = request["PoolName"]
    if await pools.get(ctx, name) is not None:
        raise AWSError("AlreadyExistsException", f"Dedicated IP pool <{name}> already exists.")
    if await pools.count(ctx, limit=_LIMIT) >= _LIMIT:
        raise problems.problem(ctx, "limit", f"There can be no more than {_LIMIT} dedicated IP pools.")
    made = Pool(name, request.get("ScalingMode") or "STANDARD", tag_map(ctx, request.get("Tags")))
    pools.put(ctx, made, name)


async def find(ctx: Context, name: str) -> Pool:
    pool = await pools.get(ctx, name)
    if pool is None:
        raise AWSError("NotFoundException", f"Dedicated IP pool <{name}> does not exist.")
    return pool


@service.operation(**ON_POOL)
async def get_dedicated_ip_pool(ctx: Context, request: Request) -> Answer:
    pool = await find(ctx, request["PoolName"])
    return {"DedicatedIpPool": {"PoolName": pool.name, "ScalingMode": pool.mode}}


@service.operation(**_ANY)
async def list_dedicated_ip_pools(ctx: Context, request: Request) -> Answer:
    rows = await pools.scan(ctx, after=start_of(request), limit=page_size(request) + 1)
    shown, following = page(rows, request, lambda pool: pool.name)
    return {"DedicatedIpPools": [pool.name for pool in shown], "NextToken": following}


@service.operation(**ON_POOL)
async def put_dedicated_ip_pool_scaling_attributes(ctx: Context, request: Request) -> None:
    """A managed pool stays one."""
    pool = await find(ctx, request["PoolName"])
    if (pool.mode, request["ScalingMode"]) == ("MANAGED", "STANDARD"):
        raise problems.invalid(ctx, "A managed dedicated IP pool cannot become a standard one.")
    pools.put(ctx, msgspec.structs.replace(pool, mode=request["ScalingMode"]), pool.name)


@service.operation(**ON_POOL)
async def delete_dedicated_ip_pool(ctx: Context, request: Request) -> None:
    pools.delete(ctx, (await find(ctx, request["PoolName"])).name)


# -- addresses


@service.operation(**_ANY)
async def get_dedicated_ips(ctx: Context, request: Request) -> Answer:
    if name := request.get("PoolName"):
        await find(ctx, name)
    return {"DedicatedIps": []}


def _no_address(request: Request) -> AWSError:
    return AWSError("NotFoundException", f"Dedicated IP <{request['Ip']}> does not exist.")


@service.operation(**_ANY)
async def get_dedicated_ip(ctx: Context, request: Request) -> NoReturn:
    raise _no_address(request)


@service.operation(**_ANY)
async def put_dedicated_ip_in_pool(ctx: Context, request: Request) -> NoReturn:
    raise _no_address(request)


@service.operation(**_ANY)
async def put_dedicated_ip_warmup_attributes(ctx: Context, request: Request) -> NoReturn:
    raise _no_address(request)
