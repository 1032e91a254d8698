"""Bulk operations: items of files in S3 put into a table that is there."""

from __future__ import annotations

import gzip
import json
import time

import pytest

from fogbank.services.dynamodb import bulk_loading
from fogbank.services.dynamodb.interchange import lines
from tests.services.dynamodb.helpers import index, n, refusal, s


@pytest.fixture
def s3(aws):
    return aws("s3")


@pytest.fixture
def bucket(s3, aws):
    name = f"bulk-{aws.account}"
    s3.create_bucket(Bucket=name)
    return name


def puts(*records):
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


@pytest.fixture
def start(ddb, bucket):
    def start(table="things", output=(), source=(), **more):
        return ddb.start_bulk_put_items(
            TableName=table,
            InputS3Configuration={
                "S3Bucket": bucket,
                "S3KeyPrefix": "in/",
                "InputFormat": "DYNAMODB_JSON",
                **dict(source),
            },
            OutputS3Configuration={
                "S3Bucket": bucket,
                "S3KeyPrefix": "out",
                "OutputType": ["ERROR", "CONDITION_CHECK_FAILURE"],
                **dict(output),
            },
            **more,
        )["BulkOperationDescription"]

    return start


def described(ddb, arn):
    """When it is over."""
    for _ in range(500):
        shown = ddb.describe_bulk_operation(BulkOperationArn=arn)["BulkOperationDescription"]
        if "EndTime" in shown:
            return shown
        time.sleep(0.02)
    raise AssertionError(shown)


@pytest.fixture
def load(ddb, s3, bucket, start):
    """Puts what is given into a file, and gives the operation when it is over."""

    def load(data, **more):
        s3.put_object(Bucket=bucket, Key="in/one", Body=data)
        return described(ddb, start(**more)["BulkOperationArn"])

    return load


def reported(s3, bucket, folder):
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix="out/").get("Contents", [])]
    bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys if f"/{folder}/" in key]
    return [json.loads(line) for body in bodies for line in body.splitlines()]


def test_items_of_all_objects_are_put_and_counted(ddb, s3, bucket, load, make_table):
    make_table(
        types={"pk": "S", "rank": "N"},
        GlobalSecondaryIndexes=[index("by-rank", "rank", projection="KEYS_ONLY")],
    )
    s3.put_object(Bucket=bucket, Key="in/two", Body=puts({"Item": {"pk": s("b"), "rank": n(2)}}))
    done = load(puts({"Item": {"pk": s("a"), "n": n("1.50")}}))
    assert done["BulkOperationStatus"] == "COMPLETED"
    assert (done["ProcessedItemCount"], done["FailedItemCount"]) == (2, 0)
    assert done["ProcessedInputBytes"] == done["TotalInputBytes"] > 0
    assert done["PerformanceTier"] == "STANDARD"
    [usage] = done["BulkOperationUsage"]
    assert usage["Table"]["BulkPutBytes"] == (2 + 1 + 1 + 3) + (2 + 1 + 4 + 2)
    assert usage["GlobalSecondaryIndexes"] == {"by-rank": {"BulkPutBytes": 2 + 1 + 4 + 2}}
    assert usage["BulkPutBytes"] == 25
    assert ddb.get_item(TableName="things", Key={"pk": s("a")})["Item"] == {"pk": s("a"), "n": n("1.5")}
    assert ddb.query(
        TableName="things",
        IndexName="by-rank",
        KeyConditionExpression="#r = :two",
        ExpressionAttributeNames={"#r": "rank"},
        ExpressionAttributeValues={":two": n(2)},
    )["Count"]


