"""Metadata tables: the journal of a bucket, and what is in it, as others read them through S3 Tables."""

import pytest

pytest.importorskip("pyiceberg")
pytest.importorskip("pyarrow")

JOURNAL = {"RecordExpiration": {"Expiration": "DISABLED"}}


@pytest.fixture
def configure(s3, bucket):
    def configure(name=bucket, **tables):
        document = {"JournalTableConfiguration": JOURNAL, **tables}
        s3.create_bucket_metadata_configuration(Bucket=name, MetadataConfiguration=document)

    return configure


@pytest.fixture
def result(s3, bucket):
    """Gives what is told of the configuration."""

    def result():
        found = s3.get_bucket_metadata_configuration(Bucket=bucket)["GetBucketMetadataConfigurationResult"]
        return found["MetadataConfigurationResult"]

    return result


@pytest.fixture
def table(aws, fogbank_server, result):
    """Reads a metadata table with PyIceberg: its rows, by key."""
    from pyiceberg.table import StaticTable

    def table(name):
        place = result()["DestinationResult"]
        location = aws("s3tables").get_table_metadata_location(
            tableBucketARN=place["TableBucketArn"], namespace=place["TableNamespace"], name=name
        )["metadataLocation"]
        options = {
            "s3.endpoint": fogbank_server.endpoint,
            "s3.access-key-id": aws.account,
            "s3.secret-access-key": "test",
            "s3.region": "us-east-1",
        }
        rows = StaticTable.from_metadata(location, options).scan().to_arrow().to_pylist()
        return sorted(rows, key=lambda row: (row["key"], row["sequence_number"]))

    return table


def test_journal_tells_what_happens(s3, aws, bucket, put, configure, table, clock):
    configure()
    put(bucket, "k", b"12345", Metadata={"mood": "fine"}, Tagging="a=1")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "b", "Value": "2"}]})
    s3.delete_object(Bucket=bucket, Key="k")
    clock.advance(seconds=60)
    created, updated, deleted = table("journal")
    assert [row["record_type"] for row in (created, updated, deleted)] == ["CREATE", "UPDATE_METADATA", "DELETE"]
    assert (created["bucket"], created["size"], created["storage_class"]) == (bucket, 5, "STANDARD")
    assert (dict(created["object_tags"]), dict(created["user_metadata"])) == ({"a": "1"}, {"mood": "fine"})
    assert dict(updated["object_tags"]) == {"b": "2"}
    assert (created["encryption_status"], created["requester"]) == ("SSE-S3", aws.account)
    assert created["source_ip_address"] == "127.0.0.1"
    assert (deleted["size"], deleted["is_delete_marker"]) == (None, False)


def test_journal_grows(bucket, put, configure, table, clock):
    configure()
    put(bucket, "a")
    clock.advance(seconds=60)
    put(bucket, "b")
    clock.advance(seconds=60)
    assert [row["key"] for row in table("journal")] == ["a", "b"]


def test_inventory_begins_with_what_is_there_and_follows(s3, bucket, put, configure, table, result, clock):
    put(bucket, "old")
    configure(InventoryTableConfiguration={"ConfigurationState": "ENABLED"})
    clock.advance(seconds=1)
    assert [row["key"] for row in table("inventory")] == ["old"]
    s3.delete_object(Bucket=bucket, Key="old")
    put(bucket, "new")
    clock.advance(hours=1)
    assert [row["key"] for row in table("inventory")] == ["new"]
    s3.delete_object(Bucket=bucket, Key="new")
    clock.advance(hours=1)
    assert table("inventory") == []
    assert result()["InventoryTableConfigurationResult"]["TableStatus"] == "ACTIVE"


def test_tables_are_in_a_bucket_that_aws_manages(aws, bucket, configure, result):
    configure()
    found = result()
    arn = f"arn:aws:s3tables:us-east-1:{aws.account}:bucket/aws-s3"
    place = found["DestinationResult"]
    assert (place["TableBucketType"], place["TableBucketArn"]) == ("aws", arn)
    journal = found["JournalTableConfigurationResult"]
    assert (journal["TableName"], journal["TableStatus"]) == ("journal", "ACTIVE")
    assert journal["TableArn"].startswith(f"{arn}/table/")
    assert found["InventoryTableConfigurationResult"] == {"ConfigurationState": "DISABLED"}
    assert [one["type"] for one in aws("s3tables").list_table_buckets(type="aws")["tableBuckets"]] == ["aws"]
    assert aws("s3tables").list_table_buckets(type="customer")["tableBuckets"] == []


def test_nobody_else_makes_that_bucket(aws):
    s3tables = aws("s3tables")
    with pytest.raises(s3tables.exceptions.BadRequestException):
        s3tables.create_table_bucket(name="aws-s3")


def test_configuration_is_there_once(refused, bucket, configure, result):
    with refused("MetadataConfigurationNotFound", 404):
        result()
    configure()
    with refused("MetadataConfigurationAlreadyExists", 409):
        configure()


