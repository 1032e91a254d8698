"""State machines: CreateStateMachine, DescribeStateMachine, ListStateMachines, UpdateStateMachine, DeleteStateMachine."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, pages
from fogbank.services.stepfunctions import arns, errors, limits, tags
from fogbank.services.stepfunctions.configuration import (
    check_encryption,
    check_logging,
    check_role,
    encryption_of,
    logging_of,
)
from fogbank.services.stepfunctions.language import validation
from fogbank.services.stepfunctions.records import (
    EXPRESS,
    INITIAL,
    STANDARD,
    Machine,
    Revision,
    aliases,
    find_machine,
    find_version,
    given,
    machine_arn,
    machines,
    revision_of,
    revisions,
    versions,
)
from fogbank.services.stepfunctions.service import service
from fogbank.services.stepfunctions.versions import publish
from fogbank.services.stepfunctions.wire import variable_references

Request = dict[str, Any]


def _named(ctx: Context, request: Request) -> str:
    return arns.machine(ctx, request["name"])


def _create_actions(ctx: Context, request: Request) -> tuple[str, ...]:
    more = [("tags", "states:TagResource"), ("publish", "states:PublishStateMachineVersion")]
    return ("states:CreateStateMachine", *(action for member, action in more if request.get(member)))


@service.operation(resource=_named, action=_create_actions)
async def create_state_machine(ctx: Context, request: Request) -> Request:
    """API_CreateStateMachine. The same request again is answered as the first one was; its role and tags do not count."""
    name, kind = request["name"], request.get("type") or STANDARD
    arns.check_name(name)
    tagged = tags.merged(_named(ctx, request), {}, request.get("tags") or [])
    if request.get("versionDescription") is not None and not request.get("publish"):
        raise errors.validation("Version description can only be set when publish is true")
    check_definition(request["definition"], kind)
    known = await machines.get(ctx, name)
    revision = _asked(ctx, request, INITIAL)
    if known is not None:
        return await _again(ctx, known, revision, kind, request)
    await _check(ctx, revision)
    if await machines.count(ctx, limit=limits.STATE_MACHINES) >= limits.STATE_MACHINES:
        raise errors.too_many_machines(limits.STATE_MACHINES)
    machine = Machine(name, kind, ctx.now(), ctx.now(), tags=tagged)
    machines.put(ctx, machine, name)
    revisions.put(ctx, revision, name, revision.id)
    return await _created(ctx, machine, request)


async def _again(ctx: Context, known: Machine, asked: Revision, kind: str, request: Request) -> Request:
    before = await revision_of(ctx, known.name, known.revision)
    again = msgspec.structs.replace(asked, id=before.id, role=before.role, created=before.created)
    if known.type != kind or again != before:
        raise errors.machine_exists(arns.machine(ctx, known.name))
    return await _created(ctx, known, request)


async def _created(ctx: Context, machine: Machine, request: Request) -> Request:
    answer: Request = {"stateMachineArn": arns.machine(ctx, machine.name), "creationDate": machine.created}
    if request.get("publish"):
        version = await publish(ctx, machine, request.get("versionDescription"))
        answer["stateMachineVersionArn"] = f"{answer['stateMachineArn']}:{version.number}"
    return answer


def check_definition(text: str, kind: str) -> None:
    """Raises InvalidDefinition."""
    found = validation.check(text, kind == EXPRESS)
    if found:
        raise errors.invalid_definition(", ".join(str(each) for each in found))


def _asked(ctx: Context, request: Request, revision: str) -> Revision:
    return Revision(
        revision,
        request["definition"],
        request["roleArn"],
        logging_of(request.get("loggingConfiguration")),
        bool((request.get("tracingConfiguration") or {}).get("enabled")),
        encryption_of(request.get("encryptionConfiguration")),
        ctx.now(),
    )


async def _check(ctx: Context, revision: Revision) -> None:
    check_logging(revision.logging)
    await check_encryption(ctx, revision.encryption)
    await check_role(ctx, revision.role)


# -- reading


@service.operation(resource=given)
async def describe_state_machine(ctx: Context, request: Request) -> Request:
    """API_DescribeStateMachine. Of a version, or an alias, it shows what it stands for."""
    arn = machine_arn(request["stateMachineArn"])
    machine = await find_machine(ctx, arn)
    revision_id, created, description = machine.revision, machine.created, None
    if arn.is_version:
        version = await find_version(ctx, arn)
        revision_id, created, description = version.revision, version.created, version.description
    elif arn.qualifier and await aliases.get(ctx, machine.name, arn.qualifier) is None:
        raise errors.no_machine(arn.text)
    revision = await revision_of(ctx, machine.name, revision_id)
    return {
        **shown(revision, request.get("includedData")),
        "stateMachineArn": arn.text,
        "name": machine.name,
        "status": "ACTIVE",
        "type": machine.type,
        "creationDate": created,
        "description": description,
    }


def shown(revision: Revision, included: str | None) -> Request:
    """What the API tells of a revision."""
    has_data = included != "METADATA_ONLY" or revision.encryption["type"] == "AWS_OWNED_KEY"
    return {
        "definition": revision.definition if has_data else "{}",
        "roleArn": revision.role,
        "loggingConfiguration": revision.logging,
        "tracingConfiguration": {"enabled": revision.tracing},
        "encryptionConfiguration": revision.encryption,
        "revisionId": None if revision.id == INITIAL else revision.id,
        "variableReferences": variable_references(revision.definition),
    }


@service.operation
async def list_state_machines(ctx: Context, request: Request) -> Request:
    """The state machines by name. API_ListStateMachines."""
    token = request.get("nextToken")
    after = None if token is None else (pages.position(token, errors.invalid_token()),)
    limit = request.get("maxResults") or limits.PAGE
    rows = await machines.scan(ctx, after=after, limit=limit + 1)
    found, following = pages.page(rows, limit, lambda machine: machine.name)
    return {"stateMachines": [_listed(ctx, machine) for machine in found], "nextToken": following}


def _listed(ctx: Context, machine: Machine) -> Request:
    arn = arns.machine(ctx, machine.name)
    return {"stateMachineArn": arn, "name": machine.name, "type": machine.type, "creationDate": machine.created}


# -- changing


_CHANGEABLE = ("definition", "roleArn", "loggingConfiguration", "tracingConfiguration", "encryptionConfiguration")


@service.operation(resource=given)
async def update_state_machine(ctx: Context, request: Request) -> Request:
    """Executions that are under way go on as they began. API_UpdateStateMachine."""
    arn = machine_arn(request["stateMachineArn"])
    if arn.qualifier:
        raise errors.invalid_arn("", f"Invalid ARN: {arn.text}")
    machine = await find_machine(ctx, arn)
    if all(request.get(name) is None for name in _CHANGEABLE):
        raise errors.missing_parameter()
    before = await revision_of(ctx, machine.name, machine.revision)
    revision = _changed(ctx, before, request)
    if request.get("definition") is not None:
        check_definition(revision.definition, machine.type)
    await _check(ctx, revision)
    revisions.put(ctx, revision, machine.name, revision.id)
    machine = msgspec.structs.replace(machine, revision=revision.id, updated=ctx.now())
    machines.put(ctx, machine, machine.name)
    answer: Request = {"updateDate": machine.updated, "revisionId": revision.id}
    if request.get("publish"):
        version = await publish(ctx, machine, request.get("versionDescription"))
        answer["stateMachineVersionArn"] = f"{arn.text}:{version.number}"
    return answer


def _changed(ctx: Context, before: Revision, request: Request) -> Revision:
    changes: Request = {"id": ctx.ids.uuid(), "created": ctx.now()}
    if request.get("definition") is not None:
        changes["definition"] = request["definition"]
    if request.get("roleArn") is not None:
        changes["role"] = request["roleArn"]
    if request.get("loggingConfiguration") is not None:
        changes["logging"] = logging_of(request["loggingConfiguration"])
    if request.get("tracingConfiguration") is not None:
        changes["tracing"] = bool(request["tracingConfiguration"].get("enabled"))
    if request.get("encryptionConfiguration") is not None:
        changes["encryption"] = encryption_of(request["encryptionConfiguration"])
    return msgspec.structs.replace(before, **changes)


@service.operation(resource=given)
async def delete_state_machine(ctx: Context, request: Request) -> Request:
    """Its versions and aliases go with it; executions that are under way stop. One that is not there is no error.

    API_DeleteStateMachine.
    """
    arn = machine_arn(request["stateMachineArn"])
    if arn.qualifier:
        raise errors.validation("The ARN must be that of a state machine, without version or alias")
    machine = await machines.get(ctx, arn.name)
    if machine is None:
        return {}
    machines.delete(ctx, machine.name)
    for version in await versions.scan(ctx, machine.name):
        versions.delete(ctx, machine.name, version.number)
    for alias in await aliases.scan(ctx, machine.name):
        aliases.delete(ctx, machine.name, alias.name)
    await ctx.schedule("stop_executions", {"machine": machine.name, "before": ctx.now()})
    return {}


@service.operation(resource=lambda ctx, request: "*")
async def validate_state_machine_definition(ctx: Context, request: Request) -> Request:
    """API_ValidateStateMachineDefinition."""
    found = validation.check(request["definition"], request.get("type") == EXPRESS)
    limit = request.get("maxResults") or limits.PAGE
    members = ("code", "message", "location", "severity")
    shown_ones = [dict(zip(members, each, strict=True)) for each in found[:limit]]
    return {"result": "FAIL" if found else "OK", "diagnostics": shown_ones, "truncated": len(found) > limit}
