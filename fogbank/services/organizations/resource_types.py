"""AWS::Organizations::*. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Organizations.html"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Properties, ResourceType, pick, tag_changes
from fogbank.services.organizations import errors, tree
from fogbank.services.organizations.creation import Creation, creations
from fogbank.services.organizations.organization import arn_of, organization_of
from fogbank.services.organizations.service import service


class _Tagged(ResourceType):
    """A type whose resources are tagged by their identifiers."""

    async def _tags(self, ctx: Context, id: str) -> Properties:
        tags = (await self.call(ctx, "ListTagsForResource", {"ResourceId": id}))["Tags"]
        return {"Tags": tags} if tags else {}

    async def _update_tags(self, ctx: Context, id: str, before: Properties, after: Properties) -> None:
        added, removed = tag_changes(before, after)
        if removed:
            await self.call(ctx, "UntagResource", {"ResourceId": id, "TagKeys": removed})
        if added:
            tags = [{"Key": key, "Value": value} for key, value in added.items()]
            await self.call(ctx, "TagResource", {"ResourceId": id, "Tags": tags})


@service.resource_type
class OrganizationType(ResourceType):
    """The organization of the account."""

    name = "AWS::Organizations::Organization"
    identifier = ("Id",)
    read_only = frozenset(
        {"Id", "Arn", "ManagementAccountArn", "ManagementAccountEmail", "ManagementAccountId", "RootId"}
    )
    missing = frozenset({"AWSOrganizationsNotInUseException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        made = await self.call(ctx, "CreateOrganization", pick(properties, "FeatureSet"))
        return str(made["Organization"]["Id"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = (await self.call(ctx, "DescribeOrganization", {}))["Organization"]
        if found["Id"] != identifier:
            raise errors.not_in_use()
        roots = await self.call(ctx, "ListRoots", {})
        return {
            **pick(found, "Id", "Arn", "FeatureSet"),
            **{f"Management{name}": found[f"Master{name}"] for name in ("AccountArn", "AccountEmail", "AccountId")},
            "RootId": roots["Roots"][0]["Id"],
        }

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        """From consolidated billing to all features takes the members' consent, and is not done by a template."""
        raise AWSError("InvalidRequest", "You can't change the feature set of an organization by CloudFormation.")

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.read(ctx, identifier)
        await self.call(ctx, "DeleteOrganization", {})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [(await self.call(ctx, "DescribeOrganization", {}))["Organization"]["Id"]]


