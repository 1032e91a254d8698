"""Signatures version 4: AWS's published examples, botocore's signers, and everything that must be refused."""

from __future__ import annotations

import random
import string
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from fogbank.http import Payload, Request
from fogbank.identity import errors, sigv4
from fogbank.identity.canonical import query_pairs
from fogbank.kernel.errors import AWSError

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
EMPTY = sigv4.EMPTY_SHA256

# https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
DOCUMENTED = [
    (
        "GET",
        "/test.txt",
        "",
        {"range": "bytes=0-9", "x-amz-content-sha256": EMPTY},
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ),
    (
        "PUT",
        "/test$file.text",
        "",
        {
            "date": "Fri, 24 May 2013 00:00:00 GMT",
            "x-amz-storage-class": "REDUCED_REDUNDANCY",
            "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
        },
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ),
    (
        "GET",
        "/",
        "lifecycle",
        {"x-amz-content-sha256": EMPTY},
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    ),
    (
        "GET",
        "/",
        "max-keys=2&prefix=J",
        {"x-amz-content-sha256": EMPTY},
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    ),
]


@pytest.mark.parametrize(("method", "path", "query", "extra", "signature"), DOCUMENTED)
def test_signatures_in_the_s3_documentation_verify(method, path, query, extra, signature):
    headers = {"host": "examplebucket.s3.amazonaws.com", "x-amz-date": "20130524T000000Z", **extra}
    authorization = (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        f"SignedHeaders={';'.join(sorted(headers))},Signature={signature}"
    )
    request = Request(method, path, query, headers, Payload())
    proof = sigv4.from_header(request, authorization, errors.S3_HEADER, headers["x-amz-content-sha256"])
    assert proof.matches(SECRET)
    assert not proof.matches(SECRET + "x")


def test_the_presigned_url_in_the_s3_documentation_verifies():
    # https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
    request = Request("GET", "/test.txt", query, {"host": "examplebucket.s3.amazonaws.com"}, Payload())
    proof, expires = sigv4.from_query(request, errors.S3_QUERY, sigv4.UNSIGNED)
    assert proof.matches(SECRET)
    assert expires == 86400


def test_the_signing_key_in_the_iam_documentation_signs_its_example():
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (ListUsers, 2015-08-30)
    headers = {
        "host": "iam.amazonaws.com",
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "x-amz-date": "20150830T123600Z",
    }
    authorization = (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date, "
        "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    )
    request = Request("GET", "/", "Action=ListUsers&Version=2010-05-08", headers, Payload())
    proof = sigv4.from_header(request, authorization, errors.refusals("iam", "query", False), EMPTY)
    assert proof.matches("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")


# -- against botocore's signers

PATHS = [
    "/",
    "/a/b",
    "/a%20b",
    "/a//b",
    "/%2F",
    "/a+b",
    "/a%2Bb",
    "/caf%C3%A9",
    "/~x",
    "/%7Ex",
    "/a(b)",
    "/a:b",
    "/x/../y",
    "/a*b'!",
]
QUERIES = [
    "",
    "a=1",
    "b=2&a=1",
    "a",
    "a=&a=1",
    "a-b=1&a=2",
    "x=%20&y=%2F",
    "prefix=a%2Bb",
    "k=caf%C3%A9",
    "a=b%3Dc",
    "list-type=2&prefix=~",
]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("signer", "service"), [(S3SigV4Auth, "s3"), (SigV4Auth, "lambda")])
def test_every_spelling_that_botocore_signs_verifies(sign, door, signer, service, path, query):
    url = f"http://localhost:4566{path}" + (f"?{query}" if query else "")
    request = sign(signer, service=service, method="GET", url=url, data=b"")
    assert door.enter(request, service).account == "000000000000"


@pytest.mark.parametrize("path", PATHS)
def test_every_spelling_that_botocore_presigns_verifies(sign, door, path):
    request = sign(
        S3SigV4QueryAuth, service="s3", method="GET", url=f"http://localhost:4566{path}?versionId=a%2Bb", data=b""
    )
    assert door.enter(request, "s3").region == "us-east-1"


