"""Delivery to S3: buffers, names, prefixes, compression, backups."""

import gzip
import io
import json
import re
import zipfile

import pytest

from tests.services.firehose.conftest import NOW, wait_until


def test_records_are_delivered_when_the_first_has_waited_for_long_enough(delivery, clock):
    delivery.create()
    assert delivery.put(b"a\n", b"b\n")["FailedPutCount"] == 0
    clock.advance(seconds=200)
    assert "Contents" not in delivery.s3.list_objects_v2(Bucket=delivery.bucket)
    clock.advance(seconds=100)
    key, content = delivery.one()
    assert content == b"a\nb\n"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\d\d/orders-1-\d{4}(-\d\d){5}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", key)


def test_a_full_buffer_is_delivered_at_once(delivery):
    delivery.create({"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 900}})
    delivery.put(b"x" * 600_000)
    delivery.put(b"y" * 600_000)
    _, content = delivery.one()
    assert len(content) == 1_200_000


def test_prefixes_are_evaluated(delivery):
    delivery.create(
        {
            "BufferingHints": NOW,
            "Prefix": "year=!{timestamp:yyyy}/zone=!{timestamp:'JST'}/!{firehose:random-string}/",
            "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
            "CustomTimeZone": "Asia/Tokyo",
            "FileExtension": ".json",
        }
    )
    delivery.put(b"a")
    key, _ = delivery.one()
    assert re.fullmatch(r"year=\d{4}/zone=JST/[0-9a-z]{11}/orders-1-.*\.json", key)


def test_a_prefix_without_time_is_followed_by_the_time(delivery):
    delivery.create({"BufferingHints": NOW, "Prefix": "raw/"})
    delivery.put(b"a")
    assert re.match(r"raw/\d{4}/\d\d/\d\d/\d\d/orders-1-", delivery.one()[0])


@pytest.mark.parametrize("kind", ["GZIP", "ZIP", "Snappy", "HADOOP_SNAPPY"])
def test_objects_are_compressed(delivery, kind):
    delivery.create({"BufferingHints": NOW, "CompressionFormat": kind})
    delivery.put(b"hello " * 100)
    key, content = delivery.one()
    extension, unpack = _UNPACKED[kind]
    assert key.endswith(extension)
    assert unpack(content) == b"hello " * 100


def _unzipped(content):
    archive = zipfile.ZipFile(io.BytesIO(content))
    return archive.read(archive.namelist()[0])


def _snappy(content):
    return bytes(pytest.importorskip("cramjam").snappy.decompress(content))


def _hadoop(content):
    return bytes(pytest.importorskip("cramjam").snappy.decompress_raw(content[8:]))


_UNPACKED = {
    "GZIP": (".gz", gzip.decompress),
    "ZIP": (".zip", _unzipped),
    "Snappy": (".snappy", _snappy),
    "HADOOP_SNAPPY": (".hsnappy", _hadoop),
}


def test_objects_are_under_the_key_that_is_asked_for(delivery, aws):
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    delivery.create({"BufferingHints": NOW, "EncryptionConfiguration": {"KMSEncryptionConfig": {"AWSKMSKeyARN": key}}})
    delivery.put(b"a")
    head = delivery.s3.head_object(Bucket=delivery.bucket, Key=delivery.keys()[0])
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


def test_what_the_role_may_not_write_is_logged_and_delivered_once_it_may(delivery, aws, clock, make_role):
    logs = aws("logs")
    logs.create_log_group(logGroupName="deliveries")
    logs.create_log_stream(logGroupName="deliveries", logStreamName="s3")
    role = make_role("logs:PutLogEvents", name="poor")
    options = {"Enabled": True, "LogGroupName": "deliveries", "LogStreamName": "s3"}
    delivery.create({"RoleARN": role, "BufferingHints": NOW, "CloudWatchLoggingOptions": options})
    delivery.put(b"a")

    def told():
        return logs.get_log_events(logGroupName="deliveries", logStreamName="s3")["events"]

    line = json.loads(wait_until(told)[0]["message"])
    assert (line["errorCode"], line["destination"]) == ("S3.AccessDenied", f"arn:aws:s3:::{delivery.bucket}")
    allowed = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    aws("iam").put_role_policy(RoleName="poor", PolicyName="write", PolicyDocument=document)
    clock.advance(seconds=60)
    assert delivery.one()[1] == b"a"


def test_the_limits_of_writing_are_kept(delivery, refused):
    delivery.create()
    with refused("ValidationException", "1024000"):
        delivery.firehose.put_record(DeliveryStreamName="orders", Record={"Data": b"x" * 1_024_001})
    with refused("InvalidArgumentException", "4 MB"):
        delivery.put(*[b"x" * 1_000_000] * 5)


def test_metrics_tell_of_writing_and_of_delivery(delivery, aws, clock):
    delivery.create({"BufferingHints": NOW})
    delivery.put(b"abc")
    delivery.one()

    def found(name):
        dimensions = [{"Name": "DeliveryStreamName", "Value": "orders"}]
        metrics = aws("cloudwatch").list_metrics(Namespace="AWS/Firehose", MetricName=name, Dimensions=dimensions)
        return metrics["Metrics"]

    for name in ("IncomingBytes", "PutRecordBatch.Records", "DeliveryToS3.Success", "DeliveryToS3.DataFreshness"):
        assert wait_until(lambda name=name: found(name))
