"""Managed policies: the account's own and AWS's, and their versions.

A policy's record lies under its name; each version under (policy id, number). Who uses one is in `uses`, under (policy ARN, use, id
of the user, group or role), so that it is counted and listed without looking at every entity.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from msgspec.structs import replace

from fogbank.kernel import Context
from fogbank.services.iam import documents, errors, ids, limits, managed, tags
from fogbank.services.iam.entities import Kind
from fogbank.services.iam.listing import listed, page
from fogbank.services.iam.policy import Policy, Version
from fogbank.services.iam.service import definitions, service

Request = dict[str, Any]
Use = Literal["PermissionsPolicy", "PermissionsBoundary"]

PERMISSIONS: Final = "PermissionsPolicy"
BOUNDARY: Final = "PermissionsBoundary"

policies = Kind(
    "policy",
    "PolicyName",
    ids.POLICY,
    Policy,
    ("PoliciesPerAccount", limits.POLICIES_PER_ACCOUNT),
    taken=errors.policy_name_taken,
)
versions = definitions("policy_versions", Version)
uses = service.collection("policy_uses", bytes, scope="account")


# -- finding


def arn(ctx: Context, policy: Policy) -> str:
    return f"arn:{ctx.partition}:iam::{policy.owner}:policy{policy.path}{policy.name}"


async def look_up(ctx: Context, policy_arn: str) -> Policy | None:
    """The policy of an ARN, the account's own or AWS's. Raises InvalidInput for what is no policy's ARN."""
    parts = policy_arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or parts[2] != "iam" or not parts[5].startswith("policy/"):
        raise errors.invalid_arn(policy_arn)
    if parts[4] == managed.OWNER:
        return managed.policy(policy_arn)
    found = await policies.named(ctx, policy_arn.rpartition("/")[2])
    return found if found is not None and arn(ctx, found) == policy_arn else None


async def find(ctx: Context, policy_arn: str) -> Policy:
    """The policy of an ARN. Raises NoSuchEntity and InvalidInput."""
    found = await look_up(ctx, policy_arn)
    if found is None:
        raise errors.no_such_policy(policy_arn)
    return found


async def find_own(ctx: Context, policy_arn: str) -> Policy:
    """The policy of an ARN, to be changed. AWS's own cannot be."""
    if policy_arn.split(":", 5)[4:5] == [managed.OWNER]:
        raise errors.not_your_policy(policy_arn)
    return await find(ctx, policy_arn)


async def version_of(ctx: Context, policy: Policy, number: int | None = None) -> Version | None:
    """A version of a policy, by default the default one."""
    wanted = policy.default if number is None else number
    if policy.owner == managed.OWNER:
        return managed.version(arn(ctx, policy)) if wanted == policy.default else None
    return await versions.get(ctx, policy.id, wanted)


async def default_document(ctx: Context, policy: Policy) -> str:
    """The text of a policy's default version."""
    found = await version_of(ctx, policy)
    assert found is not None
    return found.document


async def users_of(ctx: Context, policy_arn: str, use: Use | None = None) -> set[str]:
    """The ids of the users, groups and roles that have a policy, in that way or in any."""
    rows = await uses.items(ctx, (str, str), policy_arn)
    return {str(key[1]) for key, _ in rows if use is None or key[0] == use}


async def used(ctx: Context, use: Use | None = None) -> set[str]:
    """The ARNs of the policies that are attached, or used in that way."""
    rows = await uses.items(ctx, (str, str, str))
    return {str(key[0]) for key, _ in rows if use is None or key[1] == use}


async def versions_of(ctx: Context, policy: Policy) -> list[Version]:
    """All versions, the newest first."""
    if policy.owner == managed.OWNER:
        return [managed.version(arn(ctx, policy))]
    return await versions.scan(ctx, policy.id, reverse=True)


# -- as the API shows them


async def described(ctx: Context, policy: Policy) -> Request:
    """A Policy of the API, as lists show it."""
    policy_arn = arn(ctx, policy)
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy_arn,
        "Path": policy.path,
        "DefaultVersionId": f"v{policy.default}",
        "AttachmentCount": await uses.count(ctx, policy_arn, PERMISSIONS),
        "PermissionsBoundaryUsageCount": await uses.count(ctx, policy_arn, BOUNDARY),
        "IsAttachable": True,
        "CreateDate": policy.created,
        "UpdateDate": policy.updated,
    }


def version_described(policy: Policy, version: Version) -> Request:
    """A PolicyVersion of the API without its document."""
    return {
        "VersionId": f"v{version.number}",
        "IsDefaultVersion": version.number == policy.default,
        "CreateDate": version.created,
    }


def version_with_document(policy: Policy, version: Version) -> Request:
    return {"Document": documents.shown(version.document), **version_described(policy, version)}


# -- policies


@service.operation(**policies.new)
async def create_policy(ctx: Context, request: Request) -> Request:
    """API_CreatePolicy."""
    documents.check_managed(request["PolicyDocument"])
    now = int(ctx.now())
    policy = Policy(
        name=request["PolicyName"],
        path=request.get("Path", "/"),
        id=await policies.new_id(ctx, request["PolicyName"]),
        owner=ctx.account,
        created=now,
        updated=now,
        description=request.get("Description"),
        tags=tags.of_new(request, "policy"),
    )
    policies.save(ctx, policy)
    versions.put(ctx, Version(1, request["PolicyDocument"], now), policy.id, 1)
    return {"Policy": {**await described(ctx, policy), "Tags": tags.shown(policy.tags) or None}}


