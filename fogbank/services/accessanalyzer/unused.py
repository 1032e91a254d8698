"""Unused access: roles, keys, passwords and permissions that nobody has used for some time.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-findings.html. Who used what is in the journal of decisions.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from fogbank.identity.grants import Grants
from fogbank.identity.journal import Use
from fogbank.services.accessanalyzer.analyzers import Analyzer
from fogbank.services.accessanalyzer.findings import Finding, identify
from fogbank.services.accessanalyzer.sources import Reader

Request = dict[str, Any]

_DAY: Final = 86_400
_LINKED: Final = "/aws-service-role/"


class HeldPolicy(msgspec.Struct, frozen=True):
    """A policy (JSON): a managed one's ARN or an inline one's name, and when a managed one was last changed (epoch seconds)."""

    id: str
    text: str
    updated: float | None = None


class Principal(msgspec.Struct, frozen=True):
    """A user or role with its policies, its groups' too, and by action what it used."""

    arn: str
    name: str
    type: str
    created: float
    tags: dict[str, str]
    policies: tuple[HeldPolicy, ...]
    uses: dict[str, Use]

    @property
    def last_used(self) -> float | None:
        return max((use.last for use in self.uses.values()), default=None)


class Horizon(msgspec.Struct, frozen=True):
    """Now, and the moment before which access is long unused (epoch seconds)."""

    now: float
    since: float

    def is_stale(self, created: float, used: float | None) -> bool:
        """Whether a thing is old enough, and was not used since the horizon."""
        return created < self.since and (used is None or used < self.since)


async def find(reader: Reader, analyzer: Analyzer) -> list[Finding]:
    """The findings about the reader's account."""
    now = reader.ctx.now()
    horizon = Horizon(now, now - analyzer.unused_days * _DAY)
    exclusions = json.loads(analyzer.exclusions) if analyzer.exclusions else []
    found: list[Finding] = []
    async for principal in principals(reader):
        if not _is_excluded(exclusions, reader.ctx.account, principal):
            found += await _about(reader, principal, horizon)
    return found


def _is_excluded(exclusions: Iterable[Request], account: str, principal: Principal) -> bool:
    """Whether one of the criteria fits: all that it names."""
    return any(
        (not each.get("accountIds") or account in each["accountIds"])
        and (
            not each.get("resourceTags") or any(tags.items() <= principal.tags.items() for tags in each["resourceTags"])
        )
        for each in exclusions
    )


# -- users and roles


async def principals(reader: Reader) -> AsyncIterator[Principal]:
    """The account's users and roles, but for roles that belong to services."""
    details = await _details(reader)
    managed = {policy["Arn"]: _managed(policy) for policy in details["Policies"]}
    groups = {group["GroupName"]: _held(group, "Group", managed) for group in details["GroupDetailList"]}
    for user in details["UserDetailList"]:
        joined = [policy for name in user.get("GroupList") or () for policy in groups.get(name, ())]
        yield await _principal(reader, user, "User", [*_held(user, "User", managed), *joined])
    for role in details["RoleDetailList"]:
        if not role["Path"].startswith(_LINKED):
            yield await _principal(reader, role, "Role", _held(role, "Role", managed))


async def _details(reader: Reader) -> dict[str, list[Request]]:
    """GetAccountAuthorizationDetails, all pages as one."""
    members = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
    found: dict[str, list[Request]] = {member: [] for member in members}
    params: Request = {}
    while True:
        answer = await reader.read("iam", "GetAccountAuthorizationDetails", **params)
        for member in members:
            found[member] += answer.get(member) or ()
        if not answer.get("IsTruncated"):
            return found
        params = {"Marker": answer["Marker"]}


def _managed(policy: Request) -> HeldPolicy:
    versions = policy.get("PolicyVersionList") or ()
    text = next(unquote(version["Document"]) for version in versions if version["IsDefaultVersion"])
    return HeldPolicy(policy["Arn"], text, policy["UpdateDate"])


def _held(entity: Request, kind: str, managed: dict[str, HeldPolicy]) -> list[HeldPolicy]:
    inline = entity.get(f"{kind}PolicyList") or ()
    attached = [policy["PolicyArn"] for policy in entity.get("AttachedManagedPolicies") or ()]
    own = [HeldPolicy(policy["PolicyName"], unquote(policy["PolicyDocument"])) for policy in inline]
    return own + [managed[arn] for arn in attached if arn in managed]


