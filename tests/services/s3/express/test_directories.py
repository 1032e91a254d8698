"""Directory buckets: creating, finding, what they take and what they do not."""

import json

import boto3
import pytest

ZONE = "use1-az4"
DIRECTORY = {
    "Location": {"Type": "AvailabilityZone", "Name": ZONE},
    "Bucket": {"Type": "Directory", "DataRedundancy": "SingleAvailabilityZone"},
}


@pytest.fixture
def new_directory(new_name):
    return lambda: f"{new_name()}--{ZONE}--x-s3"


@pytest.fixture
def directory(s3, new_directory):
    name = new_directory()
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=DIRECTORY)
    return name


# -- buckets


def test_new_bucket_has_a_zonal_endpoint_and_an_arn(aws, s3, new_directory):
    name = new_directory()
    answer = s3.create_bucket(Bucket=name, CreateBucketConfiguration=DIRECTORY)
    assert answer["Location"] == f"https://{name}.s3express-{ZONE}.us-east-1.amazonaws.com/"
    assert answer["BucketArn"] == f"arn:aws:s3express:us-east-1:{aws.account}:bucket/{name}"


def test_head_tells_where_it_is(aws, s3, directory):
    answer = s3.head_bucket(Bucket=directory)
    assert (answer["BucketLocationType"], answer["BucketLocationName"]) == ("AvailabilityZone", ZONE)
    assert answer["BucketArn"] == f"arn:aws:s3express:us-east-1:{aws.account}:bucket/{directory}"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("{new}--use1-az5--x-s3", "InvalidBucketName"),
        ("{new}.dotted--use1-az4--x-s3", "InvalidBucketName"),
        ("{new}--use1-az4--x-s3--x-s3", "InvalidBucketName"),
        ("{new}", "InvalidBucketName"),
    ],
)
def test_name_has_to_have_the_zone(refused, s3, new_name, name, code):
    with refused(code, 400):
        s3.create_bucket(Bucket=name.format(new=new_name()), CreateBucketConfiguration=DIRECTORY)


def test_zone_has_to_be_in_the_region(refused, aws, new_directory):
    with refused("InvalidLocationConstraint", 400):
        aws("s3", region="eu-west-1").create_bucket(Bucket=new_directory(), CreateBucketConfiguration=DIRECTORY)


def test_bucket_and_zone_have_to_go_together(refused, s3, new_directory):
    wrong = {**DIRECTORY, "Bucket": {"Type": "Directory", "DataRedundancy": "SingleLocalZone"}}
    with refused("InvalidRequest", 400):
        s3.create_bucket(Bucket=new_directory(), CreateBucketConfiguration=wrong)


def test_bucket_may_be_in_a_local_zone(aws, new_name):
    name = f"{new_name()}--usw2-lax1-az1--x-s3"
    wanted = {
        "Location": {"Type": "LocalZone", "Name": "usw2-lax1-az1"},
        "Bucket": {"Type": "Directory", "DataRedundancy": "SingleLocalZone"},
    }
    s3 = aws("s3", region="us-west-2")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=wanted)
    assert s3.head_bucket(Bucket=name)["BucketLocationType"] == "LocalZone"


def test_name_is_taken_once(refused, s3, directory):
    with refused("BucketAlreadyOwnedByYou", 409):
        s3.create_bucket(Bucket=directory, CreateBucketConfiguration=DIRECTORY)


def test_both_kinds_of_buckets_are_listed_apart(s3, bucket, directory):
    assert [entry["Name"] for entry in s3.list_buckets()["Buckets"]] == [bucket]
    (entry,) = s3.list_directory_buckets()["Buckets"]
    assert (entry["Name"], entry["BucketRegion"]) == (directory, "us-east-1")


def test_directories_are_listed_in_pages(refused, s3, new_directory):
    names = sorted(new_directory() for _ in range(3))
    for name in names:
        s3.create_bucket(Bucket=name, CreateBucketConfiguration=DIRECTORY)
    pages = s3.get_paginator("list_directory_buckets").paginate(PaginationConfig={"PageSize": 2})
    assert [[entry["Name"] for entry in page["Buckets"]] for page in pages] == [names[:2], names[2:]]
    with refused("InvalidArgument", 400):
        s3.list_directory_buckets(ContinuationToken="nonsense")


