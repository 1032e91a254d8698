"""AWS::S3::AccessPoint and the like: types of what S3 Control has, but that are named after S3.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_S3.html
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Properties, ResourceType, pick, tag_changes
from fogbank.services.s3.service import service


class ControlType(ResourceType):
    """A type whose operations are S3 Control's."""

    async def control(self, ctx: Context, operation: str, **params: Any) -> dict[str, Any]:
        return await self.call(ctx, operation, {"AccountId": ctx.account, **params}, service="s3control")

    async def all_pages(self, ctx: Context, operation: str, member: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        token: str | None = None
        while True:
            page = await self.control(ctx, operation, NextToken=token)
            found += page.get(member) or []
            token = page.get("NextToken")
            if token is None:
                return found

    async def tags_of(self, ctx: Context, arn: str) -> Properties:
        tags = (await self.control(ctx, "ListTagsForResource", ResourceArn=arn))["Tags"]
        return {"Tags": tags} if tags else {}

    async def change_tags(self, ctx: Context, arn: str, before: Properties, after: Properties) -> None:
        tags, removed = tag_changes(before, after)
        if tags:
            entries = [{"Key": key, "Value": value} for key, value in tags.items()]
            await self.control(ctx, "TagResource", ResourceArn=arn, Tags=entries)
        if removed:
            await self.control(ctx, "UntagResource", ResourceArn=arn, TagKeys=removed)


def _text(policy: Any) -> str:
    return policy if isinstance(policy, str) else orjson.dumps(policy).decode()


@service.resource_type
class AccessPointType(ControlType):
    """An access point. Without a Name it gets one of its own."""

    name = "AWS::S3::AccessPoint"
    identifier = ("Name",)
    required = frozenset({"Bucket"})
    create_only = frozenset({"Bucket", "BucketAccountId", "Name", "PublicAccessBlockConfiguration", "VpcConfiguration"})
    read_only = frozenset({"Alias", "Arn", "NetworkOrigin"})
    missing = frozenset({"NoSuchAccessPoint"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("Name") or f"ap-{ctx.ids.hex(20)}"
        given = pick(
            properties, "Bucket", "BucketAccountId", "PublicAccessBlockConfiguration", "Tags", "VpcConfiguration"
        )
        await self.control(ctx, "CreateAccessPoint", Name=name, **given)
        if properties.get("Policy"):
            await self.control(ctx, "PutAccessPointPolicy", Name=name, Policy=_text(properties["Policy"]))
        return name

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.control(ctx, "GetAccessPoint", Name=identifier)
        properties = pick(
            found,
            "Alias",
            "Bucket",
            "BucketAccountId",
            "Name",
            "NetworkOrigin",
            "PublicAccessBlockConfiguration",
            "VpcConfiguration",
        )
        properties["Arn"] = found["AccessPointArn"]
        policy = await self._policy(ctx, identifier)
        return properties | policy | await self.tags_of(ctx, found["AccessPointArn"])

    async def _policy(self, ctx: Context, name: str) -> Properties:
        try:
            return {"Policy": orjson.loads((await self.control(ctx, "GetAccessPointPolicy", Name=name))["Policy"])}
        except AWSError as error:
            if error.code == "NoSuchAccessPointPolicy":
                return {}
            raise

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        if before.get("Policy") != after.get("Policy"):
            if after.get("Policy"):
                await self.control(ctx, "PutAccessPointPolicy", Name=identifier, Policy=_text(after["Policy"]))
            else:
                await self.control(ctx, "DeleteAccessPointPolicy", Name=identifier)
        arn = (await self.control(ctx, "GetAccessPoint", Name=identifier))["AccessPointArn"]
        await self.change_tags(ctx, arn, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.control(ctx, "DeleteAccessPoint", Name=identifier)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["Name"] for each in await self.all_pages(ctx, "ListAccessPoints", "AccessPointList")]


@service.resource_type
class MultiRegionAccessPointType(ControlType):
    name = "AWS::S3::MultiRegionAccessPoint"
    identifier = ("Name",)
    required = frozenset({"Regions"})
    create_only = frozenset({"Name", "PublicAccessBlockConfiguration", "Regions"})
    read_only = frozenset({"Alias", "CreatedAt"})
    missing = frozenset({"NoSuchMultiRegionAccessPoint"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("Name") or f"mrap-{ctx.ids.hex(20)}"
        regions = [pick(each, "Bucket", "BucketAccountId") for each in properties["Regions"]]
        details: Properties = {"Name": name, "Regions": regions}
        if properties.get("PublicAccessBlockConfiguration") is not None:
            details["PublicAccessBlock"] = properties["PublicAccessBlockConfiguration"]
        await self.control(ctx, "CreateMultiRegionAccessPoint", ClientToken=ctx.ids.hex(32), Details=details)
        return name

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        found = await self.control(ctx, "GetMultiRegionAccessPoint", Name=identifier)
        return bool(found["AccessPoint"]["Status"] == "READY")

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = (await self.control(ctx, "GetMultiRegionAccessPoint", Name=identifier))["AccessPoint"]
        return {
            "Name": found["Name"],
            "Alias": found["Alias"],
            "CreatedAt": str(found["CreatedAt"]),
            "PublicAccessBlockConfiguration": found["PublicAccessBlock"],
            "Regions": [pick(each, "Bucket", "BucketAccountId") for each in found["Regions"]],
        }

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.control(ctx, "GetMultiRegionAccessPoint", Name=identifier)
        details = {"Name": identifier}
        await self.control(ctx, "DeleteMultiRegionAccessPoint", ClientToken=ctx.ids.hex(32), Details=details)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["Name"] for each in await self.all_pages(ctx, "ListMultiRegionAccessPoints", "AccessPoints")]


@service.resource_type
class MultiRegionAccessPointPolicyType(ControlType):
    """The policy of a Multi-Region Access Point, which can be replaced, but never taken away: deleting the resource leaves it."""

    name = "AWS::S3::MultiRegionAccessPointPolicy"
    identifier = ("MrapName",)
    required = frozenset({"MrapName", "Policy"})
    create_only = frozenset({"MrapName"})
    read_only = frozenset({"PolicyStatus"})
    missing = frozenset({"NoSuchMultiRegionAccessPoint"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        details = {"Name": properties["MrapName"], "Policy": _text(properties["Policy"])}
        await self.control(ctx, "PutMultiRegionAccessPointPolicy", ClientToken=ctx.ids.hex(32), Details=details)
        return str(properties["MrapName"])

    async def stabilise(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> bool:
        """The policy is proposed first, and established somewhat later."""
        return bool((await self.read(ctx, identifier)).get("Policy") == orjson.loads(_text(after["Policy"])))

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.control(ctx, "GetMultiRegionAccessPointPolicy", Name=identifier)
        status = await self.control(ctx, "GetMultiRegionAccessPointPolicyStatus", Name=identifier)
        policy = found["Policy"]["Established"]["Policy"]
        is_public = str(status["Established"]["IsPublic"]).lower()
        known = {} if policy is None else {"Policy": orjson.loads(policy)}
        return {"MrapName": identifier, "PolicyStatus": {"IsPublic": is_public}, **known}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.create(ctx, {**after, "MrapName": identifier})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.read(ctx, identifier)

    async def is_gone(self, ctx: Context, identifier: str) -> bool:
        return True


# -- Access Grants

_NO_INSTANCE = "AccessGrantsInstanceNotExistsError"


@service.resource_type
class AccessGrantsInstanceType(ControlType):
    name = "AWS::S3::AccessGrantsInstance"
    identifier = ("AccessGrantsInstanceArn",)
    read_only = frozenset({"AccessGrantsInstanceArn", "AccessGrantsInstanceId"})
    missing = frozenset({_NO_INSTANCE})

    async def create(self, ctx: Context, properties: Properties) -> str:
        given = pick(properties, "IdentityCenterArn", "Tags")
        return str((await self.control(ctx, "CreateAccessGrantsInstance", **given))["AccessGrantsInstanceArn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.control(ctx, "GetAccessGrantsInstance")
        properties = pick(found, "AccessGrantsInstanceArn", "AccessGrantsInstanceId")
        if found.get("IdentityCenterInstanceArn"):
            properties["IdentityCenterArn"] = found["IdentityCenterInstanceArn"]
        return properties | await self.tags_of(ctx, found["AccessGrantsInstanceArn"])

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        old, new = before.get("IdentityCenterArn"), after.get("IdentityCenterArn")
        if old and old != new:
            await self.control(ctx, "DissociateAccessGrantsIdentityCenter")
        if new and old != new:
            await self.control(ctx, "AssociateAccessGrantsIdentityCenter", IdentityCenterArn=new)
        await self.change_tags(ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        if (await self.control(ctx, "GetAccessGrantsInstance")).get("IdentityCenterInstanceArn"):
            await self.control(ctx, "DissociateAccessGrantsIdentityCenter")
        await self.control(ctx, "DeleteAccessGrantsInstance")

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = (await self.control(ctx, "ListAccessGrantsInstances"))["AccessGrantsInstancesList"]
        return [each["AccessGrantsInstanceArn"] for each in found]


@service.resource_type
class AccessGrantsLocationType(ControlType):
    name = "AWS::S3::AccessGrantsLocation"
    identifier = ("AccessGrantsLocationId",)
    required = frozenset({"IamRoleArn", "LocationScope"})
    create_only = frozenset({"LocationScope"})
    read_only = frozenset({"AccessGrantsLocationArn", "AccessGrantsLocationId"})
    missing = frozenset({_NO_INSTANCE, "NoSuchAccessGrantsLocationError"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        given = pick(properties, "LocationScope", "Tags")
        made = await self.control(ctx, "CreateAccessGrantsLocation", IAMRoleArn=properties["IamRoleArn"], **given)
        return str(made["AccessGrantsLocationId"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.control(ctx, "GetAccessGrantsLocation", AccessGrantsLocationId=identifier)
        properties = pick(found, "AccessGrantsLocationArn", "AccessGrantsLocationId", "LocationScope")
        properties["IamRoleArn"] = found["IAMRoleArn"]
        return properties | await self.tags_of(ctx, found["AccessGrantsLocationArn"])

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        changed = await self.control(
            ctx, "UpdateAccessGrantsLocation", AccessGrantsLocationId=identifier, IAMRoleArn=after["IamRoleArn"]
        )
        await self.change_tags(ctx, changed["AccessGrantsLocationArn"], before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.control(ctx, "DeleteAccessGrantsLocation", AccessGrantsLocationId=identifier)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.all_pages(ctx, "ListAccessGrantsLocations", "AccessGrantsLocationsList")
        return [each["AccessGrantsLocationId"] for each in found]


_GRANT = (
    "AccessGrantsLocationConfiguration",
    "AccessGrantsLocationId",
    "ApplicationArn",
    "Grantee",
    "Permission",
    "S3PrefixType",
)


@service.resource_type
class AccessGrantType(ControlType):
    """A grant. It is not changed: one with another scope or grantee is another one."""

    name = "AWS::S3::AccessGrant"
    identifier = ("AccessGrantId",)
    required = frozenset({"AccessGrantsLocationId", "Grantee", "Permission"})
    create_only = frozenset(_GRANT)
    read_only = frozenset({"AccessGrantArn", "AccessGrantId", "GrantScope"})
    write_only = frozenset({"S3PrefixType"})
    missing = frozenset({_NO_INSTANCE, "NoSuchAccessGrantError"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        made = await self.control(ctx, "CreateAccessGrant", **pick(properties, *_GRANT, "Tags"))
        return str(made["AccessGrantId"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.control(ctx, "GetAccessGrant", AccessGrantId=identifier)
        properties = pick(found, *_GRANT, "AccessGrantArn", "AccessGrantId", "GrantScope")
        return properties | await self.tags_of(ctx, found["AccessGrantArn"])

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        found = await self.control(ctx, "GetAccessGrant", AccessGrantId=identifier)
        await self.change_tags(ctx, found["AccessGrantArn"], before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.control(ctx, "DeleteAccessGrant", AccessGrantId=identifier)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["AccessGrantId"] for each in await self.all_pages(ctx, "ListAccessGrants", "AccessGrantsList")]
