"""Tenants: parts of an account that send on their own, with the identities, configuration sets and templates that are theirs.

tenants       name               -> Tenant
associations  tenant, ARN        -> Association
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context, Record
from fogbank.kernel.actions import with_members
from fogbank.mail import problems
from fogbank.mail.permissions import on
from fogbank.mail.records import arn_of
from fogbank.services.sesv2 import tags as resources
from fogbank.services.sesv2.service import service
from fogbank.services.sesv2.shared import Answer, Request, page, page_size, start_of, tag_list, tag_map

_LIMIT = 10_000
_TYPES = {
    "identity": "EMAIL_IDENTITY",
    "configuration-set": "CONFIGURATION_SET",
    "template": "EMAIL_TEMPLATE",
}
_ANY: dict[str, Any] = {"resource": lambda ctx, request: "*"}
ON_TENANT = on("tenant", "TenantName")


class Tenant(Record, frozen=True):
    name: str
    id: str
    created: float
    tags: dict[str, str] = {}


class Association(Record, frozen=True):
    """`arn` is a resource's, `since` is epoch seconds."""

    tenant: str
    arn: str
    since: float


tenants = service.collection("tenants", Tenant)
associations = service.collection("tenant_resources", Association)


def _arn(ctx: Context, tenant: Tenant) -> str:
    return arn_of(ctx, "tenant", f"{tenant.name}/{tenant.id}")


def _shown(ctx: Context, tenant: Tenant) -> Answer:
    return {
        "TenantName": tenant.name,
        "TenantId": tenant.id,
        "TenantArn": _arn(ctx, tenant),
        "CreatedTimestamp": tenant.created,
        "SendingStatus": "ENABLED",
    }


@service.operation(**ON_TENANT, action=with_members("ses:CreateTenant", {"Tags": "ses:TagResource"}))
async def create_tenant(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_CreateTenant.html"""
    name = request["TenantName"]
    if request.get("SuppressionAttributes"):
        raise problems.invalid(ctx, "Fogbank has no suppression lists of tenants.")
    if await tenants.get(ctx, name) is not None:
        raise AWSError("AlreadyExistsException", f"Tenant {name} already exists.")
    if await tenants.count(ctx, limit=_LIMIT) >= _LIMIT:
        raise problems.problem(ctx, "limit", f"There can be no more than {_LIMIT} tenants.")
    made = Tenant(name, f"tn-{ctx.ids.hex(29)}", ctx.now(), tag_map(ctx, request.get("Tags")))
    tenants.put(ctx, made, name)
    return {**_shown(ctx, made), "Tags": tag_list(made.tags)}


async def find(ctx: Context, name: str) -> Tenant:
    tenant = await tenants.get(ctx, name)
    if tenant is None:
        raise AWSError("NotFoundException", f"Tenant {name} does not exist.")
    return tenant


@service.operation(**ON_TENANT)
async def get_tenant(ctx: Context, request: Request) -> Answer:
    tenant = await find(ctx, request["TenantName"])
    return {"Tenant": {**_shown(ctx, tenant), "Tags": tag_list(tenant.tags)}}


@service.operation(**_ANY)
async def list_tenants(ctx: Context, request: Request) -> Answer:
    rows = await tenants.scan(ctx, after=start_of(request), limit=page_size(request) + 1)
    shown, following = page(rows, request, lambda tenant: tenant.name)
    return {"Tenants": [_shown(ctx, tenant) for tenant in shown], "NextToken": following}


@service.operation(**ON_TENANT)
async def delete_tenant(ctx: Context, request: Request) -> None:
    tenant = await find(ctx, request["TenantName"])
    tenants.delete(ctx, tenant.name)
    for each in await associations.scan(ctx, tenant.name):
        associations.delete(ctx, tenant.name, each.arn)


# -- resources


def _type(arn: str) -> str:
    return _TYPES.get(arn.split(":", 5)[-1].partition("/")[0], "")


@service.operation(**ON_TENANT)
async def create_tenant_resource_association(ctx: Context, request: Request) -> None:
    tenant, arn = await find(ctx, request["TenantName"]), request["ResourceArn"]
    if not _type(arn):
        raise problems.invalid(ctx, f"Invalid resource ARN: {arn}")
    await resources.find(ctx, arn)
    if await associations.get(ctx, tenant.name, arn) is not None:
        raise AWSError("AlreadyExistsException", f"Resource {arn} is associated with tenant {tenant.name} already.")
    associations.put(ctx, Association(tenant.name, arn, ctx.now()), tenant.name, arn)


@service.operation(**ON_TENANT)
async def delete_tenant_resource_association(ctx: Context, request: Request) -> None:
    tenant, arn = await find(ctx, request["TenantName"]), request["ResourceArn"]
    if await associations.get(ctx, tenant.name, arn) is None:
        raise AWSError("NotFoundException", f"Resource {arn} is not associated with tenant {tenant.name}.")
    associations.delete(ctx, tenant.name, arn)


@service.operation(**ON_TENANT)
async def list_tenant_resources(ctx: Context, request: Request) -> Answer:
    tenant, wanted = await find(ctx, request["TenantName"]), (request.get("Filter") or {}).get("RESOURCE_TYPE")
    rows = [
        each
        for each in await associations.scan(ctx, tenant.name, after=start_of(request))
        if wanted in (None, _type(each.arn))
    ][: page_size(request) + 1]
    shown, following = page(rows, request, lambda each: each.arn)
    listed = [{"ResourceType": _type(each.arn), "ResourceArn": each.arn} for each in shown]
    return {"TenantResources": listed, "NextToken": following}


@service.operation(**_ANY)
async def list_resource_tenants(ctx: Context, request: Request) -> Answer:
    arn, after = request["ResourceArn"], start_of(request)
    rows = [
        each for each in await associations.scan(ctx) if each.arn == arn and (after is None or each.tenant > after[0])
    ][: page_size(request) + 1]
    shown, following = page(rows, request, lambda each: each.tenant)
    listed = [
        {
            "TenantName": each.tenant,
            "TenantId": (await find(ctx, each.tenant)).id,
            "ResourceArn": each.arn,
            "AssociatedTimestamp": each.since,
        }
        for each in shown
    ]
    return {"ResourceTenants": listed, "NextToken": following}


async def require(ctx: Context, name: str, *arns: str) -> None:
    """Raise MessageRejected unless the resources are the tenant's."""
    tenant = await find(ctx, name)
    for arn in arns:
        if await associations.get(ctx, tenant.name, arn) is None:
            raise problems.problem(ctx, "rejected", f"Resource {arn} is not associated with tenant {tenant.name}.")
