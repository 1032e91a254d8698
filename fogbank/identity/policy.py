"""Policy documents: parsed once into statements that match quickly, then asked about one access at a time.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. What a document may say is checked in
`policy_grammar`; here is what it means. Pure: values in, values out.
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

from fogbank.identity import policy_grammar
from fogbank.identity.conditions import compile_block
from fogbank.identity.policy_grammar import Kind
from fogbank.identity.principals import Principal, canonical_id
from fogbank.identity.wildcards import AnyOf, Keys

# How many actions' statements a policy keeps sorted out. There are about 20,000 actions; a principal uses few.
_ACTIONS_KEPT = 1024
_ACCOUNT_ARN = re.compile(r"arn:[\w-]+:iam::(\d{12}):root")


class Access(msgspec.Struct, frozen=True):
    """One question: may `principal` do `action` (`sqs:SendMessage`) to `resource` (an ARN), as things are (`keys`)?"""

    principal: Principal
    action: str
    resource: str
    keys: Keys = {}


class Grade(enum.IntEnum):
    """How a statement names a principal: not at all, through its account, through its role, or itself (or everyone)."""

    NONE = 0
    ACCOUNT = 1
    ROLE = 2
    DIRECT = 3


class Outcome(msgspec.Struct, frozen=True):
    """What a policy says about one access: the statement that denies it, the one that allows it and how directly."""

    denied_by: Statement | None = None
    allowed_by: Statement | None = None
    grade: Grade = Grade.NONE


SILENT = Outcome()


class Policy:
    """Compiled statements: of one document, or of several that count as one (`Policy.joined`)."""

    __slots__ = ("_by_action", "_mentioned", "statements")

    def __init__(self, document: dict[str, Any], source: str = "") -> None:
        """`source` is noted in the statements, to tell later whose they were (a policy's name or ARN)."""
        variables = document.get("Version") == "2012-10-17"
        listed = document.get("Statement", [])
        statements = listed if isinstance(listed, list) else [listed]
        self.statements = [Statement(statement, variables, source, index) for index, statement in enumerate(statements)]
        self._by_action: dict[str, list[Statement]] = {}
        self._mentioned: dict[str, bool] = {}

    @classmethod
    def joined(cls, policies: Iterable[Policy]) -> Policy:
        """One policy with the statements of all."""
        policy = cls({})
        policy.statements = [statement for each in policies for statement in each.statements]
        return policy

    def evaluate(self, access: Access) -> Outcome:
        """A deny wins; of the allows, the most direct one counts."""
        statements = self._by_action.get(access.action)
        if statements is None:
            statements = self._about(access.action)
        allowed_by = None
        best = Grade.NONE
        for statement in statements:
            grade = statement.grade(access)
            if grade is Grade.NONE:
                continue
            if not statement.allows:
                return Outcome(denied_by=statement)
            if grade > best:
                allowed_by, best = statement, grade
        return Outcome(None, allowed_by, best) if best else SILENT

    def _about(self, action: str) -> list[Statement]:
        """The statements about an action, denies first. Found once per action: most have nothing to do with most."""
        if len(self._by_action) >= _ACTIONS_KEPT:
            self._by_action.clear()
        found = [statement for statement in self.statements if statement.is_about(action.lower())]
        found.sort(key=lambda statement: statement.allows)
        self._by_action[action] = found
        return found

    def mentions(self, key: str) -> bool:
        """Does any condition or variable ask for a key with this in its name (in lower case)?"""
        mentioned = self._mentioned.get(key)
        if mentioned is None:
            mentioned = self._mentioned[key] = any(key in statement.asks for statement in self.statements)
        return mentioned


class Statement:
    """One compiled statement. An element that it lacks (Principal in identity policies, Resource in trust policies) fits all.

    `source` is what its policy was called, `index` its place there; `asks` has the names of all condition keys that it asks for.
    """

    __slots__ = (
        "_actions",
        "_not_actions",
        "_not_principals",
        "_not_resources",
        "_principals",
        "_resources",
        "_tests",
        "allows",
        "asks",
        "index",
        "sid",
        "source",
    )

    def __init__(self, statement: dict[str, Any], variables: bool, source: str = "", index: int = 0) -> None:
        self.sid: str = statement.get("Sid", "")
        self.source = source
        self.index = index
        self.allows = statement["Effect"] == "Allow"
        self._actions = _actions(statement.get("Action"))
        self._not_actions = _actions(statement.get("NotAction"))
        self._resources = _resources(statement.get("Resource"), variables)
        self._not_resources = _resources(statement.get("NotResource"), variables)
        self._principals = _principals(statement.get("Principal"))
        self._not_principals = _principals(statement.get("NotPrincipal"))
        self._tests = compile_block(statement.get("Condition", {}), variables)
        self.asks = _asked(statement)

    def is_about(self, action: str) -> bool:
        """Whether the action (in lower case) is one of the statement's."""
        if self._actions is not None and not self._actions.matches(action, {}):
            return False
        return self._not_actions is None or not self._not_actions.matches(action, {})

    def grade(self, access: Access) -> Grade:
        """Whether the statement is about this resource, principal and situation, and how it names the principal."""
        keys = access.keys
        if self._resources is not None and not self._resources.matches(access.resource, keys):
            return Grade.NONE
        if self._not_resources is not None and self._not_resources.matches(access.resource, keys):
            return Grade.NONE
        grade = self._names(access.principal)
        if grade is not Grade.NONE:
            for test in self._tests:
                if not test.holds(keys):
                    return Grade.NONE
        return grade

    def _names(self, principal: Principal) -> Grade:
        if self._principals is not None:
            return self._principals.grade(principal)
        if self._not_principals is not None and self._not_principals.exempts(principal):
            return Grade.NONE
        return Grade.DIRECT


def _asked(statement: dict[str, Any]) -> str:
    """The text in which all condition keys of a statement are: its conditions, and its resources if they have variables."""
    resources = str([statement.get(name) for name in ("Resource", "NotResource")])
    return (str(statement.get("Condition", "")) + (resources if "${" in resources else "")).lower()


_REGIONAL_SERVICE = re.compile(r"([a-z0-9-]+)\.[a-z]{2}(?:-[a-z]+)+-\d\.amazonaws\.com")


def _service(name: str) -> str:
    """A service by the name that it has everywhere: CloudWatch Logs is told as `logs.us-east-1.amazonaws.com` to keys."""
    match = _REGIONAL_SERVICE.fullmatch(name)
    return f"{match[1]}.amazonaws.com" if match else name


class _Principals:
    """The principals that an element lists, by form."""

    __slots__ = ("_accounts", "_aws", "_canonical", "_everyone", "_federated", "_services")

    def __init__(self, element: str | dict[str, Any]) -> None:
        listed = {"AWS": element} if isinstance(element, str) else element
        aws = _list(listed.get("AWS"))
        accounts = [_account(name) for name in aws]
        self._everyone = "*" in aws
        self._accounts = frozenset(account for account in accounts if account is not None)
        self._aws = frozenset(aws)
        self._services = frozenset(map(_service, _list(listed.get("Service"))))
        self._federated = frozenset(_list(listed.get("Federated")))
        self._canonical = frozenset(_list(listed.get("CanonicalUser")))

    def grade(self, principal: Principal) -> Grade:
        """How the principal is named, as directly as it is anywhere in the list."""
        if self._everyone:
            return Grade.DIRECT
        kind = principal.kind
        if kind == "service":
            return _direct(principal.arn in self._services or "*" in self._services)
        if self._vouches(principal) or principal.arn in self._aws:
            return Grade.DIRECT
        if kind in ("user", "role") and principal.unique_id in self._aws:
            return Grade.ROLE if kind == "role" else Grade.DIRECT
        if principal.issuer in self._aws:
            return Grade.ROLE
        if self._has_account(principal.account):
            return Grade.DIRECT if kind == "root" else Grade.ACCOUNT
        return Grade.NONE

    def exempts(self, principal: Principal) -> bool:
        """For NotPrincipal: whether the principal is listed, and with it everything that it belongs to.

        A session belongs to its role, and everyone to an account; who lists a user but not the account excepts nobody:
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
        """
        if self.grade(principal) is not Grade.DIRECT:
            return False
        if self._everyone or principal.kind in ("service", "provider"):
            return True
        behind = principal.issuer
        return self._has_account(principal.account) and (not behind or behind in self._aws)

    def _vouches(self, principal: Principal) -> bool:
        """Is it the identity provider of the principal that is listed?"""
        if not self._federated:
            return False
        provider = principal.session.provider if principal.session is not None else principal.arn
        return provider in self._federated or (principal.kind == "provider" and "*" in self._federated)

    def _has_account(self, account: str) -> bool:
        return account in self._accounts or (
            bool(self._canonical) and account != "" and canonical_id(account) in self._canonical
        )


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


def parse(text: str, kind: Kind = "resource") -> Policy:
    """The policy of a document (JSON) that somebody gives. Raises policy_grammar.MalformedPolicy."""
    policy_grammar.check(text, kind)
    return compiled(text)


@lru_cache(maxsize=4096)
def compiled(text: str, source: str = "") -> Policy:
    """The policy of a document that was checked when it was given. Compiled once per text."""
    return Policy(json.loads(text), source)
