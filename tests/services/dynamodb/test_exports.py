"""Exports to S3: what is in the files, and where they lie."""

from __future__ import annotations

import gzip
import hashlib
import json
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from amazon.ion import simpleion

from fogbank.services.dynamodb import exports
from tests.services.dynamodb.helpers import n, refusal, s, wait_until_over


@pytest.fixture
def s3(aws):
    return aws("s3")


@pytest.fixture
def bucket(s3, aws):
    name = f"exports-{aws.account}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def arn(ddb, table):
    ddb.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    return ddb.describe_table(TableName=table)["Table"]["TableArn"]


@pytest.fixture
def export(ddb, arn, bucket):
    """Exports the table, and gives the description of the finished export."""

    def run(**more):
        asked = ddb.export_table_to_point_in_time(**{"TableArn": arn, "S3Bucket": bucket, **more})["ExportDescription"]
        wait_until_over(ddb, "export_completed", ExportArn=asked["ExportArn"])
        return ddb.describe_export(ExportArn=asked["ExportArn"])["ExportDescription"]

    return run


@pytest.fixture
def read(s3, bucket):
    def read(key):
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    return read


@pytest.fixture
def lines_of(read):
    """The lines of the data files of an export."""

    def lines(described):
        summary = json.loads(read(described["ExportManifest"]))
        files = [json.loads(line) for line in read(summary["manifestFilesS3Key"]).splitlines()]
        return [line for file in files for line in gzip.decompress(read(file["dataFileS3Key"])).splitlines()]

    return lines


def put(ddb, pk, value="1"):
    ddb.put_item(TableName="things", Item={"pk": s(pk), "v": s(value)})


def moment(clock, ahead=0.0):
    return datetime.fromtimestamp(clock.now() + ahead, UTC)


# -- what is written


def test_an_export_puts_its_files_where_aws_puts_them(ddb, s3, bucket, export):
    put(ddb, "a")
    done = export(S3Prefix="daily")
    assert done["ExportStatus"] == "COMPLETED"
    folder = f"daily/AWSDynamoDB/{done['ExportArn'].rpartition('/')[2]}"
    assert done["ExportManifest"] == f"{folder}/manifest-summary.json"
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    data = [key for key in keys if key.startswith(f"{folder}/data/")]
    manifests = [f"{folder}/manifest-{name}" for name in ("files.json", "files.md5", "summary.json", "summary.md5")]
    assert len(data) == 1 and data[0].endswith(".json.gz")
    assert keys == sorted([f"{folder}/_started", *data, *manifests])


def test_the_manifests_say_what_is_in_the_files(ddb, export, read, s3, bucket, arn):
    put(ddb, "a")
    put(ddb, "b")
    done = export()
    raw = read(done["ExportManifest"])
    summary = json.loads(raw)
    assert summary["version"] == "2020-06-30"
    assert (summary["exportArn"], summary["tableArn"]) == (done["ExportArn"], arn)
    assert (summary["itemCount"], summary["billedSizeBytes"], summary["outputFormat"]) == (2, 10, "DYNAMODB_JSON")
    assert (summary["s3Prefix"], summary["s3SseAlgorithm"], summary["s3SseKmsKeyId"]) == (None, "AES256", None)
    assert summary["exportTime"].endswith("Z")
    checksum = b64encode(hashlib.md5(raw).digest())
    assert read(done["ExportManifest"].replace(".json", ".md5")) == checksum
    (file,) = [json.loads(line) for line in read(summary["manifestFilesS3Key"]).splitlines()]
    data = read(file["dataFileS3Key"])
    assert file["itemCount"] == 2
    assert file["md5Checksum"] == b64encode(hashlib.md5(data).digest()).decode()
    assert file["etag"] == s3.head_object(Bucket=bucket, Key=file["dataFileS3Key"])["ETag"].strip('"')
    assert (done["ItemCount"], done["BilledSizeBytes"]) == (2, 10)


