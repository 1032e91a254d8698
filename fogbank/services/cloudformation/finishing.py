"""How operations end: complete, or failed and rolled back. What a stack tells others (outputs, exports) changes here.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#cfn-stack-status-codes
"""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from fogbank.kernel import AWSError, Context
from fogbank.services.cloudformation import deploying, evaluation, stack_policies, timeline, watching
from fogbank.services.cloudformation.exporting import export_outputs, forget_exports, note_imports
from fogbank.services.cloudformation.records import (
    CURRENT,
    FAILED,
    GOAL,
    WAITING,
    Garbage,
    Output,
    Resource,
    Stack,
    Work,
    backups,
    bodies,
    drifts,
    events,
    names,
    put,
    resources,
    stacks,
    steps,
    work,
)
from fogbank.services.cloudformation.service import service
from fogbank.services.cloudformation.templates import parameters
from fogbank.services.cloudformation.templates.functions import Values

change = msgspec.structs.replace

# how long a stack that is no more can be looked at (seconds)
_KEPT = 90 * 86400


# -- what is wanted is there, or will never be


async def applied(ctx: Context, stack: Stack, under_way: Work) -> None:
    """All that is wanted is there."""
    if under_way.verb == "UPDATE_ROLLBACK":
        await _begin_cleaning(ctx, stack, under_way)
        return
    if not await watching.may_end(ctx, stack, under_way):
        return
    try:
        stack = await ctx.undoing(_told_to_others, ctx, stack)
    except AWSError as error:
        await _roll_back(ctx, stack, under_way, error.message)
        return
    if under_way.verb in ("CREATE", "IMPORT"):
        await deploying.settle(ctx, stack)
        await timeline.stack_is(ctx, stack, f"{under_way.verb}_COMPLETE", "", under_way.token)
        return
    wanted = {str(key[0]) for key, _ in await steps.items(ctx, (str,), stack.uuid)}
    removed = [each for each in await resources.scan(ctx, stack.uuid) if each.logical not in wanted]
    for each in removed:
        if not await _may_go(ctx, stack, under_way, each):
            await _roll_back(ctx, stack, under_way, f"The following resource(s) failed to update: [{each.logical}]. ")
            return
    for each in removed:
        await deploying.throw_away(ctx, stack, each, keep=each.deletion.startswith("Retain"))
    await _discard_replaced(ctx, stack)
    await _begin_cleaning(ctx, stack, under_way)


async def _may_go(ctx: Context, stack: Stack, under_way: Work, resource: Resource) -> bool:
    """Does the stack policy let an update remove the resource? If not, it is told."""
    try:
        stack_policies.require(under_way.policy, stack_policies.DELETE, resource.logical, resource.type)
    except AWSError as error:
        told = change(resource, status="UPDATE_FAILED", reason=error.message)
        await timeline.tell(ctx, stack, told, under_way.token)
        return False
    return True


async def _discard_replaced(ctx: Context, stack: Stack) -> None:
    for before in await backups.scan(ctx, stack.uuid):
        now = await resources.get(ctx, stack.uuid, before.logical)
        if before.identifier and now is not None and now.identifier != before.identifier:
            await deploying.throw_away(ctx, stack, before, keep=now.replacement == "Retain")


async def _begin_cleaning(ctx: Context, stack: Stack, under_way: Work) -> None:
    work.put(ctx, change(under_way, cleaning=True), stack.uuid)
    await timeline.stack_is(ctx, stack, f"{under_way.verb}_COMPLETE_CLEANUP_IN_PROGRESS", "", under_way.token)
    await deploying.wake(ctx, stack)


async def failed(ctx: Context, stack: Stack, under_way: Work) -> None:
    """Some resource could not be made or changed, and nothing is at work any more."""
    names_failed = [str(key[0]) for key, state in await steps.items(ctx, (str,), stack.uuid) if state == FAILED]
    found = [await resources.get(ctx, stack.uuid, each) for each in names_failed]
    reason = under_way.reason
    for verb, told in (("CREATE", "create"), ("UPDATE", "update"), ("IMPORT", "import")):
        some = [each.logical for each in found if each is not None and each.status == f"{verb}_FAILED"]
        if some:
            reason += f"The following resource(s) failed to {told}: [{', '.join(some)}]. "
    await _roll_back(ctx, stack, under_way, reason)


async def _roll_back(ctx: Context, stack: Stack, under_way: Work, reason: str) -> None:
    if under_way.verb == "UPDATE_ROLLBACK" or under_way.on_failure == "DO_NOTHING":
        if under_way.verb == "CREATE":
            await deploying.settle(ctx, stack)
        # what an update did is remembered, so that it can be taken back later
        await timeline.stack_is(ctx, stack, f"{under_way.verb}_FAILED", reason, under_way.token)
    elif under_way.verb == "CREATE":
        await deploying.settle(ctx, stack)
        verb = "DELETE" if under_way.on_failure == "DELETE" else "ROLLBACK"
        told = f"{reason}{'Rollback' if verb == 'ROLLBACK' else 'Delete'} requested by user."
        await deploying.begin(ctx, stack, change(under_way, verb=verb), reason=told)
    elif under_way.verb == "IMPORT":
        await _release(ctx, stack, under_way, reason)
    else:
        await roll_back_update(ctx, stack, under_way, reason)


