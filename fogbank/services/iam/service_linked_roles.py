"""Service-linked roles: made for a service, with AWS's name and policy, and deleted only when the service has no use for them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html. Which service has which role is in
`service_linked_roles.txt`, from the services' own pages. A service that works as its role has it made by what IAM provides as
"linked_roles" (`LinkedRoles`). A service that has things which need its role offers `service.provide("linked_role_usage", usage)`:
an async function of the context that gives (region, ARN) of each of them.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from fogbank.identity.principals import service_host
from fogbank.kernel import Context, Record
from fogbank.services.iam import attachments, refusals, trust
from fogbank.services.iam import roles as role_operations
from fogbank.services.iam.errors import invalid_input
from fogbank.services.iam.role import SERVICE_LINKED_PATH, Role, roles
from fogbank.services.iam.service import service

Request = dict[str, Any]
Usage = list[tuple[str, str]]

_NAME_LENGTH: Final = 64
_POLICIES: Final = "arn:aws:iam::aws:policy/aws-service-role/"
# How long a deletion takes: long enough to be seen under way.
_DELETION_SECONDS: Final = 1


class LinkedRole(msgspec.Struct, frozen=True):
    """A service's role: its name, its managed policy's ARN, and whether there may be several with suffixes."""

    name: str
    policy: str
    suffix: bool


class Deletion(Record, frozen=True):
    """A deletion task: its status, and why it failed: (region, ARN) of what needs the role."""

    role: str
    service: str
    status: str
    usage: tuple[tuple[str, str], ...] = ()

    @property
    def pending(self) -> bool:
        return self.status == "IN_PROGRESS"


_deletions = service.collection("linked_role_deletions", Deletion, scope="account")


@cache
def _linked_roles() -> dict[str, LinkedRole]:
    """Every service's role by the service's principal."""
    text = resources.files(__package__).joinpath("service_linked_roles.txt").read_text()
    rows = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return {host: LinkedRole(role, _POLICIES + policy, bool(suffix)) for host, role, policy, *suffix in rows}


# -- creating


def _name(request: Request) -> str:
    """The name of the role that is asked for. Raises InvalidInput."""
    host, suffix = request["AWSServiceName"], request.get("CustomSuffix")
    linked = _linked_roles().get(host)
    if linked is None:
        raise refusals.no_linked_role_of(host)
    if suffix is None:
        return linked.name
    if not linked.suffix:
        raise refusals.suffix_not_allowed(host)
    name = f"{linked.name}_{suffix}"
    if len(name) > _NAME_LENGTH:
        raise invalid_input(f"The role name {name} is longer than {_NAME_LENGTH} characters.")
    return name


def _new_resource(ctx: Context, request: Request) -> str:
    host = request["AWSServiceName"]
    linked = _linked_roles().get(host)
    return roles.arn_of(ctx, f"{SERVICE_LINKED_PATH}{host}/", linked.name if linked else "*")


def _condition_keys(ctx: Context, request: Request) -> dict[str, str]:
    return {"iam:AWSServiceName": request["AWSServiceName"]}


@service.operation(resource=_new_resource, keys=_condition_keys)
async def create_service_linked_role(ctx: Context, request: Request) -> Request:
    """API_CreateServiceLinkedRole."""
    name = _name(request)
    if await roles.named(ctx, name) is not None:
        raise refusals.service_role_taken(name)
    role = await _create(ctx, request["AWSServiceName"], name, request.get("Description"))
    shown = await role_operations.described(ctx, role)
    return {"Role": {**shown, "MaxSessionDuration": None}}


async def _create(ctx: Context, host: str, name: str, description: str | None = None) -> Role:
    role = Role(
        name=name,
        path=f"{SERVICE_LINKED_PATH}{host}/",
        id=await roles.new_id(ctx, name),
        created=int(ctx.now()),
        trust=await trust.canonical(ctx, _trust(host)),
        description=description,
    )
    roles.save(ctx, role)
    attachments.attach(ctx, role.id, _linked_roles()[host].policy)
    return role


def _trust(host: str) -> str:
    statement = {"Action": ["sts:AssumeRole"], "Effect": "Allow", "Principal": {"Service": [host]}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class LinkedRoles:
    """What other services ask about their own roles, in the context's account. `host` is a service's principal."""

    async def find(self, ctx: Context, host: str) -> str | None:
        """The ARN of the service's role, if there is one."""
        role = await roles.named(ctx, _linked_roles()[host].name)
        return None if role is None else roles.arn(ctx, role)

    async def ensure(self, ctx: Context, host: str) -> str:
        """The ARN of the service's role, made if need be. Whether somebody may have it made is for the service to ask."""
        name = _linked_roles()[host].name
        role = await roles.named(ctx, name) or await _create(ctx, host, name)
        return roles.arn(ctx, role)


