"""Event destinations of configuration sets: what they may be."""

from __future__ import annotations

from fogbank.kernel import AWSError, Context
from fogbank.mail import problems
from fogbank.mail.records import ConfigurationSet, EventDestination, change_set, configuration_sets

_LIMIT = 10


async def find_set(ctx: Context, name: str) -> ConfigurationSet:
    found = await configuration_sets.get(ctx, name)
    if found is None:
        raise problems.no_set(ctx, name)
    return found


async def add(ctx: Context, found: ConfigurationSet, made: EventDestination) -> None:
    if any(each.name == made.name for each in found.destinations):
        message = f"An event destination <{made.name}> already exists in configuration set <{found.name}>."
        raise problems.problem(ctx, "a destination", message)
    if len(found.destinations) >= _LIMIT:
        raise problems.problem(ctx, "limit", f"A configuration set can have no more than {_LIMIT} event destinations.")
    await check(ctx, made)
    change_set(ctx, found, destinations=(*found.destinations, made))


async def replace(ctx: Context, found: ConfigurationSet, made: EventDestination) -> None:
    require(ctx, found, made.name)
    await check(ctx, made)
    change_set(ctx, found, destinations=tuple(made if each.name == made.name else each for each in found.destinations))


def remove(ctx: Context, found: ConfigurationSet, name: str) -> None:
    require(ctx, found, name)
    change_set(ctx, found, destinations=tuple(each for each in found.destinations if each.name != name))


def require(ctx: Context, found: ConfigurationSet, name: str) -> EventDestination:
    for each in found.destinations:
        if each.name == name:
            return each
    raise problems.no_destination(ctx, found.name, name)


async def check(ctx: Context, made: EventDestination) -> None:
    """Raises what is said to a destination that is none, or that SES may not use."""
    if "PinpointDestination" in made.targets:
        raise problems.invalid(ctx, "Fogbank has no Amazon Pinpoint that events could be sent to.")
    if len(made.targets) != 1:
        raise problems.invalid(ctx, "Exactly one destination must be specified for an event destination.")
    if not made.events:
        raise problems.invalid(ctx, "At least one event type must be specified.")
    if topic := made.targets.get("SnsDestination"):
        await _check_topic(ctx, topic["TopicArn"])
    if stream := made.targets.get("KinesisFirehoseDestination"):
        await _check_stream(ctx, stream["DeliveryStreamArn"], stream["IamRoleArn"])
    if (bus := made.targets.get("EventBridgeDestination")) and not bus["EventBusArn"].endswith(":event-bus/default"):
        raise problems.invalid(ctx, "Only the default event bus is supported.")
    if (metrics := made.targets.get("CloudWatchDestination")) and not metrics.get("DimensionConfigurations"):
        raise problems.problem(ctx, "bad cloudwatch", "At least one dimension must be specified.")


async def _check_topic(ctx: Context, arn: str) -> None:
    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "sns":
        raise problems.problem(ctx, "bad topic", f"Invalid SNS topic ARN: {arn}.")
    scope = ctx.at(account=parts[4], region=parts[3])
    try:
        await scope.call("sns", "GetTopicAttributes", {"TopicArn": arn}, as_caller=True)
    except AWSError as error:
        if error.code.startswith(("NotFound", "InvalidParameter")):
            raise problems.problem(ctx, "bad topic", f"SNS topic <{arn}> not found.") from error


async def _check_stream(ctx: Context, arn: str, role: str) -> None:
    if ":firehose:" not in arn or "deliverystream/" not in arn:
        raise problems.problem(ctx, "bad firehose", f"Invalid Firehose delivery stream ARN: {arn}.")
    await ctx.pass_role(role)
    try:
        await ctx.assume(role, service="ses")
    except AWSError as error:
        raise problems.problem(ctx, "bad firehose", f"Could not assume IAM role <{role}>.") from error
