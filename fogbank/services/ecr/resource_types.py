"""AWS::ECR::Repository, and what the types of ECR have in common.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ECR.html
"""

from __future__ import annotations

import json
from typing import Any

from fogbank.kernel import Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick, tag_changes
from fogbank.services.ecr.records import find
from fogbank.services.ecr.service import service

_FILTERS = "ImageTagMutabilityExclusionFilters"
_SETTINGS = ("ImageTagMutability", _FILTERS)
# What templates alone call the members of such a filter.
_EXCLUSION = {
    "ImageTagMutabilityExclusionFilterType": "filterType",
    "ImageTagMutabilityExclusionFilterValue": "filter",
}


def lower(value: Any) -> Any:
    """A value of a template as the API spells it: `ScanOnPush` is `scanOnPush`. Tags are spelled alike in both."""
    if isinstance(value, list):
        return [lower(each) for each in value]
    if not isinstance(value, dict) or "Key" in value:
        return value
    return {_EXCLUSION.get(name, name[:1].lower() + name[1:]): lower(each) for name, each in value.items()}


def upper(value: Any) -> Any:
    """A value of the API as templates spell it."""
    if isinstance(value, list):
        return [upper(each) for each in value]
    if not isinstance(value, dict) or "Key" in value:
        return value
    found = {name[:1].upper() + name[1:]: upper(each) for name, each in value.items() if each is not None}
    if _FILTERS in found:
        found[_FILTERS] = [
            {name: each[member[:1].upper() + member[1:]] for name, member in _EXCLUSION.items()}
            for each in found[_FILTERS]
        ]
    return found


def text_of(document: Any) -> str:
    """A policy, which a template may have as JSON or as its text."""
    return document if isinstance(document, str) else json.dumps(document)


class EcrType(ResourceType):
    next_page = ("nextToken", "nextToken")


@service.resource_type
class RepositoryType(EcrType):
    name = "AWS::ECR::Repository"
    identifier = ("RepositoryName",)
    create_only = frozenset({"EncryptionConfiguration", "RepositoryName"})
    read_only = frozenset({"Arn", "RepositoryUri"})
    missing = frozenset({"RepositoryNotFoundException"})
    naming = Naming("RepositoryName", 256, lower=True)

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("RepositoryName") or f"repository-{ctx.ids.hex(12)}"
        given = pick(properties, *_SETTINGS, "EncryptionConfiguration", "ImageScanningConfiguration")
        request = {"repositoryName": name, "tags": properties.get("Tags"), **lower(given)}
        await self.call(ctx, "CreateRepository", request)
        await self._arrange(ctx, name, {}, properties)
        return str(name)

    async def _arrange(self, ctx: Context, name: str, before: Properties, after: Properties) -> None:
        """What has operations of its own."""
        if before.get("EmptyOnDelete") != after.get("EmptyOnDelete"):
            home = await find(ctx, {"repositoryName": name})
            home.change(empty_on_delete=bool(after.get("EmptyOnDelete")))
        if before.get("LifecyclePolicy") != after.get("LifecyclePolicy"):
            text = (after.get("LifecyclePolicy") or {}).get("LifecyclePolicyText")
            await self._document(ctx, "LifecyclePolicy", name, "lifecyclePolicyText", text)
        if before.get("RepositoryPolicyText") != after.get("RepositoryPolicyText"):
            text = after.get("RepositoryPolicyText")
            await self._document(ctx, "RepositoryPolicy", name, "policyText", text and text_of(text))

    async def _document(self, ctx: Context, noun: str, name: str, member: str, text: str | None) -> None:
        put = "Set" if noun == "RepositoryPolicy" else "Put"
        if text:
            await self.call(ctx, put + noun, {"repositoryName": name, member: text})
        else:
            await self.call(ctx, "Delete" + noun, {"repositoryName": name})

    async def read(self, ctx: Context, identifier: str) -> Properties:
        (found,) = (await self.call(ctx, "DescribeRepositories", {"repositoryNames": [identifier]}))["repositories"]
        repository = (await find(ctx, {"repositoryName": identifier})).repository
        tags = (await self.call(ctx, "ListTagsForResource", {"resourceArn": found["repositoryArn"]}))["tags"]
        shown = pick(upper(found), "RepositoryName", "RepositoryUri", *_SETTINGS, "EncryptionConfiguration")
        properties: Properties = {
            **shown,
            "Arn": found["repositoryArn"],
            "ImageScanningConfiguration": upper(found["imageScanningConfiguration"]),
        }
        if tags:
            properties["Tags"] = tags
        if repository.empty_on_delete:
            properties["EmptyOnDelete"] = True
        if repository.lifecycle:
            properties["LifecyclePolicy"] = {"LifecyclePolicyText": repository.lifecycle, "RegistryId": ctx.account}
        if repository.policy:
            properties["RepositoryPolicyText"] = json.loads(repository.policy)
        return properties

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        named = {"repositoryName": identifier}
        if any(before.get(name) != after.get(name) for name in _SETTINGS):
            request = {"imageTagMutability": "MUTABLE", **lower(pick(after, *_SETTINGS))}
            await self.call(ctx, "PutImageTagMutability", {**named, **request})
        scanning = after.get("ImageScanningConfiguration") or {"ScanOnPush": False}
        if before.get("ImageScanningConfiguration") != after.get("ImageScanningConfiguration"):
            await self.call(
                ctx, "PutImageScanningConfiguration", {**named, "imageScanningConfiguration": lower(scanning)}
            )
        await self._arrange(ctx, identifier, before, after)
        tags, removed = tag_changes(before, after)
        arn = (await find(ctx, named)).arn
        if tags:
            listed = [{"Key": key, "Value": value} for key, value in tags.items()]
            await self.call(ctx, "TagResource", {"resourceArn": arn, "tags": listed})
        if removed:
            await self.call(ctx, "UntagResource", {"resourceArn": arn, "tagKeys": removed})

    async def delete(self, ctx: Context, identifier: str) -> None:
        named = {"repositoryName": identifier}
        force = (await find(ctx, named)).repository.empty_on_delete
        await self.call(ctx, "DeleteRepository", {**named, "force": force})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each["repositoryName"] for each in await self.listed(ctx, "DescribeRepositories", "repositories")]
