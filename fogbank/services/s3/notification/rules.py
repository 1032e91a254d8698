"""Notification configurations as values: are they well-formed, and who is to be told of an event?

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from typing import Any, NamedTuple

import msgspec

from fogbank.services.s3 import errors

Document = dict[str, Any]

FILTER_VALUE_BYTES = 1024

# Lists of the document: the service that they are about, the member with its ARN, and that one's name on the wire.
KINDS = {
    "QueueConfigurations": ("sqs", "QueueArn", "Queue"),
    "TopicConfigurations": ("sns", "TopicArn", "Topic"),
    "LambdaFunctionConfigurations": ("lambda", "LambdaFunctionArn", "CloudFunction"),
}

_EVERY = "*"
_EVENTS = {
    "ObjectCreated": (_EVERY, "Put", "Post", "Copy", "CompleteMultipartUpload"),
    "ObjectRemoved": (_EVERY, "Delete", "DeleteMarkerCreated"),
    "ObjectRestore": (_EVERY, "Post", "Completed", "Delete"),
    "ObjectTagging": (_EVERY, "Put", "Delete"),
    "ObjectAnnotation": (_EVERY, "Put", "Delete"),
    "ObjectRetention": ("Put",),
    "ObjectAcl": ("Put",),
    "LifecycleExpiration": (_EVERY, "Delete", "DeleteMarkerCreated"),
    "Replication": (
        _EVERY,
        "OperationFailedReplication",
        "OperationNotTracked",
        "OperationMissedThreshold",
        "OperationReplicatedAfterThreshold",
    ),
}
EVENTS = frozenset(
    {"s3:ReducedRedundancyLostObject", "s3:LifecycleTransition", "s3:IntelligentTiering"}
    | {f"s3:{noun}:{verb}" for noun, verbs in _EVENTS.items() for verb in verbs}
)


class Rule(NamedTuple):
    """Who is told of what: `service` is the destination's, `events` are without `s3:`."""

    id: str
    service: str
    arn: str
    events: tuple[str, ...]
    prefix: str
    suffix: str

    def wants(self, event: str, key: str) -> bool:
        return (
            key.startswith(self.prefix)
            and key.endswith(self.suffix)
            and any(_covers(own, event) for own in self.events)
        )


class Rules(NamedTuple):
    rules: tuple[Rule, ...]
    event_bridge: bool


_unpack = msgspec.msgpack.Decoder(Document).decode


@lru_cache(maxsize=1024)
def compiled(packed: bytes) -> Rules:
    """The rules of a stored document."""
    document = _unpack(packed)
    return Rules(tuple(each(document)), "EventBridgeConfiguration" in document)


def each(document: Document) -> Iterator[Rule]:
    for member, (service, arn, _) in KINDS.items():
        for entry in document.get(member) or ():
            names = filter_of(entry)
            events = tuple(event.removeprefix("s3:") for event in entry["Events"])
            yield Rule(entry["Id"], service, entry[arn], events, names.get("prefix", ""), names.get("suffix", ""))


def filter_of(entry: Document) -> dict[str, str]:
    """Prefix and suffix of a configuration, as far as there are any."""
    return {rule["Name"].lower(): rule.get("Value") or "" for rule in _filter_rules(entry)}


def _filter_rules(entry: Document) -> list[Document]:
    return ((entry.get("Filter") or {}).get("Key") or {}).get("FilterRules") or []


def _covers(one: str, other: str) -> bool:
    return one == other or (one[-1] == _EVERY and other.startswith(one[:-1]))


# -- checking


def checked(document: Document, new_id: Any) -> Document:
    """The document as S3 keeps it: each configuration with an id, made by `new_id` where none is given. Raises InvalidArgument."""
    kept: Document = {}
    for member in KINDS:
        entries = document.get(member) or []
        for entry in entries:
            _check_entry(entry)
        if entries:
            kept[member] = [_completed(entry, new_id) for entry in entries]
    if document.get("EventBridgeConfiguration") is not None:
        kept["EventBridgeConfiguration"] = {}
    _check_together(list(each(kept)))
    return kept


def _completed(entry: Document, new_id: Any) -> Document:
    """S3 gives the names of filter rules back in its own spelling."""
    entry = {**entry, "Id": entry.get("Id") or new_id()}
    if _filter_rules(entry):
        rules = [{**rule, "Name": rule["Name"].capitalize()} for rule in _filter_rules(entry)]
        entry["Filter"] = {"Key": {"FilterRules": rules}}
    return entry


def _check_entry(entry: Document) -> None:
    for event in entry["Events"]:
        if event not in EVENTS:
            raise errors.invalid_argument("The event is not supported for notifications", "Event", event)
    names: set[str] = set()
    for rule in _filter_rules(entry):
        _check_filter(rule, names)


def _check_filter(rule: Document, names: set[str]) -> None:
    name, value = (rule.get("Name") or "").lower(), rule.get("Value") or ""
    if name not in ("prefix", "suffix"):
        raise errors.invalid_argument(
            "filter rule name must be either prefix or suffix", "FilterRule.Name", rule.get("Name") or ""
        )
    if name in names:
        raise errors.invalid_argument(f"Cannot specify more than one {name} rule in a filter.", "FilterRule.Name", name)
    names.add(name)
    if len(value.encode()) > FILTER_VALUE_BYTES:
        raise errors.invalid_argument(
            f"Size of filter rule value cannot exceed {FILTER_VALUE_BYTES} bytes in UTF-8 representation",
            "FilterRule.Value",
            value,
        )


def _check_together(rules: list[Rule]) -> None:
    ids = [rule.id for rule in rules]
    twice = next((each for each in ids if ids.count(each) > 1), None)
    if twice is not None:
        raise errors.invalid_argument("Same ID used for multiple configurations. IDs must be unique", "Id", twice)
    for one, other in combinations(rules, 2):
        if _share_events(one, other) and _overlap(one, other):
            raise _ambiguous(one, other)


def _share_events(one: Rule, other: Rule) -> bool:
    return any(_covers(mine, theirs) or _covers(theirs, mine) for mine in one.events for theirs in other.events)


def _overlap(one: Rule, other: Rule) -> bool:
    """Is there a key that both would be told of?"""
    prefixes = one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)
    return prefixes and (one.suffix.endswith(other.suffix) or other.suffix.endswith(one.suffix))


def _ambiguous(one: Rule, other: Rule) -> Exception:
    message = (
        "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for "
        "the same event type."
    )
    if not (one.prefix or one.suffix or other.prefix or other.suffix):
        message = "Configurations overlap. Configurations on the same bucket cannot share a common event type."
    return errors.invalid_argument(message, "Id", other.id)
