"""Operations on stacks: create, update, delete, and what ends an operation that hangs.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html and its neighbours.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import orjson

from fogbank.kernel import Context
from fogbank.services.cloudformation import (
    deploying,
    errors,
    exporting,
    finishing,
    stack_policies,
    timeline,
    tokens,
    types,
    wanting,
)
from fogbank.services.cloudformation.records import (
    CURRENT,
    DONE,
    FAILED,
    GOAL,
    WAITING,
    Answer,
    Body,
    Request,
    Stack,
    Work,
    bodies,
    find,
    names,
    put,
    resources,
    stacks,
    steps,
    uuid_of,
    work,
)
from fogbank.services.cloudformation.service import service
from fogbank.services.cloudformation.wanting import Wanted

change = msgspec.structs.replace

UPDATABLE = frozenset(
    {
        "CREATE_COMPLETE",
        "CREATE_FAILED",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_COMPLETE",
    }
)
_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]*")
_NAME_LENGTH = 128
_OPTIONS = ("DisableRollback", "RetainExceptOnCreate", "RollbackConfiguration", "TimeoutInMinutes")


def resource(ctx: Context, request: Request) -> str:
    """The ARN that a request is about, for the decision."""
    name = request.get("StackName") or "*"
    return (
        name
        if name.startswith("arn:")
        else f"arn:{ctx.partition}:cloudformation:{ctx.region}:{ctx.account}:stack/{name}/*"
    )


ON_STACK: dict[str, Any] = {"resource": resource}


# -- creating


@service.operation(transaction=False, **ON_STACK)
async def create_stack(ctx: Context, request: Request) -> Answer:
    """API_CreateStack."""
    name = request["StackName"]
    check_name(name)
    known = await ctx.transact(tokens.earlier, ctx, request)
    if known is not None:
        return {"StackId": known}
    if await ctx.transact(names.get, ctx, name) is not None:
        raise errors.already_exists(name)
    text = await wanting.text_of(ctx, request)
    if text is None:
        raise errors.invalid("Either Template URL or Template Body must be specified.")
    policy = await _policy(ctx, request)
    stack = change(new_stack(ctx, name, request), policy=policy or "")
    wanted = await wanting.wanted(ctx, stack, text, request.get("Parameters") or [])
    check_capabilities(wanted, request)
    begun = await ctx.transact(create, ctx, stack, wanted, request)
    return {"StackId": begun.id}


def check_name(name: str) -> None:
    if _NAME.fullmatch(name) is None or len(name) > _NAME_LENGTH:
        told = f"Member must satisfy regular expression pattern: {_NAME.pattern}"
        raise errors.invalid(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: {told}"
        )


def new_stack(ctx: Context, name: str, request: Request, status: str = "CREATE_IN_PROGRESS") -> Stack:
    """A stack that is to be; nothing of it is kept yet."""
    return with_options(Stack(ctx.ids.uuid(), name, ctx.account, ctx.region, status, ctx.now()), request)


def with_options(stack: Stack, request: Request) -> Stack:
    """The stack with what a request says of it besides its template; what it does not say stays."""
    given: dict[str, Any] = {}
    if request.get("Tags") is not None:
        given["tags"] = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
    if request.get("NotificationARNs") is not None:
        given["topics"] = request["NotificationARNs"]
    if request.get("RoleARN") is not None:
        given["role"] = request["RoleARN"]
    if request.get("EnableTerminationProtection") is not None:
        given["protected"] = request["EnableTerminationProtection"]
    if request.get("Capabilities") is not None:
        given["capabilities"] = request["Capabilities"]
    options = {name: request[name] for name in _OPTIONS if request.get(name) is not None}
    given["options"] = orjson.dumps(orjson.loads(stack.options) | options).decode()
    return change(stack, **given)


def check_capabilities(wanted: Wanted, request: Request, is_shown_first: bool = False) -> None:
    """Raises InsufficientCapabilitiesException for what the template takes and nobody acknowledged.

    What transforms make needs not be acknowledged when it is shown first, in a change set.
    """
    names = [] if is_shown_first else wanted.transforms
    needed, _ = types.capabilities(wanted.template.resources.values(), names)
    lacking = types.lacking(needed, request.get("Capabilities") or [])
    if lacking:
        raise errors.insufficient_capabilities(lacking)


async def create(ctx: Context, stack: Stack, wanted: Wanted, request: Request) -> Stack:
    """Begin with a stack that is to be. Raises AlreadyExistsException."""
    if await names.get(ctx, stack.name) is not None:
        raise errors.already_exists(stack.name)
    names.put(ctx, stack.uuid.encode(), stack.name)
    stack = led_to(stack, wanted)
    put(ctx, stack)
    failure = "DO_NOTHING" if request.get("DisableRollback") else request.get("OnFailure") or "ROLLBACK"
    begun = await started(ctx, stack, "CREATE", request)
    return await deploying.begin(ctx, stack, change(begun, on_failure=failure), wanted.body, "User Initiated")


def led_to(stack: Stack, wanted: Wanted) -> Stack:
    """The stack with the parameters of what is wanted."""
    return change(
        stack,
        parameters=wanted.texts,
        resolved=wanted.resolved,
        hidden=wanted.hidden,
        description=wanted.template.description,
    )


async def started(ctx: Context, stack: Stack, verb: str, request: Request) -> Work:
    """An operation with the permissions of the caller, or of the stack's role."""
    await tokens.note(ctx, request, stack)
    principal = ctx.principal
    if stack.role:
        await ctx.pass_role(stack.role)
        principal = await ctx.assume(stack.role, session_name="AWSCloudFormation")
    return Work(verb, ctx.now(), principal, request.get("ClientRequestToken") or "")