async def _release(ctx: Context, stack: Stack, under_way: Work, reason: str) -> None:
    """What was imported is not the stack's any more."""
    await timeline.stack_is(ctx, stack, "IMPORT_ROLLBACK_IN_PROGRESS", reason, under_way.token)
    for backup in await backups.scan(ctx, stack.uuid):
        made = await resources.get(ctx, stack.uuid, backup.logical)
        if made is not None and not backup.status:
            await timeline.resource_is(ctx, stack, made, "IMPORT_ROLLBACK_COMPLETE", "", under_way.token)
            resources.delete(ctx, stack.uuid, backup.logical)
    bodies.delete(ctx, stack.uuid, GOAL)
    await deploying.forget(ctx, stack)
    before = change(under_way.before or stack, updated=stack.updated)
    # a stack that began with the import has nothing now, and can only be deleted
    status = "IMPORT_ROLLBACK_COMPLETE" if under_way.before is not None else "ROLLBACK_COMPLETE"
    await timeline.stack_is(ctx, before, status, "", under_way.token)


async def roll_back_update(ctx: Context, stack: Stack, under_way: Work, reason: str) -> None:
    """Lead the stack back to its template before: what was changed is changed back, what was made goes."""
    current = await bodies.get(ctx, stack.uuid, CURRENT)
    assert current is not None and under_way.before is not None
    for key, _ in await steps.items(ctx, (str,), stack.uuid):
        steps.delete(ctx, stack.uuid, *key)
    for backup in await backups.scan(ctx, stack.uuid):
        if backup.status:
            steps.put(ctx, WAITING, stack.uuid, backup.logical)
        else:
            made = await resources.get(ctx, stack.uuid, backup.logical)
            if made is not None:
                await deploying.throw_away(ctx, stack, made, keep=deploying.is_kept(stack, made, under_way))
    bodies.put(ctx, current, stack.uuid, GOAL)
    work.put(ctx, change(under_way, verb="UPDATE_ROLLBACK"), stack.uuid)
    before = change(under_way.before, updated=stack.updated, reason=reason)
    await timeline.stack_is(ctx, before, "UPDATE_ROLLBACK_IN_PROGRESS", reason, under_way.token)
    await deploying.wake(ctx, stack)


# -- what is not wanted is gone


async def cleaned(ctx: Context, stack: Stack, under_way: Work, left: list[Garbage]) -> None:
    told = f"The following resource(s) failed to delete: [{', '.join(each.logical for each in left)}]. " if left else ""
    if under_way.verb == "DELETE" and not left:
        await _end(ctx, stack, under_way)
    elif under_way.verb in ("DELETE", "ROLLBACK"):
        await deploying.forget(ctx, stack)
        status = f"{under_way.verb}_{'FAILED' if left else 'COMPLETE'}"
        await timeline.stack_is(ctx, stack, status, told, under_way.token)
    else:
        # what an update leaves behind is not the stack's any more
        await deploying.settle(ctx, stack)
        await timeline.stack_is(ctx, stack, f"{under_way.verb}_COMPLETE", told, under_way.token)


async def _end(ctx: Context, stack: Stack, under_way: Work) -> None:
    await forget_exports(ctx, stack)
    await deploying.forget(ctx, stack)
    names.delete(ctx, stack.name)
    await timeline.stack_is(ctx, change(stack, deleted=ctx.now()), "DELETE_COMPLETE", "", under_way.token)
    await ctx.schedule("forget_stack", {"stack": stack.uuid}, delay=_KEPT)


@service.task
async def forget_stack(ctx: Context, payload: dict[str, Any]) -> None:
    uuid = payload["stack"]
    for each in await resources.scan(ctx, uuid):
        resources.delete(ctx, uuid, each.logical)
        drifts.delete(ctx, uuid, each.logical)
    for key, _ in await events.items(ctx, (int,), uuid):
        events.delete(ctx, uuid, *key)
    for which in (CURRENT, GOAL):
        bodies.delete(ctx, uuid, which)
    stacks.delete(ctx, uuid)


# -- outputs


async def _told_to_others(ctx: Context, stack: Stack) -> Stack:
    """The stack with its outputs as they are now, and what it exports and imports noted. Raises ValidationError."""
    goal = await bodies.get(ctx, stack.uuid, GOAL)
    assert goal is not None
    template = deploying.template_of(goal.document)
    made = await resources.scan(ctx, stack.uuid)
    values = await evaluation.values_of(ctx, stack, template, made)
    outputs = [
        _output(values, name, declared)
        for name, declared in template.outputs.items()
        if values.holds(declared.get("Condition"))
    ]
    told = change(stack, outputs=outputs, description=template.description)
    await export_outputs(ctx, told)
    await note_imports(ctx, told, template, values)
    put(ctx, told)
    return told


def _output(values: Values, name: str, declared: dict[str, Any]) -> Output:
    value = values.value(declared["Value"])
    export = declared.get("Export") or {}
    return Output(
        name,
        value
        if isinstance(value, str)
        else orjson.dumps(value).decode()
        if isinstance(value, dict | list)
        else parameters.text_of(value),
        str(declared.get("Description", "")),
        values.text(export["Name"], "Export names are texts") if export else "",
    )
