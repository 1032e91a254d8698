"""One stack of a stack set: made, changed, deleted or looked at in its account and Region.

With self-managed permissions CloudFormation takes on the administration role, and as that the execution role of the target account, which
has to trust it. With service-managed permissions it may do in the accounts of the organization whatever their root may.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-prereqs-self-managed.html
"""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID, uuid5

import msgspec

from fogbank.identity import sessions
from fogbank.identity.principals import Principal, root
from fogbank.kernel import AWSError, Context
from fogbank.kernel.resource_types import pause
from fogbank.services.cloudformation import drift, errors, stack_set_events, stack_set_operations, stacks, wanting
from fogbank.services.cloudformation.records import CURRENT, STACK, Stack, bodies, events, names, uuid_of
from fogbank.services.cloudformation.records import stacks as kept
from fogbank.services.cloudformation.service import service
from fogbank.services.cloudformation.stack_sets import (
    SERVICE_MANAGED,
    Instance,
    Result,
    SetOperation,
    StackSet,
    instances,
    parameter_list,
    set_operations,
    set_results,
    sets,
)
from fogbank.services.cloudformation.templates.parsing import parse

change = msgspec.structs.replace

_MOMENT = 0.001
_GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")


class Job(NamedTuple):
    set: StackSet
    operation: SetOperation
    result: Result
    instance: Instance

    @property
    def key(self) -> tuple[str, str, str]:
        return self.set.uuid, self.result.account, self.result.region

    @property
    def payload(self) -> dict[str, Any]:
        account, region = self.result.account, self.result.region
        return {"set": self.set.uuid, "number": self.operation.number, "account": account, "region": region}


async def _job(ctx: Context, payload: dict[str, Any]) -> Job | None:
    """None when there is nothing to do (any more)."""
    uuid, number, account, region = (payload[name] for name in ("set", "number", "account", "region"))
    found, operation = await sets.get(ctx, uuid), await set_operations.get(ctx, uuid, number)
    result = await set_results.get(ctx, uuid, number, account, region)
    instance = await instances.get(ctx, uuid, account, region)
    if found is None or operation is None or result is None or instance is None or result.status != "RUNNING":
        return None
    return Job(found, operation, result, instance)


@service.task(transaction=False)
async def run_instance(ctx: Context, payload: dict[str, Any]) -> None:
    job = await ctx.transact(_job, ctx, payload)
    if job is None:
        return
    target = ctx.at(account=job.result.account, region=job.result.region)
    try:
        target.principal = await _executor(ctx, job)
        stack, about = await _carry_out(target, job)
    except AWSError as error:
        await ctx.transact(_ended, ctx, payload, error.message)
        return
    await ctx.transact(_begun, ctx, payload, stack, about)


async def _executor(ctx: Context, job: Job) -> Principal:
    """Who works in the target account. Raises ValidationError when the roles are not as they have to be."""
    account = job.result.account
    if job.set.model == SERVICE_MANAGED:
        return root(account)
    administrator = await administration(ctx, job.operation.administration, job.set.account)
    role = f"arn:{ctx.partition}:iam::{account}:role/{job.operation.execution}"

    async def assumed() -> Principal:
        asking = ctx.at()
        asking.principal = administrator
        request = {"RoleArn": role, "RoleSessionName": f"StackSet-{job.set.name}"[:64]}
        key = (await asking.call("sts", "AssumeRole", request, as_caller=True))["Credentials"]["AccessKeyId"]
        found = await sessions.find(asking, key)
        assert found is not None
        return found.principal

    try:
        return await ctx.transact(assumed)
    except AWSError as error:
        name = job.operation.administration.rpartition("/")[2]
        told = (
            f"Account {account} should have '{job.operation.execution}' role with trust relationship to Role '{name}'."
        )
        raise errors.invalid(told) from error


async def administration(ctx: Context, role: str, account: str) -> Principal:
    """The session of the administration role. Raises ValidationError when it does not trust CloudFormation."""
    try:
        return await ctx.assume(role, session_name="AWSCloudFormationStackSets")
    except AWSError as error:
        name = role.rpartition("/")[2]
        told = f"Account {account} should have '{name}' role with trust relationship to CloudFormation service."
        raise errors.invalid(told) from error


# -- beginning


async def _carry_out(target: Context, job: Job) -> tuple[str, str]:
    """Begin with what is to be done. Returns the id of the stack, and that of a drift detection."""
    action, stack = job.operation.action, job.instance.stack
    if job.operation.imported:
        return await _taken(target, job), ""
    if action == "DELETE":
        if stack and not job.operation.retain:
            await _authorise(target, "DeleteStack", stack)
            await target.transact(stacks.delete_stack, target, {"StackName": stack})
        return stack, ""
    if action == "DETECT_DRIFT":
        await _authorise(target, "DetectStackDrift", stack)
        return stack, (await target.transact(_detect, target, stack))
    return await _deployed(target, job), ""


async def _authorise(target: Context, action: str, stack: str) -> None:
    await target.authorise(f"cloudformation:{action}", stack)


async def _detect(target: Context, stack: str) -> str:
    return (await drift.begin(target, await drift.checkable(target, stack), [])).uuid


async def _taken(target: Context, job: Job) -> str:
    """A stack that is there becomes an instance, if it has the template of the set."""
    stack_id = job.operation.imported[f"{job.result.account}/{job.result.region}"]
    await _authorise(target, "GetTemplate", stack_id)
    body = await target.transact(bodies.get, target, uuid_of(stack_id), CURRENT)
    if body is None or parse(body.text) != parse(job.set.template):
        raise errors.invalid(f"The template of stack {stack_id} differs from that of the stack set")
    return stack_id


