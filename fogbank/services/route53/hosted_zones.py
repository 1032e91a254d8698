"""Making, showing, listing, changing and deleting hosted zones; GetChange; tags; limits and counts.

Private zones belong to VPCs, of which there are none here yet: whoever names one is told that it does not exist.
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zones-working-with.html
"""

from __future__ import annotations

import msgspec

from fogbank.kernel import Context
from fogbank.services.route53 import errors, limits, record_sets
from fogbank.services.route53.service import service
from fogbank.services.route53.zone import (
    Owner,
    Request,
    Zone,
    arn_of,
    begin_change,
    change_info,
    changes,
    find,
    full_name,
    names,
    new_id,
    new_servers,
    on_zone,
    page_size,
    plain_id,
    zones,
)

_URL = "https://route53.amazonaws.com/2013-04-01"


@service.operation
async def create_hosted_zone(ctx: Context, request: Request) -> Request:
    """API_CreateHostedZone."""
    name = full_name(request["Name"])
    config = request.get("HostedZoneConfig") or {}
    if request.get("VPC") or config.get("PrivateZone"):
        raise errors.invalid_vpc((request.get("VPC") or {}).get("VPCId", ""))
    if request.get("DelegationSetId"):
        raise errors.invalid("Reusable delegation sets are not supported.")
    known = await zones.scan(ctx)
    if any(zone.reference == request["CallerReference"] for zone in known):
        raise errors.zone_exists()
    if len(known) >= limits.ZONES:
        raise errors.too_many_zones()
    zone = Zone(
        new_id(ctx, "Z"), name, request["CallerReference"], ctx.now(), new_servers(ctx), config.get("Comment") or ""
    )
    zones.put(ctx, zone, zone.id)
    names.put(ctx, Owner(ctx.account), name, -int(zone.created * 1000), zone.id)
    record_sets.begin(ctx, zone)
    return {
        "HostedZone": await shown(ctx, zone),
        "ChangeInfo": begin_change(ctx),
        "DelegationSet": {"NameServers": zone.servers},
        "Location": f"{_URL}/hostedzone/{zone.id}",
    }


async def shown(ctx: Context, zone: Zone) -> Request:
    return {
        "Id": f"/hostedzone/{zone.id}",
        "Name": zone.name,
        "CallerReference": zone.reference,
        "Config": {"Comment": zone.comment or None, "PrivateZone": False},
        "ResourceRecordSetCount": await record_sets.record_sets.count(ctx, zone.id),
    }


@service.operation(**on_zone("Id"))
async def get_hosted_zone(ctx: Context, request: Request) -> Request:
    """API_GetHostedZone."""
    zone = await find(ctx, request["Id"])
    return {"HostedZone": await shown(ctx, zone), "DelegationSet": {"NameServers": zone.servers}}


@service.operation(**on_zone("HostedZoneId"))
async def get_dnssec(ctx: Context, request: Request) -> Request:
    """Zones are not signed, and there is no way yet to sign them. Terraform asks before it empties one. API_GetDNSSEC."""
    await find(ctx, request["HostedZoneId"])
    return {"Status": {"ServeSignature": "NOT_SIGNING"}, "KeySigningKeys": []}


@service.operation(**on_zone("Id"))
async def update_hosted_zone_comment(ctx: Context, request: Request) -> Request:
    """API_UpdateHostedZoneComment."""
    zone = msgspec.structs.replace(await find(ctx, request["Id"]), comment=request.get("Comment") or "")
    zones.put(ctx, zone, zone.id)
    return {"HostedZone": await shown(ctx, zone)}


@service.operation(**on_zone("Id"))
async def delete_hosted_zone(ctx: Context, request: Request) -> Request:
    """Only one with nothing but what it began with. API_DeleteHostedZone."""
    zone = await find(ctx, request["Id"])
    if not await record_sets.is_as_it_began(ctx, zone):
        raise errors.not_empty()
    await record_sets.forget(ctx, zone)
    zones.delete(ctx, zone.id)
    names.delete(ctx, zone.name, -int(zone.created * 1000), zone.id)
    return {"ChangeInfo": begin_change(ctx)}


# -- listing


@service.operation
async def list_hosted_zones(ctx: Context, request: Request) -> Request:
    """By id. API_ListHostedZones."""
    if request.get("HostedZoneType"):
        return {"HostedZones": [], "IsTruncated": False, "MaxItems": str(page_size(request)), "Marker": ""}
    size, marker = page_size(request), request.get("Marker") or ""
    found = await zones.scan(ctx, since=(marker,), limit=size + 1)
    return {
        "HostedZones": [await shown(ctx, zone) for zone in found[:size]],
        "Marker": marker,
        "IsTruncated": len(found) > size,
        "NextMarker": found[size].id if len(found) > size else None,
        "MaxItems": str(size),
    }


@service.operation
async def list_hosted_zones_by_name(ctx: Context, request: Request) -> Request:
    """In the order of the reversed labels of their names. API_ListHostedZonesByName."""
    size = page_size(request)
    start = (record_sets.order(full_name(request["DNSName"])), "") if request.get("DNSName") else ("", "")
    if request.get("HostedZoneId"):
        if not request.get("DNSName"):
            raise errors.invalid("HostedZoneId needs a DNSName.")
        start = (start[0], plain_id(request["HostedZoneId"]))
    ordered = sorted(await zones.scan(ctx), key=_place)
    found = [zone for zone in ordered if _place(zone) >= start][: size + 1]
    following = found[size] if len(found) > size else None
    return {
        "HostedZones": [await shown(ctx, zone) for zone in found[:size]],
        "DNSName": request.get("DNSName"),
        "HostedZoneId": request.get("HostedZoneId"),
        "IsTruncated": following is not None,
        "NextDNSName": following and following.name,
        "NextHostedZoneId": following and following.id,
        "MaxItems": str(size),
    }


def _place(zone: Zone) -> tuple[str, str]:
    return record_sets.order(zone.name), zone.id


@service.operation
async def get_hosted_zone_count(ctx: Context, request: Request) -> Request:
    """API_GetHostedZoneCount."""
    return {"HostedZoneCount": await zones.count(ctx)}


@service.operation(**on_zone("HostedZoneId"))
async def get_hosted_zone_limit(ctx: Context, request: Request) -> Request:
    """API_GetHostedZoneLimit."""
    zone = await find(ctx, request["HostedZoneId"])
    kind = request["Type"]
    if kind == "MAX_VPCS_ASSOCIATED_BY_ZONE":
        raise errors.invalid("The zone is not private.")
    count = await record_sets.record_sets.count(ctx, zone.id)
    return {"Limit": {"Type": kind, "Value": limits.RECORDS}, "Count": count}


# -- changes


def _change(ctx: Context, request: Request) -> str:
    return arn_of(ctx, "change", plain_id(request["Id"]))


@service.operation(resource=_change)
async def get_change(ctx: Context, request: Request) -> Request:
    """API_GetChange."""
    ident = plain_id(request["Id"])
    change = await changes.get(ctx, ident)
    if change is None or change.submitted + limits.HISTORY_SECONDS < ctx.now():
        raise errors.no_change(ident)
    return {"ChangeInfo": change_info(ctx, change)}