def test_empty_bucket_can_be_deleted(refused, s3, directory):
    s3.put_object(Bucket=directory, Key="k", Body=b"")
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=directory)
    s3.delete_object(Bucket=directory, Key="k")
    s3.delete_bucket(Bucket=directory)
    with refused("404", 404):
        s3.head_bucket(Bucket=directory)


# -- objects


def test_objects_are_written_and_read(s3, directory, get, upload):
    s3.put_object(Bucket=directory, Key="a/small", Body=b"small")
    upload(directory, "a/parts", [b"p" * 6_000_000, b"q"])
    s3.copy_object(Bucket=directory, Key="copy", CopySource=f"{directory}/a/small")
    assert get(directory, "copy") == b"small"
    assert len(get(directory, "a/parts")) == 6_000_001
    listed = s3.list_objects_v2(Bucket=directory)["Contents"]
    assert {(entry["Key"], entry["StorageClass"]) for entry in listed} == {
        ("a/small", "EXPRESS_ONEZONE"),
        ("a/parts", "EXPRESS_ONEZONE"),
        ("copy", "EXPRESS_ONEZONE"),
    }


def test_etag_is_no_digest(s3, directory):
    first, second = [s3.put_object(Bucket=directory, Key="k", Body=b"same")["ETag"] for _ in range(2)]
    assert first != second
    assert s3.head_object(Bucket=directory, Key="k")["ETag"] == second


def test_storage_class_can_be_named(refused, s3, directory):
    s3.put_object(Bucket=directory, Key="k", Body=b"", StorageClass="EXPRESS_ONEZONE")
    assert s3.head_object(Bucket=directory, Key="k")["StorageClass"] == "EXPRESS_ONEZONE"
    with refused("InvalidRequest", 400):
        s3.put_object(Bucket=directory, Key="k", Body=b"", StorageClass="GLACIER")


def test_other_buckets_have_no_such_class(refused, s3, bucket):
    with refused("InvalidStorageClass", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"", StorageClass="EXPRESS_ONEZONE")


def test_folders_are_listed(s3, directory):
    for key in ("a/1", "a/b/2", "c"):
        s3.put_object(Bucket=directory, Key=key, Body=b"")
    answer = s3.list_objects_v2(Bucket=directory, Prefix="a/", Delimiter="/")
    assert [entry["Key"] for entry in answer["Contents"]] == ["a/1"]
    assert [entry["Prefix"] for entry in answer["CommonPrefixes"]] == ["a/b/"]


@pytest.mark.parametrize("wrong", [{"Prefix": "a"}, {"Delimiter": "-"}])
def test_lists_go_by_folders(refused, s3, directory, wrong):
    with refused("InvalidArgument", 400):
        s3.list_objects_v2(Bucket=directory, **wrong)


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("list_objects", {}),
        ("list_object_versions", {}),
        ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Enabled"}}),
        ("get_bucket_acl", {}),
        ("get_bucket_cors", {}),
        ("get_bucket_website", {}),
        ("get_bucket_notification_configuration", {}),
        ("get_object_tagging", {"Key": "k"}),
        ("put_object_acl", {"Key": "k", "ACL": "private"}),
    ],
)
def test_what_directory_buckets_do_not_have_is_refused(refused, s3, directory, operation, params):
    with refused("MethodNotAllowed", 405):
        getattr(s3, operation)(Bucket=directory, **params)


def test_objects_have_no_tags(refused, s3, directory):
    with refused("NotImplemented", 501):
        s3.put_object(Bucket=directory, Key="k", Body=b"", Tagging="a=b")


def test_delete_may_name_size_and_time(refused, s3, directory):
    s3.put_object(Bucket=directory, Key="k", Body=b"four")
    found = s3.head_object(Bucket=directory, Key="k")
    with refused("PreconditionFailed", 412):
        s3.delete_object(Bucket=directory, Key="k", IfMatchSize=5)
    with refused("PreconditionFailed", 412):
        s3.delete_object(Bucket=directory, Key="k", IfMatchLastModifiedTime="2001-01-01T00:00:00Z")
    s3.delete_object(Bucket=directory, Key="k", IfMatchSize=4, IfMatchLastModifiedTime=found["LastModified"])
    assert "Contents" not in s3.list_objects_v2(Bucket=directory)


