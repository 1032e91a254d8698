"""What Access Analyzer tells EventBridge: findings that are new or changed, and how previews get on.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-eventbridge.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fogbank.kernel import Context, service_events
from fogbank.protocols.timestamps import iso8601, iso8601_milliseconds

if TYPE_CHECKING:
    from fogbank.services.accessanalyzer.findings import Finding

Detail = dict[str, Any]


async def found(ctx: Context, analyzer: str, finding: Finding, previous: str, is_external: bool) -> None:
    """Tell of a finding; `analyzer` is the ARN of the one that made it, `previous` the status that it had, empty when it is new."""
    if is_external:
        await service_events.tell(ctx, "Access Analyzer Finding", _external(ctx, finding), [analyzer])
    else:
        detail = _unused(ctx, finding, previous)
        await service_events.tell(ctx, "Unused Access Finding for IAM entities", detail, [analyzer])


def _external(ctx: Context, finding: Finding) -> Detail:
    kind, name = finding.principal
    return {
        "accountId": finding.owner,
        "region": ctx.region,
        "action": list(finding.actions),
        "analyzedAt": iso8601(finding.analyzed),
        "condition": finding.conditions,
        "createdAt": iso8601(finding.created),
        "id": finding.id,
        "isDeleted": False,
        "isPublic": finding.public,
        "principal": {kind: name},
        "resource": finding.resource,
        "resourceType": finding.resource_type,
        "status": finding.status,
        "updatedAt": iso8601(finding.updated),
        "version": "1.0",
    }


def _unused(ctx: Context, finding: Finding, previous: str) -> Detail:
    detail: Detail = {
        "findingId": finding.id,
        "resource": finding.resource,
        "resourceType": finding.resource_type,
        "accountId": finding.owner,
        "createdAt": iso8601_milliseconds(finding.created),
        "updatedAt": iso8601_milliseconds(finding.updated),
        "analyzedAt": iso8601_milliseconds(finding.analyzed),
        "previousStatus": previous,
        "status": finding.status,
        "version": ctx.ids.uuid(),
        "isDeleted": False,
        "findingType": finding.type,
    }
    if finding.type != "UnusedPermission":
        return detail
    actions = [each["unusedPermissionDetails"].get("actions") or [] for each in json.loads(finding.details)]
    numbers = {"numberOfUnusedServices": actions.count([]), "numberOfUnusedActions": sum(map(len, actions))}
    return detail | numbers


async def preview_is(ctx: Context, analyzer: str, preview: Detail, previous: str = "") -> None:
    """Tell of a preview: its `accessPreviewId`, `configuredResources`, `createdAt`, `status`."""
    detail = {**preview, "previousStatus": previous or None, "region": ctx.region, "version": "1.0"}
    await service_events.tell(ctx, "Access Preview State Change", detail, [analyzer])
