"""Recommendations for unused permissions: the policies without what is not used, in place of those that there are.

A recommendation lies under (analyzer, the finding's id).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from fogbank.identity.grants import Grants
from fogbank.kernel import Context, Record
from fogbank.services.accessanalyzer import errors, unused
from fogbank.services.accessanalyzer.analyzers import BY_ARN, belongings, find, role_in
from fogbank.services.accessanalyzer.findings import Finding, findings
from fogbank.services.accessanalyzer.listing import page
from fogbank.services.accessanalyzer.service import service
from fogbank.services.accessanalyzer.sources import Reader

Request = dict[str, Any]
Document = dict[str, Any]


class Recommendation(Record, frozen=True):
    """resource: the principal's ARN; started, completed: epoch seconds; steps: as the API shows them (JSON)."""

    resource: str
    started: float
    completed: float | None = None
    steps: str = "[]"


_recommendations = service.collection("recommendations", Recommendation)
belongings.append(_recommendations)


@service.operation(**BY_ARN)
async def generate_finding_recommendation(ctx: Context, request: Request) -> Request:
    """API_GenerateFindingRecommendation: for findings of unused permissions only."""
    analyzer = await find(ctx, request)
    finding = await findings.get(ctx, analyzer.name, request["id"])
    if finding is None or finding.type != "UnusedPermission":
        raise errors.validation(f"{request['id']} is not a finding of unused permissions.")
    _recommendations.put(ctx, Recommendation(finding.resource, ctx.now()), analyzer.name, finding.id)
    await ctx.schedule("recommend", {"analyzer": analyzer.name, "finding": finding.id})
    return {}


@service.task
async def recommend(ctx: Context, payload: dict[str, Any]) -> None:
    """Find the steps that leave the principal what it uses. The account is that of the principal."""
    place = payload["analyzer"], payload["finding"]
    started, finding = await _recommendations.get(ctx, *place), await findings.get(ctx, *place)
    if started is None or finding is None:
        return
    home = ctx.at(account=finding.owner)
    reader = Reader(home, await role_in(home))
    held = [each async for each in unused.principals(reader) if each.arn == finding.resource]
    steps = [step for policy in (held[0].policies if held else ()) for step in _steps(policy, finding)]
    done = replace(started, completed=ctx.now(), steps=json.dumps(steps))
    _recommendations.put(ctx, done, *place)


def _steps(policy: unused.HeldPolicy, finding: Finding) -> list[Request]:
    """What to do with one policy: nothing, when all that it allows is used."""
    document = json.loads(policy.text)
    trimmed = without(document, _is_unused(json.loads(finding.details)))
    if trimmed == document:
        return []
    detach: Request = {"recommendedAction": "DETACH_POLICY", "existingPolicyId": policy.id}
    if policy.updated:
        detach["policyUpdatedAt"] = policy.updated
    if not trimmed["Statement"]:
        return [{"unusedPermissionsRecommendedStep": detach}]
    create = {**detach, "recommendedAction": "CREATE_POLICY", "recommendedPolicy": json.dumps(trimmed)}
    return [{"unusedPermissionsRecommendedStep": step} for step in (create, detach)]


def _is_unused(details: list[Request]) -> Callable[[str], bool]:
    """Whether an action (`s3:GetObject`) is one that a finding says is not used."""
    services = {
        each["unusedPermissionDetails"]["serviceNamespace"]: each["unusedPermissionDetails"] for each in details
    }

    def is_unused(action: str) -> bool:
        prefix, _, name = action.partition(":")
        if prefix not in services:
            return False
        actions = services[prefix]["actions"]
        return actions is None or name in {each["action"] for each in actions}

    return is_unused


def without(document: Document, is_unused: Callable[[str], bool]) -> Document:
    """A policy without the actions that are not used. Statements that lose none stay as they are, those that lose all go."""
    listed = document["Statement"]
    statements = listed if isinstance(listed, list) else [listed]
    kept = [_kept(statement, is_unused) for statement in statements]
    changed = [statement for statement in kept if statement is not None]
    return document if changed == statements else {**document, "Statement": changed}


def _kept(statement: Document, is_unused: Callable[[str], bool]) -> Document | None:
    if statement["Effect"] == "Deny":
        return statement
    grants = Grants([json.dumps({"Statement": statement})])
    allowed = [f"{prefix}:{name}" for prefix in grants.services() for name in grants.actions(prefix)]
    used = [action for action in allowed if not is_unused(action)]
    if len(used) == len(allowed):
        return statement
    rest = {name: value for name, value in statement.items() if name not in ("Action", "NotAction")}
    return {**rest, "Action": used} if used else None


@service.operation(**BY_ARN)
async def get_finding_recommendation(ctx: Context, request: Request) -> Request:
    """API_GetFindingRecommendation."""
    analyzer = await find(ctx, request)
    found = await _recommendations.get(ctx, analyzer.name, request["id"])
    if found is None:
        raise errors.not_found("Recommendation", request["id"])
    steps, more = page(request, list(enumerate(json.loads(found.steps))), lambda entry: f"{entry[0]:06}")
    return {
        "startedAt": found.started,
        "completedAt": found.completed,
        "resourceArn": found.resource,
        "recommendationType": "UnusedPermissionRecommendation",
        "recommendedSteps": [step for _, step in steps],
        "status": "IN_PROGRESS" if found.completed is None else "SUCCEEDED",
        **more,
    }