def test_other_buckets_delete_by_etag_only(refused, s3, bucket, put):
    put(bucket, "k")
    with refused("NotImplemented", 501):
        s3.delete_object(Bucket=bucket, Key="k", IfMatchSize=1)


# -- renaming


@pytest.mark.parametrize("size", [10, 5000, 200_000])
def test_object_gets_another_key(refused, s3, directory, get, size):
    body = bytes(size)
    etag = s3.put_object(Bucket=directory, Key="a/old name", Body=body, Metadata={"a": "b"})["ETag"]
    s3.rename_object(Bucket=directory, Key="b/new", RenameSource="a/old%20name")
    found = s3.head_object(Bucket=directory, Key="b/new")
    assert (found["ETag"], found["Metadata"]) == (etag, {"a": "b"})
    assert get(directory, "b/new") == body
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=directory, Key="a/old name")


def test_object_of_parts_gets_another_key(s3, directory, get, upload):
    upload(directory, "old", [b"p" * 6_000_000, b"q"])
    s3.rename_object(Bucket=directory, Key="new", RenameSource=f"/{directory}/old")
    assert get(directory, "new") == b"p" * 6_000_000 + b"q"


def test_renamed_object_replaces_another(s3, directory, get):
    s3.put_object(Bucket=directory, Key="old", Body=b"o" * 5000)
    s3.put_object(Bucket=directory, Key="new", Body=b"n" * 6000)
    s3.rename_object(Bucket=directory, Key="new", RenameSource="old")
    assert get(directory, "new") == b"o" * 5000
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=directory)["Contents"]] == ["new"]


