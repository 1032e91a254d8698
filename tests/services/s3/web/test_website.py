"""Website configurations: what a website can be made of."""

import pytest

INDEX = {"Suffix": "index.html"}


@pytest.fixture
def host(s3):
    def host(bucket, **website):
        s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=website)

    return host


def test_configuration_comes_back_until_it_is_deleted(refused, s3, bucket, host):
    condition = {"KeyPrefixEquals": "old/", "HttpErrorCodeReturnedEquals": "404"}
    rule = {"Condition": condition, "Redirect": {"ReplaceKeyPrefixWith": "new/", "HttpRedirectCode": "302"}}
    wanted = {"IndexDocument": INDEX, "ErrorDocument": {"Key": "error.html"}, "RoutingRules": [rule]}
    host(bucket, **wanted)
    answer = s3.get_bucket_website(Bucket=bucket)
    assert "x-fogbank-fidelity" not in answer.pop("ResponseMetadata")["HTTPHeaders"]
    assert answer == wanted
    s3.delete_bucket_website(Bucket=bucket)
    with refused("NoSuchWebsiteConfiguration", 404, BucketName=bucket):
        s3.get_bucket_website(Bucket=bucket)


def test_redirect_of_everything_comes_back(s3, bucket, host):
    host(bucket, RedirectAllRequestsTo={"HostName": "example.com", "Protocol": "https"})
    found = s3.get_bucket_website(Bucket=bucket)["RedirectAllRequestsTo"]
    assert found == {"HostName": "example.com", "Protocol": "https"}


@pytest.mark.parametrize(
    ("website", "argument", "value"),
    [
        ({}, "IndexDocument", "null"),
        ({"IndexDocument": {"Suffix": "a/b.html"}}, "IndexDocument", "a/b.html"),
        ({"IndexDocument": {"Suffix": ""}}, "IndexDocument", None),
        (
            {"IndexDocument": INDEX, "RedirectAllRequestsTo": {"HostName": "example.com"}},
            "RedirectAllRequestsTo",
            "not null",
        ),
    ],
)
def test_document_that_makes_no_website_is_refused(refused, bucket, host, website, argument, value):
    with refused("InvalidArgument", 400, ArgumentName=argument, ArgumentValue=value):
        host(bucket, **website)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            {"Redirect": {"ReplaceKeyWith": "a", "ReplaceKeyPrefixWith": "b"}},
            "You can only define ReplaceKeyPrefix or ReplaceKey but not both.",
        ),
        (
            {"Redirect": {"ReplaceKeyWith": "a", "HttpRedirectCode": "200"}},
            "The provided HTTP redirect code (200) is not valid. Valid codes are 3XX except 300.",
        ),
        (
            {"Condition": {"HttpErrorCodeReturnedEquals": "302"}, "Redirect": {"ReplaceKeyWith": "a"}},
            "The provided HTTP error code (302) is not valid. Valid codes are 4XX or 5XX.",
        ),
        (
            {"Condition": {}, "Redirect": {"ReplaceKeyWith": "a"}},
            "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present.",
        ),
        (
            {"Redirect": {"Protocol": "ftp"}},
            "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.",
        ),
    ],
)
def test_rule_that_cannot_be_is_refused(refused, bucket, host, rule, message):
    with refused("InvalidRequest", 400) as caught:
        host(bucket, IndexDocument=INDEX, RoutingRules=[rule])
    assert caught.value.response["Error"]["Message"] == message


def test_there_are_fifty_rules_at_most(refused, bucket, host):
    rule = {"Redirect": {"ReplaceKeyWith": "a"}}
    host(bucket, IndexDocument=INDEX, RoutingRules=[rule] * 50)
    with refused("InvalidRequest", 400):
        host(bucket, IndexDocument=INDEX, RoutingRules=[rule] * 51)


def test_strangers_make_no_website(refused, aws, bucket):
    stranger = aws("s3", account="111122223333")
    with refused("AccessDenied", 403):
        stranger.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": INDEX})
