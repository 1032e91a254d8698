"""Leading a stack to what its template wants: one resource after those that it needs, and back again when that fails.

An operation has two parts. First what is wanted is made or changed (`provision`), then what is not wanted any more goes (`dispose`): the
resources that left the template, the ones that were replaced, or, when an operation is rolled back, those that it had made. A rollback is
an operation like the others, whose goal is the template before.

`go_on` looks at how far things are and begins whatever can be begun; each resource is a task of its own, so that all that do not need
each other are at work side by side, and a server that was killed goes on where it was.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
import orjson

from fogbank.kernel import Context
from fogbank.services.cloudformation import evaluation, finishing, timeline, watching
from fogbank.services.cloudformation.records import (
    CURRENT,
    DONE,
    FAILED,
    GOAL,
    MADE,
    WAITING,
    WORKING,
    Body,
    Garbage,
    Resource,
    Stack,
    Work,
    backups,
    bodies,
    garbage,
    resources,
    signals,
    stacks,
    steps,
    work,
)
from fogbank.services.cloudformation.service import service
from fogbank.services.cloudformation.templates import references
from fogbank.services.cloudformation.templates.template import Template

change = msgspec.structs.replace


@lru_cache(maxsize=64)
def template_of(document: str) -> Template:
    """The template of a body's document. Not to be changed by who gets it."""
    return Template(orjson.loads(document))


async def begin(ctx: Context, stack: Stack, wanted: Work, goal: Body | None = None, reason: str = "") -> Stack:
    """Begin an operation: towards the goal, or towards nothing. Returns the stack in its new status."""
    found = await resources.scan(ctx, stack.uuid)
    if goal is None:
        for number, each in enumerate(found):
            garbage.put(ctx, discarded(each, keep=is_kept(stack, each, wanted)), stack.uuid, number)
        wanted = change(wanted, cleaning=True)
    else:
        for key, _ in await steps.items(ctx, (str,), stack.uuid):
            steps.delete(ctx, stack.uuid, *key)
        bodies.put(ctx, goal, stack.uuid, GOAL)
        await _plan(ctx, stack, template_of(goal.document), found)
    work.put(ctx, wanted, stack.uuid)
    await watching.begin(ctx, stack, wanted)
    await wake(ctx, stack)
    return await timeline.stack_is(ctx, stack, f"{wanted.verb}_IN_PROGRESS", reason, wanted.token)


def is_kept(stack: Stack, resource: Resource, under_way: Work) -> bool:
    """Does a resource that leaves its stack stay?

    One that this very operation made stays when its policy is Retain, unless the operation was told otherwise
    (RetainExceptOnCreate); it always does when it was there before.
    """
    has_failed = under_way.on_failure == "DELETE"  # it is deleted as it could not be made
    if (under_way.verb == "DELETE" and not has_failed) or not resource.identifier:
        return resource.deletion.startswith("Retain") or resource.logical in under_way.retained
    if resource.logical in under_way.imported:
        return True
    return resource.deletion == "Retain" and not orjson.loads(stack.options).get("RetainExceptOnCreate")


async def _plan(ctx: Context, stack: Stack, template: Template, found: list[Resource]) -> None:
    values = await evaluation.values_of(ctx, stack, template, found)
    for logical, declared in template.resources.items():
        if values.holds(declared.condition):
            steps.put(ctx, WAITING, stack.uuid, logical)


async def wake(ctx: Context, stack: Stack, delay: float = 0.0) -> None:
    """Look at how far things are, now or after so many seconds."""
    await ctx.schedule("go_on", {"stack": stack.uuid}, key=stack.uuid, delay=delay)


def discarded(resource: Resource, keep: bool = False) -> Garbage:
    """The resource as it is to go; one that was never made is only forgotten."""
    return Garbage(
        resource.logical,
        resource.type,
        resource.identifier,
        resource.physical,
        resource.needs,
        keep,
        properties=resource.properties,
    )


@service.task
async def go_on(ctx: Context, payload: dict[str, Any]) -> None:
    uuid = payload["stack"]
    stack, under_way = await stacks.get(ctx, uuid), await work.get(ctx, uuid)
    if stack is None or under_way is None:
        return
    ctx.principal = under_way.principal
    if under_way.cleaning:
        await _clean(ctx, stack, under_way)
    else:
        await _apply(ctx, stack, under_way)


