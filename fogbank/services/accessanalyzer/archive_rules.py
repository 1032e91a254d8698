"""Archive rules: findings that they fit are archived as soon as they are found."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from fogbank.kernel import Context
from fogbank.services.accessanalyzer import analyzers, errors, filters, findings
from fogbank.services.accessanalyzer.listing import page
from fogbank.services.accessanalyzer.rules import ArchiveRule, checked, create, rules
from fogbank.services.accessanalyzer.service import service

Request = dict[str, Any]


def _resource(ctx: Context, request: Request) -> str:
    return f"{analyzers.arn(ctx, request['analyzerName'])}/archive-rule/{request['ruleName']}"


async def _find(ctx: Context, request: Request) -> ArchiveRule:
    await analyzers.named(ctx, request["analyzerName"])
    found = await rules.get(ctx, request["analyzerName"], request["ruleName"])
    if found is None:
        raise errors.not_found("ArchiveRule", request["ruleName"])
    return found


def _described(rule: ArchiveRule) -> Request:
    return {"ruleName": rule.name, "filter": rule.filter, "createdAt": rule.created, "updatedAt": rule.updated}


@service.operation(resource=_resource)
async def create_archive_rule(ctx: Context, request: Request) -> Request:
    """API_CreateArchiveRule. Findings that are there already are left as they are."""
    analyzer = await analyzers.named(ctx, request["analyzerName"])
    await create(ctx, analyzer.name, request)
    return {}


@service.operation(resource=_resource)
async def get_archive_rule(ctx: Context, request: Request) -> Request:
    """API_GetArchiveRule."""
    return {"archiveRule": _described(await _find(ctx, request))}


@service.operation(resource=analyzers.resource_of_name)
async def list_archive_rules(ctx: Context, request: Request) -> Request:
    """API_ListArchiveRules."""
    analyzer = await analyzers.named(ctx, request["analyzerName"])
    found, more = page(request, await rules.scan(ctx, analyzer.name), lambda rule: rule.name)
    return {"archiveRules": [_described(rule) for rule in found], **more}


@service.operation(resource=_resource)
async def update_archive_rule(ctx: Context, request: Request) -> Request:
    """API_UpdateArchiveRule."""
    rule = await _find(ctx, request)
    changed = replace(rule, criteria=checked(request["filter"]), updated=int(ctx.now()))
    rules.put(ctx, changed, request["analyzerName"], rule.name)
    return {}


@service.operation(resource=_resource)
async def delete_archive_rule(ctx: Context, request: Request) -> Request:
    """API_DeleteArchiveRule. What it archived stays archived."""
    rules.delete(ctx, request["analyzerName"], (await _find(ctx, request)).name)
    return {}


def _resource_of_arn(ctx: Context, request: Request) -> str:
    return f"{request['analyzerArn']}/archive-rule/{request['ruleName']}"


@service.operation(resource=_resource_of_arn)
async def apply_archive_rule(ctx: Context, request: Request) -> Request:
    """Archive the findings that a rule fits and that are there already. API_ApplyArchiveRule."""
    analyzer = await analyzers.find(ctx, request)
    rule = await _find(ctx, {**request, "analyzerName": analyzer.name})
    for finding in await findings.findings.scan(ctx, analyzer.name):
        if finding.status == "ACTIVE" and filters.fits(rule.filter, findings.properties(finding)):
            archived = replace(finding, status="ARCHIVED", updated=ctx.now())
            await findings.save(ctx, analyzer, archived, finding)
    return {}