def test_random_keys_and_parameters_verify(sign, door):
    rng = random.Random(7)
    alphabet = string.printable + "äß€😀"
    for _ in range(200):
        key = "".join(rng.choices(alphabet, k=12))
        value = "".join(rng.choices(alphabet, k=8))
        url = f"http://localhost:4566/b/{quote(key, safe='/~')}?prefix={quote(value, safe='')}&delimiter=%2F"
        request = sign(S3SigV4Auth, service="s3", method="GET", url=url, data=b"")
        assert door.enter(request, "s3").principal.kind == "root"


def test_blanks_in_headers_are_folded_and_utf_8_is_kept(sign, door):
    headers = {"x-amz-meta-a": "  one   two\tthree ", "x-amz-meta-b": "grün", "Content-Type": "text/plain"}
    request = sign(S3SigV4Auth, service="s3", method="PUT", headers=headers, data=b"data")
    assert door.enter(request, "s3").account == "000000000000"


def test_the_host_may_be_signed_by_its_name_in_http_2(sign, door):
    class Http2Auth(SigV4Auth):
        def headers_to_sign(self, request):
            headers = super().headers_to_sign(request)
            headers[":authority"] = headers["host"]
            del headers["host"]
            return headers

    request = sign(Http2Auth, service="kinesis", headers={"X-Amz-Target": "a  b"}, data=b"{}")
    assert "SignedHeaders=:authority;" in request.headers["authorization"]
    assert door.enter(request, "kinesis").account == "000000000000"
    request.headers["host"] = "elsewhere"
    with pytest.raises(AWSError):
        door.enter(request, "kinesis")


def test_the_date_header_serves_where_there_is_no_x_amz_date(door):
    request = AWSRequest("GET", "http://localhost:4566/", {"Date": "Fri, 24 May 2013 00:00:00 GMT"}, b"")
    credentials = Credentials("test", "test")
    signer = SigV4Auth(credentials, "sqs", "us-east-1")
    request.context["timestamp"] = "20130524T000000Z"
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    headers = {
        "host": "localhost:4566",
        "date": "Fri, 24 May 2013 00:00:00 GMT",
        "authorization": "AWS4-HMAC-SHA256 Credential=test/20130524/us-east-1/sqs/aws4_request, "
        f"SignedHeaders=date;host, Signature={signature}",
    }
    plain = Request("GET", "/", "", headers, Payload())
    door.authenticator._now = lambda: sigv4.epoch("20130524T000100Z")
    assert door.enter(plain).account == "000000000000"


def test_the_parts_of_the_header_may_come_in_any_order(sign, door):
    request = sign(SigV4Auth)
    scheme, _, rest = request.headers["authorization"].partition(" ")
    parts = [part.strip() for part in rest.split(",")]
    request.headers["authorization"] = f"{scheme} {','.join(reversed(parts))}"
    assert door.enter(request).service == "sqs"


# -- what must be refused


def refusal(door, request, service="sqs", protocol="json"):
    with pytest.raises(AWSError) as caught:
        door.enter(request, service, protocol)
    return caught.value


def test_a_wrong_secret_is_refused_with_what_should_have_been_signed(sign, door):
    error = refusal(door, sign(SigV4Auth, secret="wrong"))
    assert (error.code, error.status) == ("InvalidSignatureException", 403)
    assert error.message.startswith("The request signature we calculated does not match the signature you provided.")
    assert "The Canonical String for this request should have been\n'POST\n/\n" in error.message


def test_a_wrong_secret_is_refused_by_s3_with_the_string_to_sign(sign, door):
    error = refusal(door, sign(S3SigV4Auth, secret="wrong", service="s3", method="GET", data=b""), "s3", "rest-xml")
    assert (error.code, error.status) == ("SignatureDoesNotMatch", 403)
    assert error.members["AWSAccessKeyId"] == "test"
    assert error.members["StringToSign"].startswith("AWS4-HMAC-SHA256\n")
    assert error.members["StringToSignBytes"].startswith("41 57 53 34 2d 48 4d 41 43")
    assert error.members["CanonicalRequest"].startswith("GET\n/\n")
    assert len(error.members["SignatureProvided"]) == 64


