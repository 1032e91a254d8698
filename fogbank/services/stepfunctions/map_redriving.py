"""Map Runs that are redriven with their execution.

https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html
"""

from __future__ import annotations

import msgspec

from fogbank.kernel import Context
from fogbank.services.stepfunctions import arns, executions
from fogbank.services.stepfunctions.durable import DurableRun
from fogbank.services.stepfunctions.executions_store import executions as kept
from fogbank.services.stepfunctions.interpreter.run import RUNNING, SUCCEEDED
from fogbank.services.stepfunctions.interpreter.strand import Strand
from fogbank.services.stepfunctions.map_records import MapRun, Result, map_results, map_runs
from fogbank.services.stepfunctions.map_running import COUNTED, added, keep


async def redrive(under_way: DurableRun, strand: Strand) -> bool:
    """Have the children of a strand's Map Run that did not succeed try again. False when it never came to children."""
    ctx, place = under_way.ctx, arns.parse(strand.map_run, arns.MAP_RUN)
    run = await map_runs.get(ctx, place.name, place.qualifier)
    if run is None or not run.executions.total:
        return False
    run = msgspec.structs.replace(run, attempt=strand.attempt, redrives=run.redrives + 1, redriven=ctx.now())
    details = {"mapRunArn": strand.map_run, "redriveCount": run.redrives}
    under_way.event(strand, "MapRunRedriven", details)
    for (number,), result in await map_results.items(ctx, (int,), run.id):
        if result.status != SUCCEEDED:
            run = await _again(ctx, run, int(number), result)
    keep(ctx, run, status=RUNNING, stopped=0.0)
    await ctx.schedule("start_children", {"run": list(run.place)})
    return True


async def _again(ctx: Context, run: MapRun, number: int, result: Result) -> MapRun:
    """A child is on its way again: a Standard one goes on where it failed, an Express one begins anew."""
    map_results.delete(ctx, run.id, number)
    if run.express:
        await ctx.schedule("run_child", {"run": list(run.place), "place": number, "name": ctx.ids.uuid()})
    else:
        child = await kept.get(ctx, run.place[0], result.name)
        assert child is not None
        await executions.redrive(ctx, child)
    how = COUNTED[result.status]
    return msgspec.structs.replace(
        run,
        executions=added(run.executions, running=1, **{how: -1}),
        items=added(run.items, running=result.items, **{how: -result.items}),
    )
