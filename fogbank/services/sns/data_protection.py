"""Data protection policies: PutDataProtectionPolicy, GetDataProtectionPolicy, and what they do to messages.

A statement looks for data identifiers in the bodies of messages that come in from, or go out to, certain principals; then the message is
denied, or what was found is masked, or left out, or told (see `audits.py`).
https://docs.aws.amazon.com/sns/latest/dg/sns-message-data-protection-policies.html
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from fogbank.kernel import AWSError, Context
from fogbank.kernel.data_identifiers import Identifier, custom_of, findings, named
from fogbank.services.sns import errors, limits
from fogbank.services.sns.service import service
from fogbank.services.sns.topic import ON_TOPIC, find, modify

Request = dict[str, Any]
Document = dict[str, Any]
Direction = Literal["Inbound", "Outbound"]

_RATE = re.compile(r"\d{1,2}")
_CUSTOM_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_VENDED = "/aws/vendedlogs/"
# what findings can go to, and the operation that tells whether it is there
_DESTINATIONS = {
    "CloudWatchLogs": ("logs", "DescribeLogGroups", "logGroupNamePrefix"),
    "Firehose": ("firehose", "DescribeDeliveryStream", "DeliveryStreamName"),
    "S3": ("s3", "HeadBucket", "Bucket"),
}


class Denied(Exception):
    """A statement denies the message."""


class Audit(NamedTuple):
    """`rate` is how many of 99 messages are looked at; a destination is `{"CloudWatchLogs": {"LogGroup": ...}}`, also `Firehose`, `S3`."""

    rate: int
    with_findings: Document
    without_findings: Document


class Rule(NamedTuple):
    """`action` is a mask that stands for each character of what was found, an audit, or None where the message is denied."""

    direction: str
    principals: tuple[str, ...]
    excepting: bool
    identifiers: tuple[Identifier, ...]
    action: str | Audit | None

    def concerns(self, direction: Direction, principal: str) -> bool:
        named = "*" in self.principals or principal in self.principals
        return self.direction == direction and named is not self.excepting


def applied(policy: str | None, direction: Direction, principal: str, text: str) -> str:
    """The text as the policy lets it through. Raises Denied."""
    if policy is None:
        return text
    for rule in _rules(policy):
        if isinstance(rule.action, Audit) or not rule.concerns(direction, principal):
            continue
        found = findings(text, rule.identifiers)
        if found and rule.action is None:
            raise Denied
        text = _replaced(text, found, rule.action or "")
    return text


def audits(policy: str, principal: str) -> list[tuple[Audit, tuple[Identifier, ...]]]:
    """What of the messages of that principal is to be told, and what is looked for."""
    found = [rule for rule in _rules(policy) if rule.concerns("Inbound", principal)]
    return [(rule.action, rule.identifiers) for rule in found if isinstance(rule.action, Audit)]


def _replaced(text: str, found: dict[str, list[tuple[int, int]]], mask: str) -> str:
    characters = list(text)
    for start, end in (span for spans in found.values() for span in spans):
        characters[start:end] = [mask] * (end - start)
    return "".join(characters)


@lru_cache(maxsize=256)
def _rules(policy: str) -> list[Rule]:
    document = json.loads(policy)
    rules = [_rule(statement, custom_of(document)) for statement in document["Statement"]]
    return sorted(rules, key=lambda rule: rule.action is not None)  # what is denied is not to be masked first


def _rule(statement: Document, custom: dict[str, str]) -> Rule:
    principals = statement.get("Principal") or statement["NotPrincipal"]
    identifiers = tuple(found for each in statement["DataIdentifier"] if (found := named(each, custom)) is not None)
    action = _action(statement["Operation"])
    return Rule(statement["DataDirection"], tuple(principals), "NotPrincipal" in statement, identifiers, action)


def _action(operation: Document) -> str | Audit | None:
    if "Audit" in operation:
        audit = operation["Audit"]
        destinations = [audit.get(name) or {} for name in ("FindingsDestination", "NoFindingsDestination")]
        return Audit(int(audit["SampleRate"]), *destinations)
    if "Deidentify" in operation:
        return str((operation["Deidentify"].get("MaskConfig") or {}).get("MaskWithCharacter", ""))
    return None


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
    custom = custom_of(document)
    _check_custom(custom)
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
    if "Audit" in operation:
        _check_audit(operation["Audit"])
    for identifier in statement.get("DataIdentifier") or [""]:
        if named(identifier, custom) is None:
            raise _refusal(f"Unknown data identifier: {identifier}")


def _check_custom(custom: dict[str, str]) -> None:
    if len(custom) > limits.CUSTOM_IDENTIFIERS:
        raise _refusal(f"No more than {limits.CUSTOM_IDENTIFIERS} custom data identifiers are allowed")
    for name, regex in custom.items():
        if not _CUSTOM_NAME.fullmatch(name) or len(regex) > limits.CUSTOM_REGEX_LENGTH:
            raise _refusal(f"Invalid custom data identifier: {name}")


def _check_audit(audit: Document) -> None:
    if not _RATE.fullmatch(str(audit.get("SampleRate"))):
        raise _refusal("SampleRate must be an integer from 0 to 99")
    if "FindingsDestination" not in audit and "NoFindingsDestination" not in audit:
        raise _refusal("Audit must have a FindingsDestination or a NoFindingsDestination")
    for name in ("FindingsDestination", "NoFindingsDestination"):
        destination = audit.get(name) or {}
        if not destination.keys() <= _DESTINATIONS.keys():
            raise _refusal(f"{name} must be one of CloudWatchLogs, Firehose and S3")
        group = destination.get("CloudWatchLogs")
        if group is not None and not group["LogGroup"].startswith(_VENDED):
            raise _refusal(f"The name of the LogGroup must start with {_VENDED}")


async def check_destinations(ctx: Context, text: str) -> None:
    """Raises InvalidParameterException where the policy, which was checked, has findings sent to what is not there."""
    for rule in _rules(text):
        if isinstance(rule.action, Audit):
            for destination in (rule.action.with_findings, rule.action.without_findings):
                for kind, where in destination.items():
                    await _check_is_there(ctx, kind, where)


async def _check_is_there(ctx: Context, kind: str, where: Document) -> None:
    service_name, operation, member = _DESTINATIONS[kind]
    (name,) = where.values()
    try:
        found = await ctx.call(service_name, operation, {member: name}, as_caller=True)
    except AWSError as error:
        raise _refusal(f"{kind} {name}: {error.message}") from error
    if kind == "CloudWatchLogs" and all(group["logGroupName"] != name for group in found.get("logGroups") or []):
        raise _refusal(f"{kind} {name}: The specified log group does not exist.")


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
        await check_destinations(scope, text)
    modify(scope, topic, data_protection=text or None)
    return {}


@service.operation(**ON_TOPIC)
async def get_data_protection_policy(ctx: Context, request: Request) -> Request:
    """A topic's policy; nothing when it has none. API_GetDataProtectionPolicy."""
    _, topic = await find(ctx, request["ResourceArn"], "ResourceArn")
    return {"DataProtectionPolicy": topic.data_protection}
