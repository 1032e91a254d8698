"""Form uploads to S3: the signature over the policy, and what the policy allows."""

from __future__ import annotations

import json
import time
from base64 import b64encode

import boto3
import pytest
from botocore.config import Config

from fogbank.identity import post_policy, sigv4
from fogbank.kernel.errors import AWSError

from .conftest import ISSUED, SESSION, finish

LATER = "2099-01-01T00:00:00.000Z"


def encoded(*conditions, expiration=LATER):
    return b64encode(json.dumps({"expiration": expiration, "conditions": list(conditions)}).encode()).decode()


def check(conditions, fields, bucket="b"):
    post_policy.check(post_policy.parse(encoded({"bucket": "b"}, *conditions)), fields, bucket, time.time())


def denial(*args):
    with pytest.raises(AWSError) as caught:
        check(*args)
    assert (caught.value.code, caught.value.status) == ("AccessDenied", 403)
    return caught.value.message


def test_the_policy_in_the_documentation_verifies():
    # https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html
    document = (
        '{ "expiration": "2015-12-30T12:00:00.000Z",\r\n  "conditions": [\r\n    {"bucket": "sigv4examplebucket"},\r\n'
        '    ["starts-with", "$key", "user/user1/"],\r\n    {"acl": "public-read"},\r\n'
        '    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},\r\n'
        '    ["starts-with", "$Content-Type", "image/"],\r\n    {"x-amz-meta-uuid": "14365123651274"},\r\n'
        '    {"x-amz-server-side-encryption": "AES256"},\r\n    ["starts-with", "$x-amz-meta-tag", ""],\r\n\r\n'
        '    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},\r\n'
        '    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},\r\n    {"x-amz-date": "20151229T000000Z" }\r\n  ]\r\n}'
    )
    text = b64encode(document.encode()).decode()
    claim = sigv4.make_claim("AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request", "", None)
    proof = sigv4.FormProof(claim, "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e", text)
    assert proof.matches("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    policy = post_policy.parse(text)
    fields = {
        "key": "user/user1/${filename}",
        "acl": "public-read",
        "success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html",
        "Content-Type": "image/jpeg",
        "x-amz-meta-uuid": "14365123651274",
        "x-amz-server-side-encryption": "AES256",
        "X-Amz-Credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request",
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Date": "20151229T000000Z",
        "x-amz-meta-tag": "",
        "Policy": text,
        "X-Amz-Signature": "...",
    }
    post_policy.check(policy, fields, "sigv4examplebucket", 1451390400.0)


@pytest.mark.parametrize("version", ["s3v4", "s3"])
@pytest.mark.parametrize("credential", [ISSUED, SESSION])
def test_what_boto3_presigns_is_authenticated_and_allowed(door, version, credential):
    s3 = boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id=credential.access_key,
        aws_secret_access_key=credential.secret,
        aws_session_token=credential.session_token or None,
        config=Config(signature_version=version),
    )
    form = s3.generate_presigned_post("b", "k", Fields={"acl": "private"}, Conditions=[{"acl": "private"}])["fields"]
    assert finish(door.authenticator.authenticate_form(form)).principal == credential.principal
    post_policy.check(post_policy.parse(form["policy"]), form, "b", time.time())
    form["policy"] = encoded()
    with pytest.raises(AWSError) as caught:
        finish(door.authenticator.authenticate_form(form))
    assert caught.value.code == "SignatureDoesNotMatch"


def test_a_form_without_policy_is_anonymous(door):
    assert finish(door.authenticator.authenticate_form({"key": "k"})).principal.kind == "anonymous"


def test_a_form_with_a_policy_needs_a_signature(door):
    with pytest.raises(AWSError) as caught:
        finish(door.authenticator.authenticate_form({"policy": encoded()}))
    assert caught.value.code == "InvalidArgument"
    assert caught.value.message == (
        "Bucket POST must contain a field named 'X-Amz-Signature'.  "
        "If it is specified, please check the order of the fields."
    )


