"""What S3 refuses in a lifecycle configuration, in its words and order.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, pairwise
from typing import Any

from fogbank.services.s3 import errors
from fogbank.services.s3.lifecycle import filters
from fogbank.services.s3.lifecycle.rules import TARGETS

Document = dict[str, Any]

MOST_RULES = 1000
_ID_LENGTH = 255
_MOST_NEWER = 100
_DAY = 86400
# Objects stay in a class of infrequent access for 30 days, and come there after 30 days.
_INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
_STAY = 30
_ACTIONS = (
    "Expiration",
    "Transitions",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionTransitions",
    "AbortIncompleteMultipartUpload",
)


def check(rules: list[Document]) -> None:
    """Raise MalformedXML, InvalidArgument or InvalidRequest unless S3 would take these rules."""
    if not 0 < len(rules) <= MOST_RULES:
        raise errors.malformed_xml()
    _check_ids(rules)
    _check_schema(rules)
    for rule in rules:
        _check_rule(rule)
    _check_overlaps(rules)


def _check_ids(rules: list[Document]) -> None:
    ids = [rule["ID"] for rule in rules if rule.get("ID")]
    for name in ids:
        if len(name) > _ID_LENGTH:
            raise errors.invalid_argument("ID length should not exceed allowed limit of 255", "ID", name)
    if len(set(ids)) < len(ids):
        raise errors.invalid_argument("Rule ID must be unique. Found same ID for more than one rule", "ID", ids[-1])


def _check_schema(rules: list[Document]) -> None:
    """Each rule has a Filter or, as they once had, a Prefix; never both, and all of them the same."""
    with_filter = [rule for rule in rules if "Filter" in rule]
    for rule in rules:
        if ("Filter" in rule) == ("Prefix" in rule):
            raise errors.malformed_xml()
    if with_filter and len(with_filter) < len(rules):
        raise errors.invalid_request(
            "Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the Filter."
        )


def _check_rule(rule: Document) -> None:
    filters.check(rule.get("Filter"))
    if not any(action in rule for action in _ACTIONS):
        raise errors.invalid_request("At least one action needs to be specified in a rule")
    _check_expiration(rule)
    _check_transitions(rule)
    _check_noncurrent(rule)
    _check_abort(rule)


def _scope(rule: Document) -> str:
    """How S3 names what a rule is about."""
    if "Filter" not in rule:
        return f"prefix '{rule['Prefix']}'"
    found = filters.read(rule)
    parts = [f"prefix={found.prefix}", *(f"tag: key={key}, value={value}" for key, value in found.tags)]
    return f"filter '({' and '.join(parts)})'"


def _positive(value: Any, name: str, action: str) -> None:
    if value is not None and value <= 0:
        raise errors.invalid_argument(f"'{name}' for {action} action must be a positive integer", name, value)


def _midnight(document: Document) -> None:
    date = document.get("Date")
    if date is not None and date % _DAY:
        raise errors.invalid_argument("'Date' must be at midnight GMT", "Date", int(date))


# -- expiration and transitions of current versions


def _check_expiration(rule: Document) -> None:
    document = rule.get("Expiration")
    if document is None:
        return
    if len(document) != 1:
        raise errors.malformed_xml()
    _positive(document.get("Days"), "Days", "Expiration")
    _midnight(document)
    if document.get("ExpiredObjectDeleteMarker") and filters.read(rule).tags:
        raise errors.invalid_request("ExpiredObjectDeleteMarker cannot be specified with Tags.")


def _check_transitions(rule: Document) -> None:
    steps = rule.get("Transitions") or []
    for step in steps:
        if "StorageClass" not in step or ("Days" in step) == ("Date" in step):
            raise errors.malformed_xml()
        _midnight(step)
        if "Days" in step:
            _check_days(step, "Days", "Transition")
    _check_classes(rule, steps, "Transition")
    _check_units(rule, steps)
    _check_order(rule, steps, "Days", "Transition")
    _check_end(rule, rule.get("Expiration") or {}, steps)


def _check_days(step: Document, name: str, action: str) -> None:
    days, storage_class = step[name], step["StorageClass"]
    if days < 0:
        raise errors.invalid_argument(f"'{name}' in {action} action must be nonnegative", name, days)
    if storage_class in _INFREQUENT and days < _STAY:
        raise errors.invalid_argument(
            f"'{name}' in {action} action must be greater than or equal to {_STAY} for storageClass '{storage_class}'",
            name,
            days,
        )


def _check_classes(rule: Document, steps: list[Document], action: str) -> None:
    classes = [step["StorageClass"] for step in steps]
    if len(set(classes)) < len(classes):
        raise errors.invalid_request(
            f"'StorageClass' must be different for '{action}' actions in same 'Rule' with {_scope(rule)}"
        )


def _check_units(rule: Document, steps: list[Document]) -> None:
    """Days and dates are not mixed."""
    of_steps = {name for step in steps for name in ("Days", "Date") if name in step}
    of_end = {name for name in ("Days", "Date") if name in (rule.get("Expiration") or {})}
    if len(of_steps) > 1:
        raise errors.invalid_request(
            f"Found mixed 'Date' and 'Days' based Transition actions in lifecycle rule for {_scope(rule)}"
        )
    if of_steps and of_end and of_steps != of_end:
        raise errors.invalid_request(
            f"Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for {_scope(rule)}"
        )


def _check_order(rule: Document, steps: list[Document], name: str, action: str) -> None:
    """A cheaper class comes later, and 30 days after a class of infrequent access."""
    timed = sorted((step for step in steps if name in step), key=lambda step: _CHEAPNESS.index(step["StorageClass"]))
    for earlier, later in pairwise(timed):
        first, second = earlier["StorageClass"], later["StorageClass"]
        gap = _STAY if first in _INFREQUENT else 1
        if later[name] < earlier[name] + gap:
            how = f"{_STAY} days more than" if gap == _STAY else "greater than"
            raise errors.invalid_argument(
                f"'{name}' in the '{second}' {action} action for {_scope(rule)} must be {how} '{name}' in the "
                f"'{first}' {action} action",
                name,
                later[name],
            )


_CHEAPNESS = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
assert set(_CHEAPNESS) == set(TARGETS[""])


def _check_end(rule: Document, end: Document, steps: list[Document]) -> None:
    for name, how in (("Days", "greater"), ("Date", "later")):
        latest = max((step[name] for step in steps if name in step), default=None)
        if name in end and latest is not None and end[name] <= latest:
            raise errors.invalid_argument(
                f"'{name}' in the Expiration action for {_scope(rule)} must be {how} than '{name}' in the Transition action",
                name,
                end[name],
            )


# -- noncurrent versions and uploads


def _check_noncurrent(rule: Document) -> None:
    end, steps = rule.get("NoncurrentVersionExpiration"), rule.get("NoncurrentVersionTransitions") or []
    if end is not None:
        if "NoncurrentDays" not in end:
            raise errors.malformed_xml()
        _positive(end["NoncurrentDays"], "NoncurrentDays", "NoncurrentVersionExpiration")
        _check_newer(end, "NoncurrentVersionExpiration")
    for step in steps:
        if "StorageClass" not in step or "NoncurrentDays" not in step:
            raise errors.malformed_xml()
        _check_days(step, "NoncurrentDays", "NoncurrentVersionTransition")
        _check_newer(step, "NoncurrentVersionTransition")
    _check_classes(rule, steps, "NoncurrentVersionTransition")
    _check_order(rule, steps, "NoncurrentDays", "NoncurrentVersionTransition")
    latest = max((step["NoncurrentDays"] for step in steps), default=None)
    if end is not None and latest is not None and end["NoncurrentDays"] <= latest:
        raise errors.invalid_argument(
            f"'NoncurrentDays' in the NoncurrentVersionExpiration action for {_scope(rule)} must be greater than "
            "'NoncurrentDays' in the NoncurrentVersionTransition action",
            "NoncurrentDays",
            end["NoncurrentDays"],
        )


def _check_newer(document: Document, action: str) -> None:
    newer = document.get("NewerNoncurrentVersions")
    _positive(newer, "NewerNoncurrentVersions", action)
    if newer is not None and newer > _MOST_NEWER:
        raise errors.invalid_argument(
            f"'NewerNoncurrentVersions' for {action} action must be less than or equal to {_MOST_NEWER}",
            "NewerNoncurrentVersions",
            newer,
        )


def _check_abort(rule: Document) -> None:
    document = rule.get("AbortIncompleteMultipartUpload")
    if document is None:
        return
    if "DaysAfterInitiation" not in document:
        raise errors.malformed_xml()
    _positive(document["DaysAfterInitiation"], "DaysAfterInitiation", "AbortIncompleteMultipartUpload")
    found = filters.read(rule)
    if found.tags:
        raise errors.invalid_request("AbortIncompleteMultipartUpload cannot be specified with Tags.")
    if found.bounds_size:
        raise errors.invalid_request("AbortIncompleteMultipartUpload cannot be specified with Object Size.")


# -- several rules


def _check_overlaps(rules: Iterable[Document]) -> None:
    """Rules that have a Prefix in place of a Filter may not say the same of the same objects."""
    plain = [rule for rule in rules if "Prefix" in rule]
    for one, other in combinations(plain, 2):
        shorter, longer = sorted((one["Prefix"] or "", other["Prefix"] or ""), key=len)
        shared = [action for action in _ACTIONS if one.get(action) and other.get(action)]
        if shared and longer.startswith(shorter):
            name = shared[0].removesuffix("s")
            raise errors.invalid_request(
                f"Found overlapping prefixes '{shorter}' and '{longer}' for same action type '{name}'"
            )
