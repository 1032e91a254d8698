"""Queues on streams: records are received, acknowledged, given back, and buried."""

from __future__ import annotations

import pytest

from tests.services.kinesis.streams import code, make, settle


@pytest.fixture
def stream(kinesis):
    kinesis.create_stream(StreamName="orders", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    settle(kinesis)
    return kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]["StreamARN"]


@pytest.fixture
def queue(kinesis, stream, clock):
    """Makes a queue on the stream. Returns its ARN."""

    def queue(name="q", start=None, **attributes):
        source = {"StreamARN": stream, **({"StartingPosition": start} if start else {})}
        made = kinesis.create_queue(QueueName=name, StreamConfigurationList=[source], QueueAttributes=attributes)
        clock.advance(seconds=1)
        return made["QueueDescription"]["QueueARN"]

    return queue


@pytest.fixture
def put(kinesis, stream):
    def put(*data):
        kinesis.put_records(StreamARN=stream, Records=[{"Data": each, "PartitionKey": "p"} for each in data])

    return put


@pytest.fixture
def receive(kinesis):
    def receive(arn, wait=1, **params):
        return kinesis.receive_queue_records(QueueARN=arn, WaitTimeSeconds=wait, **params)["QueueRecords"]

    return receive


def ack(kinesis, arn, *records):
    entries = [{"ReceiptHandle": record["ReceiptHandle"]} for record in records]
    return kinesis.acknowledge_queue_records(QueueARN=arn, Entries=entries)


def test_what_is_not_acknowledged_comes_again(kinesis, queue, put, receive, clock):
    arn = queue()
    put(b"1", b"2")
    first = receive(arn)
    assert [(record["Data"], record["ReceiveCount"], record["PartitionKey"]) for record in first] == [
        (b"1", 1, "p"),
        (b"2", 1, "p"),
    ]
    ack(kinesis, arn, first[0])
    clock.advance(seconds=31)
    (again,) = receive(arn)
    assert (again["Data"], again["ReceiveCount"], again["RecordId"]) == (b"2", 2, first[1]["RecordId"])
    assert again["FirstReceiveTimestamp"] == first[1]["FirstReceiveTimestamp"]


@pytest.mark.parametrize(("kind", "expected"), [("LATEST", [b"2"]), ("TRIM_HORIZON", [b"1", b"2"])])
def test_a_queue_begins_where_it_is_told(kinesis, queue, put, receive, kind, expected):
    put(b"1")
    arn = queue(start={"Type": kind})
    put(b"2")
    assert [record["Data"] for record in receive(arn)] == expected
    found = kinesis.describe_queue(QueueARN=arn)["QueueDescription"]
    assert found["QueueStatus"] == "ACTIVE"
    assert found["StreamConfigurationList"][0]["StartingPosition"]["Timestamp"]
    assert found["QueueAttributes"] == {
        "VisibilityTimeoutSeconds": 30,
        "DeadLetterConfiguration": {"TargetType": "BUILT_IN", "MaxReceiveCount": 6},
    }


def test_queues_of_a_stream_do_not_share(queue, put, receive):
    arns = [queue("a"), queue("b")]
    put(b"1")
    assert [[record["Data"] for record in receive(arn)] for arn in arns] == [[b"1"], [b"1"]]


def test_a_receiver_gets_what_comes_while_it_waits(kinesis, queue, put, receive):
    from concurrent.futures import ThreadPoolExecutor

    arn = queue()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(receive, arn, wait=10)
        put(b"1")
        assert [record["Data"] for record in waiting.result(timeout=8)] == [b"1"]


def test_dead_letters_are_received_apart_and_restored(kinesis, queue, put, receive, clock):
    arn = queue(DeadLetterConfiguration={"TargetType": "BUILT_IN", "MaxReceiveCount": 1}, VisibilityTimeoutSeconds=5)
    put(b"1")
    receive(arn)
    clock.advance(seconds=6)
    (dead,) = kinesis.receive_dead_letter_queue_records(QueueARN=arn, WaitTimeSeconds=1)["QueueRecords"]
    assert (dead["Data"], dead["ReceiveCount"]) == (b"1", 2)
    entries = [{"ReceiptHandle": dead["ReceiptHandle"]}]
    (failed,) = ack(kinesis, arn, dead)["Failed"]
    assert failed["ErrorCode"] == "ResourceNotFoundException"
    assert kinesis.restore_dead_letter_queue_records(QueueARN=arn, Entries=entries)["Failed"] == []
    assert receive(arn)[0]["ReceiveCount"] == 1


def test_visibility_is_changed_for_one_record(kinesis, queue, put, receive):
    arn = queue()
    put(b"1")
    (record,) = receive(arn)
    entry = {"ReceiptHandle": record["ReceiptHandle"], "VisibilityTimeoutSeconds": 0}
    kinesis.update_queue_records_visibility(QueueARN=arn, Entries=[entry])
    (again,) = receive(arn)
    (failed,) = kinesis.update_queue_records_visibility(QueueARN=arn, Entries=[entry])["Failed"]
    assert (again["Data"], failed["ErrorCode"]) == (b"1", "InvalidArgumentException")


def test_a_queue_is_changed_and_tagged(kinesis, queue):
    arn = queue()
    kinesis.update_queue(QueueARN=arn, QueueAttributes={"DeadLetterConfiguration": {"TargetType": "NONE"}})
    found = kinesis.describe_queue(QueueARN=arn)["QueueDescription"]["QueueAttributes"]
    assert found == {"VisibilityTimeoutSeconds": 30, "DeadLetterConfiguration": {"TargetType": "NONE"}}
    kinesis.tag_resource(ResourceARN=arn, Tags={"a": "1"})
    assert kinesis.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "1"}]


def test_queues_are_listed_by_stream_and_in_pages(kinesis, queue, stream):
    queue("a"), queue("b")
    first = kinesis.list_queues(MaxResults=1, StreamFilter=[{"StreamARN": stream}])
    (second,) = kinesis.list_queues(NextToken=first["NextToken"])["QueueSummaries"]
    assert (second["QueueName"], second["Streams"][0]["StreamARN"]) == ("b", stream)
    assert kinesis.list_queues(StreamFilter=[{"StreamARN": f"{stream}x"}])["QueueSummaries"] == []


def test_a_stream_goes_after_its_queues(kinesis, queue, clock):
    arn = queue()
    with pytest.raises(kinesis.exceptions.ResourceInUseException):
        kinesis.delete_stream(StreamName="orders", EnforceConsumerDeletion=True)
    kinesis.delete_queue(QueueARN=arn)
    clock.advance(seconds=1)
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        kinesis.describe_queue(QueueARN=arn)
    kinesis.delete_stream(StreamName="orders")


def test_bad_queues_are_refused(kinesis, queue, stream):
    queue("a")
    with pytest.raises(kinesis.exceptions.ResourceInUseException):
        queue("a")
    with pytest.raises(kinesis.exceptions.ClientError) as refused:
        queue("b", start={"Type": "LATEST", "Timestamp": 0})
    assert code(refused) == "ValidationException"
    provisioned = make(kinesis, "fixed")["StreamARN"]
    with pytest.raises(kinesis.exceptions.ClientError, match="On-Demand"):
        kinesis.create_queue(QueueName="b", StreamConfigurationList=[{"StreamARN": provisioned}])
