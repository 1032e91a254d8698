"""Code signing configurations, and what they mean for functions: nothing here is signed, so one that enforces refuses all code.

    code-signing-configs  id    -> Config
    code-signing          name  -> the ARN of the function's configuration

https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html
"""

from __future__ import annotations

from typing import Any

from fogbank.kernel import Context, Record, pages
from fogbank.services.lambda_ import errors, limits
from fogbank.services.lambda_.function import tagging
from fogbank.services.lambda_.function.configurations import timestamp
from fogbank.services.lambda_.records import ON_FUNCTION, Answer, Named, Request, arn_of, named, tags, whole
from fogbank.services.lambda_.service import service

_KIND = "code-signing-config"
_ENFORCE = "Enforce"


class Config(Record, frozen=True):
    """`modified` is epoch seconds."""

    publishers: list[str]
    policy: str
    description: str
    modified: float


configs = service.collection("code-signing-configs", Config)
chosen = service.collection("code-signing", str)


def _arn(ctx: Context, identifier: str) -> str:
    return f"arn:{ctx.partition}:lambda:{ctx.region}:{ctx.account}:{_KIND}:{identifier}"


def _given(ctx: Context, request: Request) -> str:
    return str(request["CodeSigningConfigArn"])


async def _find(ctx: Context, arn: str) -> tuple[str, Config]:
    """The id and the configuration. Raises ResourceNotFoundException."""
    identifier = arn.rpartition(":")[2]
    config = await configs.get(ctx, identifier) if arn == _arn(ctx, identifier) else None
    if config is None:
        raise errors.not_found(f"Code signing config not found: {arn}")
    return identifier, config


@tagging.taggable(_KIND)
async def _by_id(ctx: Context, identifier: str) -> Config:
    return (await _find(ctx, _arn(ctx, identifier)))[1]


def _described(ctx: Context, identifier: str, config: Config) -> Answer:
    return {
        "CodeSigningConfigId": identifier,
        "CodeSigningConfigArn": _arn(ctx, identifier),
        "Description": config.description or None,
        "AllowedPublishers": {"SigningProfileVersionArns": config.publishers},
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": config.policy},
        "LastModified": timestamp(config.modified),
    }


def _policy(request: Request) -> str | None:
    return (request.get("CodeSigningPolicies") or {}).get("UntrustedArtifactOnDeployment")


@service.operation
async def create_code_signing_config(ctx: Context, request: Request) -> Answer:
    identifier = f"csc-{ctx.ids.hex(17)}"
    publishers = request["AllowedPublishers"]["SigningProfileVersionArns"]
    config = Config(publishers, _policy(request) or "Warn", request.get("Description") or "", ctx.now())
    configs.put(ctx, config, identifier)
    tagging.put(ctx, f"{_KIND}:{identifier}", request.get("Tags"))
    return {"CodeSigningConfig": _described(ctx, identifier, config)}


@service.operation(resource=_given)
async def update_code_signing_config(ctx: Context, request: Request) -> Answer:
    identifier, config = await _find(ctx, _given(ctx, request))
    publishers, description = request.get("AllowedPublishers"), request.get("Description")
    changed = Config(
        config.publishers if publishers is None else publishers["SigningProfileVersionArns"],
        _policy(request) or config.policy,
        config.description if description is None else description,
        ctx.now(),
    )
    configs.put(ctx, changed, identifier)
    return {"CodeSigningConfig": _described(ctx, identifier, changed)}


@service.operation(resource=_given)
async def get_code_signing_config(ctx: Context, request: Request) -> Answer:
    return {"CodeSigningConfig": _described(ctx, *await _find(ctx, _given(ctx, request)))}


@service.operation(resource=_given)
async def delete_code_signing_config(ctx: Context, request: Request) -> Answer:
    arn = _given(ctx, request)
    identifier, _ = await _find(ctx, arn)
    if arn in await chosen.scan(ctx):
        raise errors.conflict("Cannot delete the code signing config: there are functions that use it.")
    configs.delete(ctx, identifier)
    tags.delete(ctx, f"{_KIND}:{identifier}")
    return {}


def _page(rows: list[tuple[str, Any]], request: Request) -> tuple[list[Any], str | None]:
    marker = request.get("Marker")
    after = pages.position(marker, errors.invalid_parameter("Invalid marker.")) if marker else ""
    limit = min(request.get("MaxItems") or limits.LISTED, limits.LISTED)
    shown, following = pages.page([row for row in rows if row[0] > after], limit, lambda row: row[0])
    return [value for _, value in shown], following


@service.operation
async def list_code_signing_configs(ctx: Context, request: Request) -> Answer:
    rows = [(str(key[0]), _described(ctx, str(key[0]), each)) for key, each in await configs.items(ctx, (str,))]
    shown, following = _page(rows, request)
    return {"CodeSigningConfigs": shown, "NextMarker": following}


@service.operation(resource=_given)
async def list_functions_by_code_signing_config(ctx: Context, request: Request) -> Answer:
    arn = _given(ctx, request)
    await _find(ctx, arn)
    rows = [(str(key[0]), arn_of(ctx, str(key[0]))) for key, each in await chosen.items(ctx, (str,)) if each == arn]
    shown, following = _page(rows, request)
    return {"FunctionArns": shown, "NextMarker": following}


# -- of functions


@service.operation(**ON_FUNCTION)
async def put_function_code_signing_config(ctx: Context, request: Request) -> Answer:
    of = named(ctx, request)
    await whole(of)
    await choose(of, _given(ctx, request))
    return {"CodeSigningConfigArn": request["CodeSigningConfigArn"], "FunctionName": of.name}


@service.operation(**ON_FUNCTION)
async def get_function_code_signing_config(ctx: Context, request: Request) -> Answer:
    of = named(ctx, request)
    await whole(of)
    return {"CodeSigningConfigArn": await chosen.get(of.scope, of.name) or "", "FunctionName": of.name}


@service.operation(**ON_FUNCTION)
async def delete_function_code_signing_config(ctx: Context, request: Request) -> None:
    of = named(ctx, request)
    await whole(of)
    chosen.delete(of.scope, of.name)


async def choose(of: Named, arn: str) -> None:
    await _find(of.scope, arn)
    chosen.put(of.scope, arn, of.name)


async def check(of: Named, arn: str | None = None) -> None:
    """May unsigned code be deployed to the function? `arn` is a configuration that it is going to have."""
    arn = arn or await chosen.get(of.scope, of.name)
    if arn and (await _find(of.scope, arn))[1].policy == _ENFORCE:
        raise errors.unsigned_code()