def test_an_export_is_of_its_moment_whatever_is_written_later(ddb, export, lines_of, clock):
    put(ddb, "a", "old")
    put(ddb, "b", "old")
    clock.advance(minutes=1)
    at = moment(clock)
    clock.advance(minutes=1)
    put(ddb, "a", "new")
    ddb.delete_item(TableName="things", Key={"pk": s("b")})
    put(ddb, "c", "new")
    items = [json.loads(line)["Item"] for line in lines_of(export(ExportTime=at))]
    assert sorted(items, key=str) == [{"pk": s("a"), "v": s("old")}, {"pk": s("b"), "v": s("old")}]


def test_a_filter_says_which_items_are_exported_and_what_of_them(ddb, export, lines_of):
    for pk, value in (("a", "1"), ("b", "2"), ("c", "2")):
        put(ddb, pk, value)
    wanted = {
        "FilterExpression": "v = :two AND pk > :b",
        "ProjectionExpression": "#key",
        "ExpressionAttributeNames": {"#key": "pk"},
        "ExpressionAttributeValues": {":two": s("2"), ":b": s("b")},
    }
    done = export(FilterSpecification=wanted)
    assert [json.loads(line)["Item"] for line in lines_of(done)] == [{"pk": s("c")}]
    assert (done["FilterSpecification"], done["ItemCount"], done["BilledSizeBytes"]) == (wanted, 1, 15)
    key = {"KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": s("a")}}
    done = export(FilterSpecification=key)
    assert [json.loads(line)["Item"]["pk"] for line in lines_of(done)] == [s("a")]
    assert done["BilledSizeBytes"] == 5
    with refusal(message="Filter Expression can only contain non-primary key attributes: Primary key attribute: pk"):
        export(FilterSpecification=key | {"FilterExpression": "pk = :a"})


def test_a_filter_of_changes_looks_at_what_became_of_them(ddb, export, lines_of, clock):
    put(ddb, "a", "1")
    put(ddb, "b", "1")
    clock.advance(minutes=20)
    since = moment(clock)
    put(ddb, "a", "2")
    ddb.delete_item(TableName="things", Key={"pk": s("b")})
    clock.advance(minutes=20)
    wanted = {"FilterExpression": "v = :one", "ExpressionAttributeValues": {":one": s("1")}}
    done = export(
        ExportType="INCREMENTAL_EXPORT",
        IncrementalExportSpecification={"ExportFromTime": since},
        FilterSpecification=wanted,
    )
    assert [json.loads(line)["Keys"] for line in lines_of(done)] == [{"pk": s("b")}]


def test_an_empty_table_gives_an_empty_file(export, lines_of):
    done = export()
    assert (done["ItemCount"], lines_of(done)) == (0, [])


def test_a_large_table_is_divided_among_files(ddb, export, lines_of, read, monkeypatch):
    monkeypatch.setattr(exports, "FILE_BYTES", 1000)
    for start in range(0, 250, 25):
        puts = [{"PutRequest": {"Item": {"pk": s(f"{start + each}"), "v": s("x" * 20)}}} for each in range(25)]
        ddb.batch_write_item(RequestItems={"things": puts})
    done = export()
    files = read(json.loads(read(done["ExportManifest"]))["manifestFilesS3Key"]).splitlines()
    assert len(files) == 3
    assert {json.loads(line)["Item"]["pk"]["S"] for line in lines_of(done)} == {str(each) for each in range(250)}


def test_ion_has_types_of_its_own(ddb, export, lines_of):
    ddb.put_item(
        TableName="things",
        Item={"pk": s("a\nb"), "n": n("1.50"), "tags": {"SS": ["x", "y"]}, "m": {"M": {"l": {"L": [{"NULL": True}]}}}},
    )
    done = export(ExportFormat="ION")
    (line,) = lines_of(done)
    assert line.startswith(b"$ion_1_0 {")
    item = simpleion.loads(line.decode())["Item"]
    assert (item["pk"], float(item["n"]), list(item["tags"])) == ("a\nb", 1.5, ["x", "y"])
    assert item["tags"].ion_annotations[0].text == "$dynamodb_SS"


