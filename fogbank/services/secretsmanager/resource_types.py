"""AWS::SecretsManager::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SecretsManager.html

A SecretTargetAttachment needs the databases that it attaches to, and is declared with them.
"""

from __future__ import annotations

from typing import Any

import orjson

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick, tag_changes
from fogbank.services.secretsmanager.service import service

_MISSING = frozenset({"ResourceNotFoundException"})
_PASSWORD = (
    "ExcludeCharacters",
    "ExcludeLowercase",
    "ExcludeNumbers",
    "ExcludePunctuation",
    "ExcludeUppercase",
    "IncludeSpace",
    "PasswordLength",
    "RequireEachIncludedType",
)


class _OfSecret(ResourceType):
    """A type that is identified by its secret's ARN."""

    identifier = ("Id",)
    missing = _MISSING

    async def _describe(self, ctx: Context, identifier: str) -> dict[str, Any]:
        found = await self.call(ctx, "DescribeSecret", {"SecretId": identifier})
        if "DeletedDate" in found and found["DeletedDate"] is not None:
            raise AWSError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        return found


@service.resource_type
class SecretType(_OfSecret):
    """A secret with a given or a generated value. Without a Name it gets one of its own."""

    name = "AWS::SecretsManager::Secret"
    naming = Naming("Name", 512)
    create_only = frozenset({"Name"})
    read_only = frozenset({"Id"})
    write_only = frozenset({"SecretString", "GenerateSecretString"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        made = await self.call(
            ctx,
            "CreateSecret",
            {
                "Name": properties.get("Name") or f"Secret-{ctx.ids.hex(12)}",
                **pick(properties, "Description", "KmsKeyId", "Tags", "Type"),
                "SecretString": await self._value(ctx, properties),
                "AddReplicaRegions": properties.get("ReplicaRegions"),
                "ClientRequestToken": ctx.ids.uuid(),
            },
        )
        return str(made["ARN"])

    async def _value(self, ctx: Context, properties: Properties) -> str | None:
        wanted = properties.get("GenerateSecretString")
        if wanted is None:
            return properties.get("SecretString")
        made = await self.call(ctx, "GetRandomPassword", pick(wanted, *_PASSWORD))
        password: str = made["RandomPassword"]
        if "GenerateStringKey" not in wanted:
            return password
        template = orjson.loads(wanted.get("SecretStringTemplate") or "{}")
        return orjson.dumps({**template, wanted["GenerateStringKey"]: password}).decode()

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self._describe(ctx, identifier)
        properties = {"Id": found["ARN"], **pick(found, "Name", "Description", "KmsKeyId", "Tags", "Type")}
        replicas = found.get("ReplicationStatus")
        if replicas:
            properties["ReplicaRegions"] = [pick(replica, "Region", "KmsKeyId") for replica in replicas]
        return properties

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        request: Properties = {"SecretId": identifier}
        for name, default in (("Description", ""), ("KmsKeyId", "")):
            if before.get(name) != after.get(name):
                request[name] = after.get(name, default)
        changed = [name for name in self.write_only if after.get(name) not in (None, before.get(name))]
        if changed:
            request.update(SecretString=await self._value(ctx, after), ClientRequestToken=ctx.ids.uuid())
        if len(request) > 1:
            await self.call(ctx, "UpdateSecret", request)
        await self._update_tags(ctx, identifier, before, after)
        await self._update_replicas(ctx, identifier, before, after)

    async def _update_tags(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        tags, removed = tag_changes(before, after)
        if removed:
            await self.call(ctx, "UntagResource", {"SecretId": identifier, "TagKeys": removed})
        if tags:
            added = [{"Key": key, "Value": value} for key, value in tags.items()]
            await self.call(ctx, "TagResource", {"SecretId": identifier, "Tags": added})

    async def _update_replicas(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        old = {replica["Region"] for replica in before.get("ReplicaRegions") or ()}
        new = {replica["Region"]: replica for replica in after.get("ReplicaRegions") or ()}
        if gone := sorted(old - new.keys()):
            request = {"SecretId": identifier, "RemoveReplicaRegions": gone}
            await self.call(ctx, "RemoveRegionsFromReplication", request)
        if added := [new[region] for region in sorted(new.keys() - old)]:
            request = {"SecretId": identifier, "AddReplicaRegions": added}
            await self.call(ctx, "ReplicateSecretToRegions", request)

    async def delete(self, ctx: Context, identifier: str) -> None:
        found = await self._describe(ctx, identifier)
        regions = [replica["Region"] for replica in found.get("ReplicationStatus") or ()]
        if regions:
            request = {"SecretId": identifier, "RemoveReplicaRegions": regions}
            await self.call(ctx, "RemoveRegionsFromReplication", request)
        await self.call(ctx, "DeleteSecret", {"SecretId": identifier, "ForceDeleteWithoutRecovery": True})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [secret["ARN"] for secret in await self.listed(ctx, "ListSecrets", "SecretList")]


@service.resource_type
class ResourcePolicyType(_OfSecret):
    """The resource policy of a secret."""

    name = "AWS::SecretsManager::ResourcePolicy"
    required = frozenset({"SecretId", "ResourcePolicy"})
    create_only = frozenset({"SecretId"})
    read_only = frozenset({"Id"})
    write_only = frozenset({"BlockPublicPolicy"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        return await self._put(ctx, properties["SecretId"], properties)

    async def _put(self, ctx: Context, secret: str, properties: Properties) -> str:
        policy = properties["ResourcePolicy"]
        text = policy if isinstance(policy, str) else orjson.dumps(policy).decode()
        request = {"SecretId": secret, "ResourcePolicy": text, **pick(properties, "BlockPublicPolicy")}
        return str((await self.call(ctx, "PutResourcePolicy", request))["ARN"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "GetResourcePolicy", {"SecretId": identifier})
        if found.get("ResourcePolicy") is None:
            raise AWSError("ResourceNotFoundException", "The secret has no resource policy.")
        return {"Id": identifier, "SecretId": identifier, "ResourcePolicy": orjson.loads(found["ResourcePolicy"])}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._put(ctx, identifier, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteResourcePolicy", {"SecretId": identifier})


@service.resource_type
class RotationScheduleType(_OfSecret):
    """Rotation of a secret by a function."""

    name = "AWS::SecretsManager::RotationSchedule"
    required = frozenset({"SecretId"})
    create_only = frozenset({"SecretId"})
    read_only = frozenset({"Id"})
    write_only = frozenset({"RotateImmediatelyOnUpdate"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        return await self._rotate(ctx, properties["SecretId"], properties)

    async def _rotate(self, ctx: Context, secret: str, properties: Properties) -> str:
        request = {
            "SecretId": secret,
            "ClientRequestToken": ctx.ids.uuid(),
            **pick(properties, "RotationLambdaARN", "RotationRules"),
            "RotateImmediately": properties.get("RotateImmediatelyOnUpdate"),
        }
        return str((await self.call(ctx, "RotateSecret", request))["ARN"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self._describe(ctx, identifier)
        if not found.get("RotationEnabled"):
            raise AWSError("ResourceNotFoundException", "The secret is not rotated.")
        return {"Id": identifier, "SecretId": identifier, **pick(found, "RotationLambdaARN", "RotationRules")}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._rotate(ctx, identifier, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "CancelRotateSecret", {"SecretId": identifier})
