"""Analyzed resources: under (analyzer, ARN), what was last seen of each."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record
from fogbank.services.accessanalyzer import errors
from fogbank.services.accessanalyzer.analyzers import BY_ARN, belongings, find, scans
from fogbank.services.accessanalyzer.findings import look
from fogbank.services.accessanalyzer.listing import page
from fogbank.services.accessanalyzer.service import service

Request = dict[str, Any]


class AnalyzedResource(Record, frozen=True):
    """created, updated, analyzed: epoch seconds, of the first look, the last change, the last look; actions: what others may do."""

    arn: str
    type: str
    owner: str
    created: float
    updated: float
    analyzed: float
    public: bool = False
    actions: tuple[str, ...] = ()
    shared_via: tuple[str, ...] = ()


analyzed = service.collection("analyzed_resources", AnalyzedResource)
belongings.append(analyzed)


@service.operation(**BY_ARN)
async def get_analyzed_resource(ctx: Context, request: Request) -> Request:
    """API_GetAnalyzedResource."""
    analyzer = await look(ctx, request)
    resource = await analyzed.get(ctx, analyzer.name, request["resourceArn"])
    if resource is None:
        raise errors.not_found("AnalyzedResource", request["resourceArn"])
    return {
        "resource": {
            **_summary(resource),
            "createdAt": resource.created,
            "updatedAt": resource.updated,
            "analyzedAt": resource.analyzed,
            "isPublic": resource.public,
            "actions": list(resource.actions) or None,
            "sharedVia": list(resource.shared_via) or None,
            "status": "ACTIVE" if resource.actions else None,
        }
    }


@service.operation(**BY_ARN)
async def list_analyzed_resources(ctx: Context, request: Request) -> Request:
    """API_ListAnalyzedResources."""
    analyzer = await look(ctx, request)
    kind = request.get("resourceType")
    wanted = [each for each in await analyzed.scan(ctx, analyzer.name) if kind in (None, each.type)]
    found, more = page(request, wanted, lambda resource: resource.arn)
    return {"analyzedResources": [_summary(resource) for resource in found], **more}


def _summary(resource: AnalyzedResource) -> Request:
    return {
        "resourceArn": resource.arn,
        "resourceOwnerAccount": resource.owner,
        "resourceType": resource.type,
    }


@service.operation(**BY_ARN)
async def start_resource_scan(ctx: Context, request: Request) -> Request:
    """Look at a resource now. All of the others are looked at with it. API_StartResourceScan."""
    analyzer = await find(ctx, request)
    if not analyzer.is_external:
        raise errors.validation(f"Analyzers of type {analyzer.type} do not scan resources.")
    if await scans.get(ctx, analyzer.name) is not None:
        await ctx.schedule("scan", {"analyzer": analyzer.name}, key=analyzer.name)
    return {}
