"""Access previews: what findings there would be if resources had the policies that somebody has in mind. Kept for a day.

A preview lies under (analyzer, its id), its findings under (its id, the finding's id).
"""

from __future__ import annotations

import json
from typing import Any, Literal

from msgspec.structs import replace

from fogbank.kernel import Context, Record
from fogbank.protocols.timestamps import iso8601_milliseconds
from fogbank.services.accessanalyzer import errors, events, filters, findings, limits, rules
from fogbank.services.accessanalyzer.analyzers import BY_ARN, Analyzer, belongings, find, named, role_in, zone
from fogbank.services.accessanalyzer.analyzers import arn as analyzer_arn
from fogbank.services.accessanalyzer.exposure import Zone
from fogbank.services.accessanalyzer.findings import Finding
from fogbank.services.accessanalyzer.listing import page
from fogbank.services.accessanalyzer.proposals import proposed
from fogbank.services.accessanalyzer.scanning import finding_of
from fogbank.services.accessanalyzer.service import service
from fogbank.services.accessanalyzer.sources import Reader

Request = dict[str, Any]


class Preview(Record, frozen=True):
    """configurations: as they were given (JSON); created: epoch seconds."""

    id: str
    analyzer: str
    configurations: str
    created: float
    status: Literal["CREATING", "COMPLETED", "FAILED"] = "CREATING"


class PreviewFinding(Record, frozen=True):
    """finding: as it would be; existing: the status of the one that there is, or empty."""

    id: str
    finding: Finding
    change: Literal["NEW", "CHANGED", "UNCHANGED"]
    existing: str = ""


_previews = service.collection("access_previews", Preview)
_findings = service.collection("access_preview_findings", PreviewFinding)
belongings.append(_previews)


@service.operation(**BY_ARN)
async def create_access_preview(ctx: Context, request: Request) -> Request:
    """API_CreateAccessPreview."""
    analyzer = await find(ctx, request)
    if not analyzer.is_external:
        raise errors.validation(f"Analyzers of type {analyzer.type} do not support access previews.")
    if len(request["configurations"]) != 1:
        raise errors.validation("An access preview is about exactly one resource.")
    preview = Preview(ctx.ids.uuid(), analyzer.name, json.dumps(request["configurations"]), ctx.now())
    await _keep(ctx, preview)
    payload = {"analyzer": analyzer.name, "preview": preview.id}
    await ctx.schedule("make_preview", payload)
    await ctx.schedule("forget_preview", payload, delay=limits.PREVIEWS_KEPT_SECONDS)
    return {"id": preview.id}


@service.task
async def make_preview(ctx: Context, payload: dict[str, Any]) -> None:
    """Find out what there would be to find."""
    preview = await _previews.get(ctx, payload["analyzer"], payload["preview"])
    if preview is None:
        return
    analyzer = await named(ctx, preview.analyzer)
    try:
        found = await _foreseen(ctx, analyzer, json.loads(preview.configurations))
    except ValueError:
        await _keep(ctx, replace(preview, status="FAILED"), preview)
        return
    for each in found:
        _findings.put(ctx, each, preview.id, each.id)
    await _keep(ctx, replace(preview, status="COMPLETED"), preview)


async def _keep(ctx: Context, preview: Preview, before: Preview | None = None) -> None:
    """Keep the preview with another status than it had `before`, and tell of it."""
    _previews.put(ctx, preview, preview.analyzer, preview.id)
    detail: Request = {
        "accessPreviewId": preview.id,
        "configuredResources": sorted(json.loads(preview.configurations)),
        "createdAt": iso8601_milliseconds(preview.created),
        "status": preview.status,
        "statusReason": {"code": "INVALID_CONFIGURATION"} if preview.status == "FAILED" else None,
    }
    await events.preview_is(ctx, analyzer_arn(ctx, preview.analyzer), detail, "" if before is None else before.status)


@service.task
async def forget_preview(ctx: Context, payload: dict[str, Any]) -> None:
    for key, _ in await _findings.items(ctx, (str,), payload["preview"]):
        _findings.delete(ctx, payload["preview"], key[0])
    _previews.delete(ctx, payload["analyzer"], payload["preview"])


