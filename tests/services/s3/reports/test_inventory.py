"""Inventories: what is in them, where they lie, and when they are taken."""

import csv
import gzip
import hashlib
import io
import json
import re
from datetime import datetime

import pytest

DAY = 86400
FIELDS = [
    "Size",
    "LastModifiedDate",
    "ETag",
    "StorageClass",
    "IsMultipartUploaded",
    "EncryptionStatus",
    "ChecksumAlgorithm",
]


@pytest.fixture
def reports(s3, make_bucket, bucket, aws):
    """A bucket that lets S3 write inventories, by the policy of AWS's documentation."""
    name = make_bucket()
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/*",
        "Condition": {
            "ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"},
            "StringEquals": {"aws:SourceAccount": aws.account, "s3:x-amz-acl": "bucket-owner-full-control"},
        },
    }
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    return name


@pytest.fixture
def configure(s3, bucket, reports):
    def configure(source=bucket, format="CSV", target=reports, destination=None, **members):
        place = {"Bucket": f"arn:aws:s3:::{target}", "Format": format, "Prefix": "inv", **(destination or {})}
        document = {
            "Id": "daily",
            "IsEnabled": True,
            "IncludedObjectVersions": "Current",
            "Schedule": {"Frequency": "Daily"},
            "Destination": {"S3BucketDestination": place},
            **members,
        }
        s3.put_bucket_inventory_configuration(Bucket=source, Id=document["Id"], InventoryConfiguration=document)
        return document

    return configure


@pytest.fixture
def keys(s3, reports):
    return lambda: [entry["Key"] for entry in s3.list_objects_v2(Bucket=reports).get("Contents", [])]


@pytest.fixture
def manifest(keys, get, reports):
    def manifest():
        (key,) = [key for key in keys() if key.endswith("manifest.json")]
        return json.loads(get(reports, key))

    return manifest


@pytest.fixture
def rows(manifest, get, reports):
    """The rows of the one inventory that was written, as dicts by field."""

    def rows():
        document = manifest()
        names = document["fileSchema"].split(", ")
        text = "".join(gzip.decompress(get(reports, file["key"])).decode() for file in document["files"])
        return [dict(zip(names, row, strict=True)) for row in csv.reader(io.StringIO(text))]

    return rows


def test_inventory_lists_what_is_there(s3, bucket, put, upload, configure, rows, clock):
    put(bucket, "a b/ü", b"123", StorageClass="STANDARD_IA")
    upload(bucket, "parts", [b"x"])
    configure(OptionalFields=FIELDS)
    clock.advance(seconds=DAY)
    first, second = rows()
    head = s3.head_object(Bucket=bucket, Key="a b/ü")
    assert first == {
        "Bucket": bucket,
        "Key": "a+b/%C3%BC",
        "Size": "3",
        "LastModifiedDate": head["LastModified"].strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "ETag": head["ETag"].strip('"'),
        "StorageClass": "STANDARD_IA",
        "IsMultipartUploaded": "false",
        "EncryptionStatus": "SSE-S3",
        "ChecksumAlgorithm": first["ChecksumAlgorithm"],
    }
    assert (second["Key"], second["IsMultipartUploaded"]) == ("parts", "true")


def test_an_inventory_says_when_objects_expire(s3, bucket, put, configure, rows, clock):
    put(bucket, "kept")
    put(bucket, "tmp/k")
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 10}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    configure(OptionalFields=["LifecycleExpirationDate"])
    told = s3.head_object(Bucket=bucket, Key="tmp/k")["Expiration"].split('"')[1]
    clock.advance(seconds=DAY)
    kept, expiring = rows()
    assert kept["LifecycleExpirationDate"] == ""
    moment = datetime.strptime(expiring["LifecycleExpirationDate"], "%Y-%m-%dT%H:%M:%S.000Z")
    assert moment.strftime("%a, %d %b %Y %H:%M:%S GMT") == told


def test_files_lie_where_aws_puts_them(s3, bucket, put, configure, keys, manifest, get, reports, clock):
    put(bucket, "k")
    configure()
    clock.advance(seconds=DAY)
    day = r"\d{4}-\d\d-\d\d"
    by_name = {key.rpartition("/")[2]: key for key in keys()}
    assert len(by_name) == 4
    assert re.fullmatch(rf"inv/{bucket}/daily/{day}T00-00Z/manifest.json", by_name["manifest.json"])
    assert re.fullmatch(rf"inv/{bucket}/daily/hive/dt={day}-00-00/symlink.txt", by_name["symlink.txt"])
    document = manifest()
    (file,) = document["files"]
    assert re.fullmatch(rf"inv/{bucket}/daily/data/[0-9a-f-]{{36}}.csv.gz", file["key"])
    body = get(reports, file["key"])
    assert (file["size"], file["MD5checksum"]) == (len(body), hashlib.md5(body).hexdigest())
    assert get(reports, by_name["symlink.txt"]).decode() == f"s3://{reports}/{file['key']}"
    raw = get(reports, by_name["manifest.json"])
    assert get(reports, by_name["manifest.checksum"]).decode() == hashlib.md5(raw).hexdigest()
    assert (document["sourceBucket"], document["destinationBucket"]) == (bucket, f"arn:aws:s3:::{reports}")
    assert (document["fileFormat"], document["version"]) == ("CSV", "2016-11-30")


def test_all_versions_are_listed_where_asked_for(s3, versioned, put, configure, rows, clock):
    first, second = put(versioned, "k"), put(versioned, "k")
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    configure(source=versioned, IncludedObjectVersions="All", OptionalFields=["Size"])
    clock.advance(seconds=DAY)
    found = [(row["VersionId"], row["IsLatest"], row["IsDeleteMarker"], row["Size"]) for row in rows()]
    assert found == [(marker, "true", "true", ""), (second, "false", "false", "1"), (first, "false", "false", "1")]


def test_prefix_narrows_an_inventory(bucket, put, configure, rows, clock):
    put(bucket, "a/1")
    put(bucket, "b/1")
    configure(Filter={"Prefix": "a/"})
    clock.advance(seconds=DAY)
    assert [row["Key"] for row in rows()] == ["a/1"]


def test_large_inventories_have_several_files(bucket, put, configure, manifest, rows, clock, monkeypatch):
    monkeypatch.setattr("fogbank.services.s3.reports.inventories.ROWS", 2)
    monkeypatch.setattr("fogbank.services.s3.reports.inventories._PAGE", 2)
    for number in range(5):
        put(bucket, f"k{number}")
    configure()
    clock.advance(seconds=DAY)
    assert len(manifest()["files"]) == 3
    assert [row["Key"] for row in rows()] == [f"k{number}" for number in range(5)]


def test_empty_bucket_has_an_empty_inventory(configure, manifest, rows, clock):
    configure()
    clock.advance(seconds=DAY)
    assert rows() == []


def test_daily_inventory_is_taken_every_day(bucket, put, configure, keys, clock):
    put(bucket, "k")
    configure()
    clock.advance(seconds=3 * DAY)
    assert len([key for key in keys() if key.endswith("manifest.json")]) == 3


def test_weekly_inventory_is_taken_on_sundays(bucket, put, configure, keys, clock):
    put(bucket, "k")
    configure(Schedule={"Frequency": "Weekly"})
    clock.advance(seconds=14 * DAY)
    assert len([key for key in keys() if key.endswith("manifest.json")]) == 2


def test_disabled_or_deleted_inventory_is_not_taken(s3, bucket, put, configure, keys, clock):
    put(bucket, "k")
    configure()
    configure(Id="off", IsEnabled=False)
    s3.delete_bucket_inventory_configuration(Bucket=bucket, Id="daily")
    clock.advance(seconds=2 * DAY)
    assert keys() == []


def test_policy_of_the_destination_decides(s3, bucket, put, make_bucket, configure, clock):
    closed = make_bucket()
    put(bucket, "k")
    configure(target=closed)
    clock.advance(seconds=DAY)
    assert "Contents" not in s3.list_objects_v2(Bucket=closed)


def test_files_are_encrypted_as_asked_for(aws, s3, bucket, put, configure, keys, reports, clock):
    put(bucket, "k")
    configure(destination={"Encryption": {"SSES3": {}}})
    clock.advance(seconds=DAY)
    assert s3.head_object(Bucket=reports, Key=keys()[0])["ServerSideEncryption"] == "AES256"


def test_parquet_has_types(s3, versioned, put, configure, manifest, get, reports, clock, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    put(versioned, 'a b/"ü"', b"123")
    s3.delete_object(Bucket=versioned, Key="gone")
    configure(
        source=versioned, format="Parquet", IncludedObjectVersions="All", OptionalFields=["Size", "LastModifiedDate"]
    )
    clock.advance(seconds=DAY)
    document = manifest()
    (tmp_path / "rows.parquet").write_bytes(get(reports, document["files"][0]["key"]))
    found = duckdb.sql(f"SELECT key, is_latest, is_delete_marker, size FROM '{tmp_path}/rows.parquet'").fetchall()
    assert found == [('a b/"ü"', True, False, 3), ("gone", True, True, None)]
    assert document["fileSchema"].startswith("message s3.inventory { required binary bucket (UTF8);")
    assert "optional int64 last_modified_date (TIMESTAMP_MILLIS);" in document["fileSchema"]


def test_orc_has_types(s3, versioned, put, configure, manifest, get, reports, clock, tmp_path):
    pytest.importorskip("pyarrow")
    from pyarrow import orc

    put(versioned, 'a b/"ü"', b"123")
    s3.delete_object(Bucket=versioned, Key="gone")
    configure(source=versioned, format="ORC", IncludedObjectVersions="All", OptionalFields=["Size", "LastModifiedDate"])
    clock.advance(seconds=DAY)
    document = manifest()
    (tmp_path / "rows.orc").write_bytes(get(reports, document["files"][0]["key"]))
    found = orc.ORCFile(tmp_path / "rows.orc").read().to_pylist()
    assert [(row["key"], row["is_delete_marker"], row["size"]) for row in found] == [
        ('a b/"ü"', False, 3),
        ("gone", True, None),
    ]
    assert document["files"][0]["key"].endswith(".orc")
    assert document["fileSchema"].startswith("struct<bucket:string,key:string,version_id:string,is_latest:boolean,")


def test_format_that_cannot_be_written_is_refused(monkeypatch, refused, configure):
    monkeypatch.setattr("fogbank.services.s3.reports.inventory.can_write", lambda kind: False)
    with refused("NotImplemented", 501):
        configure(format="ORC")


def test_configuration_comes_back(refused, s3, bucket, configure):
    with refused("NoSuchConfiguration", 404):
        s3.get_bucket_inventory_configuration(Bucket=bucket, Id="daily")
    document = configure()
    assert s3.get_bucket_inventory_configuration(Bucket=bucket, Id="daily")["InventoryConfiguration"] == document
    assert s3.list_bucket_inventory_configurations(Bucket=bucket)["InventoryConfigurationList"] == [document]


def test_id_has_a_form(refused, configure):
    with refused("InvalidArgument", 400):
        configure(Id="no spaces")


def test_destination_has_to_be_there(refused, bucket, configure):
    with refused("NoSuchBucket", 404):
        configure(target=f"{bucket}-missing")