service.provide("linked_roles", LinkedRoles())


# -- deleting


@service.operation(**roles.one)
async def delete_service_linked_role(ctx: Context, request: Request) -> Request:
    """Ask for a role's deletion, which happens a moment later unless the service needs it. API_DeleteServiceLinkedRole."""
    role = await roles.find(ctx, request["RoleName"])
    if not role.service_linked:
        raise refusals.not_service_linked(role.name)
    host = role.path.removeprefix(SERVICE_LINKED_PATH).strip("/")
    for key, deletion in await _deletions.items(ctx, (str,), role.name):
        if deletion.pending:
            return {"DeletionTaskId": _task_id(deletion, str(key[0]))}
    task, deletion = ctx.ids.uuid(), Deletion(role.name, host, "IN_PROGRESS")
    _deletions.put(ctx, deletion, role.name, task)
    await ctx.schedule("delete_linked_role", {"role": role.name, "task": task}, delay=_DELETION_SECONDS)
    return {"DeletionTaskId": _task_id(deletion, task)}


def _task_id(deletion: Deletion, task: str) -> str:
    return f"task/aws-service-role/{deletion.service}/{deletion.role}/{task}"


@service.task
async def delete_linked_role(ctx: Context, payload: dict[str, Any]) -> None:
    """Delete the role, unless something of its service needs it."""
    deletion = await _deletions.get(ctx, payload["role"], payload["task"])
    role = await roles.named(ctx, payload["role"])
    assert deletion is not None
    usage = await _usage(ctx, deletion.service)
    if usage:
        after = replace(deletion, status="FAILED", usage=tuple(usage))
    else:
        after = replace(deletion, status="SUCCEEDED")
        if role is not None:
            await _remove(ctx, role)
    _deletions.put(ctx, after, payload["role"], payload["task"])


async def _usage(ctx: Context, host: str) -> Usage:
    """What the service of that principal has that needs its role."""
    named = [name for name in ctx.app.services.names if service_host(name) == host]
    found: Usage = []
    for name in named:
        linked = ctx.app.services.get(name)
        usage = None if linked is None else linked.provided.get("linked_role_usage")
        if usage is not None:
            found += await usage(ctx)
    return found


async def _remove(ctx: Context, role: Role) -> None:
    for policy_arn in await attachments.attached(ctx, role.id):
        attachments.detach(ctx, role.id, policy_arn)
    role_operations.remove(ctx, role)


def _resource_of_task(ctx: Context, request: Request) -> str:
    parts = request["DeletionTaskId"].split("/")
    return roles.arn_of(ctx, f"{SERVICE_LINKED_PATH}{parts[2]}/", parts[3]) if len(parts) == 5 else "*"


@service.operation(resource=_resource_of_task)
async def get_service_linked_role_deletion_status(ctx: Context, request: Request) -> Request:
    """API_GetServiceLinkedRoleDeletionStatus."""
    parts = request["DeletionTaskId"].split("/")
    if len(parts) != 5 or parts[:2] != ["task", "aws-service-role"]:
        raise refusals.invalid_deletion_task()
    deletion = await _deletions.get(ctx, parts[3], parts[4])
    if deletion is None or deletion.service != parts[2]:
        raise refusals.no_deletion_task(request["DeletionTaskId"])
    return {"Status": deletion.status, "Reason": _reason(deletion) if deletion.usage else None}


def _reason(deletion: Deletion) -> Request:
    regions = dict.fromkeys(region for region, _ in deletion.usage)
    return {
        "Reason": "A service-linked role cannot be deleted while resources of its service use it.",
        "RoleUsageList": [
            {"Region": region, "Resources": [arn for where, arn in deletion.usage if where == region]}
            for region in regions
        ],
    }
