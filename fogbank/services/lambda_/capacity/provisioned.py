"""Provisioned concurrency: environments that are initialised before anybody asks, for a version or an alias.

    provisioned  name, qualifier  -> Provisioned

They are kept by standing work, so that they are there again after a restart.
https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from fogbank.kernel import AWSError, Context, Record, pages
from fogbank.services.lambda_ import errors, limits
from fogbank.services.lambda_.function.configurations import timestamp
from fogbank.services.lambda_.invocation import running
from fogbank.services.lambda_.records import (
    LATEST,
    ON_QUALIFIED,
    Answer,
    Function,
    Named,
    Request,
    find,
    latest,
    named,
    reserved,
)
from fogbank.services.lambda_.service import service

IN_PROGRESS, READY, FAILED = "IN_PROGRESS", "READY", "FAILED"
# How often the standing work looks whether environments have ended (seconds).
_LOOK_SECONDS = 5.0


class Provisioned(Record, frozen=True):
    """`ready` is how many are there. `modified` is epoch seconds."""

    wanted: int
    status: str
    modified: float
    ready: int = 0
    reason: str = ""


configs = service.collection("provisioned", Provisioned)


def _about(of: Named) -> str:
    return f"{of.name}:{of.qualifier}"


def _topic(of: Named) -> tuple[str, str]:
    return "lambda-provisioned", of.arn


async def _target(ctx: Context, request: Request) -> Named:
    """A published version or an alias. Raises ResourceNotFoundException, InvalidParameterValueException."""
    of = named(ctx, request)
    if of.qualifier in ("", LATEST):
        raise errors.invalid_parameter(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        )
    if (await find(of)).snap_starts:
        raise errors.not_with_snap_start("Provisioned Concurrency")
    return of


@service.operation(**ON_QUALIFIED)
async def put_provisioned_concurrency_config(ctx: Context, request: Request) -> Answer:
    of = await _target(ctx, request)
    wanted = request["ProvisionedConcurrentExecutions"]
    kept = await reserved.get(of.scope, of.name)
    most = kept.concurrency if kept is not None else limits.CONCURRENCY - limits.UNRESERVED
    others = sum(each.wanted for key, each in await configs.items(of.scope, (str,), of.name) if key[0] != of.qualifier)
    if others + wanted > most:
        raise errors.invalid_parameter(
            f"Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function: {most}."
        )
    config = Provisioned(wanted, IN_PROGRESS, ctx.now())
    configs.put(of.scope, config, of.name, of.qualifier)
    await of.scope.stand("provision", _about(of))
    of.scope.notify(*_topic(of))
    return _described(config)


@service.operation(**ON_QUALIFIED)
async def get_provisioned_concurrency_config(ctx: Context, request: Request) -> Answer:
    of = await _target(ctx, request)
    return _described(await _found(of))


async def _found(of: Named) -> Provisioned:
    config = await configs.get(of.scope, of.name, of.qualifier)
    if config is None:
        raise AWSError(
            "ProvisionedConcurrencyConfigNotFoundException",
            "No Provisioned Concurrency Config found for this function",
            Type=errors.USER,
        )
    return config


@service.operation(**ON_QUALIFIED)
async def delete_provisioned_concurrency_config(ctx: Context, request: Request) -> None:
    of = await _target(ctx, request)
    await _delete(of)


async def total(of: Named) -> int:
    """How many environments all versions of a function are to have."""
    return sum(each.wanted for each in await configs.scan(of.scope, of.name))


async def _delete(of: Named) -> None:
    configs.delete(of.scope, of.name, of.qualifier)
    await of.scope.sit("provision", _about(of))
    runtimes = running.runtimes_of(of.scope)
    of.scope.after_commit(lambda: runtimes.keep(of.arn, 0))


async def delete_all(of: Named, qualifier: str = "") -> None:
    """The function, or what is qualified, is being deleted."""
    for key, _ in await configs.items(of.scope, (str,), of.name):
        if qualifier in ("", key[0]):
            await _delete(of._replace(qualifier=str(key[0])))
    resource = f"function:{of.name}:{qualifier}" if qualifier else f"function:{of.name}"
    await of.scope.app.services["application-autoscaling"].provided["resource_is_gone"](of.scope, "lambda", resource)


@service.operation(**ON_QUALIFIED)
async def list_provisioned_concurrency_configs(ctx: Context, request: Request) -> Answer:
    of = named(ctx, request)
    await latest(of)
    marker = request.get("Marker")
    after = None if not marker else (pages.position(marker, errors.invalid_parameter("Invalid marker.")),)
    found = await configs.items(of.scope, (str,), of.name, after=after)
    limit = min(request.get("MaxItems") or limits.LISTED, limits.LISTED)
    shown, following = pages.page(found, limit, lambda item: str(item[0][0]))
    listed = [{"FunctionArn": f"{of.function_arn}:{key[0]!s}", **_described(config)} for key, config in shown]
    return {"ProvisionedConcurrencyConfigs": listed, "NextMarker": following}


def _described(config: Provisioned) -> Answer:
    return {
        "RequestedProvisionedConcurrentExecutions": config.wanted,
        "AllocatedProvisionedConcurrentExecutions": config.ready,
        "AvailableProvisionedConcurrentExecutions": config.ready,
        "Status": config.status,
        "StatusReason": config.reason or None,
        "LastModified": timestamp(config.modified),
    }


# -- keeping them


@service.standing
async def provision(ctx: Context, about: str) -> None:
    """Have as many environments as are wanted, as long as they are."""
    name, _, qualifier = about.partition(":")
    of = Named(ctx, name, qualifier)
    await ctx.transact(_begin, of)
    await keep_ready(of, _topic(of), _look, _note)


async def _begin(of: Named) -> None:
    """What was there was so before this process."""
    now = await configs.get(of.scope, of.name, of.qualifier)
    if now is not None and now.status == READY:
        configs.put(of.scope, msgspec.structs.replace(now, status=IN_PROGRESS, ready=0), of.name, of.qualifier)


Look = Callable[[Named], Awaitable[tuple[Function, int]]]
Note = Callable[[Named, int, int, str], Awaitable[None]]


async def keep_ready(of: Named, topic: tuple[str, str], look: Look, note: Note) -> None:
    """Have environments ready for what is qualified, for ever: as many as `look` says; `note` is told how many there are, or why not."""
    ctx = of.scope
    with ctx.watch(*topic) as watch:
        while True:
            function, wanted = await ctx.transact(look, of)
            try:
                ready, reason = await running.warm(ctx, function, of.arn, wanted), ""
            except AWSError as error:
                ready, reason = 0, error.message
            await ctx.transact(note, of, wanted, ready, reason)
            await watch.wait(timeout=_LOOK_SECONDS)


async def _look(of: Named) -> tuple[Function, int]:
    return await find(of), (await _found(of)).wanted


async def _note(of: Named, wanted: int, ready: int, reason: str) -> None:
    now = await configs.get(of.scope, of.name, of.qualifier)
    if now is None or now.wanted != wanted:
        return
    if (ready, reason) != (now.ready, now.reason) or now.status == IN_PROGRESS:
        status = READY if ready >= wanted else FAILED
        changed = msgspec.structs.replace(now, status=status, ready=ready, reason=reason)
        configs.put(of.scope, changed, of.name, of.qualifier)


def alias_moved(of: Named, alias: str) -> None:
    """Another version is the alias' now: its environments are to be provisioned instead."""
    of.scope.notify(*_topic(of._replace(qualifier=alias)))
