"""Enhanced fan-out."""

import itertools

import pytest
from botocore.exceptions import ClientError

from tests.services.kinesis.streams import code, make


@pytest.fixture
def consumer(kinesis):
    arn = make(kinesis)["StreamARN"]
    made = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="fan")["Consumer"]
    assert made["ConsumerStatus"] == "CREATING"
    arn = made["ConsumerARN"]
    while kinesis.describe_stream_consumer(ConsumerARN=arn)["ConsumerDescription"]["ConsumerStatus"] != "ACTIVE":
        pass
    return arn


def subscribe(kinesis, consumer, kind="TRIM_HORIZON"):
    answer = kinesis.subscribe_to_shard(
        ConsumerARN=consumer, ShardId="shardId-000000000000", StartingPosition={"Type": kind}
    )
    return answer["EventStream"]


def records(events):
    for event in events:
        yield from event["SubscribeToShardEvent"]["Records"]


def test_records_are_pushed_as_they_come(kinesis, consumer):
    kinesis.put_record(StreamName="orders", Data=b"1", PartitionKey="k")
    events = subscribe(kinesis, consumer)
    pushed = records(events)
    assert next(pushed)["Data"] == b"1"
    kinesis.put_record(StreamName="orders", Data=b"2", PartitionKey="k")
    assert next(pushed)["Data"] == b"2"
    events.close()


def test_a_subscription_goes_on_where_another_ended(kinesis, consumer, clock):
    for data in (b"1", b"2"):
        kinesis.put_record(StreamName="orders", Data=data, PartitionKey="k")
    events = subscribe(kinesis, consumer)
    event = next(iter(events))["SubscribeToShardEvent"]
    events.close()
    clock.advance(seconds=6)
    kinesis.put_record(StreamName="orders", Data=b"3", PartitionKey="k")
    position = {"Type": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": event["ContinuationSequenceNumber"]}
    again = kinesis.subscribe_to_shard(ConsumerARN=consumer, ShardId="shardId-000000000000", StartingPosition=position)[
        "EventStream"
    ]
    assert next(records(again))["Data"] == b"3"
    again.close()


def test_it_ends_after_five_minutes(kinesis, consumer, clock):
    kinesis.put_record(StreamName="orders", Data=b"1", PartitionKey="k")
    events = subscribe(kinesis, consumer)
    assert next(records(events))["Data"] == b"1"
    clock.advance(seconds=301)
    assert list(records(events)) == []


def test_a_closed_shard_ends_it_and_names_the_children(kinesis, consumer):
    kinesis.put_record(StreamName="orders", Data=b"1", PartitionKey="k")
    kinesis.split_shard(StreamName="orders", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127))
    events = [event["SubscribeToShardEvent"] for event in subscribe(kinesis, consumer)]
    assert [each["Data"] for each in itertools.chain.from_iterable(event["Records"] for event in events)] == [b"1"]
    assert [each["ShardId"][-1] for each in events[-1]["ChildShards"]] == ["1", "2"]


def test_a_new_subscription_takes_over_but_not_within_five_seconds(kinesis, consumer, clock):
    first = subscribe(kinesis, consumer, "LATEST")
    with pytest.raises(ClientError) as error:
        subscribe(kinesis, consumer, "LATEST")
    assert code(error) == "ResourceInUseException"
    clock.advance(seconds=6)
    second = subscribe(kinesis, consumer, "LATEST")
    kinesis.put_record(StreamName="orders", Data=b"1", PartitionKey="k")
    assert list(records(first)) == []
    assert next(records(second))["Data"] == b"1"
    second.close()


def test_a_consumer_is_described_by_arn_and_by_name(kinesis, consumer):
    stream = consumer.partition("/consumer/")[0]
    by_arn = kinesis.describe_stream_consumer(ConsumerARN=consumer)["ConsumerDescription"]
    by_name = kinesis.describe_stream_consumer(StreamARN=stream, ConsumerName="fan")["ConsumerDescription"]
    assert by_arn == by_name
    assert by_arn["ConsumerStatus"] == "ACTIVE"


def test_a_consumer_that_is_there_is_not_registered_again(kinesis, consumer):
    with pytest.raises(ClientError) as error:
        kinesis.register_stream_consumer(StreamARN=consumer.partition("/consumer/")[0], ConsumerName="fan")
    assert code(error) == "ResourceInUseException"


def test_a_deregistered_consumer_is_gone(kinesis, consumer, clock):
    kinesis.deregister_stream_consumer(ConsumerARN=consumer)
    clock.advance(seconds=1)
    assert kinesis.list_stream_consumers(StreamARN=consumer.partition("/consumer/")[0])["Consumers"] == []
    with pytest.raises(ClientError) as error:
        subscribe(kinesis, consumer)
    assert code(error) == "ResourceNotFoundException"


def test_consumers_are_listed_in_pages(kinesis, consumer):
    stream = consumer.partition("/consumer/")[0]
    for name in ("a", "b"):
        kinesis.register_stream_consumer(StreamARN=stream, ConsumerName=name)
    first = kinesis.list_stream_consumers(StreamARN=stream, MaxResults=2)
    second = kinesis.list_stream_consumers(StreamARN=stream, NextToken=first["NextToken"])
    assert [each["ConsumerName"] for each in first["Consumers"] + second["Consumers"]] == ["a", "b", "fan"]
