"""Functions: made, described, listed, deleted."""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context, pages
from fogbank.kernel.actions import with_members
from fogbank.services.lambda_ import errors, limits
from fogbank.services.lambda_.capacity import capacity_providers, provisioned, scaling_configs
from fogbank.services.lambda_.function import configurations, publishing, roles, runtime_management, sealing, tagging
from fogbank.services.lambda_.invocation import event_invoke, recursion, running
from fogbank.services.lambda_.layer import layers
from fogbank.services.lambda_.package import code, code_sealing, code_signing, downloads, images
from fogbank.services.lambda_.package.code import Received
from fogbank.services.lambda_.package.images import Failure
from fogbank.services.lambda_.records import (
    ACTIVE,
    LATEST,
    ON_FUNCTION,
    ON_QUALIFIED,
    SUCCESSFUL,
    Answer,
    Code,
    Function,
    Named,
    Request,
    aliases,
    anything,
    counters,
    find,
    functions,
    key_of,
    latest,
    named,
    policies,
    reserved,
    tags,
)
from fogbank.services.lambda_.runtime.pools import Runtimes
from fogbank.services.lambda_.service import service
from fogbank.services.lambda_.url import urls

_NO_SUCH_TOKEN = errors.invalid_parameter("Invalid marker.")


# -- creating


