"""Storage Lens: configurations, groups, and the daily export."""

import csv
import io
import json

import pytest

from tests.services.s3control.conftest import statement

LEVEL = {"BucketLevel": {}}


def configuration(config_id="lens", **more):
    return {"Id": config_id, "AccountLevel": LEVEL, "IsEnabled": True, **more}


def test_configuration_is_read_as_it_was_put(control, aws, refused):
    control.put_storage_lens_configuration(
        ConfigId="lens", StorageLensConfiguration=configuration(), Tags=[{"Key": "a", "Value": "1"}]
    )
    found = control.get_storage_lens_configuration(ConfigId="lens")["StorageLensConfiguration"]
    arn = f"arn:aws:s3:us-east-1:{aws.account}:storage-lens/lens"
    assert found == {**configuration(), "StorageLensArn": arn}
    assert control.list_storage_lens_configurations()["StorageLensConfigurationList"] == [
        {"Id": "lens", "StorageLensArn": arn, "HomeRegion": "us-east-1", "IsEnabled": True}
    ]
    assert control.get_storage_lens_configuration_tagging(ConfigId="lens")["Tags"] == [{"Key": "a", "Value": "1"}]
    control.delete_storage_lens_configuration_tagging(ConfigId="lens")
    assert control.get_storage_lens_configuration_tagging(ConfigId="lens")["Tags"] == []
    control.delete_storage_lens_configuration(ConfigId="lens")
    with refused("NoSuchConfiguration", 404):
        control.get_storage_lens_configuration(ConfigId="lens")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"Id": "other"}, "InvalidConfigId"),
        (
            {"Include": {"Regions": ["us-east-1"]}, "Exclude": {"Regions": ["us-east-1"]}},
            "InvalidIncludeExcludeContainers",
        ),
        ({"Include": {"Buckets": []}}, "EmptyIncludeContainer"),
        (
            {"AccountLevel": {"ActivityMetrics": {"IsEnabled": True}, "BucketLevel": {}}},
            "MissingBucketLevelActivityMetrics",
        ),
    ],
)
def test_configuration_has_to_make_sense(control, refused, wrong, code):
    with refused(code, 400):
        control.put_storage_lens_configuration(ConfigId="lens", StorageLensConfiguration={**configuration(), **wrong})


def test_metrics_are_exported_every_day(control, s3, clock, bucket, make_bucket, aws):
    out = make_bucket()
    s3.put_object(Bucket=bucket, Key="k", Body=b"x" * 1000)
    policy = statement(f"arn:aws:s3:::{out}/*", "s3:PutObject", effect="Allow").replace(
        '"*"', '{"Service": "storage-lens.s3.amazonaws.com"}', 1
    )
    s3.put_bucket_policy(Bucket=out, Policy=policy)
    destination = {
        "Format": "CSV",
        "OutputSchemaVersion": "V_1",
        "AccountId": aws.account,
        "Arn": f"arn:aws:s3:::{out}",
        "Prefix": "lens",
    }
    wanted = configuration(DataExport={"S3BucketDestination": destination})
    wanted["Include"] = {"Buckets": [f"arn:aws:s3:::{bucket}"]}
    control.put_storage_lens_configuration(ConfigId="daily", StorageLensConfiguration={**wanted, "Id": "daily"})
    clock.advance(days=2)
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=out)["Contents"]]
    manifests = [key for key in keys if "/manifests/dt=" in key]
    assert len(manifests) == 2
    assert manifests[0].startswith(f"lens/StorageLens/{aws.account}/daily/V_1/manifests/dt=")
    manifest = json.loads(s3.get_object(Bucket=out, Key=manifests[0])["Body"].read())
    data = s3.get_object(Bucket=out, Key=manifest["reportFiles"][0]["key"])["Body"].read().decode()
    rows = {(row["record_type"], row["metric_name"]): row for row in csv.DictReader(io.StringIO(data))}
    assert rows["BUCKET", "StorageBytes"]["metric_value"] == "1000"
    assert rows["ACCOUNT", "ObjectCount"]["metric_value"] == "1"
    assert rows["BUCKET", "StorageBytes"]["bucket_name"] == bucket


# -- groups


def group(name="group", **filters):
    return {"Name": name, "Filter": filters}


def test_group_is_read_as_it_was_made(control, aws, refused):
    made = group(MatchAnyPrefix=["logs/"])
    control.create_storage_lens_group(StorageLensGroup=made, Tags=[{"Key": "a", "Value": "1"}])
    arn = f"arn:aws:s3:us-east-1:{aws.account}:storage-lens-group/group"
    assert control.get_storage_lens_group(Name="group")["StorageLensGroup"] == {**made, "StorageLensGroupArn": arn}
    assert control.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
    with refused("ConfigurationAlreadyExists", 409):
        control.create_storage_lens_group(StorageLensGroup=made)
    control.update_storage_lens_group(Name="group", StorageLensGroup=group(MatchAnySuffix=[".log"]))
    found = control.get_storage_lens_group(Name="group")["StorageLensGroup"]
    assert found["Filter"] == {"MatchAnySuffix": [".log"]}
    assert [each["Name"] for each in control.list_storage_lens_groups()["StorageLensGroupList"]] == ["group"]
    control.delete_storage_lens_group(Name="group")
    with refused("NoSuchConfiguration", 404):
        control.get_storage_lens_group(Name="group")


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        ({}, "InvalidFilter"),
        ({"MatchAnyPrefix": ["a"], "MatchAnySuffix": ["b"]}, "InvalidFilter"),
        ({"MatchAnyPrefix": []}, "InvalidMatchAnyPrefix"),
        ({"And": {"MatchAnyPrefix": ["a"]}}, "InvalidLogicalOperator"),
        ({"MatchAnyPrefix": [str(number) for number in range(11)]}, "TooManyElements"),
        ({"MatchObjectAge": {"DaysGreaterThan": -1}}, "InvalidAge"),
        ({"MatchObjectSize": {"BytesGreaterThan": 5, "BytesLessThan": 5}}, "InvalidNumericCombination"),
    ],
)
def test_filter_has_to_make_sense(control, refused, filters, code):
    with refused(code, 400):
        control.create_storage_lens_group(StorageLensGroup=group(**filters))


def test_name_of_a_group_does_not_change(control, refused):
    control.create_storage_lens_group(StorageLensGroup=group(MatchAnyPrefix=["a"]))
    with refused("MismatchedName", 400):
        control.update_storage_lens_group(Name="group", StorageLensGroup=group("other", MatchAnyPrefix=["a"]))