@pytest.mark.parametrize(
    "tamper",
    [
        lambda r: setattr(r, "method", "PUT"),
        lambda r: setattr(r, "path", "/other"),
        lambda r: setattr(r, "query", "a=1"),
        lambda r: setattr(r, "payload", Payload(b"{ }")),
        lambda r: r.headers.update({"x-amz-target": "AmazonSQS.DeleteQueue"}),
        lambda r: r.headers.update(host="elsewhere:4566"),
        lambda r: r.headers.update(authorization=r.headers["authorization"][:-1] + "é"),
        lambda r: r.headers.update(authorization=r.headers["authorization"].replace("/us-east-1/", "/eu-west-1/")),
    ],
)
def test_a_changed_request_is_refused(sign, door, tamper):
    request = sign(SigV4Auth, headers={"x-amz-target": "AmazonSQS.SendMessage"})
    tamper(request)
    assert refusal(door, request).code == "InvalidSignatureException"


def test_a_changed_body_is_refused_by_s3_by_its_hash(sign, door):
    from fogbank.http import PayloadError

    request = sign(S3SigV4Auth, service="s3", method="PUT", data=b"data")
    request.payload = Payload(b"atad")
    with pytest.raises(PayloadError) as caught:
        door.enter(request, "s3")
    assert (caught.value.code, caught.value.status) == ("XAmzContentSHA256Mismatch", 400)
    assert caught.value.members["ClientComputedContentSHA256"] == request.headers["x-amz-content-sha256"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(301, "Signature expired: "), (-301, "Signature not yet current: ")],
)
def test_a_clock_five_minutes_off_is_refused(sign, door, seconds, text):
    request = sign(SigV4Auth)
    door.offset = seconds
    error = refusal(door, request)
    assert error.code == "InvalidSignatureException"
    assert error.message.startswith(text + request.headers["x-amz-date"])
    assert error.message.endswith(" 5 min.)")


def test_s3_tolerates_fifteen_minutes_and_not_more(sign, door):
    request = sign(S3SigV4Auth, service="s3", method="GET", data=b"")
    door.offset = 890
    assert door.enter(request, "s3").service == "s3"
    door.offset = 901
    error = refusal(door, request, "s3", "rest-xml")
    assert (error.code, error.status) == ("RequestTimeTooSkewed", 403)
    assert error.members["MaxAllowedSkewMilliseconds"] == "900000"
    assert error.members["RequestTime"] == request.headers["x-amz-date"]


def test_an_expired_presigned_url_is_refused_with_its_times(sign, door):
    request = sign(S3SigV4QueryAuth, service="s3", method="GET", data=b"", expires=60)
    door.offset = 62
    error = refusal(door, request, "s3", "rest-xml")
    assert (error.code, error.status, error.message) == ("AccessDenied", 403, "Request has expired")
    assert error.members["X-Amz-Expires"] == "60"
    assert error.members["Expires"] < error.members["ServerTime"]


def test_a_presigned_url_of_the_future_is_refused(sign, door):
    request = sign(S3SigV4QueryAuth, service="s3", method="GET", data=b"", expires=60)
    door.offset = -1000
    assert refusal(door, request, "s3", "rest-xml").message == "Request is not yet valid"


def test_a_presigned_call_of_another_service_expires(sign, door):
    request = sign(
        SigV4QueryAuth,
        service="sqs",
        method="GET",
        url="http://localhost:4566/?Action=ListQueues",
        data=b"",
        expires=60,
    )
    assert door.enter(request, "sqs", "query").account == "000000000000"
    door.offset = 62
    assert refusal(door, request, "sqs", "query").message.startswith("Signature expired: ")


