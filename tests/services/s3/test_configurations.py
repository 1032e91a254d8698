"""Configurations of which a bucket has many: metrics, analytics, and what they have in common with inventories and tiers."""

import pytest


def test_many_documents_by_id(refused, s3, bucket):
    for name in ("b", "a"):
        s3.put_bucket_metrics_configuration(Bucket=bucket, Id=name, MetricsConfiguration={"Id": name})
    listed = s3.list_bucket_metrics_configurations(Bucket=bucket)
    assert [entry["Id"] for entry in listed["MetricsConfigurationList"]] == ["a", "b"]
    assert s3.get_bucket_metrics_configuration(Bucket=bucket, Id="a")["MetricsConfiguration"] == {"Id": "a"}
    s3.delete_bucket_metrics_configuration(Bucket=bucket, Id="a")
    with refused("NoSuchConfiguration", 404):
        s3.get_bucket_metrics_configuration(Bucket=bucket, Id="a")


def test_object_lock_is_not_there(refused, s3, bucket, put):
    put(bucket, "k")
    with refused("ObjectLockConfigurationNotFoundError", 404):
        s3.get_object_lock_configuration(Bucket=bucket)
    with refused("InvalidRequest", 400):
        s3.get_object_retention(Bucket=bucket, Key="k")
    with refused("InvalidRequest", 400):
        s3.put_object_legal_hold(Bucket=bucket, Key="k", LegalHold={"Status": "ON"})


def test_list_is_walked_by_its_tokens(s3, bucket, monkeypatch):
    monkeypatch.setattr("fogbank.services.s3.settings._PAGE", 3)
    names = [f"m{number}" for number in range(5)]
    for name in names:
        s3.put_bucket_metrics_configuration(Bucket=bucket, Id=name, MetricsConfiguration={"Id": name})
    first = s3.list_bucket_metrics_configurations(Bucket=bucket)
    rest = s3.list_bucket_metrics_configurations(Bucket=bucket, ContinuationToken=first["NextContinuationToken"])
    found = [entry["Id"] for page in (first, rest) for entry in page["MetricsConfigurationList"]]
    assert (found, first["IsTruncated"], rest["IsTruncated"]) == (names, True, False)


def test_token_has_to_be_one_of_ours(refused, s3, bucket):
    with refused("InvalidArgument", 400, ArgumentName="continuation-token"):
        s3.list_bucket_metrics_configurations(Bucket=bucket, ContinuationToken="nonsense")


def test_configuration_has_the_id_of_its_request(refused, s3, bucket):
    with refused("InvalidArgument", 400):
        s3.put_bucket_metrics_configuration(Bucket=bucket, Id="a", MetricsConfiguration={"Id": "b"})


def test_missing_configuration_is_not_deleted(refused, s3, bucket):
    with refused("NoSuchConfiguration", 404):
        s3.delete_bucket_analytics_configuration(Bucket=bucket, Id="a")


def test_there_are_a_thousand_at_most(refused, s3, bucket, monkeypatch):
    monkeypatch.setattr("fogbank.services.s3.settings.MOST", 1)
    s3.put_bucket_metrics_configuration(Bucket=bucket, Id="a", MetricsConfiguration={"Id": "a"})
    s3.put_bucket_metrics_configuration(Bucket=bucket, Id="a", MetricsConfiguration={"Id": "a"})
    with refused("TooManyConfigurations", 400):
        s3.put_bucket_metrics_configuration(Bucket=bucket, Id="b", MetricsConfiguration={"Id": "b"})


@pytest.mark.parametrize(
    "filter", [{"Prefix": "a", "Tag": {"Key": "k", "Value": "v"}}, {"And": {"Prefix": "a"}}], ids=["two", "and one"]
)
def test_filter_says_several_things_with_and(refused, s3, bucket, filter):
    with refused("MalformedXML", 400):
        s3.put_bucket_metrics_configuration(Bucket=bucket, Id="m", MetricsConfiguration={"Id": "m", "Filter": filter})


def test_analysis_is_exported_to_a_bucket_of_the_same_region(refused, s3, bucket, make_bucket):
    elsewhere = make_bucket(CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    def configure(arn):
        place = {"S3BucketDestination": {"Format": "CSV", "Bucket": arn}}
        export = {"OutputSchemaVersion": "V_1", "Destination": place}
        s3.put_bucket_analytics_configuration(
            Bucket=bucket, Id="a", AnalyticsConfiguration={"Id": "a", "StorageClassAnalysis": {"DataExport": export}}
        )

    with refused("InvalidArgument", 400):
        configure(bucket)
    with refused("NoSuchBucket", 404):
        configure(f"arn:aws:s3:::{bucket}-missing")
    with refused("InvalidRequest", 400):
        configure(f"arn:aws:s3:::{elsewhere}")
    configure(f"arn:aws:s3:::{bucket}")
    (found,) = s3.list_bucket_analytics_configurations(Bucket=bucket)["AnalyticsConfigurationList"]
    assert found["StorageClassAnalysis"]["DataExport"]["OutputSchemaVersion"] == "V_1"
