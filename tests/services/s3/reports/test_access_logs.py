"""Server access logs: which requests are in them, in AWS's form, and where they are put."""

import json
import re
import urllib.request

import pytest

from fogbank.testing import Clients, ServerProcess

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
FIELDS = [
    "owner",
    "bucket",
    "time",
    "remote",
    "requester",
    "request_id",
    "operation",
    "key",
    "uri",
    "status",
    "error",
    "sent",
    "size",
    "total",
    "turn_around",
    "referer",
    "agent",
    "version",
    "host_id",
    "signature",
    "cipher",
    "auth",
    "host",
    "tls",
    "access_point",
    "acl_required",
    "region",
]
TOKEN = re.compile(r'\[[^\]]*\]|"[^"]*"|\S+')


def parsed(line):
    values = TOKEN.findall(line)
    assert len(values) == len(FIELDS)
    return dict(zip(FIELDS, values, strict=True))


@pytest.fixture
def logs(s3, make_bucket, aws):
    """A bucket that lets S3 deliver logs."""
    name = make_bucket()
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/*",
        "Condition": {"StringEquals": {"aws:SourceAccount": aws.account}},
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    return name


@pytest.fixture
def log_to(s3, bucket):
    def log_to(target, prefix="logs/", source=bucket, **members):
        enabled = {"TargetBucket": target, "TargetPrefix": prefix, **members}
        s3.put_bucket_logging(Bucket=source, BucketLoggingStatus={"LoggingEnabled": enabled})

    return log_to


@pytest.fixture
def delivered(s3, logs, get, clock):
    """The lines that were delivered so far, as dicts, and the keys of the objects that hold them."""

    def delivered(seconds=61):
        clock.advance(seconds=seconds)
        keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=logs).get("Contents", [])]
        return [parsed(line) for key in keys for line in get(logs, key).decode().splitlines()], keys

    return delivered


def test_request_is_in_the_log(s3, aws, bucket, logs, log_to, put, get, delivered):
    log_to(logs)
    put(bucket, "a b/ü", b"12345")
    get(bucket, "a b/ü", Range="bytes=0-1")
    lines, keys = delivered()
    written, read = [line for line in lines if line["operation"].endswith(".OBJECT")]
    assert (written["operation"], written["key"], written["status"]) == ("REST.PUT.OBJECT", "a%20b/%C3%BC", "200")
    assert (read["operation"], read["status"], read["sent"], read["size"]) == ("REST.GET.OBJECT", "206", "2", "5")
    assert read["uri"] == f'"GET /{bucket}/a%20b/%C3%BC HTTP/1.1"'
    assert (read["bucket"], read["signature"], read["auth"]) == (bucket, "SigV4", "AuthHeader")
    assert read["owner"] == read["requester"] and len(read["owner"]) == 64
    assert read["error"] == "-"
    assert len(keys) == 1 and re.fullmatch(r"logs/\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9A-F]{16}", keys[0])


def test_refusals_are_in_the_log(s3, refused, bucket, logs, log_to, get, delivered):
    log_to(logs)
    with refused("NoSuchKey", 404):
        get(bucket, "missing")
    line = next(line for line in delivered()[0] if line["operation"] == "REST.GET.OBJECT")
    assert (line["status"], line["error"], line["key"]) == ("404", "NoSuchKey", "missing")


def test_anonymous_requester_has_no_name(raw, bucket, logs, log_to, delivered):
    log_to(logs)
    assert raw("GET", f"/{bucket}/k", signed=False).status == 403
    line = next(line for line in delivered()[0] if line["key"] == "k")
    assert (line["requester"], line["auth"], line["error"]) == ("-", "-", "AccessDenied")


def test_version_is_in_the_log(versioned, logs, log_to, put, delivered):
    log_to(logs, source=versioned)
    version = put(versioned, "k")
    line = next(line for line in delivered()[0] if line["operation"] == "REST.PUT.OBJECT")
    assert line["version"] == version


@pytest.mark.parametrize(
    ("call", "operation"),
    [
        (lambda s3, bucket: s3.list_objects_v2(Bucket=bucket), "REST.GET.BUCKET"),
        (lambda s3, bucket: s3.head_bucket(Bucket=bucket), "REST.HEAD.BUCKET"),
        (lambda s3, bucket: s3.get_bucket_versioning(Bucket=bucket), "REST.GET.VERSIONING"),
        (lambda s3, bucket: s3.get_bucket_logging(Bucket=bucket), "REST.GET.LOGGING_STATUS"),
        (lambda s3, bucket: s3.create_multipart_upload(Bucket=bucket, Key="k"), "REST.POST.UPLOADS"),
        (lambda s3, bucket: s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/here"), "REST.COPY.OBJECT"),
        (
            lambda s3, bucket: s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]}),
            "REST.POST.MULTI_OBJECT_DELETE",
        ),
    ],
)
def test_operations_have_names_of_their_own(s3, bucket, put, logs, log_to, delivered, call, operation):
    put(bucket, "here")
    log_to(logs)
    call(s3, bucket)
    assert operation in [line["operation"] for line in delivered()[0]]


def test_what_the_lifecycle_does_is_in_the_log(s3, bucket, put, logs, log_to, delivered):
    put(bucket, "k")
    log_to(logs)
    rule = {"ID": "r", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    lines, _ = delivered(seconds=3 * 86400)
    found = [line for line in lines if line["operation"] == "S3.EXPIRE.OBJECT"]
    assert [(line["key"], line["requester"]) for line in found] == [("k", "AmazonS3")]


def test_key_of_a_partitioned_log_names_its_source_and_day(aws, bucket, put, logs, log_to, delivered):
    log_to(logs, "p/", TargetObjectKeyFormat={"PartitionedPrefix": {"PartitionDateSource": "EventTime"}})
    put(bucket, "k")
    (key,) = delivered()[1]
    expected = rf"p/{aws.account}/us-east-1/{bucket}/(\d{{4}})/(\d\d)/(\d\d)/\1-\2-\3-00-00-00-[0-9A-F]{{16}}"
    assert re.fullmatch(expected, key)


def test_many_lines_are_all_delivered_once(s3, bucket, put, logs, log_to, delivered):
    log_to(logs)
    for number in range(150):
        put(bucket, f"k{number}")
    keys = [line["key"] for line in delivered()[0] if line["operation"] == "REST.PUT.OBJECT"]
    assert sorted(keys) == sorted(f"k{number}" for number in range(150))


def test_nothing_is_delivered_where_the_policy_lets_nobody_in(s3, bucket, put, make_bucket, log_to, clock):
    closed = make_bucket()
    log_to(closed)
    put(bucket, "k")
    clock.advance(seconds=61)
    assert "Contents" not in s3.list_objects_v2(Bucket=closed)


def test_acl_lets_the_log_delivery_group_in(s3, bucket, put, make_bucket, log_to, clock):
    target = make_bucket()
    s3.put_bucket_ownership_controls(
        Bucket=target, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    s3.put_bucket_acl(Bucket=target, ACL="log-delivery-write")
    log_to(target)
    put(bucket, "k")
    clock.advance(seconds=61)
    assert s3.list_objects_v2(Bucket=target)["KeyCount"]


def test_nothing_is_logged_once_logging_is_off(s3, bucket, put, logs, log_to, delivered):
    log_to(logs)
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    put(bucket, "k")
    assert "REST.PUT.OBJECT" not in [line["operation"] for line in delivered()[0]]


def test_lines_survive_a_kill_and_come_once(tmp_path):
    with ServerProcess(tmp_path / "state") as server:
        s3 = Clients(server.endpoint, "111122223333")("s3")
        for name in ("source", "logs"):
            s3.create_bucket(Bucket=name)
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::logs/*",
        }
        s3.put_bucket_policy(Bucket="logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
        enabled = {"TargetBucket": "logs", "TargetPrefix": ""}
        s3.put_bucket_logging(Bucket="source", BucketLoggingStatus={"LoggingEnabled": enabled})
        for number in range(10):
            s3.put_object(Bucket="source", Key=f"k{number}", Body=b"x")
        server.kill()
        server.restart()
        s3 = Clients(server.endpoint, "111122223333")("s3")
        request = urllib.request.Request(f"{server.endpoint}/_fogbank/clock", json.dumps({"advance": 120}).encode())
        urllib.request.urlopen(request, timeout=30).close()
        keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket="logs")["Contents"]]
        text = "".join(s3.get_object(Bucket="logs", Key=key)["Body"].read().decode() for key in keys)
        written = [line["key"] for line in map(parsed, text.splitlines()) if line["operation"] == "REST.PUT.OBJECT"]
        assert written == [f"k{number}" for number in range(10)]


# -- the configuration


def test_configuration_comes_back(s3, bucket, logs, log_to):
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
    log_to(logs)
    expected = {"TargetBucket": logs, "TargetPrefix": "logs/"}
    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"] == expected


def test_target_has_to_be_there(refused, bucket, log_to):
    with refused("InvalidTargetBucketForLogging", 400, TargetBucket=f"{bucket}-missing"):
        log_to(f"{bucket}-missing")


def test_target_has_to_be_in_the_same_region(refused, make_bucket, log_to):
    far = make_bucket(CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    with refused("CrossLocationLoggingProhibitted", 403):
        log_to(far)


def test_target_has_to_be_ones_own(refused, aws, new_name, log_to):
    theirs = new_name()
    aws("s3", account="111122223333").create_bucket(Bucket=theirs)
    with refused("InvalidTargetBucketForLogging", 400):
        log_to(theirs)