# -- what is wanted


async def _apply(ctx: Context, stack: Stack, under_way: Work) -> None:
    states = {str(key[0]): state for key, state in await steps.items(ctx, (str,), stack.uuid)}
    if WORKING in states.values() or MADE in states.values():
        if FAILED not in states.values():
            await _start(ctx, stack, states)
    elif FAILED in states.values():
        await finishing.failed(ctx, stack, under_way)
    elif WAITING in states.values():
        await _start(ctx, stack, states)
    else:
        await finishing.applied(ctx, stack, under_way)


async def _start(ctx: Context, stack: Stack, states: dict[str, bytes]) -> None:
    """Begin with the resources whose needs are all there."""
    goal = await bodies.get(ctx, stack.uuid, GOAL)
    assert goal is not None
    template = template_of(goal.document)
    values = await evaluation.values_of(ctx, stack, template, ())
    for logical in [name for name, state in states.items() if state == WAITING]:
        needs = references.dependencies(template, logical, values.holds)
        if all(states.get(each, DONE) == DONE for each in needs):
            steps.put(ctx, WORKING, stack.uuid, logical)
            await ctx.schedule("provision", {"stack": stack.uuid, "logical": logical})


async def ended(ctx: Context, stack: Stack, logical: str, state: bytes) -> None:
    """A resource is as it is to be, or will never be."""
    steps.put(ctx, state, stack.uuid, logical)
    await wake(ctx, stack)


async def keep_backup(ctx: Context, stack: Stack, logical: str, before: Resource | None) -> None:
    """Remember what a resource was before this operation, once."""
    if await backups.get(ctx, stack.uuid, logical) is None:
        backups.put(ctx, before or Resource(logical, "", "", 0.0), stack.uuid, logical)


async def throw_away(ctx: Context, stack: Stack, resource: Resource, keep: bool = False) -> None:
    number = await garbage.count(ctx, stack.uuid)
    garbage.put(ctx, discarded(resource, keep), stack.uuid, number)


# -- what is not wanted any more


async def _clean(ctx: Context, stack: Stack, under_way: Work) -> None:
    left = await garbage.items(ctx, (int,), stack.uuid)
    if any(each.state == WORKING for _, each in left):
        pass
    elif not any(each.state == WAITING for _, each in left):
        await finishing.cleaned(ctx, stack, under_way, [each for _, each in left if each.state == FAILED])
        return
    needed = {name for _, each in left for name in each.needs if each.state != FAILED}
    blocked = {name for _, each in left for name in each.needs if each.state == FAILED}
    started = 0
    for key, each in left:
        if each.state == WAITING and each.logical not in needed | blocked:
            garbage.put(ctx, change(each, state=WORKING), stack.uuid, *key)
            await ctx.schedule("dispose", {"stack": stack.uuid, "number": key[0]})
            started += 1
    if not started and not any(each.state == WORKING for _, each in left):
        # what is left is needed by what could not be deleted
        await finishing.cleaned(ctx, stack, under_way, [each for _, each in left if each.state == FAILED])


async def settle(ctx: Context, stack: Stack) -> None:
    """The goal has become what the stack is; nothing is left of the operation."""
    goal = await bodies.get(ctx, stack.uuid, GOAL)
    if goal is not None:
        bodies.put(ctx, goal, stack.uuid, CURRENT)
        bodies.delete(ctx, stack.uuid, GOAL)
    await forget(ctx, stack)


async def forget(ctx: Context, stack: Stack) -> None:
    """Nothing is left of the operation but what it did."""
    for collection, kinds in ((steps, (str,)), (backups, (str,)), (garbage, (int,))):
        for key, _ in await collection.items(ctx, kinds, stack.uuid):  # type: ignore[arg-type]
            collection.delete(ctx, stack.uuid, *key)
    for key, _ in await signals.items(ctx, (str, str), stack.uuid):
        signals.delete(ctx, stack.uuid, *key)
    work.delete(ctx, stack.uuid)
