"""Storage class analysis: the CSV that is written every midnight."""

import csv
import io
import json

import pytest

LARGE = b"x" * 131_072


@pytest.fixture
def target(s3, make_bucket):
    """A bucket into which S3 may write."""
    name = make_bucket()
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return name


def analysis(target, **condition):
    destination = {"Format": "CSV", "Bucket": f"arn:aws:s3:::{target}", "Prefix": "reports/"}
    export = {"OutputSchemaVersion": "V_1", "Destination": {"S3BucketDestination": destination}}
    document = {"Id": "a", "StorageClassAnalysis": {"DataExport": export}}
    return {**document, "Filter": condition} if condition else document


@pytest.fixture
def analyse(s3, bucket, target):
    """Gives the bucket an analysis, and a function that reads what was exported."""

    def analyse(**condition):
        s3.put_bucket_analytics_configuration(
            Bucket=bucket, Id="a", AnalyticsConfiguration=analysis(target, **condition)
        )

        def lines():
            body = s3.get_object(Bucket=target, Key=f"reports/{bucket}/a.csv")["Body"].read()
            return list(csv.DictReader(io.StringIO(body.decode())))

        return lines

    return analyse


def test_objects_and_reads_are_counted_by_age(bucket, put, get, analyse, clock):
    lines = analyse()
    put(bucket, "k", LARGE)
    put(bucket, "small")
    get(bucket, "k")
    get(bucket, "k")
    clock.advance(days=1)
    whole, young = lines()
    assert (whole["StorageClass"], whole["ObjectAge"], young["ObjectAge"]) == ("STANDARD", "ALL", "000-014")
    assert (young["ObjectCount"], young["Storage_MB"], young["DataUploaded_MB"]) == ("1", "0.125000", "0.125000")
    assert (young["GetRequestCount"], young["DataRetrieved_MB"]) == ("2", "0.250000")
    assert young["CumulativeAccessRatio"] == "2.000000"


def test_every_day_has_its_lines(bucket, put, analyse, clock):
    lines = analyse()
    put(bucket, "k", LARGE, StorageClass="STANDARD_IA")
    clock.advance(days=17)
    found = [line for line in lines() if line["ObjectAge"] != "ALL"]
    assert len({line["Date"] for line in found}) == 17
    assert (found[0]["ObjectAge"], found[-1]["ObjectAge"]) == ("000-014", "015-029")
    assert {line["StorageClass"] for line in found} == {"STANDARD_IA"}


def test_filter_tells_which_objects_count(bucket, put, analyse, clock):
    lines = analyse(Prefix="logs/")
    put(bucket, "logs/a", LARGE)
    put(bucket, "b", LARGE)
    clock.advance(days=1)
    assert [(line["Filter"], line["ObjectCount"]) for line in lines()] == [("logs/", "1")] * 2


def test_nothing_is_written_where_s3_may_not(s3, bucket, target, put, analyse, clock, refused):
    lines = analyse()
    s3.delete_bucket_policy(Bucket=target)
    clock.advance(days=1)
    with refused("NoSuchKey", 404):
        lines()


def test_destination_has_to_be_the_accounts_that_is_named(refused, s3, bucket, target):
    document = analysis(target)
    document["StorageClassAnalysis"]["DataExport"]["Destination"]["S3BucketDestination"]["BucketAccountId"] = "1" * 12
    with refused("AccessDenied", 403):
        s3.put_bucket_analytics_configuration(Bucket=bucket, Id="a", AnalyticsConfiguration=document)


def test_missing_destination_is_refused(refused, s3, bucket):
    with refused("NoSuchBucket", 404):
        s3.put_bucket_analytics_configuration(
            Bucket=bucket, Id="a", AnalyticsConfiguration=analysis("missing-bucket-of-nobody")
        )


def test_analysis_goes_with_its_bucket(s3, bucket, target, put, analyse, clock):
    lines = analyse()
    put(bucket, "k", LARGE)
    clock.advance(days=1)
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    analyse()
    clock.advance(days=1)
    assert lines() == []
