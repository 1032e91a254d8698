"""Conditional requests: reads, copies, writes.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html. Dates count in whole seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fogbank.services.s3 import errors


def names_etag(header: str, etag: str) -> bool:
    """Does an If-Match or If-None-Match header name the ETag (without quotes), among others or by `*`?"""
    if header == etag:
        return True
    for part in header.split(","):
        candidate = part.strip().removeprefix("W/").strip('"')
        if candidate in (etag, "*"):
            return True
    return False


class Verdict:
    """What the conditions of a read say: go on (falsy), or which one failed, and whether it means 304 rather than 412."""

    __slots__ = ("condition", "not_modified")

    def __init__(self, condition: str, not_modified: bool = False) -> None:
        self.condition = condition
        self.not_modified = not_modified


def judge(request: Mapping[str, Any], prefix: str, etag: str, modified: int) -> Verdict | None:
    """Which condition of a read fails, if any. `prefix` is that of the members (`CopySource` for copies).

    Where both kinds are given, the ETag's has the word: a true If-Match overrules If-Unmodified-Since, and If-None-Match,
    whatever it says, If-Modified-Since.
    """
    match = request.get(f"{prefix}IfMatch")
    none_match = request.get(f"{prefix}IfNoneMatch")
    if match is not None:
        if not names_etag(match, etag):
            return Verdict("If-Match")
    else:
        unmodified = request.get(f"{prefix}IfUnmodifiedSince")
        if unmodified is not None and modified > unmodified:
            return Verdict("If-Unmodified-Since")
    if none_match is not None:
        return Verdict("If-None-Match", not_modified=True) if names_etag(none_match, etag) else None
    since = request.get(f"{prefix}IfModifiedSince")
    if since is not None and modified <= since:
        return Verdict("If-Modified-Since", not_modified=True)
    return None


def check_copy(request: Mapping[str, Any], etag: str, modified: int) -> None:
    """Raise PreconditionFailed unless the source of a copy is as its conditions want it."""
    failed = judge(request, "CopySource", etag, modified)
    if failed is not None:
        raise errors.precondition_failed(f"x-amz-copy-source-{failed.condition}")


def check_write_headers(request: Mapping[str, Any]) -> None:
    """Refuse what S3 refuses of write conditions before it looks at the object: If-None-Match other than `*`, or both."""
    none_match, match = request.get("IfNoneMatch"), request.get("IfMatch")
    if none_match is not None and match is not None:
        raise errors.header_not_implemented(
            "If-Match,If-None-Match", "Multiple conditional request headers present in the request"
        )
    if none_match is not None and none_match != "*":
        raise errors.header_not_implemented(
            "If-None-Match", "We don't accept the provided value of If-None-Match header for this API"
        )


def check_write(request: Mapping[str, Any], key: str, etag: str | None) -> None:
    """Raise unless a put, copy or complete may replace the current object, whose ETag is given (None: there is none)."""
    match = request.get("IfMatch")
    if request.get("IfNoneMatch") is not None and etag is not None:
        raise errors.precondition_failed("If-None-Match")
    if match is None:
        return
    if etag is None:
        raise errors.no_such_key(key)
    if not names_etag(match, etag):
        raise errors.precondition_failed("If-Match")


def check_delete(match: str | None, etag: str | None) -> None:
    """Raise PreconditionFailed unless the current object is the one that a delete means."""
    if match is not None and (etag is None or not names_etag(match, etag)):
        raise errors.precondition_failed("If-Match")
