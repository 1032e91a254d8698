"""Policy generation: a policy of what a user or role has done, from the journal of decisions, which takes the place of a trail.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-policy-generation.html. A generation is kept for a week.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from msgspec.structs import replace

from fogbank.identity import reference
from fogbank.kernel import Context, Record
from fogbank.services.accessanalyzer import errors, limits
from fogbank.services.accessanalyzer.globs import common
from fogbank.services.accessanalyzer.listing import page
from fogbank.services.accessanalyzer.service import service

Request = dict[str, Any]
Document = dict[str, Any]

_PLACEHOLDER: Final = re.compile(r"\$\{\w+\}")


class Generation(Record, frozen=True):
    """started, completed, since, until: epoch seconds, the last two of what is looked at; trails: as they were given (JSON);
    actions: what was done, and on what (ARNs, some with a `*` at the end)."""

    id: str
    principal: str
    status: Literal["IN_PROGRESS", "SUCCEEDED", "CANCELED"]
    started: float
    completed: float | None = None
    since: float = 0
    until: float = 0
    trails: str = ""
    actions: dict[str, tuple[str, ...]] = {}


_generations = service.collection("policy_generations", Generation)


# -- the operations


@service.operation
async def start_policy_generation(ctx: Context, request: Request) -> Request:
    """API_StartPolicyGeneration. The role for the trail has to be one that the caller may pass."""
    principal = request["policyGenerationDetails"]["principalArn"]
    if principal.split(":")[4] != ctx.account:
        raise errors.validation(f"{principal} is not in this account.")
    trail, now = request.get("cloudTrailDetails", {}), ctx.now()
    since, until = trail.get("startTime", 0.0), trail.get("endTime", now)
    if since > until:
        raise errors.validation("startTime must be before endTime.")
    if "accessRole" in trail:
        await ctx.pass_role(trail["accessRole"])
    running = [each for each in await _generations.scan(ctx) if each.status == "IN_PROGRESS"]
    if len(running) >= limits.GENERATIONS_AT_ONCE:
        raise errors.quota_exceeded("A policy generation is in progress already.", "PolicyGeneration", running[0].id)
    job = ctx.ids.uuid()
    trails = json.dumps(trail.get("trails", []))
    _generations.put(ctx, Generation(job, principal, "IN_PROGRESS", now, None, since, until, trails), job)
    await ctx.schedule("generate_policy", {"job": job})
    await ctx.schedule("forget_generation", {"job": job}, delay=limits.GENERATIONS_KEPT_SECONDS)
    return {"jobId": job}


@service.task
async def generate_policy(ctx: Context, payload: dict[str, Any]) -> None:
    """Look up what the principal did in the time that is asked for."""
    job = await _generations.get(ctx, payload["job"])
    if job is None or job.status != "IN_PROGRESS":
        return
    uses = await ctx.app.gateway.authorisation.journal.uses(ctx, job.principal)
    actions = {action: use.resources for action, use in uses.items() if use.last >= job.since}
    _generations.put(ctx, replace(job, status="SUCCEEDED", completed=ctx.now(), actions=actions), job.id)


@service.task
async def forget_generation(ctx: Context, payload: dict[str, Any]) -> None:
    _generations.delete(ctx, payload["job"])


@service.operation
async def get_generated_policy(ctx: Context, request: Request) -> Request:
    """API_GetGeneratedPolicy."""
    job = await _find(ctx, request)
    placeholders = request.get("includeResourcePlaceholders", False)
    document = policy(job.actions, placeholders) if job.status == "SUCCEEDED" else None
    return {
        "jobDetails": {name: value for name, value in _described(job).items() if name != "principalArn"},
        "generatedPolicyResult": {
            "properties": {
                "isComplete": job.status == "SUCCEEDED",
                "principalArn": job.principal,
                "cloudTrailProperties": _trail(job),
            },
            "generatedPolicies": None if document is None else [{"policy": json.dumps(document)}],
        },
    }


def _trail(job: Generation) -> Request | None:
    trails = json.loads(job.trails)
    if not trails:
        return None
    shown = [{"regions": [], "allRegions": False, **trail} for trail in trails]
    return {"trailProperties": shown, "startTime": job.since, "endTime": job.until}


@service.operation
async def cancel_policy_generation(ctx: Context, request: Request) -> Request:
    """API_CancelPolicyGeneration. What is done already stays done."""
    job = await _find(ctx, request)
    if job.status == "IN_PROGRESS":
        _generations.put(ctx, replace(job, status="CANCELED", completed=ctx.now()), job.id)
    return {}


@service.operation
async def list_policy_generations(ctx: Context, request: Request) -> Request:
    """The generations of the last week, the latest first. API_ListPolicyGenerations."""
    principal = request.get("principalArn")
    jobs = [job for job in await _generations.scan(ctx) if principal in (None, job.principal)]
    jobs.sort(key=lambda job: (-job.started, job.id))
    found, more = page(request, list(enumerate(jobs)), lambda entry: f"{entry[0]:06}")
    return {"policyGenerations": [_described(job) for _, job in found], **more}


async def _find(ctx: Context, request: Request) -> Generation:
    job = await _generations.get(ctx, request["jobId"])
    if job is None:
        raise errors.validation(f"Policy generation {request['jobId']} does not exist.")
    return job


def _described(job: Generation) -> Request:
    return {
        "jobId": job.id,
        "principalArn": job.principal,
        "status": job.status,
        "startedOn": job.started,
        "completedOn": job.completed,
    }


# -- the policy


def policy(actions: Mapping[str, Iterable[str]], placeholders: bool) -> Document:
    """A policy that allows actions, given with the ARNs that they were used on: on everything, or on resources of the same
    forms, with placeholders to be filled in."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for action in sorted(actions):
        groups.setdefault(_forms(action, actions[action]) if placeholders else (), []).append(action)
    statements = [
        {
            "Sid": f"SupportedServiceSid{number}",
            "Effect": "Allow",
            "Action": allowed,
            "Resource": "*" if not forms else list(forms),
        }
        for number, (forms, allowed) in enumerate(sorted(groups.items()))
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _forms(action: str, resources: Iterable[str]) -> tuple[str, ...]:
    """The forms of ARNs that the resources have, of those that an action is about; all of these when none fits."""
    prefix, _, name = action.partition(":")
    known = reference.service(prefix)
    found = None if known is None else known.actions.get(name.lower())
    if known is None or found is None:
        return ()
    types = [known.resource_types.get(used.name) for used in found.resource_types]
    forms = sorted(kind.arn.replace("${Partition}", "aws") for kind in types if kind is not None)
    fitting = [form for form in forms if any(common(_PLACEHOLDER.sub("*", form), resource) for resource in resources)]
    return tuple(fitting or forms)
