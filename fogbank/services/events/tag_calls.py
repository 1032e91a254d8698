"""What a call says about the tags of a resource, as its service's model has it: each service calls these things otherwise.

A call is about tags when its request has a member for tags (`Tags`, `TagKeys`, `Tagging`), or its name says so (`DeleteBucketTagging`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from fogbank import protocols
from fogbank.protocols.model import OperationModel

Document = dict[str, Any]
Tags = dict[str, str]

_MEMBERS = frozenset({"tags", "taglist", "tagset", "tagging", "tagkeys", "tagkeylist", "resourcetags"})
_CHANGES = re.compile(r"(Un)?[Tt]ag|(Add|Remove|Create|Delete)Tags|(Add|Remove)\w*Tags|(Put|Delete)\w*Tagging")
_READS = re.compile(r"(Get|Describe|List)")
_ARN = re.compile(r"arn:[^:]+:([^:]+):[^:]*:[^:]*:(.+)")
# the type of resources whose ARNs tell none
_UNTOLD = {"s3": "bucket", "sns": "topic", "sqs": "queue"}


def is_about_tags(name: str, request: Document) -> bool:
    """Does a call of that operation set or take away tags?"""
    return not _READS.match(name) and (changes_tags(name) or bool(given(request)))


def changes_tags(name: str) -> bool:
    """Is it about the tags of something that is there already?"""
    return _CHANGES.match(name) is not None


def given(document: Document) -> Tags:
    """The tags in a request or an answer, and the keys of those that are to go, with empty values."""
    tags: Tags = {}
    for name, value in document.items():
        if name.lower() in _MEMBERS and value:
            tags |= _read(value)
    return tags


def _read(value: Any) -> Tags:
    if isinstance(value, dict):
        inner = next((each for name, each in value.items() if name.lower() == "tagset"), None)
        return _read(inner) if isinstance(inner, list) else {key: str(each) for key, each in value.items()}
    return dict(_pair(each) for each in value) if isinstance(value, list) else {}


def _pair(each: Any) -> tuple[str, str]:
    """A tag of a list, whatever its members are called: `Key`, `key`, `TagKey`; or only its key."""
    if not isinstance(each, dict):
        return str(each), ""
    named = {name.lower().removeprefix("tag"): value for name, value in each.items()}
    return str(named.get("key")), str(named.get("value") or "")


# -- where the tags of a resource are read


def reading(service: str, request: Document) -> tuple[str, Document] | None:
    """The operation that shows the tags of what a request names, and its request; None where there is none."""
    naming = {name: value for name, value in request.items() if value is not None and name.lower() not in _MEMBERS}
    found = _reader(service, frozenset(naming))
    if found is None:
        return None
    members = protocols.load(service).operations[found].input_shape.members  # type: ignore[union-attr]
    return found, {name: value for name, value in naming.items() if name in members}


@lru_cache(maxsize=1024)
def _reader(service: str, naming: frozenset[str]) -> str | None:
    """Of the operations that show tags and need to be told no more, one that is for tags, and is told most."""
    model = protocols.load(service)
    fitting = [
        (bool(re.search("Tag", name)), len(naming & set(operation.input_shape.members)), name)
        for name, operation in model.operations.items()
        if operation.input_shape is not None and _shows_tags(operation, naming)
    ]
    return max(fitting)[2] if fitting else None


def _shows_tags(operation: OperationModel, naming: frozenset[str]) -> bool:
    shape, answer = operation.input_shape, operation.output_shape
    if shape is None or answer is None or not _READS.match(operation.name):
        return False
    is_told = set(shape.required) <= naming and naming & set(shape.members)
    return bool(is_told) and any(name.lower() in _MEMBERS for name in answer.members)


# -- resources


def arns_in(answer: Document, depth: int = 2) -> Iterator[str]:
    """The ARNs that an answer gives to what was made."""
    for name, value in answer.items():
        if isinstance(value, dict) and depth > 1:
            yield from arns_in(value, depth - 1)
        elif name.lower().endswith("arn") and isinstance(value, str) and _ARN.fullmatch(value):
            yield value


def kind_of(arn: str) -> tuple[str, str]:
    """The service and the type of a resource: `ec2`, `instance`."""
    found = _ARN.fullmatch(arn)
    if found is None:
        return "", ""
    service, resource = found.groups()
    kind, parted, _ = re.sub(r"^/", "", resource).replace("/", ":", 1).partition(":")
    return service, kind if parted and service not in _UNTOLD else _UNTOLD.get(service, kind)
