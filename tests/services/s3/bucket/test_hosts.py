"""Virtual hosts: which bucket a Host header names."""

import pytest

from fogbank.services.s3.bucket.hosts import bucket_of_host, path_of, website_of_host


@pytest.mark.parametrize(
    "host",
    [
        "pics.s3.localhost:4566",
        "pics.s3.localhost.localstack.cloud:4566",
        "pics.s3.us-east-1.localhost.localstack.cloud:4566",
        "pics.s3.amazonaws.com",
        "pics.s3.eu-west-1.amazonaws.com",
        "pics.s3-eu-west-1.amazonaws.com",
        "pics.s3.us-gov-west-1.amazonaws.com",
        "pics.s3.dualstack.eu-west-1.amazonaws.com",
        "pics.s3-accelerate.amazonaws.com",
        "pics.s3-accelerate.dualstack.amazonaws.com",
        "pics.s3-fips.us-west-2.amazonaws.com",
        "pics.s3.cn-north-1.amazonaws.com.cn",
        "pics.localhost:4566",
        "pics.localhost.localstack.cloud:4566",
        "pics.s3.fogbank:4566",
        "PICS.S3.LOCALHOST",
        "pics.s3-website-us-east-1.amazonaws.com",
        "pics.s3-website.eu-central-1.amazonaws.com",
        "pics.s3-website.localhost:4566",
    ],
)
def test_virtual_host_names_its_bucket(host):
    assert bucket_of_host(host) == "pics"


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost",
        "localhost:4566",
        "127.0.0.1:4566",
        "[::1]:4566",
        "s3.localhost:4566",
        "s3.us-east-1.localhost:4566",
        "s3.localhost.localstack.cloud:4566",
        "s3.us-east-1.localhost.localstack.cloud",
        "localhost.localstack.cloud:4566",
        "s3.amazonaws.com",
        "s3-eu-west-1.amazonaws.com",
        "s3.dualstack.eu-west-1.amazonaws.com",
        "s3-accelerate.amazonaws.com",
        "fogbank:4566",
    ],
)
def test_other_hosts_name_no_bucket(host):
    assert bucket_of_host(host) is None


def test_bucket_names_may_have_dots():
    assert bucket_of_host("my.own.bucket.s3.localhost:4566") == "my.own.bucket"


def test_bucket_name_may_look_like_an_endpoint_itself():
    assert bucket_of_host("a.s3.b.s3.us-east-1.amazonaws.com") == "a.s3.b"


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("pics.s3-website-eu-west-1.amazonaws.com", "eu-west-1"),
        ("pics.s3-website.eu-west-1.localhost:4566", "eu-west-1"),
        ("pics.s3-website.localhost:4566", ""),
        ("a.s3.b.s3-website.localhost", ""),
        ("pics.s3.localhost:4566", None),
        ("s3-website.localhost:4566", None),
    ],
)
def test_website_is_known_by_its_host(host, region):
    assert website_of_host(host) == region


@pytest.mark.parametrize(
    ("host", "place"),
    [
        (
            "front-111122223333.s3-accesspoint.eu-west-1.amazonaws.com",
            "arn:aws:s3:eu-west-1:111122223333:accesspoint/front",
        ),
        (
            "front-111122223333.s3-accesspoint-fips.dualstack.us-east-1.amazonaws.com:443",
            "arn:aws:s3:us-east-1:111122223333:accesspoint/front",
        ),
        (
            "loud-111122223333.s3-object-lambda.eu-west-1.amazonaws.com",
            "arn:aws:s3-object-lambda:eu-west-1:111122223333:accesspoint/loud",
        ),
        (
            "front-111122223333.op-0123456789abcdef0.s3-outposts.us-east-1.amazonaws.com",
            "arn:aws:s3-outposts:us-east-1:111122223333:outpost/op-0123456789abcdef0/accesspoint/front",
        ),
        ("front-abcdefghij-s3alias.s3-accesspoint.us-east-1.amazonaws.com", "front-abcdefghij-s3alias"),
        ("front-abcdefghij-s3alias.s3.us-east-1.amazonaws.com", "front-abcdefghij-s3alias"),
        ("mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com", "mfzwi23gnjvgw.mrap"),
        ("front-111122223333.localhost:4566", "front-111122223333"),
    ],
)
def test_hosts_of_access_points_put_them_in_a_buckets_place(host, place):
    assert bucket_of_host(host) == place


def test_path_is_put_behind_what_the_host_names():
    assert path_of("pics.s3.localhost:4566", "/") == "/pics"
    assert path_of("pics.s3.localhost:4566", "//a%20b") == "/pics//a%20b"
    assert path_of("localhost:4566", "/pics/k") == "/pics/k"
    arn = "arn%3Aaws%3As3%3Aus-east-1%3A111122223333%3Aaccesspoint%2Ffront"
    assert path_of("front-111122223333.s3-accesspoint.us-east-1.amazonaws.com", "/k") == f"/{arn}/k"


def test_way_back_to_a_waiting_reader_names_no_bucket():
    assert path_of("io-1.localhost:4566", "/WriteGetObjectResponse") == "/WriteGetObjectResponse"
