"""Capacity providers: where the functions of Lambda Managed Instances have their environments.

    capacity-providers  name  -> Provider

On AWS that is a group of EC2 instances. Here it is this machine, whatever instances are asked for: a provider is active when its operator
role can be assumed, has no instances, and its versions have environments that are there before anybody asks (see `scaling`).

https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-capacity-providers.html
"""

from __future__ import annotations

from typing import Any

import msgspec

from fogbank.kernel import AWSError, Context, Record, pages
from fogbank.kernel.actions import with_members
from fogbank.services.lambda_ import errors, limits
from fogbank.services.lambda_.function import tagging
from fogbank.services.lambda_.function.configurations import timestamp
from fogbank.services.lambda_.records import (
    ACTIVE,
    FAILED,
    LATEST,
    PENDING,
    Answer,
    Function,
    Request,
    arn_of,
    functions,
    tags,
)
from fogbank.services.lambda_.service import service

_KIND = "capacity-provider"
_DELETING = "Deleting"
_GIVEN = ("VpcConfig", "PermissionsConfig", "InstanceRequirements", "CapacityProviderScalingConfig")
_MORE = ("KmsKeyArn", "PropagateTags", "TelemetryConfig")
_CHANGED = ("CapacityProviderScalingConfig", "PropagateTags", "TelemetryConfig")
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-capacity-providers.html
_SCALING = {"MaxVCpuCount": 400, "ScalingMode": "Auto"}
_LEAST_MIB = 2048


class Provider(Record, frozen=True):
    """`config` has the members of the request. `modified` is epoch seconds."""

    name: str
    config: dict[str, Any]
    modified: float
    state: str = PENDING


providers = service.collection("capacity-providers", Provider, cached=True)


def arn_of_provider(ctx: Context, name: str) -> str:
    return f"arn:{ctx.partition}:lambda:{ctx.region}:{ctx.account}:{_KIND}:{name}"


def _name(request: Request) -> str:
    """Providers are named, or given as an ARN."""
    return str(request["CapacityProviderName"].rpartition(":")[2])


def _arn(ctx: Context, request: Request) -> str:
    return arn_of_provider(ctx, _name(request))


async def _tags(ctx: Context, request: Request) -> dict[str, str]:
    found = await ctx.transact(tags.get, ctx, f"{_KIND}:{_name(request)}")
    return {} if found is None else found.tags


_ON_PROVIDER: dict[str, Any] = {"resource": _arn, "tags": _tags}


@tagging.taggable(_KIND)
async def find(ctx: Context, name: str) -> Provider:
    """Raises ResourceNotFoundException."""
    provider = await providers.get(ctx, name)
    if provider is None:
        raise errors.not_found(f"Capacity provider not found: {arn_of_provider(ctx, name)}")
    return provider


def _described(ctx: Context, provider: Provider) -> Answer:
    return {
        **provider.config,
        "CapacityProviderArn": arn_of_provider(ctx, provider.name),
        "State": provider.state,
        "LastModified": timestamp(provider.modified),
    }


# -- made, changed, deleted


