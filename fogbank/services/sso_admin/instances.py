"""CreateInstance, DescribeInstance, ListInstances, DeleteInstance."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fogbank.identity.workforce import Portal, workforce
from fogbank.kernel import Context
from fogbank.services.sso_admin import errors, limits, regions, removing, tagging
from fogbank.services.sso_admin.instance import (
    ON_INSTANCE,
    Instance,
    answers_in,
    arn_of,
    find,
    instances,
    portals,
    store_arn,
)
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
    encryption = instance.encryption or {"KeyType": "AWS_OWNED_KMS_KEY"}
    return {
        **await _described(ctx, instance),
        "EncryptionConfigurationDetails": {**encryption, "EncryptionStatus": "ENABLED"},
        "NetworkConfigurationDetails": instance.network,
        "PermissionSetsEnabled": True,
    }


async def _described(ctx: Context, instance: Instance) -> Request:
    return {
        "InstanceArn": arn_of(ctx, instance),
        "IdentityStoreId": instance.store,
        "IdentityStoreArn": store_arn(ctx, instance),
        "OwnerAccountId": ctx.account,
        "Name": instance.name,
        "CreatedDate": instance.created,
        "Status": instance.status,
        "PrimaryRegion": instance.region,
        "Regions": await regions.of_instance(ctx, instance),
    }


@service.operation
async def list_instances(ctx: Context, request: Request) -> Request:
    """Those of the region, or of all. API_ListInstances."""
    everywhere = request.get("RegionScope") == "ALL_REGIONS"
    found = [row for row in await instances.scan(ctx) if everywhere or await answers_in(ctx, row)]
    page = listed(request, "Instances", found, lambda row: row.id, lambda row: row)
    return {**page, "Instances": [await _described(ctx, row) for row in page["Instances"]]}


@service.operation(**ON_INSTANCE)
async def update_instance(ctx: Context, request: Request) -> Request:
    """Change the name, and one thing besides. Raises ValidationException for more than that. API_UpdateInstance."""
    instance = await find(ctx, request)
    if (
        sum(
            member in request for member in ("EncryptionConfiguration", "PermissionSetsEnabled", "NetworkConfiguration")
        )
        > 1
    ):
        raise errors.one_update_at_a_time()
    if request.get("PermissionSetsEnabled") is False:
        raise errors.permission_sets_stay()
    encryption = request.get("EncryptionConfiguration", instance.encryption)
    if encryption is not None:
        await _check_key(ctx, encryption)
    name, network = request.get("Name", instance.name), request.get("NetworkConfiguration", instance.network)
    instances.put(ctx, replace(instance, name=name, encryption=encryption, network=network), instance.id)
    return {}


async def _check_key(ctx: Context, encryption: Request) -> None:
    """A customer's key has to be there for the caller. Raises ValidationException, KMS's errors."""
    if (encryption["KeyType"] == "CUSTOMER_MANAGED_KEY") != ("KmsKeyArn" in encryption):
        raise errors.key_and_its_type()
    if "KmsKeyArn" in encryption:
        await ctx.call("kms", "DescribeKey", {"KeyId": encryption["KmsKeyArn"]}, as_caller=True)


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
