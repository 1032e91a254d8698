"""SendMessage: what a message may be, and what is answered about it."""

import hashlib
import uuid

import pytest

INVALID = "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF"


def test_a_sent_message_is_answered_with_its_id_and_digest(queue, send):
    answer = send(queue, "hällo")
    assert answer["MD5OfMessageBody"] == hashlib.md5("hällo".encode()).hexdigest()
    assert uuid.UUID(answer["MessageId"]).version == 4
    assert "SequenceNumber" not in answer
    assert "MD5OfMessageAttributes" not in answer


def test_an_empty_body_is_refused(queue, send, refused):
    with refused("MissingParameter", "The request must contain the parameter MessageBody."):
        send(queue, "")


@pytest.mark.parametrize("body", ["\t\n\r", "\ud7ff\ue000", "\U0001f600\U0010fffd", "\u0085\u00a0\u200b"])
def test_a_body_may_have_every_character_of_xml(queue, send, bodies, body):
    send(queue, body)
    assert bodies(queue) == [body]


@pytest.mark.parametrize("character", ["\0", "\x08", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_a_body_of_other_characters_is_refused(queue, send, refused, character):
    with refused("InvalidMessageContents", INVALID):
        send(queue, f"a{character}b")


def test_a_body_may_have_one_mebibyte(queue, send, receive):
    send(queue, "x" * 1_048_576)
    assert len(receive(queue)[0]["Body"]) == 1_048_576


def test_a_longer_body_is_refused(queue, send, refused):
    with refused("InvalidParameterValue", "Reason: Message must be shorter than 1048576 bytes."):
        send(queue, "x" * 1_048_577)


def test_a_queue_has_its_own_maximum_in_bytes(make_queue, send, refused):
    url = make_queue(MaximumMessageSize=1024)
    send(url, "x" * 1024)
    with refused("InvalidParameterValue", "Message must be shorter than 1024 bytes."):
        send(url, "ä" * 513)


def test_attributes_count_towards_the_size(make_queue, send, refused):
    url = make_queue(MaximumMessageSize=1024)
    attribute = {"name": {"DataType": "Binary", "BinaryValue": b"1234"}}
    send(url, "x" * 1010, MessageAttributes=attribute)
    with refused("InvalidParameterValue", "Message must be shorter than 1024 bytes."):
        send(url, "x" * 1011, MessageAttributes=attribute)


# -- delays


def test_a_delayed_message_is_visible_after_its_delay(queue, send, bodies, counted, clock):
    send(queue, "later", DelaySeconds=10)
    assert (bodies(queue), counted(queue)) == ([], (0, 0, 1))
    clock.advance(seconds=10)
    assert counted(queue) == (1, 0, 0)
    assert bodies(queue) == ["later"]


def test_a_queue_delays_what_has_no_delay_of_its_own(make_queue, send, bodies, clock):
    url = make_queue(DelaySeconds=20)
    send(url, "queue's delay")
    send(url, "no delay", DelaySeconds=0)
    assert bodies(url) == ["no delay"]
    clock.advance(seconds=20)
    assert bodies(url) == ["queue's delay"]


def test_changing_the_delay_of_a_standard_queue_leaves_its_messages_alone(sqs, make_queue, send, bodies, clock):
    url = make_queue(DelaySeconds=20)
    send(url, "delayed")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "0"})
    assert bodies(url) == []
    clock.advance(seconds=20)
    assert bodies(url) == ["delayed"]


@pytest.mark.parametrize("delay", [-1, 901])
def test_a_delay_out_of_range_is_refused(queue, send, refused, delay):
    message = f"Value {delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
    with refused("InvalidParameterValue", message):
        send(queue, "x", DelaySeconds=delay)


# -- retention


def test_a_message_expires_with_the_retention_period(make_queue, send, bodies, counted, clock):
    url = make_queue(MessageRetentionPeriod=60)
    send(url, "first")
    clock.advance(seconds=30)
    send(url, "second")
    clock.advance(seconds=31)
    assert counted(url) == (1, 0, 0)
    assert bodies(url) == ["second"]
    clock.advance(seconds=30)
    assert counted(url) == (0, 0, 0)


def test_a_message_in_flight_expires_too(make_queue, send, receive, counted, clock):
    url = make_queue(MessageRetentionPeriod=60)
    send(url, "x")
    receive(url, VisibilityTimeout=600)
    clock.advance(seconds=61)
    assert counted(url) == (0, 0, 0)


def test_shortening_the_retention_period_counts_for_messages_that_are_there(sqs, queue, send, counted, clock):
    send(queue, "old")
    clock.advance(seconds=90)
    send(queue, "new")
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MessageRetentionPeriod": "60"})
    clock.advance(seconds=1)
    assert counted(queue) == (1, 0, 0)


def test_lengthening_the_retention_period_counts_for_messages_that_are_there(sqs, make_queue, send, bodies, clock):
    url = make_queue(MessageRetentionPeriod=60)
    send(url, "kept")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "600"})
    clock.advance(seconds=500)
    assert bodies(url) == ["kept"]


def test_messages_can_be_sent_after_the_clock_was_set_back(queue, send, bodies, clock):
    clock.advance(hours=5)
    send(queue, "future")
    bodies(queue)
    clock.reset()
    send(queue, "present")
    assert bodies(queue) == ["present"]


# -- what does not fit the queue


def test_a_standard_queue_takes_a_group_as_a_tenant(queue, send, receive):
    send(queue, "x", MessageGroupId="tenant-1")
    assert receive(queue, AttributeNames=["MessageGroupId"])[0]["Attributes"] == {"MessageGroupId": "tenant-1"}


def test_a_standard_queue_takes_no_deduplication_id(queue, send, refused):
    with refused("InvalidParameterValue", "for parameter MessageDeduplicationId is invalid. Reason: The request"):
        send(queue, "x", MessageDeduplicationId="d")


def test_a_missing_queue_url_is_refused(aws):
    sqs = aws("sqs", parameter_validation=False)
    with pytest.raises(sqs.exceptions.ClientError) as raised:
        sqs.send_message(MessageBody="x")
    error = raised.value.response["Error"]
    assert (error["Code"], error["Message"]) == (
        "MissingParameter",
        "The request must contain the parameter QueueUrl.",
    )
