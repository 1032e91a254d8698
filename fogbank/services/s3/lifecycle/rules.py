"""Lifecycle rules as values: what they say of an object, and when. Nothing here reads or writes.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html. Days count from the object's creation, or from when its
successor was created, and end with the midnight (UTC) that follows. Moments are epoch seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from fogbank.services.s3 import settings
from fogbank.services.s3.lifecycle import filters
from fogbank.services.s3.lifecycle.filters import Filter
from fogbank.services.s3.object.walking import Seen
from fogbank.services.s3.records import Object

Document = dict[str, Any]

KIND = "lifecycle"
ALL_CLASSES = "all_storage_classes_128K"
SMALL = 128 * 1024
_DAY = 86400

# What an object of a storage class may be moved to, the cheapest last, but that Intelligent-Tiering comes before
# all but the archives: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
_ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")
_BELOW_STANDARD = ("STANDARD_IA", "ONEZONE_IA", "GLACIER_IR", "INTELLIGENT_TIERING", *_ARCHIVES)
TARGETS: dict[str, tuple[str, ...]] = {
    "": _BELOW_STANDARD,
    "REDUCED_REDUNDANCY": _BELOW_STANDARD,
    "STANDARD_IA": _BELOW_STANDARD[1:],
    "INTELLIGENT_TIERING": ("ONEZONE_IA", "GLACIER_IR", *_ARCHIVES),
    "ONEZONE_IA": _ARCHIVES,
    "GLACIER_IR": _ARCHIVES,
    "GLACIER": ("DEEP_ARCHIVE",),
    "DEEP_ARCHIVE": (),
}


class When(NamedTuple):
    """A number of days after something, or a date."""

    days: int | None = None
    date: float | None = None

    def after(self, moment: float) -> float:
        """When the time has come, counted from `moment`."""
        return end_of(moment, self.days) if self.days is not None else self.date or 0.0


class Step(NamedTuple):
    """A transition; `newer` is how many newer noncurrent versions there have to be."""

    when: When
    storage_class: str
    newer: int = 0


class Rule(NamedTuple):
    """An enabled rule. `end` and `steps` are for current versions, `past_end` and `past_steps` for noncurrent ones.

    `markers`: delete markers that hide nothing go. `abort_days` is the age at which uploads are aborted.
    """

    id: str
    filter: Filter
    end: When | None
    markers: bool
    steps: tuple[Step, ...]
    past_end: Step | None
    past_steps: tuple[Step, ...]
    abort_days: int | None


class Lifecycle(NamedTuple):
    """The enabled rules of a bucket. `minimum` says which objects are too small to be moved by default."""

    rules: tuple[Rule, ...]
    minimum: str


class Verdict(NamedTuple):
    """What is to be done with a version: `remove` it for good, `mark` it as deleted, `move` it to a storage class."""

    action: Literal["remove", "mark", "move", "clean"]
    storage_class: str = ""


def end_of(moment: float, days: int) -> int:
    """The end of a number of days from `moment` on: rounded up to midnight (UTC)."""
    return -(-int(moment + days * _DAY) // _DAY) * _DAY


# -- from a document


@lru_cache(maxsize=256)
def compiled(packed: bytes) -> Lifecycle:
    """The rules in a document as it is kept."""
    document = settings.unpack(packed)
    rules = tuple(_rule(rule) for rule in document["Rules"] if rule["Status"] == "Enabled")
    return Lifecycle(rules, document["TransitionDefaultMinimumObjectSize"])


def _rule(rule: Document) -> Rule:
    end = rule.get("Expiration") or {}
    has_time = "Days" in end or "Date" in end
    past_end = rule.get("NoncurrentVersionExpiration")
    return Rule(
        rule["ID"],
        filters.read(rule),
        _when(end) if has_time else None,
        bool(end.get("ExpiredObjectDeleteMarker")),
        tuple(Step(_when(step), step["StorageClass"]) for step in rule.get("Transitions") or ()),
        _past_step(past_end) if past_end else None,
        tuple(_past_step(step) for step in rule.get("NoncurrentVersionTransitions") or ()),
        (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation"),
    )


def _when(document: Document) -> When:
    return When(document.get("Days"), document.get("Date"))


def _past_step(document: Document) -> Step:
    newer = document.get("NewerNoncurrentVersions") or 0
    return Step(When(document.get("NoncurrentDays", 0)), document.get("StorageClass", ""), newer)


# -- what they say


def expiration(rules: Iterable[Rule], key: str, record: Object) -> tuple[float, str] | None:
    """When a current version expires, and by the rule of which id; None when it does not."""
    ends = [
        (rule.end.after(record.modified), rule.id) for rule in rules if rule.end and rule.filter.matches(key, record)
    ]
    return min(ends, default=None)


def abortion(rules: Iterable[Rule], key: str, initiated: float) -> tuple[int, str] | None:
    """When an upload is aborted, and by which rule."""
    ends = [
        (end_of(initiated, rule.abort_days), rule.id)
        for rule in rules
        if rule.abort_days is not None and rule.filter.matches_key(key)
    ]
    return min(ends, default=None)


def judge(lifecycle: Lifecycle, seen: Seen, now: float, is_versioned: bool) -> Verdict | None:
    """What is due for a version. Removing comes before moving, moving before marking."""
    rules = [rule for rule in lifecycle.rules if rule.filter.matches(seen.key, seen.record)]
    if not rules:
        return None
    if not seen.is_latest:
        return _judge_past(lifecycle, rules, seen, now)
    if seen.record.deleted:
        return _judge_marker(rules, seen.record, now)
    found = expiration(rules, seen.key, seen.record)
    is_over = found is not None and found[0] <= now
    if is_over and not is_versioned:
        return Verdict("remove")
    steps = ((rule, step) for rule in rules for step in rule.steps if step.when.after(seen.record.modified) <= now)
    target = _target(lifecycle, seen.record, steps)
    if target is not None:
        return Verdict("move", target)
    return Verdict("mark") if is_over else None


def _judge_past(lifecycle: Lifecycle, rules: list[Rule], seen: Seen, now: float) -> Verdict | None:
    def is_due(step: Step | None) -> bool:
        return step is not None and seen.newer >= step.newer and step.when.after(seen.succeeded) <= now

    if any(is_due(rule.past_end) for rule in rules):
        return Verdict("remove")
    if seen.record.deleted:
        return None
    target = _target(
        lifecycle, seen.record, ((rule, step) for rule in rules for step in rule.past_steps if is_due(step))
    )
    return None if target is None else Verdict("move", target)


def _judge_marker(rules: list[Rule], record: Object, now: float) -> Verdict | None:
    """A delete marker goes when it hides nothing, which the caller has to see to, and is old enough if rules ask for that."""
    for rule in rules:
        if rule.markers or (rule.end is not None and rule.end.after(record.modified) <= now):
            return Verdict("clean")
    return None


def _target(lifecycle: Lifecycle, record: Object, steps: Iterator[tuple[Rule, Step]]) -> str | None:
    """The cheapest of the classes that the object may be moved to."""
    possible = TARGETS.get(record.storage_class, ())
    wanted = {step.storage_class for rule, step in steps if _is_large_enough(lifecycle, rule, step, record)}
    return next((target for target in reversed(possible) if target in wanted), None)


def _is_large_enough(lifecycle: Lifecycle, rule: Rule, step: Step, record: Object) -> bool:
    """Small objects stay where they are, unless the rule's filter speaks of sizes, or the archives take them."""
    if record.size >= SMALL or rule.filter.bounds_size:
        return True
    return lifecycle.minimum != ALL_CLASSES and step.storage_class in _ARCHIVES
