"""Staging labels: which version has which. Pure: a map from label to version id goes in, a new one comes out.

A label is on one version at a time. Where AWSCURRENT leaves a version, AWSPREVIOUS follows it there.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version
"""

from __future__ import annotations

from collections.abc import Iterable

from fogbank.services.secretsmanager import errors, limits

CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"
PENDING = "AWSPENDING"

Stages = dict[str, str]


def of_version(stages: Stages, version: str) -> list[str]:
    """The labels of a version."""
    return [label for label, owner in stages.items() if owner == version]


def by_version(stages: Stages) -> dict[str, list[str]]:
    """The labels of each version that has one."""
    found: dict[str, list[str]] = {}
    for label, version in stages.items():
        found.setdefault(version, []).append(label)
    return found


def attached(stages: Stages, version: str, labels: Iterable[str]) -> Stages:
    """With the labels moved to the version, from wherever they are. Raises LimitExceededException."""
    after = dict(stages)
    for label in labels:
        left = after.get(label)
        after[label] = version
        if label == CURRENT and left is not None and left != version:
            after[PREVIOUS] = left
    if len(after) > limits.STAGES_PER_SECRET:
        raise errors.too_many_stages()
    return after


def for_new_version(stages: Stages, version: str, labels: Iterable[str] | None) -> Stages:
    """With a version put on: under the labels asked for, else as the current one. The first version is current in any case."""
    wanted = [CURRENT] if labels is None else list(labels)
    if CURRENT not in stages and CURRENT not in wanted:
        wanted.append(CURRENT)
    return attached(stages, version, wanted)


def moved(stages: Stages, label: str, source: str | None, target: str | None) -> Stages:
    """With the label taken from version `source`, put on version `target`, or both. Raises InvalidParameterException.

    API_UpdateSecretVersionStage: a label that is on a version has to be taken from it by name.
    """
    owner = stages.get(label)
    if source is None and target is None:
        raise errors.nothing_to_move()
    if source is not None and owner != source:
        raise errors.not_attached_to(label, source)
    if target is None:
        if label == CURRENT:
            raise errors.current_must_be_somewhere()
        return {name: version for name, version in stages.items() if name != label}
    if source is None and owner is not None and owner != target:
        raise errors.must_remove_from(label, owner)
    return attached(stages, target, [label])
