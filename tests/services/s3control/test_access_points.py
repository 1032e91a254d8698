"""Access points: made, listed, deleted, and what comes through them."""

import pytest

from tests.services.s3control.conftest import statement

STRANGER = "111122223333"


@pytest.fixture
def point(control, bucket):
    return control.create_access_point(Name="front", Bucket=bucket)


# -- the resource


def test_access_point_is_read_as_it_was_made(control, bucket, aws):
    made = control.create_access_point(Name="front", Bucket=bucket, VpcConfiguration={"VpcId": "vpc-1"})
    assert made["AccessPointArn"] == f"arn:aws:s3:us-east-1:{aws.account}:accesspoint/front"
    assert made["Alias"].startswith("front-")
    assert made["Alias"].endswith("-s3alias")
    assert len(made["Alias"]) <= 63
    found = control.get_access_point(Name="front")
    assert {name: found[name] for name in ("Name", "Bucket", "NetworkOrigin", "VpcConfiguration", "Alias")} == {
        "Name": "front",
        "Bucket": bucket,
        "NetworkOrigin": "VPC",
        "VpcConfiguration": {"VpcId": "vpc-1"},
        "Alias": made["Alias"],
    }
    assert found["BucketAccountId"] == aws.account
    assert all(found["PublicAccessBlockConfiguration"].values())
    assert found["Endpoints"]["ipv4"] == "s3-accesspoint.us-east-1.amazonaws.com"


def test_block_of_an_access_point_is_as_it_was_given(control, bucket):
    control.create_access_point(Name="front", Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    assert control.get_access_point(Name="front")["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    }


def test_name_is_taken_once(control, bucket, point, refused):
    with refused("AccessPointAlreadyOwnedByYou", 409):
        control.create_access_point(Name="front", Bucket=bucket)


@pytest.mark.parametrize("name", ["Upper", "-front", "front-", "a.b.c", "x" * 51, "front-s3alias", "under_score"])
def test_names_have_rules(control, bucket, refused, name):
    with refused("InvalidAccessPoint", 400):
        control.create_access_point(Name=name, Bucket=bucket)


def test_bucket_has_to_be_there(control, refused, new_name):
    with refused("InvalidRequest", 400):
        control.create_access_point(Name="front", Bucket=new_name())


def test_bucket_of_somebody_else_has_to_be_named_as_such(control, client, refused, new_name):
    theirs = new_name()
    client("s3", account=STRANGER).create_bucket(Bucket=theirs)
    with refused("AccessDenied", 403):
        control.create_access_point(Name="front", Bucket=theirs)
    control.create_access_point(Name="front", Bucket=theirs, BucketAccountId=STRANGER)
    assert control.get_access_point(Name="front")["BucketAccountId"] == STRANGER


def test_deleted_access_point_is_gone(control, s3, bucket, point, refused):
    control.delete_access_point(Name="front")
    for call in (control.get_access_point, control.delete_access_point, control.get_access_point_policy):
        with refused("NoSuchAccessPoint", 404):
            call(Name="front")
    with refused("NoSuchAccessPoint", 404):
        s3.list_objects_v2(Bucket=point["Alias"])


def test_bucket_with_access_points_is_not_deleted(control, s3, bucket, point, refused):
    with refused("BucketHasAccessPointsAttached", 400):
        s3.delete_bucket(Bucket=bucket)
    control.delete_access_point(Name="front")
    s3.delete_bucket(Bucket=bucket)


def test_lists_are_by_bucket_and_by_page(control, make_bucket, refused):
    first, second = make_bucket(), make_bucket()
    for number in range(5):
        control.create_access_point(Name=f"one{number}", Bucket=first)
    control.create_access_point(Name="two", Bucket=second)
    assert [each["Name"] for each in control.list_access_points(Bucket=second)["AccessPointList"]] == ["two"]
    names, token = [], {}
    while True:
        page = control.list_access_points(MaxResults=2, **token)
        names += [each["Name"] for each in page["AccessPointList"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert names == ["one0", "one1", "one2", "one3", "one4", "two"]
    with refused("InvalidRequest", 400):
        control.list_access_points(NextToken="garbage")
    with refused("InvalidRequest", 400):
        control.list_access_points(MaxResults=0)


def test_tags_of_an_access_point(control, bucket, refused):
    made = control.create_access_point(Name="front", Bucket=bucket, Tags=[{"Key": "a", "Value": "1"}])
    arn = made["AccessPointArn"]
    control.tag_resource(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    control.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert control.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    control.delete_access_point(Name="front")
    with refused("NoSuchResource", 404):
        control.list_tags_for_resource(ResourceArn=arn)


def test_tags_of_a_bucket_are_its_own(control, s3, bucket, refused):
    arn = f"arn:aws:s3:::{bucket}"
    control.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "a", "Value": "1"}]
    assert control.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
    with refused("InvalidTag", 400):
        control.tag_resource(ResourceArn=arn, Tags=[{"Key": "aws:x", "Value": "1"}])
    with refused("NoSuchResource", 404):
        control.list_tags_for_resource(ResourceArn="arn:aws:s3:::no-such-bucket-here")


# -- policies


def test_policy_is_kept_and_deleted(control, point, refused):
    with refused("NoSuchAccessPointPolicy", 404):
        control.get_access_point_policy(Name="front")
    text = statement(f"{point['AccessPointArn']}/object/*", principal=f"arn:aws:iam::{STRANGER}:root")
    control.put_access_point_policy(Name="front", Policy=text)
    assert control.get_access_point_policy(Name="front")["Policy"] == text
    assert control.get_access_point_policy_status(Name="front")["PolicyStatus"] == {"IsPublic": False}
    control.delete_access_point_policy(Name="front")
    with refused("NoSuchAccessPointPolicy", 404):
        control.get_access_point_policy_status(Name="front")


@pytest.mark.parametrize("text", ["{", "{}", statement("arn:aws:s3:us-east-1:111122223333:accesspoint/other/object/*")])
def test_policy_has_to_be_about_the_access_point(control, point, refused, text):
    with refused("MalformedPolicy", 400):
        control.put_access_point_policy(Name="front", Policy=text)


def test_public_policy_is_refused_where_those_are_blocked(control, bucket, point, refused):
    with refused("AccessDenied", 403):
        control.put_access_point_policy(Name="front", Policy=statement(f"{point['AccessPointArn']}/object/*"))
    opened = control.create_access_point(Name="open", Bucket=bucket, PublicAccessBlockConfiguration={})
    text = statement(f"{opened['AccessPointArn']}/object/*")
    control.put_access_point_policy(Name="open", Policy=text)
    assert control.get_access_point_policy_status(Name="open")["PolicyStatus"] == {"IsPublic": True}
    control.put_public_access_block(PublicAccessBlockConfiguration={"BlockPublicPolicy": True})
    with refused("AccessDenied", 403):
        control.put_access_point_policy(Name="open", Policy=text)


# -- what comes through


@pytest.mark.parametrize("by", ["AccessPointArn", "Alias"])
def test_objects_are_written_read_listed_and_deleted_through_it(s3, bucket, point, by):
    through = point[by]
    s3.put_object(Bucket=through, Key="a/b c", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="a/b c")["Body"].read() == b"x"
    assert s3.get_object(Bucket=through, Key="a/b c")["Body"].read() == b"x"
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=through)["Contents"]] == ["a/b c"]
    deleted = s3.delete_objects(Bucket=through, Delete={"Objects": [{"Key": "a/b c"}]})
    assert [each["Key"] for each in deleted["Deleted"]] == ["a/b c"]


def test_large_and_multipart_uploads_go_through_it(s3, bucket, point):
    through = point["AccessPointArn"]
    s3.put_object(Bucket=through, Key="large", Body=b"L" * 300_000)
    assert s3.head_object(Bucket=bucket, Key="large")["ContentLength"] == 300_000
    upload = s3.create_multipart_upload(Bucket=through, Key="parts")["UploadId"]
    where = {"Bucket": through, "Key": "parts", "UploadId": upload}
    etag = s3.upload_part(PartNumber=1, Body=b"p", **where)["ETag"]
    s3.complete_multipart_upload(MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}, **where)
    assert s3.get_object(Bucket=bucket, Key="parts")["Body"].read() == b"p"


