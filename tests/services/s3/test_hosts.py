"""Virtual hosts: which bucket a Host header names."""

import pytest

from fogbank.services.s3.hosts import bucket_of_host, website_of_host


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
