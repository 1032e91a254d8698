"""May they? AWS's evaluation of policies, in the order in which AWS describes it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html. `decide` is the whole of it; it takes
values and returns a Decision. Messages follow
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from fogbank.identity import errors
from fogbank.identity.conditions import texts
from fogbank.identity.errors import iam
from fogbank.identity.policy import SILENT, Access, Grade, Outcome, Policy, Statement
from fogbank.kernel.errors import AWSError

Mode = Literal["enforce", "audit", "off"]
Source = Literal["identity", "resource", "boundary", "session", "service control", "resource control", "trust"]
Reason = Literal["root", "identity", "resource", "explicit deny", "implicit deny"]

# How each kind of policy is called in a refusal, with its article where it denied.
_NAMES: dict[Source, tuple[str, str]] = {
    "identity": ("an", "identity-based policy"),
    "resource": ("a", "resource-based policy"),
    "boundary": ("a", "permissions boundary"),
    "session": ("a", "session policy"),
    "service control": ("a", "service control policy"),
    "resource control": ("a", "resource control policy"),
    "trust": ("the", "role trust policy"),
}

EVERYTHING = Policy({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
NOTHING = Policy({})


class Powers(msgspec.Struct, frozen=True):
    """What is said about a principal, whatever it wants to do.

    identity         its own and its groups' policies, as one; EVERYTHING for root
    boundary         its permissions boundary, if it has one
    session          the policies that its session was limited by, as one; None when it was not
    service_control  one policy per level of its organization, from the root down to its account
    """

    identity: Policy = NOTHING
    boundary: Policy | None = None
    session: Policy | None = None
    service_control: tuple[Policy, ...] = ()


NO_POWERS = Powers()


class Guard(msgspec.Struct, frozen=True):
    """What is said about a resource, whoever comes.

    owner             the account that it belongs to
    policy            the policy attached to it, if there is one
    sovereign         its policy alone decides whether the policies of its account have a say: KMS keys, roles' trust
    trust             is it the trust policy of a role? (For the words of a refusal.)
    resource_control  one policy per level of its owner's organization
    """

    owner: str
    policy: Policy | None = None
    sovereign: bool = False
    trust: bool = False
    resource_control: tuple[Policy, ...] = ()

    def mentions(self, key: str) -> bool:
        """Does any policy ask for a condition key with this in its name (in lower case)?"""
        attached = self.policy is not None and self.policy.mentions(key)
        return attached or any(policy.mentions(key) for policy in self.resource_control)


class Decision(msgspec.Struct, frozen=True):
    """The answer to one Access: allowed or not, by which kind of rule, and by which statement where one decided.

    `owner` is the account of the resource; `source` is the kind of policy that denied, or that would have had to allow.
    """

    allowed: bool
    reason: Reason
    access: Access
    owner: str
    source: Source | None = None
    statement: Statement | None = None

    @property
    def message(self) -> str:
        """The refusal in AWS's words."""
        return self._message(self.access.resource)

    def error(self, service: str, protocol: str, related: bool) -> AWSError:
        """The refusal as a service (by signing name) answers it in one of its protocols.

        S3 quotes the resource, and tells nothing to callers who are not `related` to its owner (of one account or organization):
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
        """
        if service == "iam":
            named = self._message(iam.resource(self.access.action, self.access.resource))
            return errors.refusals(service, protocol, False).denied(service, named)
        if service not in errors.S3_SERVICES:
            return errors.refusals(service, protocol, False).denied(service, self.message)
        text = "Access Denied" if not related else self._message(f'"{self.access.resource}"')
        return errors.S3_HEADER.denied(service, text)

    def details(self) -> dict[str, Any]:
        """All that there is to say about it, as DecodeAuthorizationMessage answers it.

        https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
        """
        principal, keys = self.access.principal, self.access.keys
        conditions = [{"key": key, "values": _items([{"value": value} for value in texts(keys[key])])} for key in keys]
        matched = [] if self.statement is None else [_matched(self.statement)]
        return {
            "allowed": self.allowed,
            "explicitDeny": self.reason == "explicit deny",
            "matchedStatements": _items(matched),
            "failures": _items([]),
            "context": {
                "principal": {
                    "id": principal.user_id,
                    "name": principal.name or principal.user_id.rpartition(":")[2],
                    "arn": principal.arn,
                },
                "action": self.access.action,
                "resource": self.access.resource,
                "conditions": _items(conditions),
            },
        }

    def _message(self, resource: str) -> str:
        access = self.access
        if access.principal.kind == "provider":
            return f"Not authorized to perform {access.action}"
        who = access.principal.arn or "anonymous"
        text = f"User: {who} is not authorized to perform: {access.action}"
        if access.resource != "*":
            text += f" on resource: {resource}"
        article, name = _NAMES[self.source or "identity"]
        if self.reason == "explicit deny":
            return f"{text} with an explicit deny in {article} {name}"
        return f"{text} because no {name} allows the {access.action} action"


