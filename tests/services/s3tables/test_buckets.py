"""Table buckets, namespaces, settings, policies, tags."""

import json

import pytest


def test_a_bucket_is_described(s3tables, aws, bucket):
    found = s3tables.get_table_bucket(tableBucketARN=bucket)
    assert found["arn"] == bucket == f"arn:aws:s3tables:us-east-1:{aws.account}:bucket/{found['name']}"
    assert (found["ownerAccountId"], found["type"]) == (aws.account, "customer")
    assert found["tableBucketId"]


def test_a_name_is_taken_once_per_account_and_region(s3tables, aws, refused):
    s3tables.create_table_bucket(name="lake")
    with refused("ConflictException", 409, "already exists"):
        s3tables.create_table_bucket(name="lake")
    aws("s3tables", region="eu-west-1").create_table_bucket(name="lake")


@pytest.mark.parametrize("name", ["-ab", "aws-lake", "lake--table-s3", "xn--lake"])
def test_reserved_names_are_refused(s3tables, refused, name):
    with refused("BadRequestException", 400, "bucket name is not valid"):
        s3tables.create_table_bucket(name=name)


def test_buckets_are_listed_page_by_page(s3tables, refused):
    for name in ("aaa", "abb", "bbb", "abc"):
        s3tables.create_table_bucket(name=name)
    pages = s3tables.get_paginator("list_table_buckets").paginate(prefix="a", PaginationConfig={"PageSize": 2})
    assert [[each["name"] for each in page["tableBuckets"]] for page in pages] == [["aaa", "abb"], ["abc"]]
    with refused("BadRequestException", 400, "token"):
        s3tables.list_table_buckets(continuationToken="nonsense")


def test_what_is_not_empty_stays(s3tables, bucket, table, namespace, refused):
    with refused("ConflictException", 409, "not empty"):
        s3tables.delete_namespace(**namespace)
    with refused("ConflictException", 409, "not empty"):
        s3tables.delete_table_bucket(tableBucketARN=bucket)
    s3tables.delete_table(**table)
    s3tables.delete_namespace(**namespace)
    s3tables.delete_table_bucket(tableBucketARN=bucket)
    with refused("NotFoundException", 404, "bucket does not exist"):
        s3tables.get_table_bucket(tableBucketARN=bucket)


def test_a_namespace_is_described(s3tables, aws, bucket, namespace, refused):
    found = s3tables.get_namespace(**namespace)
    assert found["namespace"] == ["sales"]
    assert (found["createdBy"], found["ownerAccountId"]) == (aws.account, aws.account)
    assert [each["namespace"] for each in s3tables.list_namespaces(tableBucketARN=bucket)["namespaces"]] == [["sales"]]
    with refused("ConflictException", 409, "identical name"):
        s3tables.create_namespace(tableBucketARN=bucket, namespace=["sales"])
    with refused("BadRequestException", 400, "namespace name"):
        s3tables.create_namespace(tableBucketARN=bucket, namespace=["_sales"])
    with refused("NotFoundException", 404, "namespace does not exist"):
        s3tables.get_namespace(tableBucketARN=bucket, namespace="none")


def test_a_policy_lets_others_in(s3tables, aws, bucket, refused):
    other = aws("s3tables", account="222233334444")
    with refused("AccessDeniedException", 403):
        other.get_table_bucket(tableBucketARN=bucket)
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "222233334444"},
        "Action": "s3tables:GetTableBucket",
        "Resource": bucket,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s3tables.put_table_bucket_policy(tableBucketARN=bucket, resourcePolicy=policy)
    assert s3tables.get_table_bucket_policy(tableBucketARN=bucket)["resourcePolicy"] == policy
    assert other.get_table_bucket(tableBucketARN=bucket)["arn"] == bucket
    s3tables.delete_table_bucket_policy(tableBucketARN=bucket)
    with refused("NotFoundException", 404, "policy"):
        s3tables.get_table_bucket_policy(tableBucketARN=bucket)
    with refused("BadRequestException", 400, "policy is not valid"):
        s3tables.put_table_bucket_policy(tableBucketARN=bucket, resourcePolicy="{}")


def test_a_table_policy_is_about_one_table(s3tables, aws, table, refused):
    other = aws("s3tables", account="222233334444")
    arn = s3tables.get_table(**table)["tableARN"]
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "222233334444"},
        "Action": "s3tables:GetTable",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s3tables.put_table_policy(**table, resourcePolicy=policy)
    assert other.get_table(tableArn=arn)["name"] == "orders"
    s3tables.delete_table_policy(**table)
    with refused("AccessDeniedException", 403):
        other.get_table(tableArn=arn)
    with refused("NotFoundException", 404, "policy"):
        s3tables.get_table_policy(**table)


def test_encryption_is_that_of_the_bucket_at_creation(s3tables, bucket, make_table, refused):
    assert s3tables.get_table_bucket_encryption(tableBucketARN=bucket)["encryptionConfiguration"] == {
        "sseAlgorithm": "AES256"
    }
    kms = {"sseAlgorithm": "aws:kms", "kmsKeyArn": "arn:aws:kms:us-east-1:111122223333:key/k"}
    first = make_table("first")
    s3tables.put_table_bucket_encryption(tableBucketARN=bucket, encryptionConfiguration=kms)
    second = make_table("second")
    assert s3tables.get_table_encryption(**first)["encryptionConfiguration"] == {"sseAlgorithm": "AES256"}
    assert s3tables.get_table_encryption(**second)["encryptionConfiguration"] == kms
    s3tables.delete_table_bucket_encryption(tableBucketARN=bucket)
    assert s3tables.get_table_bucket_encryption(tableBucketARN=bucket)["encryptionConfiguration"] == {
        "sseAlgorithm": "AES256"
    }
    with refused("BadRequestException", 400, "KMS key ARN"):
        s3tables.put_table_bucket_encryption(tableBucketARN=bucket, encryptionConfiguration={"sseAlgorithm": "aws:kms"})


