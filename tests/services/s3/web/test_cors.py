"""CORS: which rules a bucket may have, what browsers are told before and with a page's request."""

import pytest

ORIGIN = "https://shop.example.com"
FORBIDDEN = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)


def rule(**members):
    return {"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": [ORIGIN], **members}


@pytest.fixture
def allow(s3):
    def allow(bucket, *rules):
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": list(rules)})

    return allow


@pytest.fixture
def preflight(raw):
    def preflight(bucket, method="PUT", origin=ORIGIN, headers=None, key="/k", **options):
        found = {"origin": origin, "access-control-request-method": method, "access-control-request-headers": headers}
        found = {name: value for name, value in found.items() if value is not None}
        return raw("OPTIONS", f"/{bucket}{key}", headers=found, signed=False, **options)

    return preflight


# -- configurations


def test_rules_come_back_until_they_are_deleted(refused, s3, bucket, allow):
    wanted = rule(ID="shop", AllowedHeaders=["x-*"], ExposeHeaders=["ETag"], MaxAgeSeconds=0)
    allow(bucket, wanted)
    answer = s3.get_bucket_cors(Bucket=bucket)
    assert answer["CORSRules"] == [wanted]
    assert "x-fogbank-fidelity" not in answer["ResponseMetadata"]["HTTPHeaders"]
    s3.delete_bucket_cors(Bucket=bucket)
    with refused("NoSuchCORSConfiguration", 404, BucketName=bucket):
        s3.get_bucket_cors(Bucket=bucket)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"AllowedMethods": ["OPTIONS"]},
            "Found unsupported HTTP method in CORS config. Unsupported method is OPTIONS",
        ),
        (
            {"AllowedOrigins": ["http://*.*.com"]},
            'AllowedOrigin "http://*.*.com" can not have more than one wildcard.',
        ),
        ({"AllowedHeaders": ["*x*"]}, 'AllowedHeader "*x*" can not have more than one wildcard.'),
        (
            {"ExposeHeaders": ["x-*"]},
            'ExposeHeader "x-*" contains wildcard. We currently do not support wildcard for ExposeHeader.',
        ),
    ],
)
def test_rule_that_cannot_be_is_refused(refused, bucket, allow, wrong, message):
    with refused("InvalidRequest", 400) as caught:
        allow(bucket, rule(**wrong))
    assert caught.value.response["Error"]["Message"] == message


def test_there_are_a_hundred_rules_at_most(refused, bucket, allow):
    allow(bucket, *[rule()] * 100)
    with refused("InvalidRequest", 400):
        allow(bucket, *[rule()] * 101)


def test_no_rules_are_no_configuration(refused, bucket, allow):
    with refused("MalformedXML", 400):
        allow(bucket)


def test_ids_have_a_length(refused, bucket, allow):
    with refused("InvalidArgument", 400, ArgumentName="ID"):
        allow(bucket, rule(ID="x" * 256))


def test_strangers_set_no_rules(refused, aws, bucket):
    with refused("AccessDenied", 403):
        aws("s3", account="111122223333").put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule()]})


# -- preflights


def test_preflight_tells_what_a_page_may_do(bucket, allow, preflight):
    allow(bucket, rule(AllowedHeaders=["x-amz-*", "content-type"], ExposeHeaders=["ETag", "x-a"], MaxAgeSeconds=300))
    answer = preflight(bucket, headers="Content-Type, X-Amz-Date")
    assert answer.status == 200
    assert answer.body == b""
    found = {name: value for name, value in answer.headers.items() if name.startswith("access-control")}
    assert found == {
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "content-type, x-amz-date",
        "access-control-expose-headers": "ETag, x-a",
        "access-control-max-age": "300",
        "access-control-allow-credentials": "true",
    }
    assert answer.headers["vary"] == "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


def test_every_origin_is_named_by_a_star_and_gets_no_credentials(bucket, allow, preflight):
    allow(bucket, rule(AllowedOrigins=["*"]))
    headers = preflight(bucket).headers
    assert headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize("origin", ["https://a.example.com", "https://a.b.example.com"])
