"""When a function gets another version of its runtime. The interpreters of this machine have one, and change only with the machine.

    runtime-management  name, version  -> RuntimeManagement

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html
"""

from __future__ import annotations

from fogbank.kernel import Context, Record
from fogbank.services.lambda_ import errors
from fogbank.services.lambda_.function import configurations
from fogbank.services.lambda_.records import ON_QUALIFIED, Answer, Function, Named, Request, find, key_of, named
from fogbank.services.lambda_.service import service


class RuntimeManagement(Record, frozen=True):
    update: str
    runtime: str = ""


chosen = service.collection("runtime-management", RuntimeManagement)
_AUTO = RuntimeManagement("Auto")


async def _function(ctx: Context, request: Request) -> tuple[Named, Function]:
    """The unpublished version, or a published one. Raises InvalidParameterValueException for images, and aliases."""
    of = named(ctx, request)
    function = await find(of)
    if of.qualifier not in ("", function.version):
        raise errors.invalid_parameter("Runtime management is that of a version: an alias cannot have it.")
    if function.config["PackageType"] == "Image":
        raise errors.invalid_parameter("Runtime management is not supported for functions of container images.")
    return of, function


def _described(of: Named, function: Function, found: RuntimeManagement) -> Answer:
    return {
        "UpdateRuntimeOn": found.update,
        "RuntimeVersionArn": found.runtime or None,
        "FunctionArn": f"{of.function_arn}:{function.version}",
    }


@service.operation(**ON_QUALIFIED)
async def put_runtime_management_config(ctx: Context, request: Request) -> Answer:
    of, function = await _function(ctx, request)
    update, runtime = request["UpdateRuntimeOn"], request.get("RuntimeVersionArn") or ""
    if (update == "Manual") != bool(runtime):
        raise errors.invalid_parameter("RuntimeVersionArn is what Manual needs, and nothing else takes.")
    own = configurations.answer(of.scope, function)["RuntimeVersionConfig"]["RuntimeVersionArn"]
    if runtime not in ("", own):
        raise errors.invalid_parameter(f"Runtime version {runtime} is not there. The function runs with {own}.")
    changed = RuntimeManagement(update, runtime)
    chosen.put(of.scope, changed, of.name, key_of(function.version))
    return _described(of, function, changed)


@service.operation(**ON_QUALIFIED)
async def get_runtime_management_config(ctx: Context, request: Request) -> Answer:
    of, function = await _function(ctx, request)
    found = await chosen.get(of.scope, of.name, key_of(function.version))
    return _described(of, function, found or _AUTO)
