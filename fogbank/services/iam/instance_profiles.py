"""Instance profiles: the form in which EC2 takes a role. One holds at most one."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fogbank.kernel import Context, Record
from fogbank.services.iam import errors, ids, limits, tags
from fogbank.services.iam.entities import Kind, by_name
from fogbank.services.iam.listing import page
from fogbank.services.iam.role import find_modifiable, roles
from fogbank.services.iam.roles import described as role_described
from fogbank.services.iam.service import service

Request = dict[str, Any]


class InstanceProfile(Record, frozen=True):
    """created: epoch seconds; role_id: the unique id of its role, or empty."""

    name: str
    path: str
    id: str
    created: int
    role_id: str = ""
    tags: dict[str, str] = {}


profiles = Kind(
    "instance-profile",
    "InstanceProfileName",
    ids.INSTANCE_PROFILE,
    InstanceProfile,
    ("InstanceProfilesPerAccount", limits.INSTANCE_PROFILES_PER_ACCOUNT),
    errors.no_such_instance_profile,
    errors.instance_profile_taken,
)

# (role id, instance profile id)
_by_role = service.collection("role_instance_profiles", bytes, scope="account")


async def profiles_of(ctx: Context, role_id: str) -> list[InstanceProfile]:
    """The instance profiles that hold a role, by name."""
    rows = await _by_role.items(ctx, (str,), role_id)
    found = [await profiles.identified(ctx, str(key[0])) for key, _ in rows]
    return sorted((profile for profile in found if profile is not None), key=by_name)


async def _has_profiles(ctx: Context, role_id: str) -> bool:
    return await _by_role.count(ctx, role_id, limit=1) > 0


roles.belongings.append(("remove roles from instance profile", _has_profiles))


async def described(ctx: Context, profile: InstanceProfile) -> Request:
    """An InstanceProfile of the API as lists show it."""
    role = await roles.identified(ctx, profile.role_id) if profile.role_id else None
    return {
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Arn": profiles.arn(ctx, profile),
        "CreateDate": profile.created,
        "Roles": [] if role is None else [await role_described(ctx, role)],
    }


@service.operation(**profiles.new)
async def create_instance_profile(ctx: Context, request: Request) -> Request:
    """API_CreateInstanceProfile."""
    name = request["InstanceProfileName"]
    given = tags.of_new(request, "instance profile")
    profile = InstanceProfile(
        name, request.get("Path", "/"), await profiles.new_id(ctx, name), int(ctx.now()), tags=given
    )
    profiles.save(ctx, profile)
    return {"InstanceProfile": {**await described(ctx, profile), "Tags": tags.shown(given) or None}}


@service.operation(**profiles.one)
async def get_instance_profile(ctx: Context, request: Request) -> Request:
    """API_GetInstanceProfile."""
    profile = await profiles.find(ctx, request["InstanceProfileName"])
    return {"InstanceProfile": {**await described(ctx, profile), "Tags": tags.shown(profile.tags)}}


@service.operation(**profiles.some)
async def list_instance_profiles(ctx: Context, request: Request) -> Request:
    """API_ListInstanceProfiles."""
    found, more = page(request, await profiles.in_path(ctx, request.get("PathPrefix")), by_name)
    return {"InstanceProfiles": [await described(ctx, profile) for profile in found], **more}


@service.operation(**roles.one)
async def list_instance_profiles_for_role(ctx: Context, request: Request) -> Request:
    """API_ListInstanceProfilesForRole."""
    role = await roles.find(ctx, request["RoleName"])
    found, more = page(request, await profiles_of(ctx, role.id), by_name)
    return {"InstanceProfiles": [await described(ctx, profile) for profile in found], **more}


@service.operation(**profiles.one)
async def add_role_to_instance_profile(ctx: Context, request: Request) -> Request:
    """API_AddRoleToInstanceProfile. Raises LimitExceeded when it holds a role, also when it is the same."""
    profile = await profiles.find(ctx, request["InstanceProfileName"])
    role = await find_modifiable(ctx, request["RoleName"])
    await ctx.authorise("iam:PassRole", roles.arn(ctx, role), keys={"iam:PassedToService": "ec2.amazonaws.com"})
    if profile.role_id:
        raise errors.quota_exceeded("InstanceSessionsPerInstanceProfile", limits.ROLES_PER_INSTANCE_PROFILE)
    profiles.save(ctx, replace(profile, role_id=role.id))
    _by_role.put(ctx, b"", role.id, profile.id)
    return {}


@service.operation(**profiles.one)
async def remove_role_from_instance_profile(ctx: Context, request: Request) -> Request:
    """API_RemoveRoleFromInstanceProfile."""
    profile = await profiles.find(ctx, request["InstanceProfileName"])
    role = await find_modifiable(ctx, request["RoleName"])
    if profile.role_id != role.id:
        raise errors.not_found("role", request["RoleName"])
    profiles.save(ctx, replace(profile, role_id=""))
    _by_role.delete(ctx, role.id, profile.id)
    return {}


@service.operation(**profiles.one)
async def delete_instance_profile(ctx: Context, request: Request) -> Request:
    """API_DeleteInstanceProfile. Raises DeleteConflict while it holds a role."""
    profile = await profiles.find(ctx, request["InstanceProfileName"])
    if profile.role_id:
        raise errors.must_first("remove roles from instance profile")
    profiles.remove(ctx, profile)
    return {}


tags.declare(
    "instance profile",
    "instance_profile",
    lambda ctx, request: profiles.find(ctx, request["InstanceProfileName"]),
    profiles.save,
    profiles.resource,
)
