"""Which objects a rule is about: the filters of lifecycle, replication, analytics and tiering, and their rules of form.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-filters.html
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fogbank.services.s3 import errors
from fogbank.services.s3.records import Object

Document = dict[str, Any]

_SIZES = ("ObjectSizeGreaterThan", "ObjectSizeLessThan")


class Filter(NamedTuple):
    """All of it has to be met. `greater_than` and `less_than` are sizes in bytes, None for no bound."""

    prefix: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    greater_than: int | None = None
    less_than: int | None = None

    @property
    def bounds_size(self) -> bool:
        return self.greater_than is not None or self.less_than is not None

    def matches(self, key: str, record: Object) -> bool:
        return self.matches_key(key) and self._matches_object(record)

    def matches_key(self, key: str) -> bool:
        return key.startswith(self.prefix)

    def _matches_object(self, record: Object) -> bool:
        if self.bounds_size and record.deleted:
            return False
        if self.greater_than is not None and record.size <= self.greater_than:
            return False
        if self.less_than is not None and record.size >= self.less_than:
            return False
        tags = record.traits.tags
        return all(tags.get(key) == value for key, value in self.tags)


def read(rule: Document) -> Filter:
    """The filter of a rule: its `Filter`, or the `Prefix` that older rules have in its place."""
    document = rule.get("Filter")
    if document is None:
        return Filter(rule.get("Prefix") or "")
    inner = document.get("And") or document
    tags = inner.get("Tags") or ([inner["Tag"]] if inner.get("Tag") else [])
    return Filter(
        inner.get("Prefix") or "",
        tuple((tag["Key"], tag["Value"]) for tag in tags),
        inner.get("ObjectSizeGreaterThan"),
        inner.get("ObjectSizeLessThan"),
    )


def check(document: Document | None) -> None:
    """Refuse a filter that says several things without `And`, one thing with it, or the same tag twice."""
    if not document:
        return
    both = document.get("And")
    if len(document) > 1:
        raise errors.malformed_xml()
    inner = both if both is not None else document
    if both is not None:
        keys = [tag["Key"] for tag in both.get("Tags") or []]
        if len(keys) + len([name for name in ("Prefix", "AccessPointArn", *_SIZES) if name in both]) < 2:
            raise errors.malformed_xml()
        if len(set(keys)) < len(keys):
            raise errors.invalid_request("Duplicate Tag Keys are not allowed.")
    _check_sizes(inner)


def _check_sizes(inner: Document) -> None:
    least, most = (inner.get(name) for name in _SIZES)
    if least is not None and most is not None and most <= least:
        raise errors.invalid_request("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.")
    for name in _SIZES:
        if inner.get(name, 0) < 0:
            raise errors.invalid_argument(f"'{name}' must be nonnegative", name, inner[name])
