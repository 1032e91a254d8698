"""The policy simulator: the decision over policies that need not be in force, told with all that led to it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html. The decision is that of `fogbank.identity`, the
same that every request meets. Pure: values in, values out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cached_property
from typing import Literal

import msgspec

from fogbank.identity.decision import NOTHING, Decision, Guard, Powers, decide
from fogbank.identity.located_json import Lines, parse
from fogbank.identity.policy import SILENT, Access, Outcome, Policy, Statement, compiled
from fogbank.identity.principals import Principal
from fogbank.identity.wildcards import Keys
from fogbank.services.iam import context_keys

Verdict = Literal["allowed", "explicitDeny", "implicitDeny"]
SourceType = Literal["user", "group", "role", "aws-managed", "user-managed", "resource", "none"]

_SEVERITY: tuple[Verdict, ...] = ("allowed", "implicitDeny", "explicitDeny")


class Source(msgspec.Struct, frozen=True):
    """A policy that takes part: its JSON, the name it is known by, and what kind of policy it is."""

    text: str
    id: str
    type: SourceType = "none"


class Match(msgspec.Struct, frozen=True):
    """A statement that led to a decision, and where it is in its document: (line, column), both from 1."""

    source: Source
    start: tuple[int, int]
    end: tuple[int, int]


class Result(msgspec.Struct, frozen=True):
    """What becomes of one action on one resource.

    matched    the statements that led to it
    missing    condition keys that the statements about the action ask for, and that nobody gave
    boundary   does the permissions boundary allow it? None without one
    organization  do the service control policies? None outside an organization
    by_policy  between accounts: what each kind of policy says by itself
    """

    resource: str
    verdict: Verdict
    matched: tuple[Match, ...]
    missing: tuple[str, ...]
    boundary: bool | None
    organization: bool | None
    by_policy: dict[str, Verdict] | None


class Simulation(msgspec.Struct, frozen=True, dict=True):
    """Who is simulated, held to what, and in which situation.

    caller    the principal; `sources` its identity policies; `boundary`, `service_control` (one list per level) and `resource_policy`
              as JSON, where there are any
    owner     the account of resources whose ARN does not name one
    keys      condition keys by name in lower case
    """

    caller: Principal
    sources: tuple[Source, ...]
    owner: str
    keys: Keys
    boundary: str | None = None
    service_control: tuple[tuple[str, ...], ...] = ()
    resource_policy: Source | None = None

    @cached_property
    def powers(self) -> Powers:
        identity = Policy.joined(compiled(source.text, str(index)) for index, source in enumerate(self.sources))
        boundary = None if self.boundary is None else compiled(self.boundary)
        levels = tuple(Policy.joined(compiled(text) for text in level) for level in self.service_control)
        return Powers(identity, boundary, None, levels)

    @cached_property
    def _resource_policy(self) -> Policy | None:
        return None if self.resource_policy is None else compiled(self.resource_policy.text)

    def run(self, action: str, resource: str) -> Result:
        """What becomes of an action (`s3:GetObject`) on a resource (an ARN or `*`)."""
        access = Access(self.caller, action, resource, self.keys)
        guard = Guard(_owner(resource) or self.owner, self._resource_policy)
        decision = decide(access, self.powers, guard)
        return Result(
            resource,
            _verdict(decision),
            tuple(self._matched(access, decision)),
            tuple(self._missing(access)),
            _allows(self.powers.boundary, access),
            self._allowed_by_organization(access),
            self._by_policy(access) if guard.owner != self.caller.account else None,
        )

    # -- what led to it

    def _matched(self, access: Access, decision: Decision) -> Iterable[Match]:
        """The statements of identity and resource policies that decided: denies where one denied, else what allowed."""
        if not decision.allowed and decision.reason == "implicit deny":
            return
        for source, statement in self._statements():
            if statement.allows == decision.allowed and _is_about(statement, access):
                yield _located(source, statement)

    def _statements(self) -> Iterable[tuple[Source, Statement]]:
        for statement in self.powers.identity.statements:
            yield self.sources[int(statement.source)], statement
        if self.resource_policy is not None and self._resource_policy is not None:
            for statement in self._resource_policy.statements:
                yield self.resource_policy, statement

    def _missing(self, access: Access) -> list[str]:
        """Keys of the statements about the action, whatever resource and conditions they name."""
        asked: dict[str, str] = {}
        for source, statement in self._statements():
            if statement.is_about(access.action.lower()):
                for key in _keys_of(source, statement):
                    asked.setdefault(key.lower(), key)
        return [name for key, name in asked.items() if key not in self.keys]

    def _allowed_by_organization(self, access: Access) -> bool | None:
        levels = self.powers.service_control
        return all(_allows(level, access) for level in levels) if levels else None

    def _by_policy(self, access: Access) -> dict[str, Verdict]:
        policies = {"IAM Policy": self.powers.identity, "Resource Policy": self._resource_policy or NOTHING}
        if self.powers.boundary is not None:
            policies["IAM Permissions Boundary"] = self.powers.boundary
        return {name: _said(policy.evaluate(access)) for name, policy in policies.items()}


# -- several results as one


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The most restrictive of several."""
    return max(verdicts, key=_SEVERITY.index)


def worst_by_policy(results: Iterable[Result]) -> dict[str, Verdict]:
    """For each kind of policy the most restrictive thing that it says."""
    found: dict[str, Verdict] = {}
    for result in results:
        for name, verdict in (result.by_policy or {}).items():
            found[name] = worst((verdict, found.get(name, verdict)))
    return found


# -- single policies and statements


def _verdict(decision: Decision) -> Verdict:
    if decision.allowed:
        return "allowed"
    return "explicitDeny" if decision.reason == "explicit deny" else "implicitDeny"


def _said(outcome: Outcome) -> Verdict:
    if outcome.denied_by is not None:
        return "explicitDeny"
    return "implicitDeny" if outcome == SILENT else "allowed"


def _allows(policy: Policy | None, access: Access) -> bool | None:
    return None if policy is None else _said(policy.evaluate(access)) == "allowed"


def _is_about(statement: Statement, access: Access) -> bool:
    return statement.is_about(access.action.lower()) and bool(statement.grade(access))


def _keys_of(source: Source, statement: Statement) -> list[str]:
    document = json.loads(source.text)
    listed = document["Statement"]
    return context_keys.of_statement(document, listed[statement.index] if isinstance(listed, list) else listed)


def _owner(resource: str) -> str:
    """The account that an ARN names."""
    parts = resource.split(":", 5)
    return parts[4] if len(parts) == 6 else ""


def _located(source: Source, statement: Statement) -> Match:
    """AWS counts a statement as beginning where the one before it ended: right after the bracket or the brace before it."""
    listed = parse(source.text).get("Statement")
    assert listed is not None
    node = listed.each()[statement.index]
    before = listed.each()[statement.index - 1].end if statement.index else listed.start + 1
    lines = Lines(source.text)
    start, end = lines.at(before), lines.at(node.end)
    return Match(source, (start[0], start[1] + 1), (end[0], end[1] + 1))