@service.resource_type
class UnitType(_Tagged):
    name = "AWS::Organizations::OrganizationalUnit"
    identifier = ("Id",)
    required = frozenset({"Name", "ParentId"})
    create_only = frozenset({"ParentId"})
    read_only = frozenset({"Id", "Arn"})
    missing = frozenset({"OrganizationalUnitNotFoundException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = pick(properties, "Name", "ParentId", "Tags")
        return str((await self.call(ctx, "CreateOrganizationalUnit", request))["OrganizationalUnit"]["Id"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = await self.call(ctx, "DescribeOrganizationalUnit", {"OrganizationalUnitId": identifier})
        parents = await self.call(ctx, "ListParents", {"ChildId": identifier})
        own = pick(found["OrganizationalUnit"], "Id", "Arn", "Name")
        return {**own, "ParentId": parents["Parents"][0]["Id"], **await self._tags(ctx, identifier)}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        request = {"OrganizationalUnitId": identifier, "Name": after["Name"]}
        await self.call(ctx, "UpdateOrganizationalUnit", request)
        await self._update_tags(ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteOrganizationalUnit", {"OrganizationalUnitId": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        """The units below the parent that is given."""
        member = "OrganizationalUnits"
        parent = pick(given, "ParentId")
        return [unit["Id"] for unit in await self.listed(ctx, "ListOrganizationalUnitsForParent", member, **parent)]


@service.resource_type
class AccountType(_Tagged):
    """An account, which is closed when the resource is deleted."""

    name = "AWS::Organizations::Account"
    identifier = ("AccountId",)
    required = frozenset({"AccountName", "Email"})
    read_only = frozenset({"AccountId", "Arn", "JoinedMethod", "JoinedTimestamp", "Status"})
    write_only = frozenset({"RoleName"})
    missing = frozenset({"AccountNotFoundException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        made = await self.call(ctx, "CreateAccount", pick(properties, "AccountName", "Email", "RoleName", "Tags"))
        creation = await creations.get(ctx, made["CreateAccountStatus"]["Id"])
        assert creation is not None
        parents = properties.get("ParentIds")
        if parents:
            await self._place(ctx, creation, parents[0])
        return creation.account

    async def _place(self, ctx: Context, creation: Creation, parent: str) -> None:
        """Have the account begin below a parent, which takes the permission to move it there."""
        organization = await organization_of(ctx, ctx.account)
        assert organization is not None
        await ctx.authorise("organizations:MoveAccount", arn_of(ctx, organization, parent))
        node = await tree.find_parent(ctx, parent)
        creations.put(ctx, msgspec.structs.replace(creation, parent=node.id), creation.id)

    async def is_ready(self, ctx: Context, identifier: str) -> bool:
        for creation in await creations.scan(ctx):
            if creation.account == identifier and creation.state == "FAILED":
                raise AWSError("InvalidRequest", f"The account could not be created: {creation.failure}.")
        organization = await organization_of(ctx, identifier)
        return organization is not None and organization.management == ctx.account

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = (await self.call(ctx, "DescribeAccount", {"AccountId": identifier}))["Account"]
        if found["State"] != "ACTIVE":
            raise errors.account_not_found()
        return {
            "AccountId": identifier,
            "AccountName": found["Name"],
            **pick(found, "Arn", "Email", "JoinedMethod", "Status"),
            "JoinedTimestamp": str(found["JoinedTimestamp"]),
            "ParentIds": [await self._parent(ctx, identifier)],
            **await self._tags(ctx, identifier),
        }

    async def _parent(self, ctx: Context, identifier: str) -> str:
        return str((await self.call(ctx, "ListParents", {"ChildId": identifier}))["Parents"][0]["Id"])

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        if any(before.get(name) != after.get(name) for name in ("AccountName", "Email", "RoleName")):
            raise AWSError("InvalidRequest", "You can't change the name, email address or role of an account.")
        present = await self._parent(ctx, identifier)
        for parent in after.get("ParentIds") or ():
            if parent != present:
                move = {"AccountId": identifier, "SourceParentId": present, "DestinationParentId": parent}
                await self.call(ctx, "MoveAccount", move)
        await self._update_tags(ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "CloseAccount", {"AccountId": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [account["Id"] for account in await self.listed(ctx, "ListAccounts", "Accounts")]


def _text(content: Any) -> str:
    """The content of a policy, which templates give as a document or as text."""
    return content if isinstance(content, str) else json.dumps(content)


@service.resource_type
class PolicyType(_Tagged):
    name = "AWS::Organizations::Policy"
    identifier = ("Id",)
    required = frozenset({"Name", "Type", "Content"})
    create_only = frozenset({"Type"})
    read_only = frozenset({"Id", "Arn", "AwsManaged"})
    missing = frozenset({"PolicyNotFoundException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = {
            **pick(properties, "Name", "Type", "Tags"),
            "Content": _text(properties["Content"]),
            "Description": properties.get("Description", ""),
        }
        id = str((await self.call(ctx, "CreatePolicy", request))["Policy"]["PolicySummary"]["Id"])
        for target in properties.get("TargetIds") or ():
            await self.call(ctx, "AttachPolicy", {"PolicyId": id, "TargetId": target})
        return id

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = (await self.call(ctx, "DescribePolicy", {"PolicyId": identifier}))["Policy"]
        return {
            **found["PolicySummary"],
            "Content": json.loads(found["Content"]),
            "TargetIds": await self._targets(ctx, identifier),
            **await self._tags(ctx, identifier),
        }

    async def _targets(self, ctx: Context, identifier: str) -> list[str]:
        found = await self.listed(ctx, "ListTargetsForPolicy", "Targets", PolicyId=identifier)
        return [target["TargetId"] for target in found]

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        request = {
            "PolicyId": identifier,
            "Name": after["Name"],
            "Content": _text(after["Content"]),
            "Description": after.get("Description", ""),
        }
        await self.call(ctx, "UpdatePolicy", request)
        present, wanted = await self._targets(ctx, identifier), after.get("TargetIds") or []
        changes = {"DetachPolicy": set(present) - set(wanted), "AttachPolicy": set(wanted) - set(present)}
        for operation, targets in changes.items():
            for target in sorted(targets):
                await self.call(ctx, operation, {"PolicyId": identifier, "TargetId": target})
        await self._update_tags(ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        for target in await self._targets(ctx, identifier):
            await self.call(ctx, "DetachPolicy", {"PolicyId": identifier, "TargetId": target})
        await self.call(ctx, "DeletePolicy", {"PolicyId": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        """The policies of the type that is given."""
        kind = {"Filter": given.get("Type", "SERVICE_CONTROL_POLICY")}
        return [policy["Id"] for policy in await self.listed(ctx, "ListPolicies", "Policies", **kind)]


@service.resource_type
class ResourcePolicyType(_Tagged):
    name = "AWS::Organizations::ResourcePolicy"
    identifier = ("Id",)
    required = frozenset({"Content"})
    read_only = frozenset({"Id", "Arn"})
    missing = frozenset({"ResourcePolicyNotFoundException", "AWSOrganizationsNotInUseException"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        request = {"Content": _text(properties["Content"]), **pick(properties, "Tags")}
        return str(
            (await self.call(ctx, "PutResourcePolicy", request))["ResourcePolicy"]["ResourcePolicySummary"]["Id"]
        )

    async def read(self, ctx: Context, identifier: str) -> Properties:
        found = (await self.call(ctx, "DescribeResourcePolicy", {}))["ResourcePolicy"]
        tags = await self._tags(ctx, identifier)
        return {**found["ResourcePolicySummary"], "Content": json.loads(found["Content"]), **tags}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self.call(ctx, "PutResourcePolicy", {"Content": _text(after["Content"])})
        await self._update_tags(ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, "DeleteResourcePolicy", {})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = (await self.call(ctx, "DescribeResourcePolicy", {}))["ResourcePolicy"]
        return [found["ResourcePolicySummary"]["Id"]]
