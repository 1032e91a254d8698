"""Tables and their metadata."""

import json

import pytest


@pytest.fixture
def metadata(s3tables, aws):
    """Reads the metadata of a table from S3."""

    def metadata(table):
        location = s3tables.get_table_metadata_location(**table)["metadataLocation"]
        bucket, _, key = location.removeprefix("s3://").partition("/")
        return json.loads(aws("s3").get_object(Bucket=bucket, Key=key)["Body"].read())

    return metadata


@pytest.fixture
def write(s3tables, aws):
    """Writes a file into the warehouse of a table and gives its URI."""

    def write(table, key, body=b"{}"):
        warehouse = s3tables.get_table(**table)["warehouseLocation"]
        aws("s3").put_object(Bucket=warehouse.removeprefix("s3://"), Key=key, Body=body)
        return f"{warehouse}/{key}"

    return write


def test_a_table_is_described_by_names_and_by_arn(s3tables, aws, table):
    found = s3tables.get_table(**table)
    assert (found["name"], found["namespace"], found["format"], found["type"]) == (
        "orders",
        ["sales"],
        "ICEBERG",
        "customer",
    )
    assert found["tableARN"].startswith(f"{table['tableBucketARN']}/table/")
    assert found["warehouseLocation"].endswith("--table-s3")
    assert found["metadataLocation"].startswith(f"{found['warehouseLocation']}/metadata/00000-")
    assert (found["createdBy"], found["modifiedBy"], found["ownerAccountId"]) == (aws.account,) * 3
    by_arn = s3tables.get_table(tableArn=found["tableARN"])
    assert by_arn["versionToken"] == found["versionToken"]


def test_a_table_with_a_schema_has_metadata(metadata, table):
    found = metadata(table)
    assert (found["format-version"], found["current-schema-id"], found["last-column-id"]) == (2, 0, 2)
    assert found["schemas"][0]["fields"] == [
        {"id": 1, "name": "id", "required": True, "type": "long"},
        {"id": 2, "name": "name", "required": False, "type": "string"},
    ]
    assert found["partition-specs"] == [{"spec-id": 0, "fields": []}]


def test_nested_fields_partitions_and_orders_are_kept(metadata, make_table):
    tags = {"type": "list", "element-id": 4, "element": "string", "element-required": False}
    iceberg = {
        "schemaV2": {
            "type": "struct",
            "fields": [
                {"id": 1, "name": "at", "type": "timestamptz", "required": True},
                {
                    "id": 2,
                    "name": "who",
                    "type": {"type": "struct", "fields": [{"id": 3, "name": "x", "type": "int", "required": False}]},
                    "required": False,
                },
                {"id": 5, "name": "tags", "type": tags, "required": False, "doc": "labels"},
            ],
            "identifierFieldIds": [1],
        },
        "partitionSpec": {"fields": [{"sourceId": 1, "transform": "day", "name": "at_day"}]},
        "writeOrder": {
            "orderId": 1,
            "fields": [{"sourceId": 1, "transform": "identity", "direction": "desc", "nullOrder": "nulls-last"}],
        },
        "properties": {"write.format.default": "parquet"},
    }
    found = metadata(make_table(metadata={"iceberg": iceberg}))
    assert found["last-column-id"] == 5
    assert found["schemas"][0]["identifier-field-ids"] == [1]
    assert found["schemas"][0]["fields"][2]["type"] == tags
    assert found["partition-specs"][0]["fields"] == [
        {"source-id": 1, "transform": "day", "name": "at_day", "field-id": 1000}
    ]
    assert found["sort-orders"][0]["fields"][0]["direction"] == "desc"
    assert found["properties"] == {"write.format.default": "parquet"}


def test_a_partition_of_no_column_is_refused(s3tables, make_table, namespace, refused):
    schema = {"fields": [{"name": "id", "type": "long"}]}
    spec = {"fields": [{"sourceId": 9, "transform": "identity", "name": "x"}]}
    with refused("BadRequestException", 400, "no source column"):
        make_table(metadata={"iceberg": {"schema": schema, "partitionSpec": spec}})
    assert s3tables.list_tables(**namespace)["tables"] == []


def test_a_table_without_metadata_waits_for_it(s3tables, make_table, write):
    table = make_table()
    found = s3tables.get_table_metadata_location(**table)
    assert "metadataLocation" not in found
    location = write(table, "metadata/00000-a.metadata.json")
    answer = s3tables.update_table_metadata_location(
        **table, versionToken=found["versionToken"], metadataLocation=location
    )
    assert answer["metadataLocation"] == location
    assert answer["versionToken"] != found["versionToken"]


