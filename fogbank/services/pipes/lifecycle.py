"""The states of a pipe: what it is on its way to, and how it gets there.

    CREATING  -> RUNNING or STOPPED, or CREATE_FAILED
    UPDATING  -> RUNNING or STOPPED, or UPDATE_FAILED
    STARTING  -> RUNNING, or START_FAILED
    STOPPING  -> STOPPED
    DELETING  -> gone

Whether a source can be read is found out on the way: a pipe whose role may not is made, and fails.
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.pipes import batches, errors, sources
from fogbank.services.pipes.pipe import (
    CREATING,
    DELETING,
    RUNNING,
    STARTING,
    STOPPED,
    STOPPING,
    UPDATING,
    Pipe,
    as_role,
    checkpoints,
    modify,
    pipes,
)
from fogbank.services.pipes.service import service

TRANSITIONS = {
    CREATING: "CREATE_FAILED",
    UPDATING: "UPDATE_FAILED",
    STARTING: "START_FAILED",
    STOPPING: "",
    DELETING: "",
}


async def begin(ctx: Context, pipe: Pipe, state: str, **changes: Any) -> Pipe:
    """Set out for another state. What is read for the pipe, stops."""
    if pipe.run:
        await ctx.sit("pump", f"{pipe.name}/{pipe.run}")
    await ctx.schedule("settle", {"name": pipe.name}, key=pipe.name)
    return modify(ctx, pipe, state=state, reason="", run="", modified=ctx.now(), **changes)


@service.task
async def settle(ctx: Context, payload: dict[str, Any]) -> None:
    """Arrive."""
    pipe = await pipes.get(ctx, payload["name"])
    if pipe is None or pipe.state not in TRANSITIONS:
        return
    if pipe.state == DELETING:
        await _remove(ctx, pipe)
    elif pipe.state == STOPPING:
        modify(ctx, pipe, state=STOPPED)
    elif (reason := await _obstacle(ctx, pipe)) is not None:
        modify(ctx, pipe, state=TRANSITIONS[pipe.state], reason=errors.failed_reason(reason))
    elif pipe.desired == STOPPED:
        modify(ctx, pipe, state=STOPPED)
    else:
        run = ctx.ids.hex(16)
        modify(ctx, pipe, state=RUNNING, run=run)
        await ctx.stand("pump", f"{pipe.name}/{run}")


async def _remove(ctx: Context, pipe: Pipe) -> None:
    pipes.delete(ctx, pipe.name)
    for key, _ in await checkpoints.items(ctx, (str,), pipe.id):
        checkpoints.delete(ctx, pipe.id, *key)


async def _obstacle(ctx: Context, pipe: Pipe) -> str | None:
    """Why the source cannot be read, None when it can."""
    try:
        scope = await as_role(ctx, pipe, pipe.source)
    except AWSError:
        return f"The pipe's role {pipe.role} cannot be assumed."
    kind = sources.kind_of(pipe.source)
    for action in kind.actions:
        if not await scope.may(action, pipe.source, owner=scope.account):
            return errors.no_permission(action.partition(":")[2], action.partition(":")[0].upper())
    try:
        await batches.called(scope, *_description(ctx, pipe.source))
    except AWSError as error:
        return None if error.code.startswith("AccessDenied") else error.message  # it may read, and that is enough
    return None


def _description(ctx: Context, source: str) -> tuple[str, str, dict[str, Any]]:
    """The call that tells whether a source is there."""
    parts = source.split(":")
    if parts[2] == "sqs":
        url = f"{ctx.endpoint}/{parts[4]}/{parts[5]}"
        return "sqs", "GetQueueAttributes", {"QueueUrl": url, "AttributeNames": ["QueueArn"]}
    if parts[2] == "kinesis":
        return "kinesis", "DescribeStreamSummary", {"StreamARN": source}
    return "dynamodbstreams", "DescribeStream", {"StreamArn": source}
