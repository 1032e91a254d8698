"""Scaling configurations: put and got; and the environments that are kept for them.

https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionScalingConfig.html
"""

from __future__ import annotations

import msgspec

from fogbank.kernel import Context
from fogbank.services.lambda_ import errors
from fogbank.services.lambda_.capacity import provisioned, scaling
from fogbank.services.lambda_.capacity.capacity_providers import provider_of
from fogbank.services.lambda_.capacity.scaling import Scaling, scaling_of
from fogbank.services.lambda_.invocation import running
from fogbank.services.lambda_.records import ON_QUALIFIED, Answer, Function, Named, Request, find, key_of, named
from fogbank.services.lambda_.service import service


def _topic(of: Named) -> tuple[str, str]:
    return "lambda-scaling", of.arn


async def _target(ctx: Context, request: Request) -> Named:
    """The version. Raises ResourceNotFoundException, InvalidParameterValueException."""
    of = named(ctx, request)
    function = await find(of)
    if not provider_of(function.config):
        raise errors.invalid_parameter(
            "The function does not run on a capacity provider: only those that do have a scaling configuration."
        )
    return of._replace(qualifier=function.version)


@service.operation(**ON_QUALIFIED)
async def put_function_scaling_config(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionScalingConfig.html"""
    of = await _target(ctx, request)
    wanted = request.get("FunctionScalingConfig") or {}
    least, most = wanted.get("MinExecutionEnvironments"), wanted.get("MaxExecutionEnvironments")
    asked = Scaling(Scaling().least if least is None else least, most)
    if asked.most is not None and asked.least > asked.most:
        raise errors.invalid_parameter("MinExecutionEnvironments must not be greater than MaxExecutionEnvironments.")
    await _begin(of, asked)
    return {"FunctionState": (await find(of)).state}


@service.operation(**ON_QUALIFIED)
async def get_function_scaling_config(ctx: Context, request: Request) -> Answer:
    of = await _target(ctx, request)
    found = await scaling_of(of)
    described = {"MinExecutionEnvironments": found.least, "MaxExecutionEnvironments": found.most}
    return {
        "FunctionArn": of.arn,
        "AppliedFunctionScalingConfig": described if found.applied else None,
        "RequestedFunctionScalingConfig": described,
    }


async def _begin(of: Named, wanted: Scaling) -> None:
    scaling.put(of, wanted)
    await of.scope.stand("scale", f"{of.name}:{of.qualifier}")
    of.scope.notify(*_topic(of))


async def published(scope: Context, function: Function) -> None:
    """A version is there: if it runs on a capacity provider, so do its environments."""
    if provider_of(function.config):
        of = Named(scope, function.name, function.version)
        await _begin(of, msgspec.structs.replace(await scaling_of(of), applied=False))


async def deleted(scope: Context, function: Function) -> None:
    if provider_of(function.config):
        of = Named(scope, function.name, function.version)
        scaling.scalings.delete(scope, of.name, key_of(of.qualifier))
        await scope.sit("scale", f"{of.name}:{of.qualifier}")
        runtimes = running.runtimes_of(scope)
        scope.after_commit(lambda: runtimes.keep(of.arn, 0))


# -- keeping them


@service.standing
async def scale(ctx: Context, about: str) -> None:
    """Have as many environments as there have to be."""
    name, _, version = about.partition(":")
    of = Named(ctx, name, version)
    await provisioned.keep_ready(of, _topic(of), _look, _note)


async def _look(of: Named) -> tuple[Function, int]:
    return await find(of), (await scaling_of(of)).least


async def _note(of: Named, wanted: int, ready: int, reason: str) -> None:
    found = await scaling_of(of)
    if not found.applied and found.least == wanted and ready >= wanted:
        scaling.put(of, msgspec.structs.replace(found, applied=True))
