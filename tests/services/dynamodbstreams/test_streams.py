"""Streams as consumers read them: what a change leaves, in which order, and for how long."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def ddb(aws):
    return aws("dynamodb")


@pytest.fixture
def reader(aws):
    return aws("dynamodbstreams")


def make(ddb, view="NEW_AND_OLD_IMAGES", name="table"):
    made = ddb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
    )["TableDescription"]
    ddb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    return made["LatestStreamArn"]


def put(ddb, key, table="table", **attributes):
    ddb.put_item(TableName=table, Item={"id": {"S": key}, **{name: {"S": text} for name, text in attributes.items()}})


def shards(reader, arn):
    return reader.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]


def iterator(reader, arn, kind="TRIM_HORIZON", shard=0, **more):
    shard_id = shards(reader, arn)[shard]["ShardId"]
    return reader.get_shard_iterator(StreamArn=arn, ShardId=shard_id, ShardIteratorType=kind, **more)["ShardIterator"]


def read(reader, arn, **start):
    return reader.get_records(ShardIterator=iterator(reader, arn, **start))["Records"]


def changes(records):
    return [(record["eventName"], record["dynamodb"]["Keys"]["id"]["S"]) for record in records]


def test_a_stream_is_described_with_its_table(ddb, reader):
    arn = make(ddb)
    table = ddb.describe_table(TableName="table")["Table"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["LatestStreamArn"] == arn == f"{table['TableArn']}/stream/{table['LatestStreamLabel']}"
    stream = reader.describe_stream(StreamArn=arn)["StreamDescription"]
    assert (stream["StreamStatus"], stream["TableName"]) == ("ENABLED", "table")
    assert stream["KeySchema"] == table["KeySchema"]
    assert [set(shard) for shard in stream["Shards"]] == [{"ShardId", "SequenceNumberRange"}]
    assert reader.list_streams(TableName="table")["Streams"] == [
        {"StreamArn": arn, "TableName": "table", "StreamLabel": table["LatestStreamLabel"]}
    ]


def test_each_change_is_a_record_with_what_was_and_what_is(ddb, reader):
    arn = make(ddb)
    put(ddb, "a", v="1")
    ddb.update_item(
        TableName="table",
        Key={"id": {"S": "a"}},
        UpdateExpression="SET v = :two",
        ExpressionAttributeValues={":two": {"S": "2"}},
    )
    ddb.delete_item(TableName="table", Key={"id": {"S": "a"}})
    records = read(reader, arn)
    assert changes(records) == [("INSERT", "a"), ("MODIFY", "a"), ("REMOVE", "a")]
    one, two = {"id": {"S": "a"}, "v": {"S": "1"}}, {"id": {"S": "a"}, "v": {"S": "2"}}
    images = [(r["dynamodb"].get("OldImage"), r["dynamodb"].get("NewImage")) for r in records]
    assert images == [(None, one), (one, two), (two, None)]
    first = records[0]
    assert (first["eventSource"], first["eventVersion"], first["awsRegion"]) == ("aws:dynamodb", "1.1", "us-east-1")
    assert first["dynamodb"]["SizeBytes"] == 3 + 5
    assert first["dynamodb"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    assert numbers == sorted(numbers) and all(21 <= len(number) <= 40 for number in numbers)


@pytest.mark.parametrize(
    ("view", "images"),
    [("KEYS_ONLY", set()), ("NEW_IMAGE", {"NewImage"}), ("OLD_IMAGE", {"OldImage"})],
)
def test_a_view_shows_what_it_says(ddb, reader, view, images):
    arn = make(ddb, view)
    put(ddb, "a", v="1")
    put(ddb, "a", v="2")
    change = read(reader, arn)[1]["dynamodb"]
    assert change.keys() & {"NewImage", "OldImage"} == images


def test_a_write_that_changes_nothing_leaves_no_record(ddb, reader):
    arn = make(ddb)
    put(ddb, "a", v="1")
    put(ddb, "a", v="1")
    ddb.delete_item(TableName="table", Key={"id": {"S": "other"}})
    assert changes(read(reader, arn)) == [("INSERT", "a")]


def test_batches_and_transactions_are_recorded_item_by_item(ddb, reader):
    arn = make(ddb)
    ddb.batch_write_item(RequestItems={"table": [{"PutRequest": {"Item": {"id": {"S": key}}}} for key in ("a", "b")]})
    ddb.transact_write_items(
        TransactItems=[
            {"Delete": {"TableName": "table", "Key": {"id": {"S": "a"}}}},
            {"Put": {"TableName": "table", "Item": {"id": {"S": "c"}}}},
        ]
    )
    assert changes(read(reader, arn)) == [("INSERT", "a"), ("INSERT", "b"), ("REMOVE", "a"), ("INSERT", "c")]


def test_a_transaction_that_fails_leaves_no_record(ddb, reader):
    arn = make(ddb)
    with pytest.raises(ddb.exceptions.TransactionCanceledException):
        ddb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "table", "Item": {"id": {"S": "a"}}}},
                {
                    "ConditionCheck": {
                        "TableName": "table",
                        "Key": {"id": {"S": "b"}},
                        "ConditionExpression": "attribute_exists(id)",
                    }
                },
            ]
        )
    assert read(reader, arn) == []


def test_an_item_that_expired_was_removed_by_the_service(ddb, reader, clock):
    arn = make(ddb)
    ddb.update_time_to_live(TableName="table", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
    second = int(clock.now()) + 60
    ddb.put_item(TableName="table", Item={"id": {"S": "a"}, "ttl": {"N": str(second)}})
    clock.advance(seconds=61)
    removed = read(reader, arn)[-1]
    assert removed["eventName"] == "REMOVE"
    assert removed["userIdentity"] == {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}


# -- iterators


def test_the_latest_iterator_sees_only_what_comes(ddb, reader):
    arn = make(ddb)
    put(ddb, "a")
    latest = iterator(reader, arn, "LATEST")
    put(ddb, "b")
    assert changes(reader.get_records(ShardIterator=latest)["Records"]) == [("INSERT", "b")]


def test_iterators_begin_at_or_after_a_sequence_number(ddb, reader):
    arn = make(ddb)
    for key in ("a", "b", "c"):
        put(ddb, key)
    second = read(reader, arn)[1]["dynamodb"]["SequenceNumber"]
    assert changes(read(reader, arn, kind="AT_SEQUENCE_NUMBER", SequenceNumber=second))[0] == ("INSERT", "b")
    assert changes(read(reader, arn, kind="AFTER_SEQUENCE_NUMBER", SequenceNumber=second)) == [("INSERT", "c")]


def test_records_come_in_pages_and_the_next_iterator_goes_on(ddb, reader):
    arn = make(ddb)
    for number in range(5):
        put(ddb, f"k{number}")
    at, found = iterator(reader, arn), []
    for _ in range(4):
        page = reader.get_records(ShardIterator=at, Limit=2)
        found.append(len(page["Records"]))
        at = page["NextShardIterator"]
    assert found == [2, 2, 1, 0]
    put(ddb, "later")
    assert changes(reader.get_records(ShardIterator=at)["Records"]) == [("INSERT", "later")]


def test_an_iterator_is_good_for_fifteen_minutes(ddb, reader, clock):
    arn = make(ddb)
    at = iterator(reader, arn)
    clock.advance(minutes=14)
    reader.get_records(ShardIterator=at)
    clock.advance(minutes=2)
    with pytest.raises(reader.exceptions.ExpiredIteratorException):
        reader.get_records(ShardIterator=at)


def test_a_sequence_number_is_asked_for_where_it_is_needed_only(ddb, reader):
    arn = make(ddb)
    with pytest.raises(ClientError, match="SequenceNumber is required"):
        iterator(reader, arn, "AT_SEQUENCE_NUMBER")
    with pytest.raises(ClientError, match="must not be specified"):
        iterator(reader, arn, "LATEST", SequenceNumber="1" * 24)
    with pytest.raises(ClientError, match="Invalid SequenceNumber"):
        iterator(reader, arn, "AT_SEQUENCE_NUMBER", SequenceNumber=str(10**23 + 1))


def test_unknown_streams_shards_and_iterators_are_refused(ddb, reader):
    arn = make(ddb)
    with pytest.raises(reader.exceptions.ResourceNotFoundException, match=r"Stream: .* not found"):
        reader.describe_stream(StreamArn=arn[:-3] + "000")
    with pytest.raises(ClientError, match="Invalid StreamArn"):
        reader.describe_stream(StreamArn=arn.partition("/stream/")[0])
    with pytest.raises(reader.exceptions.ResourceNotFoundException, match="Shard"):
        reader.get_shard_iterator(StreamArn=arn, ShardId="shardId-" + "0" * 29, ShardIteratorType="LATEST")
    with pytest.raises(ClientError, match="Invalid ShardIterator"):
        reader.get_records(ShardIterator=f"{arn}|1|nonsense")


# -- shards and time


def test_after_four_hours_a_shard_is_closed_and_has_a_child(ddb, reader, clock):
    arn = make(ddb)
    put(ddb, "a")
    clock.advance(hours=5)
    put(ddb, "b")
    parent, child = shards(reader, arn)
    assert child["ParentShardId"] == parent["ShardId"]
    assert "EndingSequenceNumber" in parent["SequenceNumberRange"]
    page = reader.get_records(ShardIterator=iterator(reader, arn))
    assert changes(page["Records"]) == [("INSERT", "a")]
    assert "NextShardIterator" not in page
    assert changes(read(reader, arn, shard=1)) == [("INSERT", "b")]


def test_records_are_kept_for_24_hours(ddb, reader, clock):
    arn = make(ddb)
    put(ddb, "old")
    clock.advance(hours=23)
    assert changes(read(reader, arn)) == [("INSERT", "old")]
    clock.advance(hours=2)
    put(ddb, "new")
    found = [
        change for number in range(len(shards(reader, arn))) for change in changes(read(reader, arn, shard=number))
    ]
    assert found == [("INSERT", "new")]


def test_nothing_of_old_records_stays_in_the_store(ddb, reader, clock, aws, fogbank_server):
    make(ddb)
    for number in range(10):
        put(ddb, f"k{number}")
    clock.advance(hours=30)
    rows = fogbank_server.call(fogbank_server.app.summary())
    left = [row["collection"] for row in rows if row["account"] == aws.account]
    assert "stream-records" not in left


# -- enabling and disabling


def test_a_stream_can_be_enabled_and_disabled_later(ddb, reader, clock):
    ddb.create_table(
        TableName="table",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    waiter = ddb.get_waiter("table_exists")
    waiter.wait(TableName="table", WaiterConfig={"Delay": 1})
    put(ddb, "before")
    on = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    arn = ddb.update_table(TableName="table", StreamSpecification=on)["TableDescription"]["LatestStreamArn"]
    waiter.wait(TableName="table", WaiterConfig={"Delay": 1})
    with pytest.raises(ClientError, match="already has an enabled stream"):
        ddb.update_table(TableName="table", StreamSpecification=on)
    put(ddb, "during")
    ddb.update_table(TableName="table", StreamSpecification={"StreamEnabled": False})
    waiter.wait(TableName="table", WaiterConfig={"Delay": 1})
    put(ddb, "after")
    table = ddb.describe_table(TableName="table")["Table"]
    assert "StreamSpecification" not in table
    assert table["LatestStreamArn"] == arn
    page = reader.get_records(ShardIterator=iterator(reader, arn))
    assert changes(page["Records"]) == [("INSERT", "during")]
    assert "NextShardIterator" not in page
    assert reader.describe_stream(StreamArn=arn)["StreamDescription"]["StreamStatus"] == "DISABLED"
    clock.advance(hours=25)
    with pytest.raises(reader.exceptions.ResourceNotFoundException):
        reader.describe_stream(StreamArn=arn)


def test_a_stream_without_a_view_is_refused(ddb):
    with pytest.raises(ClientError, match="StreamViewType must be specified"):
        make_plain = {
            "TableName": "table",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        }
        ddb.create_table(**make_plain, StreamSpecification={"StreamEnabled": True})


def test_streams_are_listed_in_pages(ddb, reader):
    arns = sorted(make(ddb, name=f"table{number}") for number in range(3))
    first = reader.list_streams(Limit=2)
    assert first["LastEvaluatedStreamArn"] == arns[1]
    rest = reader.list_streams(ExclusiveStartStreamArn=first["LastEvaluatedStreamArn"])
    assert [s["StreamArn"] for s in first["Streams"] + rest["Streams"]] == arns


def test_tables_of_other_regions_and_accounts_are_not_seen(ddb, aws):
    arn = make(ddb)
    assert aws("dynamodbstreams", region="eu-west-1").list_streams()["Streams"] == []
    other = aws("dynamodbstreams", account="999999999999")
    with pytest.raises(ClientError):
        other.describe_stream(StreamArn=arn)
