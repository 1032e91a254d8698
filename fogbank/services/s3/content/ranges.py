"""Byte ranges of a GET, and of the source of a part copy."""

from __future__ import annotations

import re

from fogbank.services.s3 import errors

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.IGNORECASE)
_COPY_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


def parse(header: str, size: int) -> tuple[int, int] | None:
    """(offset, length) of the bytes that a Range header asks of an object of `size` bytes.

    None when the header is to be ignored, as S3 ignores what it cannot read, several ranges, and ends before starts.
    Raises InvalidRange (416) when no byte of the object is in the range.
    """
    found = _RANGE.fullmatch(header)
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        return _last(int(found[2]), header, size)
    first = int(found[1])
    if found[2] and int(found[2]) < first:
        return None
    if first >= size:
        raise errors.invalid_range(header, size)
    end = min(int(found[2]) + 1, size) if found[2] else size
    return first, end - first


def _last(count: int, header: str, size: int) -> tuple[int, int]:
    if count == 0 or size == 0:
        raise errors.invalid_range(header, size)
    count = min(count, size)
    return size - count, count


def parse_copy(header: str, size: int) -> tuple[int, int]:
    """(offset, length) of x-amz-copy-source-range, which must be complete and inside the source."""
    found = _COPY_RANGE.fullmatch(header)
    if found is None or int(found[1]) > int(found[2]):
        raise errors.bad_copy_range(header)
    first, last = int(found[1]), int(found[2])
    if last >= size:
        raise errors.copy_range_beyond(header, size)
    return first, last + 1 - first