def test_an_export_that_broke_off_goes_on_where_it_was(ddb, s3, bucket, arn, clock, monkeypatch, lines_of):
    whole, broke_off = exports._write_manifests, []

    async def once_broken(ctx, export):
        if not broke_off:
            broke_off.append(True)
            raise OSError("the power is gone")
        await whole(ctx, export)

    monkeypatch.setattr(exports, "_write_manifests", once_broken)
    put(ddb, "a")
    asked = ddb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket)["ExportDescription"]
    while not broke_off:
        clock.advance(seconds=0.01)
    put(ddb, "b")
    clock.advance(seconds=5)
    wait_until_over(ddb, "export_completed", ExportArn=asked["ExportArn"])
    done = ddb.describe_export(ExportArn=asked["ExportArn"])["ExportDescription"]
    assert [json.loads(line)["Item"]["pk"] for line in lines_of(done)] == [s("a")]
    assert sum("/data/" in each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]) == 1


# -- increments


def test_an_incremental_export_has_the_outcome_of_the_changes_of_its_period(ddb, export, lines_of, clock, read):
    put(ddb, "kept")
    put(ddb, "changed", "1")
    put(ddb, "removed")
    clock.advance(minutes=1)
    since = moment(clock)
    clock.advance(minutes=5)
    put(ddb, "changed", "2")
    put(ddb, "changed", "3")
    put(ddb, "new")
    put(ddb, "passing")
    ddb.delete_item(TableName="things", Key={"pk": s("passing")})
    ddb.delete_item(TableName="things", Key={"pk": s("removed")})
    clock.advance(minutes=15)
    until = moment(clock)
    put(ddb, "changed", "4")
    clock.advance(minutes=1)
    period = {"ExportFromTime": since, "ExportToTime": until}
    done = export(ExportType="INCREMENTAL_EXPORT", IncrementalExportSpecification=period)
    found = {line["Keys"]["pk"]["S"]: line for line in map(json.loads, lines_of(done))}
    assert {pk: [line.get(image, {}).get("v") for image in ("OldImage", "NewImage")] for pk, line in found.items()} == {
        "changed": [s("1"), s("3")],
        "new": [None, s("1")],
        "removed": [s("1"), None],
    }
    written = int(found["new"]["Metadata"]["WriteTimestampMicros"]["N"])
    assert since.timestamp() < written / 1e6 < until.timestamp()
    summary = json.loads(read(done["ExportManifest"]))
    assert (summary["exportType"], summary["outputView"]) == ("INCREMENTAL_EXPORT", "NEW_AND_OLD_IMAGES")
    assert done["IncrementalExportSpecification"]["ExportViewType"] == "NEW_AND_OLD_IMAGES"


def test_new_images_alone_tell_a_removal_by_its_keys(ddb, export, lines_of, clock):
    put(ddb, "removed")
    clock.advance(minutes=1)
    since = moment(clock)
    clock.advance(minutes=20)
    ddb.delete_item(TableName="things", Key={"pk": s("removed")})
    clock.advance(seconds=1)
    wanted = {"ExportFromTime": since, "ExportViewType": "NEW_IMAGE"}
    done = export(ExportType="INCREMENTAL_EXPORT", IncrementalExportSpecification=wanted)
    (line,) = map(json.loads, lines_of(done))
    assert set(line) == {"Metadata", "Keys"}


@pytest.mark.parametrize("minutes", [10, 25 * 60])
def test_the_period_of_an_incremental_export_is_limited(export, clock, minutes):
    since = moment(clock)
    clock.advance(minutes=minutes)
    with refusal("InvalidExportTimeException"):
        export(ExportType="INCREMENTAL_EXPORT", IncrementalExportSpecification={"ExportFromTime": since})


# -- what is refused, and what fails


def test_an_export_needs_recovery(ddb, table, bucket):
    arn = ddb.describe_table(TableName=table)["Table"]["TableArn"]
    with refusal("PointInTimeRecoveryUnavailableException"):
        ddb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket)
    with refusal("TableNotFoundException"):
        ddb.export_table_to_point_in_time(TableArn=f"{arn}2", S3Bucket=bucket)


