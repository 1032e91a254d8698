"""GetAccountAuthorizationDetails: everything that says who may do what in an account, in pages over all kinds of entities."""

from __future__ import annotations

from typing import Any, Final

from fogbank.kernel import Context
from fogbank.services.iam import attachments, boundaries, documents, managed, policies, roles, tags, uses
from fogbank.services.iam import instance_profiles as profiles
from fogbank.services.iam.entities import Entity, by_name
from fogbank.services.iam.groups import Group, group_described, groups, groups_of
from fogbank.services.iam.inline_policies import inline_policies
from fogbank.services.iam.listing import page
from fogbank.services.iam.policy import Policy
from fogbank.services.iam.role import Role
from fogbank.services.iam.service import service
from fogbank.services.iam.users import User, users
from fogbank.services.iam.users import described as user_described

Request = dict[str, Any]

_ALL: Final = ("User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy")
_MEMBERS: Final = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


@service.operation
async def get_account_authorization_details(ctx: Context, request: Request) -> Request:
    """Users, groups, roles and policies with all that hangs on them. API_GetAccountAuthorizationDetails.

    Of AWS's policies, those that are in use.
    """
    found, more = page(request, await _entities(ctx, request.get("Filter") or _ALL), lambda entry: entry[0])
    answer: Request = {**{member: [] for member in _MEMBERS}, **more}
    for _, entity in found:
        member, detail = await _detail(ctx, entity)
        answer[member].append(detail)
    return answer


async def _entities(ctx: Context, wanted: list[str] | tuple[str, ...]) -> list[tuple[str, Entity]]:
    """(order, entity) of the kinds that are asked for."""
    kinds: dict[str, list[Any]] = {
        "User": await users.in_path(ctx, None) if "User" in wanted else [],
        "Group": await groups.in_path(ctx, None) if "Group" in wanted else [],
        "Role": await roles.roles.in_path(ctx, None) if "Role" in wanted else [],
        "LocalManagedPolicy": await policies.policies.in_path(ctx, None) if "LocalManagedPolicy" in wanted else [],
        "AWSManagedPolicy": await _of_aws(ctx) if "AWSManagedPolicy" in wanted else [],
    }
    ordered = [(f"{number}{by_name(entity)}", entity) for number, kind in enumerate(_ALL) for entity in kinds[kind]]
    return sorted(ordered, key=lambda entry: entry[0])


async def _of_aws(ctx: Context) -> list[Policy]:
    used = await policies.used(ctx)
    return [policy for policy in managed.policies() if policies.arn(ctx, policy) in used]


async def _detail(ctx: Context, entity: Entity) -> tuple[str, Request]:
    """The member that an entity is shown under, and how."""
    match entity:
        case User():
            return "UserDetailList", await _user(ctx, entity)
        case Group():
            return "GroupDetailList", await _group(ctx, entity)
        case Role():
            return "RoleDetailList", await _role(ctx, entity)
        case Policy():
            return "Policies", await _policy(ctx, entity)
    raise TypeError(entity)


async def _user(ctx: Context, user: User) -> Request:
    return {
        **user_described(ctx, user),
        **await _held(ctx, user.id, "UserPolicyList"),
        **boundaries.shown(user.boundary),
        "GroupList": [group.name for group in await groups_of(ctx, user.id)],
        "Tags": tags.shown(user.tags),
    }


async def _group(ctx: Context, group: Group) -> Request:
    return {**group_described(ctx, group), **await _held(ctx, group.id, "GroupPolicyList")}


async def _role(ctx: Context, role: Role) -> Request:
    return {
        **await roles.described(ctx, role),
        **await _held(ctx, role.id, "RolePolicyList"),
        **boundaries.shown(role.boundary),
        "InstanceProfileList": [
            await profiles.described(ctx, profile) for profile in await profiles.profiles_of(ctx, role.id)
        ],
        "Tags": tags.shown(role.tags),
        "RoleLastUsed": await uses.of_role(ctx, roles.roles.arn(ctx, role), role.created),
    }


async def _held(ctx: Context, holder_id: str, member: str) -> Request:
    """The members with a holder's inline and managed policies."""
    inline = await inline_policies(ctx, holder_id)
    return {
        member: [{"PolicyName": name, "PolicyDocument": documents.shown(text)} for name, text in inline.items()],
        "AttachedManagedPolicies": [attachments.described(arn) for arn in await attachments.attached(ctx, holder_id)],
    }


async def _policy(ctx: Context, policy: Policy) -> Request:
    versions = await policies.versions_of(ctx, policy)
    return {
        **await policies.described(ctx, policy),
        "Description": policy.description,
        "PolicyVersionList": [policies.version_with_document(policy, version) for version in versions],
    }
