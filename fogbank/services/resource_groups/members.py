"""The resources of groups and of queries: ListGroupResources, SearchResources."""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.services.resource_groups import paging, queries
from fogbank.services.resource_groups.groups import ON_GROUP, Request, find
from fogbank.services.resource_groups.service import service


@service.operation(transaction=False, **ON_GROUP)
async def list_group_resources(ctx: Context, request: Request) -> Request:
    """API_ListGroupResources."""
    group = await ctx.transact(find, ctx, request)
    resources, problems = await queries.found(ctx, group.query)
    for each in request.get("Filters") or []:
        resources = [one for one in resources if one[1] in each["Values"]]
    identifiers, token = _page(resources, request)
    told = [{"Identifier": each} for each in identifiers]
    return {"Resources": told, "ResourceIdentifiers": identifiers, "NextToken": token, "QueryErrors": problems}


@service.operation(transaction=False)
async def search_resources(ctx: Context, request: Request) -> Request:
    """API_SearchResources."""
    resources, problems = await queries.found(ctx, request["ResourceQuery"])
    identifiers, token = _page(resources, request)
    return {"ResourceIdentifiers": identifiers, "NextToken": token, "QueryErrors": problems}


def _page(resources: list[tuple[str, str]], request: Request) -> tuple[list[Request], str | None]:
    shown, token = paging.page(resources, request, lambda resource: resource[0])
    return [{"ResourceArn": arn, "ResourceType": kind} for arn, kind in shown], token