@pytest.mark.parametrize("ahead", [-3600, 3600])
def test_only_moments_of_the_recovery_period_can_be_exported(export, clock, ahead):
    with refusal("InvalidExportTimeException"):
        export(ExportTime=moment(clock, ahead))


def test_types_and_times_have_to_fit(export, clock):
    with refusal("ValidationException"):
        export(IncrementalExportSpecification={"ExportFromTime": moment(clock)})
    with refusal("ValidationException"):
        export(ExportType="INCREMENTAL_EXPORT")
    with refusal("ValidationException"):
        export(ExportType="INCREMENTAL_EXPORT", ExportTime=moment(clock))
    with refusal(message="Invalid FilterExpression: Attribute name is a reserved keyword; reserved keyword: name"):
        export(FilterSpecification={"FilterExpression": "attribute_exists(name)"})


def test_a_client_token_stands_for_one_export_for_eight_hours(ddb, export, clock):
    first = export(ClientToken="token")
    assert export(ClientToken="token") == first
    with refusal("ExportConflictException"):
        export(ClientToken="token", S3Prefix="other")
    clock.advance(hours=8)
    assert export(ClientToken="token")["ExportArn"] != first["ExportArn"]


def test_without_a_bucket_the_export_fails(export):
    failed = export(S3Bucket="there-is-none-of-this-name")
    assert (failed["ExportStatus"], failed["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    assert failed["FailureMessage"] == "The specified bucket does not exist"
    assert "ExportManifest" not in failed


def test_an_export_writes_with_the_permissions_of_who_asked(aws, arn, bucket):
    iam = aws("iam")
    iam.create_user(UserName="reader")
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}],
    }
    iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    ddb = aws("dynamodb", credentials=key)
    asked = ddb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket)["ExportDescription"]
    wait_until_over(ddb, "export_completed", ExportArn=asked["ExportArn"])
    failed = ddb.describe_export(ExportArn=asked["ExportArn"])["ExportDescription"]
    assert (failed["ExportStatus"], failed["FailureCode"]) == ("FAILED", "AccessDenied")


def test_the_table_can_be_deleted_when_the_export_is_over(ddb, export, arn):
    export(S3Bucket="there-is-none-of-this-name")
    export()
    ddb.delete_table(TableName="things")


# -- showing


def test_an_export_is_in_progress_when_it_is_asked_for(ddb, arn, bucket):
    asked = ddb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket)["ExportDescription"]
    assert (asked["ExportStatus"], asked["ExportType"], asked["ExportFormat"]) == (
        "IN_PROGRESS",
        "FULL_EXPORT",
        "DYNAMODB_JSON",
    )
    assert asked["ExportArn"].startswith(f"{arn}/export/0")
    assert "ItemCount" not in asked


def test_exports_are_listed_by_arn_backwards_in_pages(ddb, export, arn):
    arns = [export()["ExportArn"] for _ in range(3)]
    first = ddb.list_exports(TableArn=arn, MaxResults=2)
    rest = ddb.list_exports(TableArn=arn, MaxResults=2, NextToken=first["NextToken"])
    listed = first["ExportSummaries"] + rest["ExportSummaries"]
    assert [each["ExportArn"] for each in listed] == sorted(arns, reverse=True)
    assert "NextToken" not in rest
    assert ddb.list_exports(TableArn=f"{arn}2")["ExportSummaries"] == []
    with refusal():
        ddb.list_exports(NextToken="nonsense")


def test_an_export_is_forgotten_after_ninety_days(ddb, export, clock):
    arn = export()["ExportArn"]
    clock.advance(days=89)
    assert ddb.describe_export(ExportArn=arn)
    clock.advance(days=1)
    with refusal("ExportNotFoundException"):
        ddb.describe_export(ExportArn=arn)
    assert ddb.list_exports()["ExportSummaries"] == []
