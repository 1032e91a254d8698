"""Executions as the API shows them: DescribeExecution, DescribeStateMachineForExecution, ListExecutions."""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, pages
from fogbank.services.stepfunctions import arns, errors, limits, observing
from fogbank.services.stepfunctions.executions_store import Execution, executions, find_execution, progress, started
from fogbank.services.stepfunctions.interpreter.run import RUNNING, SUCCEEDED
from fogbank.services.stepfunctions.records import EXPRESS, aliases, find_machine, given, machine_arn, revision_of
from fogbank.services.stepfunctions.service import service
from fogbank.services.stepfunctions.wire import moment_after

Request = dict[str, Any]

_SCANNED = 200


def described(ctx: Context, execution: Execution, included: str | None = None) -> Request:
    """What DescribeExecution tells, but for what has to be looked up."""
    has_data = included != "METADATA_ONLY"
    found: Request = {
        **listed(ctx, execution),
        "input": execution.input if has_data else None,
        "inputDetails": {"included": has_data},
        "traceHeader": execution.trace or None,
        "error": execution.error,
        "cause": execution.cause,
        "redriveCount": execution.redrives,
    }
    if execution.output is not None:
        found |= {"output": execution.output if has_data else None, "outputDetails": {"included": has_data}}
    return found | redrivable(ctx, execution)


def listed(ctx: Context, execution: Execution) -> Request:
    child = execution.child
    return {
        "executionArn": arns.execution(ctx, execution.machine, execution.name),
        "stateMachineArn": arns.machine(ctx, execution.machine),
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.started,
        "stopDate": execution.stopped or None,
        "mapRunArn": None if child is None else child.run,
        "stateMachineVersionArn": observing.version_arn(ctx, execution),
        "stateMachineAliasArn": observing.alias_arn(ctx, execution),
        "redriveDate": execution.redriven or None,
    }


def redrivable(ctx: Context, execution: Execution, events: int = 0) -> dict[str, str]:
    """Whether an execution may be redriven, and if not, why. https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html"""
    why = None
    if execution.status in (RUNNING, SUCCEEDED):
        why = f"Execution is {execution.status} and cannot be redriven"
    elif events >= limits.HISTORY_EVENTS - 1:
        why = "Execution history event limit exceeded"
    elif ctx.now() - execution.started > limits.YEAR_SECONDS:
        why = "Execution has exceeded the max execution time"
    elif ctx.now() - execution.stopped > limits.REDRIVABLE_SECONDS:
        why = "Execution redrivable period exceeded"
    if why is not None:
        return {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": why}
    return {"redriveStatus": "REDRIVABLE" if execution.child is None else "REDRIVABLE_BY_MAP_RUN"}


@service.operation(resource=given)
async def describe_execution(ctx: Context, request: Request) -> Request:
    """API_DescribeExecution."""
    execution = await find_execution(ctx, request["executionArn"])
    done = await progress.get(ctx, execution.key)
    found = described(ctx, execution, request.get("includedData"))
    return found | redrivable(ctx, execution, 0 if done is None else done.events)


@service.operation(resource=given)
async def describe_state_machine_for_execution(ctx: Context, request: Request) -> Request:
    """The state machine as it was when the execution began. API_DescribeStateMachineForExecution."""
    from fogbank.services.stepfunctions.machines import shown

    execution = await find_execution(ctx, request["executionArn"])
    revision = await revision_of(ctx, execution.machine_name, execution.revision)
    _, _, label = execution.machine.partition("/")
    return {
        **shown(revision, request.get("includedData")),
        "stateMachineArn": arns.machine(ctx, execution.machine),
        "name": execution.machine_name,
        "updateDate": revision.created,
        "mapRunArn": None if execution.child is None else execution.child.run,
        "label": label or None,
    }


@service.operation(resource=given)
async def list_executions(ctx: Context, request: Request) -> Request:
    """The latest first, of a state machine, a version, an alias or a Map Run. API_ListExecutions."""
    machine = await _listed_machine(ctx, request)
    limit = request.get("maxResults") or limits.PAGE
    found: list[tuple[str, Execution]] = []
    after = moment_after(request)
    while len(found) <= limit:
        rows = await started.items(ctx, (int, str), machine, after=after, limit=_SCANNED)
        for (moment, name), _ in rows:
            execution = await executions.get(ctx, machine, str(name))
            if execution is not None and await _passes(ctx, execution, request):
                found.append((f"{moment!s}:{execution.name}", execution))
        if len(rows) < _SCANNED:
            break
        after = (int(rows[-1][0][0]), str(rows[-1][0][1]))
    page, token = pages.page(found, limit, lambda row: row[0])
    return {"executions": [_in_list(ctx, execution) for _, execution in page], "nextToken": token}


async def _listed_machine(ctx: Context, request: Request) -> str:
    """Under which name the executions are.

    Raises InvalidArn, StateMachineDoesNotExist, StateMachineTypeNotSupported, ValidationException.
    """
    if (request.get("stateMachineArn") is None) == (request.get("mapRunArn") is None):
        raise errors.validation("You must specify either a stateMachineArn or a mapRunArn, but not both")
    if request.get("mapRunArn") is not None:
        run = arns.parse(request["mapRunArn"], arns.MAP_RUN)
        return run.name
    arn = machine_arn(request["stateMachineArn"])
    if "/" in arn.name:
        return arn.name
    machine = await find_machine(ctx, arn)
    if machine.type == EXPRESS:
        raise errors.wrong_type()
    if arn.qualifier and not arn.is_version and await aliases.get(ctx, machine.name, arn.qualifier) is None:
        raise errors.no_machine(arn.text)
    return machine.name


async def _passes(ctx: Context, execution: Execution, request: Request) -> bool:
    if request.get("statusFilter") not in (None, execution.status):
        return False
    if request.get("redriveFilter") not in (None, "REDRIVEN" if execution.redrives else "NOT_REDRIVEN"):
        return False
    if request.get("mapRunArn") is not None:
        return execution.child is not None and execution.child.run == request["mapRunArn"]
    qualifier = machine_arn(request["stateMachineArn"]).qualifier
    if qualifier.isdigit():
        return execution.version == int(qualifier)
    return qualifier in ("", execution.alias)


def _in_list(ctx: Context, execution: Execution) -> Request:
    child = execution.child
    items = None if child is None else child.items
    return {**listed(ctx, execution), "redriveCount": execution.redrives, "itemCount": items}
