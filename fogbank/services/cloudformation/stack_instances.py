"""The stacks of a stack set: asked for, changed, deleted and told.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stackinstances-create.html
"""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from fogbank.kernel import Context
from fogbank.services.cloudformation import drift, errors, stack_set_operations, stack_set_targets, stack_sets, wanting
from fogbank.services.cloudformation import stack_set_work as work
from fogbank.services.cloudformation.records import Answer, Request, stacks, uuid_of
from fogbank.services.cloudformation.service import service
from fogbank.services.cloudformation.stack_sets import (
    ON_SET,
    SELF_MANAGED,
    SERVICE_MANAGED,
    Instance,
    StackSet,
    find_set,
    instances,
    page_of,
    sets,
)

change = msgspec.structs.replace

Place = tuple[str, str, str]

_FILTERS = {"DETAILED_STATUS": "detailed", "LAST_OPERATION_ID": "operation", "DRIFT_STATUS": "drift"}


async def _prepared(ctx: Context, request: Request) -> tuple[Context, StackSet]:
    """Where the set is, and the set, if CloudFormation may work with it. Not in a transaction."""
    home = await stack_set_targets.home(ctx, request)
    found = await home.transact(find_set, home, request["StackSetName"])
    if found.model == SELF_MANAGED:
        await work.administration(home, found.administration, found.account)
    else:
        await stack_set_targets.require_access(home)
    return home, found


async def _targets(ctx: Context, found: StackSet, request: Request) -> dict[str, str]:
    """The accounts that a request names, each with its unit. Raises ValidationError."""
    targets = request.get("DeploymentTargets") or {}
    if found.model == SERVICE_MANAGED:
        if request.get("Accounts"):
            raise errors.invalid(
                "StackSets with SERVICE_MANAGED permission model can only have OrganizationalUnit as target"
            )
        return await stack_set_targets.accounts(ctx, targets)
    if targets.get("OrganizationalUnitIds"):
        raise errors.invalid("StackSets with SELF_MANAGED permission model can only have account as target")
    named = request.get("Accounts") or targets.get("Accounts") or []
    if not named:
        raise errors.invalid("Accounts list cannot be empty")
    return dict.fromkeys(named, "")


@service.operation(transaction=False, **ON_SET)
async def create_stack_instances(ctx: Context, request: Request) -> Answer:
    """API_CreateStackInstances."""
    home, found = await _prepared(ctx, request)

    async def begun() -> str:
        units = await _targets(home, found, request)
        places = [(account, region, unit) for region in request["Regions"] for account, unit in units.items()]
        operation = await stack_set_operations.begin(home, found, request, "CREATE", places)
        given = stack_sets.overrides(request.get("ParameterOverrides") or [], {})
        for account, region, unit in places:
            known = await instances.get(home, found.uuid, account, region)
            instance = change(known or Instance(account, region, unit=unit), overrides=given, operation=operation.id)
            instances.put(home, change(instance, status="OUTDATED", detailed="PENDING"), found.uuid, account, region)
        return operation.id

    return {"OperationId": await home.transact(begun)}


@service.operation(transaction=False, **ON_SET)
async def update_stack_instances(ctx: Context, request: Request) -> Answer:
    """API_UpdateStackInstances."""
    home, found = await _prepared(ctx, request)

    async def begun() -> str:
        rows = await _named(home, found, request)
        operation = await stack_set_operations.begin(home, found, request, "UPDATE", map(_place, rows))
        for each in rows:
            if request.get("ParameterOverrides") is not None:
                values = {**found.parameters, **each.overrides}
                each = change(each, overrides=stack_sets.overrides(request["ParameterOverrides"], values))
            instances.put(home, _outdated(each), found.uuid, each.account, each.region)
        return operation.id

    return {"OperationId": await home.transact(begun)}


def _place(row: Instance) -> Place:
    return row.account, row.region, row.unit


def _outdated(row: Instance) -> Instance:
    return change(row, status="OUTDATED", detailed="PENDING")


