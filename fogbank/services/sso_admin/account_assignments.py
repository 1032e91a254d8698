"""CreateAccountAssignment, DeleteAccountAssignment, ProvisionPermissionSet: done a moment later, with a status to be asked for.

requests    (kind, id)    Outcome; kinds are CREATION, DELETION, PROVISIONING
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fogbank.identity.workforce import workforce
from fogbank.kernel import AWSError, Context, Record
from fogbank.services.sso_admin import errors, limits, provisioning
from fogbank.services.sso_admin.assignment import Assignment, assignments, provisioned
from fogbank.services.sso_admin.instance import ON_INSTANCE, find, key_of
from fogbank.services.sso_admin.listing import listed
from fogbank.services.sso_admin.permission_set import find_set, permission_sets
from fogbank.services.sso_admin.service import service

Request = dict[str, Any]


class Outcome(Record, frozen=True):
    """What became of a request. `shown` are the members of its status that do not change."""

    id: str
    status: str
    shown: dict[str, Any]
    failure: str | None = None


outcomes = service.collection("requests", Outcome, scope="account")


def _on_target(ctx: Context, request: Request) -> list[str]:
    account = request.get("TargetId") or request.get("AccountId") or "*"
    return [request["InstanceArn"], request["PermissionSetArn"], f"arn:{ctx.partition}:sso:::account/{account}"]


def _described(row: Outcome) -> Request:
    return {**row.shown, "Status": row.status, "RequestId": row.id, "FailureReason": row.failure}


async def _begin(ctx: Context, kind: str, shown: Request, accounts: list[str]) -> Request:
    row = Outcome(ctx.ids.uuid(), "IN_PROGRESS", {**shown, "CreatedDate": ctx.now()})
    outcomes.put(ctx, row, kind, row.id)
    await ctx.schedule("carry_out", {"kind": kind, "id": row.id, "accounts": accounts}, delay=limits.SETTLING)
    return _described(row)


# -- asking


@service.operation(resource=_on_target)
async def create_account_assignment(ctx: Context, request: Request) -> Request:
    """Errors: ResourceNotFoundException, ValidationException (account). API_CreateAccountAssignment."""
    instance = await find(ctx, request)
    await find_set(ctx, request)
    await _check_account(ctx, request["TargetId"])
    kind, principal = request["PrincipalType"], request["PrincipalId"]
    if not await workforce(ctx).exists(ctx, instance.store, kind, principal):
        raise errors.principal_not_found(kind, principal)
    status = await _begin(ctx, "CREATION", _shown(request), [request["TargetId"]])
    return {"AccountAssignmentCreationStatus": status}


async def _check_account(ctx: Context, account: str) -> None:
    if account not in await provisioning.accounts(ctx):
        raise errors.account_not_found(account)


def _shown(request: Request) -> Request:
    return {name: request[name] for name in request.keys() - {"InstanceArn"}}


@service.operation(resource=_on_target)
async def delete_account_assignment(ctx: Context, request: Request) -> Request:
    """Raises ResourceNotFoundException for an assignment that there is not. API_DeleteAccountAssignment."""
    present = await find_set(ctx, request)
    key = (present.arn, request["TargetId"], request["PrincipalType"], request["PrincipalId"])
    if await assignments.get(ctx, *key) is None:
        raise errors.assignment_not_found()
    status = await _begin(ctx, "DELETION", _shown(request), [request["TargetId"]])
    return {"AccountAssignmentDeletionStatus": status}


@service.operation(resource=_on_target)
async def provision_permission_set(ctx: Context, request: Request) -> Request:
    """Bring the permission set's current form to one account, or to all that have it. API_ProvisionPermissionSet."""
    present = await find_set(ctx, request)
    if request["TargetType"] == "AWS_ACCOUNT":
        if "TargetId" not in request:
            raise errors.invalid("TargetId is required when TargetType is AWS_ACCOUNT.")
        await _check_account(ctx, request["TargetId"])
        targets = [request["TargetId"]]
    else:
        targets = [row.account for row in await provisioned.scan(ctx, present.arn)]
    shown = {"PermissionSetArn": present.arn, "AccountId": request.get("TargetId")}
    return {"PermissionSetProvisioningStatus": await _begin(ctx, "PROVISIONING", shown, targets)}


