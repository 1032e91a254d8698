"""Findings: who has access from outside, and what nobody uses. A finding lies under (analyzer, its id).

Looking at findings asks for a new scan when the last one is some seconds old, so that who looks again sees what has changed in between.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final, Literal

from msgspec.structs import replace

from fogbank.kernel import Context, Record
from fogbank.services.accessanalyzer import errors, events, filters, rules
from fogbank.services.accessanalyzer.analyzers import BY_ARN, Analyzer, arn, belongings, find, scans
from fogbank.services.accessanalyzer.filters import Properties
from fogbank.services.accessanalyzer.listing import page
from fogbank.services.accessanalyzer.service import service

Request = dict[str, Any]
Status = Literal["ACTIVE", "ARCHIVED", "RESOLVED"]

EXTERNAL: Final = "ExternalAccess"
UNUSED_TYPES: Final = ("UnusedIAMRole", "UnusedIAMUserAccessKey", "UnusedIAMUserPassword", "UnusedPermission")
# How old a scan may be before a look at the findings asks for another.
_FRESH_SECONDS: Final = 5
_TOP_ACCOUNTS: Final = 10


class Finding(Record, frozen=True):
    """created, updated, analyzed: epoch seconds; principal: (kind, name) or empty; details: of unused access, a list as JSON."""

    id: str
    type: str
    resource: str
    resource_type: str
    owner: str
    status: Status
    created: float
    updated: float
    analyzed: float
    principal: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    conditions: dict[str, str] = {}
    public: bool = False
    source: str = ""
    details: str = ""


findings = service.collection("findings", Finding)
belongings.append(findings)


def identify(*about: str) -> str:
    """An id that the same finding always has."""
    digest = hashlib.sha256("\0".join(about).encode()).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))


async def save(ctx: Context, analyzer: Analyzer, finding: Finding, before: Finding | None) -> None:
    """Keep a finding, and tell of it when it is new or another than it was `before`."""
    findings.put(ctx, finding, analyzer.name, finding.id)
    if before is None or before.updated != finding.updated:
        previous = "" if before is None else before.status
        await events.found(ctx, arn(ctx, analyzer.name), finding, previous, analyzer.is_external)


async def look(ctx: Context, request: Request) -> Analyzer:
    """The analyzer that a request is about. Has it look again if its last scan is not fresh."""
    analyzer = await find(ctx, request)
    scan = await scans.get(ctx, analyzer.name)
    if scan is not None and ctx.now() - scan.at >= _FRESH_SECONDS:
        await ctx.schedule("scan", {"analyzer": analyzer.name}, key=analyzer.name)
    return analyzer


async def _find(ctx: Context, request: Request) -> Finding:
    analyzer = await look(ctx, request)
    found = await findings.get(ctx, analyzer.name, request["id"])
    if found is None:
        raise errors.not_found("Finding", request["id"])
    return found


# -- as filters and lists see them


def properties(finding: Finding) -> Properties:
    """A finding by filter keys."""
    found: Properties = {
        "id": (finding.id,),
        "findingType": (finding.type,),
        "resource": (finding.resource,),
        "resourceType": (finding.resource_type,),
        "resourceOwnerAccount": (finding.owner,),
        "status": (finding.status,),
        "createdAt": (_iso(finding.created),),
        "updatedAt": (_iso(finding.updated),),
        "analyzedAt": (_iso(finding.analyzed),),
    }
    if finding.type != EXTERNAL:
        return found
    kind, name = finding.principal
    conditions = {f"condition.{key}": tuple(value.split(",")) for key, value in finding.conditions.items()}
    return {
        **found,
        **conditions,
        f"principal.{kind}": (name,),
        "principalType": (kind,),
        "action": finding.actions,
        "isPublic": (str(finding.public).lower(),),
        "sources": (finding.source,),
    }


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


_SORTABLE: Final = ("createdAt", "updatedAt", "analyzedAt", "id", "resource", "resourceType", "status", "findingType")


async def wanted(ctx: Context, analyzer: Analyzer, request: Request) -> list[Finding]:
    """The findings that a filter lets through, in the order that is asked for, by default the latest change first."""
    criteria = request.get("filter", {})
    rules.check_filter(criteria)
    found = [each for each in await findings.scan(ctx, analyzer.name) if filters.fits(criteria, properties(each))]
    sort = request.get("sort", {})
    attribute = sort.get("attributeName", "updatedAt")
    if attribute not in _SORTABLE:
        raise errors.validation(f"Findings cannot be sorted by {attribute}.")
    descending = sort.get("orderBy", "DESC" if attribute.endswith("At") else "ASC") == "DESC"
    return sorted(found, key=lambda each: (properties(each)[attribute], each.id), reverse=descending)


async def _listed(ctx: Context, request: Request, analyzer: Analyzer) -> tuple[list[Finding], Request]:
    found, more = page(request, list(enumerate(await wanted(ctx, analyzer, request))), lambda entry: f"{entry[0]:08}")
    return [finding for _, finding in found], more


# -- the first version of the API, which knows external access only


def described(finding: Finding) -> Request:
    """A Finding and a FindingSummary of the API."""
    kind, name = finding.principal
    return {
        "id": finding.id,
        "principal": {kind: name},
        "action": list(finding.actions),
        "resource": finding.resource,
        "isPublic": finding.public,
        "resourceType": finding.resource_type,
        "condition": finding.conditions,
        "createdAt": finding.created,
        "analyzedAt": finding.analyzed,
        "updatedAt": finding.updated,
        "status": finding.status,
        "resourceOwnerAccount": finding.owner,
        "sources": [{"type": finding.source}],
        "resourceControlPolicyRestriction": "NOT_APPLICABLE",
    }


def _check_external(analyzer: Analyzer) -> None:
    if not analyzer.is_external:
        raise errors.validation(f"The operation does not support analyzers of type {analyzer.type}. Use its version 2.")


@service.operation(**BY_ARN)
async def get_finding(ctx: Context, request: Request) -> Request:
    """API_GetFinding."""
    _check_external(await find(ctx, request))
    return {"finding": described(await _find(ctx, request))}


@service.operation(**BY_ARN)
async def list_findings(ctx: Context, request: Request) -> Request:
    """API_ListFindings."""
    analyzer = await look(ctx, request)
    _check_external(analyzer)
    found, more = await _listed(ctx, request, analyzer)
    return {"findings": [described(finding) for finding in found], **more}


# -- the second version


def _summary(finding: Finding) -> Request:
    return {
        "id": finding.id,
        "findingType": finding.type,
        "resource": finding.resource,
        "resourceType": finding.resource_type,
        "resourceOwnerAccount": finding.owner,
        "status": finding.status,
        "createdAt": finding.created,
        "analyzedAt": finding.analyzed,
        "updatedAt": finding.updated,
    }


@service.operation(action="access-analyzer:GetFinding", **BY_ARN)
async def get_finding_v2(ctx: Context, request: Request) -> Request:
    """A finding with its details, which come in pages. API_GetFindingV2."""
    finding = await _find(ctx, request)
    details, more = page(request, list(enumerate(_details(finding))), lambda entry: f"{entry[0]:06}")
    return {**_summary(finding), "findingDetails": [detail for _, detail in details], **more}


def _details(finding: Finding) -> list[Request]:
    if finding.type != EXTERNAL:
        return json.loads(finding.details)
    shown = described(finding)
    names = ("action", "condition", "isPublic", "principal", "sources", "resourceControlPolicyRestriction")
    return [{"externalAccessDetails": {name: shown[name] for name in names}}]


@service.operation(action="access-analyzer:ListFindings", **BY_ARN)
async def list_findings_v2(ctx: Context, request: Request) -> Request:
    """API_ListFindingsV2."""
    analyzer = await look(ctx, request)
    found, more = await _listed(ctx, request, analyzer)
    return {"findings": [_summary(finding) for finding in found], **more}


# -- changing and counting


@service.operation(**BY_ARN)
async def update_findings(ctx: Context, request: Request) -> Request:
    """Archive findings, or make them active again; what is resolved stays so. API_UpdateFindings."""
    analyzer = await find(ctx, request)
    if ("ids" in request) is ("resourceArn" in request):
        raise errors.validation("Exactly one of ids and resourceArn must be specified.")
    for finding in await findings.scan(ctx, analyzer.name):
        meant = finding.id in request.get("ids", ()) or finding.resource == request.get("resourceArn")
        if meant and finding.status not in ("RESOLVED", request["status"]):
            await save(ctx, analyzer, replace(finding, status=request["status"], updated=ctx.now()), finding)
    return {}


@service.operation(**BY_ARN)
async def get_findings_statistics(ctx: Context, request: Request) -> Request:
    """How many findings there are of what kind. API_GetFindingsStatistics."""
    analyzer = await look(ctx, request)
    found = await findings.scan(ctx, analyzer.name)
    name, specific = (
        ("externalAccessFindingsStatistics", _external_statistics(found))
        if analyzer.is_external
        else ("unusedAccessFindingsStatistics", _unused_statistics(found))
    )
    statuses = Counter(finding.status for finding in found)
    totals = {f"total{status.title()}Findings": statuses[status] for status in ("ACTIVE", "ARCHIVED", "RESOLVED")}
    scan = await scans.get(ctx, analyzer.name)
    return {
        "findingsStatistics": [{name: {**specific, **totals}}],
        "lastUpdatedAt": None if scan is None else scan.at,
    }


def _external_statistics(found: list[Finding]) -> Request:
    types: dict[str, Request] = {}
    for finding in found:
        if finding.status == "ACTIVE":
            counts = {"totalActivePublic": 0, "totalActiveCrossAccount": 0, "totalActiveErrors": 0}
            kind = types.setdefault(finding.resource_type, counts)
            kind["totalActivePublic" if finding.public else "totalActiveCrossAccount"] += 1
    return {"resourceTypeStatistics": types}


def _unused_statistics(found: list[Finding]) -> Request:
    active = [finding for finding in found if finding.status == "ACTIVE"]
    types = Counter(finding.type for finding in active)
    accounts = Counter(finding.owner for finding in active)
    return {
        "unusedAccessTypeStatistics": [{"unusedAccessType": kind, "total": types[kind]} for kind in UNUSED_TYPES],
        "topAccounts": [
            {
                "account": account,
                "numberOfActiveFindings": number,
                "details": Counter(finding.type for finding in active if finding.owner == account),
            }
            for account, number in accounts.most_common(_TOP_ACCOUNTS)
        ]
        or None,
    }
