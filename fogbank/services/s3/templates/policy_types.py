"""AWS::S3::BucketPolicy. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucketpolicy.html"""

from __future__ import annotations

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Properties, ResourceType
from fogbank.services.s3.service import service


@service.resource_type
class BucketPolicyType(ResourceType):
    """The policy of a bucket, which has but one."""

    name = "AWS::S3::BucketPolicy"
    identifier = ("Bucket",)
    required = frozenset({"Bucket", "PolicyDocument"})
    create_only = frozenset({"Bucket"})
    missing = frozenset({"NoSuchBucketPolicy", "NoSuchBucket"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self._put(ctx, properties)
        return str(properties["Bucket"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetBucketPolicy", {"Bucket": identifier})
        return {"Bucket": identifier, "PolicyDocument": orjson.loads(found["Policy"])}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._put(ctx, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteBucketPolicy", {"Bucket": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        buckets = (await self.call(ctx, "ListBuckets", {"BucketRegion": ctx.region}))["Buckets"]
        return [bucket["Name"] for bucket in buckets if await self._has_policy(ctx, bucket["Name"])]

    async def _has_policy(self, ctx: Context, name: str) -> bool:
        try:
            await self.call(ctx, "GetBucketPolicy", {"Bucket": name})
        except AWSError as error:
            if self.is_missing(error):
                return False
            raise
        return True

    async def _put(self, ctx: Context, properties: Properties) -> None:
        document = properties["PolicyDocument"]
        text = document if isinstance(document, str) else orjson.dumps(document).decode()
        await self.call(ctx, "PutBucketPolicy", {"Bucket": properties["Bucket"], "Policy": text})
