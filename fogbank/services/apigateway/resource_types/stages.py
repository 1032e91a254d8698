"""Deployment and Stage."""

from __future__ import annotations

from typing import Any

from fogbank.apis.properties import patches
from fogbank.kernel import Context
from fogbank.kernel.resource_types import Properties
from fogbank.services.apigateway.resource_types.base import RestType
from fogbank.services.apigateway.service import service

_SETTINGS = {
    "CacheDataEncrypted": "caching/dataEncrypted",
    "CacheTtlInSeconds": "caching/ttlInSeconds",
    "CachingEnabled": "caching/enabled",
    "DataTraceEnabled": "logging/dataTrace",
    "LoggingLevel": "logging/loglevel",
    "MetricsEnabled": "metrics/enabled",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "ThrottlingRateLimit": "throttling/rateLimit",
}
# What creating a stage takes.
_DIRECT = (
    "CacheClusterEnabled",
    "CacheClusterSize",
    "DeploymentId",
    "Description",
    "DocumentationVersion",
    "RestApiId",
    "StageName",
    "Tags",
    "TracingEnabled",
    "Variables",
)
_CANARY = ("percentTraffic", "stageVariableOverrides", "useStageCache", "deploymentId")


@service.resource_type
class DeploymentType(RestType):
    """With a StageName it makes the stage, too, as `StageDescription` says."""

    name = "AWS::ApiGateway::Deployment"
    identifier = ("DeploymentId", "RestApiId")
    required = frozenset({"RestApiId"})
    create_only = frozenset({"DeploymentCanarySettings", "RestApiId"})
    read_only = frozenset({"DeploymentId"})
    write_only = frozenset({"DeploymentCanarySettings", "StageDescription", "StageName"})
    make, get, change, drop, listing = (
        "CreateDeployment",
        "GetDeployment",
        "UpdateDeployment",
        "DeleteDeployment",
        "GetDeployments",
    )
    places = {"Description": "/description"}

    def ref(self, identifier: str, properties: Properties) -> str:
        return identifier.partition("|")[0]

    async def create(self, ctx: Context, properties: Properties) -> str:
        api, told = properties["RestApiId"], properties.get("StageDescription") or {}
        request = {**self.request(self.make, told), **self.request(self.make, properties)}
        request["stageDescription"] = told.get("Description")
        made = await self.call(ctx, self.make, request)
        if properties.get("StageName"):
            patch = stage_patches(
                {}, {name: value for name, value in told.items() if name not in ("Variables", "Description")}
            )
            await _patch_stage(self, ctx, api, properties["StageName"], patch)
        return f"{made['id']}|{api}"

    async def read(self, ctx: Context, identifier: str) -> Properties:
        deployment, api = identifier.split("|")
        found = await self.call(ctx, self.get, {"restApiId": api, "deploymentId": deployment})
        about = {"Description": found["description"]} if found.get("description") else {}
        return {"DeploymentId": deployment, "RestApiId": api, **about}

    async def delete(self, ctx: Context, identifier: str) -> None:
        """With the stages that show it and nothing else says so: those that it has made itself."""
        deployment, api = identifier.split("|")
        found = await self.call(ctx, "GetStages", {"restApiId": api, "deploymentId": deployment})
        for stage in found["item"]:
            await self.call(ctx, "DeleteStage", {"restApiId": api, "stageName": stage["stageName"]})
        await self.call(ctx, self.drop, {"restApiId": api, "deploymentId": deployment})

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.listed(ctx, self.listing, "items", restApiId=given["RestApiId"])
        return [f"{each['id']}|{given['RestApiId']}" for each in found]


def stage_patches(before: Properties, after: Properties) -> list[dict[str, str]]:
    places = {
        "CacheClusterEnabled": "/cacheClusterEnabled",
        "CacheClusterSize": "/cacheClusterSize",
        "ClientCertificateId": "/clientCertificateId",
        "DeploymentId": "/deploymentId",
        "Description": "/description",
        "DocumentationVersion": "/documentationVersion",
        "TracingEnabled": "/tracingEnabled",
        "Variables": "/variables",
    }
    found = patches(before, after, places)
    found += patches(
        _settings(before), _settings(after), {name: name for name in {**_settings(before), **_settings(after)}}
    )
    found += _log_patches(before, after, "AccessLogSetting") + _log_patches(before, after, "AccessLogSettings")
    return found + _canary_patches(before.get("CanarySetting"), after.get("CanarySetting"))


