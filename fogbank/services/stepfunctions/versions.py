"""Versions of state machines. https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-version.html"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.stepfunctions import errors, limits
from fogbank.services.stepfunctions.records import (
    Machine,
    Version,
    aliases,
    find_machine,
    given,
    machine_arn,
    machines,
    versions,
)
from fogbank.services.stepfunctions.service import service
from fogbank.services.stepfunctions.wire import listed, number_after

Request = dict[str, Any]


async def publish(ctx: Context, machine: Machine, description: str | None) -> Version:
    """The version of the machine's revision; of a revision there is one version at most. Raises ServiceQuotaExceededException."""
    latest = await versions.get(ctx, machine.name, machine.versions) if machine.versions else None
    if latest is not None and latest.revision == machine.revision and description in (None, latest.description):
        return latest
    if await versions.count(ctx, machine.name, limit=limits.VERSIONS) >= limits.VERSIONS:
        raise errors.quota_exceeded("versions", limits.VERSIONS)
    version = Version(machine.versions + 1, machine.revision, ctx.now(), description)
    versions.put(ctx, version, machine.name, version.number)
    machines.put(ctx, msgspec.structs.replace(machine, versions=version.number), machine.name)
    return version


@service.operation(resource=given)
async def publish_state_machine_version(ctx: Context, request: Request) -> Request:
    """API_PublishStateMachineVersion."""
    arn = machine_arn(request["stateMachineArn"])
    if arn.qualifier:
        raise errors.invalid_arn(arn.text, f"Invalid ARN: {arn.text}")
    machine = await find_machine(ctx, arn)
    revision = request.get("revisionId")
    if revision not in (None, machine.revision):
        raise errors.wrong_revision(str(revision))
    version = await publish(ctx, machine, request.get("description"))
    return {"creationDate": version.created, "stateMachineVersionArn": f"{arn.text}:{version.number}"}


@service.operation(resource=given)
async def list_state_machine_versions(ctx: Context, request: Request) -> Request:
    """The latest first. API_ListStateMachineVersions."""
    arn = machine_arn(request["stateMachineArn"])
    await find_machine(ctx, arn)
    before = number_after(request)
    limit = (request.get("maxResults") or limits.PAGE) + 1
    rows = await versions.scan(ctx, arn.name, until=before, reverse=True, limit=limit)
    found, following = listed(rows, request, lambda version: str(version.number))
    shown = [{"stateMachineVersionArn": f"{arn.text}:{each.number}", "creationDate": each.created} for each in found]
    return {"stateMachineVersions": shown, "nextToken": following}


@service.operation(resource=given)
async def delete_state_machine_version(ctx: Context, request: Request) -> Request:
    """API_DeleteStateMachineVersion. Raises ConflictException while an alias leads to it."""
    arn = machine_arn(request["stateMachineVersionArn"])
    if not arn.is_version:
        raise errors.validation(f"Invalid version ARN: '{arn.text}'")
    number = int(arn.qualifier)
    routed = [each.name for each in await aliases.scan(ctx, arn.name) if number in [place for place, _ in each.routing]]
    if routed:
        raise errors.version_is_routed(routed)
    if await versions.get(ctx, arn.name, number) is not None:
        versions.delete(ctx, arn.name, number)
    return {}
