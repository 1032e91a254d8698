"""Deployments, and the stages that show them. Stages that deploy by themselves show every change at once."""

from __future__ import annotations

import re
from typing import Any

from fogbank.apis.naming import Answer, Request, short_id
from fogbank.kernel import Context
from fogbank.services.apigatewayv2 import errors
from fogbank.services.apigatewayv2.definitions import is_http
from fogbank.services.apigatewayv2.parts import (
    Document,
    Part,
    Snapshot,
    api_of,
    given,
    paged,
    parts,
    snapshots,
    stages,
)
from fogbank.services.apigatewayv2.service import operation

_STAGE = re.compile(r"[\w\-]{1,128}|\$default")
_MEMBERS = (
    "AccessLogSettings",
    "AutoDeploy",
    "ClientCertificateId",
    "DefaultRouteSettings",
    "DeploymentId",
    "Description",
    "RouteSettings",
    "StageVariables",
)
_BY_ITSELF = "Automatic deployment triggered by changes to the Api configuration"


# -- deployments


async def _of(ctx: Context, api_id: str, kind: str) -> list[Document]:
    return [part.document for part in await parts.scan(ctx, api_id, kind)]


async def _with_responses(ctx: Context, api_id: str, kind: str, key: str, responses: str) -> list[Document]:
    found = await _of(ctx, api_id, kind)
    return [
        {**each, "Responses": [part.document for part in await parts.scan(ctx, api_id, responses, each[key])]}
        for each in found
    ]


async def freeze(ctx: Context, api: Document) -> Snapshot:
    api_id = api["ApiId"]
    return Snapshot(
        api,
        await _with_responses(ctx, api_id, "route", "RouteId", "route-response"),
        await _with_responses(ctx, api_id, "integration", "IntegrationId", "integration-response"),
        await _of(ctx, api_id, "authorizer"),
        await _of(ctx, api_id, "model"),
    )


async def _deploy(ctx: Context, api: Document, description: str | None, by_itself: bool) -> Document:
    made: Document = {
        "DeploymentId": short_id(ctx, 6),
        "CreatedDate": ctx.now(),
        "DeploymentStatus": "DEPLOYED",
        "AutoDeployed": by_itself,
    }
    if description is not None:
        made["Description"] = description
    parts.put(ctx, Part(made), api["ApiId"], "deployment", made["DeploymentId"])
    snapshots.put(ctx, await freeze(ctx, api), api["ApiId"], made["DeploymentId"])
    return made


async def deploy_by_itself(ctx: Context, api: Document) -> None:
    """After a change: the stages that want it show a new deployment, and the one before it goes, if nobody else shows it."""
    found = [part.document for part in await stages.scan(ctx, api["ApiId"])]
    wanting = [stage for stage in found if stage.get("AutoDeploy")]
    if not wanting:
        return
    made = await _deploy(ctx, api, _BY_ITSELF, True)
    before = {stage.get("DeploymentId") for stage in wanting}
    kept = {stage.get("DeploymentId") for stage in found if not stage.get("AutoDeploy")}
    for stage in wanting:
        shown = {**stage, "DeploymentId": made["DeploymentId"], "LastUpdatedDate": ctx.now()}
        shown["LastDeploymentStatusMessage"] = (
            f"Successfully deployed stage with deployment ID '{made['DeploymentId']}'"
        )
        stages.put(ctx, Part(shown), api["ApiId"], stage["StageName"])
    for identifier in before - kept - {None}:
        deployment = await parts.get(ctx, api["ApiId"], "deployment", str(identifier))
        if deployment is not None and deployment.document["AutoDeployed"]:
            parts.delete(ctx, api["ApiId"], "deployment", str(identifier))
            snapshots.delete(ctx, api["ApiId"], str(identifier))


async def _deployment(ctx: Context, request: Request) -> Document:
    await api_of(ctx, request)
    found = await parts.get(ctx, request["ApiId"], "deployment", request["DeploymentId"])
    if found is None:
        raise errors.missing("Deployment")
    return found.document


@operation
async def create_deployment(ctx: Context, request: Request) -> Answer:
    api = await api_of(ctx, request)
    if not await parts.scan(ctx, api["ApiId"], "route", limit=1):
        raise errors.bad_request("At least one route is required before deploying the Api.")
    stage = None
    if request.get("StageName"):
        stage = dict(await stage_of(ctx, request))
        if stage.get("AutoDeploy"):
            raise errors.bad_request("Deployment ID cannot be set on a Stage with auto deploy enabled")
    made = await _deploy(ctx, api, request.get("Description"), False)
    if stage is not None:
        stage |= {"DeploymentId": made["DeploymentId"], "LastUpdatedDate": ctx.now()}
        stages.put(ctx, Part(stage), api["ApiId"], stage["StageName"])
    return made


@operation
async def get_deployment(ctx: Context, request: Request) -> Answer:
    return await _deployment(ctx, request)


@operation
async def get_deployments(ctx: Context, request: Request) -> Answer:
    await api_of(ctx, request)
    return paged(await _of(ctx, request["ApiId"], "deployment"), request, "DeploymentId")


@operation
async def update_deployment(ctx: Context, request: Request) -> Answer:
    changed = {**await _deployment(ctx, request), **given(request, ("Description",))}
    parts.put(ctx, Part(changed), request["ApiId"], "deployment", changed["DeploymentId"])
    return changed


