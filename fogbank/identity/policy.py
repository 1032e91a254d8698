"""Policy documents: parsed once into statements that match quickly, then asked about one access at a time.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. What a document may say is checked in
`policy_grammar`; here is what it means. Pure: values in, values out.
"""

from __future__ import annotations

import enum
import re
from functools import lru_cache
from typing import Any

import msgspec

from fogbank.identity import policy_grammar
from fogbank.identity.conditions import compile_block
from fogbank.identity.policy_grammar import Kind
from fogbank.identity.principals import Principal
from fogbank.identity.wildcards import AnyOf, Keys

_ACCOUNT_ARN = re.compile(r"arn:[\w-]+:iam::(\d{12}):root")


class Access(msgspec.Struct, frozen=True):
    """One question: may `principal` do `action` (`sqs:SendMessage`) to `resource` (an ARN), as things are (`keys`)?"""

    principal: Principal
    action: str
    resource: str
    keys: Keys = {}


class Grade(enum.IntEnum):
    """How a statement names a principal: not at all, only through its account, or itself (or everyone)."""

    NONE = 0
    ACCOUNT = 1
    DIRECT = 2


class Outcome(msgspec.Struct, frozen=True):
    """What one policy says about one access: the statement that denies it, the one that allows it and how directly."""

    denied_by: Statement | None = None
    allowed_by: Statement | None = None
    grade: Grade = Grade.NONE


class Policy:
    """A compiled policy document."""

    __slots__ = ("statements",)

    def __init__(self, document: dict[str, Any]) -> None:
        variables = document.get("Version") == "2012-10-17"
        listed = document.get("Statement", [])
        statements = listed if isinstance(listed, list) else [listed]
        self.statements = [Statement(statement, variables) for statement in statements]

    def evaluate(self, access: Access) -> Outcome:
        """A deny wins; of the allows, the most direct one counts."""
        action = access.action.lower()
        allowed_by = None
        best = Grade.NONE
        for statement in self.statements:
            grade = statement.applies(access, action)
            if grade is Grade.NONE:
                continue
            if not statement.allows:
                return Outcome(denied_by=statement)
            if grade > best:
                allowed_by, best = statement, grade
        return Outcome(allowed_by=allowed_by, grade=best)


class Statement:
    """One compiled statement. An element that it lacks (Principal in identity policies, Resource in trust policies) fits all."""

    __slots__ = (
        "_actions",
        "_not_actions",
        "_not_principals",
        "_not_resources",
        "_principals",
        "_resources",
        "_tests",
        "allows",
        "sid",
    )

    def __init__(self, statement: dict[str, Any], variables: bool) -> None:
        self.sid: str = statement.get("Sid", "")
        self.allows = statement["Effect"] == "Allow"
        self._actions = _actions(statement.get("Action"))
        self._not_actions = _actions(statement.get("NotAction"))
        self._resources = _resources(statement.get("Resource"), variables)
        self._not_resources = _resources(statement.get("NotResource"), variables)
        self._principals = _principals(statement.get("Principal"))
        self._not_principals = _principals(statement.get("NotPrincipal"))
        self._tests = compile_block(statement.get("Condition", {}), variables)

    def applies(self, access: Access, action: str) -> Grade:
        """Whether the statement is about this access (`action` in lower case), and how it names the principal."""
        keys = access.keys
        if self._actions is not None and not self._actions.matches(action, keys):
            return Grade.NONE
        if self._not_actions is not None and self._not_actions.matches(action, keys):
            return Grade.NONE
        if self._resources is not None and not self._resources.matches(access.resource, keys):
            return Grade.NONE
        if self._not_resources is not None and self._not_resources.matches(access.resource, keys):
            return Grade.NONE
        grade = self._names(access.principal)
        if grade is Grade.NONE or not all(test.holds(keys) for test in self._tests):
            return Grade.NONE
        return grade

    def _names(self, principal: Principal) -> Grade:
        if self._principals is not None:
            return self._principals.grade(principal)
        if self._not_principals is not None and self._not_principals.grade(principal) is Grade.DIRECT:
            return Grade.NONE
        return Grade.DIRECT


class _Principals:
    """The principals that an element lists, by form."""

    __slots__ = ("_accounts", "_aws", "_everyone", "_federated", "_services")

    def __init__(self, element: str | dict[str, Any]) -> None:
        listed = {"AWS": element} if isinstance(element, str) else element
        aws = _list(listed.get("AWS"))
        accounts = [_account(name) for name in aws]
        self._everyone = "*" in aws
        self._accounts = frozenset(account for account in accounts if account is not None)
        self._aws = frozenset(aws)
        self._services = frozenset(_list(listed.get("Service")))
        self._federated = frozenset(_list(listed.get("Federated")))

    def grade(self, principal: Principal) -> Grade:
        if self._everyone:
            return Grade.DIRECT
        if principal.kind == "service":
            return _direct(principal.arn in self._services or "*" in self._services)
        if principal.kind == "federated" and not self._federated.isdisjoint((principal.arn, principal.issuer, "*")):
            return Grade.DIRECT
        if not self._aws.isdisjoint((principal.arn, principal.policy_arn, principal.user_id.partition(":")[0])):
            return Grade.DIRECT
        if principal.account in self._accounts:
            return Grade.DIRECT if principal.kind == "root" else Grade.ACCOUNT
        return Grade.NONE


def _direct(named: bool) -> Grade:
    return Grade.DIRECT if named else Grade.NONE


def _account(name: str) -> str | None:
    """The account that an AWS principal stands for: twelve digits, or the root's ARN."""
    if len(name) == 12 and name.isdigit():
        return name
    found = _ACCOUNT_ARN.fullmatch(name)
    return found[1] if found else None


def _list(value: Any) -> list[str]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _actions(element: Any) -> AnyOf | None:
    return None if element is None else AnyOf([name.lower() for name in _list(element)], variables=False)


def _resources(element: Any, variables: bool) -> AnyOf | None:
    return None if element is None else AnyOf(_list(element), variables=variables)


def _principals(element: Any) -> _Principals | None:
    return None if element is None else _Principals(element)


@lru_cache(maxsize=1024)
def parse(text: str, kind: Kind = "resource") -> Policy:
    """The policy of a document (JSON). Parsed once per text. Raises policy_grammar.MalformedPolicy."""
    return Policy(policy_grammar.check(text, kind))