def test_who_is_late_is_refused(s3tables, table, write, refused):
    token = s3tables.get_table(**table)["versionToken"]
    first, second = (write(table, f"metadata/00001-{name}.metadata.json") for name in "ab")
    s3tables.update_table_metadata_location(**table, versionToken=token, metadataLocation=first)
    with refused("ConflictException", 409, "version token"):
        s3tables.update_table_metadata_location(**table, versionToken=token, metadataLocation=second)
    assert s3tables.get_table(**table)["metadataLocation"] == first


@pytest.mark.parametrize("key", ["metadata/none.metadata.json", "metadata/x.json"])
def test_metadata_has_to_be_there(s3tables, table, refused, key):
    found = s3tables.get_table(**table)
    with refused("NotFoundException" if "none" in key else "BadRequestException", 404 if "none" in key else 400):
        s3tables.update_table_metadata_location(
            **table, versionToken=found["versionToken"], metadataLocation=f"{found['warehouseLocation']}/{key}"
        )


def test_metadata_of_another_warehouse_is_refused(s3tables, table, refused):
    token = s3tables.get_table(**table)["versionToken"]
    with refused("BadRequestException", 400, "metadata location"):
        s3tables.update_table_metadata_location(
            **table, versionToken=token, metadataLocation="s3://other/metadata/0.metadata.json"
        )


def test_a_name_is_taken_once_per_namespace(table, make_table, refused):
    with refused("ConflictException", 409, "identical name"):
        make_table()
    with refused("BadRequestException", 400, "table name"):
        make_table("_x")


def test_tables_are_listed_page_by_page(s3tables, bucket, make_table, namespace):
    for name in ("aa", "ab", "bb"):
        make_table(name)
    s3tables.create_namespace(tableBucketARN=bucket, namespace=["other"])
    s3tables.create_table(tableBucketARN=bucket, namespace="other", name="ac", format="ICEBERG")
    paginator = s3tables.get_paginator("list_tables")

    def names(**asked):
        pages = paginator.paginate(**asked, PaginationConfig={"PageSize": 2})
        return [[table["name"] for table in page["tables"]] for page in pages]

    assert names(tableBucketARN=bucket) == [["ac", "aa"], ["ab", "bb"]]
    assert names(**namespace) == [["aa", "ab"], ["bb"]]
    assert names(tableBucketARN=bucket, prefix="a") == [["ac", "aa"], ["ab"]]


def test_a_renamed_table_keeps_its_arn_and_files(s3tables, bucket, table, refused):
    before = s3tables.get_table(**table)
    s3tables.create_namespace(tableBucketARN=bucket, namespace=["archive"])
    s3tables.rename_table(**table, newNamespaceName="archive", newName="old", versionToken=before["versionToken"])
    after = s3tables.get_table(tableArn=before["tableARN"])
    assert (after["namespace"], after["name"]) == (["archive"], "old")
    assert after["metadataLocation"] == before["metadataLocation"]
    assert after["versionToken"] == before["versionToken"]
    with refused("NotFoundException", 404, "table does not exist"):
        s3tables.get_table(**table)


def test_a_deleted_table_takes_its_files_along(s3tables, aws, table, clock, refused):
    found = s3tables.get_table(**table)
    with refused("ConflictException", 409):
        s3tables.delete_table(**table, versionToken="other")
    s3tables.delete_table(**table, versionToken=found["versionToken"])
    clock.advance(seconds=1)
    with refused("NoSuchBucket", 404):
        aws("s3").list_objects_v2(Bucket=found["warehouseLocation"].removeprefix("s3://"))


def test_a_kms_key_has_to_let_the_service_in(s3tables, aws, make_table, metadata, namespace, refused):
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    encryption = {"sseAlgorithm": "aws:kms", "kmsKeyArn": key}
    schema = {"iceberg": {"schema": {"fields": [{"name": "id", "type": "long"}]}}}
    with refused("ForbiddenException", 403, "maintenance.s3tables.amazonaws.com is not authorized"):
        make_table(metadata=schema, encryptionConfiguration=encryption)
    assert s3tables.list_tables(**namespace)["tables"] == []
    root = {"Effect": "Allow", "Principal": {"AWS": aws.account}, "Action": "kms:*", "Resource": "*"}
    maintenance = {
        "Effect": "Allow",
        "Principal": {"Service": "maintenance.s3tables.amazonaws.com"},
        "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [root, maintenance]})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    assert metadata(make_table(metadata=schema, encryptionConfiguration=encryption))["last-column-id"] == 1


def test_warehouses_are_hidden_and_closed_to_others(s3tables, aws, table, refused):
    warehouse = s3tables.get_table(**table)["warehouseLocation"].removeprefix("s3://")
    s3 = aws("s3")
    assert s3.list_buckets()["Buckets"] == []
    assert s3.list_objects_v2(Bucket=warehouse)["KeyCount"] == 1
    with refused("AccessDenied", 403):
        s3.delete_bucket(Bucket=warehouse)
    with refused("AccessDenied", 403):
        aws("s3", account="222233334444").list_objects_v2(Bucket=warehouse)
