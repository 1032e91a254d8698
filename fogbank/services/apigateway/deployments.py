"""Deployments, which are snapshots of an API, and the stages that show them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-deploy-api.html
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import orjson

from fogbank.apis.naming import Answer, Request, short_id
from fogbank.kernel import Context
from fogbank.services.apigateway import errors
from fogbank.services.apigateway.parts import (
    AUTHORIZER,
    DEPLOYMENT,
    MODEL,
    RESOURCE,
    RESPONSE,
    VALIDATOR,
    Kind,
    Part,
    Snapshot,
    api_of,
    documents,
    given,
    snapshots,
    stages,
)
from fogbank.services.apigateway.patches import (
    Document,
    Rule,
    boolean,
    entry,
    number,
    one_of,
    patched,
    text,
    value,
    whole,
)
from fogbank.services.apigateway.service import operation

CACHE_SIZES = ("0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237")
_STAGE = re.compile(r"[a-zA-Z0-9_]{1,128}|\$default")
_LOG_LEVELS = ("OFF", "ERROR", "INFO")
_STRATEGIES = ("FAIL_WITH_403", "SUCCEED_WITH_RESPONSE_HEADER", "SUCCEED_WITHOUT_RESPONSE_HEADER")
SETTINGS: Document = {
    "metricsEnabled": False,
    "loggingLevel": "OFF",
    "dataTraceEnabled": False,
    "throttlingBurstLimit": 5000,
    "throttlingRateLimit": 10000.0,
    "cachingEnabled": False,
    "cacheTtlInSeconds": 300,
    "cacheDataEncrypted": False,
    "requireAuthorizationForCacheControl": True,
    "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
}
_SETTING_PATHS: dict[str, tuple[str, Any]] = {
    "metrics/enabled": ("metricsEnabled", boolean),
    "logging/loglevel": ("loggingLevel", one_of(*_LOG_LEVELS)),
    "logging/dataTrace": ("dataTraceEnabled", boolean),
    "throttling/burstLimit": ("throttlingBurstLimit", whole),
    "throttling/rateLimit": ("throttlingRateLimit", number),
    "caching/enabled": ("cachingEnabled", boolean),
    "caching/ttlInSeconds": ("cacheTtlInSeconds", whole),
    "caching/dataEncrypted": ("cacheDataEncrypted", boolean),
    "caching/requireAuthorizationForCacheControl": ("requireAuthorizationForCacheControl", boolean),
    "caching/unauthorizedCacheControlHeaderStrategy": ("unauthorizedCacheControlHeaderStrategy", one_of(*_STRATEGIES)),
}


# -- deployments


async def freeze(ctx: Context, api: Document) -> Snapshot:
    kinds = (RESOURCE, MODEL, VALIDATOR, AUTHORIZER, RESPONSE)
    return Snapshot(api, *[await documents(ctx, api["id"], kind) for kind in kinds])


def _check_complete(snapshot: Snapshot) -> None:
    """Raises BadRequestException when there is nothing to deploy, or a method with nothing behind it."""
    methods = [method for each in snapshot.resources for method in each.get("resourceMethods", {}).values()]
    if not methods:
        raise errors.bad_request("The REST API doesn't contain any methods")
    if any("methodIntegration" not in method for method in methods):
        raise errors.bad_request("No integration defined for method")


def summary(snapshot: Snapshot) -> Document:
    """What GetDeployment tells when it is asked to embed it."""
    told: Document = {}
    for resource in snapshot.resources:
        for verb, method in resource.get("resourceMethods", {}).items():
            about = {"authorizationType": method["authorizationType"], "apiKeyRequired": method["apiKeyRequired"]}
            told.setdefault(resource["path"], {})[verb] = about
    return told


@operation
async def create_deployment(ctx: Context, request: Request) -> Answer:
    api = await api_of(ctx, request)
    snapshot = await freeze(ctx, api)
    _check_complete(snapshot)
    made = {"id": short_id(ctx), **given(request, "description"), "createdDate": int(ctx.now())}
    DEPLOYMENTS.put(ctx, api["id"], made)
    snapshots.put(ctx, snapshot, api["id"], made["id"])
    if request.get("stageName"):
        await _show(ctx, api, made["id"], request)
    return made


async def _show(ctx: Context, api: Document, deployment_id: str, request: Request) -> None:
    """Let a stage, which may be a new one, show the deployment. A canary gets it instead, if one is asked for."""
    found = await stages.get(ctx, api["id"], request["stageName"])
    if found is None:
        new = {**request, "deploymentId": deployment_id, "description": request.get("stageDescription")}
        if request.get("canarySettings"):
            raise errors.bad_request("Invalid canary settings specified: the stage has no deployment yet")
        await _create_stage(ctx, api, new)
        return
    stage = {**found.document, "lastUpdatedDate": int(ctx.now())}
    if "canarySettings" in stage or request.get("canarySettings"):
        asked = request.get("canarySettings") or {}
        stage["canarySettings"] = {
            "percentTraffic": 0.0,
            "useStageCache": False,
            **stage.get("canarySettings", {}),
            **given(asked, "percentTraffic", "stageVariableOverrides", "useStageCache"),
            "deploymentId": deployment_id,
        }
    else:
        stage["deploymentId"] = deployment_id
    if request.get("variables") is not None:
        stage["variables"] = request["variables"]
    if request.get("stageDescription") is not None:
        stage["description"] = request["stageDescription"]
    if request.get("tracingEnabled") is not None:
        stage["tracingEnabled"] = request["tracingEnabled"]
    _cluster(stage, request)
    put_stage(ctx, api["id"], stage)


async def _refuse_shown(ctx: Context, api_id: str, deployment: Document) -> None:
    for part in await stages.scan(ctx, api_id):
        canary = part.document.get("canarySettings") or {}
        if deployment["id"] in (part.document["deploymentId"], canary.get("deploymentId")):
            raise errors.bad_request("Active stages pointing to this deployment must be moved or deleted")
    snapshots.delete(ctx, api_id, deployment["id"])


DEPLOYMENTS = Kind(
    DEPLOYMENT,
    "deployment",
    "deployments",
    "deploymentId",
    "id",
    "Invalid Deployment identifier specified",
    (value("/description", ops="replace remove"),),
    busy=_refuse_shown,
)
DEPLOYMENTS.declare("all", "update", "delete")


@operation
async def get_deployment(ctx: Context, request: Request) -> Answer:
    found = await DEPLOYMENTS.get(ctx, request)
    if "apisummary" not in [each.lower() for each in request.get("embed") or ()]:
        return found
    snapshot = await snapshots.get(ctx, request["restApiId"], found["id"])
    return found if snapshot is None else {**found, "apiSummary": summary(snapshot)}


# -- stages


def put_stage(ctx: Context, api_id: str, stage: Document) -> Document:
    stages.put(ctx, Part(stage), api_id, stage["stageName"])
    return stage


async def stage_of(ctx: Context, request: Request) -> Document:
    await api_of(ctx, request)
    found = await stages.get(ctx, request["restApiId"], request["stageName"])
    if found is None:
        raise errors.not_found("Invalid stage identifier specified")
    return found.document


def _cluster(stage: Document, request: Request) -> None:
    """The cache: there is one as soon as it is asked for, here without the minutes that it takes on AWS."""
    if request.get("cacheClusterEnabled") is not None:
        stage["cacheClusterEnabled"] = request["cacheClusterEnabled"]
    if request.get("cacheClusterSize"):
        stage["cacheClusterSize"] = request["cacheClusterSize"]
    if stage["cacheClusterEnabled"]:
        stage.setdefault("cacheClusterSize", "0.5")
    stage["cacheClusterStatus"] = "AVAILABLE" if stage["cacheClusterEnabled"] else "NOT_AVAILABLE"


async def _create_stage(ctx: Context, api: Document, request: Request) -> Document:
    name, now = request["stageName"], int(ctx.now())
    if not _STAGE.fullmatch(name):
        raise errors.bad_request("Stage name only allows a-zA-Z0-9_")
    _check_variables(request.get("variables") or {})
    stage: Document = {
        "deploymentId": request["deploymentId"],
        "stageName": name,
        **given(request, "description", "variables", "documentationVersion", "canarySettings"),
        "cacheClusterEnabled": False,
        "methodSettings": {},
        "tracingEnabled": bool(request.get("tracingEnabled")),
        "createdDate": now,
        "lastUpdatedDate": now,
        "tags": request.get("tags") or {},
    }
    if "canarySettings" in stage:
        stage["canarySettings"] = {
            "deploymentId": stage["deploymentId"],
            "percentTraffic": 0.0,
            "useStageCache": False,
            **stage["canarySettings"],
        }
    _cluster(stage, request)
    return put_stage(ctx, api["id"], stage)


_VALUE = re.compile(r"[A-Za-z0-9\-._~:/?#&=,@%+]*")


def _check_variables(variables: dict[str, str]) -> None:
    for name, given_value in variables.items():
        if not re.fullmatch(r"\w+", name):
            raise errors.bad_request(
                f"Stage variable name {name} is invalid. It can only contain alphanumeric characters and underscores."
            )
        if not _VALUE.fullmatch(given_value):
            raise errors.bad_request(
                f"Invalid stage variable value: {given_value}. "
                "Please use values with alphanumeric characters and the symbols ',', '-', '.', '_', ':', '/', '?', '&', '=', '@'."
            )


@operation
async def create_stage(ctx: Context, request: Request) -> Answer:
    api = await api_of(ctx, request)
    await DEPLOYMENTS.find(ctx, api["id"], request["deploymentId"])
    if await stages.get(ctx, api["id"], request["stageName"]) is not None:
        raise errors.conflict("Stage already exists")
    return await _create_stage(ctx, api, request)


@operation
async def get_stage(ctx: Context, request: Request) -> Answer:
    return await stage_of(ctx, request)


@operation
async def get_stages(ctx: Context, request: Request) -> Answer:
    await api_of(ctx, request)
    found = [part.document for part in await stages.scan(ctx, request["restApiId"])]
    wanted = request.get("deploymentId")
    return {"item": [stage for stage in found if wanted in (None, stage["deploymentId"])]}


@operation
async def delete_stage(ctx: Context, request: Request) -> None:
    stage = await stage_of(ctx, request)
    stages.delete(ctx, request["restApiId"], stage["stageName"])


# -- what may be changed about stages


def _setting(path: str, name: str, convert: Any) -> Rule:
    """`/~1orders/GET/caching/enabled`, or `/*/*/...` for all methods."""

    def change(document: Document, segments: list[str], op: str, given_value: str | None) -> None:
        key = f"{segments[0].replace('/', '~1')}/{segments[1]}"
        settings = document.setdefault("methodSettings", {}).setdefault(key, dict(SETTINGS))
        settings[name] = SETTINGS[name] if op == "remove" or given_value is None else convert(given_value)

    return Rule(f"/{{}}/{{}}/{path}", "replace add remove", change)


def _forget_settings(document: Document, segments: list[str], op: str, given_value: str | None) -> None:
    settings = document.get("methodSettings", {})
    if settings.pop(f"{segments[-2].replace('/', '~1')}/{segments[-1]}", None) is None:
        raise errors.bad_request("Cannot remove method setting because there is no method setting for this method")


def _promote(document: Document, segments: list[str], op: str, source: str | None) -> None:
    """Take over what the canary shows."""
    canary = document.get("canarySettings") or {}
    if segments[0] == "deploymentId" and source == "/canarySettings/deploymentId":
        document["deploymentId"] = canary["deploymentId"]
    elif segments[0] == "variables" and source == "/canarySettings/stageVariableOverrides":
        document["variables"] = {**document.get("variables", {}), **(canary.get("stageVariableOverrides") or {})}


def _remove_canary(document: Document, segments: list[str], op: str, given_value: str | None) -> None:
    document.pop("canarySettings", None)


def _remove_log_settings(document: Document, segments: list[str], op: str, given_value: str | None) -> None:
    document.pop("accessLogSettings", None)


def _group(arn: str) -> str:
    return arn.removesuffix(":*")


_STAGE_RULES = (
    value("/deploymentId"),
    value("/description", ops="replace remove"),
    value("/clientCertificateId", ops="replace remove"),
    value("/documentationVersion", ops="replace remove"),
    value("/tracingEnabled", boolean),
    value("/cacheClusterEnabled", boolean),
    value("/cacheClusterSize", one_of(*CACHE_SIZES)),
    entry("/variables/{}"),
    value("/accessLogSettings/destinationArn", _group, "replace add remove"),
    value("/accessLogSettings/format", text, "replace add remove"),
    Rule("/accessLogSettings", "remove", _remove_log_settings),
    value("/canarySettings/percentTraffic", number),
    value("/canarySettings/deploymentId"),
    value("/canarySettings/useStageCache", boolean),
    entry("/canarySettings/stageVariableOverrides/{}"),
    Rule("/canarySettings", "remove", _remove_canary),
    Rule("/deploymentId", "copy", _promote),
    Rule("/variables", "copy", _promote),
    Rule("/methodSettings/{}/{}", "remove", _forget_settings),
    *(_setting(path, name, convert) for path, (name, convert) in _SETTING_PATHS.items()),
    Rule("/{}/{}", "remove", _forget_settings),
)


@operation
async def update_stage(ctx: Context, request: Request) -> Answer:
    before = await stage_of(ctx, request)
    stage = patched(before, request.get("patchOperations"), _STAGE_RULES)
    await DEPLOYMENTS.find(ctx, request["restApiId"], stage["deploymentId"])
    _check_variables(stage.get("variables") or {})
    if stage.get("canarySettings"):
        _complete_canary(stage)
    _check_log_format(stage.get("accessLogSettings"))
    stage["lastUpdatedDate"] = int(ctx.now())
    _cluster(stage, {})
    return put_stage(ctx, request["restApiId"], stage)


def _complete_canary(stage: Document) -> None:
    canary = {
        "percentTraffic": 0.0,
        "deploymentId": stage["deploymentId"],
        "useStageCache": False,
        **stage["canarySettings"],
    }
    if not 0 <= canary["percentTraffic"] <= 100:
        raise errors.bad_request("Invalid canary percent traffic: it must be between 0.0 and 100.0")
    stage["canarySettings"] = canary


def _check_log_format(settings: Document | None) -> None:
    form = (settings or {}).get("format")
    if form and "$context.requestId" not in form and "$context.extendedRequestId" not in form:
        raise errors.bad_request(
            "Access log format must contain at least $context.requestId or $context.extendedRequestId"
        )


def generation(api: Document, stage: Document) -> str:
    """Changes with what caches of a stage depend on."""
    return hashlib.sha256(orjson.dumps([api["id"], stage["stageName"], stage.get("flushed", 0)])).hexdigest()[:16]


@operation
async def flush_stage_cache(ctx: Context, request: Request) -> None:
    """What was cached is not found any more."""
    stage = await stage_of(ctx, request)
    put_stage(ctx, request["restApiId"], {**stage, "flushed": stage.get("flushed", 0) + 1})


@operation
async def flush_stage_authorizers_cache(ctx: Context, request: Request) -> None:
    stage = await stage_of(ctx, request)
    put_stage(ctx, request["restApiId"], {**stage, "flushedAuthorizers": stage.get("flushedAuthorizers", 0) + 1})
