"""Buckets whose requesters pay: others than the owner have to say that they will."""

import json

import pytest


@pytest.fixture
def paid(s3, bucket, put):
    """A bucket that everybody may read who pays."""
    s3.delete_public_access_block(Bucket=bucket)
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": resources}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    put(bucket, "k", b"x")
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    return bucket


@pytest.fixture
def stranger(aws):
    return aws("s3", account=str(int(aws.account) ^ 1).zfill(12))


def test_who_does_not_say_so_is_refused(refused, stranger, paid):
    for ask in (stranger.get_object, stranger.head_object, stranger.delete_object):
        with pytest.raises(stranger.exceptions.ClientError, match=r"403|AccessDenied"):
            ask(Bucket=paid, Key="k")
    with refused("AccessDenied", 403):
        stranger.list_objects_v2(Bucket=paid)
    with refused("AccessDenied", 403):
        stranger.put_object(Bucket=paid, Key="k", Body=b"x")


def test_who_says_so_is_charged(stranger, paid):
    answer = stranger.get_object(Bucket=paid, Key="k", RequestPayer="requester")
    assert (answer["Body"].read(), answer["RequestCharged"]) == (b"x", "requester")
    assert stranger.list_objects_v2(Bucket=paid, RequestPayer="requester")["RequestCharged"] == "requester"
    answer = stranger.put_object(Bucket=paid, Key="k", Body=b"y" * 70_000, RequestPayer="requester")
    assert answer["RequestCharged"] == "requester"


def test_a_presigned_url_can_say_so(raw, stranger, paid):
    params = {"Bucket": paid, "Key": "k", "RequestPayer": "requester"}
    url = stranger.generate_presigned_url("get_object", Params=params)
    path, _, query = url.partition("//")[2].partition("/")[2].partition("?")
    assert raw("GET", f"/{path}?{query}", signed=False).body == b"x"


def test_the_owner_need_not_say_anything(s3, paid):
    assert "RequestCharged" not in s3.get_object(Bucket=paid, Key="k")


def test_nobody_pays_for_whom_nobody_knows(raw, paid):
    answer = raw("GET", f"/{paid}/k", headers={"x-amz-request-payer": "requester"}, signed=False)
    assert answer.refusal == (403, "AccessDenied")


def test_a_copy_of_such_an_object_is_paid_by_who_copies(refused, aws, stranger, paid, new_name):
    own = new_name()
    stranger.create_bucket(Bucket=own)
    with refused("AccessDenied", 403):
        stranger.copy_object(Bucket=own, Key="k", CopySource=f"{paid}/k")
    stranger.copy_object(Bucket=own, Key="k", CopySource=f"{paid}/k", RequestPayer="requester")


def test_a_bucket_whose_owner_pays_asks_nobody(s3, stranger, paid):
    s3.put_bucket_request_payment(Bucket=paid, RequestPaymentConfiguration={"Payer": "BucketOwner"})
    assert "RequestCharged" not in stranger.get_object(Bucket=paid, Key="k", RequestPayer="requester")
