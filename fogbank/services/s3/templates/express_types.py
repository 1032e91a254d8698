"""AWS::S3Express::*: directory buckets, their policies and access points.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_S3Express.html
"""

from __future__ import annotations

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Properties, pick
from fogbank.services.s3.express import directory_names
from fogbank.services.s3.service import service
from fogbank.services.s3.templates.access_types import AccessPointType
from fogbank.services.s3.templates.policy_types import BucketPolicyType
from fogbank.services.s3.templates.resource_types import BucketType

_ENCRYPTION, _LIFECYCLE = "BucketEncryption", "LifecycleConfiguration"


@service.resource_type
class DirectoryBucketType(BucketType):
    """A directory bucket. Without a BucketName it gets one of its own, in the zone."""

    name = "AWS::S3Express::DirectoryBucket"
    identifier = ("BucketName",)
    required = frozenset({"DataRedundancy", "LocationName"})
    create_only = frozenset({"BucketName", "DataRedundancy", "LocationName"})
    read_only = frozenset({"Arn", "AvailabilityZoneName"})
    write_only = frozenset()
    naming = None  # its name ends with the zone

    async def create(self, ctx: Context, properties: Properties) -> str:
        zone, redundancy = properties["LocationName"], properties["DataRedundancy"]
        name = properties.get("BucketName") or f"bucket-{ctx.ids.hex(16)}--{zone}--x-s3"
        await self._check_free(ctx, name)
        kind = "LocalZone" if redundancy == "SingleLocalZone" else "AvailabilityZone"
        location = {
            "Location": {"Type": kind, "Name": zone},
            "Bucket": {"Type": "Directory", "DataRedundancy": redundancy},
        }
        await self.call(ctx, "CreateBucket", {"Bucket": name, "CreateBucketConfiguration": location}, service="s3")
        await self._arrange(ctx, name, {}, pick(properties, _ENCRYPTION, _LIFECYCLE, "Tags"))
        return str(name)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        about = await self.call(ctx, "HeadBucket", {"Bucket": identifier})
        zone = about["BucketLocationName"]
        is_local = about["BucketLocationType"] == "LocalZone"
        properties = {
            "BucketName": identifier,
            "Arn": about["BucketArn"],
            "LocationName": zone,
            "DataRedundancy": "SingleLocalZone" if is_local else "SingleAvailabilityZone",
        }
        about = {"AccountId": ctx.account, "ResourceArn": about["BucketArn"]}
        tags = (await self.call(ctx, "ListTagsForResource", about, service="s3control"))["Tags"]
        configured = await self.configured(ctx, identifier, _ENCRYPTION) | await self.lifecycle(ctx, identifier)
        return properties | configured | ({"Tags": tags} if tags else {})

    def arn(self, ctx: Context, name: str) -> str:
        return directory_names.arn(ctx.account, ctx.region, name)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found: list[str] = []
        token: str | None = None
        while True:
            page = await self.call(ctx, "ListDirectoryBuckets", {"ContinuationToken": token})
            found += [bucket["Name"] for bucket in page["Buckets"]]
            token = page.get("ContinuationToken")
            if token is None:
                return found


@service.resource_type
class DirectoryBucketPolicyType(BucketPolicyType):
    name = "AWS::S3Express::BucketPolicy"

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        buckets = await DirectoryBucketType().list(ctx, given)
        return [name for name in buckets if await self._has_policy(ctx, name)]


@service.resource_type
class DirectoryAccessPointType(AccessPointType):
    """An access point of a directory bucket: its name ends with the zone, and it may have a scope."""

    name = "AWS::S3Express::AccessPoint"

    async def create(self, ctx: Context, properties: Properties) -> str:
        zone = directory_names.zone_of(properties["Bucket"])
        name = properties.get("Name") or f"ap-{ctx.ids.hex(16)}--{zone}--xa-s3"
        await super().create(ctx, {**properties, "Name": name})
        if properties.get("Scope"):
            await self.control(ctx, "PutAccessPointScope", Name=name, Scope=properties["Scope"])
        return name

    async def read(self, ctx: Context, identifier: str) -> Properties:
        properties = await super().read(ctx, identifier)
        properties.pop("Alias", None)
        scope = (await self.control(ctx, "GetAccessPointScope", Name=identifier)).get("Scope")
        return properties | ({"Scope": scope} if scope else {})

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await super().update(ctx, identifier, before, after)
        if after.get("Scope"):
            await self.control(ctx, "PutAccessPointScope", Name=identifier, Scope=after["Scope"])
        elif before.get("Scope"):
            await self.control(ctx, "DeleteAccessPointScope", Name=identifier)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.all_pages(ctx, "ListAccessPointsForDirectoryBuckets", "AccessPointList")
        return [each["Name"] for each in found]
