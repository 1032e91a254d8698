"""The types of what belongs to a registry: AWS::ECR::RegistryPolicy, ReplicationConfiguration and so on.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ECR.html
"""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import Any

from fogbank.kernel import Context
from fogbank.kernel.errors import AWSError
from fogbank.kernel.resource_types import Properties, pick
from fogbank.services.ecr import errors
from fogbank.services.ecr.resource_types import EcrType, lower, text_of, upper
from fogbank.services.ecr.service import service

_NOT_FOUND = "RegistryPolicyNotFoundException"


class _OfRegistry(EcrType):
    """There is one at most in a registry, whose id is its identifier."""

    identifier = ("RegistryId",)
    read_only = frozenset({"RegistryId"})
    missing = frozenset({_NOT_FOUND, "SigningConfigurationNotFoundException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self.put(ctx, properties)
        return ctx.account

    async def read(self, ctx: Context, identifier: str) -> Properties:
        return {"RegistryId": ctx.account, **await self.get(ctx)}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.put(ctx, after)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        try:
            await self.get(ctx)
        except AWSError as error:
            if self.is_missing(error):
                return []
            raise
        return [ctx.account]

    @abstractmethod
    async def put(self, ctx: Context, properties: Properties) -> None: ...

    @abstractmethod
    async def get(self, ctx: Context) -> Properties:
        """Its properties. Raises an error of `missing`."""


@service.resource_type
class RegistryPolicyType(_OfRegistry):
    name = "AWS::ECR::RegistryPolicy"
    required = frozenset({"PolicyText"})

    async def put(self, ctx: Context, properties: Properties) -> None:
        await self.call(ctx, "PutRegistryPolicy", {"policyText": text_of(properties["PolicyText"])})

    async def get(self, ctx: Context) -> Properties:
        return {"PolicyText": json.loads((await self.call(ctx, "GetRegistryPolicy", {}))["policyText"])}

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteRegistryPolicy", {})


@service.resource_type
class ReplicationConfigurationType(_OfRegistry):
    """A registry without rules has none."""

    name = "AWS::ECR::ReplicationConfiguration"
    required = frozenset({"ReplicationConfiguration"})

    async def put(self, ctx: Context, properties: Properties) -> None:
        chosen = lower(properties["ReplicationConfiguration"])
        await self.call(ctx, "PutReplicationConfiguration", {"replicationConfiguration": chosen})

    async def get(self, ctx: Context) -> Properties:
        chosen = (await self.call(ctx, "DescribeRegistry", {}))["replicationConfiguration"]
        if not chosen["rules"]:
            raise AWSError(_NOT_FOUND, f"There is no replication configuration in the registry with id '{ctx.account}'")
        return {"ReplicationConfiguration": upper(chosen)}

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "PutReplicationConfiguration", {"replicationConfiguration": {"rules": []}})


@service.resource_type
class RegistryScanningConfigurationType(_OfRegistry):
    """A registry with the defaults has none."""

    name = "AWS::ECR::RegistryScanningConfiguration"
    required = frozenset({"Rules", "ScanType"})

    async def put(self, ctx: Context, properties: Properties) -> None:
        await self.call(ctx, "PutRegistryScanningConfiguration", lower(pick(properties, "Rules", "ScanType")))

    async def get(self, ctx: Context) -> Properties:
        chosen = (await self.call(ctx, "GetRegistryScanningConfiguration", {}))["scanningConfiguration"]
        if chosen == {"scanType": "BASIC", "rules": []}:
            raise AWSError(_NOT_FOUND, f"There is no scanning configuration in the registry with id '{ctx.account}'")
        return dict(upper(chosen))

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "PutRegistryScanningConfiguration", {"scanType": "BASIC", "rules": []})


@service.resource_type
class SigningConfigurationType(_OfRegistry):
    name = "AWS::ECR::SigningConfiguration"
    required = frozenset({"Rules"})

    async def put(self, ctx: Context, properties: Properties) -> None:
        await self.call(ctx, "PutSigningConfiguration", {"signingConfiguration": {"rules": lower(properties["Rules"])}})

    async def get(self, ctx: Context) -> Properties:
        return {"Rules": upper((await self.call(ctx, "GetSigningConfiguration", {}))["signingConfiguration"]["rules"])}

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteSigningConfiguration", {})


