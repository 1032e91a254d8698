"""GetCallerIdentity and GetAccessKeyInfo, and on the way what every service owes to identity."""

from __future__ import annotations

import urllib.error
import urllib.request

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError


def client(server, key, secret="test", service="sts", **options):
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=server.endpoint,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"max_attempts": 0}, **options),
    )


def code(call, *args, **kwargs):
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    error = caught.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]


def test_the_caller_is_the_root_of_its_account(aws):
    identity = aws("sts").get_caller_identity()
    assert identity["Account"] == aws.account
    assert identity["UserId"] == aws.account
    assert identity["Arn"] == f"arn:aws:iam::{aws.account}:root"


def test_test_is_the_default_account(fogbank_server):
    assert client(fogbank_server, "test").get_caller_identity()["Account"] == "000000000000"


def test_a_wrong_secret_is_refused(fogbank_server):
    assert code(client(fogbank_server, "test", "wrong").get_caller_identity) == ("SignatureDoesNotMatch", 403)


def test_a_key_that_was_not_issued_here_is_refused(fogbank_server):
    sts = client(fogbank_server, "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    assert code(sts.get_caller_identity) == ("InvalidClientTokenId", 403)


def test_an_unsigned_call_is_refused(fogbank_server):
    request = urllib.request.Request(
        fogbank_server.endpoint + "/?Action=GetCallerIdentity&Version=2011-06-15", headers={"Host": "sts.localhost"}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    assert caught.value.code == 403
    assert b"<Code>MissingAuthenticationToken</Code>" in caught.value.read()


def test_a_presigned_call_works_without_a_header(aws):
    url = aws("sts").generate_presigned_url("get_caller_identity")
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert aws.account.encode() in answer.read()


def test_a_key_tells_its_account(aws):
    sts = aws("sts")
    assert sts.get_access_key_info(AccessKeyId="ASIAY34FZKBOKMUTVV7A")["Account"] == "609629065308"
    assert sts.get_access_key_info(AccessKeyId="some_dummy_key_of_mine")["Account"] == "000000000000"


def test_a_key_that_nobody_can_have_is_refused(aws):
    assert code(aws("sts").get_access_key_info, AccessKeyId="AKIAIOSFODNN7EXAMPLE") == ("ValidationError", 400)


def test_what_is_missing_says_so(aws):
    assert code(aws("sts").get_delegated_access_token, TradeInToken="t") == ("NotImplemented", 501)