# -- updating


@service.operation(transaction=False, **ON_STACK)
async def update_stack(ctx: Context, request: Request) -> Answer:
    """API_UpdateStack."""
    known = await ctx.transact(tokens.earlier, ctx, request)
    if known is not None:
        return {"StackId": known}
    stack, current = await ctx.transact(_updatable, ctx, request["StackName"])
    text = await wanting.text_of(ctx, request)
    if request.get("UsePreviousTemplate"):
        if text is not None:
            raise errors.invalid("Only one of UsePreviousTemplate, TemplateBody and TemplateURL may be specified.")
        text = current.text
    if text is None:
        raise errors.invalid("Either Template URL or Template Body must be specified.")
    policy, during = await _policy(ctx, request), await _policy(ctx, request, "DuringUpdate")
    wanted = await wanting.wanted(ctx, stack, text, request.get("Parameters") or [], stack)
    check_capabilities(wanted, request)
    asked = with_options(stack if policy is None else change(stack, policy=policy), request)
    begun = await ctx.transact(update, ctx, stack, asked, wanted, request, during)
    return {"StackId": begun.id}


async def _updatable(ctx: Context, name: str) -> tuple[Stack, Body]:
    stack = await find(ctx, name)
    if stack.deleted is not None:
        raise errors.no_such_stack(name)
    if stack.status not in UPDATABLE:
        raise errors.in_state(stack.id, stack.status)
    current = await bodies.get(ctx, stack.uuid, CURRENT)
    assert current is not None
    return stack, current


async def update(
    ctx: Context, before: Stack, asked: Stack, wanted: Wanted, request: Request, policy: str | None = None
) -> Stack:
    """Begin an update from the stack as it is; `asked` is the stack with the options of the request.

    `policy` counts instead of the stack's own.
    """
    stack, current = await _updatable(ctx, before.id)
    if stack != before:
        raise errors.in_state(stack.id, stack.status)
    after = change(led_to(asked, wanted), updated=ctx.now())
    await _check_types(ctx, stack, wanted)
    if is_same(stack, current, after, wanted):
        raise errors.no_updates()
    put(ctx, after)
    unfinished = await work.get(ctx, stack.uuid)
    last_good = unfinished.before if unfinished is not None and unfinished.before is not None else stack
    failure = "DO_NOTHING" if request.get("DisableRollback") else "ROLLBACK"
    begun = await started(ctx, after, "UPDATE", request)
    return await deploying.begin(
        ctx,
        after,
        change(begun, before=last_good, on_failure=failure, policy=policy or stack.policy),
        wanted.body,
        "User Initiated",
    )


def is_same(stack: Stack, current: Body, after: Stack, wanted: Wanted) -> bool:
    """Would nothing change?"""
    return (
        not stack.status.endswith("FAILED")
        and current.document == wanted.body.document
        and (stack.parameters, stack.resolved, stack.tags, stack.role, stack.topics)
        == (after.parameters, after.resolved, after.tags, after.role, after.topics)
    )


async def _check_types(ctx: Context, stack: Stack, wanted: Wanted) -> None:
    declared = wanted.template.resources
    other = [
        each.logical
        for each in await resources.scan(ctx, stack.uuid)
        if each.logical in declared and each.identifier and declared[each.logical].type != each.type
    ]
    if other:
        told = "The new template modifies resource type of the following resources"
        raise errors.invalid(f"Update of resource type is not permitted. {told}: [{', '.join(other)}]")


@service.operation(**ON_STACK)
async def cancel_update_stack(ctx: Context, request: Request) -> Answer:
    """Roll back an update that is under way, as soon as what is at work has ended. API_CancelUpdateStack."""
    stack = await find(ctx, request["StackName"])
    if stack.status != "UPDATE_IN_PROGRESS":
        raise errors.invalid("CancelUpdateStack cannot be called from current stack status")
    steps.put(ctx, FAILED, stack.uuid, "")
    await deploying.wake(ctx, stack)
    return {}


@service.operation(**ON_STACK)
async def continue_update_rollback(ctx: Context, request: Request) -> Answer:
    """API_ContinueUpdateRollback."""
    stack = await find(ctx, request["StackName"])
    under_way = await work.get(ctx, stack.uuid)
    if stack.status != "UPDATE_ROLLBACK_FAILED" or under_way is None:
        raise errors.invalid(f"Stack:{stack.id} is in {stack.status} state and can not continue update rollback.")
    await _again(ctx, stack, under_way, request, set(request.get("ResourcesToSkip") or []))
    return {}