async def _foreseen(ctx: Context, analyzer: Analyzer, configurations: dict[str, Request]) -> list[PreviewFinding]:
    """The findings about the proposed resources, held against those that there are. Raises ValueError for bad proposals."""
    trusted = await zone(ctx, analyzer)
    known = await findings.findings.scan(ctx, analyzer.name)
    found: list[PreviewFinding] = []
    for arn, configuration in configurations.items():
        there = {each.id: each for each in known if each.resource == arn}
        would = {each.id: each for each in await _about(ctx, analyzer, arn, configuration, trusted)}
        found += [await _compared(ctx, analyzer, each, there.get(each.id)) for each in would.values()]
        gone = [each for each in there.values() if each.id not in would and each.status != "RESOLVED"]
        found += [_resolved(ctx, each) for each in gone]
    return found


async def _about(ctx: Context, analyzer: Analyzer, arn: str, configuration: Request, trusted: Zone) -> list[Finding]:
    reader = Reader(ctx, await role_in(ctx))
    resource, exposures = await proposed(reader, arn, configuration, trusted)
    return [finding_of(ctx, analyzer, resource, ctx.account, each) for each in exposures]


async def _compared(ctx: Context, analyzer: Analyzer, would: Finding, there: Finding | None) -> PreviewFinding:
    if there is not None and there.status != "RESOLVED":
        return PreviewFinding(ctx.ids.uuid(), replace(would, status=there.status), "UNCHANGED", there.status)
    archived = await rules.archives(ctx, analyzer.name, findings.properties(would))
    status: findings.Status = "ARCHIVED" if archived else "ACTIVE"
    change: Literal["NEW", "CHANGED"] = "NEW" if there is None else "CHANGED"
    return PreviewFinding(ctx.ids.uuid(), replace(would, status=status), change, there.status if there else "")


def _resolved(ctx: Context, there: Finding) -> PreviewFinding:
    would = replace(there, status="RESOLVED", created=ctx.now())
    return PreviewFinding(ctx.ids.uuid(), would, "CHANGED", there.status)


# -- seeing them


async def _find(ctx: Context, request: Request) -> Preview:
    analyzer = await find(ctx, request)
    preview = await _previews.get(ctx, analyzer.name, request["accessPreviewId"])
    if preview is None:
        raise errors.not_found("AccessPreview", request["accessPreviewId"])
    return preview


def _summary(request: Request, preview: Preview) -> Request:
    return {
        "id": preview.id,
        "analyzerArn": request["analyzerArn"],
        "createdAt": preview.created,
        "status": preview.status,
        "statusReason": {"code": "INVALID_CONFIGURATION"} if preview.status == "FAILED" else None,
    }


@service.operation(**BY_ARN)
async def get_access_preview(ctx: Context, request: Request) -> Request:
    """API_GetAccessPreview."""
    preview = await _find(ctx, request)
    configurations = json.loads(preview.configurations)
    return {"accessPreview": {**_summary(request, preview), "configurations": configurations}}


@service.operation(**BY_ARN)
async def list_access_previews(ctx: Context, request: Request) -> Request:
    """API_ListAccessPreviews."""
    analyzer = await find(ctx, request)
    found, more = page(request, await _previews.scan(ctx, analyzer.name), lambda preview: preview.id)
    return {"accessPreviews": [_summary(request, preview) for preview in found], **more}


@service.operation(**BY_ARN)
async def list_access_preview_findings(ctx: Context, request: Request) -> Request:
    """API_ListAccessPreviewFindings."""
    preview = await _find(ctx, request)
    if preview.status == "CREATING":
        raise errors.preview_in_progress(preview.id)
    criteria = request.get("filter", {})
    rules.check_filter(criteria)
    wanted = [each for each in await _findings.scan(ctx, preview.id) if filters.fits(criteria, _properties(each))]
    found, more = page(request, wanted, lambda each: each.id)
    return {"findings": [_described(each) for each in found], **more}


def _properties(found: PreviewFinding) -> filters.Properties:
    existing = {"existingFindingId": (found.finding.id,), "existingFindingStatus": (found.existing,)}
    base = {**findings.properties(found.finding), "id": (found.id,), "changeType": (found.change,)}
    return {**base, **existing} if found.existing else base


def _described(found: PreviewFinding) -> Request:
    shown = findings.described(found.finding)
    return {
        **{name: value for name, value in shown.items() if name not in ("analyzedAt", "updatedAt")},
        "id": found.id,
        "changeType": found.change,
        "existingFindingId": found.finding.id if found.existing else None,
        "existingFindingStatus": found.existing or None,
    }
