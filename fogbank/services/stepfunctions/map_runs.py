"""Map Runs: DescribeMapRun, ListMapRuns, UpdateMapRun."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context, pages
from fogbank.services.stepfunctions import arns, errors, limits
from fogbank.services.stepfunctions.executions_store import find_execution
from fogbank.services.stepfunctions.interpreter.run import RUNNING
from fogbank.services.stepfunctions.map_records import Counts, MapRun, arn_of, find_map_run, map_runs, runs_of
from fogbank.services.stepfunctions.records import given
from fogbank.services.stepfunctions.service import service
from fogbank.services.stepfunctions.wire import moment_after

Request = dict[str, Any]


@service.operation(resource=given)
async def describe_map_run(ctx: Context, request: Request) -> Request:
    """API_DescribeMapRun."""
    run = await find_map_run(ctx, request["mapRunArn"])
    return {
        **_shown(ctx, run),
        "status": run.status,
        "maxConcurrency": run.concurrency,
        "toleratedFailurePercentage": run.percentage or 0.0,
        "toleratedFailureCount": run.count or 0,
        "itemCounts": _counts(run.items),
        "executionCounts": _counts(run.executions),
        "redriveCount": run.redrives,
        "redriveDate": run.redriven or None,
    }


def _shown(ctx: Context, run: MapRun) -> Request:
    return {
        "executionArn": arns.execution(ctx, run.machine, run.name),
        "mapRunArn": arn_of(ctx, run),
        "stateMachineArn": arns.machine(ctx, run.place[0]),
        "startDate": run.started,
        "stopDate": run.stopped or None,
    }


def _counts(counts: Counts) -> Request:
    ended = counts.succeeded + counts.failed + counts.timed_out + counts.aborted
    return {
        "pending": counts.total - counts.running - ended,
        "running": counts.running,
        "succeeded": counts.succeeded,
        "failed": counts.failed,
        "timedOut": counts.timed_out,
        "aborted": counts.aborted,
        "total": counts.total,
        "resultsWritten": counts.written,
        "failuresNotRedrivable": 0,
        "pendingRedrive": 0,
    }


@service.operation(resource=given)
async def list_map_runs(ctx: Context, request: Request) -> Request:
    """The latest first. API_ListMapRuns."""
    execution = await find_execution(ctx, request["executionArn"])
    limit = request.get("maxResults") or limits.PAGE
    rows = await runs_of.items(ctx, (int, str), execution.key, after=moment_after(request), limit=limit + 1)
    found, token = pages.page(rows, limit, lambda row: ":".join(map(str, row[0])))
    runs = [await map_runs.get(ctx, *place) for _, place in found]
    return {"mapRuns": [_shown(ctx, run) for run in runs if run is not None], "nextToken": token}


@service.operation(resource=given)
async def update_map_run(ctx: Context, request: Request) -> Request:
    """API_UpdateMapRun."""
    run = await find_map_run(ctx, request["mapRunArn"])
    if run.status != RUNNING:
        raise errors.map_run_is_over()
    members = {
        "maxConcurrency": "concurrency",
        "toleratedFailurePercentage": "percentage",
        "toleratedFailureCount": "count",
    }
    changes = {field: request[member] for member, field in members.items() if request.get(member) is not None}
    if not changes:
        raise errors.validation("At least one parameter must be specified", "MISSING_REQUIRED_PARAMETER")
    map_runs.put(ctx, msgspec.structs.replace(run, **changes), *run.place)
    await ctx.schedule("start_children", {"run": list(run.place)})
    return {}
