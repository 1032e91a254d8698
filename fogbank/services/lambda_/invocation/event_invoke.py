"""How a function's queue of events is worked off: retries, age, destinations; for the function, a version or an alias.

    event-invoke   name, qualifier   -> EventInvoke

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record, pages
from fogbank.services.lambda_ import errors, limits
from fogbank.services.lambda_.function import roles
from fogbank.services.lambda_.records import LATEST, ON_QUALIFIED, Answer, Function, Named, Request, find, named
from fogbank.services.lambda_.service import service

# What did not go wrong is not kept in buckets.
_TARGETS = {
    "OnSuccess": ("sqs", "sns", "lambda", "events"),
    "OnFailure": ("sqs", "sns", "lambda", "events", "s3"),
}


class EventInvoke(Record, frozen=True):
    """`modified` is epoch seconds, `age` seconds; None is what Lambda does by itself."""

    modified: float
    retries: int | None = None
    age: int | None = None
    on_success: str = ""
    on_failure: str = ""


configs = service.collection("event-invoke", EventInvoke)


def _key(of: Named) -> tuple[str, str]:
    return of.name, of.qualifier or LATEST


async def config_of(of: Named) -> EventInvoke:
    return await configs.get(of.scope, *_key(of)) or EventInvoke(0)


@service.operation(**ON_QUALIFIED)
async def put_function_event_invoke_config(ctx: Context, request: Request) -> Answer:
    of = named(ctx, request)
    function = await find(of)
    return await _put(of, function, _changed(EventInvoke(ctx.now()), request, ctx.now()))


@service.operation(**ON_QUALIFIED)
async def update_function_event_invoke_config(ctx: Context, request: Request) -> Answer:
    of = named(ctx, request)
    before = await _found(of)
    return await _put(of, await find(of), _changed(before, request, ctx.now()))


def _changed(before: EventInvoke, request: Request, now: float) -> EventInvoke:
    destinations = request.get("DestinationConfig")
    retries, age = request.get("MaximumRetryAttempts"), request.get("MaximumEventAgeInSeconds")
    return EventInvoke(
        now,
        before.retries if retries is None else retries,
        before.age if age is None else age,
        before.on_success if destinations is None else _destination(destinations, "OnSuccess"),
        before.on_failure if destinations is None else _destination(destinations, "OnFailure"),
    )


def _destination(given: Request, name: str) -> str:
    target: str = (given.get(name) or {}).get("Destination") or ""
    if target and (target.count(":") < 5 or target.split(":")[2] not in _TARGETS[name]):
        raise errors.invalid_parameter(f"The provided destination config DestinationConfig is invalid: {target}.")
    return target


async def _put(of: Named, function: Function, config: EventInvoke) -> Answer:
    for target in filter(None, (config.on_success, config.on_failure)):
        if target.startswith(of.function_arn) and target[len(of.function_arn) :][:1] in ("", ":"):
            raise errors.invalid_parameter("You can't specify the function as a destination for itself.")
        await roles.check_destination(of.scope, function.role, target)
    configs.put(of.scope, config, *_key(of))
    return _described(of, config)


async def _found(of: Named) -> EventInvoke:
    await find(of)
    config = await configs.get(of.scope, *_key(of))
    if config is None:
        raise errors.not_found(f"The function {of.arn} doesn't have an EventInvokeConfig")
    return config


@service.operation(**ON_QUALIFIED)
async def get_function_event_invoke_config(ctx: Context, request: Request) -> Answer:
    of = named(ctx, request)
    return _described(of, await _found(of))


@service.operation(**ON_QUALIFIED)
async def delete_function_event_invoke_config(ctx: Context, request: Request) -> None:
    of = named(ctx, request)
    await _found(of)
    configs.delete(of.scope, *_key(of))


@service.operation(**ON_QUALIFIED)
async def list_function_event_invoke_configs(ctx: Context, request: Request) -> Answer:
    of = named(ctx, request)
    await find(of)
    marker = request.get("Marker")
    after = None if not marker else (pages.position(marker, errors.invalid_parameter("Invalid marker.")),)
    found = [(str(key[0]), config) for key, config in await configs.items(of.scope, (str,), of.name, after=after)]
    limit = min(request.get("MaxItems") or limits.LISTED, limits.LISTED)
    shown, following = pages.page(found, limit, lambda each: each[0])
    described = [_described(of._replace(qualifier=qualifier), config) for qualifier, config in shown]
    return {"FunctionEventInvokeConfigs": described, "NextMarker": following}


def _described(of: Named, config: EventInvoke) -> Answer:
    shown: dict[str, Any] = {
        name: {"Destination": target} if target else {}
        for name, target in (("OnSuccess", config.on_success), ("OnFailure", config.on_failure))
    }
    return {
        "LastModified": config.modified,
        "FunctionArn": f"{of.function_arn}:{of.qualifier or LATEST}",
        "MaximumRetryAttempts": config.retries,
        "MaximumEventAgeInSeconds": config.age,
        "DestinationConfig": shown,
    }
