"""Multi-Region Access Points: asynchronous requests, policies, routes, and what comes through."""

import pytest

from tests.services.s3control.conftest import Control, statement

WEST = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}


@pytest.fixture
def control(client, aws):
    return Control(client("s3control", region="us-west-2"), aws.account)


@pytest.fixture
def buckets(make_bucket):
    return [make_bucket(), make_bucket(**WEST)]


@pytest.fixture
def settled(control, clock):
    """Waits until a request is settled, and tells what became of it."""

    def wait(answer):
        clock.advance(seconds=1)
        token = answer["RequestTokenARN"]
        return control.describe_multi_region_access_point_operation(RequestTokenARN=token)["AsyncOperation"]

    return wait


@pytest.fixture
def make(control, settled):
    def make(*buckets, name="global", **details):
        regions = [{"Bucket": bucket} for bucket in buckets]
        return settled(
            control.create_multi_region_access_point(
                ClientToken=f"create-{name}", Details={"Name": name, "Regions": regions, **details}
            )
        )

    return make


@pytest.fixture
def made(control, make, buckets):
    make(*buckets)
    return control.get_multi_region_access_point(Name="global")["AccessPoint"]


def test_it_is_made_after_a_while(control, buckets, aws, clock):
    details = {"Name": "global", "Regions": [{"Bucket": bucket} for bucket in buckets]}
    token = control.create_multi_region_access_point(ClientToken="t", Details=details)["RequestTokenARN"]
    assert token.startswith(f"arn:aws:s3:us-west-2:{aws.account}:async-request/mrap/create/")
    assert control.get_multi_region_access_point(Name="global")["AccessPoint"]["Status"] == "CREATING"
    clock.advance(seconds=1)
    found = control.get_multi_region_access_point(Name="global")["AccessPoint"]
    assert (found["Status"], found["Alias"].endswith(".mrap")) == ("READY", True)
    assert [(each["Bucket"], each["Region"]) for each in found["Regions"]] == [
        (buckets[0], "us-east-1"),
        (buckets[1], "eu-west-1"),
    ]
    asked = control.describe_multi_region_access_point_operation(RequestTokenARN=token)["AsyncOperation"]
    assert (asked["RequestStatus"], asked["Operation"]) == ("SUCCEEDED", "CreateMultiRegionAccessPoint")
    assert asked["RequestParameters"] == {"CreateMultiRegionAccessPointRequest": details}
    assert control.list_multi_region_access_points()["AccessPoints"] == [found]


def test_request_is_told_by_its_token_only(control, refused, aws):
    with refused("NoSuchAsyncRequest", 404):
        control.describe_multi_region_access_point_operation(
            RequestTokenARN=f"arn:aws:s3:us-west-2:{aws.account}:async-request/mrap/create/none"
        )


@pytest.mark.parametrize(
    ("names", "code"),
    [(["missing-bucket-for-sure"], "NoSuchBucket"), (["first", "second"], "MultiRegionAccessPointSameBucketRegion")],
)
def test_what_cannot_be_made_is_not_there(control, make, make_bucket, refused, names, code):
    buckets = {name: make_bucket() for name in ("first", "second")}
    failed = make(*[buckets.get(name, name) for name in names])
    assert (failed["RequestStatus"], failed["ResponseDetails"]["ErrorDetails"]["Code"]) == ("FAILED", code)
    with refused("NoSuchMultiRegionAccessPoint", 404):
        control.get_multi_region_access_point(Name="global")


def test_name_is_taken_once(make, made, make_bucket, control, settled):
    again = control.create_multi_region_access_point(
        ClientToken="other", Details={"Name": "global", "Regions": [{"Bucket": make_bucket()}]}
    )
    assert settled(again)["ResponseDetails"]["ErrorDetails"]["Code"] == "MultiRegionAccessPointAlreadyOwnedByYou"


def test_client_token_is_for_one_request(control, buckets, refused):
    details = {"Name": "global", "Regions": [{"Bucket": buckets[0]}]}
    first = control.create_multi_region_access_point(ClientToken="t", Details=details)
    assert (
        control.create_multi_region_access_point(ClientToken="t", Details=details)["RequestTokenARN"]
        == (first["RequestTokenARN"])
    )
    with refused("ClientTokenConflict", 409):
        control.delete_multi_region_access_point(ClientToken="t", Details={"Name": "global"})


def test_it_is_deleted_after_a_while(control, made, settled, s3, buckets, refused):
    with refused("BucketHasAccessPointsAttached", 400):
        s3.delete_bucket(Bucket=buckets[0])
    gone = settled(control.delete_multi_region_access_point(ClientToken="d", Details={"Name": "global"}))
    assert gone["RequestStatus"] == "SUCCEEDED"
    with refused("NoSuchMultiRegionAccessPoint", 404):
        control.get_multi_region_access_point(Name="global")
    s3.delete_bucket(Bucket=buckets[0])


def test_policy_is_in_force_after_a_while(control, made, settled, aws):
    arn = f"arn:aws:s3::{aws.account}:accesspoint/{made['Alias']}"
    text = statement(f"{arn}/object/*", principal="arn:aws:iam::111122223333:root")
    put = control.put_multi_region_access_point_policy(ClientToken="p", Details={"Name": "global", "Policy": text})
    assert settled(put)["RequestStatus"] == "SUCCEEDED"
    assert control.get_multi_region_access_point_policy(Name="global")["Policy"]["Established"] == {"Policy": text}
    assert control.get_multi_region_access_point_policy_status(Name="global")["Established"] == {"IsPublic": False}
    bad = control.put_multi_region_access_point_policy(ClientToken="q", Details={"Name": "global", "Policy": "{}"})
    assert settled(bad)["ResponseDetails"]["ErrorDetails"]["Code"] == "MalformedPolicy"


@pytest.fixture
def through(client, made):
    """A client whose requests go to the access point's host."""
    reader = client("s3")
    host = f"{made['Alias']}.accesspoint.s3-global.amazonaws.com"

    def to_host(request, **_):
        request.url = f"http://{host}/k"

    reader.meta.events.register("before-sign.s3", to_host)
    return reader


def test_requests_go_to_the_nearest_bucket_that_is_active(control, s3, through, made, buckets, refused):
    for bucket in buckets:
        s3.put_object(Bucket=bucket, Key="k", Body=bucket.encode())
    assert through.get_object(Bucket="named-by-the-host", Key="k")["Body"].read() == buckets[0].encode()
    routes = [{"Bucket": buckets[0], "TrafficDialPercentage": 0}]
    control.submit_multi_region_access_point_routes(Mrap=made["Alias"], RouteUpdates=routes)
    assert through.get_object(Bucket="named-by-the-host", Key="k")["Body"].read() == buckets[1].encode()
    found = control.get_multi_region_access_point_routes(Mrap=made["Alias"])["Routes"]
    assert [(each["Region"], each["TrafficDialPercentage"]) for each in found] == [("us-east-1", 0), ("eu-west-1", 100)]
    with refused("InvalidRequest", 400):
        control.submit_multi_region_access_point_routes(
            Mrap=made["Alias"], RouteUpdates=[{"Region": "eu-west-1", "TrafficDialPercentage": 0}]
        )


def test_alias_stands_in_a_buckets_place(s3, made, buckets):
    s3.put_object(Bucket=made["Alias"], Key="k", Body=b"x")
    assert s3.get_object(Bucket=buckets[0], Key="k")["Body"].read() == b"x"