async def _principal(reader: Reader, entity: Request, kind: str, held: list[HeldPolicy]) -> Principal:
    tags = {tag["Key"]: tag["Value"] for tag in entity.get("Tags") or ()}
    journal = reader.ctx.app.gateway.authorisation.journal
    uses = await journal.uses(reader.ctx, entity["Arn"])
    return Principal(entity["Arn"], entity[f"{kind}Name"], kind, entity["CreateDate"], tags, tuple(held), uses)


# -- what is found about one


async def _about(reader: Reader, principal: Principal, horizon: Horizon) -> list[Finding]:
    if principal.type == "Role" and horizon.is_stale(principal.created, principal.last_used):
        return [_finding(reader, principal, horizon, "UnusedIAMRole", [_unused_role(principal)])]
    found = [] if principal.type == "Role" else await _credentials(reader, principal, horizon)
    permissions = unused_permissions(principal, horizon)
    if permissions:
        found.append(_finding(reader, principal, horizon, "UnusedPermission", permissions))
    return found


def _unused_role(principal: Principal) -> Request:
    return {"unusedIamRoleDetails": {"lastAccessed": principal.last_used}}


async def _credentials(reader: Reader, user: Principal, horizon: Horizon) -> list[Finding]:
    """A user's keys and password. Nobody signs in with a password here, so that it was never used."""
    found = []
    async for key in reader.pages("iam", "ListAccessKeys", "AccessKeyMetadata", "Marker", UserName=user.name):
        answer = await reader.read("iam", "GetAccessKeyLastUsed", AccessKeyId=key["AccessKeyId"])
        used = (answer.get("AccessKeyLastUsed") or {}).get("LastUsedDate")
        if horizon.is_stale(key["CreateDate"], used):
            detail = {"accessKeyId": key["AccessKeyId"], "lastAccessed": used}
            details = [{"unusedIamUserAccessKeyDetails": detail}]
            found.append(_finding(reader, user, horizon, "UnusedIAMUserAccessKey", details, key["AccessKeyId"]))
    profile = (await reader.read("iam", "GetLoginProfile", UserName=user.name)).get("LoginProfile")
    if profile is not None and horizon.is_stale(profile["CreateDate"], None):
        details = [{"unusedIamUserPasswordDetails": {}}]
        found.append(_finding(reader, user, horizon, "UnusedIAMUserPassword", details))
    return found


def unused_permissions(principal: Principal, horizon: Horizon) -> list[Request]:
    """The services that a principal may use and has not used since the horizon; of those that it uses, the actions."""
    if principal.created >= horizon.since:
        return []
    grants = Grants(policy.text for policy in principal.policies)
    found = []
    for prefix in grants.services():
        used = {action: use.last for action, use in principal.uses.items() if action.startswith(f"{prefix}:")}
        recent = {action for action, last in used.items() if last >= horizon.since}
        if not recent:
            found.append(_service(prefix, used, None))
            continue
        idle = [name for name in grants.actions(prefix) if f"{prefix}:{name}" not in recent]
        if idle:
            found.append(_service(prefix, used, idle))
    return found


def _service(prefix: str, used: dict[str, float], actions: list[str] | None) -> Request:
    """The details of a service; without `actions` none of them was used."""
    shown = [{"action": name, "lastAccessed": used.get(f"{prefix}:{name}")} for name in actions or ()]
    return {
        "unusedPermissionDetails": {
            "serviceNamespace": prefix,
            "lastAccessed": max(used.values(), default=None),
            "actions": shown or None,
        }
    }


def _finding(
    reader: Reader, principal: Principal, horizon: Horizon, kind: str, details: list[Request], part: str = ""
) -> Finding:
    return Finding(
        id=identify(principal.arn, kind, part),
        type=kind,
        resource=principal.arn,
        resource_type=f"AWS::IAM::{principal.type}",
        owner=reader.ctx.account,
        status="ACTIVE",
        created=horizon.now,
        updated=horizon.now,
        analyzed=horizon.now,
        details=json.dumps(details),
    )
