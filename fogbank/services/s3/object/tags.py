"""Tag sets: the form of the x-amz-tagging header, and the rules for keys and values.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_plus

from fogbank.services.s3 import errors, limits

Tags = dict[str, str]

# letters, digits and spaces of any script, and + - = . _ : / @
_ALLOWED = re.compile(r"[\w\s+\-=.:/@]*")


def from_header(header: str) -> Tags:
    """The tags in an x-amz-tagging header, checked for an object."""
    found: Tags = {}
    for part in header.split("&") if header else ():
        name, _, value = part.partition("=")
        key = unquote_plus(name)
        if not key or key in found:
            raise errors.bad_tag_header(header)
        found[key] = unquote_plus(value)
    return check_object(found)


def from_set(tag_set: Iterable[dict[str, Any]]) -> Tags:
    """The tags of a TagSet document as a dict. Raises InvalidTag when a key comes twice."""
    found: Tags = {}
    for tag in tag_set:
        if tag["Key"] in found:
            raise errors.invalid_tag("Cannot provide multiple Tags with the same key", tag["Key"])
        found[tag["Key"]] = tag["Value"]
    return found


def to_set(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def check_object(tags: Tags) -> Tags:
    if len(tags) > limits.OBJECT_TAGS:
        raise errors.too_many_tags(f"Object tags cannot be greater than {limits.OBJECT_TAGS}")
    return _checked(tags)


def check_bucket(tags: Tags) -> Tags:
    if len(tags) > limits.BUCKET_TAGS:
        raise errors.too_many_tags(f"Bucket tag count cannot be greater than {limits.BUCKET_TAGS}")
    return _checked(tags)


def _checked(tags: Tags) -> Tags:
    for key, value in tags.items():
        if not 0 < len(key) <= limits.TAG_KEY or _ALLOWED.fullmatch(key) is None:
            raise errors.invalid_tag("The TagKey you have provided is invalid", key)
        if key.lower().startswith("aws:"):
            raise errors.invalid_tag("System tags cannot be added/updated by requester", key)
        if len(value) > limits.TAG_VALUE or _ALLOWED.fullmatch(value) is None:
            raise errors.invalid_tag("The TagValue you have provided is invalid", key)
    return tags
