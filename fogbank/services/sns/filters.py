"""Filter policies: SNS's own rules about them, and what of a message they look at. The matching is `kernel.patterns`'.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html and subscription-filter-policy-constraints.html
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from fogbank.kernel import patterns
from fogbank.services.sns import errors, limits
from fogbank.services.sns.message_attributes import Attributes, is_binary

ATTRIBUTES, BODY = "MessageAttributes", "MessageBody"


def check(text: str, scope: str, prefix: str = "") -> None:
    """Raises InvalidParameterException, with `prefix` before what is wrong."""
    if len(text.encode()) > limits.FILTER_BYTES:
        raise errors.invalid(f"{prefix}FilterPolicy: Filter policy is too large")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise errors.invalid(f"{prefix}FilterPolicy: failed to parse JSON.") from None
    if isinstance(document, dict) and not document:
        return
    try:
        pattern = patterns.compile(text, patterns.SNS)
    except patterns.InvalidPattern as error:
        raise errors.invalid(f"{prefix}FilterPolicy: {error}") from None
    except RecursionError:
        raise errors.invalid(f"{prefix}FilterPolicy: Filter policy is too complex") from None
    reason = _excess(document, scope, pattern.combinations)
    if reason:
        raise errors.invalid(f"{prefix}FilterPolicy: {reason}")


def _excess(document: dict[str, Any], scope: str, alternatives: int) -> str | None:
    if scope == ATTRIBUTES and any(isinstance(value, dict) for value in document.values()):
        return "Filter policy scope MessageAttributes does not support nested filter policy"
    if _keys(document) > limits.FILTER_KEYS:
        return f"Filter policy can not have more than {limits.FILTER_KEYS} keys"
    if max(_combinations(document, 1), alternatives) > limits.FILTER_COMBINATIONS:
        return "Filter policy is too complex"
    return None


def _keys(node: Any) -> int:
    """How many fields there are that have an array of conditions."""
    if isinstance(node, dict):
        return sum(
            max(map(_keys, value), default=0) if name == "$or" and isinstance(value, list) else _keys(value)
            for name, value in node.items()
        )
    return 1


def _combinations(node: Any, level: int) -> int:
    """The values of all arrays multiplied; deeper ones weigh as much more as they are deep."""
    if isinstance(node, list):
        return max(len(node), 1) * level
    if not isinstance(node, dict):
        return 1
    product = 1
    for name, value in node.items():
        if name == "$or" and isinstance(value, list):
            product *= sum(_combinations(each, level) for each in value)
        else:
            product *= _combinations(value, level + 1 if isinstance(value, dict) else level)
    return product


def lets_through(policy: str, scope: str, body: str, attributes: Attributes) -> bool:
    """Does a message get to a subscription with that filter policy?"""
    if policy == "{}":
        return True
    found = _body(body) if scope == BODY else _attributes(attributes)
    return found is not None and patterns.compile(policy, patterns.SNS)(found)


def reason(scope: str, body: str, attributes: Attributes) -> str:
    """Why a message did not get through, as the metrics name it."""
    if scope == BODY:
        return "MessageBody" if _body(body) is not None else "InvalidMessageBody"
    return "MessageAttributes" if attributes else "NoMessageAttributes"


@lru_cache(maxsize=16)
def _body(text: str) -> dict[str, Any] | None:
    """The body as an object; what is none gets through no filter."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _attributes(attributes: Attributes) -> dict[str, Any]:
    """String, String.Array and Number attributes as values; others are not looked at."""
    found: dict[str, Any] = {}
    for name, (data_type, value) in attributes.items():
        if is_binary(data_type):
            continue
        if data_type == "String.Array":
            found[name] = json.loads(value)
        elif data_type.partition(".")[0] == "Number":
            found[name] = int(value) if value.isdigit() else float(value)
        else:
            found[name] = value
    return found