@operation
async def delete_deployment(ctx: Context, request: Request) -> None:
    found = await _deployment(ctx, request)
    for part in await stages.scan(ctx, request["ApiId"]):
        if part.document.get("DeploymentId") == found["DeploymentId"]:
            raise errors.bad_request("Active stages pointing to this deployment must be moved or deleted")
    parts.delete(ctx, request["ApiId"], "deployment", found["DeploymentId"])
    snapshots.delete(ctx, request["ApiId"], found["DeploymentId"])


# -- stages


async def stage_of(ctx: Context, request: Request) -> Document:
    await api_of(ctx, request)
    found = await stages.get(ctx, request["ApiId"], request["StageName"])
    if found is None:
        raise errors.missing("Stage")
    return found.document


@operation
async def create_stage(ctx: Context, request: Request) -> Answer:
    api = await api_of(ctx, request)
    if await stages.get(ctx, api["ApiId"], request["StageName"]) is not None:
        raise errors.conflict("Stage already exists")
    return await make_stage(ctx, api, request)


async def make_stage(ctx: Context, api: Document, request: Request) -> Document:
    """Raises BadRequestException, NotFoundException."""
    name, now = request["StageName"], ctx.now()
    if not _STAGE.fullmatch(name) or (name == "$default" and not is_http(api)):
        raise errors.bad_request("Stage name only allows alphanumeric characters, hyphens, and underscores")
    stage: Document = {
        "StageName": name,
        "AutoDeploy": False,
        "CreatedDate": now,
        "LastUpdatedDate": now,
        "DefaultRouteSettings": {"DetailedMetricsEnabled": False},
        "RouteSettings": {},
        "StageVariables": {},
        "Tags": request.get("Tags") or {},
        **given(request, _MEMBERS),
    }
    return await _put_stage(ctx, api, stage)


async def _put_stage(ctx: Context, api: Document, stage: Document) -> Document:
    if stage.get("DeploymentId") and not stage["AutoDeploy"]:
        await _deployment(ctx, {"ApiId": api["ApiId"], "DeploymentId": stage["DeploymentId"]})
    for settings in (stage["DefaultRouteSettings"], *stage["RouteSettings"].values()):
        if is_http(api) and (settings.get("DataTraceEnabled") or settings.get("LoggingLevel") not in (None, "OFF")):
            raise errors.bad_request("Execution logs are not supported on protocolType HTTP")
        settings.setdefault("DetailedMetricsEnabled", False)
    log = stage.get("AccessLogSettings")
    if log and log.get("DestinationArn"):
        stage["AccessLogSettings"] = {**log, "DestinationArn": log["DestinationArn"].removesuffix(":*")}
    stages.put(ctx, Part(stage), api["ApiId"], stage["StageName"])
    if stage["AutoDeploy"]:
        await deploy_by_itself(ctx, api)
        found = await stages.get(ctx, api["ApiId"], stage["StageName"])
        assert found is not None
        return found.document
    return stage


@operation
async def get_stage(ctx: Context, request: Request) -> Answer:
    return await stage_of(ctx, request)


@operation
async def get_stages(ctx: Context, request: Request) -> Answer:
    await api_of(ctx, request)
    return paged([part.document for part in await stages.scan(ctx, request["ApiId"])], request, "StageName")


@operation
async def update_stage(ctx: Context, request: Request) -> Answer:
    api, stage = await api_of(ctx, request), await stage_of(ctx, request)
    asked = given(request, _MEMBERS)
    if "DeploymentId" in asked and asked.get("AutoDeploy", stage["AutoDeploy"]):
        raise errors.bad_request("Deployment ID cannot be set on a Stage with auto deploy enabled")
    changed: dict[str, Any] = {**stage, **asked, "LastUpdatedDate": ctx.now()}
    for name in ("StageVariables", "RouteSettings"):
        if name in asked:
            changed[name] = {**stage.get(name, {}), **asked[name]}
    changed["StageVariables"] = {name: value for name, value in changed["StageVariables"].items() if value != ""}
    if "DefaultRouteSettings" in asked:
        changed["DefaultRouteSettings"] = {**stage["DefaultRouteSettings"], **asked["DefaultRouteSettings"]}
    return await _put_stage(ctx, api, changed)


@operation
async def delete_stage(ctx: Context, request: Request) -> None:
    stage = await stage_of(ctx, request)
    stages.delete(ctx, request["ApiId"], stage["StageName"])


async def _without(ctx: Context, request: Request, change: Any) -> None:
    stage = dict(await stage_of(ctx, request))
    change(stage)
    stages.put(ctx, Part({**stage, "LastUpdatedDate": ctx.now()}), request["ApiId"], stage["StageName"])


@operation
async def delete_access_log_settings(ctx: Context, request: Request) -> None:
    await _without(ctx, request, lambda stage: stage.pop("AccessLogSettings", None))


@operation
async def delete_route_settings(ctx: Context, request: Request) -> None:
    def change(stage: Document) -> None:
        settings = dict(stage["RouteSettings"])
        if settings.pop(request["RouteKey"], None) is None:
            raise errors.missing("Route Settings")
        stage["RouteSettings"] = settings

    await _without(ctx, request, change)


@operation
async def reset_authorizers_cache(ctx: Context, request: Request) -> None:
    await _without(ctx, request, lambda stage: stage.update(Flushed=stage.get("Flushed", 0) + 1))
