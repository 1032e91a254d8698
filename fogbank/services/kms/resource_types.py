"""AWS::KMS::Key, ReplicaKey, Alias.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_KMS.html. A key that waits for its deletion is gone for
whoever deleted it.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import Any

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Properties, ResourceType, pick, tag_changes
from fogbank.services.kms import errors
from fogbank.services.kms.key import CREATING, DISABLED, ENABLED, PENDING_IMPORT, UPDATING
from fogbank.services.kms.service import service

_MISSING = frozenset({"NotFoundException"})
_LIVE = frozenset({CREATING, DISABLED, ENABLED, PENDING_IMPORT, UPDATING})
_PAGE = 100


class KmsType(ResourceType):
    missing = _MISSING

    async def all(self, ctx: Context, operation: str, member: str) -> list[Any]:
        """What a listing operation has on all of its pages."""
        found: list[Any] = []
        marker: str | None = None
        while True:
            page = await self.call(ctx, operation, {"Limit": _PAGE, "Marker": marker})
            found += page[member]
            marker = page.get("NextMarker")
            if marker is None:
                return found


class _AnyKey(KmsType):
    """What keys and replicas have in common."""

    identifier = ("KeyId",)
    read_only = frozenset({"Arn", "KeyId"})

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self._metadata(ctx, identifier)
        if found["KeyState"] not in _LIVE:
            raise errors.key_not_found(found["Arn"])
        policy = await self.call(ctx, "GetKeyPolicy", {"KeyId": identifier})
        tags = (await self.call(ctx, "ListResourceTags", {"KeyId": identifier, "Limit": 50}))["Tags"]
        return {
            **pick(found, "Arn", "KeyId", "Description", "Enabled"),
            **await self.of_kind(ctx, found),
            "KeyPolicy": json.loads(policy["Policy"]),
            "Tags": [{"Key": tag["TagKey"], "Value": tag["TagValue"]} for tag in tags],
        }

    async def _metadata(self, ctx: Context, identifier: str) -> Properties:
        return dict((await self.call(ctx, "DescribeKey", {"KeyId": identifier}))["KeyMetadata"])

    @abstractmethod
    async def of_kind(self, ctx: Context, metadata: Properties) -> Properties:
        """The properties that only this type has."""

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        key = {"KeyId": identifier}
        if before.get("KeyPolicy") != after.get("KeyPolicy"):
            await self.call(ctx, "PutKeyPolicy", {**key, **_policy(after, "Policy")})
        if before.get("Description") != after.get("Description"):
            await self.call(ctx, "UpdateKeyDescription", {**key, "Description": after.get("Description", "")})
        if before.get("Enabled", True) != after.get("Enabled", True):
            await self.call(ctx, "EnableKey" if after.get("Enabled", True) else "DisableKey", key)
        tags, removed = tag_changes(before, after)
        if tags:
            await self.call(ctx, "TagResource", {**key, "Tags": _tags(tags)})
        if removed:
            await self.call(ctx, "UntagResource", {**key, "TagKeys": removed})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "ScheduleKeyDeletion", {"KeyId": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        known = [entry["KeyId"] for entry in await self.all(ctx, "ListKeys", "Keys")]
        return [key for key in known if self.is_one(await self._metadata(ctx, key))]

    def is_one(self, metadata: Properties) -> bool:
        """Is a key of this type?"""
        replica = (metadata.get("MultiRegionConfiguration") or {}).get("MultiRegionKeyType") == "REPLICA"
        return metadata["KeyState"] in _LIVE and replica == isinstance(self, ReplicaKeyType)


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": name, "TagValue": value} for name, value in tags.items()]


def _policy(properties: Properties, member: str) -> Properties:
    """The policy, which may be JSON already, and whether its author may be locked out."""
    policy = properties.get("KeyPolicy")
    text = policy if policy is None or isinstance(policy, str) else json.dumps(policy)
    return {member: text, **pick(properties, "BypassPolicyLockoutSafetyCheck")}


@service.resource_type
class KeyType(_AnyKey):
    name = "AWS::KMS::Key"
    create_only = frozenset({"KeySpec", "KeyUsage", "MultiRegion", "Origin"})
    write_only = frozenset({"BypassPolicyLockoutSafetyCheck", "PendingWindowInDays", "RotationPeriodInDays"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        asked = pick(properties, "Description", "KeySpec", "KeyUsage", "MultiRegion", "Origin")
        tags, _ = tag_changes({}, properties)
        request = {**asked, **_policy(properties, "Policy"), "Tags": _tags(tags) or None}
        identifier = str((await self.call(ctx, "CreateKey", request))["KeyMetadata"]["KeyId"])
        if properties.get("EnableKeyRotation"):
            await self._rotate(ctx, identifier, properties)
        if properties.get("Enabled") is False:
            await self.call(ctx, "DisableKey", {"KeyId": identifier})
        return identifier

    async def _rotate(self, ctx: Context, identifier: str, properties: Properties) -> None:
        await self.call(ctx, "EnableKeyRotation", {"KeyId": identifier, **pick(properties, "RotationPeriodInDays")})

    async def of_kind(self, ctx: Context, metadata: Properties) -> Properties:
        rotation = {}
        if metadata["KeySpec"] == "SYMMETRIC_DEFAULT":
            status = await self.call(ctx, "GetKeyRotationStatus", {"KeyId": metadata["KeyId"]})
            rotation = {
                "EnableKeyRotation": status["KeyRotationEnabled"],
                "RotationPeriodInDays": status.get("RotationPeriodInDays"),
            }
        return {**pick(metadata, "KeySpec", "KeyUsage", "MultiRegion", "Origin"), **rotation}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        # a disabled key cannot be told to rotate: so that comes before it is disabled, and after it is enabled
        enabling = after.get("Enabled", True) and not before.get("Enabled", True)
        if enabling:
            await self.call(ctx, "EnableKey", {"KeyId": identifier})
        await self._update_rotation(ctx, identifier, before, after)
        await super().update(ctx, identifier, {**before, "Enabled": True} if enabling else before, after)

    async def _update_rotation(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        if after.get("EnableKeyRotation"):
            if pick(before, "EnableKeyRotation", "RotationPeriodInDays") != pick(
                after, "EnableKeyRotation", "RotationPeriodInDays"
            ):
                await self._rotate(ctx, identifier, after)
        elif before.get("EnableKeyRotation"):
            await self.call(ctx, "DisableKeyRotation", {"KeyId": identifier})


@service.resource_type
class ReplicaKeyType(_AnyKey):
    name = "AWS::KMS::ReplicaKey"
    required = frozenset({"KeyPolicy", "PrimaryKeyArn"})
    create_only = frozenset({"PrimaryKeyArn"})
    write_only = frozenset({"PendingWindowInDays"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        if properties.get("Enabled") is False:
            raise errors.unsupported("Fogbank makes replica keys enabled; disable them when they are there.")
        primary = str(properties["PrimaryKeyArn"])
        tags, _ = tag_changes({}, properties)
        request = {
            "KeyId": primary,
            "ReplicaRegion": ctx.region,
            **pick(properties, "Description"),
            **_policy(properties, "Policy"),
            "Tags": _tags(tags) or None,
        }
        parts = primary.split(":")
        home = ctx.at(region=parts[3] if len(parts) > 3 else ctx.region)
        return str((await self.call(home, "ReplicateKey", request))["ReplicaKeyMetadata"]["KeyId"])

    async def of_kind(self, ctx: Context, metadata: Properties) -> Properties:
        return {"PrimaryKeyArn": metadata["MultiRegionConfiguration"]["PrimaryKey"]["Arn"]}

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        return (await self._metadata(ctx, identifier))["KeyState"] != CREATING


@service.resource_type
class AliasType(KmsType):
    name = "AWS::KMS::Alias"
    identifier = ("AliasName",)
    required = frozenset({"AliasName", "TargetKeyId"})
    create_only = frozenset({"AliasName"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self.call(ctx, "CreateAlias", pick(properties, "AliasName", "TargetKeyId"))
        return str(properties["AliasName"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        for alias in await self.all(ctx, "ListAliases", "Aliases"):
            if alias["AliasName"] == identifier:
                return pick(alias, "AliasName", "TargetKeyId")
        raise errors.alias_not_found(identifier)

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.call(ctx, "UpdateAlias", {"AliasName": identifier, **pick(after, "TargetKeyId")})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteAlias", {"AliasName": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [alias["AliasName"] for alias in await self.all(ctx, "ListAliases", "Aliases")]
