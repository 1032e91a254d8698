"""May they? AWS's evaluation of policies, in the order in which AWS describes it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html. `authorise` is the whole of it; it takes
values and returns a Decision. Messages follow
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from fogbank.identity import errors
from fogbank.identity.policy import Access, Grade, Outcome, Policy, Statement
from fogbank.identity.principals import Principal
from fogbank.identity.wildcards import Keys
from fogbank.kernel.errors import AWSError

log = logging.getLogger("fogbank.iam")

Mode = Literal["enforce", "audit", "off"]
Reason = Literal["root", "identity", "resource", "explicit deny", "implicit deny"]


class Decision(msgspec.Struct, frozen=True):
    """The answer to one Access: allowed or not, by which kind of rule, and by which statement where one decided.

    `owner` is the account of the resource; `source` is the kind of policy (`identity-based`, `resource-based`) that denied, or
    that would have had to allow.
    """

    allowed: bool
    reason: Reason
    access: Access
    owner: str
    source: str = ""
    statement: Statement | None = None

    @property
    def message(self) -> str:
        """The refusal in AWS's words."""
        return self._message(self.access.resource)

    def error(self, service: str, protocol: str) -> AWSError:
        """The refusal as a service (by signing name) answers it in one of its protocols.

        S3 quotes the resource, and tells strangers nothing:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
        """
        if service not in errors.S3_SERVICES:
            return errors.refusals(service, protocol, False).denied(service, self.message)
        stranger = self.access.principal.account != self.owner
        text = "Access Denied" if stranger else self._message(f'"{self.access.resource}"')
        return errors.S3_HEADER.denied(service, text)

    def _message(self, resource: str) -> str:
        access = self.access
        who = access.principal.arn or "anonymous"
        text = f"User: {who} is not authorized to perform: {access.action} on resource: {resource}"
        if self.reason == "explicit deny":
            return f"{text} with an explicit deny in {_article(self.source)} {self.source} policy"
        return f"{text} because no {self.source} policy allows the {access.action} action"


def enforce(decision: Decision, mode: Mode, service: str, protocol: str) -> None:
    """Raise the service's refusal unless the decision allows. In audit mode a refusal is only logged."""
    if decision.allowed or mode == "off":
        return
    if mode == "audit":
        log.warning("would be refused: %s", decision.message)
        return
    raise decision.error(service, protocol)


def authorise(
    principal: Principal,
    action: str,
    resources: Iterable[str],
    *,
    owner: str,
    identity_policies: Sequence[Policy] = (),
    resource_policy: Policy | None = None,
    keys: Keys | None = None,
) -> Decision:
    """The decision over all resources of a request: the first refusal, else the last permission.

    `action` is spelt as AWS does (`sqs:SendMessage`); `owner` is the account that the resources belong to.
    """
    decision = None
    for resource in resources:
        access = Access(principal, action, resource, {} if keys is None else keys)
        decision = decide(access, owner, identity_policies, resource_policy)
        if not decision.allowed:
            return decision
    if decision is None:
        raise ValueError(f"{action} names no resource")
    return decision


def decide(access: Access, owner: str, identity_policies: Sequence[Policy], resource_policy: Policy | None) -> Decision:
    """The decision over one resource."""
    principal = access.principal
    identity = [policy.evaluate(access) for policy in identity_policies]
    resource = resource_policy.evaluate(access) if resource_policy is not None else Outcome()

    def allow(reason: Reason, statement: Statement | None) -> Decision:
        return Decision(True, reason, access, owner, statement=statement)

    def refuse(source: str, denied_by: Statement | None = None) -> Decision:
        return Decision(False, "explicit deny" if denied_by else "implicit deny", access, owner, source, denied_by)

    # 1. An explicit deny in any policy is final.
    for source, outcomes in (("identity-based", identity), ("resource-based", [resource])):
        for outcome in outcomes:
            if outcome.denied_by is not None:
                return refuse(source, outcome.denied_by)

    # 2. Strangers and services have no policies of their own: only the resource's can let them in.
    if principal.kind in ("anonymous", "service"):
        return allow("resource", resource.allowed_by) if resource.allowed_by else refuse("resource-based")

    # 3. Within an account, a resource policy that names the principal itself is enough. Between accounts, the resource policy has
    #    to agree, and the principal's own side too.
    if principal.account == owner:
        if resource.grade is Grade.DIRECT:
            return allow("resource", resource.allowed_by)
    elif resource.allowed_by is None:
        return refuse("resource-based")

    # 4. The principal's own side: root may everything, the others what their policies allow.
    if principal.kind == "root":
        return allow("root", None)
    for outcome in identity:
        if outcome.allowed_by is not None:
            return allow("identity", outcome.allowed_by)
    return refuse("identity-based")


def _article(source: str) -> str:
    return "an" if source[0] in "aeiou" else "a"
