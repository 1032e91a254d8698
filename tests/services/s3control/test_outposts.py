"""Buckets on Outposts: there are none."""

import pytest

OUTPOST = "arn:aws:s3-outposts:us-east-1:{account}:outpost/op-01234567890123456"


@pytest.mark.parametrize("operation", ["get_bucket", "delete_bucket", "get_bucket_policy", "get_bucket_tagging"])
def test_bucket_of_an_outpost_that_is_not_there(control, aws, refused, operation):
    arn = OUTPOST.format(account=aws.account) + "/bucket/b"
    with refused("NoSuchOutpost", 404):
        getattr(control, operation)(Bucket=arn)


def test_no_bucket_is_made_on_an_outpost(client, s3, new_name, refused):
    name = new_name()
    with refused("NoSuchOutpost", 404):
        client("s3control").create_bucket(Bucket=name, OutpostId="op-01234567890123456")
    assert name not in [each["Name"] for each in s3.list_buckets()["Buckets"]]


def test_other_buckets_are_not_for_these_operations(control, bucket, refused):
    with refused("UnsupportedOperation", 404):
        control.get_bucket(Bucket=bucket)


def test_objects_of_an_outpost_are_not_somebody_elses(client, aws, s3, refused):
    arn = OUTPOST.format(account=aws.account) + "/accesspoint/front"
    on_outposts = client("s3")
    host = f"front-{aws.account}.op-01234567890123456.s3-outposts.us-east-1.amazonaws.com"
    on_outposts.meta.events.register("before-sign.s3", lambda request, **_: setattr(request, "url", f"http://{host}/k"))
    with refused("NoSuchAccessPoint", 404):
        on_outposts.put_object(Bucket=arn, Key="k", Body=b"x")