def test_a_condition_that_does_not_hold_is_reported_with_both_items_and_is_no_error(ddb, s3, bucket, load, table):
    ddb.put_item(TableName=table, Item={"pk": s("a"), "v": n(1)})
    new = {
        "Item": {"pk": s("a"), "v": n(2)},
        "ConditionExpression": "#v < :v",
        "ExpressionAttributeNames": {"#v": "v"},
        "ExpressionAttributeValues": {":v": n(1)},
    }
    done = load(puts(new, {**new, "ExpressionAttributeValues": {":v": n(5)}}, new))
    assert (done["BulkOperationStatus"], done["ProcessedItemCount"], done["FailedItemCount"]) == ("COMPLETED", 3, 0)
    assert ddb.get_item(TableName=table, Key={"pk": s("a")})["Item"]["v"] == n(2)
    first, second = reported(s3, bucket, "condition-check-failures")
    assert (first["Item"]["v"], first["ExistingItem"]["v"]) == (n(2), n(1))
    assert second["ExistingItem"]["v"] == n(2)


def test_an_item_that_does_not_fit_is_reported_and_the_others_go_on(ddb, s3, bucket, load, table):
    done = load(puts({"Item": {"pk": n(1)}}, {"Item": {"pk": s("a")}}))
    assert done["BulkOperationStatus"] == "COMPLETED_WITH_ERRORS"
    assert (done["ProcessedItemCount"], done["FailedItemCount"]) == (2, 1)
    [report] = reported(s3, bucket, "errors")
    assert report["Item"] == {"pk": n(1)}
    assert "Type mismatch for key pk" in report["ErrorMessage"]
    assert ddb.scan(TableName=table)["Count"] == 1


def test_a_line_that_makes_no_sense_ends_its_object_only(ddb, s3, bucket, load, table):
    s3.put_object(Bucket=bucket, Key="in/two", Body=puts({"Item": {"pk": s("c")}}))
    done = load(puts({"Item": {"pk": s("a")}}) + b"{oops\n" + puts({"Item": {"pk": s("b")}}))
    assert (done["ProcessedItemCount"], done["FailedItemCount"]) == (3, 1)
    assert sorted(each["pk"]["S"] for each in ddb.scan(TableName=table)["Items"]) == ["a", "c"]


def test_only_the_reports_that_were_asked_for_are_written(s3, bucket, load, table):
    load(puts({"Item": {"pk": n(1)}}), output={"OutputType": ["CONDITION_CHECK_FAILURE"]})
    assert reported(s3, bucket, "errors") == []


def test_files_may_be_packed_and_in_ion(ddb, load, table):
    data = b"""{Item:{pk:"a",n:1.5},ConditionExpression:"attribute_not_exists(pk)"}\n{Item:{pk:"b"}}\n"""
    source = {"InputFormat": "ION", "InputCompressionType": "GZIP"}
    assert load(gzip.compress(data), source=source)["BulkOperationStatus"] == "COMPLETED"
    assert ddb.get_item(TableName=table, Key={"pk": s("a")})["Item"] == {"pk": s("a"), "n": n("1.5")}


def test_a_cancelled_operation_stops_and_keeps_what_it_wrote(ddb, s3, bucket, start, table):
    s3.put_object(Bucket=bucket, Key="in/one", Body=puts(*[{"Item": {"pk": s(str(i))}} for i in range(10_000)]))
    arn = start()["BulkOperationArn"]
    cancelled = ddb.cancel_bulk_operation(BulkOperationArn=arn)
    assert (cancelled["BulkOperationArn"], cancelled["BulkOperationStatus"]) == (arn, "CANCELLING")
    done = described(ddb, arn)
    assert (done["BulkOperationStatus"], done["FailureCode"]) == ("CANCELLED", "Cancelled")
    assert ddb.scan(TableName=table, Select="COUNT")["Count"] == done["ProcessedItemCount"] < 10_000
    with refusal(message=f"Bulk operation is not in progress: {arn}"):
        ddb.cancel_bulk_operation(BulkOperationArn=arn)


