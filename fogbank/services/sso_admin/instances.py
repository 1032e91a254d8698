"""CreateInstance, DescribeInstance, ListInstances, DeleteInstance."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fogbank.identity.workforce import Portal, workforce
from fogbank.kernel import Context
from fogbank.services.sso_admin import errors, limits, removing, tagging
from fogbank.services.sso_admin.instance import ON_INSTANCE, Instance, arn_of, find, instances, portals
from fogbank.services.sso_admin.listing import listed
from fogbank.services.sso_admin.service import service

Request = dict[str, Any]


@service.operation(resource=lambda ctx, request: f"arn:{ctx.partition}:sso:::instance/*")
async def create_instance(ctx: Context, request: Request) -> Request:
    """An instance with its identity store, one for each account. Raises ConflictException. API_CreateInstance."""
    token = request.get("ClientToken")
    for present in await instances.scan(ctx):
        if token is None or present.token != token:
            raise errors.instance_exists()
        return {"InstanceArn": arn_of(ctx, present)}
    instance = Instance(
        id=f"ssoins-{ctx.ids.hex(16)}",
        store=await workforce(ctx).create_store(ctx),
        region=ctx.region,
        created=ctx.now(),
        name=request.get("Name"),
        tags=tagging.added({}, request.get("Tags", [])),
        token=token,
    )
    instances.put(ctx, instance, instance.id)
    portal = Portal(ctx.account, ctx.region, arn_of(ctx, instance), instance.store)
    portals.put(ctx, portal, instance.store)
    await ctx.schedule("open_instance", {"id": instance.id}, delay=limits.SETTLING)
    return {"InstanceArn": portal.instance}


@service.task
async def open_instance(ctx: Context, payload: Request) -> None:
    """The instance is ready."""
    instance = await instances.get(ctx, payload["id"])
    if instance is not None and instance.status == "CREATE_IN_PROGRESS":
        instances.put(ctx, replace(instance, status="ACTIVE"), instance.id)


@service.operation(**ON_INSTANCE)
async def describe_instance(ctx: Context, request: Request) -> Request:
    """API_DescribeInstance."""
    instance = await find(ctx, request)
    encryption = {"KeyType": "AWS_OWNED_KMS_KEY", "EncryptionStatus": "ENABLED"}
    return {**_described(ctx, instance), "EncryptionConfigurationDetails": encryption}


def _described(ctx: Context, instance: Instance) -> Request:
    store_arn = f"arn:{ctx.partition}:identitystore::{ctx.account}:identitystore/{instance.store}"
    return {
        "InstanceArn": arn_of(ctx, instance),
        "IdentityStoreId": instance.store,
        "IdentityStoreArn": store_arn,
        "OwnerAccountId": ctx.account,
        "Name": instance.name,
        "CreatedDate": instance.created,
        "Status": instance.status,
        "PrimaryRegion": instance.region,
        "Regions": [_region(instance)],
    }


def _region(instance: Instance) -> Request:
    added = {"Status": "ACTIVE", "AddedDate": instance.created, "IsPrimaryRegion": True}
    return {"RegionName": instance.region, **added}


@service.operation
async def list_instances(ctx: Context, request: Request) -> Request:
    """Those of the region, or of all. API_ListInstances."""
    everywhere = request.get("RegionScope") == "ALL_REGIONS"
    found = [row for row in await instances.scan(ctx) if everywhere or row.region == ctx.region]
    return listed(request, "Instances", found, lambda row: row.id, lambda row: _described(ctx, row))


@service.operation(**ON_INSTANCE)
async def delete_instance(ctx: Context, request: Request) -> Request:
    """Delete an instance, its identity store, its permission sets and their roles. API_DeleteInstance."""
    instance = await find(ctx, request)
    instances.put(ctx, replace(instance, status="DELETE_IN_PROGRESS"), instance.id)
    portals.delete(ctx, instance.store)
    await ctx.schedule("remove_instance", {"id": instance.id}, delay=limits.SETTLING)
    return {}


@service.task
async def remove_instance(ctx: Context, payload: Request) -> None:
    """The end of a deletion."""
    instance = await instances.get(ctx, payload["id"])
    if instance is not None:
        await removing.clear(ctx, instance)
        await workforce(ctx).delete_store(ctx, instance.store)
        instances.delete(ctx, instance.id)