# -- those of which there are several


@service.resource_type
class PullThroughCacheRuleType(EcrType):
    name = "AWS::ECR::PullThroughCacheRule"
    identifier = ("EcrRepositoryPrefix",)
    missing = frozenset({"PullThroughCacheRuleNotFoundException"})
    create_only = frozenset(
        {"EcrRepositoryPrefix", "UpstreamRegistry", "UpstreamRegistryUrl", "UpstreamRepositoryPrefix"}
    )
    _members = (*sorted(create_only), "CredentialArn", "CustomRoleArn")

    async def create(self, ctx: Context, properties: Properties) -> str:
        made = await self.call(ctx, "CreatePullThroughCacheRule", lower(pick(properties, *self._members)))
        return str(made["ecrRepositoryPrefix"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        answer = await self.call(ctx, "DescribePullThroughCacheRules", {"ecrRepositoryPrefixes": [identifier]})
        return pick(upper(answer["pullThroughCacheRules"][0]), *self._members)

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        given = lower(pick(after, "CredentialArn", "CustomRoleArn"))
        await self.call(ctx, "UpdatePullThroughCacheRule", {"ecrRepositoryPrefix": identifier, **given})

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeletePullThroughCacheRule", {"ecrRepositoryPrefix": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.listed(ctx, "DescribePullThroughCacheRules", "pullThroughCacheRules")
        return [each["ecrRepositoryPrefix"] for each in found]


@service.resource_type
class RepositoryCreationTemplateType(EcrType):
    name = "AWS::ECR::RepositoryCreationTemplate"
    identifier = ("Prefix",)
    required = frozenset({"AppliedFor", "Prefix"})
    create_only = frozenset({"Prefix"})
    read_only = frozenset({"CreatedAt", "UpdatedAt"})
    missing = frozenset({"TemplateNotFoundException"})
    _members = (
        "AppliedFor",
        "CustomRoleArn",
        "Description",
        "EncryptionConfiguration",
        "ImageTagMutability",
        "ImageTagMutabilityExclusionFilters",
        "LifecyclePolicy",
        "RepositoryPolicy",
        "ResourceTags",
    )

    def _request(self, properties: Properties) -> dict[str, Any]:
        return dict(lower(pick(properties, "Prefix", *self._members)))

    async def create(self, ctx: Context, properties: Properties) -> str:
        made = await self.call(ctx, "CreateRepositoryCreationTemplate", self._request(properties))
        return str(made["repositoryCreationTemplate"]["prefix"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        answer = await self.call(ctx, "DescribeRepositoryCreationTemplates", {"prefixes": [identifier]})
        if not answer["repositoryCreationTemplates"]:
            raise errors.template_not_found(identifier, ctx.account)
        return pick(upper(answer["repositoryCreationTemplates"][0]), "Prefix", *self._members)

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        emptied: Properties = {
            name: "" for name in ("Description", "LifecyclePolicy", "RepositoryPolicy") if name in before
        }
        await self.call(ctx, "UpdateRepositoryCreationTemplate", self._request({**emptied, **after}))

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteRepositoryCreationTemplate", {"prefix": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.listed(ctx, "DescribeRepositoryCreationTemplates", "repositoryCreationTemplates")
        return [each["prefix"] for each in found]


@service.resource_type
class PullTimeUpdateExclusionType(EcrType):
    name = "AWS::ECR::PullTimeUpdateExclusion"
    identifier = ("PrincipalArn",)
    required = create_only = frozenset({"PrincipalArn"})
    missing = frozenset({"ExclusionNotFoundException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self.call(ctx, "RegisterPullTimeUpdateExclusion", {"principalArn": properties["PrincipalArn"]})
        return str(properties["PrincipalArn"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        if identifier not in await self.list(ctx, {}):
            raise errors.exclusion_not_found(identifier)
        return {"PrincipalArn": identifier}

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeregisterPullTimeUpdateExclusion", {"principalArn": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [*await self.listed(ctx, "ListPullTimeUpdateExclusions", "pullTimeUpdateExclusions")]
