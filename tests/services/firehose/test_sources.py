"""Kinesis streams as sources."""

import hashlib

import pytest

from tests.services.firehose.conftest import NOW, wait_until


@pytest.fixture
def kinesis(aws):
    kinesis = aws("kinesis")
    kinesis.create_stream(StreamName="events", ShardCount=2)
    kinesis.get_waiter("stream_exists").wait(StreamName="events", WaiterConfig={"Delay": 1})
    return kinesis


def source(delivery, role=None):
    arn = f"arn:aws:kinesis:us-east-1:{delivery.aws.account}:stream/events"
    return {
        "DeliveryStreamType": "KinesisStreamAsSource",
        "KinesisStreamSourceConfiguration": {"KinesisStreamARN": arn, "RoleARN": role or delivery.role},
    }


def test_records_of_a_stream_are_delivered(delivery, kinesis):
    delivery.create({"BufferingHints": NOW}, **source(delivery))
    for number in range(4):
        kinesis.put_record(StreamName="events", Data=f"{number}".encode(), PartitionKey=f"{number}")

    def all_there():
        found = b"".join(delivery.objects().values())
        return found if len(found) == 4 else None

    assert sorted(wait_until(all_there)) == sorted(b"0123")
    described = delivery.describe()["Source"]["KinesisStreamSourceDescription"]
    assert "DeliveryStartTimestamp" in described


def test_nothing_can_be_put_into_a_stream_that_reads_another(delivery, kinesis, refused):
    delivery.create(**source(delivery))
    with refused("InvalidArgumentException", "not permitted on KinesisStreamAsSource delivery stream type"):
        delivery.put(b"a")
    with refused("InvalidArgumentException", "not permitted on KinesisStreamAsSource delivery stream type"):
        delivery.firehose.start_delivery_stream_encryption(DeliveryStreamName="orders")


def test_a_source_and_the_type_belong_together(delivery, refused):
    with refused("InvalidArgumentException", "KinesisStreamSourceConfig"):
        delivery.create(DeliveryStreamType="KinesisStreamAsSource")


def aggregate(*records):
    """Records as the Kinesis Producer Library puts them together."""
    keys = b"".join(b"\x0a" + bytes([len(key)]) + key for key, _ in records)
    inner = [b"\x08" + bytes([nth]) + b"\x1a" + bytes([len(data)]) + data for nth, (_, data) in enumerate(records)]
    body = keys + b"".join(b"\x1a" + bytes([len(record)]) + record for record in inner)
    return b"\xf3\x89\x9a\xc2" + body + hashlib.md5(body).digest()


def test_aggregated_records_are_taken_apart(delivery, kinesis):
    delivery.create({"BufferingHints": NOW}, **source(delivery))
    kinesis.put_record(StreamName="events", Data=aggregate((b"k", b"one,"), (b"l", b"two")), PartitionKey="a")
    assert delivery.one()[1] == b"one,two"
