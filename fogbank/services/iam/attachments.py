"""Managed policies attached to users, groups and roles: under (id of the holder, policy ARN), and in `policies.uses` the other way.

Attach, detach and list are declared for each kind of holders.
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context
from fogbank.services.iam import boundaries, errors, policies
from fogbank.services.iam.entities import Entity
from fogbank.services.iam.holders import GROUP, HOLDERS, ROLE, USER, Holder
from fogbank.services.iam.listing import listed, page
from fogbank.services.iam.policy import Policy
from fogbank.services.iam.role import SERVICE_LINKED_PATH
from fogbank.services.iam.service import definitions, service

Request = dict[str, Any]

_attachments = definitions("attachments", bytes)


async def attached(ctx: Context, holder_id: str) -> list[str]:
    """The ARNs of the managed policies of a user, group or role."""
    return [str(key[0]) for key, _ in await _attachments.items(ctx, (str,), holder_id)]


def attach(ctx: Context, holder_id: str, policy_arn: str) -> None:
    """Attach a policy that is known to exist, whatever the quota: services do so with their roles."""
    _attachments.put(ctx, b"", holder_id, policy_arn)
    policies.uses.put(ctx, b"", policy_arn, policies.PERMISSIONS, holder_id)


def detach(ctx: Context, holder_id: str, policy_arn: str) -> None:
    _attachments.delete(ctx, holder_id, policy_arn)
    policies.uses.delete(ctx, policy_arn, policies.PERMISSIONS, holder_id)


def described(policy_arn: str) -> Request:
    """An AttachedPolicy of the API."""
    return {"PolicyName": policy_arn.rpartition("/")[2], "PolicyArn": policy_arn}


def _path(policy_arn: str) -> str:
    return policy_arn.partition(":policy")[2].rpartition("/")[0] + "/"


async def _has_any(ctx: Context, holder_id: str) -> bool:
    return await _attachments.count(ctx, holder_id, limit=1) > 0


def _declare(holder: Holder) -> None:
    noun, one = holder.noun, holder.kind.one

    async def keys(ctx: Context, request: Request) -> dict[str, str]:
        return {"iam:PolicyARN": request["PolicyArn"], **await boundaries.keys_of_present(holder.kind, ctx, request)}

    async def attach_policy(ctx: Context, request: Request) -> Request:
        policy = await policies.look_up(ctx, request["PolicyArn"])
        entity = await holder.find_to_change(ctx, holder.name(request))
        if policy is None:
            raise errors.policy_not_attachable(request["PolicyArn"])
        if policy.path.startswith(SERVICE_LINKED_PATH):
            raise errors.service_role_policy()
        await _check_quota(ctx, holder, entity, request["PolicyArn"])
        attach(ctx, entity.id, request["PolicyArn"])
        return {}

    async def detach_policy(ctx: Context, request: Request) -> Request:
        await policies.look_up(ctx, request["PolicyArn"])
        entity = await holder.find_to_change(ctx, holder.name(request))
        if await _attachments.get(ctx, entity.id, request["PolicyArn"]) is None:
            raise errors.no_such_policy(request["PolicyArn"])
        detach(ctx, entity.id, request["PolicyArn"])
        return {}

    async def list_attached(ctx: Context, request: Request) -> Request:
        entity = await holder.kind.find(ctx, holder.name(request))
        prefix = request.get("PathPrefix", "/")
        found = [described(arn) for arn in await attached(ctx, entity.id) if _path(arn).startswith(prefix)]
        return listed(request, "AttachedPolicies", found, lambda policy: policy["PolicyArn"])

    service.operation_from(attach_policy, f"attach_{noun}_policy", **one, keys=keys)
    service.operation_from(detach_policy, f"detach_{noun}_policy", **one, keys=keys)
    service.operation_from(list_attached, f"list_attached_{noun}_policies", **one)
    holder.kind.belongings.append(("detach all policies", _has_any))


async def _check_quota(ctx: Context, holder: Holder, entity: Entity, policy_arn: str) -> None:
    """Raise LimitExceeded when one more is too many; attaching again is always fine."""
    quota, limit = holder.quota
    others = [arn for arn in await attached(ctx, entity.id) if arn != policy_arn]
    if len(others) >= limit:
        raise errors.quota_exceeded(quota, limit)


for _holder in HOLDERS:
    _declare(_holder)


# -- from the policy's side

# the kind in EntityFilter, the member of the answer, the names of the members in it
_SIDES = (
    ("Group", "PolicyGroups", "GroupName", "GroupId", GROUP),
    ("User", "PolicyUsers", "UserName", "UserId", USER),
    ("Role", "PolicyRoles", "RoleName", "RoleId", ROLE),
)


@service.operation(resource=lambda ctx, request: request["PolicyArn"])
async def list_entities_for_policy(ctx: Context, request: Request) -> Request:
    """Who has a policy attached or as a boundary. API_ListEntitiesForPolicy."""
    policy = await policies.find(ctx, request["PolicyArn"])
    found, more = page(request, await _entities(ctx, policy, request), lambda entry: entry[0])
    answer: Request = {"PolicyGroups": [], "PolicyUsers": [], "PolicyRoles": [], **more}
    for _, member, shown in found:
        answer[member].append(shown)
    return answer


async def _entities(ctx: Context, policy: Policy, request: Request) -> list[tuple[str, str, Request]]:
    """(order, member of the answer, entry) of everyone who uses the policy in the way that is asked for."""
    wanted, prefix = request.get("EntityFilter"), request.get("PathPrefix", "/")
    held_by = await policies.users_of(ctx, policies.arn(ctx, policy), request.get("PolicyUsageFilter"))
    found = []
    for number, (filtered, member, name, id, holder) in enumerate(_SIDES):
        for holder_id in held_by if wanted in (None, filtered) else ():
            entity = await holder.kind.identified(ctx, holder_id)
            if entity is not None and entity.path.startswith(prefix):
                found.append((f"{number}{entity.name.lower()}", member, {name: entity.name, id: entity.id}))
    return sorted(found, key=lambda entry: entry[0])
