"""Metric streams: what was measured arrives in Firehose when the minute is over."""

import json
import time

import pytest
from botocore.exceptions import ClientError

HOST = "streams.metrics.cloudwatch.amazonaws.com"


def _document(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def _role(aws, name, host):
    iam = aws("iam")
    trust = _document(Principal={"Service": host}, Action="sts:AssumeRole")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=_document(Action="*", Resource="*"))
    return arn


@pytest.fixture
def made(aws):
    """Makes a metric stream to a delivery stream that delivers at once."""
    s3, firehose = aws("s3"), aws("firehose")
    bucket = f"metrics-{aws.account}"
    s3.create_bucket(Bucket=bucket)
    role, writer = _role(aws, "firehose", "firehose.amazonaws.com"), _role(aws, "stream", HOST)
    arn = firehose.create_delivery_stream(
        DeliveryStreamName="metrics",
        ExtendedS3DestinationConfiguration={
            "RoleARN": role,
            "BucketARN": f"arn:aws:s3:::{bucket}",
            "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
        },
    )["DeliveryStreamARN"]

    def make(output="json", **options):
        return aws("cloudwatch").put_metric_stream(
            Name="all", FirehoseArn=arn, RoleArn=writer, OutputFormat=output, **options
        )["Arn"]

    return make


@pytest.fixture
def arrived(aws):
    """What has arrived in the bucket, once something has."""

    def wait():
        s3, bucket = aws("s3"), f"metrics-{aws.account}"
        end = time.monotonic() + 15
        while time.monotonic() < end:
            if found := s3.list_objects_v2(Bucket=bucket).get("Contents"):
                return b"".join(s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in found)
            time.sleep(0.05)
        raise AssertionError("nothing arrived")

    return wait


def _measure(aws, namespace="Shop", *values):
    dimensions = [{"Name": "Store", "Value": "7"}]
    datum = {"MetricName": "Sales", "Dimensions": dimensions, "Values": list(values), "Unit": "Count"}
    aws("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[datum])


def test_a_minute_is_told_in_json(aws, made, arrived, clock):
    further = {
        "IncludeMetrics": [{"Namespace": "Shop", "MetricName": "Sales"}],
        "AdditionalStatistics": ["p50", "TM(0%:50%)"],
    }
    made(IncludeFilters=[{"Namespace": "Shop", "MetricNames": ["Sales"]}], StatisticsConfigurations=[further])
    _measure(aws, "Shop", 1, 2, 6)
    _measure(aws, "Other", 5)
    clock.advance(seconds=60)
    (line,) = arrived().splitlines()
    told = json.loads(line)
    assert (told["metric_stream_name"], told["account_id"], told["region"]) == ("all", aws.account, "us-east-1")
    assert (told["namespace"], told["metric_name"], told["unit"]) == ("Shop", "Sales", "Count")
    assert told["dimensions"] == {"Store": "7"}
    assert told["timestamp"] % 60_000 == 0
    plain = {name: told["value"][name] for name in ("count", "sum", "min", "max")}
    assert plain == {"count": 3.0, "sum": 9.0, "min": 1.0, "max": 6.0}
    assert "p50" in told["value"]


@pytest.mark.parametrize("output", ["opentelemetry0.7", "opentelemetry1.0"])
def test_a_minute_is_told_in_opentelemetry(aws, made, arrived, clock, output):
    made(output, ExcludeFilters=[{"Namespace": name} for name in ("AWS/Firehose", "AWS/S3", "AWS/Usage")])
    _measure(aws, "Shop", 4)
    clock.advance(seconds=60)
    data = arrived()
    assert data[0] | data[1] << 7 & 0x3F80 == len(data) - 2 + 0x80  # a length of two bytes, then the message
    for text in (b"amazonaws.com/Shop/Sales", b"{Count}", b"cloud.account.id", b"Store"):
        assert text in data


def test_a_stopped_stream_tells_nothing_until_it_is_started(aws, made, arrived, clock):
    made(IncludeFilters=[{"Namespace": "Shop"}])
    cloudwatch = aws("cloudwatch")
    cloudwatch.stop_metric_streams(Names=["all"])
    assert cloudwatch.get_metric_stream(Name="all")["State"] == "stopped"
    _measure(aws, "Shop", 1)
    clock.advance(seconds=120)
    cloudwatch.start_metric_streams(Names=["all"])
    _measure(aws, "Shop", 2)
    clock.advance(seconds=60)
    assert [json.loads(line)["value"]["sum"] for line in arrived().splitlines()] == [2.0]


def test_streams_are_listed_tagged_and_deleted(aws, made):
    cloudwatch = aws("cloudwatch")
    arn = made(Tags=[{"Key": "a", "Value": "b"}])
    (entry,) = cloudwatch.list_metric_streams()["Entries"]
    assert (entry["Arn"], entry["State"], entry["OutputFormat"]) == (arn, "running", "json")
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    cloudwatch.delete_metric_stream(Name="all")
    with pytest.raises(ClientError, match="does not exist"):
        cloudwatch.get_metric_stream(Name="all")


def test_filters_either_include_or_exclude(made):
    filters = [{"Namespace": "Shop"}]
    with pytest.raises(ClientError, match="cannot both"):
        made(IncludeFilters=filters, ExcludeFilters=filters)


def test_opentelemetry_has_percentiles_alone(made):
    further = {"IncludeMetrics": [{"Namespace": "Shop", "MetricName": "x"}], "AdditionalStatistics": ["TM(0%:50%)"]}
    with pytest.raises(ClientError, match="not valid for a metric stream"):
        made("opentelemetry1.0", StatisticsConfigurations=[further])