# -- doing


@service.task
async def carry_out(ctx: Context, payload: Request) -> None:
    """Do what was asked for. What IAM refuses is the reason of the failure, and undoes all of it."""
    row = await outcomes.get(ctx, payload["kind"], payload["id"])
    if row is None:
        return
    try:
        await ctx.undoing(_WORK[payload["kind"]], ctx, row.shown, payload["accounts"])
        after = replace(row, status="SUCCEEDED")
    except AWSError as error:
        after = replace(row, status="FAILED", failure=error.message)
    outcomes.put(ctx, after, payload["kind"], row.id)


async def _provision(ctx: Context, shown: Request, accounts: list[str]) -> None:
    wanted = await permission_sets.get(ctx, *key_of(shown["PermissionSetArn"]))
    if wanted is None:
        raise errors.permission_set_not_found(shown["PermissionSetArn"])
    for account in accounts:
        await provisioning.provision(ctx, wanted, account)


async def _assign(ctx: Context, shown: Request, accounts: list[str]) -> None:
    made = Assignment(shown["PermissionSetArn"], shown["TargetId"], shown["PrincipalType"], shown["PrincipalId"])
    if await provisioned.get(ctx, made.permission_set, made.account) is None:
        await _provision(ctx, shown, accounts)
    assignments.put(ctx, made, made.permission_set, made.account, made.type, made.principal)


async def _unassign(ctx: Context, shown: Request, accounts: list[str]) -> None:
    arn, account = shown["PermissionSetArn"], shown["TargetId"]
    assignments.delete(ctx, arn, account, shown["PrincipalType"], shown["PrincipalId"])
    row = await provisioned.get(ctx, arn, account)
    if row is not None and not await assignments.scan(ctx, arn, account):
        await provisioning.withdraw(ctx, row)


_WORK = {"CREATION": _assign, "DELETION": _unassign, "PROVISIONING": _provision}


# -- how it went


def _declare_status(kind: str, noun: str, request_id: str, one: str, many: str) -> None:
    """The Describe and the List operation of one kind of request."""

    async def describe(ctx: Context, request: Request) -> Request:
        await find(ctx, request)
        row = await outcomes.get(ctx, kind, request[request_id])
        if row is None:
            raise errors.request_not_found(request[request_id])
        return {one: _described(row)}

    async def list_all(ctx: Context, request: Request) -> Request:
        await find(ctx, request)
        wanted = request.get("Filter", {}).get("Status")
        rows = [row for row in await outcomes.scan(ctx, kind) if wanted in (None, row.status)]
        return listed(request, many, rows, lambda row: row.id, _listed)

    service.operation_from(describe, f"describe_{noun}_status", **ON_INSTANCE)
    service.operation_from(list_all, f"list_{noun}_status", **ON_INSTANCE)


def _listed(row: Outcome) -> Request:
    return {"Status": row.status, "RequestId": row.id, "CreatedDate": row.shown["CreatedDate"]}


_declare_status(
    "CREATION",
    "account_assignment_creation",
    "AccountAssignmentCreationRequestId",
    "AccountAssignmentCreationStatus",
    "AccountAssignmentsCreationStatus",
)
_declare_status(
    "DELETION",
    "account_assignment_deletion",
    "AccountAssignmentDeletionRequestId",
    "AccountAssignmentDeletionStatus",
    "AccountAssignmentsDeletionStatus",
)
_declare_status(
    "PROVISIONING",
    "permission_set_provisioning",
    "ProvisionPermissionSetRequestId",
    "PermissionSetProvisioningStatus",
    "PermissionSetsProvisioningStatus",
)