def test_copies_from_and_to_access_points(control, s3, make_bucket, point, bucket):
    other = control.create_access_point(Name="back", Bucket=make_bucket())
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    source = f"{point['AccessPointArn']}/object/k"
    s3.copy_object(Bucket=other["AccessPointArn"], Key="copy", CopySource=source)
    assert s3.get_object(Bucket=other["Alias"], Key="copy")["Body"].read() == b"x"


def test_buckets_are_not_configured_through_it(s3, point, refused):
    with refused("MethodNotAllowed", 405):
        s3.put_bucket_versioning(Bucket=point["Alias"], VersioningConfiguration={"Status": "Enabled"})


def test_access_point_of_a_vpc_lets_nobody_in_from_elsewhere(control, s3, bucket, refused):
    made = control.create_access_point(Name="inside", Bucket=bucket, VpcConfiguration={"VpcId": "vpc-1"})
    with refused("AccessDenied", 403):
        s3.list_objects_v2(Bucket=made["AccessPointArn"])


HOSTS = [
    "front-{account}.s3-accesspoint.us-east-1.amazonaws.com",
    "front-{account}.s3-accesspoint.dualstack.us-east-1.amazonaws.com",
    "front-{account}.s3-accesspoint-fips.us-east-1.amazonaws.com",
    "{alias}.s3.us-east-1.amazonaws.com",
    "{alias}.s3-accesspoint.us-east-1.amazonaws.com",
    "front-{account}.localhost",
    "front-{account}.s3.localhost",
]


@pytest.mark.parametrize("host", HOSTS)
def test_hosts_of_access_points(client, s3, aws, bucket, point, host):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    host = host.format(account=aws.account, alias=point["Alias"])
    reader = client("s3")
    reader.meta.events.register("before-sign.s3", lambda request, **_: setattr(request, "url", f"http://{host}/k"))
    assert reader.get_object(Bucket="named-by-the-host", Key="k")["Body"].read() == b"x"


