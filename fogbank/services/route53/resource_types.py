"""AWS::Route53::HostedZone, RecordSet, RecordSetGroup, HealthCheck.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Route53.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Properties, ResourceType, pick, tag_changes
from fogbank.services.route53.service import service
from fogbank.services.route53.zone import full_name

_RECORD = (
    "Name",
    "Type",
    "SetIdentifier",
    "Weight",
    "Region",
    "GeoLocation",
    "Failover",
    "MultiValueAnswer",
    "TTL",
    "HealthCheckId",
    "CidrRoutingConfig",
    "GeoProximityLocation",
)


@service.resource_type
class HostedZoneType(ResourceType):
    name = "AWS::Route53::HostedZone"
    identifier = ("Id",)
    create_only = frozenset({"Name"})
    read_only = frozenset({"Id", "NameServers"})
    missing = frozenset({"NoSuchHostedZone"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        config = properties.get("HostedZoneConfig") or {}
        vpcs = properties.get("VPCs") or []
        made = await self.call(
            ctx,
            "CreateHostedZone",
            {
                "Name": properties["Name"],
                "CallerReference": ctx.ids.uuid(),
                "HostedZoneConfig": pick(config, "Comment"),
                "VPC": vpcs[0] if vpcs else None,
            },
        )
        ident = made["HostedZone"]["Id"].rpartition("/")[2]
        await _retag(self, ctx, "hostedzone", ident, {}, properties)
        return str(ident)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetHostedZone", {"Id": identifier})
        zone = found["HostedZone"]
        comment = zone["Config"].get("Comment")
        return {
            "Id": identifier,
            "Name": zone["Name"],
            "NameServers": found["DelegationSet"]["NameServers"],
            **({"HostedZoneConfig": {"Comment": comment}} if comment else {}),
            "HostedZoneTags": await _tags(self, ctx, "hostedzone", identifier),
        }

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        comment = (after.get("HostedZoneConfig") or {}).get("Comment") or ""
        await self.call(ctx, "UpdateHostedZoneComment", {"Id": identifier, "Comment": comment})
        await _retag(self, ctx, "hostedzone", identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteHostedZone", {"Id": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        zones = await self.call(ctx, "ListHostedZones", {})
        return [zone["Id"].rpartition("/")[2] for zone in zones["HostedZones"]]


@service.resource_type
class RecordSetType(ResourceType):
    """Its zone is given by id or by name."""

    name = "AWS::Route53::RecordSet"
    identifier = ("HostedZoneId", "Name", "Type", "SetIdentifier")
    required = frozenset({"Name", "Type"})
    create_only = frozenset({"HostedZoneId", "HostedZoneName", "Name", "Type", "SetIdentifier"})
    missing = frozenset({"NoSuchHostedZone", "NoSuchRecordSet"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        zone = await _zone(self, ctx, properties)
        await _change(self, ctx, zone, "CREATE", [properties])
        return "|".join(
            (zone, full_name(properties["Name"]), properties["Type"], properties.get("SetIdentifier") or "")
        )

    async def read(self, ctx: Context, identifier: str) -> Properties:
        zone, name, kind, ident = identifier.split("|")
        start = {
            "StartRecordName": name,
            "StartRecordType": kind,
            "StartRecordIdentifier": ident or None,
            "MaxItems": "1",
        }
        found = await self.call(ctx, "ListResourceRecordSets", {"HostedZoneId": zone, **start})
        for record in found["ResourceRecordSets"]:
            if (record["Name"], record["Type"], record.get("SetIdentifier") or "") == (name, kind, ident):
                return {**_properties(record), "HostedZoneId": zone}
        raise AWSError("NoSuchRecordSet", f"There is no record set {name} of type {kind}.", 404)

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await _change(self, ctx, identifier.partition("|")[0], "UPSERT", [after])

    async def delete(self, ctx: Context, identifier: str) -> None:
        zone = identifier.partition("|")[0]
        await _change(self, ctx, zone, "DELETE", [await self.read(ctx, identifier)])

    def ref(self, identifier: str, properties: Properties) -> str:
        return identifier.split("|")[1].removesuffix(".")


@service.resource_type
class RecordSetGroupType(ResourceType):
    name = "AWS::Route53::RecordSetGroup"
    identifier = ("Id",)
    create_only = frozenset({"HostedZoneId", "HostedZoneName"})
    read_only = frozenset({"Id"})
    missing = frozenset({"NoSuchHostedZone"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        zone = await _zone(self, ctx, properties)
        await _change(self, ctx, zone, "CREATE", properties.get("RecordSets") or [])
        keys = [
            "|".join((full_name(each["Name"]), each["Type"], each.get("SetIdentifier") or ""))
            for each in properties.get("RecordSets") or []
        ]
        return "\n".join([zone, *keys])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        zone, *keys = identifier.split("\n")
        one = RecordSetType()
        records = [await one.read(ctx, f"{zone}|{key}") for key in keys]
        for record in records:
            del record["HostedZoneId"]
        await self.call(ctx, "GetHostedZone", {"Id": zone})
        return {"Id": identifier, "HostedZoneId": zone, "RecordSets": records}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        old, new = before.get("RecordSets") or [], after.get("RecordSets") or []
        if [_key(each) for each in old] != [_key(each) for each in new]:
            raise AWSError("ValidationException", "A group's record sets can be changed, but not be others.")
        await _change(self, ctx, identifier.partition("\n")[0], "UPSERT", new)

    async def delete(self, ctx: Context, identifier: str) -> None:
        zone = identifier.partition("\n")[0]
        await _change(self, ctx, zone, "DELETE", (await self.read(ctx, identifier))["RecordSets"])


@service.resource_type
class HealthCheckType(ResourceType):
    name = "AWS::Route53::HealthCheck"
    identifier = ("HealthCheckId",)
    required = frozenset({"HealthCheckConfig"})
    read_only = frozenset({"HealthCheckId"})
    missing = frozenset({"NoSuchHealthCheck"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = {"CallerReference": ctx.ids.uuid(), "HealthCheckConfig": properties["HealthCheckConfig"]}
        ident = (await self.call(ctx, "CreateHealthCheck", request))["HealthCheck"]["Id"]
        await _retag(self, ctx, "healthcheck", ident, {}, properties)
        return str(ident)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetHealthCheck", {"HealthCheckId": identifier})
        return {
            "HealthCheckId": identifier,
            "HealthCheckConfig": found["HealthCheck"]["HealthCheckConfig"],
            "HealthCheckTags": await _tags(self, ctx, "healthcheck", identifier),
        }

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        fixed = ("Type", "RequestInterval", "MeasureLatency")
        changed = {name: value for name, value in after["HealthCheckConfig"].items() if name not in fixed}
        await self.call(ctx, "UpdateHealthCheck", {"HealthCheckId": identifier, **changed})
        await _retag(self, ctx, "healthcheck", identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteHealthCheck", {"HealthCheckId": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["Id"] for each in (await self.call(ctx, "ListHealthChecks", {}))["HealthChecks"]]


# -- what they share


async def _zone(kind: ResourceType, ctx: Context, properties: Properties) -> str:
    """The id of the zone that is given by its id, or by its name when only one has it."""
    if properties.get("HostedZoneId"):
        return str(properties["HostedZoneId"])
    name = properties.get("HostedZoneName")
    if not name:
        raise AWSError("ValidationException", "Either HostedZoneId or HostedZoneName must be given.")
    found = await kind.call(ctx, "ListHostedZonesByName", {"DNSName": name})
    ids = [zone["Id"].rpartition("/")[2] for zone in found["HostedZones"] if zone["Name"] == full_name(name)]
    if len(ids) != 1:
        raise AWSError("ValidationException", f"{'No' if not ids else 'More than one'} hosted zone is called {name}.")
    return str(ids[0])


async def _change(kind: ResourceType, ctx: Context, zone: str, action: str, records: list[Properties]) -> None:
    changes = [{"Action": action, "ResourceRecordSet": _record(each)} for each in records]
    if changes:
        await kind.call(ctx, "ChangeResourceRecordSets", {"HostedZoneId": zone, "ChangeBatch": {"Changes": changes}})


def _record(properties: Properties) -> dict[str, Any]:
    """A record set of the API: values are objects there, and an alias says whether its target's health counts."""
    record = pick(properties, *_RECORD)
    if properties.get("ResourceRecords") is not None:
        record["ResourceRecords"] = [{"Value": value} for value in properties["ResourceRecords"]]
    if alias := properties.get("AliasTarget"):
        record["AliasTarget"] = {"EvaluateTargetHealth": False, **alias}
    return record


