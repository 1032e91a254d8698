"""Layers: packages of libraries, in numbered versions, that functions find under /opt.

    layers          name           -> the number of the last version, also of a deleted one: numbers are not given twice
    layer-versions  name, version  -> LayerVersion
    layer-policies  name, version  -> Policy

https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.http import Payload
from fogbank.kernel import AWSError, Context, Record, pages
from fogbank.services.lambda_ import errors, limits
from fogbank.services.lambda_.function import configurations
from fogbank.services.lambda_.package import code, downloads
from fogbank.services.lambda_.package.code import Received
from fogbank.services.lambda_.records import Answer, Code, Layer, Policy, Request, document_of
from fogbank.services.lambda_.service import service


class LayerVersion(Record, frozen=True):
    """`created` is epoch seconds."""

    name: str
    version: int
    code: Code
    created: float
    description: str = ""
    license: str = ""
    runtimes: list[str] = []
    architectures: list[str] = []


numbers = service.collection("layers", int)
versions = service.collection("layer-versions", LayerVersion)
policies = service.collection("layer-policies", Policy)


class Version(NamedTuple):
    """A layer, or a version of it, as a request names it. `scope` is its account and region; `number` is 0 for the layer itself."""

    scope: Context
    name: str
    number: int

    @property
    def layer_arn(self) -> str:
        return f"arn:{self.scope.partition}:lambda:{self.scope.region}:{self.scope.account}:layer:{self.name}"

    @property
    def arn(self) -> str:
        return f"{self.layer_arn}:{self.number}" if self.number else self.layer_arn


def version_of(ctx: Context, request: Request) -> Version:
    """By name or ARN of the layer, with a number; or by the ARN of the version. Raises InvalidParameterValueException."""
    text = request.get("Arn") or request["LayerName"]
    number = int(request.get("VersionNumber") or 0)
    if not text.startswith("arn:"):
        return Version(ctx, text, number)
    parts = text.split(":")
    if len(parts) not in (7, 8) or parts[5] != "layer" or not all(part.isdecimal() for part in parts[7:]):
        raise errors.invalid_parameter(f"Invalid Layer arn: {text}")
    scope = ctx.at(account=parts[4], region=parts[3])
    return Version(scope, parts[6], int(parts[7]) if len(parts) == 8 else number)


# -- for the decision about a request


def arn_of(ctx: Context, request: Request) -> str:
    return version_of(ctx, request).arn


async def _owner(ctx: Context, request: Request) -> str | None:
    return version_of(ctx, request).scope.account


async def _policy(ctx: Context, request: Request) -> str | None:
    named = version_of(ctx, request)
    return document_of(await named.scope.transact(policies.get, named.scope, named.name, named.number))


ON_VERSION: dict[str, Any] = {"resource": arn_of, "owner": _owner, "policy": _policy}
_ON_LAYER: dict[str, Any] = {
    "resource": lambda ctx, request: version_of(ctx, request).layer_arn,
    "owner": _owner,
}


# -- publishing, deleting


@service.operation(transaction=False, **_ON_LAYER)
async def publish_layer_version(ctx: Context, request: Request) -> Answer:
    """https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html"""
    named = version_of(ctx, request)
    content = request["Content"]
    if isinstance(content.get("ZipFile"), Payload):
        content = {**content, "ZipFile": await content["ZipFile"].read()}
    async with code.received(ctx, content) as received:
        return await ctx.transact(_publish, named, request, received)


async def _publish(named: Version, request: Request, received: Received) -> Answer:
    scope = named.scope
    received.keep(scope)
    number = (await numbers.get(scope, named.name) or 0) + 1
    numbers.put(scope, number, named.name)
    version = LayerVersion(
        named.name,
        number,
        received.code,
        scope.now(),
        request.get("Description") or "",
        request.get("LicenseInfo") or "",
        request.get("CompatibleRuntimes") or [],
        request.get("CompatibleArchitectures") or [],
    )
    versions.put(scope, version, named.name, number)
    return await _with_content(named._replace(number=number), version)


@service.operation(**ON_VERSION)
async def delete_layer_version(ctx: Context, request: Request) -> None:
    """Functions that use the version go on using it. What is not there need not be deleted."""
    named = version_of(ctx, request)
    version = await versions.get(named.scope, named.name, named.number)
    if version is not None:
        code.dropped(named.scope, version.code)
        versions.delete(named.scope, named.name, named.number)
        policies.delete(named.scope, named.name, named.number)


# -- describing


async def find(named: Version) -> LayerVersion:
    version = await versions.get(named.scope, named.name, named.number)
    if version is None:
        raise errors.not_found("The resource you requested does not exist.")
    return version


@service.operation(**ON_VERSION)
async def get_layer_version(ctx: Context, request: Request) -> Answer:
    named = version_of(ctx, request)
    return await _with_content(named, await find(named))


@service.operation(**ON_VERSION | {"action": "lambda:GetLayerVersion"})
async def get_layer_version_by_arn(ctx: Context, request: Request) -> Answer:
    named = version_of(ctx, request)
    if not named.number:
        raise errors.validation(f"{request['Arn']} is not the ARN of a layer version.")
    return await _with_content(named, await find(named))


async def _with_content(named: Version, version: LayerVersion) -> Answer:
    content = {
        "Location": await downloads.location(named.scope, version.code),
        "CodeSha256": code.sha256(version.code),
        "CodeSize": version.code.size,
    }
    return {**_described(named, version), "LayerArn": named.layer_arn, "Content": content}


def _described(named: Version, version: LayerVersion) -> Answer:
    return {
        "LayerVersionArn": f"{named.layer_arn}:{version.version}",
        "Version": version.version,
        "Description": version.description,
        "CreatedDate": configurations.timestamp(version.created),
        "CompatibleRuntimes": version.runtimes or None,
        "CompatibleArchitectures": version.architectures or None,
        "LicenseInfo": version.license or None,
    }


def _suits(version: LayerVersion, request: Request) -> bool:
    runtime, architecture = request.get("CompatibleRuntime"), request.get("CompatibleArchitecture")
    return (runtime is None or runtime in version.runtimes) and (
        architecture is None or architecture in version.architectures
    )


@service.operation
async def list_layers(ctx: Context, request: Request) -> Answer:
    """The layers that have a version of that kind, each with the latest of them."""
    after = _after(request)
    latest: dict[str, LayerVersion] = {}
    for version in await versions.scan(ctx):
        if _suits(version, request) and (after is None or version.name > after):
            latest[version.name] = version
    shown, marker = pages.page(list(latest.values()), _limit(request), lambda each: each.name)
    return {"Layers": [_layer(ctx, each) for each in shown], "NextMarker": marker}


def _layer(ctx: Context, version: LayerVersion) -> Answer:
    named = Version(ctx, version.name, 0)
    return {
        "LayerName": version.name,
        "LayerArn": named.layer_arn,
        "LatestMatchingVersion": _described(named, version),
    }


@service.operation(**_ON_LAYER)
async def list_layer_versions(ctx: Context, request: Request) -> Answer:
    """The newest first."""
    named = version_of(ctx, request)
    after = _after(request)
    found = await versions.scan(named.scope, named.name)
    listed = [
        each for each in reversed(found) if _suits(each, request) and (after is None or each.version < int(after))
    ]
    shown, marker = pages.page(listed, _limit(request), lambda each: str(each.version))
    return {"LayerVersions": [_described(named, each) for each in shown], "NextMarker": marker}


def _after(request: Request) -> str | None:
    if not request.get("Marker"):
        return None
    return pages.position(request["Marker"], errors.invalid_parameter("Invalid marker."))


def _limit(request: Request) -> int:
    return min(request.get("MaxItems") or limits.LISTED, limits.LISTED)


# -- using


async def used(ctx: Context, config: dict[str, Any]) -> list[Layer]:
    """The layers of a configuration, with their content. Raises InvalidParameterValueException, AccessDeniedException.

    Whoever configures the function has to be allowed to read them, also those of another account.
    """
    found = [await _used(ctx, arn) for arn in config.get("Layers") or []]
    names = [layer.arn.rpartition(":")[0] for layer in found]
    if len(set(names)) < len(names):
        raise errors.invalid_parameter("Two different versions of the same layer are not allowed to be referenced.")
    return found


async def _used(ctx: Context, arn: str) -> Layer:
    named = version_of(ctx, {"Arn": arn})
    if not named.number:
        raise errors.invalid_parameter(f"{arn} is not the ARN of a layer version.")
    policy = await _policy(ctx, {"Arn": arn})
    await ctx.authorise("lambda:GetLayerVersion", arn, owner=named.scope.account, policy=policy)
    if named.scope.region != ctx.region:
        raise errors.invalid_parameter(f"Layer version {arn} is not in the region of the function, {ctx.region}.")
    try:
        version = await find(named)
    except AWSError as error:
        raise errors.invalid_parameter(f"Layer version {arn} does not exist.") from error
    return Layer(arn, code.linked(ctx, version.code))