def _items(values: list[Any]) -> dict[str, Any]:
    return {"items": values}


def _matched(statement: Statement) -> dict[str, Any]:
    return {"statementId": statement.sid, "effect": "ALLOW" if statement.allows else "DENY"}


def decide(access: Access, powers: Powers, guard: Guard) -> Decision:
    """The decision over one action on one resource."""
    return _Case(access, powers, guard).decide()


class _Case:
    """One access, and what each kind of policy says about it."""

    __slots__ = ("access", "boundary", "guard", "identity", "powers", "rcps", "resource", "scps", "session")

    def __init__(self, access: Access, powers: Powers, guard: Guard) -> None:
        self.access = access
        self.powers = powers
        self.guard = guard
        self.identity = powers.identity.evaluate(access)
        self.resource = SILENT if guard.policy is None else guard.policy.evaluate(access)
        self.boundary = None if powers.boundary is None else powers.boundary.evaluate(access)
        self.session = None if powers.session is None else powers.session.evaluate(access)
        self.scps = [policy.evaluate(access) for policy in powers.service_control]
        self.rcps = [policy.evaluate(access) for policy in guard.resource_control]

    def decide(self) -> Decision:
        return (
            self.explicit_deny()
            or self.limits_of_organizations()
            or self.strangers()
            or self.resource_policy()
            or self.limits_of_the_principal(identity=self.resource_grants() is not Grade.ROLE)
        )

    # 1. An explicit deny in any policy is final.

    def explicit_deny(self) -> Decision | None:
        for source, outcomes in self.all_outcomes():
            for outcome in outcomes:
                if outcome is not None and outcome.denied_by is not None:
                    return self.refuse(source, outcome.denied_by)
        return None

    def all_outcomes(self) -> tuple[tuple[Source, list[Outcome] | tuple[Outcome | None, ...]], ...]:
        return (
            ("service control", self.scps),
            ("resource control", self.rcps),
            (self.resource_source, (self.resource,)),
            ("identity", (self.identity,)),
            ("boundary", (self.boundary,)),
            ("session", (self.session,)),
        )

    # 2. Every level of the resource's organization, and of the principal's, has to allow.

    def limits_of_organizations(self) -> Decision | None:
        if not all(outcome.allowed_by for outcome in self.rcps):
            return self.refuse("resource control")
        if not all(outcome.allowed_by for outcome in self.scps):
            return self.refuse("service control")
        return None

    # 3. Strangers and services have no policies of their own: only the resource's can let them in.

    def strangers(self) -> Decision | None:
        if self.access.principal.kind not in ("anonymous", "service", "provider"):
            return None
        if self.resource.allowed_by is not None:
            return self.allow("resource", self.resource.allowed_by)
        return self.refuse(self.resource_source)

    # 4. Within an account, a resource policy that names the principal itself, or everyone, is enough: nothing that limits the
    #    principal is asked. One that names a session's role (or the user behind a federation token) takes the place of identity
    #    policies only. Between accounts the resource policy has to allow, and the principal's own side too.

    def resource_policy(self) -> Decision | None:
        if not self.is_at_home:
            return None if self.resource.allowed_by else self.refuse(self.resource_source)
        if self.resource.grade is Grade.DIRECT:
            return self.allow("resource", self.resource.allowed_by)
        if self.guard.sovereign and self.resource.allowed_by is None:
            return self.refuse(self.resource_source)
        return None

    def resource_grants(self) -> Grade:
        """How directly a resource policy of the principal's own account allows."""
        return self.resource.grade if self.is_at_home else Grade.NONE

    # 5. The principal's own side: its policies have to allow, and its boundary and session policies too.

    def limits_of_the_principal(self, identity: bool) -> Decision:
        if identity and self.identity.allowed_by is None:
            return self.refuse("identity")
        if self.boundary is not None and self.boundary.allowed_by is None:
            return self.refuse("boundary")
        if self.session is not None and self.session.allowed_by is None:
            return self.refuse("session")
        if not identity:
            return self.allow("resource", self.resource.allowed_by)
        if self.powers.identity is EVERYTHING:
            return self.allow("root", None)
        return self.allow("identity", self.identity.allowed_by)

    # -- words

    @property
    def is_at_home(self) -> bool:
        return self.access.principal.account == self.guard.owner

    @property
    def resource_source(self) -> Source:
        return "trust" if self.guard.trust else "resource"

    def allow(self, reason: Reason, statement: Statement | None) -> Decision:
        return Decision(True, reason, self.access, self.guard.owner, None, statement)

    def refuse(self, source: Source, denied_by: Statement | None = None) -> Decision:
        reason: Reason = "implicit deny" if denied_by is None else "explicit deny"
        return Decision(False, reason, self.access, self.guard.owner, source, denied_by)
