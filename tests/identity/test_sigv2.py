"""Signatures version 2, for S3 only."""

from __future__ import annotations

import pytest
from botocore.auth import HmacV1Auth, HmacV1QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from fogbank.http import Payload, Request
from fogbank.identity import sigv2
from fogbank.kernel.errors import AWSError

from .conftest import ISSUED, SESSION, to_request


def signed(
    signer=HmacV1QueryAuth,
    key="test",
    secret="test",
    url="http://localhost:4566/bucket/key",
    method="GET",
    headers=None,
    token=None,
    auth_path=None,
    **options,
):
    request = AWSRequest(method, url, headers or {}, b"", auth_path=auth_path)
    signer(Credentials(key, secret, token), **options).add_auth(request)
    return to_request(request)


def refusal(door, request):
    with pytest.raises(AWSError) as caught:
        door.enter(request, "s3", "rest-xml")
    return caught.value


@pytest.mark.parametrize("signer", [HmacV1Auth, HmacV1QueryAuth])
@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:4566/b/k",
        "http://localhost:4566/b/a%20b?versionId=x%2By&uploads&foo=1",
        "http://localhost:4566/",
    ],
)
@pytest.mark.parametrize("headers", [{}, {"x-amz-acl": "private", "Content-Type": "text/plain"}])
def test_what_botocore_signs_verifies(door, signer, url, headers):
    assert door.enter(signed(signer, url=url, headers=headers), "s3").account == "000000000000"


def test_the_example_in_the_documentation_verifies():
    # https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html: object GET
    headers = {"host": "awsexamplebucket1.us-west-1.s3.amazonaws.com", "date": "Tue, 27 Mar 2007 19:36:42 +0000"}
    request = Request("GET", "/photos/puppy.jpg", "", headers, Payload())
    authorization = "AWS AKIAIOSFODNN7EXAMPLE:qgk2+6Sv9/oM7G3qLEjTH1a1l1g="
    proof = sigv2.from_header(request, authorization, 1175024202.0)
    assert proof.access_key == "AKIAIOSFODNN7EXAMPLE"
    assert (
        "GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/awsexamplebucket1.us-west-1/photos/puppy.jpg"
        in proof._strings_to_sign
    )


def test_a_bucket_in_the_host_is_part_of_what_is_signed(door):
    request = signed(url="http://pics.s3.localhost:4566/cat.jpg", auth_path="/pics/cat.jpg")
    assert door.enter(request, "s3").service == "s3"


def test_a_bucket_in_the_path_may_be_signed_with_a_slash(door):
    request = signed(url="http://localhost:4566/pics", auth_path="/pics/")
    assert door.enter(request, "s3").service == "s3"


def test_a_session_token_may_stand_in_the_query(door):
    request = signed(key=SESSION.access_key, secret=SESSION.secret, token=SESSION.session_token)
    del request.headers["x-amz-security-token"]
    assert door.enter(request, "s3").principal == SESSION.principal


@pytest.mark.parametrize("signer", [HmacV1Auth, HmacV1QueryAuth])
def test_a_wrong_secret_is_refused(door, signer):
    error = refusal(door, signed(signer, ISSUED.access_key, "wrong"))
    assert (error.code, error.status) == ("SignatureDoesNotMatch", 403)
    assert error.members["StringToSign"].startswith("GET\n")


def test_an_unknown_key_is_refused(door):
    assert refusal(door, signed(key="AKIAUNKNOWN")).code == "InvalidAccessKeyId"


@pytest.mark.parametrize("change", [("bucket/key", "bucket/other"), ("GET", "DELETE"), ("Expires=", "Expires=9")])
def test_a_changed_request_is_refused(door, change):
    request = signed(key=ISSUED.access_key, secret=ISSUED.secret)
    request.path = request.path.replace(*change)
    request.method = request.method.replace(*change)
    request.query = request.query.replace(*change)
    assert refusal(door, request).code == "SignatureDoesNotMatch"


def test_an_expired_url_is_refused_with_its_times(door):
    request = signed(expires=60)
    door.offset = 61
    error = refusal(door, request)
    assert (error.code, error.message) == ("AccessDenied", "Request has expired")
    assert error.members["Expires"] < error.members["ServerTime"]


def test_a_skewed_header_is_refused(door):
    request = signed(HmacV1Auth)
    for offset in (901, -901):
        door.offset = offset
        assert refusal(door, request).code == "RequestTimeTooSkewed"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "AWSAccessKeyId=test&Signature=x",
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
        ),
        ("AWSAccessKeyId=test&Signature=x&Expires=soon", "Invalid date (should be seconds since epoch): soon"),
    ],
)
def test_incomplete_query_signatures_are_refused(door, query, message):
    error = refusal(door, Request("GET", "/b/k", query, {"host": "localhost"}, Payload()))
    assert (error.code, error.message) == ("AccessDenied", message)


def test_other_services_do_not_take_version_2(door):
    request = signed(HmacV1Auth)
    with pytest.raises(AWSError) as caught:
        door.enter(request, "sqs", "query")
    assert caught.value.code == "IncompleteSignature"


def test_the_fixture_of_version_4_is_not_mistaken_for_version_2(sign, door):
    assert door.enter(sign(SigV4Auth)).service == "sqs"
