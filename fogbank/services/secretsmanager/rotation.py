"""Rotation by a function: RotateSecret, CancelRotateSecret, and the tasks that invoke it.

The version that a rotation makes is that of its ClientRequestToken. It carries AWSPENDING from the start, before it has a value; the
function gives it one in createSecret, and moves AWSCURRENT to it in finishSecret. What follows upon a step is in `rotation_steps`.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context
from fogbank.services.secretsmanager import errors, events, rotation_plans, rotation_steps, schedules, stages
from fogbank.services.secretsmanager.access import ON_SECRET
from fogbank.services.secretsmanager.saving import save
from fogbank.services.secretsmanager.secret import (
    Rotation,
    Secret,
    arn,
    find_own,
    keep,
    secrets,
)
from fogbank.services.secretsmanager.service import service

Request = dict[str, Any]

replace = msgspec.structs.replace


# -- operations


@service.operation(transaction=False, **ON_SECRET)
async def rotate_secret(ctx: Context, request: Request) -> Request:
    """Configure rotation and begin one, now or with the next window. API_RotateSecret.

    A rotation that was left unfinished is begun again, and the request refused.
    """
    answer = await ctx.transact(_begin, ctx, request)
    if answer is None:
        raise errors.rotation_incomplete()
    return answer


async def _begin(ctx: Context, request: Request) -> Request | None:
    scope, secret = await find_own(ctx, request)
    if "ClientRequestToken" not in request:
        raise errors.no_request_token()
    token: str = request["ClientRequestToken"]
    rotation = _configured(secret.rotation, request)
    await _check_function(scope, rotation.function, arn(scope, secret))
    if _is_pending(secret):
        await scope.schedule("rotate", {"name": secret.name, "attempt": 1}, key=secret.name)
        return None
    rotation = replace(await rotation_plans.planned(scope, secret.name, rotation), enabled=True)
    if request.get("RotateImmediately", True):
        secret = await _start(scope, secret, rotation, token)
    else:
        secret = await save(scope, secret, rotation=rotation)
        await scope.schedule("try_rotation", {"name": secret.name, "token": token}, key=secret.name)
    return {"ARN": arn(scope, secret), "Name": secret.name, "VersionId": token}


def _configured(present: Rotation | None, request: Request) -> Rotation:
    """The rotation as a request wants it: what it does not say stays. Raises InvalidRequestException, InvalidParameterException."""
    function = request.get("RotationLambdaARN") or (present and present.function)
    if not function:
        raise errors.no_rotation_function()
    rules = request.get("RotationRules") or (present and present.rules)
    if not rules or not ("AutomaticallyAfterDays" in rules or "ScheduleExpression" in rules):
        raise errors.no_rotation_rules()
    if "AutomaticallyAfterDays" in rules and "ScheduleExpression" in rules:
        raise errors.two_schedules()
    try:
        schedules.parse(rules)
    except ValueError as error:
        raise errors.invalid_schedule(str(error)) from error
    return replace(present, function=function, rules=rules) if present else Rotation(function, rules)


async def _check_function(ctx: Context, function: str, secret_arn: str) -> None:
    """Is the function there, and may Secrets Manager invoke it? Raises ResourceNotFoundException, AccessDeniedException."""
    try:
        request = {"FunctionName": function, "InvocationType": "DryRun"}
        await ctx.call("lambda", "Invoke", request, source_arn=secret_arn)
    except AWSError as error:
        if error.code == "AccessDeniedException":
            raise errors.function_not_invocable() from error
        raise errors.function_not_found() from error


def _is_pending(secret: Secret) -> bool:
    """Is there a version under way that is not the current one?"""
    pending = secret.stages.get(stages.PENDING)
    return pending is not None and pending != secret.stages.get(stages.CURRENT)


async def _start(ctx: Context, secret: Secret, rotation: Rotation, token: str) -> Secret:
    await events.happened(ctx, secret, "RotationStarted")
    rotation = replace(rotation, token=token, secret_token=ctx.ids.uuid())
    await ctx.schedule("rotate", {"name": secret.name, "attempt": 1}, key=secret.name)
    return await save(ctx, secret, rotation=rotation, stages={**secret.stages, stages.PENDING: token})


@service.operation(**ON_SECRET)
async def cancel_rotate_secret(ctx: Context, request: Request) -> Request:
    """Switch rotation off, and leave one that is under way where it is. API_CancelRotateSecret."""
    scope, secret = await find_own(ctx, request)
    rotation = secret.rotation
    if rotation is not None:
        for task in ("rotate", "rotate_on_schedule", "try_rotation"):
            await scope.unschedule(task, secret.name)
        await save(scope, secret, rotation=replace(rotation, enabled=False, due=None, token="", secret_token=""))
    return {
        "ARN": arn(scope, secret),
        "Name": secret.name,
        "VersionId": (rotation and rotation.token) or None,
    }


# -- tasks


@service.task
async def rotate_on_schedule(ctx: Context, payload: dict[str, Any]) -> None:
    """A window opens: begin a rotation, or go on with one that was given up."""
    secret = await secrets.get(ctx, payload["name"])
    if secret is None or secret.rotation is None or not secret.rotation.enabled:
        return
    rotation = await rotation_plans.planned(ctx, secret.name, secret.rotation)
    if secret.purged_at is not None:
        keep(ctx, secret, rotation=rotation)
    elif _is_pending(secret):
        keep(ctx, secret, rotation=replace(rotation, token=secret.stages[stages.PENDING]))
        await ctx.schedule("rotate", {"name": secret.name, "attempt": 1}, key=secret.name)
    else:
        await _start(ctx, secret, rotation, ctx.ids.uuid())


@service.task(transaction=False)
async def rotate(ctx: Context, payload: dict[str, Any]) -> None:
    """One attempt at a rotation: its steps, one after the other, as far as they succeed."""
    secret = await ctx.transact(secrets.get, ctx, payload["name"])
    if secret is None or secret.rotation is None or not _is_pending(secret):
        return
    token, attempt = secret.stages[stages.PENDING], payload["attempt"]
    state = rotation_steps.FIRST
    while state not in ("rotated", "given up"):
        succeeded = await _step(ctx, secret, token, state)
        if state == "finishSecret":
            succeeded = succeeded and await ctx.transact(_finish, ctx, secret.name, token)
        state, delay = rotation_steps.TABLE[state, rotation_steps.event_of(succeeded, attempt)]
        if delay:
            again = {"name": secret.name, "attempt": attempt + 1}
            await ctx.transact(_again, ctx, again, delay)
            return
    if state == "given up":
        await ctx.transact(events.happened, ctx, secret, "RotationFailed")


async def _again(ctx: Context, payload: dict[str, Any], delay: float) -> None:
    await ctx.schedule("rotate", payload, delay=delay, key=payload["name"])


async def _step(ctx: Context, secret: Secret, token: str, step: str) -> bool:
    """Invoke the function for a step; whether it succeeded."""
    assert secret.rotation is not None
    event = {
        "Step": step,
        "SecretId": arn(ctx, secret),
        "ClientRequestToken": token,
        "RotationToken": secret.rotation.secret_token,
    }
    request = {"FunctionName": secret.rotation.function, "Payload": json.dumps(event).encode()}
    try:
        answer = await ctx.call("lambda", "Invoke", request, source_arn=event["SecretId"])
    except AWSError:
        return False
    return not answer.get("FunctionError")


async def _finish(ctx: Context, name: str, token: str) -> bool:
    """The last step is done: is the version the current one? Then the rotation is complete."""
    secret = await secrets.get(ctx, name)
    if secret is None or secret.rotation is None or secret.stages.get(stages.CURRENT) != token:
        return False
    rotation = secret.rotation
    if rotation.enabled:
        rotation = await rotation_plans.planned(ctx, name, rotation)
    await save(ctx, secret, rotation=replace(rotation, last=ctx.now(), token="", secret_token=""))
    await events.happened(ctx, secret, "RotationSucceeded")
    return True


@service.task(transaction=False)
async def try_rotation(ctx: Context, payload: dict[str, Any]) -> None:
    """RotateSecret without rotating: the function's test step, on a pending version that is there for its sake."""
    name, token = payload["name"], payload["token"]
    secret = await ctx.transact(_label_for_trial, ctx, name, token)
    if secret is not None:
        await _step(ctx, secret, token, "testSecret")
        await ctx.transact(_end_trial, ctx, name, token)


async def _label_for_trial(ctx: Context, name: str, token: str) -> Secret | None:
    secret = await secrets.get(ctx, name)
    if secret is None or secret.rotation is None or stages.PENDING in secret.stages:
        return None
    return keep(ctx, secret, stages={**secret.stages, stages.PENDING: token})


async def _end_trial(ctx: Context, name: str, token: str) -> None:
    secret = await secrets.get(ctx, name)
    if secret is not None and secret.stages.get(stages.PENDING) == token:
        kept = {label: version for label, version in secret.stages.items() if label != stages.PENDING}
        keep(ctx, secret, stages=kept)
