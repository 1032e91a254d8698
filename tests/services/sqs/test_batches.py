"""SendMessageBatch, DeleteMessageBatch, ChangeMessageVisibilityBatch."""

import pytest


@pytest.fixture
def send_batch(sqs):
    """Sends bodies; their ids are their positions, from 0."""

    def send_batch(url, *bodies, **params):
        entries = [{"Id": str(number), "MessageBody": body, **params} for number, body in enumerate(bodies)]
        return sqs.send_message_batch(QueueUrl=url, Entries=entries)

    return send_batch


def test_every_entry_is_answered_by_its_id(queue, send_batch, bodies):
    answer = send_batch(queue, "a", "b")
    assert [entry["Id"] for entry in answer["Successful"]] == ["0", "1"]
    assert all(set(entry) == {"Id", "MessageId", "MD5OfMessageBody"} for entry in answer["Successful"])
    assert answer["Failed"] == []
    assert bodies(queue) == ["a", "b"]


def test_a_refused_entry_does_not_keep_the_others_out(queue, send_batch, bodies):
    answer = send_batch(queue, "a", "\x01", "c")
    assert [entry["Id"] for entry in answer["Successful"]] == ["0", "2"]
    (failed,) = answer["Failed"]
    assert (failed["Id"], failed["SenderFault"], failed["Code"]) == ("1", True, "InvalidMessageContents")
    assert failed["Message"].startswith("Invalid characters found.")
    assert bodies(queue) == ["a", "c"]


def test_an_entry_longer_than_the_queue_takes_fails_alone(make_queue, send_batch):
    answer = send_batch(make_queue(MaximumMessageSize=1024), "x" * 1025, "y")
    assert [entry["Id"] for entry in answer["Successful"]] == ["1"]
    assert answer["Failed"][0]["Message"] == (
        "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."
    )


def test_a_fifo_batch_keeps_its_order_and_drops_duplicates(fifo, send_batch, bodies):
    answer = send_batch(fifo, "a", "b", "a", MessageGroupId="g")
    assert answer["Successful"][2]["SequenceNumber"] == answer["Successful"][0]["SequenceNumber"]
    assert bodies(fifo) == ["a", "b"]


def test_an_empty_batch_is_refused(sqs, queue, refused):
    message = "There should be at least one SendMessageBatchRequestEntry in the request."
    with refused("AWS.SimpleQueueService.EmptyBatchRequest", message):
        sqs.send_message_batch(QueueUrl=queue, Entries=[])


def test_eleven_entries_are_refused(queue, send_batch, bodies, refused):
    message = "Maximum number of entries per request are 10. You have sent 11."
    with refused("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", message):
        send_batch(queue, *"abcdefghijk")
    assert bodies(queue) == []


def test_an_id_twice_is_refused(sqs, queue, bodies, refused):
    with refused("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "Id same repeated."):
        sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": "same", "MessageBody": body} for body in "ab"])
    assert bodies(queue) == []


@pytest.mark.parametrize("entry_id", ["", "a b", "x" * 81])
def test_a_bad_id_is_refused(sqs, queue, refused, entry_id):
    message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores."
    with refused("AWS.SimpleQueueService.InvalidBatchEntryId", message):
        sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": entry_id, "MessageBody": "x"}])


def test_a_batch_may_have_one_mebibyte(queue, send_batch):
    assert len(send_batch(queue, "x" * 1_000_000, "y" * 48_576)["Successful"]) == 2


def test_a_longer_batch_is_refused(queue, send_batch, bodies, refused):
    message = "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes."
    with refused("AWS.SimpleQueueService.BatchRequestTooLong", message):
        send_batch(queue, "x" * 1_000_000, "y" * 48_577)
    assert bodies(queue) == []


# -- deleting and hiding


def handles(messages):
    return [{"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]} for number, message in enumerate(messages)]


def test_messages_are_deleted_in_a_batch(sqs, queue, send_batch, receive, clock):
    send_batch(queue, "a", "b", "c")
    entries = handles(receive(queue))[:2]
    answer = sqs.delete_message_batch(QueueUrl=queue, Entries=entries)
    assert (answer["Successful"], answer["Failed"]) == ([{"Id": "0"}, {"Id": "1"}], [])
    clock.advance(seconds=30)
    assert [message["Body"] for message in receive(queue)] == ["c"]


def test_a_bad_handle_fails_alone(sqs, queue, send_batch, receive):
    send_batch(queue, "a")
    entries = [*handles(receive(queue)), {"Id": "bad", "ReceiptHandle": "garbage"}]
    answer = sqs.delete_message_batch(QueueUrl=queue, Entries=entries)
    assert answer["Successful"] == [{"Id": "0"}]
    assert (answer["Failed"][0]["Id"], answer["Failed"][0]["Code"]) == ("bad", "ReceiptHandleIsInvalid")


def test_visibility_is_changed_in_a_batch(sqs, queue, send_batch, receive, bodies, clock):
    send_batch(queue, "a", "b")
    entries = [
        {**entry, "VisibilityTimeout": timeout}
        for entry, timeout in zip(handles(receive(queue)), (0, 100), strict=True)
    ]
    answer = sqs.change_message_visibility_batch(QueueUrl=queue, Entries=entries)
    assert answer["Successful"] == [{"Id": "0"}, {"Id": "1"}]
    assert bodies(queue) == ["a"]
    clock.advance(seconds=60)
    assert bodies(queue) == ["a"]
    clock.advance(seconds=40)
    assert "b" in bodies(queue)


def test_a_change_out_of_range_fails_alone(sqs, queue, send_batch, receive):
    send_batch(queue, "a", "b")
    entries = [
        {**entry, "VisibilityTimeout": timeout}
        for entry, timeout in zip(handles(receive(queue)), (5, 43201), strict=True)
    ]
    answer = sqs.change_message_visibility_batch(QueueUrl=queue, Entries=entries)
    assert answer["Successful"] == [{"Id": "0"}]
    assert answer["Failed"][0]["Code"] == "InvalidParameterValue"


@pytest.mark.parametrize(
    ("operation", "entry"),
    [
        ("delete_message_batch", "DeleteMessageBatchRequestEntry"),
        ("change_message_visibility_batch", "ChangeMessageVisibilityBatchRequestEntry"),
    ],
)
def test_other_empty_batches_are_refused(sqs, queue, refused, operation, entry):
    with refused("AWS.SimpleQueueService.EmptyBatchRequest", f"There should be at least one {entry} in the request."):
        getattr(sqs, operation)(QueueUrl=queue, Entries=[])
