"""Data protection policies: PutDataProtectionPolicy, GetDataProtectionPolicy, and what they do to messages.

A statement looks for data identifiers in the bodies of messages that come in from, or go out to, certain principals; then the message is
denied, or what was found is masked or left out. https://docs.aws.amazon.com/sns/latest/dg/sns-message-data-protection-policies.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from fogbank.kernel import Context
from fogbank.kernel.data_identifiers import ARN, PATTERNS
from fogbank.services.sns import errors, limits
from fogbank.services.sns.service import service
from fogbank.services.sns.topic import ON_TOPIC, find, modify

Request = dict[str, Any]
Document = dict[str, Any]
Direction = Literal["Inbound", "Outbound"]


class Denied(Exception):
    """A statement denies the message."""


class Rule(NamedTuple):
    """`replace` gives what stands in the place of what was found; None where the message is denied."""

    direction: str
    principals: tuple[str, ...]
    excepting: bool
    pattern: re.Pattern[str]
    replace: Callable[[re.Match[str]], str] | None


def applied(policy: str | None, direction: Direction, principal: str, text: str) -> str:
    """The text as the policy lets it through. Raises Denied."""
    if policy is None:
        return text
    for rule in _rules(policy):
        if rule.direction != direction or _concerns(rule, principal) is False:
            continue
        if rule.replace is not None:
            text = rule.pattern.sub(rule.replace, text)
        elif rule.pattern.search(text):
            raise Denied
    return text


def _concerns(rule: Rule, principal: str) -> bool:
    named = "*" in rule.principals or principal in rule.principals
    return named is not rule.excepting


@lru_cache(maxsize=256)
def _rules(policy: str) -> list[Rule]:
    document = json.loads(policy)
    rules = [rule for statement in document["Statement"] if (rule := _rule(statement, _custom(document)))]
    return sorted(rules, key=lambda rule: rule.replace is not None)  # what is denied is not to be masked first


def _rule(statement: Document, custom: dict[str, str]) -> Rule | None:
    operation = statement["Operation"]
    if "Audit" in operation:
        return None  # it changes nothing; findings have no destination
    replace: Callable[[re.Match[str]], str] | None = None
    if "Deidentify" in operation:
        mask = (operation["Deidentify"].get("MaskConfig") or {}).get("MaskWithCharacter", "")
        replace = lambda found: mask * len(found[0])  # noqa: E731
    principals = statement.get("Principal") or statement["NotPrincipal"]
    patterns = [_pattern(identifier, custom) for identifier in statement["DataIdentifier"]]
    joined = re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
    return Rule(statement["DataDirection"], tuple(principals), "NotPrincipal" in statement, joined, replace)


def _custom(document: Document) -> dict[str, str]:
    listed = (document.get("Configuration") or {}).get("CustomDataIdentifier") or []
    return {each["Name"]: each["Regex"] for each in listed}


def _pattern(identifier: str, custom: dict[str, str]) -> str:
    managed = ARN.match(identifier)
    return PATTERNS[managed[1]] if managed else custom[identifier]


# -- checks


def check(text: str) -> None:
    """Raises InvalidParameterException."""
    if len(text) > limits.DATA_PROTECTION_LENGTH:
        raise _refusal(f"The policy must not be longer than {limits.DATA_PROTECTION_LENGTH} characters")
    try:
        document = json.loads(text)
        _check(document)
        _rules(text)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError, re.error) as error:
        raise _refusal(f"Malformed policy: {error}") from None


def _check(document: Document) -> None:
    for name in ("Name", "Version", "Statement"):
        if not document.get(name):
            raise _refusal(f"Missing required field: {name}")
    if document["Version"] != "2021-06-01":
        raise _refusal("Version must be 2021-06-01")
    custom = _custom(document)
    for statement in document["Statement"]:
        _check_statement(statement, custom)


def _check_statement(statement: Document, custom: dict[str, str]) -> None:
    if statement.get("DataDirection") not in ("Inbound", "Outbound"):
        raise _refusal("DataDirection must be Inbound or Outbound")
    if ("Principal" in statement) == ("NotPrincipal" in statement):
        raise _refusal("A statement must have one of Principal and NotPrincipal")
    operation = statement.get("Operation") or {}
    if len(operation) != 1 or next(iter(operation)) not in ("Audit", "Deny", "Deidentify"):
        raise _refusal("Operation must be one of Audit, Deny and Deidentify")
    if (operation.get("Audit") or {}).get("FindingsDestination"):
        raise _refusal("FindingsDestination is not available here: use NoFindingsDestination")
    for identifier in statement.get("DataIdentifier") or [""]:
        managed = ARN.match(identifier)
        if managed[1] not in PATTERNS if managed else identifier not in custom:
            raise _refusal(f"Unknown data identifier: {identifier}")


def _refusal(reason: str) -> Exception:
    return errors.attribute("DataProtectionPolicy", reason)


# -- operations


@service.operation(**ON_TOPIC)
async def put_data_protection_policy(ctx: Context, request: Request) -> Request:
    """Put a topic's policy in the place of the one before; an empty one takes it away. API_PutDataProtectionPolicy."""
    scope, topic = await find(ctx, request["ResourceArn"], "ResourceArn")
    text = request["DataProtectionPolicy"]
    if text:
        check(text)
    modify(scope, topic, data_protection=text or None)
    return {}


@service.operation(**ON_TOPIC)
async def get_data_protection_policy(ctx: Context, request: Request) -> Request:
    """A topic's policy; nothing when it has none. API_GetDataProtectionPolicy."""
    _, topic = await find(ctx, request["ResourceArn"], "ResourceArn")
    return {"DataProtectionPolicy": topic.data_protection}