def test_a_presigned_sts_call_lives_for_fifteen_minutes(sign, door):
    url = "http://localhost:4566/?Action=GetCallerIdentity&Version=2011-06-15"
    request = sign(
        SigV4QueryAuth, service="sts", method="GET", url=url, headers={"x-k8s-aws-id": "cluster"}, data=b"", expires=60
    )
    door.offset = 800
    assert door.enter(request, "sts", "query").account == "000000000000"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"X-Amz-Expires": "604801"},
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
        ),
        ({"X-Amz-Expires": "-1"}, "X-Amz-Expires must be non-negative"),
        ({"X-Amz-Expires": "soon"}, "X-Amz-Expires should be a number"),
        (
            {"X-Amz-Algorithm": "AWS4-HMAC-MD5"},
            'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"',
        ),
        ({"X-Amz-Date": "yesterday"}, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""),
        (
            {"X-Amz-Credential": "test"},
            "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; "
            'expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
        ),
        (
            {"X-Amz-Expires": None},
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
            "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        ),
    ],
)
def test_malformed_query_signatures_are_refused_in_s3s_words(sign, door, change, message):
    request = sign(S3SigV4QueryAuth, service="s3", method="GET", data=b"")
    params = dict(query_pairs(request.query)) | change
    request.query = "&".join(f"{name}={quote(value, safe='')}" for name, value in params.items() if value is not None)
    error = refusal(door, request, "s3", "rest-xml")
    assert (error.code, error.status) == ("AuthorizationQueryParametersError", 400)
    assert error.message == message


SCOPE = "test/20250101/us-east-1/sqs/aws4_request"


@pytest.mark.parametrize(
    ("authorization", "code", "message"),
    [
        ("Bearer abc", "IncompleteSignatureException", "Authorization header requires 'Credential' parameter. "),
        (
            "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=a",
            "IncompleteSignatureException",
            "Authorization header requires 'Credential'",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=a",
            "IncompleteSignatureException",
            "Credential must have exactly 5",
        ),
        (
            f"AWS4-HMAC-SHA256 Credential={SCOPE}5, SignedHeaders=host, Signature=a",
            "InvalidSignatureException",
            "Credential should be scoped with a valid terminator: 'aws4_request'",
        ),
        (
            f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=x-amz-date, Signature=a",
            "InvalidSignatureException",
            "'Host' or ':authority' must be",
        ),
        (
            f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=a",
            "InvalidSignatureException",
            "'x-amz-date' must be a 'SignedHeader'",
        ),
        (
            f"AWS4-HMAC-SHA512 Credential={SCOPE}, SignedHeaders=host, Signature=a",
            "IncompleteSignatureException",
            "Unsupported AWS 'algorithm'",
        ),
    ],
)
def test_malformed_headers_are_refused(door, authorization, code, message):
    headers = {"host": "localhost", "x-amz-date": "20250101T000000Z", "authorization": authorization}
    error = refusal(door, Request("POST", "/", "", headers, Payload()))
    assert error.code == code
    assert error.message.startswith(message)


def test_the_scope_date_must_be_the_requests(sign, door):
    request = sign(SigV4Auth)
    request.headers["x-amz-date"] = "20250101T000000Z"
    error = refusal(door, request)
    assert error.code == "InvalidSignatureException"
    assert error.message.startswith(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
    )


def test_a_request_without_a_date_is_refused(sign, door):
    request = sign(SigV4Auth)
    del request.headers["x-amz-date"]
    error = refusal(door, request)
    assert error.code == "IncompleteSignatureException"
    assert "existence of either a 'X-Amz-Date' or a 'Date' header" in error.message


def test_a_signature_for_another_service_is_refused(sign, door):
    error = refusal(door, sign(SigV4Auth, service="sns"), "sqs")
    assert error.message == "Credential should be scoped to correct service: 'sqs'. "


def test_s3_refuses_headers_that_were_added_unsigned(sign, door):
    request = sign(S3SigV4Auth, service="s3", method="PUT", data=b"x")
    request.headers["x-amz-acl"] = "public-read"
    error = refusal(door, request, "s3", "rest-xml")
    assert (error.code, error.status) == ("AccessDenied", 403)
    assert error.message == "There were headers present in the request which were not signed"
    assert error.members["HeadersNotSigned"] == "x-amz-acl"


