"""AWS::KinesisFirehose::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_KinesisFirehose.html"""

from __future__ import annotations

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick, tag_changes
from fogbank.services.firehose import settings
from fogbank.services.firehose.records import ACTIVE, CREATING_FAILED, DESTINATION_ID
from fogbank.services.firehose.service import service

_KINDS = (settings.EXTENDED, settings.PLAIN, settings.HTTP, settings.SPLUNK)
_ABSENT = (
    "Redshift",
    "Elasticsearch",
    "Amazonopensearchservice",
    "AmazonOpenSearchServerless",
    "Snowflake",
    "Iceberg",
)
_ENCRYPTION = "DeliveryStreamEncryptionConfigurationInput"
_SOURCES = {
    "KinesisStreamSourceConfiguration",
    "MSKSourceConfiguration",
    "DatabaseSourceConfiguration",
    "DirectPutSourceConfiguration",
}
_BUCKETS = {"S3BackupConfiguration": "S3BackupUpdate", "S3Configuration": "S3Update"}


@service.resource_type
class DeliveryStreamType(ResourceType):
    """A delivery stream. Without a name it gets one of its own."""

    name = "AWS::KinesisFirehose::DeliveryStream"
    identifier = ("DeliveryStreamName",)
    naming = Naming("DeliveryStreamName", 64)
    create_only = frozenset({"DeliveryStreamName", "DeliveryStreamType", *_SOURCES})
    read_only = frozenset({"Arn"})
    missing = frozenset({"ResourceNotFoundException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("DeliveryStreamName") or f"stream-{ctx.ids.hex(12)}"
        members = [f"{kind}DestinationConfiguration" for kind in (*_KINDS, *_ABSENT)]
        request = pick(properties, "DeliveryStreamType", "Tags", _ENCRYPTION, *_SOURCES, *members)
        await self.call(ctx, "CreateDeliveryStream", {**request, "DeliveryStreamName": name})
        return str(name)

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        found = await self._described(ctx, identifier)
        encryption = found.get("DeliveryStreamEncryptionConfiguration") or {}
        if found["DeliveryStreamStatus"] == CREATING_FAILED:
            raise AWSError(found["FailureDescription"]["Type"], found["FailureDescription"]["Details"])
        return bool(
            found["DeliveryStreamStatus"] == ACTIVE and encryption.get("Status") not in ("ENABLING", "DISABLING")
        )

    async def _described(self, ctx: Context, identifier: str) -> Properties:
        answer = await self.call(ctx, "DescribeDeliveryStream", {"DeliveryStreamName": identifier})
        described: Properties = answer["DeliveryStreamDescription"]
        return described

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self._described(ctx, identifier)
        (destination,) = found["Destinations"]
        properties = pick(found, "DeliveryStreamName", "DeliveryStreamType") | {"Arn": found["DeliveryStreamARN"]}
        for kind in (settings.EXTENDED, settings.HTTP, settings.SPLUNK):
            if f"{kind}DestinationDescription" in destination:
                described = destination[f"{kind}DestinationDescription"]
                properties[f"{kind}DestinationConfiguration"] = _configured(described)
        if source := found.get("Source"):
            given = pick(source["KinesisStreamSourceDescription"], "KinesisStreamARN", "RoleARN")
            properties["KinesisStreamSourceConfiguration"] = given
        encryption = found.get("DeliveryStreamEncryptionConfiguration") or {}
        if encryption.get("Status") == "ENABLED":
            properties[_ENCRYPTION] = pick(encryption, "KeyType", "KeyARN")
        tags = (await self.call(ctx, "ListTagsForDeliveryStream", {"DeliveryStreamName": identifier}))["Tags"]
        return {**properties, "Tags": tags} if tags else properties

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        named = {"DeliveryStreamName": identifier}
        added, removed = tag_changes(before, after)
        if removed:
            await self.call(ctx, "UntagDeliveryStream", {**named, "TagKeys": removed})
        if added:
            tags = [{"Key": key, "Value": value} for key, value in added.items()]
            await self.call(ctx, "TagDeliveryStream", {**named, "Tags": tags})
        for kind in _KINDS:
            member = f"{kind}DestinationConfiguration"
            if member in after and after[member] != before.get(member):
                await self._update_destination(ctx, identifier, kind, after[member])
        if after.get(_ENCRYPTION) != before.get(_ENCRYPTION):
            if given := after.get(_ENCRYPTION):
                await self.call(ctx, "StartDeliveryStreamEncryption", {**named, _ENCRYPTION: given})
            else:
                await self.call(ctx, "StopDeliveryStreamEncryption", named)

    async def _update_destination(self, ctx: Context, identifier: str, kind: str, given: Properties) -> None:
        version = (await self._described(ctx, identifier))["VersionId"]
        update = {_BUCKETS.get(name, name): value for name, value in given.items()}
        request = {
            "DeliveryStreamName": identifier,
            "CurrentDeliveryStreamVersionId": version,
            "DestinationId": DESTINATION_ID,
            f"{kind}DestinationUpdate": update,
        }
        await self.call(ctx, "UpdateDestination", request)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteDeliveryStream", {"DeliveryStreamName": identifier, "AllowForceDelete": True})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        answer = await self.call(ctx, "ListDeliveryStreams", {"Limit": 10_000})
        return [*answer["DeliveryStreamNames"]]


_CONFIGURED = {"S3BackupDescription": "S3BackupConfiguration", "S3DestinationDescription": "S3Configuration"}


def _configured(described: Properties) -> Properties:
    return {_CONFIGURED.get(name, name): value for name, value in described.items()}
