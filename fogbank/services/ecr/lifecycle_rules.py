"""The language of lifecycle policies: read, checked, and decided over the images of a repository. Nothing here touches the store.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from fogbank.services.ecr import limits

_DAY = 86400.0
_COUNTS = ("imageCountMoreThan", "sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned")
_MOST_WILDCARDS = 4


class BadPolicy(ValueError):
    """The text says what is wrong."""


class Rule(NamedTuple):
    """`patterns` are of tags, with `*`, all of which an image has to have; `counts` says what `number` is of."""

    priority: int
    status: str
    patterns: tuple[str, ...]
    counts: str
    number: int
    storage: str
    action: str

    def selects(self, image: Candidate) -> bool:
        """Is the image one that the rule counts?"""
        if image.is_archived != (self.storage == "archive"):
            return False
        if self.status == "any":
            return True
        if self.status == "untagged":
            return not image.tags
        return all(any(fnmatchcase(tag, pattern) for tag in image.tags) for pattern in self.patterns)


class Candidate(NamedTuple):
    """An image as the rules see it; times in epoch seconds. `is_held`: an index has it, so that it cannot go."""

    digest: str
    tags: Sequence[str]
    pushed: float
    pulled: float
    archived: float
    is_archived: bool
    is_held: bool


class Verdict(NamedTuple):
    digest: str
    priority: int
    action: str


# -- reading


def read(text: str) -> list[Rule]:
    """The rules, in the order of their priorities. Raises BadPolicy."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise BadPolicy("string [ ] is not valid JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("rules"), list) or not document["rules"]:
        raise BadPolicy('object has missing required properties (["rules"])')
    if unknown := set(document) - {"rules"}:
        raise BadPolicy(f"object instance has properties which are not allowed by the schema: {sorted(unknown)}")
    if len(document["rules"]) > limits.LIFECYCLE_RULES:
        raise BadPolicy(f"the array has more than {limits.LIFECYCLE_RULES} rules")
    rules = sorted((_rule(each) for each in document["rules"]), key=lambda rule: rule.priority)
    _check_together(rules)
    return rules


def _rule(given: Any) -> Rule:
    if not isinstance(given, dict):
        raise BadPolicy('instance type does not match any allowed primitive type (allowed: ["object"])')
    for name in ("rulePriority", "selection", "action"):
        if name not in given:
            raise BadPolicy(f'object has missing required properties (["{name}"])')
    if unknown := set(given) - {"rulePriority", "description", "selection", "action"}:
        raise BadPolicy(f"object instance has properties which are not allowed by the schema: {sorted(unknown)}")
    priority = _positive(given["rulePriority"], "rulePriority")
    selection, action = given["selection"], given["action"]
    if not isinstance(selection, dict) or not isinstance(action, dict):
        raise BadPolicy('instance type does not match any allowed primitive type (allowed: ["object"])')
    status = _one_of(selection.get("tagStatus"), ("tagged", "untagged", "any"), "tagStatus")
    count = _one_of(selection.get("countType"), _COUNTS, "countType")
    number = _positive(selection.get("countNumber"), "countNumber")
    _check_unit(selection, count)
    kind = _one_of(action.get("type"), ("expire", "transition"), "action.type")
    if kind == "transition":
        _one_of(action.get("targetStorageClass"), ("archive",), "targetStorageClass")
    storage = _one_of(selection.get("storageClass", "standard"), ("standard", "archive"), "storageClass")
    if (count == "sinceImageTransitioned") != (storage == "archive"):
        raise BadPolicy("storageClass archive and countType sinceImageTransitioned go together")
    if storage == "archive" and kind == "transition":
        raise BadPolicy("archived images can only expire")
    return Rule(priority, status, _patterns(selection, status), count, number, storage, kind)


def _positive(given: Any, name: str) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or given < 1:
        raise BadPolicy(f"{name} must be an integer that is at least 1")
    return given


def _one_of(given: Any, values: tuple[str, ...], name: str) -> str:
    if given not in values:
        raise BadPolicy(
            f"instance value ({json.dumps(given)}) of {name} not found in enum (possible values: {json.dumps(values)})"
        )
    return str(given)


def _check_unit(selection: dict[str, Any], count: str) -> None:
    if count == "imageCountMoreThan":
        if "countUnit" in selection:
            raise BadPolicy("countUnit is not allowed with countType imageCountMoreThan")
    else:
        _one_of(selection.get("countUnit"), ("days",), "countUnit")


def _patterns(selection: dict[str, Any], status: str) -> tuple[str, ...]:
    prefixes, patterns = selection.get("tagPrefixList"), selection.get("tagPatternList")
    if status != "tagged":
        if prefixes or patterns:
            raise BadPolicy("tagPrefixList and tagPatternList are only allowed with tagStatus tagged")
        return ()
    if bool(prefixes) == bool(patterns):
        raise BadPolicy("exactly one of tagPrefixList and tagPatternList is required with tagStatus tagged")
    given = prefixes or patterns
    if not isinstance(given, list) or not all(isinstance(each, str) and each for each in given):
        raise BadPolicy("tagPrefixList and tagPatternList are lists of strings")
    if patterns and any(each.count("*") > _MOST_WILDCARDS for each in given):
        raise BadPolicy(f"a tag pattern has at most {_MOST_WILDCARDS} wildcards (*)")
    return tuple(f"{each}*" for each in given) if prefixes else tuple(given)


def _check_together(rules: Sequence[Rule]) -> None:
    priorities = [rule.priority for rule in rules]
    if len(set(priorities)) < len(priorities):
        raise BadPolicy("Rule priorities must be unique")
    for storage in ("standard", "archive"):
        of_class = [rule for rule in rules if rule.storage == storage]
        for action in ("expire", "transition"):
            alike = [rule for rule in of_class if rule.action == action]
            if sum(rule.status == "untagged" for rule in alike) > 1:
                raise BadPolicy("There can only be one rule that selects untagged images")
            if any(rule.status == "any" for rule in alike[:-1]):
                raise BadPolicy("A rule with tagStatus any must have the lowest priority")


# -- deciding


def decide(rules: Iterable[Rule], images: Iterable[Candidate], now: float) -> list[Verdict]:
    """What is to become of which images.

    All rules look at all images, and then have their say in the order of their priorities: an image that a rule selects by its tags is
    out of reach for those after it, whether or not the rule lets it go.
    """
    everything = sorted(images, key=lambda image: (image.pushed, image.digest))
    verdicts: list[Verdict] = []
    settled: set[str] = set()
    for rule in rules:
        selected = [image for image in everything if rule.selects(image)]
        for image in _ripe(rule, selected, now):
            if image.digest not in settled and not image.is_held:
                verdicts.append(Verdict(image.digest, rule.priority, rule.action))
                settled.add(image.digest)
        if rule.status != "any":
            settled.update(image.digest for image in selected)
    return verdicts


def _ripe(rule: Rule, selected: Sequence[Candidate], now: float) -> Sequence[Candidate]:
    """Those of the selected images, the oldest first, that are too many or too old."""
    if rule.counts == "imageCountMoreThan":
        return selected[: max(len(selected) - rule.number, 0)]
    limit = now - rule.number * _DAY
    return [image for image in selected if _since(rule, image) <= limit]


def _since(rule: Rule, image: Candidate) -> float:
    if rule.counts == "sinceImagePulled":
        return image.pulled or image.pushed
    return image.archived if rule.counts == "sinceImageTransitioned" else image.pushed