def _properties(record: dict[str, Any]) -> Properties:
    found = pick(record, *_RECORD, "AliasTarget")
    if "TTL" in found:
        found["TTL"] = str(found["TTL"])
    if record.get("ResourceRecords"):
        found["ResourceRecords"] = [each["Value"] for each in record["ResourceRecords"]]
    return found


def _key(record: Properties) -> tuple[str, str, str]:
    return full_name(record["Name"]), record["Type"], record.get("SetIdentifier") or ""


async def _tags(kind: ResourceType, ctx: Context, noun: str, ident: str) -> list[dict[str, str]]:
    found = await kind.call(ctx, "ListTagsForResource", {"ResourceType": noun, "ResourceId": ident})
    tags: list[dict[str, str]] = found["ResourceTagSet"]["Tags"]
    return tags


async def _retag(
    kind: ResourceType, ctx: Context, noun: str, ident: str, before: Properties, after: Properties
) -> None:
    member = "HostedZoneTags" if noun == "hostedzone" else "HealthCheckTags"
    added, gone = tag_changes(before, after, member)
    if gone or added:
        tags = [{"Key": key, "Value": value} for key, value in added.items()]
        request = {"ResourceType": noun, "ResourceId": ident, "AddTags": tags or None, "RemoveTagKeys": gone or None}
        await kind.call(ctx, "ChangeTagsForResource", request)
