"""Further regions of an instance: AddRegion, RemoveRegion, DescribeRegion, ListRegions.

regions    (instance, region)    Region; the primary one is the instance's own

An instance answers in every region in which it is active.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fogbank.kernel import Context
from fogbank.services.sso_admin import errors, limits
from fogbank.services.sso_admin.instance import ON_INSTANCE, Instance, Region, find, regions
from fogbank.services.sso_admin.listing import listed
from fogbank.services.sso_admin.service import service

Request = dict[str, Any]


def described(row: Region, primary: bool) -> Request:
    """A RegionMetadata of the API."""
    return {"RegionName": row.name, "Status": row.status, "AddedDate": row.added, "IsPrimaryRegion": primary}


async def of_instance(ctx: Context, instance: Instance) -> list[Request]:
    """All regions of an instance, by name."""
    primary = Region(instance.region, instance.created, "ACTIVE")
    shown = [described(primary, True)]
    shown += [described(row, False) for row in await regions.scan(ctx, instance.id)]
    return sorted(shown, key=lambda each: each["RegionName"])


@service.operation(**ON_INSTANCE)
async def add_region(ctx: Context, request: Request) -> Request:
    """Errors: ConflictException (known, or another is under way), ServiceQuotaExceededException. API_AddRegion."""
    instance = await _from_primary(ctx, request)
    name = request["RegionName"]
    present = await regions.scan(ctx, instance.id)
    if name == instance.region or any(row.name == name for row in present):
        raise errors.conflict(f"The Region {name} has already been added to the instance.")
    _check_settled(present)
    if len(present) >= limits.FURTHER_REGIONS:
        raise errors.too_many("further Regions", limits.FURTHER_REGIONS)
    regions.put(ctx, Region(name, ctx.now(), "ADDING"), instance.id, name)
    await ctx.schedule("settle_region", {"instance": instance.id, "region": name}, delay=limits.SETTLING)
    return {"Status": "ADDING"}


@service.operation(**ON_INSTANCE)
async def remove_region(ctx: Context, request: Request) -> Request:
    """Errors: ValidationException (the primary one), ConflictException, ResourceNotFoundException. API_RemoveRegion."""
    instance = await _from_primary(ctx, request)
    name = request["RegionName"]
    if name == instance.region:
        raise errors.invalid("The primary Region can't be removed.")
    row = await regions.get(ctx, instance.id, name)
    if row is None:
        raise errors.not_found(f"The Region {name} has not been added to the instance.")
    _check_settled(await regions.scan(ctx, instance.id))
    regions.put(ctx, replace(row, status="REMOVING"), instance.id, name)
    await ctx.schedule("settle_region", {"instance": instance.id, "region": name}, delay=limits.SETTLING)
    return {"Status": "REMOVING"}


async def _from_primary(ctx: Context, request: Request) -> Instance:
    instance = await find(ctx, request)
    if instance.region != ctx.region:
        raise errors.invalid(f"The request must be made from the primary Region {instance.region}.")
    return instance


def _check_settled(present: list[Region]) -> None:
    if any(row.status != "ACTIVE" for row in present):
        raise errors.conflict("Another Region is being added or removed.")


@service.task
async def settle_region(ctx: Context, payload: Request) -> None:
    """A region has been added or removed."""
    key = payload["instance"], payload["region"]
    row = await regions.get(ctx, *key)
    if row is not None and row.status == "ADDING":
        regions.put(ctx, replace(row, status="ACTIVE"), *key)
    elif row is not None:
        regions.delete(ctx, *key)


@service.operation(**ON_INSTANCE)
async def describe_region(ctx: Context, request: Request) -> Request:
    """API_DescribeRegion."""
    instance = await find(ctx, request)
    for shown in await of_instance(ctx, instance):
        if shown["RegionName"] == request["RegionName"]:
            return shown
    raise errors.not_found(f"The Region {request['RegionName']} has not been added to the instance.")


@service.operation(**ON_INSTANCE)
async def list_regions(ctx: Context, request: Request) -> Request:
    """API_ListRegions."""
    shown = await of_instance(ctx, await find(ctx, request))
    return listed(request, "Regions", shown, lambda each: each["RegionName"], lambda each: each)


async def clear(ctx: Context, instance: str) -> None:
    """They go with their instance."""
    for row in await regions.scan(ctx, instance):
        regions.delete(ctx, instance, row.name)
