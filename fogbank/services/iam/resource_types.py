"""AWS::IAM::Role, User, Group, InstanceProfile, AccessKey.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html. Policies are in `resource_types_policies`.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar
from urllib.parse import unquote

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pick, tag_changes
from fogbank.services.iam import access_keys
from fogbank.services.iam.service import service

Names = list[str]

MISSING = frozenset({"NoSuchEntityException"})
_PAGE = 1000


def document_text(document: Any) -> str:
    """A policy document of a template, which may be JSON already."""
    return document if isinstance(document, str) else json.dumps(document)


def document(shown: str) -> Any:
    """A policy document as an operation answers it."""
    return json.loads(unquote(shown))


def added(before: Iterable[str] | None, after: Iterable[str] | None) -> list[str]:
    """What is in the second list and not in the first."""
    known = set(before or ())
    return [each for each in after or () if each not in known]


class IamType(ResourceType):
    missing = MISSING

    async def all(self, ctx: Context, operation: str, member: str, **params: Any) -> list[Any]:
        """What a listing operation has on all of its pages."""
        found: list[Any] = []
        marker: str | None = None
        while True:
            page = await self.call(ctx, operation, {**params, "MaxItems": _PAGE, "Marker": marker})
            found += page[member]
            marker = page.get("Marker")
            if marker is None:
                return found


class HolderType(IamType):
    """Who holds policies: `noun` is User, Group or Role."""

    noun: ClassVar[str]

    @property
    def member(self) -> str:
        return f"{self.noun}Name"

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get(self.member) or f"{self.noun}-{ctx.ids.hex(12)}"
        await self.make(ctx, {**properties, self.member: name})
        await self.set_policies(ctx, name, {}, properties)
        return str(name)

    @abstractmethod
    async def make(self, ctx: Context, properties: Properties) -> None:
        """Create it without its policies."""

    async def set_policies(self, ctx: Context, name: str, before: Properties, after: Properties) -> None:
        """Lead from the inline and managed policies before to those after."""
        subject = {self.member: name}
        old, new = _inline(before), _inline(after)
        for policy in old.keys() - new.keys():
            await self.call(ctx, f"Delete{self.noun}Policy", {**subject, "PolicyName": policy})
        for policy, given in new.items():
            if old.get(policy) != given:
                put = {**subject, "PolicyName": policy, "PolicyDocument": document_text(given)}
                await self.call(ctx, f"Put{self.noun}Policy", put)
        held, wanted = before.get("ManagedPolicyArns"), after.get("ManagedPolicyArns")
        for arn in added(wanted, held):
            await self.call(ctx, f"Detach{self.noun}Policy", {**subject, "PolicyArn": arn})
        for arn in added(held, wanted):
            await self.call(ctx, f"Attach{self.noun}Policy", {**subject, "PolicyArn": arn})

    async def policies(self, ctx: Context, name: str) -> Properties:
        """The properties that have policies, where there are any."""
        subject = {self.member: name}
        inline = []
        for policy in await self.all(ctx, f"List{self.noun}Policies", "PolicyNames", **subject):
            found = await self.call(ctx, f"Get{self.noun}Policy", {**subject, "PolicyName": policy})
            inline.append({"PolicyName": policy, "PolicyDocument": document(found["PolicyDocument"])})
        attached = await self.all(ctx, f"ListAttached{self.noun}Policies", "AttachedPolicies", **subject)
        arns = [each["PolicyArn"] for each in attached]
        return {**({"Policies": inline} if inline else {}), **({"ManagedPolicyArns": arns} if arns else {})}

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self.set_policies(ctx, identifier, await self.policies(ctx, identifier), {})
        await self.call(ctx, f"Delete{self.noun}", {self.member: identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        return [each[self.member] for each in await self.all(ctx, f"List{self.noun}s", f"{self.noun}s")]

    async def set_boundary_and_tags(self, ctx: Context, name: str, before: Properties, after: Properties) -> None:
        subject = {self.member: name}
        old, new = before.get("PermissionsBoundary"), after.get("PermissionsBoundary")
        if new and new != old:
            await self.call(ctx, f"Put{self.noun}PermissionsBoundary", {**subject, "PermissionsBoundary": new})
        elif old and not new:
            await self.call(ctx, f"Delete{self.noun}PermissionsBoundary", subject)
        await set_tags(self, ctx, self.noun, subject, before, after)


async def set_tags(
    kind: IamType, ctx: Context, noun: str, subject: Properties, before: Properties, after: Properties
) -> None:
    """Lead from the tags before to those after, by TagX and UntagX."""
    tags, removed = tag_changes(before, after)
    if removed:
        await kind.call(ctx, f"Untag{noun}", {**subject, "TagKeys": removed})
    if tags:
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        await kind.call(ctx, f"Tag{noun}", {**subject, "Tags": listed})


def _inline(properties: Properties) -> dict[str, Any]:
    return {policy["PolicyName"]: policy["PolicyDocument"] for policy in properties.get("Policies") or ()}


def _boundary(found: Properties) -> str | None:
    shown: Properties = found.get("PermissionsBoundary") or {}
    return shown.get("PermissionsBoundaryArn")


@service.resource_type
class RoleType(HolderType):
    name = "AWS::IAM::Role"
    noun = "Role"
    identifier = ("RoleName",)
    naming = Naming("RoleName", 64)
    required = frozenset({"AssumeRolePolicyDocument"})
    create_only = frozenset({"Path", "RoleName"})
    read_only = frozenset({"Arn", "RoleId"})

    async def make(self, ctx: Context, properties: Properties) -> None:
        given = pick(properties, "RoleName", "Path", "Description", "MaxSessionDuration", "PermissionsBoundary", "Tags")
        trust = document_text(properties["AssumeRolePolicyDocument"])
        await self.call(ctx, "CreateRole", {**given, "AssumeRolePolicyDocument": trust})

    async def read(self, ctx: Context, identifier: str) -> Properties:
        role = (await self.call(ctx, "GetRole", {"RoleName": identifier}))["Role"]
        shown = pick(role, "RoleName", "Path", "Arn", "RoleId", "Description", "MaxSessionDuration", "Tags")
        shown["AssumeRolePolicyDocument"] = document(role["AssumeRolePolicyDocument"])
        shown["PermissionsBoundary"] = _boundary(role)
        return {**pick(shown, *shown), **await self.policies(ctx, identifier)}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        subject = {"RoleName": identifier}
        trust = after["AssumeRolePolicyDocument"]
        if trust != before.get("AssumeRolePolicyDocument"):
            given = {**subject, "PolicyDocument": document_text(trust)}
            await self.call(ctx, "UpdateAssumeRolePolicy", given)
        changed = {name: after.get(name) for name in ("Description", "MaxSessionDuration")}
        if changed != {name: before.get(name) for name in changed}:
            plain = {"Description": changed["Description"] or "", "MaxSessionDuration": changed["MaxSessionDuration"]}
            await self.call(ctx, "UpdateRole", {**subject, **plain})
        await self.set_policies(ctx, identifier, before, after)
        await self.set_boundary_and_tags(ctx, identifier, before, after)


@service.resource_type
class UserType(HolderType):
    name = "AWS::IAM::User"
    noun = "User"
    identifier = ("UserName",)
    naming = Naming("UserName", 64)
    create_only = frozenset({"UserName"})
    read_only = frozenset({"Arn"})
    write_only = frozenset({"LoginProfile"})

    async def make(self, ctx: Context, properties: Properties) -> None:
        await self.call(ctx, "CreateUser", pick(properties, "UserName", "Path", "PermissionsBoundary", "Tags"))
        await self._set_groups_and_password(ctx, properties["UserName"], {}, properties)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        user = (await self.call(ctx, "GetUser", {"UserName": identifier}))["User"]
        groups = await self.all(ctx, "ListGroupsForUser", "Groups", UserName=identifier)
        shown = pick(user, "UserName", "Path", "Arn", "Tags")
        shown["PermissionsBoundary"] = _boundary(user)
        shown["Groups"] = [group["GroupName"] for group in groups] or None
        return {**pick(shown, *shown), **await self.policies(ctx, identifier)}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        path = after.get("Path", "/")
        if path != before.get("Path", "/"):
            await self.call(ctx, "UpdateUser", {"UserName": identifier, "NewPath": path})
        await self.set_policies(ctx, identifier, before, after)
        await self.set_boundary_and_tags(ctx, identifier, before, after)
        await self._set_groups_and_password(ctx, identifier, before, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        groups = (await self.read(ctx, identifier)).get("Groups")
        await self._set_groups(ctx, identifier, groups, None)
        if await self._has_password(ctx, identifier):
            await self.call(ctx, "DeleteLoginProfile", {"UserName": identifier})
        for key in await self.all(ctx, "ListAccessKeys", "AccessKeyMetadata", UserName=identifier):
            await self.call(ctx, "DeleteAccessKey", pick(key, "UserName", "AccessKeyId"))
        await super().delete(ctx, identifier)

    async def _set_groups_and_password(self, ctx: Context, name: str, before: Properties, after: Properties) -> None:
        await self._set_groups(ctx, name, before.get("Groups"), after.get("Groups"))
        password = after.get("LoginProfile")
        if password is None or password == before.get("LoginProfile"):
            return
        exists = await self._has_password(ctx, name)
        operation = "UpdateLoginProfile" if exists else "CreateLoginProfile"
        await self.call(ctx, operation, {"UserName": name, **pick(password, "Password", "PasswordResetRequired")})

    async def _set_groups(self, ctx: Context, name: str, before: Names | None, after: Names | None) -> None:
        for group in added(after, before):
            await self.call(ctx, "RemoveUserFromGroup", {"UserName": name, "GroupName": group})
        for group in added(before, after):
            await self.call(ctx, "AddUserToGroup", {"UserName": name, "GroupName": group})

    async def _has_password(self, ctx: Context, name: str) -> bool:
        try:
            await self.call(ctx, "GetLoginProfile", {"UserName": name})
        except AWSError as error:
            if self.is_missing(error):
                return False
            raise
        return True


@service.resource_type
class GroupType(HolderType):
    name = "AWS::IAM::Group"
    noun = "Group"
    identifier = ("GroupName",)
    naming = Naming("GroupName", 128)
    create_only = frozenset({"GroupName"})
    read_only = frozenset({"Arn"})

    async def make(self, ctx: Context, properties: Properties) -> None:
        await self.call(ctx, "CreateGroup", pick(properties, "GroupName", "Path"))

    async def read(self, ctx: Context, identifier: str) -> Properties:
        group = (await self.call(ctx, "GetGroup", {"GroupName": identifier}))["Group"]
        return {**pick(group, "GroupName", "Path", "Arn"), **await self.policies(ctx, identifier)}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        path = after.get("Path", "/")
        if path != before.get("Path", "/"):
            await self.call(ctx, "UpdateGroup", {"GroupName": identifier, "NewPath": path})
        await self.set_policies(ctx, identifier, before, after)


@service.resource_type
class InstanceProfileType(IamType):
    name = "AWS::IAM::InstanceProfile"
    identifier = ("InstanceProfileName",)
    naming = Naming("InstanceProfileName", 128)
    required = frozenset({"Roles"})
    create_only = frozenset({"InstanceProfileName", "Path"})
    read_only = frozenset({"Arn"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        name = properties.get("InstanceProfileName") or f"InstanceProfile-{ctx.ids.hex(12)}"
        await self.call(ctx, "CreateInstanceProfile", {"InstanceProfileName": name, **pick(properties, "Path")})
        await self._set_roles(ctx, name, [], properties["Roles"])
        return str(name)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        answer = await self.call(ctx, "GetInstanceProfile", {"InstanceProfileName": identifier})
        profile = answer["InstanceProfile"]
        roles = [role["RoleName"] for role in profile["Roles"]]
        return {**pick(profile, "InstanceProfileName", "Path", "Arn"), "Roles": roles}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._set_roles(ctx, identifier, before["Roles"], after["Roles"])

    async def delete(self, ctx: Context, identifier: str) -> None:
        await self._set_roles(ctx, identifier, (await self.read(ctx, identifier))["Roles"], [])
        await self.call(ctx, "DeleteInstanceProfile", {"InstanceProfileName": identifier})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.all(ctx, "ListInstanceProfiles", "InstanceProfiles")
        return [profile["InstanceProfileName"] for profile in found]

    async def _set_roles(self, ctx: Context, name: str, before: Names, after: Names) -> None:
        subject = {"InstanceProfileName": name}
        for role in added(after, before):
            await self.call(ctx, "RemoveRoleFromInstanceProfile", {**subject, "RoleName": role})
        for role in added(before, after):
            await self.call(ctx, "AddRoleToInstanceProfile", {**subject, "RoleName": role})


@service.resource_type
class AccessKeyType(IamType):
    """A user's access key. Another `Serial` makes another key; templates take the secret from its attribute SecretAccessKey."""

    name = "AWS::IAM::AccessKey"
    identifier = ("Id",)
    required = frozenset({"UserName"})
    create_only = frozenset({"Serial", "UserName"})
    read_only = frozenset({"Id", "SecretAccessKey"})

    async def create(self, ctx: Context, properties: Properties) -> str:
        key = (await self.call(ctx, "CreateAccessKey", pick(properties, "UserName")))["AccessKey"]
        await self._set_status(ctx, key["AccessKeyId"], properties)
        return str(key["AccessKeyId"])

    async def read(self, ctx: Context, identifier: str) -> Properties:
        user = (await self.call(ctx, "GetAccessKeyLastUsed", {"AccessKeyId": identifier}))["UserName"]
        keys = await self.all(ctx, "ListAccessKeys", "AccessKeyMetadata", UserName=user)
        shown = next(key for key in keys if key["AccessKeyId"] == identifier)
        # the operations show the secret only once
        key = await access_keys.find(ctx, identifier)
        assert key is not None
        return {"Id": identifier, "UserName": user, "Status": shown["Status"], "SecretAccessKey": key.secret}

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        await self._set_status(ctx, identifier, after)

    async def delete(self, ctx: Context, identifier: str) -> None:
        user = (await self.read(ctx, identifier))["UserName"]
        await self.call(ctx, "DeleteAccessKey", {"UserName": user, "AccessKeyId": identifier})

    async def _set_status(self, ctx: Context, access_key: str, properties: Properties) -> None:
        status = properties.get("Status", "Active")
        given = {"UserName": properties["UserName"], "AccessKeyId": access_key, "Status": status}
        await self.call(ctx, "UpdateAccessKey", given)

    def is_missing(self, error: AWSError) -> bool:
        # of a key that is not there, AWS says that one may not ask for its last use
        return super().is_missing(error) or (error.code == "AccessDenied" and "access key" in error.message)