# -- both decide


def test_bucket_and_access_point_both_have_to_let_a_stranger_in(client, control, s3, bucket, point, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    stranger = client("s3", account=STRANGER)
    arn = point["AccessPointArn"]
    root = f"arn:aws:iam::{STRANGER}:root"
    control.put_access_point_policy(Name="front", Policy=statement(f"{arn}/object/*", principal=root))
    with refused("AccessDenied", 403):  # the bucket does not
        stranger.get_object(Bucket=arn, Key="k")
    s3.put_bucket_policy(Bucket=bucket, Policy=statement(f"arn:aws:s3:::{bucket}/*", principal=root))
    assert stranger.get_object(Bucket=arn, Key="k")["Body"].read() == b"x"
    control.delete_access_point_policy(Name="front")
    with refused("AccessDenied", 403):  # the access point does not any more
        stranger.get_object(Bucket=arn, Key="k")
    assert stranger.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_bucket_delegates_to_the_access_points_of_an_account(client, control, s3, aws, bucket, point, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    stranger = client("s3", account=STRANGER)
    arn = point["AccessPointArn"]
    delegated = {"StringEquals": {"s3:DataAccessPointAccount": aws.account}}
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=statement([f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"], action="*", Condition=delegated),
    )
    control.put_access_point_policy(
        Name="front", Policy=statement(f"{arn}/object/pub/*", principal=f"arn:aws:iam::{STRANGER}:root")
    )
    s3.put_object(Bucket=bucket, Key="pub/k", Body=b"y")
    assert stranger.get_object(Bucket=arn, Key="pub/k")["Body"].read() == b"y"
    with refused("AccessDenied", 403):
        stranger.get_object(Bucket=arn, Key="k")
    with refused("AccessDenied", 403):
        stranger.get_object(Bucket=bucket, Key="pub/k")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("s3:DataAccessPointArn", "arn:aws:s3:us-east-1:*:accesspoint/front"),
        ("s3:AccessPointNetworkOrigin", "Internet"),
    ],
)
def test_bucket_policy_can_tell_access_points_apart(s3, aws, bucket, point, refused, key, value):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    denied = statement(f"arn:aws:s3:::{bucket}/*", "s3:*Object", effect="Deny", Condition={"StringLike": {key: value}})
    s3.put_bucket_policy(Bucket=bucket, Policy=denied)
    with refused("AccessDenied", 403):
        s3.get_object(Bucket=point["AccessPointArn"], Key="k")
    failed = s3.delete_objects(Bucket=point["AccessPointArn"], Delete={"Objects": [{"Key": "k"}]})["Errors"]
    assert [each["Code"] for each in failed] == ["AccessDenied"]
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_access_point_can_forbid_what_the_bucket_allows(control, s3, aws, bucket, point, refused):
    denied = statement(
        f"{point['AccessPointArn']}/object/*",
        action="s3:DeleteObject",
        effect="Deny",
        principal=f"arn:aws:iam::{aws.account}:root",
    )
    control.put_access_point_policy(Name="front", Policy=denied)
    s3.put_object(Bucket=point["Alias"], Key="k", Body=b"x")
    with refused("AccessDenied", 403):
        s3.delete_object(Bucket=point["Alias"], Key="k")
    failed = s3.delete_objects(Bucket=point["Alias"], Delete={"Objects": [{"Key": "k"}]})["Errors"]
    assert [each["Code"] for each in failed] == ["AccessDenied"]
    s3.delete_object(Bucket=bucket, Key="k")


def test_user_needs_a_permission_for_both(aws, client, user, s3, bucket, point, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    on_bucket = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    on_point = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{point['AccessPointArn']}/object/*"}
    for statements in ([on_bucket], [on_point]):
        with refused("AccessDenied", 403):
            client("s3", credentials=user(statements)).get_object(Bucket=point["AccessPointArn"], Key="k")
    both = client("s3", credentials=user([on_bucket, on_point]))
    assert both.get_object(Bucket=point["AccessPointArn"], Key="k")["Body"].read() == b"x"


def test_requests_through_an_access_point_can_be_measured(aws, control, s3, bucket, clock):
    arn = control.create_access_point(Name="measured", Bucket=bucket)["AccessPointArn"]
    document = {"Id": "door", "Filter": {"AccessPointArn": arn}}
    s3.put_bucket_metrics_configuration(Bucket=bucket, Id="door", MetricsConfiguration=document)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.get_object(Bucket=arn, Key="k")
    found = aws("cloudwatch").get_metric_statistics(
        Namespace="AWS/S3",
        MetricName="AllRequests",
        Dimensions=[{"Name": "BucketName", "Value": bucket}, {"Name": "FilterId", "Value": "door"}],
        StartTime=clock.now() - 3600,
        EndTime=clock.now() + 3600,
        Period=7200,
        Statistics=["Sum"],
    )
    assert sum(point["Sum"] for point in found["Datapoints"]) == 1