async def _named(ctx: Context, found: StackSet, request: Request) -> list[Instance]:
    """The instances in the accounts and Regions of a request. Raises StackInstanceNotFoundException."""
    units = await _targets(ctx, found, request)
    rows = []
    for region in request["Regions"]:
        for account in units:
            row = await instances.get(ctx, found.uuid, account, region)
            if row is None and found.model == SELF_MANAGED:
                raise errors.no_instance(found.name, account, region)
            rows += [row] if row is not None else []
    return rows


@service.operation(transaction=False, **ON_SET)
async def update_stack_set(ctx: Context, request: Request) -> Answer:
    """All stacks of the set are changed, or those that are named. API_UpdateStackSet."""
    home, found = await _prepared(ctx, request)
    after = await stack_sets.with_request(ctx, found, request)
    is_partial = any(request.get(name) for name in ("Accounts", "DeploymentTargets", "Regions"))

    async def begun() -> str:
        everything = await instances.scan(home, found.uuid)
        rows = await _named(home, found, {"Regions": [], **request}) if is_partial else everything
        operation = await stack_set_operations.begin(home, after, request, "UPDATE", map(_place, rows))
        sets.put(home, after, after.uuid)
        for each in everything:
            instances.put(home, _outdated(each), found.uuid, each.account, each.region)
        return operation.id

    return {"OperationId": await home.transact(begun)}


@service.operation(transaction=False, **ON_SET)
async def delete_stack_instances(ctx: Context, request: Request) -> Answer:
    """API_DeleteStackInstances."""
    home, found = await _prepared(ctx, request)

    async def begun() -> str:
        units = await _targets(home, found, request)
        rows = [
            each
            for each in await instances.scan(home, found.uuid)
            if each.account in units and each.region in request["Regions"]
        ]
        operation = await stack_set_operations.begin(home, found, request, "DELETE", map(_place, rows))
        for each in rows:
            instances.put(home, change(each, detailed="PENDING"), found.uuid, each.account, each.region)
        return operation.id

    return {"OperationId": await home.transact(begun)}


@service.operation(transaction=False, **ON_SET)
async def detect_stack_set_drift(ctx: Context, request: Request) -> Answer:
    """API_DetectStackSetDrift."""
    home, found = await _prepared(ctx, request)

    async def begun() -> str:
        rows = [each for each in await instances.scan(home, found.uuid) if each.stack]
        return (await stack_set_operations.begin(home, found, request, "DETECT_DRIFT", map(_place, rows))).id

    return {"OperationId": await home.transact(begun)}


@service.operation(transaction=False, **ON_SET)
async def import_stacks_to_stack_set(ctx: Context, request: Request) -> Answer:
    """Stacks that are there become stacks of the set. API_ImportStacksToStackSet."""
    home, found = await _prepared(ctx, request)
    text = await wanting.text_of(ctx, {"StackIdsUrl": request.get("StackIdsUrl")}, "StackIds", "StackIdsUrl")
    ids = request.get("StackIds") or (text or "").split()
    if not ids:
        raise errors.invalid("StackIds or StackIdsUrl must be specified")

    async def begun() -> str:
        places = {}
        for each in ids:
            places[await _place_of(home, each)] = each
        imported = {f"{account}/{region}": id for (account, region), id in places.items()}
        rows = [(account, region, "") for account, region in places]
        operation = await stack_set_operations.begin(home, found, request, "CREATE", rows, imported=imported)
        for account, region in places:
            row = Instance(account, region, operation=operation.id)
            instances.put(home, row, found.uuid, account, region)
        return operation.id

    return {"OperationId": await home.transact(begun)}


async def _place_of(ctx: Context, stack: str) -> tuple[str, str]:
    """The account and Region of a stack. Raises StackNotFoundException."""
    parts = stack.split(":")
    found = None
    if len(parts) == 6:
        found = await stacks.get(ctx.at(account=parts[4], region=parts[3]), uuid_of(stack))
    if found is None or found.deleted is not None:
        raise errors.set_stack_missing(stack)
    return parts[4], parts[3]


