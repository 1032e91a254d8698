"""When users, groups, roles and policies last reached the services that they may reach, from the journal of decisions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html. A report is made by a task; its lines lie under
(job, service prefix), the users and roles that it is about with each line.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from fogbank.identity import reference
from fogbank.identity.grants import Grants
from fogbank.identity.journal import Use
from fogbank.kernel import Context, Record
from fogbank.services.iam import policies, subjects, uses
from fogbank.services.iam.errors import invalid_input, no_such_entity
from fogbank.services.iam.groups import groups, members_of
from fogbank.services.iam.listing import page
from fogbank.services.iam.role import roles
from fogbank.services.iam.service import service
from fogbank.services.iam.subjects import HeldPolicy
from fogbank.services.iam.users import users

Request = dict[str, Any]
Granularity = Literal["SERVICE_LEVEL", "ACTION_LEVEL"]

_PERIOD: Final = 400 * 86_400


class Job(Record, frozen=True):
    """A report that was asked for: about whom, by whom (ARNs), when it was asked for and when it was done (epoch seconds)."""

    subject: str
    caller: str
    granularity: Granularity
    created: int
    completed: int | None = None


class Touch(Record, frozen=True):
    """The last time that an entity (its ARN) touched something: epoch seconds, and the region."""

    entity: str
    at: int
    region: str


class Line(Record, frozen=True):
    """A service: who touched it, the last first; which of its actions were touched, and by whom last; None for never."""

    prefix: str
    touched: tuple[Touch, ...] = ()
    actions: tuple[tuple[str, Touch | None], ...] = ()


class Entity(Record, frozen=True):
    """A user or role that a report is about."""

    arn: str
    name: str
    id: str
    path: str
    type: str


class Scope(msgspec.Struct, frozen=True):
    """What a report is about: the policies that allow, and the users and roles whom they allow."""

    texts: tuple[str, ...]
    entities: tuple[Entity, ...]


_jobs = service.collection("access_jobs", Job, scope="account")
_lines = service.collection("access_lines", Line, scope="account")
_entities = service.collection("access_entities", Entity, scope="account")


# -- asking for a report


def _arn(ctx: Context, request: Request) -> str:
    return request["Arn"]


@service.operation(resource=_arn)
async def generate_service_last_accessed_details(ctx: Context, request: Request) -> Request:
    """API_GenerateServiceLastAccessedDetails."""
    await _scope(ctx, request["Arn"])
    job, granularity = ctx.ids.uuid(), request.get("Granularity", "SERVICE_LEVEL")
    _jobs.put(ctx, Job(request["Arn"], ctx.principal.policy_arn, granularity, int(ctx.now())), job)
    await ctx.schedule("report_last_accessed", {"job": job})
    return {"JobId": job}


async def _scope(ctx: Context, arn: str) -> Scope:
    """What a report about an ARN is about. Raises InvalidInput and NoSuchEntity."""
    if ":policy/" in arn:
        policy = await policies.find(ctx, arn)
        return Scope((await policies.default_document(ctx, policy),), tuple(await _attached_to(ctx, arn)))
    subject = await subjects.find(ctx, arn)
    return Scope(tuple(policy.text for policy in subject.policies), tuple(await _entities_of(ctx, subject.id)))


async def _attached_to(ctx: Context, policy_arn: str) -> list[Entity]:
    """The users and roles that a policy is attached to, also through groups."""
    rows = await policies.uses.items(ctx, (str,), policy_arn, policies.PERMISSIONS)
    found = [entity for key, _ in rows for entity in await _entities_of(ctx, str(key[0]))]
    return list(dict.fromkeys(found))


async def _entities_of(ctx: Context, id: str) -> list[Entity]:
    """The user or role with a unique id, or the users of the group with it."""
    group = await groups.identified(ctx, id)
    if group is not None:
        return [
            Entity(users.arn(ctx, user), user.name, user.id, user.path, "USER") for user in await members_of(ctx, group)
        ]
    user = await users.identified(ctx, id)
    if user is not None:
        return [Entity(users.arn(ctx, user), user.name, id, user.path, "USER")]
    role = await roles.identified(ctx, id)
    return [] if role is None else [Entity(roles.arn(ctx, role), role.name, id, role.path, "ROLE")]


# -- making it


@service.task
async def report_last_accessed(ctx: Context, payload: dict[str, Any]) -> None:
    """Write down what the journal knows now. A subject that is gone by now has an empty report."""
    job = await _jobs.get(ctx, payload["job"])
    assert job is not None
    scope = await _scope(ctx, job.subject)
    journal = {entity.arn: await uses_of(ctx, entity.arn) for entity in scope.entities}
    grants = Grants(scope.texts)
    for prefix in grants.services():
        _lines.put(ctx, _line(prefix, journal, grants, job.granularity), payload["job"], prefix)
    for entity in scope.entities:
        _entities.put(ctx, entity, payload["job"], entity.arn)
    _jobs.put(ctx, replace(job, completed=int(ctx.now())), payload["job"])


async def uses_of(ctx: Context, arn: str) -> dict[str, Use]:
    """What a user or role used, by action, as far back as AWS looks."""
    since = ctx.now() - _PERIOD
    return {action: use for action, use in (await uses.journal(ctx).uses(ctx, arn)).items() if use.last >= since}


def _line(prefix: str, journal: dict[str, dict[str, Use]], grants: Grants, granularity: Granularity) -> Line:
    by_action: dict[str, list[Touch]] = {}
    by_entity: list[Touch] = []
    for arn, used in journal.items():
        own = [
            (action, Touch(arn, int(use.last), use.region)) for action, use in used.items() if _is_of(action, prefix)
        ]
        for action, touch in own:
            by_action.setdefault(action.partition(":")[2], []).append(touch)
        by_entity += _latest([touch for _, touch in own])[:1]
    if granularity == "SERVICE_LEVEL" or not by_action:
        return Line(prefix, tuple(_latest(by_entity)))
    actions = [(name, next(iter(_latest(by_action.get(name, []))), None)) for name in grants.actions(prefix)]
    return Line(prefix, tuple(_latest(by_entity)), tuple(actions))


def _is_of(action: str, prefix: str) -> bool:
    return action.startswith(f"{prefix}:")


def _latest(touches: list[Touch]) -> list[Touch]:
    return sorted(touches, key=lambda touch: (-touch.at, touch.entity))


# -- reading it


async def _find(ctx: Context, request: Request) -> Job:
    """The job, for whoever asked for it. Raises NoSuchEntity."""
    job = await _jobs.get(ctx, request["JobId"])
    if job is None or job.caller != ctx.principal.policy_arn:
        raise no_such_entity(f"Invalid job id: {request['JobId']}")
    return job


def _status(job: Job) -> Request:
    return {
        "JobStatus": "IN_PROGRESS" if job.completed is None else "COMPLETED",
        "JobCreationDate": job.created,
        "JobCompletionDate": job.completed,
    }


@service.operation
async def get_service_last_accessed_details(ctx: Context, request: Request) -> Request:
    """The services that can be reached, and who reached them last. API_GetServiceLastAccessedDetails."""
    job = await _find(ctx, request)
    lines, more = page(request, await _lines.scan(ctx, request["JobId"]), lambda line: line.prefix)
    return {
        **_status(job),
        "JobType": job.granularity,
        "ServicesLastAccessed": [_service_described(line) for line in lines],
        **more,
    }


def _service_described(line: Line) -> Request:
    last = line.touched[0] if line.touched else None
    return {
        "ServiceName": service_name(line.prefix),
        "ServiceNamespace": line.prefix,
        "LastAuthenticated": last and last.at,
        "LastAuthenticatedEntity": last and last.entity,
        "LastAuthenticatedRegion": last and last.region,
        "TotalAuthenticatedEntities": len(line.touched),
        "TrackedActionsLastAccessed": [_action_described(*action) for action in line.actions] or None,
    }


def _action_described(name: str, last: Touch | None) -> Request:
    return {
        "ActionName": name,
        "LastAccessedTime": last and last.at,
        "LastAccessedEntity": last and last.entity,
        "LastAccessedRegion": last and last.region,
    }


def service_name(prefix: str) -> str:
    """The full name of a service."""
    known = reference.service(prefix)
    return prefix if known is None else known.name


@service.operation
async def get_service_last_accessed_details_with_entities(ctx: Context, request: Request) -> Request:
    """Who can reach a service, and who did last. API_GetServiceLastAccessedDetailsWithEntities."""
    job, prefix = await _find(ctx, request), request["ServiceNamespace"]
    if reference.service(prefix) is None:
        raise invalid_input(f"Invalid service namespace: {prefix}")
    line = await _lines.get(ctx, request["JobId"], prefix)
    touched = {touch.entity: touch.at for touch in line.touched} if line is not None else {}
    entities = await _entities.scan(ctx, request["JobId"]) if line is not None else []

    def order(entity: Entity) -> str:
        return f"{10**12 - touched.get(entity.arn, 0):013}{entity.arn}"

    found, more = page(request, sorted(entities, key=order), order)
    return {**_status(job), "EntityDetailsList": [_entity_described(entity, touched) for entity in found], **more}


def _entity_described(entity: Entity, touched: dict[str, int]) -> Request:
    info = {"Arn": entity.arn, "Name": entity.name, "Type": entity.type, "Id": entity.id, "Path": entity.path}
    return {"EntityInfo": info, "LastAuthenticated": touched.get(entity.arn)}


# -- which policies it is that grant access


@service.operation(resource=_arn)
async def list_policies_granting_service_access(ctx: Context, request: Request) -> Request:
    """API_ListPoliciesGrantingServiceAccess."""
    for prefix in request["ServiceNamespaces"]:
        if reference.service(prefix) is None:
            raise invalid_input(f"Invalid service namespace: {prefix}")
    subject = await subjects.find(ctx, request["Arn"])
    shown = [
        {
            "ServiceNamespace": prefix,
            "Policies": [_policy(held) for held in subject.policies if Grants([held.text]).reaches(prefix)],
        }
        for prefix in request["ServiceNamespaces"]
    ]
    found, more = page(request, list(enumerate(shown)), lambda entry: f"{entry[0]:04}")
    return {"PoliciesGrantingServiceAccess": [entry for _, entry in found], **more}


def _policy(held: HeldPolicy) -> Request:
    if held.arn:
        return {"PolicyName": held.name, "PolicyType": "MANAGED", "PolicyArn": held.arn}
    holder = {"EntityType": held.holder.upper(), "EntityName": held.holder_name}
    return {"PolicyName": held.name, "PolicyType": "INLINE", **holder}
