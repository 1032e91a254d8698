"""Attribute-based access control: the tags of a bucket in conditions, once that is enabled."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def enable(s3):
    return lambda bucket, status="Enabled": s3.put_bucket_abac(Bucket=bucket, AbacStatus={"Status": status})


@pytest.fixture
def tagged(s3, bucket, put):
    """A bucket of the team `red` with an object."""
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "team", "Value": "red"}]})
    put(bucket, "k")
    return bucket


@pytest.fixture
def reader(aws, fogbank_server):
    """S3 as a user who may do everything with what a condition holds for."""

    def reader(key):
        iam = aws("iam")
        iam.create_user(UserName="reader")
        statement = {
            "Effect": "Allow",
            "Action": "s3:*",
            "Resource": "*",
            "Condition": {"StringEquals": {key: "red"}},
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=document)
        keys = iam.create_access_key(UserName="reader")["AccessKey"]
        return boto3.client(
            "s3",
            endpoint_url=fogbank_server.endpoint,
            region_name="us-east-1",
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
        )

    return reader


def test_it_is_disabled_at_first(s3, bucket, enable):
    assert s3.get_bucket_abac(Bucket=bucket)["AbacStatus"] == {"Status": "Disabled"}
    enable(bucket)
    assert s3.get_bucket_abac(Bucket=bucket)["AbacStatus"] == {"Status": "Enabled"}
    enable(bucket, "Disabled")
    assert s3.get_bucket_abac(Bucket=bucket)["AbacStatus"] == {"Status": "Disabled"}


@pytest.mark.parametrize("key", ["aws:ResourceTag/team", "s3:BucketTag/team"])
def test_tags_of_a_bucket_decide_once_it_is_enabled(tagged, enable, reader, key):
    user = reader(key)
    for attempt in (lambda: user.get_object(Bucket=tagged, Key="k"), lambda: user.list_objects_v2(Bucket=tagged)):
        with pytest.raises(ClientError, match="AccessDenied"):
            attempt()
    enable(tagged)
    assert user.get_object(Bucket=tagged, Key="k")["ContentLength"] == 1
    assert user.list_objects_v2(Bucket=tagged)["KeyCount"] == 1


def test_other_tags_let_nobody_in(make_bucket, enable, reader):
    name = make_bucket()
    enable(name)
    with pytest.raises(ClientError, match="AccessDenied"):
        reader("aws:ResourceTag/team").list_objects_v2(Bucket=name)


def test_tags_are_not_put_any_more_then(s3, refused, tagged, enable):
    enable(tagged)
    with refused("InvalidRequest", 400):
        s3.put_bucket_tagging(Bucket=tagged, Tagging={"TagSet": []})
    with refused("InvalidRequest", 400):
        s3.delete_bucket_tagging(Bucket=tagged)
