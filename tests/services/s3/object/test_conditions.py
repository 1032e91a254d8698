"""Conditions as values: which of several has the word."""

import pytest

from fogbank.services.s3.object import conditions

ETAG, OTHER = '"abc"', '"xyz"'
BEFORE, AT, LATER = 99, 100, 101


def verdict(**request):
    found = conditions.judge(request, "", "abc", AT)
    return None if found is None else (found.condition, 304 if found.not_modified else 412)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"IfMatch": ETAG}, None),
        ({"IfMatch": "abc"}, None),
        ({"IfMatch": "*"}, None),
        ({"IfMatch": f"{OTHER}, {ETAG}"}, None),
        ({"IfMatch": OTHER}, ("If-Match", 412)),
        ({"IfNoneMatch": OTHER}, None),
        ({"IfNoneMatch": ETAG}, ("If-None-Match", 304)),
        ({"IfNoneMatch": f"W/{ETAG}"}, ("If-None-Match", 304)),
        ({"IfNoneMatch": "*"}, ("If-None-Match", 304)),
        ({"IfModifiedSince": BEFORE}, None),
        ({"IfModifiedSince": AT}, ("If-Modified-Since", 304)),
        ({"IfModifiedSince": LATER}, ("If-Modified-Since", 304)),
        ({"IfUnmodifiedSince": AT}, None),
        ({"IfUnmodifiedSince": BEFORE}, ("If-Unmodified-Since", 412)),
        # a true If-Match overrules If-Unmodified-Since
        ({"IfMatch": ETAG, "IfUnmodifiedSince": BEFORE}, None),
        ({"IfMatch": OTHER, "IfUnmodifiedSince": LATER}, ("If-Match", 412)),
        # If-None-Match overrules If-Modified-Since, whatever it says
        ({"IfNoneMatch": ETAG, "IfModifiedSince": BEFORE}, ("If-None-Match", 304)),
        ({"IfNoneMatch": OTHER, "IfModifiedSince": LATER}, None),
        # 412 goes before 304
        ({"IfMatch": OTHER, "IfNoneMatch": ETAG}, ("If-Match", 412)),
    ],
)
def test_verdict(request_, expected):
    assert verdict(**request_) == expected