@service.operation(
    transaction=False, **ON_FUNCTION | {"action": with_members("lambda:CreateFunction", {"Tags": "lambda:TagResource"})}
)
async def create_function(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html"""
    of = named(ctx, request)
    publishing.check_target(request)
    _check_name(of.name)
    config = configurations.first(request)
    images.check_source(config["PackageType"], request["Code"])
    await ctx.transact(_may_create, ctx, of, config, request.get("CodeSigningConfigArn"))
    async with code.received(ctx, {**request["Code"], "FunctionName": of.name}) as received:
        return await ctx.transact(_create, ctx, of, request, config, received)


def _check_name(name: str) -> None:
    """The model's limit is that of ARNs. Raises ValidationException."""
    if len(name) > limits.NAME:
        raise errors.validation(
            f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: "
            f"Member must have length less than or equal to {limits.NAME}"
        )


async def _may_create(ctx: Context, of: Named, config: dict[str, Any], signing: str | None) -> None:
    if await functions.get(of.scope, of.name, LATEST) is not None:
        raise errors.function_exists(of.name)
    await roles.check(ctx, config["Role"])
    await roles.check_dead_letters(ctx, config)
    if signing is not None:
        await code_signing.check(of, signing)


async def _create(ctx: Context, of: Named, request: Request, config: dict[str, Any], received: Received) -> Answer:
    await _may_create(ctx, of, config, request.get("CodeSigningConfigArn"))
    if request.get("CodeSigningConfigArn"):
        await code_signing.choose(of, request["CodeSigningConfigArn"])
    received.keep(ctx)
    await capacity_providers.check(ctx, config)
    config, sealed = await sealing.sealed(ctx, of.name, config)
    function = Function(
        of.name,
        LATEST,
        config,
        received.code,
        ctx.now(),
        ctx.ids.uuid(),
        ctx.ids.hex(16),
        state_reason="The function is being created.",
        state_code="Creating",
        layers=await layers.used(ctx, config),
        sealed=sealed,
    )
    functions.put(ctx, function, of.name, LATEST)
    tagging.put(ctx, of.name, request.get("Tags"))
    await ctx.schedule("settle", {"name": of.name, "version": LATEST})
    if request.get("Publish"):
        published = await publishing.publish(ctx, function, config.get("Description", ""))
        return await configurations.described(ctx, published, published.version)
    return await configurations.described(ctx, function)


@service.task(transaction=False)
async def settle(ctx: Context, payload: Request) -> None:
    """What was asked of a version is done: its code is ready to run."""
    key = (payload["name"], key_of(payload["version"]))
    function = await ctx.transact(functions.get, ctx, *key)
    failure = await running.prepare(ctx, function) if function is not None else None
    await ctx.transact(_settled, ctx, payload, failure)


async def _settled(ctx: Context, payload: Request, failure: Failure | None) -> None:
    function = await functions.get(ctx, payload["name"], key_of(payload["version"]))
    if function is None:
        return
    if failure is not None:
        images.note_failure(ctx, function, failure)
        return
    settled = msgspec.structs.replace(
        function,
        state=ACTIVE,
        state_reason="",
        state_code="",
        update_status=SUCCESSFUL,
        update_reason="",
        update_code="",
    )
    functions.put(ctx, settled, function.name, key_of(function.version))


# -- describing


@service.operation(**ON_QUALIFIED)
async def get_function(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html"""
    of = named(ctx, request)
    function = await find(of)
    answer: Answer = {
        "Configuration": await configurations.described(of.scope, function, of.qualifier),
        "Code": await _where(of, function.code),
    }
    found = await tags.get(of.scope, of.name)
    if found is not None and found.tags:
        answer["Tags"] = found.tags
    kept = await reserved.get(of.scope, of.name)
    if kept is not None:
        answer["Concurrency"] = {"ReservedConcurrentExecutions": kept.concurrency}
    return answer


async def _where(of: Named, code: Code) -> Answer:
    if code.image:
        return {"RepositoryType": "ECR", "ImageUri": code.image, "ResolvedImageUri": images.resolved_uri(code)}
    answer = {"RepositoryType": "S3", "SourceKMSKeyArn": code.key or None}
    try:
        key = await of.scope.undoing(_key_of, of, code)
    except AWSError as error:
        return {**answer, "Error": {"ErrorCode": error.code, "Message": errors.hidden(error, "deployment package")}}
    return {**answer, "Location": await downloads.location(of.scope, code, key)}


async def _key_of(of: Named, code: Code) -> bytes:
    """What opens an encrypted package, with the caller's permissions."""
    return await code_sealing.open_key(of.scope, code, of.function_arn, as_caller=True) if code.key else b""


@service.operation(**ON_QUALIFIED)
async def get_function_configuration(ctx: Context, request: Request) -> Answer:
    of = named(ctx, request)
    return await configurations.described(of.scope, await find(of), of.qualifier)


@service.operation(resource=anything)
async def list_functions(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html"""
    every_version = request.get("FunctionVersion") == "ALL"
    found = await functions.scan(ctx, after=_after(request))
    listed = [each for each in found if every_version or each.version == LATEST]
    shown, marker = pages.page(listed, _limit(request), lambda each: f"{each.name} {key_of(each.version)}")
    return {
        "Functions": [
            await configurations.described(ctx, each, each.version if each.version != LATEST or every_version else "")
            for each in shown
        ],
        "NextMarker": marker,
    }


def _after(request: Request) -> tuple[str, ...] | None:
    if not request.get("Marker"):
        return None
    return tuple(pages.position(request["Marker"], _NO_SUCH_TOKEN).split(" "))


def _limit(request: Request) -> int:
    return min(request.get("MaxItems") or limits.LISTED, limits.LISTED)


@service.operation(**ON_FUNCTION)
async def list_versions_by_function(ctx: Context, request: Request) -> Answer:
    of = named(ctx, request)
    await latest(of)
    after = _after(request)
    found = await functions.scan(of.scope, of.name, after=after)
    shown, marker = pages.page(found, _limit(request), lambda each: key_of(each.version))
    return {
        "Versions": [await configurations.described(of.scope, each, each.version) for each in shown],
        "NextMarker": marker,
    }


# -- deleting


@service.operation(**ON_QUALIFIED)
async def delete_function(ctx: Context, request: Request) -> Answer:
    """The whole function, or one published version: https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html"""
    of = named(ctx, request)
    await latest(of)
    if of.qualifier:
        await _delete_version(of)
        return {}
    for key, function in await functions.items(of.scope, (str,), of.name):
        _drop(of.scope, function)
        functions.delete(of.scope, of.name, *key)
        await scaling_configs.deleted(of.scope, function)
        await sealing.release(of.scope, of.name, function.sealed)
    await provisioned.delete_all(of)
    for rows in (aliases, policies, event_invoke.configs, runtime_management.chosen):
        for key, _ in await rows.items(of.scope, (str,), of.name):  # type: ignore[attr-defined]
            rows.delete(of.scope, of.name, *key)  # type: ignore[attr-defined]
    await urls.delete_all(of)
    for single in (code_signing.chosen, counters, recursion.loops, reserved, tags):
        single.delete(of.scope, of.name)  # type: ignore[attr-defined]
    runtimes = of.scope.app.engines.get("lambda", Runtimes)
    arn = f"{of.function_arn}:"
    of.scope.after_commit(lambda: runtimes.forget_function(arn))
    return {}


def _drop(scope: Context, function: Function) -> None:
    for each in (function.code, *(layer.code for layer in function.layers)):
        code.dropped(scope, each)


async def _delete_version(of: Named) -> None:
    if of.qualifier != LATEST and not of.qualifier.isdecimal():
        raise errors.invalid_parameter("Deletion of aliases is not currently supported.")
    if of.qualifier == LATEST:
        raise errors.invalid_parameter("$LATEST version cannot be deleted without deleting the function.")
    function = await functions.get(of.scope, of.name, key_of(of.qualifier))
    if function is None:
        return
    for alias in await aliases.scan(of.scope, of.name):
        if of.qualifier in (alias.version, *alias.weights):
            raise errors.conflict(
                f"Version {of.qualifier} is currently referenced by alias(es) {alias.name}; it cannot be deleted."
            )
    _drop(of.scope, function)
    await provisioned.delete_all(of, of.qualifier)
    policies.delete(of.scope, of.name, of.qualifier)
    event_invoke.configs.delete(of.scope, of.name, of.qualifier)
    functions.delete(of.scope, of.name, key_of(of.qualifier))
    runtimes = running.runtimes_of(of.scope)
    of.scope.after_commit(lambda: runtimes.forget_version(of.arn))
    await scaling_configs.deleted(of.scope, function)
    await sealing.release(of.scope, of.name, function.sealed)