def test_nothing_is_written_once_it_is_deleted(s3, bucket, put, configure, result, refused, aws, clock):
    configure()
    place = result()["DestinationResult"]
    where = {"tableBucketARN": place["TableBucketArn"], "namespace": place["TableNamespace"], "name": "journal"}
    before = aws("s3tables").get_table_metadata_location(**where)["metadataLocation"]
    s3.delete_bucket_metadata_configuration(Bucket=bucket)
    put(bucket, "k")
    clock.advance(seconds=60)
    assert aws("s3tables").get_table_metadata_location(**where)["metadataLocation"] == before
    with refused("MetadataConfigurationNotFound", 404):
        s3.delete_bucket_metadata_configuration(Bucket=bucket)


def test_table_that_is_there_already_says_so(s3, bucket, configure, result):
    configure()
    s3.delete_bucket_metadata_configuration(Bucket=bucket)
    configure()
    journal = result()["JournalTableConfigurationResult"]
    assert (journal["TableStatus"], journal["Error"]["ErrorCode"]) == ("FAILED", "TableAlreadyExists")


def test_records_are_kept_for_a_week_at_least(refused, s3, bucket, configure, result):
    expiration = {"Expiration": "ENABLED", "Days": 6}
    with refused("InvalidArgument", 400):
        configure(JournalTableConfiguration={"RecordExpiration": expiration})
    configure()
    update = {"RecordExpiration": {"Expiration": "ENABLED", "Days": 7}}
    s3.update_bucket_metadata_journal_table_configuration(Bucket=bucket, JournalTableConfiguration=update)
    assert result()["JournalTableConfigurationResult"]["RecordExpiration"] == update["RecordExpiration"]


def test_records_expire(bucket, put, configure, table, clock):
    configure(JournalTableConfiguration={"RecordExpiration": {"Expiration": "ENABLED", "Days": 7}})
    put(bucket, "old")
    clock.advance(days=5)
    put(bucket, "new")
    clock.advance(days=3, seconds=60)
    assert [row["key"] for row in table("journal")] == ["new"]


def test_inventory_is_turned_on_later(s3, bucket, put, configure, table, clock):
    put(bucket, "k")
    configure()
    wanted = {"ConfigurationState": "ENABLED"}
    s3.update_bucket_metadata_inventory_table_configuration(Bucket=bucket, InventoryTableConfiguration=wanted)
    clock.advance(seconds=1)
    assert [row["key"] for row in table("inventory")] == ["k"]


def test_annotation_tables_are_refused(refused, s3, bucket, configure):
    with refused("NotImplemented", 501):
        configure(AnnotationTableConfiguration={"ConfigurationState": "ENABLED"})
    configure()
    update = s3.update_bucket_metadata_annotation_table_configuration
    update(Bucket=bucket, AnnotationTableConfiguration={"ConfigurationState": "DISABLED"})
    with refused("NotImplemented", 501):
        update(Bucket=bucket, AnnotationTableConfiguration={"ConfigurationState": "ENABLED"})


def test_without_the_packages_it_is_refused(monkeypatch, refused, configure):
    monkeypatch.setattr("fogbank.services.s3.metadata.tables.can_write", lambda: False)
    with refused("NotImplemented", 501):
        configure()


# -- version 1


def test_table_in_a_bucket_of_the_customers(s3, aws, bucket, put, table, refused, clock):
    arn = aws("s3tables").create_table_bucket(name="own-tables")["arn"]
    destination = {"S3TablesDestination": {"TableBucketArn": arn, "TableName": "events"}}
    s3.create_bucket_metadata_table_configuration(Bucket=bucket, MetadataTableConfiguration=destination)
    put(bucket, "k")
    clock.advance(seconds=60)
    assert [row["key"] for row in table("events")] == ["k"]
    found = s3.get_bucket_metadata_table_configuration(Bucket=bucket)["GetBucketMetadataTableConfigurationResult"]
    place = found["MetadataTableConfigurationResult"]["S3TablesDestinationResult"]
    assert (found["Status"], place["TableNamespace"], place["TableName"]) == ("ACTIVE", "aws_s3_metadata", "events")
    s3.delete_bucket_metadata_table_configuration(Bucket=bucket)


def test_missing_table_bucket_says_so(s3, aws, bucket):
    arn = f"arn:aws:s3tables:us-east-1:{aws.account}:bucket/missing"
    destination = {"S3TablesDestination": {"TableBucketArn": arn, "TableName": "events"}}
    s3.create_bucket_metadata_table_configuration(Bucket=bucket, MetadataTableConfiguration=destination)
    found = s3.get_bucket_metadata_table_configuration(Bucket=bucket)["GetBucketMetadataTableConfigurationResult"]
    assert (found["Status"], found["Error"]["ErrorCode"]) == ("FAILED", "TableBucketNotFound")


def test_first_version_does_not_tell_of_the_second(refused, s3, bucket, configure):
    configure()
    with refused("MethodNotAllowed", 405):
        s3.get_bucket_metadata_table_configuration(Bucket=bucket)
    with refused("MethodNotAllowed", 405):
        s3.delete_bucket_metadata_table_configuration(Bucket=bucket)
