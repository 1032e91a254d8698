"""What S3 Tables has, as CloudFormation and Cloud Control see it."""

import pytest
from botocore.exceptions import ClientError

from tests.services.cloud_client import Cloud


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


@pytest.fixture
def bucket(cloud):
    """The ARN of a table bucket with the namespace `sales`."""
    arn = cloud.create("AWS::S3Tables::TableBucket", TableBucketName="warehouse")
    cloud.create("AWS::S3Tables::Namespace", TableBucketARN=arn, Namespace="sales")
    return arn


@pytest.fixture
def table(cloud, bucket):
    """Makes a table and gives its ARN."""

    def make(**properties):
        given = {"TableBucketARN": bucket, "Namespace": "sales", "TableName": "orders", "OpenTableFormat": "ICEBERG"}
        return cloud.create("AWS::S3Tables::Table", **{**given, **properties})

    return make


def policy(resource):
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "s3tables:GetTableData",
        "Resource": resource,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_table_bucket_is_changed_in_place(cloud, bucket):
    kind = "AWS::S3Tables::TableBucket"
    days = {"Status": "Enabled", "UnreferencedDays": 5, "NoncurrentDays": 7}
    cloud.update(kind, bucket, {"op": "add", "path": "/UnreferencedFileRemoval", "value": days})
    assert cloud.read(kind, bucket)["UnreferencedFileRemoval"] == days


def test_table_bucket_has_a_storage_class_metrics_and_replicas(cloud, bucket):
    kind, other = "AWS::S3Tables::TableBucket", f"{bucket}-2"
    rules = [{"Destinations": [{"DestinationTableBucketARN": other}]}]
    given = {
        "StorageClassConfiguration": {"StorageClass": "INTELLIGENT_TIERING"},
        "MetricsConfiguration": {"Status": "Enabled"},
        "ReplicationConfiguration": {"Role": "arn:aws:iam::111122223333:role/replicates", "Rules": rules},
    }
    made = cloud.create(kind, TableBucketName="chosen", **given)
    found = cloud.read(kind, made)
    assert {name: found[name] for name in given} == given
    cloud.update(kind, made, *({"op": "remove", "path": f"/{name}"} for name in given))
    found = cloud.read(kind, made)
    assert "ReplicationConfiguration" not in found
    assert found["MetricsConfiguration"] == {"Status": "Disabled"}
    assert found["StorageClassConfiguration"] == {"StorageClass": "STANDARD"}


def test_table_with_a_schema(cloud, aws, bucket, table):
    fields = [{"Name": "id", "Type": "int", "Required": True}, {"Name": "text", "Type": "string"}]
    metadata = {"IcebergSchema": {"SchemaFieldList": fields}}
    arn = table(IcebergMetadata=metadata, Tags=[{"Key": "a", "Value": "1"}])
    found = cloud.read("AWS::S3Tables::Table", arn)
    assert (found["TableName"], found["Namespace"], found["TableBucketARN"]) == ("orders", "sales", bucket)
    assert found["Compaction"] == {"Status": "enabled", "TargetFileSizeMB": 512}
    assert found["Tags"] == [{"Key": "a", "Value": "1"}]
    about = aws("s3tables").get_table(tableBucketARN=bucket, namespace="sales", name="orders")
    assert about["metadataLocation"].startswith(found["WarehouseLocation"])


def test_table_is_renamed_and_maintained_in_place(cloud, table):
    arn = table()
    cloud.update(
        "AWS::S3Tables::Table",
        arn,
        {"op": "replace", "path": "/TableName", "value": "renamed"},
        {"op": "replace", "path": "/Compaction", "value": {"Status": "disabled", "TargetFileSizeMB": 64}},
    )
    found = cloud.read("AWS::S3Tables::Table", arn)
    assert (found["TableName"], found["Compaction"]) == ("renamed", {"Status": "disabled", "TargetFileSizeMB": 64})


def test_deleted_table_is_gone(cloud, table):
    arn = table()
    cloud.delete("AWS::S3Tables::Table", arn)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloud.read("AWS::S3Tables::Table", arn)


@pytest.mark.parametrize("kind", ["Table", "TableBucket"])
def test_policies(cloud, bucket, table, kind):
    arn = table() if kind == "Table" else bucket
    name, member = f"AWS::S3Tables::{kind}Policy", f"{kind}ARN"
    assert cloud.create(name, **{member: arn, "ResourcePolicy": policy(arn)}) == arn
    assert cloud.read(name, arn)["ResourcePolicy"] == policy(arn)
    cloud.delete(name, arn)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloud.read(name, arn)