def test_wildcard_in_an_origin_answers_with_the_origin(bucket, allow, preflight, origin):
    allow(bucket, rule(AllowedOrigins=["https://*.example.com"]))
    assert preflight(bucket, origin=origin).headers["access-control-allow-origin"] == origin


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "http://shop.example.com"},
        {"origin": "https://shop.example.com.evil.org"},
        {"method": "DELETE"},
        {"headers": "x-other"},
        {"headers": "x-good, x-other"},
    ],
)
def test_preflight_outside_of_the_rules_is_forbidden(bucket, allow, preflight, wrong):
    allow(bucket, rule(AllowedHeaders=["x-good"]))
    answer = preflight(bucket, **wrong)
    assert answer.refusal == (403, "AccessForbidden")
    assert answer.error["Message"] == FORBIDDEN
    assert (answer.error["Method"], answer.error["ResourceType"]) == (wrong.get("method", "PUT"), "OBJECT")
    assert "access-control-allow-origin" not in answer.headers


def test_first_rule_that_fits_counts(bucket, allow, preflight):
    allow(bucket, rule(AllowedMethods=["GET"], MaxAgeSeconds=1), rule(MaxAgeSeconds=2), rule(MaxAgeSeconds=3))
    assert preflight(bucket).headers["access-control-max-age"] == "2"


def test_preflight_without_rules_is_forbidden(bucket, preflight):
    answer = preflight(bucket, key="")
    assert answer.refusal == (403, "AccessForbidden")
    assert answer.error["Message"] == "CORSResponse: CORS is not enabled for this bucket."
    assert answer.error["ResourceType"] == "BUCKET"


def test_preflight_for_no_bucket_is_forbidden(new_name, preflight):
    answer = preflight(new_name())
    assert answer.refusal == (403, "AccessForbidden")
    assert answer.error["Message"] == "CORSResponse: Bucket not found"


def test_preflight_needs_an_origin(bucket, preflight):
    answer = preflight(bucket, origin=None)
    assert answer.refusal == (400, "BadRequest")
    assert answer.error["Message"] == "Insufficient information. Origin request header needed."


@pytest.mark.parametrize("method", [None, "FETCH"])
def test_preflight_needs_a_method(bucket, preflight, method):
    answer = preflight(bucket, method=method)
    assert answer.refusal == (400, "BadRequest")
    assert answer.error["Message"] == f"Invalid Access-Control-Request-Method: {method or 'null'}"


def test_preflight_works_on_virtual_hosts(bucket, allow, preflight):
    allow(bucket, rule())
    answer = raw = preflight("", key="k", host=f"{bucket}.s3.localhost:4566")
    assert raw.status == 200 and answer.headers["access-control-allow-origin"] == ORIGIN


# -- requests of pages


def test_answer_to_a_page_has_the_headers(bucket, put, allow, raw):
    put(bucket, "k", b"text")
    allow(bucket, rule(ExposeHeaders=["ETag"], MaxAgeSeconds=9))
    answer = raw("GET", f"/{bucket}/k", headers={"origin": ORIGIN})
    assert (answer.status, answer.body) == (200, b"text")
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-methods"] == "GET, PUT"
    assert answer.headers["access-control-expose-headers"] == "ETag"
    assert answer.headers["access-control-max-age"] == "9"


def test_page_may_read_refusals_too(bucket, allow, raw):
    allow(bucket, rule())
    answer = raw("GET", f"/{bucket}/nothing", headers={"origin": ORIGIN})
    assert answer.status == 404
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    unsigned = raw("GET", f"/{bucket}/nothing", headers={"origin": ORIGIN}, signed=False)
    assert unsigned.status == 403
    assert unsigned.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize("origin", [None, "https://elsewhere.example.org"])
def test_other_requests_are_answered_as_ever(bucket, put, allow, raw, origin):
    put(bucket, "k", b"text")
    allow(bucket, rule())
    answer = raw("GET", f"/{bucket}/k", headers={} if origin is None else {"origin": origin})
    assert (answer.status, answer.body) == (200, b"text")
    assert "access-control-allow-origin" not in answer.headers


def test_method_that_is_not_allowed_gets_no_headers(bucket, put, allow, raw):
    put(bucket, "k")
    allow(bucket, rule())
    answer = raw("DELETE", f"/{bucket}/k", headers={"origin": ORIGIN})
    assert answer.status == 204
    assert "access-control-allow-origin" not in answer.headers