def test_s3_wants_the_hash_of_the_body_and_a_proper_one(sign, door):
    request = sign(S3SigV4Auth, service="s3", method="GET", data=b"")
    request.headers["x-amz-content-sha256"] = "abc"
    assert refusal(door, request, "s3", "rest-xml").code == "InvalidArgument"
    del request.headers["x-amz-content-sha256"]
    error = refusal(door, request, "s3", "rest-xml")
    assert (error.code, error.message) == (
        "InvalidRequest",
        "Missing required header for this request: x-amz-content-sha256",
    )


def test_two_signatures_at_once_are_refused(sign, door):
    request = sign(S3SigV4QueryAuth, service="s3", method="GET", data=b"")
    request.headers["authorization"] = "AWS test:abc"
    assert refusal(door, request, "s3", "rest-xml").message.startswith("Only one auth mechanism allowed;")


@pytest.mark.parametrize(
    ("service", "protocol", "code", "status"),
    [
        ("dynamodb", "json", "MissingAuthenticationTokenException", 400),
        ("lambda", "rest-json", "MissingAuthenticationTokenException", 403),
        ("sqs", "json", "MissingAuthenticationTokenException", 403),
        ("sns", "query", "MissingAuthenticationToken", 403),
    ],
)
def test_an_unsigned_request_is_refused_outside_s3(door, service, protocol, code, status):
    error = refusal(door, Request("POST", "/", "", {"host": "localhost"}, Payload()), service, protocol)
    assert (error.code, error.status) == (code, status)
    assert error.message == "Request is missing Authentication Token"


def test_an_unsigned_request_is_anonymous_for_s3_and_for_open_operations(door):
    request = Request("GET", "/", "", {"host": "localhost"}, Payload())
    assert door.enter(request, "s3").principal.kind == "anonymous"
    assert door.enter(request, "sts", "query", anonymous=True).principal.kind == "anonymous"


@pytest.mark.parametrize(("data", "claimed"), [(b"x" * (1 << 20) + b"y", None), (None, None)])
def test_large_and_streamed_bodies_of_other_services_are_read_and_hashed(sign, door, data, claimed):
    import asyncio

    class Arriving(Payload):
        def __init__(self, whole):
            super().__init__(None, len(whole))
            self.whole = whole

        async def __aiter__(self):
            yield self.whole

    request = sign(SigV4Auth, data=data or b"streamed")
    if data is None:
        request.payload = Arriving(b"streamed")
    assert asyncio.run(door.authenticator.authenticate(request, "sqs")).account == "000000000000"


def test_the_session_token_may_be_added_unsigned_except_for_s3(sign, door):
    request = sign(SigV4Auth)
    request.headers["x-amz-security-token"] = "any"
    assert door.enter(request).account == "000000000000"
    request = sign(S3SigV4Auth, service="s3", method="GET", data=b"")
    request.headers["x-amz-security-token"] = "any"
    assert refusal(door, request, "s3", "rest-xml").members["HeadersNotSigned"] == "x-amz-security-token"


def test_paths_of_s3_are_not_normalised(sign, door):
    request = sign(S3SigV4Auth, service="s3", method="GET", url="http://localhost:4566/b/x/secret", data=b"")
    for path in ("/b//x/secret", "/b/y/../x/secret", "/b/./x/secret"):
        request.path = path
        assert refusal(door, request, "s3", "rest-xml").code == "SignatureDoesNotMatch"


def test_plus_sign_in_a_path_of_s3_is_signed_as_a_blank(sign, door):
    request = sign(S3SigV4Auth, service="s3", method="GET", url="http://localhost:4566/b/a%20b", data=b"")
    request.path = "/b/a+b"
    assert door.enter(request, "s3").account == "000000000000"
    request = sign(S3SigV4Auth, service="s3", method="GET", url="http://localhost:4566/b/a%2Bb", data=b"")
    request.path = "/b/a+b"
    assert refusal(door, request, "s3", "rest-xml").code == "SignatureDoesNotMatch"


def test_overlong_keys_are_refused_and_not_kept(sign, door):
    assert refusal(door, sign(SigV4Auth, "k" * 129)).code == "UnrecognizedClientException"
    assert refusal(door, sign(SigV4Auth, "k" * 300)).code == "IncompleteSignatureException"
