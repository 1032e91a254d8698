"""Delivery streams, their roles and buckets, as the tests of Firehose use them."""

import json
import time
from contextlib import contextmanager

import pytest


@pytest.fixture
def firehose(aws):
    return aws("firehose")


@pytest.fixture
def refused(firehose):
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code, message=""):
        with pytest.raises(firehose.exceptions.ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert error["Code"] == code
        assert message in error["Message"]

    return refused


@pytest.fixture
def make_role(aws):
    """Makes a role that may do these actions, all of them when none are named."""

    def make(*actions, name="delivery", service="firehose.amazonaws.com"):
        iam = aws("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
        statement = {"Effect": "Allow", "Action": list(actions) or "*", "Resource": "*"}
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(statement))
        return arn

    return make


def policy(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Delivery:
    """A delivery stream and the bucket that it delivers to."""

    def __init__(self, aws, role, name="orders"):
        self.aws, self.role, self.name = aws, role, name
        self.firehose, self.s3 = aws("firehose"), aws("s3")
        self.bucket = f"{name}-{aws.account}"
        self.s3.create_bucket(Bucket=self.bucket)

    @property
    def where(self):
        return {"RoleARN": self.role, "BucketARN": f"arn:aws:s3:::{self.bucket}"}

    def create(self, options=None, **more):
        """Make the stream, by default to S3, with these settings of the destination."""
        if "DestinationConfiguration" not in "".join(more):
            more["ExtendedS3DestinationConfiguration"] = self.where | (options or {})
        arn = self.firehose.create_delivery_stream(DeliveryStreamName=self.name, **more)["DeliveryStreamARN"]
        self.settled()
        return arn

    def describe(self):
        return self.firehose.describe_delivery_stream(DeliveryStreamName=self.name)["DeliveryStreamDescription"]

    def settled(self):
        wait_until(lambda: self.describe()["DeliveryStreamStatus"] != "CREATING")

    def put(self, *records):
        batch = [{"Data": record} for record in records]
        return self.firehose.put_record_batch(DeliveryStreamName=self.name, Records=batch)

    def keys(self, bucket=None, count=1):
        """The keys in the bucket, once there are so many."""
        bucket = bucket or self.bucket

        def found():
            listed = self.s3.list_objects_v2(Bucket=bucket).get("Contents") or []
            return [each["Key"] for each in listed] if len(listed) >= count else None

        return wait_until(found)

    def objects(self, bucket=None, count=1):
        """What is in the bucket, by key, once there are so many objects."""
        bucket = bucket or self.bucket
        keys = self.keys(bucket, count)
        return {key: self.s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def one(self):
        """(key, content) of the only object."""
        ((key, content),) = self.objects().items()
        return key, content


def wait_until(found, within=20):
    """What `found` returns as soon as it is something."""
    end = time.monotonic() + within
    while not (answer := found()) and time.monotonic() < end:
        time.sleep(0.02)
    assert answer
    return answer


@pytest.fixture
def delivery(aws, make_role):
    return Delivery(aws, make_role())


NOW = {"SizeInMBs": 1, "IntervalInSeconds": 0}
