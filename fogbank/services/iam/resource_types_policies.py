"""AWS::IAM::ManagedPolicy, Policy, UserPolicy, GroupPolicy, RolePolicy, UserToGroupAddition.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Final

from fogbank.kernel import Context, Record
from fogbank.kernel.resource_types import Naming, Properties, pick
from fogbank.services.iam.errors import invalid_input, no_such_entity
from fogbank.services.iam.resource_types import IamType, added, document, document_text, set_tags
from fogbank.services.iam.service import service

# the properties that list holders, and the holders' nouns
_SIDES: Final = (("Users", "User"), ("Groups", "Group"), ("Roles", "Role"))


@service.resource_type
class ManagedPolicyType(IamType):
    name = "AWS::IAM::ManagedPolicy"
    identifier = ("PolicyArn",)
    naming = Naming("ManagedPolicyName", 128)
    required = frozenset({"PolicyDocument"})
    create_only = frozenset({"Description", "ManagedPolicyName", "Path"})
    read_only = frozenset(
        {
            "AttachmentCount",
            "CreateDate",
            "DefaultVersionId",
            "IsAttachable",
            "PermissionsBoundaryUsageCount",
            "PolicyArn",
            "PolicyId",
            "UpdateDate",
        }
    )

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("ManagedPolicyName") or f"ManagedPolicy-{ctx.ids.hex(12)}"
        given = {**pick(properties, "Path", "Description", "Tags"), "PolicyName": name}
        made = await self.call(
            ctx, "CreatePolicy", {**given, "PolicyDocument": document_text(properties["PolicyDocument"])}
        )
        arn = str(made["Policy"]["Arn"])
        await self._set_holders(ctx, arn, {}, properties)
        return arn

    async def read(self, ctx: Context, identifier: str) -> Properties:
        policy = (await self.call(ctx, "GetPolicy", {"PolicyArn": identifier}))["Policy"]
        wanted = {"PolicyArn": identifier, "VersionId": policy["DefaultVersionId"]}
        version = (await self.call(ctx, "GetPolicyVersion", wanted))["PolicyVersion"]
        return {
            **pick(policy, "Path", "Description", *self.read_only - {"CreateDate", "PolicyArn", "UpdateDate"}),
            **({"Tags": policy["Tags"]} if policy["Tags"] else {}),
            "PolicyArn": identifier,
            "ManagedPolicyName": policy["PolicyName"],
            "PolicyDocument": document(version["Document"]),
            **await self._holders(ctx, identifier),
        }

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        if after["PolicyDocument"] != before.get("PolicyDocument"):
            await self._new_version(ctx, identifier, document_text(after["PolicyDocument"]))
        await self._set_holders(ctx, identifier, before, after)
        await set_tags(self, ctx, "Policy", {"PolicyArn": identifier}, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self._set_holders(ctx, identifier, await self._holders(ctx, identifier), {})
        for version in await self.all(ctx, "ListPolicyVersions", "Versions", PolicyArn=identifier):
            if not version["IsDefaultVersion"]:
                given = {"PolicyArn": identifier, "VersionId": version["VersionId"]}
                await self.call(ctx, "DeletePolicyVersion", given)
        await self.call(ctx, "DeletePolicy", {"PolicyArn": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [policy["Arn"] for policy in await self.all(ctx, "ListPolicies", "Policies", Scope="Local")]

    async def _new_version(self, ctx: Context, arn: str, text: str) -> None:
        """Make a new default version; of five, the oldest that is not in force goes first."""
        versions = await self.all(ctx, "ListPolicyVersions", "Versions", PolicyArn=arn)
        if len(versions) >= 5:
            oldest = [version["VersionId"] for version in versions if not version["IsDefaultVersion"]][-1]
            await self.call(ctx, "DeletePolicyVersion", {"PolicyArn": arn, "VersionId": oldest})
        given = {"PolicyArn": arn, "PolicyDocument": text, "SetAsDefault": True}
        await self.call(ctx, "CreatePolicyVersion", given)

    async def _holders(self, ctx: Context, arn: str) -> Properties:
        found: Properties = {}
        for property, noun in _SIDES:
            given = {"PolicyArn": arn, "EntityFilter": noun, "PolicyUsageFilter": "PermissionsPolicy"}
            entities = await self.all(ctx, "ListEntitiesForPolicy", f"Policy{property}", **given)
            if entities:
                found[property] = [entity[f"{noun}Name"] for entity in entities]
        return found

    async def _set_holders(self, ctx: Context, arn: str, before: Properties, after: Properties) -> None:
        for property, noun in _SIDES:
            old, new = before.get(property), after.get(property)
            for name in added(new, old):
                await self.call(ctx, f"Detach{noun}Policy", {f"{noun}Name": name, "PolicyArn": arn})
            for name in added(old, new):
                await self.call(ctx, f"Attach{noun}Policy", {f"{noun}Name": name, "PolicyArn": arn})


class OneHolderType(IamType):
    """One inline policy of one holder, whose `noun` is User, Group or Role."""

    noun: ClassVar[str]

    async def create(self, ctx: Context, properties: Properties) -> str:
        await self.update(ctx, "", {}, properties)
        return self.identifier_of(properties)

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        given = {**pick(after, *self.identifier), "PolicyDocument": document_text(after["PolicyDocument"])}
        await self.call(ctx, f"Put{self.noun}Policy", given)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        subject = self._subject(identifier)
        found = await self.call(ctx, f"Get{self.noun}Policy", subject)
        return {**subject, "PolicyDocument": document(found["PolicyDocument"])}

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.call(ctx, f"Delete{self.noun}Policy", self._subject(identifier))

    def _subject(self, identifier: str) -> dict[str, str]:
        return dict(zip(self.identifier, identifier.split("|"), strict=False))


@service.resource_type
class UserPolicyType(OneHolderType):
    name = "AWS::IAM::UserPolicy"
    noun = "User"
    identifier = ("PolicyName", "UserName")
    required = frozenset({"PolicyDocument", "PolicyName", "UserName"})
    create_only = frozenset(identifier)


@service.resource_type
class GroupPolicyType(OneHolderType):
    name = "AWS::IAM::GroupPolicy"
    noun = "Group"
    identifier = ("PolicyName", "GroupName")
    required = frozenset({"GroupName", "PolicyDocument", "PolicyName"})
    create_only = frozenset(identifier)


@service.resource_type
class RolePolicyType(OneHolderType):
    name = "AWS::IAM::RolePolicy"
    noun = "Role"
    identifier = ("PolicyName", "RoleName")
    required = frozenset({"PolicyDocument", "PolicyName", "RoleName"})
    create_only = frozenset(identifier)


# -- resources that the API does not know as one thing


class Shared(Record, frozen=True):
    """An AWS::IAM::Policy (`name` is the policy's) or an AWS::IAM::UserToGroupAddition (`name` is the group's), and whom it is about."""

    name: str
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str, properties: Properties) -> Shared:
        return cls(name, *(tuple(properties.get(property) or ()) for property, _ in _SIDES))

    @property
    def properties(self) -> Properties:
        found = {"Users": list(self.users), "Groups": list(self.groups), "Roles": list(self.roles)}
        return {property: names for property, names in found.items() if names}


_shared = service.collection("shared_resources", Shared, scope="account")


class SharedType(IamType):
    identifier = ("Id",)
    read_only = frozenset({"Id"})

    async def find(self, ctx: Context, identifier: str) -> Shared:
        found = await _shared.get(ctx, self.name, identifier)
        if found is None:
            raise no_such_entity(f"{self.name} {identifier} cannot be found.")
        return found

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [str(key[0]) for key, _ in await _shared.items(ctx, (str,), self.name)]


@service.resource_type
class PolicyType(SharedType):
    """The same inline policy of several users, groups and roles."""

    name = "AWS::IAM::Policy"
    required = frozenset({"PolicyDocument", "PolicyName"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        identifier = f"Policy-{ctx.ids.hex(12)}"
        await self.update(ctx, identifier, {}, properties)
        return identifier

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        if not _pairs(after):
            raise invalid_input("At least one of [Groups,Roles,Users] must be non-empty.")
        text = document_text(after["PolicyDocument"])
        for noun, holder in _pairs(after):
            given = {f"{noun}Name": holder, "PolicyName": after["PolicyName"], "PolicyDocument": text}
            await self.call(ctx, f"Put{noun}Policy", given)
        renamed = before.get("PolicyName") != after["PolicyName"]
        gone = _pairs(before) if renamed else [pair for pair in _pairs(before) if pair not in _pairs(after)]
        await self._remove(ctx, before.get("PolicyName", ""), gone)
        _shared.put(ctx, Shared.of(after["PolicyName"], after), self.name, identifier)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        shared = await self.find(ctx, identifier)
        properties = {"Id": identifier, "PolicyName": shared.name, **shared.properties}
        for noun, holder in _pairs(properties)[:1]:
            found = await self.call(ctx, f"Get{noun}Policy", {f"{noun}Name": holder, "PolicyName": shared.name})
            properties["PolicyDocument"] = document(found["PolicyDocument"])
        return properties

    async def delete(self, ctx: Context, identifier: str) -> None:
        shared = await self.find(ctx, identifier)
        await self._remove(ctx, shared.name, _pairs(shared.properties))
        _shared.delete(ctx, self.name, identifier)

    async def _remove(self, ctx: Context, policy: str, holders: Iterable[tuple[str, str]]) -> None:
        for noun, holder in holders:
            await self.call(ctx, f"Delete{noun}Policy", {f"{noun}Name": holder, "PolicyName": policy})


def _pairs(properties: Properties) -> list[tuple[str, str]]:
    """(noun, name) of everyone whom a policy is for."""
    return [(noun, name) for property, noun in _SIDES for name in properties.get(property) or ()]


@service.resource_type
class UserToGroupAdditionType(SharedType):
    name = "AWS::IAM::UserToGroupAddition"
    required = frozenset({"GroupName", "Users"})
    create_only = frozenset({"GroupName"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        identifier = f"UserToGroupAddition-{ctx.ids.hex(12)}"
        await self.update(ctx, identifier, {}, properties)
        return identifier

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._set(ctx, after["GroupName"], before.get("Users"), after["Users"])
        _shared.put(ctx, Shared.of(after["GroupName"], {"Users": after["Users"]}), self.name, identifier)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        shared = await self.find(ctx, identifier)
        return {"Id": identifier, "GroupName": shared.name, "Users": list(shared.users)}

    async def delete(self, ctx: Context, identifier: str) -> None:
        shared = await self.find(ctx, identifier)
        await self._set(ctx, shared.name, list(shared.users), [])
        _shared.delete(ctx, self.name, identifier)

    async def _set(self, ctx: Context, group: str, before: Any, after: list[str]) -> None:
        for user in added(after, before):
            await self.call(ctx, "RemoveUserFromGroup", {"GroupName": group, "UserName": user})
        for user in added(before, after):
            await self.call(ctx, "AddUserToGroup", {"GroupName": group, "UserName": user})
