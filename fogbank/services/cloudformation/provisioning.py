"""One resource: made, changed, replaced or deleted by the handler of its type, with the permissions of whoever asked for the stack.

A resource whose handler has done its part is looked at until it is ready, on the virtual clock (`kernel.resource_types`).
"""

from __future__ import annotations

import string
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, NamedTuple

import msgspec
import orjson

from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import Naming, Properties, ResourceType, pause
from fogbank.services.cloudformation import deploying, errors, evaluation, signals, stack_policies, timeline, types
from fogbank.services.cloudformation.own_types import PLACE, Place
from fogbank.services.cloudformation.properties import check, completed
from fogbank.services.cloudformation.records import (
    DONE,
    FAILED,
    GOAL,
    MADE,
    WORKING,
    Garbage,
    Resource,
    Stack,
    Work,
    backups,
    bodies,
    garbage,
    resources,
    stacks,
    steps,
    work,
)
from fogbank.services.cloudformation.service import service
from fogbank.services.cloudformation.templates import references

change = msgspec.structs.replace

_LETTERS = string.ascii_letters[26:] + string.digits
# how long a resource may take to become ready, or to be gone (seconds of the virtual clock)
_PATIENCE = 12 * 3600

CREATE, UPDATE, REPLACE, NOTHING, RESTORE = "CREATE", "UPDATE", "REPLACE", "NOTHING", "RESTORE"
IMPORT = "IMPORT"
_TOUCHES = {UPDATE: stack_policies.MODIFY, REPLACE: stack_policies.REPLACE}


class Job(NamedTuple):
    """What is to be done about a resource. `before` is what there is of it, `resource` what is to be of it."""

    stack: Stack
    work: Work
    kind: ResourceType
    action: str
    before: Resource | None
    resource: Resource

    @property
    def verb(self) -> str:
        return self.action if self.action in (CREATE, IMPORT) else UPDATE


def describe(error: AWSError, token: str) -> str:
    """As CloudFormation words what a handler refused."""
    if error.code == errors.SAID:
        return error.message
    told = f'Resource handler returned message: "{error.message}"'
    return f"{told} (RequestToken: {token}, HandlerErrorCode: {handler_code(error)})"


def handler_code(error: AWSError) -> str:
    """https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html"""
    code = error.code.lower()
    for part, told in _CODES:
        if part in code:
            return told
    return "GeneralServiceException" if (error.status or 400) >= 500 else "InvalidRequest"


_CODES = (
    ("alreadyexists", "AlreadyExists"),
    ("nameexists", "AlreadyExists"),
    ("alreadyowned", "AlreadyExists"),
    ("resourceinuse", "AlreadyExists"),
    ("notfound", "NotFound"),
    ("nosuch", "NotFound"),
    ("nonexistent", "NotFound"),
    ("doesnotexist", "NotFound"),
    ("accessdenied", "AccessDenied"),
    ("authorization", "AccessDenied"),
    ("limitexceeded", "ServiceLimitExceeded"),
    ("throttl", "Throttling"),
    ("notstabilized", "NotStabilized"),
)


# -- making and changing


@service.task(transaction=False)
async def provision(ctx: Context, payload: dict[str, Any]) -> None:
    uuid, logical = payload["stack"], payload["logical"]
    job = await ctx.transact(_job, ctx, uuid, logical)
    if job is None:
        return
    ctx.principal = job.work.principal
    old = {} if job.before is None or job.action != UPDATE else job.before.wanted()
    try:
        async with _prepared(ctx, job, old) as given:
            await ctx.transact(_carry_out, ctx, job, old, given)
    except AWSError as error:
        await ctx.transact(_refused, ctx, uuid, logical, error)


def _prepared(ctx: Context, job: Job, old: Properties) -> AbstractAsyncContextManager[Properties]:
    wanted = job.resource.wanted()
    naming = job.kind.naming
    if job.action in (CREATE, REPLACE) and naming is not None and naming.member not in wanted:
        wanted[naming.member] = _name(ctx, job, naming, wanted)
    if job.kind.name.startswith("AWS::CloudFormation::"):
        resource = job.resource
        physical = resource.identifier if job.action == UPDATE else ""
        wanted[PLACE] = Place(job.stack, resource.logical, resource.type, physical)
    return job.kind.prepared(ctx, old, wanted) if job.action not in (RESTORE, IMPORT) else nullcontext(wanted)