async def _again(ctx: Context, stack: Stack, under_way: Work, request: Request, skipped: set[str]) -> None:
    for key, state in await steps.items(ctx, (str,), stack.uuid):
        if state == FAILED:
            steps.put(ctx, DONE if key[0] in skipped else WAITING, stack.uuid, *key)
    token = request.get("ClientRequestToken") or ""
    work.put(ctx, change(under_way, principal=ctx.principal, token=token), stack.uuid)
    await timeline.stack_is(ctx, stack, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated", token)
    await deploying.wake(ctx, stack)


@service.operation(**ON_STACK)
async def rollback_stack(ctx: Context, request: Request) -> Answer:
    """Lead a stack that failed and was not rolled back to where it was before. API_RollbackStack."""
    stack = await find(ctx, request["StackName"])
    if stack.status == "CREATE_FAILED":
        begun = await started(ctx, with_options(stack, request), "ROLLBACK", request)
        await deploying.begin(ctx, stack, begun, reason="User Initiated")
        return {"StackId": stack.id}
    under_way = await work.get(ctx, stack.uuid)
    if stack.status != "UPDATE_FAILED" or under_way is None:
        raise errors.invalid(f"Stack:{stack.id} is in {stack.status} state and can not be rolled back.")
    await finishing.roll_back_update(ctx, stack, change(under_way, principal=ctx.principal), "User Initiated")
    return {"StackId": stack.id}


# -- deleting


@service.operation(**ON_STACK)
async def delete_stack(ctx: Context, request: Request) -> Answer:
    """Delete a stack; one that is not there is deleted already. API_DeleteStack."""
    if await tokens.earlier(ctx, request) is not None:
        return {}
    name = request["StackName"]
    uuid = uuid_of(name) or (await names.get(ctx, name) or b"").decode()
    stack = await stacks.get(ctx, uuid) if uuid else None
    if stack is None or stack.deleted is not None or stack.status == "DELETE_IN_PROGRESS":
        return {}
    if stack.protected:
        raise errors.protected(stack.name)
    if stack.status.endswith("_IN_PROGRESS") and stack.status not in ("CREATE_IN_PROGRESS", "REVIEW_IN_PROGRESS"):
        raise errors.invalid(f"Stack [{stack.name}] cannot be deleted while in status {stack.status}")
    retained = request.get("RetainResources") or []
    if retained and stack.status != "DELETE_FAILED":
        raise errors.invalid(
            "Invalid operation on stack [" + stack.id + "]. RetainResources can only be used on DELETE_FAILED stacks."
        )
    await exporting.check_unused(ctx, stack)
    await remove(ctx, stack, request, retained)
    return {}


async def remove(ctx: Context, stack: Stack, request: Request, retained: list[str]) -> None:
    """Begin to delete a stack, whatever is under way."""
    stack = with_options(stack, {"RoleARN": request.get("RoleARN")})
    begun = await started(ctx, stack, "DELETE", request)
    await deploying.forget(ctx, stack)
    bodies.delete(ctx, stack.uuid, GOAL)
    forced = request.get("DeletionMode") == "FORCE_DELETE_STACK"
    if forced:
        retained = [each.logical for each in await resources.scan(ctx, stack.uuid) if each.status == "DELETE_FAILED"]
    await deploying.begin(ctx, stack, change(begun, retained=retained), reason="User Initiated")


@service.operation(**ON_STACK)
async def update_termination_protection(ctx: Context, request: Request) -> Answer:
    """API_UpdateTerminationProtection."""
    stack = await find(ctx, request["StackName"])
    if stack.parent:
        raise errors.invalid("Termination Protection is not allowed on nested stacks")
    put(ctx, change(stack, protected=request["EnableTerminationProtection"]))
    return {"StackId": stack.id}


# -- policies


async def _policy(ctx: Context, request: Request, when: str = "") -> str | None:
    """The stack policy that a request gives. Raises ValidationError for what is none."""
    text = await wanting.text_of(ctx, request, f"StackPolicy{when}Body", f"StackPolicy{when}URL")
    if text is not None:
        stack_policies.check(text)
    return text


@service.operation(transaction=False, **ON_STACK)
async def set_stack_policy(ctx: Context, request: Request) -> Answer:
    """API_SetStackPolicy."""
    text = await _policy(ctx, request)
    if text is None:
        raise errors.invalid("You must specify either StackPolicyBody or StackPolicyURL")

    async def kept() -> None:
        put(ctx, change(await find(ctx, request["StackName"]), policy=text))

    await ctx.transact(kept)
    return {}


@service.operation(**ON_STACK)
async def get_stack_policy(ctx: Context, request: Request) -> Answer:
    """API_GetStackPolicy."""
    stack = await find(ctx, request["StackName"])
    return {"StackPolicyBody": stack.policy or None}
