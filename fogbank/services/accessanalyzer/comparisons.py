"""What policies certainly do not allow: nothing new, nothing of a list, nothing to the public.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-custom-policy-checks.html. A statement is held against single
statements, cut up by action, resource and principal. So what two statements cover only together, or under conditions whose connection is
not known here, counts as not covered: the answer is then that access might be granted, as AWS's is where it cannot tell. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from fogbank.services.accessanalyzer.access import Grant, Names, grants
from fogbank.services.accessanalyzer.implications import Test

Document = dict[str, Any]

_EVERYTHING = Names(("*",))

# Conditions on these keys let in only whom they name, as long as they name somebody and no pattern for everybody.
_PINNED = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "aws:vpcsourceip",
        "kms:calleraccount",
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
    }
)
_PINNING = frozenset({"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress"})
_ALL_ADDRESSES = frozenset({"0.0.0.0/0", "::/0", "*"})


def new_access(new: Document, existing: Document) -> list[Grant]:
    """The statements of `new` that may allow what `existing` does not, in their order."""
    allows, denies = _split(grants(new))
    old_allows, old_denies = _split(grants(existing))
    return [
        grant
        for grant in allows
        if any(_is_new(part, denies, old_allows) or _frees(part, denies, old_denies) for part in grant.parts())
    ]


def _split(statements: list[Grant]) -> tuple[list[Grant], list[Grant]]:
    """Those that allow and those that deny."""
    return [each for each in statements if each.allows], [each for each in statements if not each.allows]


def _is_new(part: Grant, denies: list[Grant], old_allows: list[Grant]) -> bool:
    return not _covered(part, denies) and not _covered(part, old_allows)


def _frees(part: Grant, denies: list[Grant], old_denies: list[Grant]) -> bool:
    """Whether something was denied that part allows, and that nothing denies any more."""
    if _covered(part, denies):
        return False
    return any(old.meets(part) and not _covered(old, denies) for old in old_denies)


def _covered(part: Grant, by: Iterable[Grant]) -> bool:
    return any(grant.covers(part) for grant in by)


def granted_access(document: Document, actions: list[str], resources: list[str]) -> list[Grant]:
    """The statements that may allow one of the actions on one of the resources; no actions are any, no resources are any."""
    allows, denies = _split(grants(document))
    asked = [
        Grant(0, "", True, Names((action.lower(),)), Names((resource,)), _EVERYTHING, ())
        for action in actions or ["*"]
        for resource in resources or ["*"]
    ]
    return [grant for grant in allows if any(_grants(part, each, denies) for each in asked for part in grant.parts())]


def _grants(part: Grant, asked: Grant, denies: list[Grant]) -> bool:
    return part.meets(asked) and not _covered(part, denies) and not any(_takes(deny, asked, part) for deny in denies)


def _takes(deny: Grant, asked: Grant, part: Grant) -> bool:
    """Whether a deny takes away all that is asked for of what a statement allows."""
    return (
        deny.actions.covers(asked.actions)
        and deny.resources.covers(asked.resources)
        and deny.principals.covers(part.principals)
        and not deny.conditions
    )


def public_access(document: Document) -> list[Grant]:
    """The statements that may let in anybody at all."""
    allows, denies = _split(grants(document))
    return [grant for grant in allows if is_public(grant) and not _covered(grant, denies)]


def is_public(grant: Grant) -> bool:
    """Whether a statement is about everybody, and no condition picks out some of them."""
    everybody = grant.principals.negated or "*" in grant.principals.patterns
    return everybody and not any(is_pinned(test) for test in grant.conditions)


def is_pinned(test: Test) -> bool:
    """Whether a condition lets in only those that it names.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
    """
    return (
        test.key in _PINNED
        and test.operator.removeprefix("foranyvalue:") in _PINNING
        and bool(test.values)
        and not any(_is_open(value) for value in test.values)
    )


def _is_open(value: str) -> bool:
    """Whether a value leaves open who it is: a wildcard where the account, the organization or the resource should be."""
    if value in _ALL_ADDRESSES or "${" in value:
        return True
    if not value.startswith("arn:"):
        beginning = re.split("[:/]", value)[0]
        return beginning == "" or any(wild in beginning for wild in "*?")
    fields = value.split(":", 5)
    account = fields[4] if len(fields) == 6 else "*"
    resource = fields[5] if len(fields) == 6 else "*"
    return any(wild in account for wild in "*?") or (account == "" and resource.startswith("*"))