def test_exact_and_prefix_conditions_hold_whatever_the_case_of_the_field():
    check([["eq", "$ACL", "private"], ["starts-with", "$key", "a/"]], {"acl": "private", "Key": "a/b"})


def test_a_failed_condition_is_named():
    conditions = [["starts-with", "$key", "a/"]]
    assert denial(conditions, {"key": "b"}) == (
        'Invalid according to Policy: Policy Condition failed: ["starts-with", "$key", "a/"]'
    )
    assert denial([{"acl": "private"}], {}) == (
        'Invalid according to Policy: Policy Condition failed: ["eq", "$acl", "private"]'
    )


def test_the_bucket_is_the_requests():
    assert denial([], {}, "other").endswith('["eq", "$bucket", "b"]')


def test_every_field_must_be_covered():
    assert denial([], {"acl": "private"}) == "Invalid according to Policy: Extra input fields: acl"
    check(
        [], {"x-ignore-me": "1", "file": "", "policy": "", "x-amz-signature": "", "AWSAccessKeyId": "", "signature": ""}
    )


def test_every_member_of_a_content_type_list_must_match():
    check([["starts-with", "$Content-Type", "image/"]], {"content-type": "image/png,image/gif"})
    denial([["starts-with", "$Content-Type", "image/"]], {"content-type": "image/png,text/html"})


@pytest.mark.parametrize(
    "condition",
    [
        ["like", "$key", "a"],
        ["eq", "key", "a"],
        ["eq", "$key"],
        ["starts-with", "$bucket", ""],
        ["eq", "$key", 1],
        "key",
        [],
    ],
)
def test_conditions_that_mean_nothing_fail(condition):
    assert "Policy Condition failed: " in denial([condition], {"key": "a"})


def test_an_expired_policy_is_refused():
    policy = post_policy.parse(encoded({"bucket": "b"}, expiration="2020-01-01T00:00:00Z"))
    with pytest.raises(AWSError) as caught:
        post_policy.check(policy, {}, "b", time.time())
    assert caught.value.message == "Invalid according to Policy: Policy expired."


@pytest.mark.parametrize(("size", "code"), [(0, "EntityTooSmall"), (1, None), (10, None), (11, "EntityTooLarge")])
def test_the_length_must_be_in_range(size, code):
    policy = post_policy.parse(encoded(["content-length-range", 1, "10"]))
    if code is None:
        post_policy.check_length(policy, size)
        return
    with pytest.raises(AWSError) as caught:
        post_policy.check_length(policy, size)
    assert (caught.value.code, caught.value.status) == (code, 400)
    assert caught.value.members["ProposedSize"] == str(size)


def test_any_length_will_do_where_the_policy_names_none():
    post_policy.check_length(post_policy.parse(encoded()), 1 << 40)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not base64!", "Invalid Policy: Invalid JSON."),
        (b64encode(b"[1").decode(), "Invalid Policy: Invalid JSON."),
        (b64encode(b"[]").decode(), "Invalid Policy: Invalid JSON."),
        (b64encode(b"[" * 100000).decode(), "Invalid Policy: Invalid JSON."),
        (b64encode(b'{"conditions": []}').decode(), "Invalid Policy: Policy missing expiration."),
        (b64encode(b'{"expiration": "x"}').decode(), "Invalid Policy: Policy missing conditions."),
        (encoded(expiration="soon"), "Invalid Policy: Invalid 'expiration' value: 'soon'"),
        (encoded(expiration=5), "Invalid Policy: Invalid 'expiration' value: '5'"),
        (
            encoded({"a": "1", "b": "2"}),
            "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
        ),
    ],
)
def test_malformed_policies_are_refused(text, message):
    with pytest.raises(AWSError) as caught:
        post_policy.parse(text)
    assert (caught.value.code, caught.value.status, caught.value.message) == ("InvalidPolicyDocument", 400, message)
