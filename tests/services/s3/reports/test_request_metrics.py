"""Metrics of requests and of storage, as CloudWatch shows them."""

import pytest

DAY = 86400


@pytest.fixture
def measure(s3, bucket):
    """Gives a bucket a configuration of request metrics."""

    def measure(name, **condition):
        document = {"Id": name, **({"Filter": condition} if condition else {})}
        s3.put_bucket_metrics_configuration(Bucket=bucket, Id=name, MetricsConfiguration=document)

    return measure


@pytest.fixture
def total(aws, clock):
    """Gives the sum, or another statistic, of a metric over the last two days."""

    def total(bucket, metric, statistic="Sum", **dimensions):
        answer = aws("cloudwatch").get_metric_statistics(
            Namespace="AWS/S3",
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in {"BucketName": bucket, **dimensions}.items()],
            StartTime=clock.now() - 2 * DAY,
            EndTime=clock.now() + 3600,
            Period=4 * DAY,
            Statistics=[statistic],
        )
        points = answer["Datapoints"]
        return sum(point[statistic] for point in points) if points else None

    return total


def test_requests_are_counted_by_kind(s3, bucket, put, get, measure, total):
    put(bucket, "before")
    measure("all")
    put(bucket, "k", b"12345")
    get(bucket, "k")
    get(bucket, "k")
    s3.head_object(Bucket=bucket, Key="k")
    s3.list_objects_v2(Bucket=bucket)
    s3.delete_object(Bucket=bucket, Key="k")
    kinds = ("AllRequests", "GetRequests", "PutRequests", "HeadRequests", "ListRequests", "DeleteRequests")
    assert [total(bucket, kind, FilterId="all") for kind in kinds] == [7, 2, 1, 1, 1, 1]  # and the configuration
    assert total(bucket, "BytesDownloaded", "Minimum", FilterId="all") == 5
    assert total(bucket, "BytesUploaded", "Minimum", FilterId="all") == 5
    assert total(bucket, "FirstByteLatency", "SampleCount", FilterId="all") == 7


def test_errors_are_a_rate(s3, bucket, put, get, measure, total, refused):
    measure("objects", Prefix="k")
    put(bucket, "k")
    with refused("NoSuchKey", 404):
        get(bucket, "k-missing")
    assert total(bucket, "4xxErrors", "Average", FilterId="objects") == 0.5
    assert total(bucket, "5xxErrors", FilterId="objects") == 0


def test_filters_tell_whose_requests_count(s3, bucket, put, measure, total):
    measure("logs", Prefix="logs/")
    measure("red", Tag={"Key": "colour", "Value": "red"})
    measure("both", And={"Prefix": "logs/", "Tags": [{"Key": "colour", "Value": "red"}]})
    put(bucket, "logs/a")
    put(bucket, "logs/b", Tagging="colour=red")
    put(bucket, "c", Tagging="colour=red")
    s3.list_objects_v2(Bucket=bucket)
    assert [total(bucket, "AllRequests", FilterId=name) for name in ("logs", "red", "both")] == [2, 2, 1]


def test_prefix_and_access_point_make_two_conditions(s3, bucket, aws):
    condition = {"Prefix": "a", "AccessPointArn": f"arn:aws:s3:us-east-1:{aws.account}:accesspoint/door"}
    document = {"Id": "m", "Filter": {"And": condition}}
    s3.put_bucket_metrics_configuration(Bucket=bucket, Id="m", MetricsConfiguration=document)
    assert s3.get_bucket_metrics_configuration(Bucket=bucket, Id="m")["MetricsConfiguration"] == document


def test_nothing_is_counted_once_the_configuration_is_gone(s3, bucket, put, measure, total):
    measure("all")
    s3.delete_bucket_metrics_configuration(Bucket=bucket, Id="all")
    put(bucket, "k")
    assert total(bucket, "PutRequests", FilterId="all") is None


def test_storage_is_measured_every_midnight(s3, bucket, put, measure, total, clock):
    measure("all")
    put(bucket, "a", b"12345")
    put(bucket, "b", b"123", StorageClass="STANDARD_IA")
    begun = s3.create_multipart_upload(Bucket=bucket, Key="c")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="c", UploadId=begun, PartNumber=1, Body=b"12")
    clock.advance(days=1)
    assert total(bucket, "NumberOfObjects", "Average", StorageType="AllStorageTypes") == 3
    assert total(bucket, "BucketSizeBytes", "Average", StorageType="StandardStorage") == 7
    assert total(bucket, "BucketSizeBytes", "Average", StorageType="StandardIAStorage") == 3
    s3.delete_object(Bucket=bucket, Key="a")
    clock.advance(days=3)
    assert total(bucket, "BucketSizeBytes", "Maximum", StorageType="StandardStorage") == 2
