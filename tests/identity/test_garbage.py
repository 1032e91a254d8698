"""Anything may arrive: the answer is always one of AWS's refusals, never a crash."""

from __future__ import annotations

import json

from botocore.auth import HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fogbank.http import Payload, PayloadError, Request
from fogbank.identity import chunked, post_policy
from fogbank.identity.policy import Access, parse
from fogbank.identity.policy_grammar import MalformedPolicy
from fogbank.identity.principals import ANONYMOUS
from fogbank.kernel.errors import AWSError

from .conftest import finish
from .test_sigv2 import signed

fuzz = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
text = st.text(st.characters(max_codepoint=255), max_size=60)
words = st.sampled_from(
    [
        "AWS4-HMAC-SHA256 ",
        "AWS ",
        "Credential=",
        "test/20250101/us-east-1/s3/aws4_request",
        ", SignedHeaders=host;x-amz-date",
        ", Signature=",
        "0" * 64,
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&",
        "X-Amz-Credential=test%2F20250101%2Fus-east-1%2Fs3%2Faws4_request&",
        "X-Amz-Date=20250101T000000Z&",
        "X-Amz-SignedHeaders=host&",
        "X-Amz-Signature=0&",
        "X-Amz-Expires=9&",
        "AWSAccessKeyId=test&",
        "Signature=x&Expires=1&",
        "%",
        "%zz",
        "+",
        "\x00",
        "é",
    ]
)
mixture = st.lists(st.one_of(words, text), max_size=8).map("".join)


def enter(door, request, service):
    try:
        door.enter(request, service, "rest-xml" if service == "s3" else "json")
    except (AWSError, PayloadError):
        pass


@fuzz
@given(
    mixture,
    mixture,
    text,
    st.sampled_from(["s3", "sqs", "sts"]),
    st.dictionaries(
        st.sampled_from(["x-amz-date", "date", "x-amz-content-sha256", "x-amz-decoded-content-length", "host"]),
        st.one_of(text, st.sampled_from(["20250101T000000Z", *chunked.MODES])),
        max_size=5,
    ),
)
def test_garbage_in_heads_is_refused(door, authorization, query, path, service, headers):
    if authorization:
        headers = headers | {"authorization": authorization}
    enter(door, Request("GET", "/" + path, query, headers, Payload(b"body")), service)


@fuzz
@given(
    st.integers(0, 3),
    st.sampled_from(["query", "path", "authorization", "x-amz-date", "x-amz-content-sha256", "host"]),
    st.floats(0, 1),
    st.floats(0, 1),
    text,
)
def test_signed_requests_with_a_part_replaced_are_answered(sign, door, kind, name, start, length, new):
    request = [
        lambda: sign(SigV4Auth),
        lambda: sign(S3SigV4Auth, service="s3", method="PUT", data=b"x"),
        lambda: sign(S3SigV4QueryAuth, service="s3", method="GET", data=b""),
        lambda: signed(HmacV1QueryAuth),
    ][kind]()
    old = request.headers.get(name) or getattr(request, name, "")
    begin = int(start * len(old))
    changed = old[:begin] + new + old[begin + int(length * (len(old) - begin)) :]
    if name in ("query", "path"):
        setattr(request, name, changed)
    else:
        request.headers[name] = changed
    enter(door, request, "sqs" if kind == 0 else "s3")


@fuzz
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "policy",
                "x-amz-signature",
                "x-amz-credential",
                "x-amz-date",
                "x-amz-algorithm",
                "signature",
                "awsaccesskeyid",
            ]
        ),
        mixture,
    )
)
def test_garbage_in_forms_is_refused(door, fields):
    try:
        finish(door.authenticator.authenticate_form(fields))
        post_policy.check(post_policy.parse(fields.get("policy", "")), fields, "b", 0.0)
    except AWSError:
        pass


pieces = st.sampled_from(
    [
        b"5\r\nhello\r\n",
        b"0\r\n",
        b"\r\n",
        b"a",
        b"5;chunk-signature=" + b"0" * 64 + b"\r\n",
        b"x-amz-checksum-crc32:AAAA\r\n",
        b":",
        b"\xff",
    ]
)


@fuzz
@given(
    st.lists(st.one_of(pieces, st.binary(max_size=20)), max_size=12),
    st.sampled_from(sorted(chunked.MODES)),
    st.integers(0, 20),
)
def test_garbage_in_chunks_is_refused_and_never_longer_than_announced(body, mode, length):
    headers = {"x-amz-decoded-content-length": str(length), "x-amz-trailer": "x-amz-checksum-crc32"}
    try:
        decoded = chunked.decode(Payload(b"".join(body)), mode, headers, None)
    except PayloadError:
        return
    assert decoded.length == length


json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.sampled_from(["*", "Allow", "s3:*", "arn:aws:s3:::b", "2012-10-17", "${aws:x", "${", "${*}"]),
        text,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["AWS", "Service", "StringLike", "Null", "NumericEquals", "IpAddress", "ArnLike", "aws:x"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)
_ELEMENTS = ("Sid", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition")
statements = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"])},
    optional=dict.fromkeys(_ELEMENTS, json_values),
)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        json_values,
        st.fixed_dictionaries(
            {"Statement": st.lists(statements, max_size=2)},
            optional={"Version": st.just("2012-10-17"), "Id": json_values},
        ),
    ),
    st.sampled_from(["identity", "resource", "trust"]),
)
def test_any_json_is_a_policy_that_can_be_asked_or_is_refused(document, kind):
    try:
        policy = parse(json.dumps(document), kind)
    except MalformedPolicy:
        return
    policy.evaluate(Access(ANONYMOUS, "s3:GetObject", "arn:aws:s3:::b/k", {"aws:x": "1"}))
