"""Regions: requests for buckets that are elsewhere."""

import boto3
import pytest
from botocore.exceptions import ClientError

from fogbank.testing import Clients, server

THERE = "eu-west-1"


@pytest.fixture
def far(aws, new_name):
    """A bucket in Ireland."""
    name = new_name()
    aws("s3", region=THERE).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": THERE})
    return name


def test_request_for_a_bucket_elsewhere_is_redirected(far, raw, fogbank_server):
    answer = raw("GET", f"/{far}")
    assert answer.refusal == (301, "PermanentRedirect")
    assert answer.headers["x-amz-bucket-region"] == THERE
    assert (answer.error["Bucket"], answer.error["Endpoint"]) == (far, fogbank_server.endpoint.removeprefix("http://"))


def test_aws_names_its_own_endpoint(far, raw):
    answer = raw("GET", "/k", host=f"{far}.s3.amazonaws.com")
    assert answer.error["Endpoint"] == f"{far}.s3.{THERE}.amazonaws.com"


def test_head_is_redirected_by_its_headers(far, raw):
    answer = raw("HEAD", f"/{far}")
    assert (answer.status, answer.body, answer.headers["x-amz-bucket-region"]) == (301, b"", THERE)


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_redirected_request_does_nothing(aws, far, raw, method):
    raw(method, f"/{far}/k?uploads" if method == "POST" else f"/{far}/k", b"x")
    there = aws("s3", region=THERE)
    assert "Contents" not in there.list_objects_v2(Bucket=far)
    assert "Uploads" not in there.list_multipart_uploads(Bucket=far)


def test_boto3_follows(s3, far):
    s3.put_object(Bucket=far, Key="k", Body=b"far")
    assert s3.get_object(Bucket=far, Key="k")["Body"].read() == b"far"
    assert s3.head_bucket(Bucket=far)["BucketRegion"] == THERE
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=far)["Contents"]] == ["k"]


def test_source_of_a_copy_may_be_elsewhere(aws, s3, far, bucket, get):
    aws("s3", region=THERE).put_object(Bucket=far, Key="k", Body=b"far")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{far}/k")
    assert get(bucket, "copy") == b"far"


def test_first_region_knows_where_buckets_are(far, raw):
    answer = raw("GET", f"/{far}?location")
    assert answer.status == 200 and f">{THERE}<" in answer.body.decode()


def test_other_regions_do_not(far, raw):
    assert raw("GET", f"/{far}?location", region="ap-south-1").refusal == (301, "PermanentRedirect")


def test_signature_has_to_be_for_the_region_of_the_host(far, raw):
    answer = raw("GET", "/k", host=f"{far}.s3.{THERE}.amazonaws.com")
    assert answer.refusal == (400, "AuthorizationHeaderMalformed")
    assert answer.error["Region"] == THERE
    message = f"The authorization header is malformed; the region 'us-east-1' is wrong; expecting '{THERE}'"
    assert answer.error["Message"] == message


def test_host_of_its_region_serves_a_bucket(aws, far, raw):
    aws("s3", region=THERE).put_object(Bucket=far, Key="k", Body=b"far")
    assert raw("GET", "/k", host=f"{far}.s3.{THERE}.amazonaws.com", region=THERE).body == b"far"


def test_strangers_without_a_region_are_served(far, raw):
    assert raw("GET", f"/{far}", signed=False).refusal == (403, "AccessDenied")


def test_clients_that_sign_for_no_region_are_served(far, raw):
    assert raw("GET", f"/{far}", region="auto").status == 200


def test_missing_bucket_is_nowhere(new_name, raw):
    assert raw("GET", f"/{new_name()}", region=THERE).refusal == (404, "NoSuchBucket")


def test_server_may_serve_buckets_everywhere():
    with server(s3_regions="any") as running:
        Clients(running.endpoint, "111122223333")("s3").create_bucket(Bucket="here")
        elsewhere = boto3.client(
            "s3",
            region_name=THERE,
            endpoint_url=running.endpoint,
            aws_access_key_id="111122223333",
            aws_secret_access_key="test",
        )
        statuses = []
        elsewhere.meta.events.register("response-received.s3", lambda **about: statuses.append(_status(about)))
        elsewhere.list_objects_v2(Bucket="here")
        assert statuses == [200]


def _status(about):
    return about["response_dict"]["status_code"]


# -- creating


def test_other_regions_create_only_their_own(refused, aws, new_name):
    there = aws("s3", region=THERE)
    with refused("IllegalLocationConstraintException", 400):
        there.create_bucket(Bucket=new_name(), CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    with pytest.raises(ClientError) as caught:
        there.create_bucket(Bucket=new_name())
    message = caught.value.response["Error"]["Message"]
    assert message.startswith("The unspecified location constraint is incompatible for the region specific endpoint")


def test_first_region_creates_everywhere(s3, new_name):
    name = new_name()
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-central-1"


def test_first_region_is_no_constraint(refused, s3, new_name):
    with refused("InvalidLocationConstraint", 400):
        s3.create_bucket(Bucket=new_name(), CreateBucketConfiguration={"LocationConstraint": "us-east-1"})
