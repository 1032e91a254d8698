"""AWS::S3Vectors::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_S3Vectors.html"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Properties, ResourceType, tag_changes, tag_list
from fogbank.services.s3vectors.service import service

_MISSING = frozenset({"NotFoundException"})


def _encryption(properties: Properties) -> dict[str, Any] | None:
    given = properties.get("EncryptionConfiguration")
    return None if given is None else {"sseType": given.get("SseType"), "kmsKeyArn": given.get("KmsKeyArn")}


def _shown_encryption(found: dict[str, Any]) -> Properties:
    shown = {"SseType": found["sseType"], "KmsKeyArn": found.get("kmsKeyArn")}
    return {name: value for name, value in shown.items() if value is not None}


def _date(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class _Tagged(ResourceType):
    """What both types do with tags."""

    async def tags(self, ctx: Context, arn: str) -> Properties:
        found = (await self.call(ctx, "ListTagsForResource", {"resourceArn": arn})).get("tags")
        return {"Tags": [{"Key": key, "Value": value} for key, value in found.items()]} if found else {}

    async def all(self, ctx: Context, operation: str, asked: Properties, member: str) -> list[Properties]:
        """What an operation lists on all of its pages."""
        found: list[Properties] = []
        token: str | None = None
        while True:
            page = await self.call(ctx, operation, {**asked, "nextToken": token})
            found += page[member]
            token = page.get("nextToken")
            if token is None:
                return found

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        tags, removed = tag_changes(before, after)
        if tags:
            await self.call(ctx, "TagResource", {"resourceArn": identifier, "tags": tags})
        if removed:
            await self.call(ctx, "UntagResource", {"resourceArn": identifier, "tagKeys": removed})


@service.resource_type
class VectorBucketType(_Tagged):
    """A vector bucket. Without a name it gets one of its own."""

    name = "AWS::S3Vectors::VectorBucket"
    identifier = ("VectorBucketArn",)
    create_only = frozenset({"EncryptionConfiguration", "VectorBucketName"})
    read_only = frozenset({"CreationTime", "VectorBucketArn"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("VectorBucketName") or f"vectors-{ctx.ids.hex(20)}"
        request = {
            "vectorBucketName": name,
            "encryptionConfiguration": _encryption(properties),
            "tags": tag_list(properties),
        }
        return str((await self.call(ctx, "CreateVectorBucket", request))["vectorBucketArn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = (await self.call(ctx, "GetVectorBucket", {"vectorBucketArn": identifier}))["vectorBucket"]
        return {
            "VectorBucketArn": identifier,
            "VectorBucketName": found["vectorBucketName"],
            "CreationTime": _date(found["creationTime"]),
            "EncryptionConfiguration": _shown_encryption(found["encryptionConfiguration"]),
            **await self.tags(ctx, identifier),
        }

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteVectorBucket", {"vectorBucketArn": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [bucket["vectorBucketArn"] for bucket in await self.all(ctx, "ListVectorBuckets", {}, "vectorBuckets")]


@service.resource_type
class IndexType(_Tagged):
    """An index of a vector bucket."""

    name = "AWS::S3Vectors::Index"
    identifier = ("IndexArn",)
    required = frozenset({"DataType", "Dimension", "DistanceMetric"})
    create_only = frozenset(
        {
            *(
                "DataType",
                "Dimension",
                "DistanceMetric",
                "EncryptionConfiguration",
                "IndexName",
                "MetadataConfiguration",
            ),
            *("VectorBucketArn", "VectorBucketName"),
        }
    )
    read_only = frozenset({"CreationTime", "IndexArn"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        hidden = (properties.get("MetadataConfiguration") or {}).get("NonFilterableMetadataKeys")
        request = {
            "vectorBucketName": properties.get("VectorBucketName"),
            "vectorBucketArn": properties.get("VectorBucketArn"),
            "indexName": properties.get("IndexName") or f"index-{ctx.ids.hex(20)}",
            "dataType": properties["DataType"],
            "dimension": int(properties["Dimension"]),
            "distanceMetric": properties["DistanceMetric"],
            "metadataConfiguration": {"nonFilterableMetadataKeys": hidden} if hidden else None,
            "encryptionConfiguration": _encryption(properties),
            "tags": tag_list(properties),
        }
        return str((await self.call(ctx, "CreateIndex", request))["indexArn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = (await self.call(ctx, "GetIndex", {"indexArn": identifier}))["index"]
        hidden = (found["metadataConfiguration"] or {}).get("nonFilterableMetadataKeys")
        return {
            "IndexArn": identifier,
            "IndexName": found["indexName"],
            "VectorBucketName": found["vectorBucketName"],
            "VectorBucketArn": identifier.partition("/index/")[0],
            "CreationTime": _date(found["creationTime"]),
            "DataType": found["dataType"],
            "Dimension": found["dimension"],
            "DistanceMetric": found["distanceMetric"],
            "EncryptionConfiguration": _shown_encryption(found["encryptionConfiguration"]),
            **({"MetadataConfiguration": {"NonFilterableMetadataKeys": hidden}} if hidden else {}),
            **await self.tags(ctx, identifier),
        }

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteIndex", {"indexArn": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        asked = {"vectorBucketArn": given.get("VectorBucketArn"), "vectorBucketName": given.get("VectorBucketName")}
        return [index["indexArn"] for index in await self.all(ctx, "ListIndexes", asked, "indexes")]


@service.resource_type
class VectorBucketPolicyType(ResourceType):
    """The policy of a vector bucket."""

    name = "AWS::S3Vectors::VectorBucketPolicy"
    identifier = ("VectorBucketArn",)
    required = frozenset({"Policy"})
    create_only = frozenset({"VectorBucketArn", "VectorBucketName"})
    missing = _MISSING

    async def create(self, ctx: Context, properties: Properties) -> str:
        named = {
            "vectorBucketArn": properties.get("VectorBucketArn"),
            "vectorBucketName": properties.get("VectorBucketName"),
        }
        found = (await self.call(ctx, "GetVectorBucket", named))["vectorBucket"]
        await self._put(ctx, found["vectorBucketArn"], properties)
        return str(found["vectorBucketArn"])

    async def _put(self, ctx: Context, arn: str, properties: Properties) -> None:
        policy = properties["Policy"]
        text = policy if isinstance(policy, str) else json.dumps(policy)
        await self.call(ctx, "PutVectorBucketPolicy", {"vectorBucketArn": arn, "policy": text})

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetVectorBucketPolicy", {"vectorBucketArn": identifier})
        return {
            "VectorBucketArn": identifier,
            "VectorBucketName": identifier.rpartition("/")[2],
            "Policy": json.loads(found["policy"]),
        }

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._put(ctx, identifier, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteVectorBucketPolicy", {"vectorBucketArn": identifier})