def test_an_operation_begun_again_goes_on_where_it_was(monkeypatch, ddb, load, table):
    whole, broke_off = lines.Splitter.feed, []

    def break_off(splitter, data):
        found = whole(splitter, data)
        if not broke_off:
            broke_off.append(True)
            monkeypatch.setattr(lines.Splitter, "finish", crash)
        return found

    def crash(splitter):
        monkeypatch.undo()
        raise RuntimeError("crash")

    monkeypatch.setattr(lines.Splitter, "feed", break_off)
    record = {"Item": {"pk": s("a")}, "ConditionExpression": "attribute_not_exists(pk)"}
    done = load(puts(record, {"Item": {"pk": s("b")}}))
    assert broke_off
    assert done["ProcessedItemCount"] == 2
    assert done["BulkOperationUsage"][0]["Table"]["BulkPutBytes"] == 6


def test_an_object_that_was_left_is_not_taken_up_after_a_crash(monkeypatch, ddb, load, table):
    read = bulk_loading._load

    async def crash(*about):
        monkeypatch.undo()
        await read(*about)
        raise RuntimeError("crash")

    monkeypatch.setattr(bulk_loading, "_load", crash)
    done = load(b"{oops\n" + puts(*[{"Item": {"pk": s(str(number))}} for number in range(120)]))
    assert (done["ProcessedItemCount"], done["FailedItemCount"]) == (1, 1)
    assert ddb.scan(TableName=table)["Count"] == 0


def test_a_table_has_one_bulk_operation_at_a_time_and_gets_no_replica_meanwhile(ddb, s3, bucket, start, table):
    s3.put_object(Bucket=bucket, Key="in/one", Body=puts(*[{"Item": {"pk": s(str(i))}} for i in range(10_000)]))
    arn = start()["BulkOperationArn"]
    with refusal("ResourceInUseException"):
        start()
    with refusal("ResourceInUseException"):
        ddb.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    ddb.cancel_bulk_operation(BulkOperationArn=arn)
    described(ddb, arn)


def test_a_global_table_is_not_loaded_in_bulk(ddb, start, table):
    ddb.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    with refusal(message="Bulk put items is not supported on global tables"):
        start()


def test_nothing_to_read_fails_the_operation(ddb, start, table):
    done = described(ddb, start()["BulkOperationArn"])
    assert (done["BulkOperationStatus"], done["FailureCode"]) == ("FAILED", "S3NoSuchKey")


def test_a_client_token_stands_for_its_request(ddb, load, start, table):
    done = load(puts({"Item": {"pk": s("a")}}), ClientToken="once")
    assert start(ClientToken="once")["BulkOperationArn"] == done["BulkOperationArn"]
    with refusal("IdempotentParameterMismatchException"):
        start(ClientToken="once", PerformanceTier="ACCELERATED")


def test_operations_are_listed_with_the_latest_first(ddb, load, table):
    arns = [load(puts({"Item": {"pk": s("a")}}))["BulkOperationArn"] for _ in range(3)]
    first = ddb.list_bulk_operations(MaxResults=2)
    assert [each["BulkOperationArn"] for each in first["BulkOperationsSummaryList"]] == [arns[2], arns[1]]
    rest = ddb.list_bulk_operations(NextToken=first["NextToken"])
    assert [each["BulkOperationArn"] for each in rest["BulkOperationsSummaryList"]] == [arns[0]]
    with refusal(message="Invalid NextToken"):
        ddb.list_bulk_operations(NextToken="00112233445566aa")


def test_an_operation_that_is_not_there(ddb):
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/things/bulk-operation/1"
    for ask in (ddb.describe_bulk_operation, ddb.cancel_bulk_operation):
        with refusal("ResourceNotFoundException"):
            ask(BulkOperationArn=arn)


def test_an_output_needs_a_bucket_and_kinds_of_reports(ddb, start, table):
    with refusal(message="OutputS3Configuration.OutputType must not be empty"):
        start(output={"OutputType": []})
    with refusal("ResourceNotFoundException"):
        start(table="missing")
