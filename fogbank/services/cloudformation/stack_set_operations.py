"""Operations on stack sets: what is done about one stack after the other, with the tolerance and the pace that were asked for.

`run_operation` looks at how far things are and begins with as many stacks as it may; each is a task of its own, in its account and Region.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-concepts.html#stackset-ops-options
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import orjson

from fogbank.kernel import Context
from fogbank.services.cloudformation import errors, stack_set_events, stack_set_targets
from fogbank.services.cloudformation.records import Answer, Request
from fogbank.services.cloudformation.service import service
from fogbank.services.cloudformation.stack_sets import (
    ON_SET,
    Result,
    SetOperation,
    StackSet,
    find_set,
    instances,
    page_of,
    running,
    set_operations,
    set_results,
    sets,
)

change = msgspec.structs.replace

_OPEN = ("PENDING", "RUNNING")


async def _put(ctx: Context, found: StackSet, operation: SetOperation) -> None:
    """Put an operation that is new or has another status, and tell of it."""
    set_operations.put(ctx, operation, found.uuid, operation.number)
    await stack_set_events.operation_is(ctx, found, operation)


async def begin(
    ctx: Context, found: StackSet, request: Request, action: str, places: Iterable[tuple[str, str, str]], **more: Any
) -> SetOperation:
    """Begin an operation about (account, Region, unit)s. Raises OperationInProgressException, OperationIdAlreadyExistsException."""
    id = request.get("OperationId") or ctx.ids.uuid()
    known = await set_operations.scan(ctx, found.uuid)
    if any(each.id == id for each in known):
        raise errors.operation_exists(id)
    under_way = await running(ctx, found)
    if under_way is not None and not found.managed:
        raise errors.operation_in_progress(found.arn, under_way.id)
    begun = SetOperation(
        known[-1].number + 1 if known else 0,
        id,
        action,
        ctx.principal,
        ctx.now(),
        "QUEUED" if under_way is not None else "RUNNING",
        orjson.dumps(request.get("OperationPreferences") or {}).decode(),
        orjson.dumps(request.get("DeploymentTargets") or {}).decode(),
        request.get("RetainStacks") or False,
        administration=found.administration,
        execution=found.execution,
        **more,
    )
    await _put(ctx, found, begun)
    for account, region, unit in places:
        set_results.put(ctx, Result(account, region, unit=unit), found.uuid, begun.number, account, region)
    await wake(ctx, found.uuid, begun.number)
    return begun


async def wake(ctx: Context, uuid: str, number: int) -> None:
    await ctx.schedule("run_operation", {"set": uuid, "number": number}, key=f"{uuid}/{number}")


# -- the pace


@service.task
async def run_operation(ctx: Context, payload: dict[str, Any]) -> None:
    uuid, number = payload["set"], payload["number"]
    operation = await set_operations.get(ctx, uuid, number)
    if operation is None or operation.status not in ("RUNNING", "STOPPING"):
        return
    preferences = orjson.loads(operation.preferences)
    rows = await set_results.scan(ctx, uuid, number)
    groups = _by_region(rows, preferences)
    if operation.status == "STOPPING" or any(_is_broken(group, preferences) for group in groups):
        rows = [_cancelled(ctx, uuid, number, each) for each in rows]
    elif any(each.status in _OPEN for each in rows):
        await _start(ctx, uuid, number, groups, preferences)
        return
    if not any(each.status in _OPEN for each in rows):
        await _end(ctx, uuid, operation, rows)


def _by_region(rows: list[Result], preferences: dict[str, Any]) -> list[list[Result]]:
    """The results of each Region, in the order that was asked for."""
    regions = list(dict.fromkeys([*(preferences.get("RegionOrder") or []), *(each.region for each in rows)]))
    groups = [[each for each in rows if each.region == region] for region in regions]
    return [group for group in groups if group]


def _tolerance(group: list[Result], preferences: dict[str, Any]) -> int:
    percent: int = preferences.get("FailureTolerancePercentage", 0)
    count: int = preferences.get("FailureToleranceCount", len(group) * percent // 100)
    return count


def _failed(group: list[Result]) -> int:
    return sum(1 for each in group if each.status == "FAILED")


def _is_broken(group: list[Result], preferences: dict[str, Any]) -> bool:
    return _failed(group) > _tolerance(group, preferences)


def pace(group: list[Result], preferences: dict[str, Any]) -> int:
    """How many stacks of a Region may be worked on at once."""
    percent = preferences.get("MaxConcurrentPercentage")
    most: int = preferences.get("MaxConcurrentCount") or (max(1, len(group) * percent // 100) if percent else 1)
    if preferences.get("ConcurrencyMode") == "SOFT_FAILURE_TOLERANCE":
        return most
    return min(most, _tolerance(group, preferences) + 1 - _failed(group))


async def _start(ctx: Context, uuid: str, number: int, groups: list[list[Result]], preferences: dict[str, Any]) -> None:
    for group in groups:
        room = pace(group, preferences) - sum(1 for each in group if each.status == "RUNNING")
        for each in [each for each in group if each.status == "PENDING"][: max(room, 0)]:
            set_results.put(ctx, change(each, status="RUNNING"), uuid, number, each.account, each.region)
            about = {"set": uuid, "number": number, "account": each.account, "region": each.region}
            await ctx.schedule("run_instance", about)
        is_open = any(each.status in _OPEN for each in group)
        if is_open and preferences.get("RegionConcurrencyType") != "PARALLEL":
            return


def _cancelled(ctx: Context, uuid: str, number: int, row: Result) -> Result:
    if row.status != "PENDING":
        return row
    told = change(row, status="CANCELLED", reason="Cancelled since failure tolerance has exceeded or it was stopped")
    set_results.put(ctx, told, uuid, number, row.account, row.region)
    return told


async def _end(ctx: Context, uuid: str, operation: SetOperation, rows: list[Result]) -> None:
    preferences, failed = orjson.loads(operation.preferences), _failed(rows)
    broken = any(_is_broken(group, preferences) for group in _by_region(rows, preferences))
    status = "STOPPED" if operation.status == "STOPPING" else "FAILED" if broken else "SUCCEEDED"
    ended = change(operation, status=status, ended=ctx.now(), failed=failed)
    found = await sets.get(ctx, uuid)
    assert found is not None
    await _put(ctx, found, ended)
    if operation.action == "DETECT_DRIFT":
        sets.put(ctx, change(found, drift=await _drift(ctx, uuid, ended, rows)), uuid)
    queued = [each for each in await set_operations.scan(ctx, uuid) if each.status == "QUEUED"]
    if queued:
        await _put(ctx, found, change(queued[0], status="RUNNING"))
        await wake(ctx, uuid, queued[0].number)


async def _drift(ctx: Context, uuid: str, ended: SetOperation, rows: list[Result]) -> str:
    """What is told of the drift of a whole set (JSON)."""
    found = [each.drift for each in await instances.scan(ctx, uuid)]
    failed = _failed(rows)
    outcome = {"SUCCEEDED": "PARTIAL_SUCCESS" if failed else "COMPLETED"}.get(ended.status, ended.status)
    details = {
        "DriftStatus": "DRIFTED" if "DRIFTED" in found else "IN_SYNC" if "IN_SYNC" in found else "NOT_CHECKED",
        "DriftDetectionStatus": outcome,
        "LastDriftCheckTimestamp": ended.ended,
        "TotalStackInstancesCount": len(found),
        "DriftedStackInstancesCount": found.count("DRIFTED"),
        "InSyncStackInstancesCount": found.count("IN_SYNC"),
        "InProgressStackInstancesCount": 0,
        "FailedStackInstancesCount": failed,
    }
    return orjson.dumps(details).decode()


# -- looking at them, and stopping them


async def _find(ctx: Context, request: Request) -> tuple[StackSet, SetOperation]:
    """Raises StackSetNotFoundException, OperationNotFoundException."""
    found = await find_set(ctx, request["StackSetName"])
    for each in await set_operations.scan(ctx, found.uuid):
        if each.id == request["OperationId"]:
            return found, each
    raise errors.no_operation(request["OperationId"])


@service.operation(**ON_SET)
async def stop_stack_set_operation(ctx: Context, request: Request) -> Answer:
    """What is at work is finished, nothing else begun. API_StopStackSetOperation."""
    ctx = await stack_set_targets.home(ctx, request)
    found, operation = await _find(ctx, request)
    if operation.status not in ("RUNNING", "QUEUED"):
        raise errors.invalid_operation(f"Operation {operation.id} is in {operation.status} state and cannot be stopped")
    status = "STOPPING" if operation.status == "RUNNING" else "STOPPED"
    await _put(ctx, found, change(operation, status=status))
    await wake(ctx, found.uuid, operation.number)
    return {}


@service.operation(**ON_SET)
async def describe_stack_set_operation(ctx: Context, request: Request) -> Answer:
    """API_DescribeStackSetOperation."""
    ctx = await stack_set_targets.home(ctx, request)
    found, operation = await _find(ctx, request)
    answer = {
        **_told(operation),
        "StackSetId": found.id,
        "RetainStacks": operation.retain if operation.action == "DELETE" else None,
        "AdministrationRoleARN": operation.administration or None,
        "ExecutionRoleName": operation.execution if operation.administration else None,
        "DeploymentTargets": orjson.loads(operation.targets) or None,
    }
    if operation.action == "DETECT_DRIFT":
        answer["StackSetDriftDetectionDetails"] = orjson.loads(found.drift) or None
    return {"StackSetOperation": answer}


def _told(operation: SetOperation) -> Answer:
    return {
        "OperationId": operation.id,
        "Action": operation.action,
        "Status": operation.status,
        "CreationTimestamp": operation.created,
        "EndTimestamp": operation.ended,
        "StatusDetails": {"FailedStackInstancesCount": operation.failed} if operation.ended else None,
        "OperationPreferences": {
            "RegionConcurrencyType": "SEQUENTIAL",
            "RegionOrder": [],
            **orjson.loads(operation.preferences),
        },
    }


@service.operation(**ON_SET)
async def list_stack_set_operations(ctx: Context, request: Request) -> Answer:
    """The latest first. API_ListStackSetOperations."""
    ctx = await stack_set_targets.home(ctx, request)
    found = await find_set(ctx, request["StackSetName"])
    rows = await set_operations.scan(ctx, found.uuid, reverse=True)
    shown, token = page_of(request, [(f"{10**9 - each.number:010}", each) for each in rows])
    return {"Summaries": [_told(each) for each in shown], "NextToken": token}


@service.operation(**ON_SET)
async def list_stack_set_operation_results(ctx: Context, request: Request) -> Answer:
    """API_ListStackSetOperationResults."""
    ctx = await stack_set_targets.home(ctx, request)
    found, operation = await _find(ctx, request)
    wanted = {each["Values"] for each in request.get("Filters") or []}
    rows = [
        (f"{each.account}/{each.region}", each)
        for each in await set_results.scan(ctx, found.uuid, operation.number)
        if not wanted or each.status in wanted
    ]
    shown, token = page_of(request, rows)
    return {"Summaries": [_result(each) for each in shown], "NextToken": token}


def _result(row: Result) -> Answer:
    skipped = {"Status": "SKIPPED", "StatusReason": f"Function not found: {_GATE.format(row.region, row.account)}"}
    return {
        "Account": row.account,
        "Region": row.region,
        "Status": row.status,
        "StatusReason": row.reason or None,
        "OrganizationalUnitId": row.unit or None,
        "AccountGateResult": skipped if row.status in ("SUCCEEDED", "FAILED") else None,
    }


_GATE = "arn:aws:lambda:{}:{}:function:AWSCloudFormationStackSetAccountGate"