def _by_arn(ctx: Context, request: Request) -> str:
    return request["PolicyArn"]


async def _tags(ctx: Context, request: Request) -> dict[str, str]:
    policy = await look_up(ctx, request["PolicyArn"])
    return {} if policy is None else policy.tags


_one: Final[Request] = {"resource": _by_arn, "tags": _tags}


@service.operation(**_one)
async def get_policy(ctx: Context, request: Request) -> Request:
    """API_GetPolicy."""
    policy = await find(ctx, request["PolicyArn"])
    shown = await described(ctx, policy)
    return {"Policy": {**shown, "Description": policy.description, "Tags": tags.shown(policy.tags)}}


@service.operation(resource=lambda ctx, request: f"policy path {request.get('PathPrefix', '/')}")
async def list_policies(ctx: Context, request: Request) -> Request:
    """The account's policies and AWS's. API_ListPolicies."""
    found, more = page(request, await _wanted(ctx, request), lambda policy: f"{policy.name.lower()} {policy.owner}")
    return {"Policies": [await described(ctx, policy) for policy in found], **more}


async def _wanted(ctx: Context, request: Request) -> list[Policy]:
    scope, prefix = request.get("Scope", "All"), request.get("PathPrefix", "/")
    found = [] if scope == "AWS" else await policies.in_path(ctx, prefix)
    if scope != "Local":
        found += [policy for policy in managed.policies() if policy.path.startswith(prefix)]
    use = request.get("PolicyUsageFilter")
    if request.get("OnlyAttached") or use is not None:
        in_use = await used(ctx, use)
        found = [policy for policy in found if arn(ctx, policy) in in_use]
    return sorted(found, key=lambda policy: (policy.name.lower(), policy.owner))


@service.operation(**_one)
async def delete_policy(ctx: Context, request: Request) -> Request:
    """API_DeletePolicy. Raises DeleteConflict while it is attached anywhere, or has more than its default version."""
    policy = await find_own(ctx, request["PolicyArn"])
    if await uses.count(ctx, request["PolicyArn"], limit=1):
        raise errors.policy_attached()
    if await versions.count(ctx, policy.id, limit=2) > 1:
        raise errors.policy_has_versions()
    versions.delete(ctx, policy.id, policy.default)
    policies.remove(ctx, policy)
    return {}


tags.declare("policy", "policy", lambda ctx, request: find_own(ctx, request["PolicyArn"]), policies.save, _by_arn)


# -- versions


@service.operation(**_one)
async def create_policy_version(ctx: Context, request: Request) -> Request:
    """API_CreatePolicyVersion. Numbers are never given out again."""
    policy = await find_own(ctx, request["PolicyArn"])
    documents.check_managed(request["PolicyDocument"])
    if await versions.count(ctx, policy.id) >= limits.VERSIONS_PER_POLICY:
        raise errors.too_many_versions(limits.VERSIONS_PER_POLICY)
    now, number = int(ctx.now()), policy.latest + 1
    default = number if request.get("SetAsDefault") else policy.default
    changed = replace(policy, latest=number, default=default, updated=now)
    version = Version(number, request["PolicyDocument"], now)
    policies.save(ctx, changed)
    versions.put(ctx, version, policy.id, number)
    return {"PolicyVersion": version_described(changed, version)}


async def _find_version(ctx: Context, policy: Policy, request: Request) -> Version:
    name = request["VersionId"]
    number = int(name[1:]) if name[1:].isdigit() and len(name) < 10 else 0
    found = await version_of(ctx, policy, number)
    if found is None:
        raise errors.no_such_version(request["PolicyArn"], name)
    return found


@service.operation(**_one)
async def get_policy_version(ctx: Context, request: Request) -> Request:
    """A version with its document. API_GetPolicyVersion."""
    policy = await find(ctx, request["PolicyArn"])
    version = await _find_version(ctx, policy, request)
    return {"PolicyVersion": version_with_document(policy, version)}


@service.operation(**_one)
async def list_policy_versions(ctx: Context, request: Request) -> Request:
    """The versions, the newest first. API_ListPolicyVersions."""
    policy = await find(ctx, request["PolicyArn"])
    shown = [version_described(policy, version) for version in await versions_of(ctx, policy)]
    return listed(request, "Versions", shown, lambda version: f"{99999 - int(version['VersionId'][1:]):05}")


@service.operation(**_one)
async def set_default_policy_version(ctx: Context, request: Request) -> Request:
    """API_SetDefaultPolicyVersion."""
    policy = await find_own(ctx, request["PolicyArn"])
    version = await _find_version(ctx, policy, request)
    policies.save(ctx, replace(policy, default=version.number, updated=int(ctx.now())))
    return {}


@service.operation(**_one)
async def delete_policy_version(ctx: Context, request: Request) -> Request:
    """API_DeletePolicyVersion. Raises DeleteConflict for the default version."""
    policy = await find_own(ctx, request["PolicyArn"])
    version = await _find_version(ctx, policy, request)
    if version.number == policy.default:
        raise errors.default_version()
    versions.delete(ctx, policy.id, version.number)
    policies.save(ctx, replace(policy, updated=int(ctx.now())))
    return {}
