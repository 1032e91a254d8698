"""Execution roles: whether Lambda gets them, and whether they may do what the configuration of a function asks of them.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import AWSError, Context
from fogbank.services.lambda_ import errors

# What is sent where: (the operation, the service as refusals name it).
_DEAD_LETTERS = {"sqs": ("SendMessage", "SQS"), "sns": ("Publish", "SNS")}
_DESTINATIONS = {
    "sqs": "SendMessage",
    "sns": "Publish",
    "lambda": "InvokeFunction",
    "events": "PutEvents",
    "s3": "PutObject",
}


async def check(ctx: Context, role: str) -> None:
    """Raise unless the caller may hand the role to Lambda, and the role trusts it. In a transaction."""
    await ctx.pass_role(role)
    await acting(ctx, role)


async def may(ctx: Context, role: str, action: str, resource: str) -> bool:
    """Whether the role may do it. What a resource of another account says is not known here: that is found out later."""
    scope = await acting(ctx, role)
    owner = resource.split(":")[4] or ctx.account
    return owner != ctx.account or await scope.may(action, resource, owner=owner)


async def acting(ctx: Context, role: str) -> Context:
    """The context with the permissions of the role. Raises InvalidParameterValueException unless it trusts Lambda."""
    scope = ctx.at()
    try:
        scope.principal = await ctx.assume(role, session_name="lambda")
    except AWSError as error:
        raise errors.role_not_assumable() from error
    return scope


async def check_dead_letters(ctx: Context, config: dict[str, Any]) -> None:
    """Raise unless the role may send to the dead-letter queue or topic. In a transaction."""
    target = (config.get("DeadLetterConfig") or {}).get("TargetArn")
    if not target:
        return
    kind = target.split(":")[2]
    if kind not in _DEAD_LETTERS:
        raise errors.invalid_parameter(f"The dead-letter target {target} is neither an SQS queue nor an SNS topic.")
    operation, name = _DEAD_LETTERS[kind]
    if not await may(ctx, config["Role"], f"{kind}:{operation}", target):
        raise errors.role_may_not(operation, name)


async def check_destination(ctx: Context, role: str, target: str) -> None:
    """Raise unless the role may send to the destination of events. In a transaction."""
    kind = target.split(":")[2]
    resource = f"{target}/*" if kind == "s3" else target
    if not await may(ctx, role, f"{kind}:{_DESTINATIONS[kind]}", resource):
        raise errors.role_may_not_reach(_DESTINATIONS[kind], target)
