"""Shards on a server with `--throttle kinesis`. The clock stands still once the stream is there: all calls are of one second."""

import pytest
from botocore.exceptions import ClientError

from fogbank.testing import Clients, server
from tests.services.kinesis.streams import iterator, make


@pytest.fixture(scope="module")
def throttling():
    with server(throttle=("kinesis",)) as running:
        yield running


@pytest.fixture
def kinesis(throttling):
    clients = Clients(throttling.endpoint)
    yield clients("kinesis")
    clients.close()


@pytest.fixture
def later(kinesis, throttling):
    """Makes a stream, and then lets time pass only when it is told to."""
    clock = throttling.app.clock
    make(kinesis)
    clock.hold(clock.now())
    yield lambda seconds: clock.hold(clock.now() + seconds)
    clock.release()
    kinesis.delete_stream(StreamName="orders")
    kinesis.get_waiter("stream_not_exists").wait(
        StreamName="orders", WaiterConfig={"Delay": 0.005, "MaxAttempts": 6000}
    )


def refused(call, **params):
    with pytest.raises(ClientError) as error:
        call(**params)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_a_shard_takes_1000_records_a_second(kinesis, later):
    records = [{"Data": b"x", "PartitionKey": "p"}] * 500
    put = [kinesis.put_records(StreamName="orders", Records=records) for _ in range(3)]
    assert [answer["FailedRecordCount"] for answer in put] == [0, 0, 500]
    assert put[2]["Records"][0]["ErrorCode"] == "ProvisionedThroughputExceededException"
    later(1)
    kinesis.put_record(StreamName="orders", Data=b"x", PartitionKey="p")


def test_a_shard_is_read_five_times_a_second(kinesis, later):
    start = iterator(kinesis)
    for _ in range(5):
        kinesis.get_records(ShardIterator=start)
    code, message = refused(kinesis.get_records, ShardIterator=start)
    assert code == "ProvisionedThroughputExceededException"
    assert message.startswith("Rate exceeded for shard shardId-000000000000 in stream orders under account ")
    later(1)
    kinesis.get_records(ShardIterator=start)


def test_who_reads_more_than_2_mib_has_to_wait(kinesis, later):
    for _ in range(3):
        kinesis.put_record(StreamName="orders", Data=b"x" * 1_000_000, PartitionKey="p")
        later(1)
    start = iterator(kinesis)
    answer = kinesis.get_records(ShardIterator=start)
    assert len(answer["Records"]) == 3
    later(1)
    assert refused(kinesis.get_records, ShardIterator=start)[0] == "ProvisionedThroughputExceededException"
    later(1)
    kinesis.get_records(ShardIterator=start)