def test_renaming_can_be_conditional(refused, s3, directory, get):
    for key in ("old", "new"):
        s3.put_object(Bucket=directory, Key=key, Body=key.encode())
    with refused("PreconditionFailed", 412):
        s3.rename_object(Bucket=directory, Key="new", RenameSource="old", DestinationIfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        s3.rename_object(Bucket=directory, Key="new", RenameSource="old", SourceIfMatch='"other"')
    assert get(directory, "new") == b"new"


@pytest.mark.parametrize(
    ("source", "target", "code"),
    [("none", "k", "NoSuchKey"), ("k", "k", "InvalidRequest"), ("k", "k/", "InvalidRequest")],
)
def test_renaming_that_cannot_be_is_refused(s3, directory, source, target, code):
    s3.put_object(Bucket=directory, Key="k", Body=b"")
    with pytest.raises(s3.exceptions.ClientError) as caught:
        s3.rename_object(Bucket=directory, Key=target, RenameSource=source)
    assert caught.value.response["Error"]["Code"] == code


def test_objects_of_other_buckets_keep_their_keys(refused, s3, bucket, put):
    put(bucket, "k")
    with refused("MethodNotAllowed", 405):
        s3.rename_object(Bucket=bucket, Key="new", RenameSource="k")


def test_renaming_is_done_once_for_a_client_token(refused, s3, directory, get):
    s3.put_object(Bucket=directory, Key="old", Body=b"1")
    s3.rename_object(Bucket=directory, Key="new", RenameSource="old", ClientToken="t")
    s3.put_object(Bucket=directory, Key="old", Body=b"2")
    s3.rename_object(Bucket=directory, Key="new", RenameSource="old", ClientToken="t")
    assert (get(directory, "new"), get(directory, "old")) == (b"1", b"2")
    with refused("IdempotencyParameterMismatch", 400):
        s3.rename_object(Bucket=directory, Key="other", RenameSource="old", ClientToken="t")
    with refused("InvalidArgument", 400):
        s3.rename_object(Bucket=directory, Key="other", RenameSource="old", ClientToken="t" * 65)


def test_client_token_is_forgotten_after_a_day(aws, s3, directory, clock):
    s3.put_object(Bucket=directory, Key="old", Body=b"1")
    s3.rename_object(Bucket=directory, Key="new", RenameSource="old", ClientToken="t")
    clock.advance(days=1)
    later = aws("s3")  # with a session that has not expired
    later.put_object(Bucket=directory, Key="old", Body=b"2")
    later.rename_object(Bucket=directory, Key="new", RenameSource="old", ClientToken="t")
    assert later.get_object(Bucket=directory, Key="new")["Body"].read() == b"2"


# -- appending


def test_object_grows(s3, directory, get):
    s3.put_object(Bucket=directory, Key="log", Body=b"one ", WriteOffsetBytes=0, Metadata={"a": "b"})
    answer = s3.put_object(Bucket=directory, Key="log", Body=b"two ", WriteOffsetBytes=4)
    assert answer["Size"] == 8
    s3.put_object(Bucket=directory, Key="log", Body=b"3" * 100_000, WriteOffsetBytes=8)
    assert get(directory, "log") == b"one two " + b"3" * 100_000
    assert s3.head_object(Bucket=directory, Key="log")["Metadata"] == {"a": "b"}


@pytest.mark.parametrize("offset", [0, 3, 5])
def test_offset_has_to_be_the_size(refused, s3, directory, get, offset):
    s3.put_object(Bucket=directory, Key="log", Body=b"four")
    with refused("InvalidWriteOffset", 400):
        s3.put_object(Bucket=directory, Key="log", Body=b"x", WriteOffsetBytes=offset)
    assert get(directory, "log") == b"four"


def test_new_object_begins_at_its_beginning(refused, s3, directory):
    with refused("InvalidWriteOffset", 400):
        s3.put_object(Bucket=directory, Key="log", Body=b"x", WriteOffsetBytes=1)


def test_an_object_is_made_of_so_many_pieces(monkeypatch, refused, s3, directory):
    monkeypatch.setattr("fogbank.services.s3.limits.PARTS", 3)
    for offset in range(3):
        s3.put_object(Bucket=directory, Key="log", Body=b"x", WriteOffsetBytes=offset)
    with refused("TooManyParts", 400):
        s3.put_object(Bucket=directory, Key="log", Body=b"x", WriteOffsetBytes=3)
    s3.copy_object(Bucket=directory, Key="copy", CopySource=f"{directory}/log")
    s3.put_object(Bucket=directory, Key="copy", Body=b"x", WriteOffsetBytes=3)


def test_what_is_appended_is_checked(refused, s3, directory, get):
    s3.put_object(Bucket=directory, Key="log", Body=b"four")
    with refused("BadDigest", 400):
        s3.put_object(Bucket=directory, Key="log", Body=b"x", WriteOffsetBytes=4, ChecksumCRC32="AAAAAA==")
    assert get(directory, "log") == b"four"


def test_other_buckets_do_not_append(refused, s3, bucket):
    with refused("NotImplemented", 501):
        s3.put_object(Bucket=bucket, Key="k", Body=b"", WriteOffsetBytes=0)


# -- sessions


def client_of(s3, credentials, service="s3"):
    return boto3.client(
        service,
        endpoint_url=s3.meta.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials.get("SessionToken"),
    )


@pytest.fixture
def user(aws, s3):
    """Creates a user who may do only what is said; gives a client."""
    iam = aws("iam")

    def user(name, *actions, **condition):
        iam.create_user(UserName=name)
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*", **condition}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
        return client_of(s3, iam.create_access_key(UserName=name)["AccessKey"])

    return user


def test_session_has_credentials_for_five_minutes(s3, directory, clock):
    answer = s3.create_session(Bucket=directory)
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert answer["ServerSideEncryption"] == "AES256"


def test_right_to_a_session_is_the_right_to_the_objects(s3, directory, user, get):
    express = user("express", "s3express:CreateSession")
    express.put_object(Bucket=directory, Key="k", Body=b"mine")
    assert get(directory, "k") == b"mine"
    express.delete_object(Bucket=directory, Key="k")


def test_rights_to_objects_are_none_to_a_session(refused, directory, user):
    other = user("other", "s3:*")
    with refused("AccessDenied", 403):
        other.put_object(Bucket=directory, Key="k", Body=b"")


def test_session_does_not_lend_other_rights(refused, directory, user):
    express = user("limited", "s3express:CreateSession")
    with refused("AccessDenied", 403):
        express.delete_bucket(Bucket=directory)


def test_session_may_be_for_reading(refused, s3, directory, raw_session):
    s3.put_object(Bucket=directory, Key="k", Body=b"text")
    send = raw_session(s3.create_session(Bucket=directory, SessionMode="ReadOnly")["Credentials"])
    assert send("GET", f"/{directory}/k").body == b"text"
    assert send("PUT", f"/{directory}/k", b"x").refusal == (403, "AccessDenied")


def test_policy_may_want_sessions_to_be_for_reading(refused, directory, user):
    condition = {"StringEquals": {"s3express:SessionMode": "ReadOnly"}}
    reader = user("reader", "s3express:CreateSession", Condition=condition)
    reader.create_session(Bucket=directory, SessionMode="ReadOnly")
    with refused("AccessDenied", 403):
        reader.create_session(Bucket=directory)


def test_session_is_for_one_bucket(s3, directory, new_directory, raw_session):
    another = new_directory()
    s3.create_bucket(Bucket=another, CreateBucketConfiguration=DIRECTORY)
    send = raw_session(s3.create_session(Bucket=directory)["Credentials"])
    assert send("GET", f"/{another}?list-type=2").refusal == (403, "AccessDenied")


def test_session_ends(s3, directory, raw_session, clock):
    send = raw_session(s3.create_session(Bucket=directory)["Credentials"])
    assert send("GET", f"/{directory}?list-type=2").status == 200
    clock.advance(seconds=301)
    assert send("GET", f"/{directory}?list-type=2").refusal == (400, "ExpiredToken")


def test_sessions_are_for_directory_buckets(s3, bucket, raw):
    assert raw("GET", f"/{bucket}?session").refusal == (400, "InvalidRequest")


def test_strangers_get_no_session(refused, aws, directory):
    with refused("AccessDenied", 403):
        aws("s3", account="111122223333").create_session(Bucket=directory)


def test_policy_of_the_bucket_lets_others_in(aws, s3, directory, get):
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "111122223333"},
        "Action": "s3express:CreateSession",
        "Resource": f"arn:aws:s3express:us-east-1:{aws.account}:bucket/{directory}",
    }
    s3.put_bucket_policy(Bucket=directory, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    aws("s3", account="111122223333").put_object(Bucket=directory, Key="k", Body=b"theirs")
    assert get(directory, "k") == b"theirs"


def test_zonal_endpoint_serves_the_bucket(s3, directory, raw_session):
    s3.put_object(Bucket=directory, Key="k", Body=b"text")
    send = raw_session(s3.create_session(Bucket=directory)["Credentials"])
    assert send("GET", "/k", host=f"{directory}.s3express-{ZONE}.us-east-1.amazonaws.com").body == b"text"


def test_presigned_url_has_the_session(s3, directory, raw):
    s3.put_object(Bucket=directory, Key="k", Body=b"text")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": directory, "Key": "k"})
    assert raw("GET", url.removeprefix(s3.meta.endpoint_url), signed=False).body == b"text"


@pytest.fixture
def raw_session(raw):
    """Sends plain requests, signed with the credentials of a session."""
    import hashlib

    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials

    def opened(credentials):
        keys = botocore.credentials.Credentials(credentials["AccessKeyId"], credentials["SecretAccessKey"])

        def send(method, target, body=b"", host="localhost"):
            headers = {"host": host, "x-amz-s3session-token": credentials["SessionToken"]}
            headers["x-amz-content-sha256"] = hashlib.sha256(body).hexdigest()
            request = botocore.awsrequest.AWSRequest(method, f"http://{host}{target}", headers, body)
            botocore.auth.S3SigV4Auth(keys, "s3express", "us-east-1").add_auth(request)
            signed = {name.lower(): value for name, value in request.headers.items()}
            return raw(method, target, body, headers=signed, signed=False, host=host)

        return send

    return opened
