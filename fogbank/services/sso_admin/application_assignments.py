"""Who may use an application."""

from __future__ import annotations

from typing import Any

from fogbank.identity.workforce import workforce
from fogbank.kernel import Context
from fogbank.services.sso_admin import errors
from fogbank.services.sso_admin.application import (
    ON_APPLICATION,
    Application,
    Key,
    applications,
    assigned,
    change,
    named,
)
from fogbank.services.sso_admin.instance import ON_INSTANCE, find, instances, key_of
from fogbank.services.sso_admin.listing import listed
from fogbank.services.sso_admin.service import service

Request = dict[str, Any]


def _principal(request: Request) -> tuple[str, str]:
    return request["PrincipalType"], request["PrincipalId"]


@service.operation(**ON_APPLICATION)
async def create_application_assignment(ctx: Context, request: Request) -> Request:
    """Errors: ResourceNotFoundException (principal), ConflictException. API_CreateApplicationAssignment."""
    _, key = await named(ctx, request)
    instance = await instances.get(ctx, key[0])
    assert instance is not None
    kind, principal = _principal(request)
    if not await workforce(ctx).exists(ctx, instance.store, request["PrincipalType"], principal):
        raise errors.principal_not_found(kind, principal)
    if await assigned.get(ctx, *key, kind, principal) is not None:
        raise errors.conflict("The principal is already assigned to the application.")
    assigned.put(ctx, b"", *key, kind, principal)
    return {}


async def _check_assigned(ctx: Context, key: Key, request: Request) -> None:
    if await assigned.get(ctx, *key, *_principal(request)) is None:
        raise errors.not_found("The application assignment does not exist.")


@service.operation(**ON_APPLICATION)
async def describe_application_assignment(ctx: Context, request: Request) -> Request:
    """A direct assignment. API_DescribeApplicationAssignment."""
    application, key = await named(ctx, request)
    await _check_assigned(ctx, key, request)
    return _described(application, *_principal(request))


def _described(application: Application, kind: str, principal: str) -> Request:
    return {"ApplicationArn": application.arn, "PrincipalType": kind, "PrincipalId": principal}


@service.operation(**ON_APPLICATION)
async def delete_application_assignment(ctx: Context, request: Request) -> Request:
    """API_DeleteApplicationAssignment."""
    _, key = await named(ctx, request)
    await _check_assigned(ctx, key, request)
    assigned.delete(ctx, *key, *_principal(request))
    return {}


@service.operation(**ON_APPLICATION)
async def list_application_assignments(ctx: Context, request: Request) -> Request:
    """API_ListApplicationAssignments."""
    application, key = await named(ctx, request)
    rows = [(str(rest[0]), str(rest[1])) for rest, _ in await assigned.items(ctx, (str, str), *key)]
    return listed(request, "ApplicationAssignments", rows, " ".join, lambda row: _described(application, *row))


@service.operation(**ON_INSTANCE)
async def list_application_assignments_for_principal(ctx: Context, request: Request) -> Request:
    """What a group may use, or a user, by itself and by its groups. API_ListApplicationAssignmentsForPrincipal."""
    instance = await find(ctx, request)
    wanted = request.get("Filter", {}).get("ApplicationArn")
    holders = await holders_of(ctx, instance.store, *_principal(request))
    rows = [
        (application, *holder)
        for application in await applications.scan(ctx, instance.id)
        if wanted in (None, application.arn)
        for holder in holders
        if await assigned.get(ctx, *key_of(application.arn), *holder) is not None
    ]
    rows.sort(key=_position)
    return listed(request, "ApplicationAssignments", rows, _position, lambda row: _described(*row))


def _position(row: tuple[Application, str, str]) -> str:
    return f"{row[0].arn} {row[1]} {row[2]}"


async def holders_of(ctx: Context, store: str, kind: str, principal: str) -> list[tuple[str, str]]:
    """As whom a principal may be assigned: as itself, and as each of its groups."""
    if kind == "GROUP":
        return [(kind, principal)]
    groups = await workforce(ctx).groups_of(ctx, store, principal)
    return [(kind, principal), *(("GROUP", group) for group in groups)]


@service.operation(**ON_APPLICATION)
async def put_application_assignment_configuration(ctx: Context, request: Request) -> Request:
    """Whether somebody has to be assigned. API_PutApplicationAssignmentConfiguration."""
    application, _ = await named(ctx, request)
    change(ctx, application, assigned=request["AssignmentRequired"])
    return {}


@service.operation(**ON_APPLICATION)
async def get_application_assignment_configuration(ctx: Context, request: Request) -> Request:
    """API_GetApplicationAssignmentConfiguration."""
    application, _ = await named(ctx, request)
    return {"AssignmentRequired": application.assigned}