@service.operation(**_ON_PROVIDER, action=with_members("lambda:CreateCapacityProvider", {"Tags": "lambda:TagResource"}))
async def create_capacity_provider(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/lambda/latest/api/API_CreateCapacityProvider.html"""
    name = _name(request)
    if await providers.get(ctx, name) is not None:
        raise errors.conflict(f"Capacity provider already exists: {arn_of_provider(ctx, name)}")
    await ctx.pass_role(request["PermissionsConfig"]["CapacityProviderOperatorRoleArn"])
    _check_instances(request.get("InstanceRequirements") or {})
    config = {member: request[member] for member in (*_GIVEN, *_MORE) if request.get(member) is not None}
    config["CapacityProviderScalingConfig"] = _SCALING | (config.get("CapacityProviderScalingConfig") or {})
    provider = Provider(name, config, ctx.now())
    providers.put(ctx, provider, name)
    tagging.put(ctx, f"{_KIND}:{name}", request.get("Tags"))
    await ctx.schedule("settle_provider", {"name": name})
    return {"CapacityProvider": _described(ctx, provider)}


def _check_instances(wanted: dict[str, Any]) -> None:
    if wanted.get("AllowedInstanceTypes") and wanted.get("ExcludedInstanceTypes"):
        raise errors.invalid_parameter("AllowedInstanceTypes and ExcludedInstanceTypes cannot be specified together.")


@service.task
async def settle_provider(ctx: Context, payload: Request) -> None:
    """It is active when Lambda can assume its operator role, and gone when it is deleted."""
    provider = await providers.get(ctx, payload["name"])
    if provider is None:
        return
    if provider.state == _DELETING:
        providers.delete(ctx, provider.name)
        tags.delete(ctx, f"{_KIND}:{provider.name}")
        return
    role = provider.config["PermissionsConfig"]["CapacityProviderOperatorRoleArn"]
    try:
        await ctx.assume(role, session_name="lambda")
        state = ACTIVE
    except AWSError:
        state = FAILED
    providers.put(ctx, msgspec.structs.replace(provider, state=state), provider.name)


@service.operation(**_ON_PROVIDER)
async def update_capacity_provider(ctx: Context, request: Request) -> Answer:
    provider = await find(ctx, _name(request))
    changes = {member: request[member] for member in _CHANGED if request.get(member) is not None}
    if "CapacityProviderScalingConfig" in changes:
        changes["CapacityProviderScalingConfig"] = _SCALING | changes["CapacityProviderScalingConfig"]
    changed = msgspec.structs.replace(provider, config=provider.config | changes, modified=ctx.now())
    providers.put(ctx, changed, provider.name)
    return {"CapacityProvider": _described(ctx, changed)}


@service.operation(**_ON_PROVIDER)
async def delete_capacity_provider(ctx: Context, request: Request) -> Answer:
    provider = await find(ctx, _name(request))
    users = await _users(ctx, provider.name)
    if users:
        raise errors.conflict(
            f"Cannot delete capacity provider {provider.name}: it is used by {arn_of(ctx, users[0].name)}:{users[0].version}"
        )
    gone = msgspec.structs.replace(provider, state=_DELETING, modified=ctx.now())
    providers.put(ctx, gone, provider.name)
    await ctx.schedule("settle_provider", {"name": provider.name})
    return {"CapacityProvider": _described(ctx, gone)}


# -- looking


@service.operation(**_ON_PROVIDER)
async def get_capacity_provider(ctx: Context, request: Request) -> Answer:
    return {"CapacityProvider": _described(ctx, await find(ctx, _name(request)))}


def _after(request: Request) -> str:
    marker = request.get("Marker")
    return pages.position(marker, errors.invalid_parameter("Invalid marker.")) if marker else ""


@service.operation(resource=lambda ctx, request: "*")
async def list_capacity_providers(ctx: Context, request: Request) -> Answer:
    after, state = _after(request), request.get("State")
    found = [each for each in await providers.scan(ctx) if each.name > after and state in (None, each.state)]
    shown, marker = pages.page(found, request.get("MaxItems") or limits.LISTED, lambda each: each.name)
    return {"CapacityProviders": [_described(ctx, each) for each in shown], "NextMarker": marker}


@service.operation(**_ON_PROVIDER)
async def list_function_versions_by_capacity_provider(ctx: Context, request: Request) -> Answer:
    """Published versions: others have no environments there."""
    provider, after = await find(ctx, _name(request)), _after(request)
    versions = [(f"{arn_of(ctx, each.name)}:{each.version}", each.state) for each in await _users(ctx, provider.name)]
    listed = sorted(each for each in versions if each[0] > after)
    shown, marker = pages.page(listed, request.get("MaxItems") or limits.LISTED, lambda each: each[0])
    return {
        "CapacityProviderArn": arn_of_provider(ctx, provider.name),
        "FunctionVersions": [{"FunctionArn": arn, "State": state} for arn, state in shown],
        "NextMarker": marker,
    }


async def _users(ctx: Context, name: str) -> list[Function]:
    arn = arn_of_provider(ctx, name)
    found = await functions.scan(ctx)
    return [each for each in found if each.version != LATEST and provider_of(each.config) == arn]


# -- of functions


def provider_of(config: dict[str, Any]) -> str:
    """The ARN of the provider that a function is configured for; empty for those that Lambda finds the machines for."""
    instances = (config.get("CapacityProviderConfig") or {}).get("LambdaManagedInstancesCapacityProviderConfig") or {}
    return str(instances.get("CapacityProviderArn", ""))


async def check(ctx: Context, config: dict[str, Any]) -> None:
    """Can a function of that configuration run on the provider that it names? Raises InvalidParameterValueException."""
    arn = provider_of(config)
    if not arn:
        return
    name = arn.rpartition(":")[2]
    provider = await providers.get(ctx, name) if arn == arn_of_provider(ctx, name) else None
    if provider is None or provider.state != ACTIVE:
        raise errors.invalid_parameter(f"The capacity provider {arn} does not exist or is not active.")
    if config["MemorySize"] < _LEAST_MIB:
        raise errors.invalid_parameter(
            f"Functions on a capacity provider need a MemorySize of at least {_LEAST_MIB} MB, not {config['MemorySize']}."
        )
    wanted = (provider.config.get("InstanceRequirements") or {}).get("Architectures") or config["Architectures"]
    if wanted != config["Architectures"]:
        raise errors.invalid_parameter(f"The capacity provider {arn} has instances for {wanted[0]} only.")