def test_storage_class_is_that_of_the_bucket_at_creation(s3tables, bucket, make_table):
    tiering = {"storageClass": "INTELLIGENT_TIERING"}
    s3tables.put_table_bucket_storage_class(tableBucketARN=bucket, storageClassConfiguration=tiering)
    assert s3tables.get_table_bucket_storage_class(tableBucketARN=bucket)["storageClassConfiguration"] == tiering
    assert s3tables.get_table_storage_class(**make_table())["storageClassConfiguration"] == tiering


def test_maintenance_begins_with_defaults(s3tables, bucket, table, refused):
    kind = "icebergUnreferencedFileRemoval"
    found = s3tables.get_table_bucket_maintenance_configuration(tableBucketARN=bucket)["configuration"]
    assert found[kind] == {"status": "enabled", "settings": {kind: {"unreferencedDays": 3, "nonCurrentDays": 10}}}
    value = {"status": "disabled", "settings": {kind: {"unreferencedDays": 5}}}
    s3tables.put_table_bucket_maintenance_configuration(tableBucketARN=bucket, type=kind, value=value)
    found = s3tables.get_table_bucket_maintenance_configuration(tableBucketARN=bucket)["configuration"]
    assert found[kind] == {"status": "disabled", "settings": {kind: {"unreferencedDays": 5, "nonCurrentDays": 10}}}
    compaction = {"settings": {"icebergCompaction": {"targetFileSizeMB": 256}}}
    s3tables.put_table_maintenance_configuration(**table, type="icebergCompaction", value=compaction)
    found = s3tables.get_table_maintenance_configuration(**table)["configuration"]
    assert found["icebergCompaction"]["settings"]["icebergCompaction"] == {"targetFileSizeMB": 256, "strategy": "auto"}
    assert found["icebergSnapshotManagement"]["status"] == "enabled"
    status = s3tables.get_table_maintenance_job_status(**table)["status"]
    assert {name: job["status"] for name, job in status.items()} == {
        "icebergCompaction": "Not_Yet_Run",
        "icebergSnapshotManagement": "Not_Yet_Run",
        kind: "Disabled",
    }
    with refused("BadRequestException", 400, "maintenance type"):
        s3tables.put_table_maintenance_configuration(**table, type="icebergSnapshotManagement", value=compaction)


def test_metrics_are_switched_on_and_off(s3tables, bucket, refused):
    with refused("NotFoundException", 404):
        s3tables.get_table_bucket_metrics_configuration(tableBucketARN=bucket)
    s3tables.put_table_bucket_metrics_configuration(tableBucketARN=bucket)
    assert s3tables.get_table_bucket_metrics_configuration(tableBucketARN=bucket)["id"]
    s3tables.delete_table_bucket_metrics_configuration(tableBucketARN=bucket)
    with refused("NotFoundException", 404):
        s3tables.get_table_bucket_metrics_configuration(tableBucketARN=bucket)


def test_replication_is_configured(s3tables, bucket, table, refused):
    configuration = {
        "role": "arn:aws:iam::111122223333:role/replication",
        "rules": [{"destinations": [{"destinationTableBucketARN": f"{bucket}-2"}]}],
    }
    token = s3tables.put_table_bucket_replication(tableBucketARN=bucket, configuration=configuration)["versionToken"]
    assert s3tables.get_table_bucket_replication(tableBucketARN=bucket)["configuration"] == configuration
    arn = s3tables.get_table(**table)["tableARN"]
    with refused("ConflictException", 409, "version token"):
        s3tables.delete_table_bucket_replication(tableBucketARN=bucket, versionToken="other")
    s3tables.delete_table_bucket_replication(tableBucketARN=bucket, versionToken=token)
    with refused("NotFoundException", 404):
        s3tables.get_table_bucket_replication(tableBucketARN=bucket)
    token = s3tables.put_table_replication(tableArn=arn, configuration=configuration)["versionToken"]
    assert s3tables.get_table_replication(tableArn=arn)["configuration"] == configuration
    s3tables.delete_table_replication(tableArn=arn, versionToken=token)


def test_records_may_be_told_to_expire(s3tables, table):
    arn = s3tables.get_table(**table)["tableARN"]
    assert s3tables.get_table_record_expiration_configuration(tableArn=arn)["configuration"] == {"status": "disabled"}
    value = {"status": "enabled", "settings": {"days": 30}}
    s3tables.put_table_record_expiration_configuration(tableArn=arn, value=value)
    assert s3tables.get_table_record_expiration_configuration(tableArn=arn)["configuration"] == value
    assert s3tables.get_table_record_expiration_job_status(tableArn=arn)["status"] == "NotYetRun"


def test_tags_come_and_go(s3tables, bucket, table):
    for arn in (bucket, s3tables.get_table(**table)["tableARN"]):
        s3tables.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
        s3tables.untag_resource(resourceArn=arn, tagKeys=["a"])
        assert s3tables.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
