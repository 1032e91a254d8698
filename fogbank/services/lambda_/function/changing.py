"""New code and another configuration for the unpublished version of a function."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import Context
from fogbank.services.lambda_.capacity import capacity_providers
from fogbank.services.lambda_.function import configurations, publishing, roles, sealing
from fogbank.services.lambda_.layer import layers
from fogbank.services.lambda_.package import code, code_signing, images
from fogbank.services.lambda_.package.code import Received
from fogbank.services.lambda_.records import (
    IN_PROGRESS,
    LATEST,
    ON_FUNCTION,
    Answer,
    Function,
    Named,
    Request,
    arn_of,
    change,
    check_revision,
    named,
    updatable,
)
from fogbank.services.lambda_.runtime.pools import Runtimes
from fogbank.services.lambda_.service import service


@service.operation(transaction=False, **ON_FUNCTION)
async def update_function_code(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html"""
    of = named(ctx, request)
    publishing.check_target(request)

    async def may() -> None:
        function = await updatable(of)
        check_revision(function, request)
        images.check_source(function.config["PackageType"], request)
        await code_signing.check(of)

    await of.scope.transact(may)
    async with code.received(ctx, request) as received:
        return await of.scope.transact(_replace_code, of, request, received)


async def _replace_code(of: Named, request: Request, received: Received) -> Answer:
    scope, function = of.scope, await updatable(of)
    check_revision(function, request)
    config = function.config
    if request.get("Architectures"):
        config = {**config, "Architectures": request["Architectures"]}
    if request.get("DryRun"):
        preview = msgspec.structs.replace(function, config=config, code=received.code)
        if received.code.blob:
            scope.blobs.discard(received.code.blob)
        return await configurations.described(scope, preview)
    received.keep(scope)
    code.dropped(scope, function.code)
    changed = await _updating(scope, function, config=config, code=received.code)
    if request.get("Publish"):
        published = await publishing.publish(scope, changed, config.get("Description", ""))
        return await configurations.described(scope, published, published.version)
    return await configurations.described(scope, changed)


async def _updating(scope: Context, function: Function, **fields: Any) -> Function:
    """The version changed, with environments of its own from now on."""
    await scope.schedule("settle", {"name": function.name, "version": function.version})
    changed = change(
        scope,
        function,
        modified=scope.now(),
        build=scope.ids.hex(16),
        update_status=IN_PROGRESS,
        update_reason="The function is being created.",
        update_code="Creating",
        **fields,
    )
    _forget(scope, function.name)
    return changed


def _forget(scope: Context, name: str) -> None:
    """The warm environments of the unpublished version are out of date."""
    runtimes = scope.app.engines.get("lambda", Runtimes)
    arn = f"{arn_of(scope, name)}:{LATEST}"
    scope.after_commit(lambda: runtimes.forget_function(arn))


@service.operation(**ON_FUNCTION)
async def update_function_configuration(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html"""
    of = named(ctx, request)
    function = await updatable(of)
    check_revision(function, request)
    config = configurations.updated(function.config, request)
    if config["Role"] != function.config["Role"]:
        await roles.check(ctx, config["Role"])
    if request.get("DeadLetterConfig"):
        await roles.check_dead_letters(ctx, config)
    used = function.layers
    if request.get("Layers") is not None:
        for each in used:
            code.dropped(of.scope, each.code)
        used = await layers.used(ctx, config)
    await capacity_providers.check(of.scope, config)
    config, sealed = await sealing.sealed(of.scope, of.name, config, function)
    changed = await _updating(of.scope, function, config=config, layers=used, sealed=sealed)
    await sealing.release(of.scope, of.name, function.sealed)
    return await configurations.described(of.scope, changed)
