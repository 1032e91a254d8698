import gzip
import json

import pytest


class Bucket:
    """A bucket that CloudTrail may put files into."""

    def __init__(self, aws, name):
        self.s3 = aws("s3")
        self.name = name
        self.s3.create_bucket(Bucket=name)
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": ["s3:GetBucketAcl", "s3:PutObject"],
            "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
        }
        self.s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}))

    def files(self, kind="CloudTrail/"):
        found = self.s3.list_objects_v2(Bucket=self.name).get("Contents", [])
        return [each["Key"] for each in found if each["Key"].endswith(".json.gz") and kind in each["Key"]]

    def read(self, key):
        return json.loads(gzip.decompress(self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()))

    def records(self):
        return [record for key in self.files() for record in self.read(key)["Records"]]

    def names(self):
        return [record["eventName"] for record in self.records()]


@pytest.fixture
def trail(aws):
    """Calls CloudTrail."""
    return aws("cloudtrail")


@pytest.fixture
def bucket(aws):
    return Bucket(aws, f"trails-{aws.account}")


@pytest.fixture
def logging(trail, bucket):
    """Makes a trail that logs. Returns its ARN."""

    def make(name="main", selectors=None, advanced=None, **options):
        arn = trail.create_trail(Name=name, S3BucketName=bucket.name, **options)["TrailARN"]
        if selectors is not None:
            trail.put_event_selectors(TrailName=name, EventSelectors=selectors)
        if advanced is not None:
            trail.put_event_selectors(TrailName=name, AdvancedEventSelectors=advanced)
        trail.start_logging(Name=name)
        return arn

    return make