# -- looking at them


@service.operation(**ON_SET)
async def describe_stack_instance(ctx: Context, request: Request) -> Answer:
    """API_DescribeStackInstance."""
    ctx = await stack_set_targets.home(ctx, request)
    found = await find_set(ctx, request["StackSetName"])
    row = await _instance(ctx, found, request)
    return {"StackInstance": {**_told(found, row), "ParameterOverrides": stack_sets.parameter_list(row.overrides)}}


async def _instance(ctx: Context, found: StackSet, request: Request) -> Instance:
    account, region = request["StackInstanceAccount"], request["StackInstanceRegion"]
    row = await instances.get(ctx, found.uuid, account, region)
    if row is None:
        raise errors.no_instance(found.name, account, region)
    return row


def _told(found: StackSet, row: Instance) -> Answer:
    return {
        "StackSetId": found.id,
        "Account": row.account,
        "Region": row.region,
        "StackId": row.stack or None,
        "Status": row.status,
        "StackInstanceStatus": {"DetailedStatus": row.detailed},
        "StatusReason": row.reason or None,
        "OrganizationalUnitId": row.unit or None,
        "DriftStatus": row.drift,
        "LastDriftCheckTimestamp": row.drift_checked,
        "LastOperationId": row.operation or None,
    }


@service.operation(**ON_SET)
async def list_stack_instances(ctx: Context, request: Request) -> Answer:
    """API_ListStackInstances."""
    ctx = await stack_set_targets.home(ctx, request)
    found = await find_set(ctx, request["StackSetName"])
    account, region = request.get("StackInstanceAccount"), request.get("StackInstanceRegion")
    filters = [(_FILTERS[each["Name"]], each["Values"]) for each in request.get("Filters") or []]
    rows = [
        (f"{each.account}/{each.region}", each)
        for each in await instances.scan(ctx, found.uuid)
        if account in (None, each.account)
        and region in (None, each.region)
        and all(getattr(each, member) == value for member, value in filters)
    ]
    shown, token = page_of(request, rows)
    return {"Summaries": [_told(found, each) for each in shown], "NextToken": token}


@service.operation(**ON_SET)
async def list_stack_instance_resource_drifts(ctx: Context, request: Request) -> Answer:
    """API_ListStackInstanceResourceDrifts."""
    ctx = await stack_set_targets.home(ctx, request)
    found = await find_set(ctx, request["StackSetName"])
    row = await _instance(ctx, found, request)
    target = ctx.at(account=row.account, region=row.region)
    stack = await stacks.get(target, uuid_of(row.stack)) if row.stack else None
    wanted = request.get("StackInstanceResourceDriftStatuses") or []
    told: list[tuple[str, Any]] = []
    if stack is not None:
        known = [each for each in await drift.of_stack(target, stack) if not wanted or each.status in wanted]
        told = [(each.logical, drift.told(stack, each)) for each in known]
    shown, token = page_of(request, told)
    for each in shown:
        for name in ("ExpectedProperties", "ActualProperties"):
            each.pop(name, None)
    return {"Summaries": shown, "NextToken": token}


@service.operation(**ON_SET)
async def list_stack_set_auto_deployment_targets(ctx: Context, request: Request) -> Answer:
    """API_ListStackSetAutoDeploymentTargets."""
    ctx = await stack_set_targets.home(ctx, request)
    found = await find_set(ctx, request["StackSetName"])
    units: dict[str, set[str]] = {}
    if orjson.loads(found.auto).get("Enabled"):
        for each in await instances.scan(ctx, found.uuid):
            if each.unit:
                units.setdefault(each.unit, set()).add(each.region)
    rows = [
        (unit, {"OrganizationalUnitId": unit, "Regions": sorted(regions)}) for unit, regions in sorted(units.items())
    ]
    shown, token = page_of(request, rows)
    return {"Summaries": shown, "NextToken": token}
