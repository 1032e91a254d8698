"""When an organization's accounts last reached the services that its service control policies leave open.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed-view-data-orgs.html. A report is made by a task; its
lines lie under (job, service prefix).
"""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from fogbank.identity import directory, reference
from fogbank.identity.directory import Guardrails
from fogbank.identity.grants import Grants
from fogbank.identity.membership import membership
from fogbank.kernel import AWSError, Context, Record
from fogbank.services.iam.errors import no_such_entity
from fogbank.services.iam.last_accessed import service_name, uses_of
from fogbank.services.iam.listing import page
from fogbank.services.iam.role import roles
from fogbank.services.iam.service import service
from fogbank.services.iam.users import users

Request = dict[str, Any]

# Who asks for a report sees it in progress, as on AWS, where it takes minutes.
_REPORT_SECONDS: Final = 1


class Job(Record, frozen=True):
    """A report that was asked for: about which entity (its path) or policy of it; when, and when done; what went wrong."""

    path: str
    policy: str
    created: int
    completed: int | None = None
    accessible: int = 0
    accessed: int = 0
    error: str = ""


class Line(Record, frozen=True):
    """A service: the account (by its path) that reached it last, when and where, and how many accounts did."""

    prefix: str
    path: str = ""
    at: int = 0
    region: str = ""
    accounts: int = 0


_jobs = service.collection("organization_jobs", Job, scope="account")
_lines = service.collection("organization_lines", Line, scope="account")


# -- asking for a report


def _resource(ctx: Context, request: Request) -> str:
    return f"arn:{ctx.partition}:iam::{ctx.account}:access-report/{request['EntityPath']}"


def _condition_keys(ctx: Context, request: Request) -> dict[str, str]:
    return {"iam:OrganizationsPolicyId": request["OrganizationsPolicyId"]} if "OrganizationsPolicyId" in request else {}


@service.operation(resource=_resource, keys=_condition_keys)
async def generate_organizations_access_report(ctx: Context, request: Request) -> Request:
    """API_GenerateOrganizationsAccessReport."""
    if any(job.completed is None for job in await _jobs.scan(ctx)):
        raise AWSError("ReportGenerationLimitExceededException", "A report is being generated already.")
    job = ctx.ids.uuid()
    path = request["EntityPath"].rstrip("/")
    _jobs.put(ctx, Job(path, request.get("OrganizationsPolicyId", ""), int(ctx.now())), job)
    await ctx.schedule("report_organization_access", {"job": job}, delay=_REPORT_SECONDS)
    return {"JobId": job}


# -- making it


@service.task
async def report_organization_access(ctx: Context, payload: dict[str, Any]) -> None:
    """Write down what the journal knows now of the accounts below the entity."""
    job = await _jobs.get(ctx, payload["job"])
    assert job is not None
    members = await _members(ctx, job.path)
    texts = _policies(members, job)
    if not members or texts is None:
        missing = f"The entity path {job.path} or its policy does not exist in the organization of the account."
        _jobs.put(ctx, replace(job, completed=int(ctx.now()), error=missing), payload["job"])
        return
    latest = await _latest(ctx, members)
    levels = [Grants(level) for level in texts]
    open_to = [prefix for prefix in sorted(reference.prefixes()) if all(level.reaches(prefix) for level in levels)]
    for prefix in open_to:
        _lines.put(ctx, latest.get(prefix, Line(prefix)), payload["job"], prefix)
    accessed = sum(prefix in latest for prefix in open_to)
    done = replace(job, completed=int(ctx.now()), accessible=len(open_to), accessed=accessed)
    _jobs.put(ctx, done, payload["job"])


