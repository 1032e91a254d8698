"""What streams and their shards tell CloudWatch: `AWS/Kinesis`."""

from __future__ import annotations

import pytest

from tests.services.kinesis.streams import iterator, make
from tests.services.metering import told

SHARD = {"ShardId": "shardId-000000000000"}


@pytest.fixture
def metrics(aws, clock):
    return lambda statistic="Sum", **dimensions: told(
        aws, clock, "AWS/Kinesis", statistic, StreamName="orders", **dimensions
    )


def test_a_record_that_is_put_comes_in(kinesis, metrics):
    make(kinesis)
    kinesis.put_record(StreamName="orders", Data=b"12345", PartitionKey="k")
    assert metrics() == {"PutRecord.Success": 1, "PutRecord.Bytes": 6, "IncomingRecords": 1, "IncomingBytes": 6}


def test_records_of_a_request_are_counted(kinesis, metrics):
    make(kinesis, shards=2)
    records = [{"Data": b"1", "PartitionKey": key} for key in "abcd"]
    kinesis.put_records(StreamName="orders", Records=records)
    found = metrics()
    assert (found["PutRecords.Success"], found["PutRecords.Bytes"]) == (1, 8)
    assert found["PutRecords.TotalRecords"] == found["PutRecords.SuccessfulRecords"] == found["IncomingRecords"] == 4


def test_what_is_read_is_counted_with_the_age_of_the_last_record(kinesis, clock, metrics):
    make(kinesis)
    kinesis.put_record(StreamName="orders", Data=b"12345", PartitionKey="k")
    clock.advance(seconds=30)
    kinesis.get_records(ShardIterator=iterator(kinesis))
    found = metrics()
    assert (found["GetRecords.Success"], found["GetRecords.Records"], found["GetRecords.Bytes"]) == (1, 1, 5)
    assert 30_000 <= found["GetRecords.IteratorAgeMilliseconds"] < 60_000


def test_shards_tell_what_the_stream_is_asked_for(kinesis, metrics):
    make(kinesis)
    assert metrics(**SHARD) == {}
    kinesis.enable_enhanced_monitoring(StreamName="orders", ShardLevelMetrics=["IncomingRecords", "OutgoingBytes"])
    kinesis.get_waiter("stream_exists").wait(StreamName="orders", WaiterConfig={"Delay": 0.005, "MaxAttempts": 6000})
    kinesis.put_record(StreamName="orders", Data=b"12345", PartitionKey="k")
    kinesis.get_records(ShardIterator=iterator(kinesis))
    assert metrics(**SHARD) == {"IncomingRecords": 1, "OutgoingBytes": 5}