async def _deployed(target: Context, job: Job) -> str:
    found = await target.transact(_stack, target, job)
    request = {
        "Capabilities": job.set.capabilities,
        "Tags": [{"Key": key, "Value": value} for key, value in job.set.tags.items()],
    }
    if found is None:
        name = _name(job)
        await _authorise(
            target, "CreateStack", f"arn:aws:cloudformation:{target.region}:{target.account}:stack/{name}/*"
        )
        found = stacks.new_stack(target, name, request)
        wanted = await wanting.wanted(target, found, job.set.template, _parameters(job))
        return (await target.transact(stacks.create, target, found, wanted, request)).id
    if found.status.endswith("_IN_PROGRESS"):
        return found.id  # begun before a restart
    await _authorise(target, "UpdateStack", found.id)
    wanted = await wanting.wanted(target, found, job.set.template, _parameters(job), found)
    try:
        asked = stacks.with_options(found, request)
        await target.transact(stacks.update, target, found, asked, wanted, request)
    except AWSError as error:
        if error.message != errors.no_updates().message:
            raise
    return found.id


async def _stack(target: Context, job: Job) -> Stack | None:
    """The stack of the instance, if there is one (and be it that a server was killed right after it had begun)."""
    known = await names.get(target, _name(job))
    uuid = uuid_of(job.instance.stack) or (known or b"").decode()
    found = await kept.get(target, uuid) if uuid else None
    return found if found is not None and found.deleted is None else None


def _name(job: Job) -> str:
    about = f"{job.result.account}/{job.result.region}/{job.operation.number}"
    return f"StackSet-{job.set.name[:80]}-{uuid5(UUID(job.set.uuid), about)}"


def _parameters(job: Job) -> list[dict[str, Any]]:
    return parameter_list({**job.set.parameters, **job.instance.overrides})


# -- waiting for its end


async def _begun(ctx: Context, payload: dict[str, Any], stack: str, about: str) -> None:
    job = await _job(ctx, payload)
    if job is None:
        return
    instance = change(job.instance, stack=stack, detailed="RUNNING")
    instances.put(ctx, instance, *job.key)
    await stack_set_events.instance_is(ctx, job.set, instance, job.operation.action)
    result = change(job.result, about=about, since=ctx.now())
    set_results.put(ctx, result, job.set.uuid, job.operation.number, result.account, result.region)
    await ctx.schedule("look_at_instance", payload)


@service.task
async def look_at_instance(ctx: Context, payload: dict[str, Any]) -> None:
    job = await _job(ctx, payload)
    if job is None:
        return
    target = ctx.at(account=job.result.account, region=job.result.region)
    if not await (_has_looked(ctx, target, job) if job.result.about else _has_ended(ctx, target, job)):
        await ctx.schedule("look_at_instance", payload, delay=pause(max(ctx.now() - job.result.since, _MOMENT)))


async def _has_looked(ctx: Context, target: Context, job: Job) -> bool:
    found = await drift.detections.get(target, job.result.about)
    if found is None or found.status == "DETECTION_IN_PROGRESS":
        return False
    instances.put(ctx, change(job.instance, drift=found.drift, drift_checked=ctx.now()), *job.key)
    await _ended(ctx, job.payload, found.reason)
    return True


async def _has_ended(ctx: Context, target: Context, job: Job) -> bool:
    is_deletion = job.operation.action == "DELETE"
    stack = await kept.get(target, uuid_of(job.instance.stack)) if job.instance.stack else None
    if stack is not None and stack.status.endswith("_IN_PROGRESS"):
        return False
    gone = stack is None or stack.deleted is not None or job.operation.retain
    good = gone if is_deletion else stack is not None and stack.status in _GOOD
    if is_deletion and good:
        instances.delete(ctx, *job.key)
    await _ended(ctx, job.payload, "" if good or stack is None else await _why(target, stack))
    return True


async def _why(target: Context, stack: Stack) -> str:
    """What the first resource that failed says, in the words of stack sets."""
    for event in await events.scan(target, stack.uuid, reverse=True):
        if event.status.endswith("_FAILED") and event.type != STACK:
            first = event
            return f"ResourceLogicalId:{first.logical}, ResourceType:{first.type}, ResourceStatusReason:{first.reason}."
    return f"Stack {stack.id} is in {stack.status} state. {stack.reason}"


async def _ended(ctx: Context, payload: dict[str, Any], trouble: str) -> None:
    """The work on one stack is over; `trouble` says why it failed."""
    uuid, number, account, region = (payload[name] for name in ("set", "number", "account", "region"))
    result = await set_results.get(ctx, uuid, number, account, region)
    instance = await instances.get(ctx, uuid, account, region)
    operation = await set_operations.get(ctx, uuid, number)
    found = await sets.get(ctx, uuid)
    assert result is not None and operation is not None and found is not None
    status = "FAILED" if trouble else "SUCCEEDED"
    set_results.put(ctx, change(result, status=status, reason=trouble), uuid, number, account, region)
    if instance is not None:
        told = _told(instance, operation, status, trouble)
        instances.put(ctx, told, uuid, account, region)
        await stack_set_events.instance_is(ctx, found, told, operation.action)
    await stack_set_operations.wake(ctx, uuid, number)


def _told(instance: Instance, operation: SetOperation, detailed: str, trouble: str) -> Instance:
    told = change(instance, detailed=detailed, reason=trouble, operation=operation.id)
    if operation.action == "DETECT_DRIFT":
        return told
    if operation.imported and trouble:
        return change(told, detailed="FAILED_IMPORT")
    if trouble:
        return change(told, status="INOPERABLE" if operation.action == "DELETE" else "OUTDATED")
    return change(told, status="CURRENT")