async def _members(ctx: Context, path: str) -> dict[str, Guardrails]:
    """The accounts at or below a path of the management account's own organization, with what is said about them."""
    organizations = directory.organizations(ctx.app)
    organization = await membership(ctx).organization(ctx, ctx.account)
    if organizations is None or organization is None or organization.management != ctx.account:
        return {}
    found = {}
    for account in await membership(ctx).accounts(ctx, ctx.account):
        rails = await organizations.guardrails(ctx, account)
        if rails is not None and f"{rails.path}{account}/".startswith(f"{path}/"):
            found[account] = rails
    # the management account is not limited by policies, so it is left out unless it alone is asked for
    bound = {account: rails for account, rails in found.items() if not rails.management}
    return bound or found


def _policies(members: dict[str, Guardrails], job: Job) -> list[list[str]] | None:
    """The policies that limit the entity, by level: those of its own level and above, or just the one asked for."""
    rails = next(iter(members.values()), None)
    if rails is None:
        return None
    depth = job.path.count("/")
    levels = rails.service_control[:depth]
    if not job.policy:
        return [[document.text for document in level] for level in levels]
    named = [document.text for level in levels for document in level if document.arn.endswith(f"/{job.policy}")]
    return [named[:1]] if named else None


async def _latest(ctx: Context, members: dict[str, Guardrails]) -> dict[str, Line]:
    """By service the last use in any of the accounts."""
    lines: dict[str, Line] = {}
    for account, rails in members.items():
        for prefix, (at, region) in (await _uses_in(ctx.at(account=account))).items():
            line = lines.get(prefix, Line(prefix))
            if at > line.at:
                line = replace(line, path=f"{rails.path}{account}/", at=at, region=region)
            lines[prefix] = replace(line, accounts=line.accounts + 1)
    return lines


async def _uses_in(home: Context) -> dict[str, tuple[int, str]]:
    """By service when and where a user or role of the account used it last."""
    arns = [users.arn(home, user) for user in await users.in_path(home, None)]
    arns += [roles.arn(home, role) for role in await roles.in_path(home, None)]
    latest: dict[str, tuple[int, str]] = {}
    for arn in arns:
        for action, use in (await uses_of(home, arn)).items():
            prefix = action.partition(":")[0]
            latest[prefix] = max(latest.get(prefix, (0, "")), (int(use.last), use.region))
    return latest


# -- reading it


@service.operation
async def get_organizations_access_report(ctx: Context, request: Request) -> Request:
    """API_GetOrganizationsAccessReport."""
    job = await _jobs.get(ctx, request["JobId"])
    if job is None:
        raise no_such_entity(f"Invalid job id: {request['JobId']}")
    dates = {"JobCreationDate": job.created, "JobCompletionDate": job.completed}
    if job.completed is None:
        return {"JobStatus": "IN_PROGRESS", **dates}
    if job.error:
        return {"JobStatus": "FAILED", **dates, "ErrorDetails": {"Code": "InvalidInput", "Message": job.error}}
    lines = _sorted(await _lines.scan(ctx, request["JobId"]), request.get("SortKey", "SERVICE_NAMESPACE_ASCENDING"))
    found, more = page(request, list(enumerate(lines)), lambda entry: f"{entry[0]:06}")
    return {
        "JobStatus": "COMPLETED",
        **dates,
        "NumberOfServicesAccessible": job.accessible,
        "NumberOfServicesNotAccessed": job.accessible - job.accessed,
        "AccessDetails": [_described(line) for _, line in found],
        **more,
    }


def _sorted(lines: list[Line], order: str) -> list[Line]:
    descending = order.endswith("_DESCENDING")
    if order.startswith("LAST_AUTHENTICATED_TIME"):
        return sorted(lines, key=lambda line: (line.at, line.prefix), reverse=descending)
    return sorted(lines, key=lambda line: line.prefix, reverse=descending)


def _described(line: Line) -> Request:
    return {
        "ServiceName": service_name(line.prefix),
        "ServiceNamespace": line.prefix,
        "Region": line.region or None,
        "EntityPath": line.path or None,
        "LastAuthenticatedTime": line.at or None,
        "TotalAuthenticatedEntities": line.accounts,
    }
