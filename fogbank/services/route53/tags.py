"""Tags of zones and health checks: ChangeTagsForResource, ListTagsForResource, ListTagsForResources."""

from __future__ import annotations

import msgspec

from fogbank.kernel import Context
from fogbank.services.route53 import errors, health_check, limits, zone
from fogbank.services.route53.service import service
from fogbank.services.route53.zone import Request

_ZONE = "hostedzone"


def _resource(ctx: Context, request: Request) -> str:
    return zone.arn_of(ctx, request["ResourceType"], zone.plain_id(request["ResourceId"]))


def _resources(ctx: Context, request: Request) -> list[str]:
    return [zone.arn_of(ctx, request["ResourceType"], zone.plain_id(each)) for each in request["ResourceIds"]]


async def _find(ctx: Context, kind: str, ident: str) -> zone.Zone | health_check.HealthCheck:
    """Raises NoSuchHostedZone, NoSuchHealthCheck."""
    return await zone.find(ctx, ident) if kind == _ZONE else await health_check.find(ctx, ident)


@service.operation(resource=_resource)
async def change_tags_for_resource(ctx: Context, request: Request) -> None:
    """API_ChangeTagsForResource."""
    found = await _find(ctx, request["ResourceType"], request["ResourceId"])
    added, gone = request.get("AddTags") or [], request.get("RemoveTagKeys") or []
    if not added and not gone:
        raise errors.invalid("AddTags or RemoveTagKeys must be given.")
    tags = {key: value for key, value in found.tags.items() if key not in gone}
    tags |= {each["Key"]: each.get("Value") or "" for each in added}
    if len(tags) > limits.TAGS:
        raise errors.invalid(f"A resource can have at most {limits.TAGS} tags.")
    changed = msgspec.structs.replace(found, tags=tags)
    if isinstance(changed, zone.Zone):
        zone.zones.put(ctx, changed, changed.id)
    else:
        health_check.health_checks.put(ctx, changed, changed.id)


@service.operation(resource=_resource)
async def list_tags_for_resource(ctx: Context, request: Request) -> Request:
    """API_ListTagsForResource."""
    return {"ResourceTagSet": await _told(ctx, request["ResourceType"], request["ResourceId"])}


@service.operation(resource=_resources)
async def list_tags_for_resources(ctx: Context, request: Request) -> Request:
    """API_ListTagsForResources."""
    return {"ResourceTagSets": [await _told(ctx, request["ResourceType"], each) for each in request["ResourceIds"]]}


async def _told(ctx: Context, kind: str, ident: str) -> Request:
    found = await _find(ctx, kind, ident)
    tags = [{"Key": key, "Value": value} for key, value in found.tags.items()]
    return {"ResourceType": kind, "ResourceId": found.id, "Tags": tags}
