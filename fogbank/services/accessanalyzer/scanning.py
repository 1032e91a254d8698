"""Scans: an analyzer looks at everything, and what it finds is held against what it found before.

A scan takes place when an analyzer is made or changed, when somebody looks at its findings and the last scan is not fresh, when it is asked
for, and once a day.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from msgspec.structs import replace

from fogbank.kernel import Context
from fogbank.services.accessanalyzer import exposure, findings, rules, sources, unused
from fogbank.services.accessanalyzer.analyzers import Analyzer, Scan, analyzers, arn, role_in, scans, zone
from fogbank.services.accessanalyzer.exposure import Exposure, Zone
from fogbank.services.accessanalyzer.findings import EXTERNAL, Finding
from fogbank.services.accessanalyzer.resources import AnalyzedResource, analyzed
from fogbank.services.accessanalyzer.service import service
from fogbank.services.accessanalyzer.sources import Reader, Resource

_DAY: Final = 86_400


@service.task
async def scan(ctx: Context, payload: dict[str, Any]) -> None:
    """Look at everything that an analyzer is about, and again in a day."""
    analyzer = await analyzers.get(ctx, payload["analyzer"])
    if analyzer is None:
        return
    await ctx.schedule("scan", payload, delay=_DAY, key=analyzer.name)
    trusted, started = await zone(ctx, analyzer), ctx.now()
    found: list[Finding] = []
    last = ""
    for account in sorted(trusted.accounts):
        home = ctx.at(account=account)
        reader = Reader(home, await role_in(home))
        if analyzer.is_external:
            for resource in await sources.resources(reader):
                found += await _examine(ctx, analyzer, resource, account, trusted)
                last = resource.arn
        else:
            found += await unused.find(reader, analyzer)
    await _reconcile(ctx, analyzer, found)
    scans.put(ctx, Scan(ctx.now(), last), analyzer.name)
    if analyzer.is_external:
        await _forget_others(ctx, analyzer, started)


async def _examine(ctx: Context, analyzer: Analyzer, resource: Resource, owner: str, trusted: Zone) -> list[Finding]:
    """The findings about a resource, of which notes are taken."""
    exposures = exposures_of(resource, trusted)
    await _note(ctx, analyzer, resource, owner, exposures)
    return [finding_of(ctx, analyzer, resource, owner, each) for each in exposures]


def exposures_of(resource: Resource, trusted: Zone) -> list[Exposure]:
    """What those outside have of a resource. A guard takes away what is public, and of a public policy all from outside."""
    found: list[Exposure] = []
    for text in resource.policies:
        document = exposure.read(text)
        if document is not None:
            found += exposure.of_policy(document, resource.type, trusted)
    if resource.policy_guarded and any(each.public for each in found):
        found = []
    listed = exposure.of_acl(list(resource.acl), trusted)
    return found + [each for each in listed if not (each.public and resource.acl_guarded)]


def finding_of(ctx: Context, analyzer: Analyzer, resource: Resource, owner: str, found: Exposure) -> Finding:
    now = ctx.now()
    about = (resource.arn, *found.principal, str(found.conditions), str(found.public), found.source)
    return Finding(
        id=findings.identify(arn(ctx, analyzer.name), *about),
        type=EXTERNAL,
        resource=resource.arn,
        resource_type=resource.type,
        owner=owner,
        status="ACTIVE",
        created=now,
        updated=now,
        analyzed=now,
        principal=found.principal,
        actions=found.actions,
        conditions=dict(found.conditions),
        public=found.public,
        source=found.source,
    )


async def _note(
    ctx: Context, analyzer: Analyzer, resource: Resource, owner: str, exposures: Iterable[Exposure]
) -> None:
    """Keep what was seen of a resource."""
    now = ctx.now()
    before = await analyzed.get(ctx, analyzer.name, resource.arn)
    note = AnalyzedResource(
        arn=resource.arn,
        type=resource.type,
        owner=owner,
        created=now if before is None else before.created,
        updated=now,
        analyzed=now,
        public=any(each.public for each in exposures),
        actions=tuple(sorted({action for each in exposures for action in each.actions})),
        shared_via=tuple(sorted({each.source for each in exposures})),
    )
    if before is not None and replace(note, updated=before.updated, analyzed=before.analyzed) == before:
        note = replace(note, updated=before.updated)
    analyzed.put(ctx, note, analyzer.name, resource.arn)


async def _forget_others(ctx: Context, analyzer: Analyzer, started: float) -> None:
    """Forget resources that the scan has not seen which began then: they are no more."""
    for resource in await analyzed.scan(ctx, analyzer.name):
        if resource.analyzed < started:
            analyzed.delete(ctx, analyzer.name, resource.arn)


# -- what was found before


async def _reconcile(ctx: Context, analyzer: Analyzer, found: list[Finding]) -> None:
    """Keep new findings, bring back those that are there again, resolve those that are not."""
    seen = {finding.id: finding for finding in found}
    known = {finding.id: finding for finding in await findings.findings.scan(ctx, analyzer.name)}
    for finding in seen.values():
        after = await _after(ctx, analyzer, known.get(finding.id), finding)
        await findings.save(ctx, analyzer, after, known.get(finding.id))
    for finding in known.values():
        if finding.id not in seen and finding.status != "RESOLVED":
            await findings.save(ctx, analyzer, replace(finding, status="RESOLVED", updated=ctx.now()), finding)


async def _after(ctx: Context, analyzer: Analyzer, before: Finding | None, found: Finding) -> Finding:
    """A finding as it is kept: its status by the rules when it is new or back, else as it was."""
    if before is None or before.status == "RESOLVED":
        archived = await rules.archives(ctx, analyzer.name, findings.properties(found))
        status: findings.Status = "ARCHIVED" if archived else "ACTIVE"
        return replace(found, status=status, created=found.created if before is None else before.created)
    same = replace(found, status=before.status, created=before.created, updated=before.updated)
    changed = replace(same, analyzed=before.analyzed) != before
    return replace(same, updated=found.updated) if changed else same