def _name(ctx: Context, job: Job, naming: Naming, wanted: Properties) -> str:
    """`<stack>-<logical id>-<random>`, no longer than the type allows."""
    told, ending = naming.suffix
    end = ending if told and wanted.get(told) in (True, "true") else ""
    tail = "".join(ctx.ids.choice(_LETTERS) for _ in range(12))
    room = naming.longest - len(tail) - len(end) - 2
    logical = job.resource.logical[: max(room // 2, room - len(job.stack.name))]
    name = f"{job.stack.name[: room - len(logical)]}-{logical}-{tail}{end}"
    return name.lower() if naming.lower else name


async def _job(ctx: Context, uuid: str, logical: str) -> Job | None:
    """What is to be done, told as begun; None when nothing is (left) to be done."""
    stack, under_way = await stacks.get(ctx, uuid), await work.get(ctx, uuid)
    if stack is None or under_way is None or await steps.get(ctx, uuid, logical) != WORKING:
        return None
    ctx.principal = under_way.principal
    before = await resources.get(ctx, uuid, logical)
    try:
        job = await ctx.undoing(_decided, ctx, stack, under_way, logical, before)
    except AWSError as error:
        await _not_evaluated(ctx, stack, under_way, logical, before, error)
        return None
    if job.action == NOTHING:
        resources.put(ctx, job.resource, uuid, logical)
        await deploying.ended(ctx, stack, logical, DONE)
        return None
    if job.before is None or job.before.status != f"{job.verb}_IN_PROGRESS":
        await deploying.keep_backup(ctx, stack, logical, before)
        reason = "Requested update requires the creation of a new physical resource; hence creating one."
        told = await timeline.resource_is(
            ctx,
            stack,
            job.resource,
            f"{job.verb}_IN_PROGRESS",
            reason if job.action == REPLACE else "Resource import started." if job.action == IMPORT else "",
            under_way.token,
        )
        job = job._replace(resource=told)
    return job


async def _decided(ctx: Context, stack: Stack, under_way: Work, logical: str, before: Resource | None) -> Job:
    goal = await bodies.get(ctx, stack.uuid, GOAL)
    assert goal is not None
    template = deploying.template_of(goal.document)
    declared = template.resources[logical]
    kind = types.find(ctx, declared.type)
    values = await evaluation.values_of(ctx, stack, template, await resources.scan(ctx, stack.uuid))
    backup = await backups.get(ctx, stack.uuid, logical) if under_way.verb == "UPDATE_ROLLBACK" else None
    if backup is not None and backup.identifier and before is not None and backup.identifier != before.identifier:
        return Job(stack, under_way, kind, RESTORE, before, backup)
    wanted = completed(stack, declared.type, await evaluation.resolved(ctx, values.value(declared.properties)))
    check(logical, declared.type, wanted)
    metadata = values.value(declared.metadata) if declared.metadata is not None else None
    resource = Resource(
        logical,
        declared.type,
        before.status if before is not None else "",
        ctx.now(),
        identifier=before.identifier if before is not None else "",
        physical=before.physical if before is not None else "",
        properties=orjson.dumps(wanted).decode(),
        attributes=before.attributes if before is not None else "{}",
        needs=sorted(references.dependencies(template, logical, values.holds)),
        deletion=str(values.value(declared.deletion) or "Delete"),
        replacement=str(values.value(declared.replacement) or "Delete"),
        metadata=orjson.dumps(metadata).decode() if metadata is not None else "",
        description=str(declared.attributes.get("Description", "")),
        token=ctx.ids.uuid(),
    )
    action = IMPORT if logical in under_way.imported and not resource.identifier else _action(kind, before, wanted)
    if under_way.verb == UPDATE and action in _TOUCHES:
        stack_policies.require(under_way.policy, _TOUCHES[action], logical, declared.type)
    return Job(stack, under_way, kind, action, before, resource)


def _action(kind: ResourceType, before: Resource | None, wanted: Properties) -> str:
    if before is None or not before.identifier:
        return CREATE
    is_same = before.wanted() == wanted
    if is_same and (not before.status.endswith("FAILED") or (before.status == "UPDATE_FAILED" and kind.is_fixed)):
        return NOTHING
    return REPLACE if is_replaced(kind, before.wanted(), wanted) else UPDATE


def is_replaced(kind: ResourceType, before: Properties, after: Properties) -> bool:
    """Does the change take another resource in its place?"""
    if kind.is_fixed:
        return True
    return any(before.get(name) != after.get(name) for name in kind.create_only)


async def _not_evaluated(
    ctx: Context, stack: Stack, under_way: Work, logical: str, before: Resource | None, error: AWSError
) -> None:
    goal = await bodies.get(ctx, stack.uuid, GOAL)
    assert goal is not None
    declared = deploying.template_of(goal.document).resources[logical]
    resource = before or Resource(logical, declared.type, "", ctx.now())
    verb = UPDATE if before is not None and before.identifier else CREATE
    await deploying.keep_backup(ctx, stack, logical, before)
    await timeline.resource_is(ctx, stack, resource, f"{verb}_FAILED", error.message, under_way.token)
    await deploying.ended(ctx, stack, logical, FAILED)


async def _carry_out(ctx: Context, job: Job, old: Properties, given: Properties) -> None:
    """Have the handler do its part; from then on the resource is only looked at."""
    uuid, logical = job.stack.uuid, job.resource.logical
    if await steps.get(ctx, uuid, logical) != WORKING:
        return
    if job.action == RESTORE:
        await _restore(ctx, job)
        return
    if job.action == IMPORT:
        await _take_over(ctx, job)
        return
    resource = job.resource
    if job.action == UPDATE:
        await job.kind.update(ctx, resource.identifier, old, given)
        resources.put(ctx, resource, uuid, logical)
    else:
        identifier = await job.kind.create(ctx, given)
        resource = change(resource, identifier=identifier, physical=job.kind.ref(identifier, given))
        told = "Resource creation Initiated"
        await timeline.resource_is(ctx, job.stack, resource, f"{job.verb}_IN_PROGRESS", told, job.work.token)
    steps.put(ctx, MADE, uuid, logical)
    await _look_after(ctx, uuid, logical, 0.0)


async def _look_after(ctx: Context, uuid: str, logical: str, delay: float) -> None:
    await ctx.schedule("look", {"stack": uuid, "logical": logical}, delay=delay, key=f"{uuid}/{logical}")


async def poke(ctx: Context, uuid: str, logical: str) -> None:
    """Look at a resource now: something about it has changed."""
    await _look_after(ctx, uuid, logical, 0.0)
    for key, item in await garbage.items(ctx, (int,), uuid):
        if item.logical == logical and item.state == WORKING:
            await _look_gone_after(ctx, uuid, int(key[0]), 0.0)


async def _restore(ctx: Context, job: Job) -> None:
    """The resource that was replaced is still there: it takes its place again, and the other one goes."""
    assert job.before is not None
    await deploying.throw_away(ctx, job.stack, job.before)
    await timeline.resource_is(ctx, job.stack, job.resource, "UPDATE_COMPLETE", "", job.work.token)
    await deploying.ended(ctx, job.stack, job.resource.logical, DONE)


async def _take_over(ctx: Context, job: Job) -> None:
    """A resource that is there already becomes the stack's."""
    resource, identifier = job.resource, job.work.imported[job.resource.logical]
    found = await job.kind.read(ctx, identifier)
    physical = job.kind.ref(identifier, found)
    taken = change(resource, identifier=identifier, physical=physical, attributes=orjson.dumps(found).decode())
    await timeline.resource_is(ctx, job.stack, taken, "IMPORT_COMPLETE", "Resource import completed.", job.work.token)
    await deploying.ended(ctx, job.stack, resource.logical, DONE)


async def _refused(ctx: Context, uuid: str, logical: str, error: AWSError) -> None:
    stack, under_way = await stacks.get(ctx, uuid), await work.get(ctx, uuid)
    resource = await resources.get(ctx, uuid, logical)
    if stack is None or under_way is None or resource is None:
        return
    verb = resource.status.partition("_")[0]
    reason = describe(error, resource.token)
    await timeline.resource_is(ctx, stack, resource, f"{verb}_FAILED", reason, under_way.token)
    await deploying.ended(ctx, stack, logical, FAILED)


@service.task
async def look(ctx: Context, payload: dict[str, Any]) -> None:
    """Is the resource what it was asked to be?"""
    uuid, logical = payload["stack"], payload["logical"]
    stack, under_way = await stacks.get(ctx, uuid), await work.get(ctx, uuid)
    resource = await resources.get(ctx, uuid, logical)
    if stack is None or under_way is None or resource is None or await steps.get(ctx, uuid, logical) != MADE:
        return
    ctx.principal = under_way.principal
    kind = types.find(ctx, resource.type)
    backup = await backups.get(ctx, uuid, logical)
    is_new = backup is None or backup.identifier != resource.identifier
    before = {} if is_new or backup is None else backup.wanted()
    waited = ctx.now() - resource.time
    try:
        ready = await ctx.undoing(kind.stabilise, ctx, resource.identifier, before, resource.wanted())
        if ready and (not is_new or await signals.are_received(ctx, stack, resource)):
            await _ready(ctx, stack, under_way, kind, resource)
            return
        if waited > _PATIENCE:
            raise AWSError("NotStabilized", "Resource did not stabilize.")
    except AWSError as error:
        await _refused(ctx, uuid, logical, error)
        return
    await _look_after(ctx, uuid, logical, pause(waited))


async def _ready(ctx: Context, stack: Stack, under_way: Work, kind: ResourceType, resource: Resource) -> None:
    found = await kind.read(ctx, resource.identifier)
    told = change(resource, attributes=orjson.dumps(found).decode(), physical=kind.ref(resource.identifier, found))
    verb = resource.status.partition("_")[0]
    await timeline.resource_is(ctx, stack, told, f"{verb}_COMPLETE", "", under_way.token)
    await deploying.ended(ctx, stack, resource.logical, DONE)


# -- deleting


@service.task
async def dispose(ctx: Context, payload: dict[str, Any]) -> None:
    """Have the handler delete a resource, or only forget it."""
    uuid, number = payload["stack"], payload["number"]
    stack, under_way = await stacks.get(ctx, uuid), await work.get(ctx, uuid)
    item = await garbage.get(ctx, uuid, number)
    if stack is None or under_way is None or item is None or item.state != WORKING:
        return
    ctx.principal = under_way.principal
    if item.keep or not item.identifier:
        await _gone(ctx, stack, under_way, item, number, "DELETE_SKIPPED" if item.keep else "DELETE_COMPLETE")
        return
    await _tell(ctx, stack, under_way, item, "DELETE_IN_PROGRESS")
    kind = types.find(ctx, item.type)
    try:
        await ctx.undoing(kind.delete, ctx, item.identifier)
    except AWSError as error:
        if not kind.is_missing(error):
            await _stays(ctx, stack, under_way, item, number, error)
            return
    garbage.put(ctx, change(item, since=ctx.now()), uuid, number)
    await _look_gone_after(ctx, uuid, number, 0.0)


async def _look_gone_after(ctx: Context, uuid: str, number: int, delay: float) -> None:
    await ctx.schedule("look_gone", {"stack": uuid, "number": number}, delay=delay, key=f"{uuid}/{number}")


@service.task
async def look_gone(ctx: Context, payload: dict[str, Any]) -> None:
    uuid, number = payload["stack"], payload["number"]
    stack, under_way = await stacks.get(ctx, uuid), await work.get(ctx, uuid)
    item = await garbage.get(ctx, uuid, number)
    if stack is None or under_way is None or item is None or item.state != WORKING:
        return
    ctx.principal = under_way.principal
    kind = types.find(ctx, item.type)
    waited = ctx.now() - item.since
    try:
        if not await ctx.undoing(kind.is_gone, ctx, item.identifier):
            if waited <= _PATIENCE:
                await _look_gone_after(ctx, uuid, number, pause(waited))
                return
            raise AWSError("NotStabilized", "Resource did not stabilize.")
    except AWSError as error:
        await _stays(ctx, stack, under_way, item, number, error)
        return
    await _gone(ctx, stack, under_way, item, number, "DELETE_COMPLETE")


async def _tell(
    ctx: Context, stack: Stack, under_way: Work, item: Garbage, status: str, reason: str = ""
) -> Resource | None:
    """Tell what becomes of it. Returns the stack's resource, if it is one still (and not what was there before it)."""
    row = await resources.get(ctx, stack.uuid, item.logical)
    if row is not None and row.identifier == item.identifier:
        return await timeline.resource_is(ctx, stack, row, status, reason, under_way.token)
    gone = Resource(item.logical, item.type, status, ctx.now(), item.identifier, item.physical, reason, item.properties)
    await timeline.tell(ctx, stack, gone, under_way.token)
    return None


async def _gone(ctx: Context, stack: Stack, under_way: Work, item: Garbage, number: int, status: str) -> None:
    row = await _tell(ctx, stack, under_way, item, status)
    if row is not None and under_way.verb.startswith("UPDATE"):
        resources.delete(ctx, stack.uuid, item.logical)
    garbage.delete(ctx, stack.uuid, number)
    await deploying.wake(ctx, stack)


async def _stays(ctx: Context, stack: Stack, under_way: Work, item: Garbage, number: int, error: AWSError) -> None:
    await _tell(ctx, stack, under_way, item, "DELETE_FAILED", describe(error, ctx.ids.uuid()))
    garbage.put(ctx, change(item, state=FAILED), stack.uuid, number)
    await deploying.wake(ctx, stack)