def _settings(properties: Properties) -> dict[str, Any]:
    """By the paths of their patches: `/*/*/caching/enabled`. What a stage says of all methods is without a path of its own."""
    found: dict[str, Any] = {}
    of_all = {name: value for name, value in properties.items() if name in _SETTINGS}
    for each in [
        *([{**of_all, "ResourcePath": "/*", "HttpMethod": "*"}] if of_all else []),
        *(properties.get("MethodSettings") or ()),
    ]:
        segment = str(each.get("ResourcePath") or "/*").removeprefix("/").replace("/", "~1")
        for name, value in each.items():
            if name in _SETTINGS:
                found[f"/{segment}/{each.get('HttpMethod') or '*'}/{_SETTINGS[name]}"] = value
    return found


def _log_patches(before: Properties, after: Properties, name: str) -> list[dict[str, str]]:
    old, new = before.get(name), after.get(name)
    if old and not new:
        return [{"op": "remove", "path": "/accessLogSettings"}]
    places = {"DestinationArn": "/accessLogSettings/destinationArn", "Format": "/accessLogSettings/format"}
    return patches(old or {}, new or {}, places)


def _canary_patches(before: Properties | None, after: Properties | None) -> list[dict[str, str]]:
    if before and not after:
        return [{"op": "remove", "path": "/canarySettings"}]
    places = {name[:1].upper() + name[1:]: f"/canarySettings/{name}" for name in _CANARY}
    return patches(before or {}, after or {}, places)


async def _patch_stage(kind: RestType, ctx: Context, api: str, stage: str, operations: list[dict[str, str]]) -> None:
    if operations:
        request = {"restApiId": api, "stageName": stage, "patchOperations": operations}
        await kind.call(ctx, "UpdateStage", request)


@service.resource_type
class StageType(RestType):
    name = "AWS::ApiGateway::Stage"
    identifier = ("RestApiId", "StageName")
    required = frozenset({"RestApiId"})
    create_only = frozenset({"RestApiId", "StageName"})
    make, get, drop, listing = "CreateStage", "GetStage", "DeleteStage", "GetStages"

    async def create(self, ctx: Context, properties: Properties) -> str:
        """What creating takes not is patched."""
        said = {
            "StageName": "default",
            **{name: properties[name] for name in _DIRECT if properties.get(name) is not None},
        }
        await self.call(ctx, self.make, self.request(self.make, said))
        rest = {name: value for name, value in properties.items() if name not in _DIRECT}
        await _patch_stage(self, ctx, said["RestApiId"], said["StageName"], stage_patches({}, rest))
        return self.identifier_of(said)

    async def read(self, ctx: Context, identifier: str) -> Properties:
        address = self.address(identifier)
        answer = await self.call(ctx, self.get, self.request(self.get, address))
        found = {**self.told(self.get, answer), **address}
        if "AccessLogSettings" in found:
            found["AccessLogSetting"] = found.pop("AccessLogSettings")
        if "CanarySettings" in found:
            found["CanarySetting"] = found.pop("CanarySettings")
        if "MethodSettings" in found:
            found["MethodSettings"] = [_method_setting(key, each) for key, each in found["MethodSettings"].items()]
        for name in ("CreatedDate", "LastUpdatedDate", "CacheClusterStatus"):
            found.pop(name, None)
        return found

    async def update(self, ctx: Context, identifier: str, before: Properties, after: Properties) -> None:
        api, stage = identifier.split("|")
        await _patch_stage(self, ctx, api, stage, stage_patches(before, after))
        await self.tag(ctx, f"/restapis/{api}/stages/{stage}", before, after)

    async def list(self, ctx: Context, given: Properties) -> list[str]:
        found = await self.call(ctx, "GetStages", {"restApiId": given["RestApiId"]})
        return [f"{given['RestApiId']}|{each['stageName']}" for each in found["item"]]


def _method_setting(key: str, settings: Properties) -> Properties:
    path, _, method = key.rpartition("/")
    known = {name: value for name, value in settings.items() if name in _SETTINGS}
    return {
        "ResourcePath": "/*" if path == "*" else "/" + path.replace("~1", "/").lstrip("/"),
        "HttpMethod": method,
        **known,
    }
