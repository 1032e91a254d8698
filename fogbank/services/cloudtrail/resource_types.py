"""AWS::CloudTrail::Trail. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudtrail-trail.html"""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick, tag_changes
from fogbank.services.cloudtrail.selection import DEFAULT
from fogbank.services.cloudtrail.service import service

_SETTINGS = (
    "S3BucketName",
    "S3KeyPrefix",
    "SnsTopicName",
    "IncludeGlobalServiceEvents",
    "IsMultiRegionTrail",
    "EnableLogFileValidation",
    "CloudWatchLogsLogGroupArn",
    "CloudWatchLogsRoleArn",
    "IsOrganizationTrail",
)


@service.resource_type
class TrailType(ResourceType):
    name = "AWS::CloudTrail::Trail"
    identifier = ("TrailName",)
    naming = Naming("TrailName", 128)
    required = frozenset({"IsLogging", "S3BucketName"})
    create_only = frozenset({"TrailName"})
    read_only = frozenset({"Arn", "SnsTopicArn"})
    missing = frozenset({"TrailNotFoundException", "ResourceNotFoundException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = str(properties["TrailName"])
        await self.call(ctx, "CreateTrail", {"Name": name, **_settings(properties), "TagsList": properties.get("Tags")})
        if _selected(properties):
            await self._select(ctx, name, properties)
        if properties["IsLogging"]:
            await self.call(ctx, "StartLogging", {"Name": name})
        return name

    async def read(self, ctx: Context, identifier: str) -> Properties:
        trail = (await self.call(ctx, "GetTrail", {"Name": identifier}))["Trail"]
        status = await self.call(ctx, "GetTrailStatus", {"Name": identifier})
        selected = await self.call(ctx, "GetEventSelectors", {"TrailName": identifier})
        tags = await self.call(ctx, "ListTags", {"ResourceIdList": [trail["TrailARN"]]})
        return {
            "TrailName": trail["Name"],
            "Arn": trail["TrailARN"],
            "IsLogging": status["IsLogging"],
            "EnableLogFileValidation": trail["LogFileValidationEnabled"],
            **pick(trail, *(name for name in _SETTINGS if name != "EnableLogFileValidation")),
            **({"KMSKeyId": trail["KmsKeyId"]} if trail.get("KmsKeyId") else {}),
            **({"SnsTopicArn": trail["SnsTopicARN"]} if trail.get("SnsTopicARN") else {}),
            **pick(selected, "EventSelectors", "AdvancedEventSelectors"),
            "Tags": tags["ResourceTagList"][0]["TagsList"],
        }

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        old, new = _settings(before), _settings(after)
        if old != new:
            emptied = {name: "" for name in old if name not in new and isinstance(old[name], str)}
            await self.call(ctx, "UpdateTrail", {"Name": identifier, **emptied, **new})
        if _selected(before) != _selected(after):
            await self._select(ctx, identifier, after)
        if before["IsLogging"] != after["IsLogging"]:
            operation = "StartLogging" if after["IsLogging"] else "StopLogging"
            await self.call(ctx, operation, {"Name": identifier})
        await self._retag(ctx, identifier, *tag_changes(before, after))

    async def _select(self, ctx: Context, name: str, properties: Properties) -> None:
        """Without selectors in the template those of a new trail."""
        await self.call(
            ctx, "PutEventSelectors", {"TrailName": name, **(_selected(properties) or {"EventSelectors": [DEFAULT]})}
        )

    async def _retag(self, ctx: Context, name: str, added: dict[str, str], gone: list[str]) -> None:
        arn = (await self.call(ctx, "GetTrail", {"Name": name}))["Trail"]["TrailARN"]
        if gone:
            await self.call(ctx, "RemoveTags", {"ResourceId": arn, "TagsList": [{"Key": key} for key in gone]})
        if added:
            tags = [{"Key": key, "Value": value} for key, value in added.items()]
            await self.call(ctx, "AddTags", {"ResourceId": arn, "TagsList": tags})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteTrail", {"Name": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [
            trail["Name"]
            for trail in await self.listed(ctx, "ListTrails", "Trails")
            if trail["HomeRegion"] == ctx.region
        ]


def _selected(properties: Properties) -> Properties:
    """The selectors that there are: CDK writes an empty list for none."""
    return {name: properties[name] for name in ("EventSelectors", "AdvancedEventSelectors") if properties.get(name)}


def _settings(properties: Properties) -> Properties:
    """Of a request, from properties."""
    settings = pick(properties, *_SETTINGS)
    if properties.get("KMSKeyId"):
        settings["KmsKeyId"] = properties["KMSKeyId"]
    return settings
