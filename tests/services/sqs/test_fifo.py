"""FIFO queues: order, groups, deduplication, retried receives."""

import hashlib

import pytest


@pytest.fixture
def put(send):
    """Sends to a group: `put(fifo, "a1")` is body a1 in group a."""

    def put(url, body, **params):
        return send(url, body, **{"MessageGroupId": body[0], **params})

    return put


@pytest.fixture
def delete(sqs):
    def delete(url, message):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    return delete


# -- sending


def test_sequence_numbers_have_twenty_digits_and_grow(fifo, put):
    numbers = [put(fifo, f"a{number}")["SequenceNumber"] for number in range(5)]
    assert all(len(number) == 20 for number in numbers)
    assert numbers == sorted(set(numbers))


def test_a_received_message_has_its_number_group_and_deduplication_id(fifo, put, receive):
    sent = put(fifo, "a1", MessageDeduplicationId="d1")
    shown = receive(fifo, AttributeNames=["All"])[0]["Attributes"]
    assert shown["SequenceNumber"] == sent["SequenceNumber"]
    assert (shown["MessageGroupId"], shown["MessageDeduplicationId"]) == ("a", "d1")


def test_a_message_without_group_is_refused(fifo, send, refused):
    with refused("MissingParameter", "The request must contain the parameter MessageGroupId."):
        send(fifo, "x")


@pytest.mark.parametrize("group", ["", "a b", "ä", "x" * 129])
def test_a_group_of_other_characters_is_refused(fifo, send, refused, group):
    message = "MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length."
    with refused("InvalidParameterValue", message):
        send(fifo, "x", MessageGroupId=group)


def test_a_group_may_have_punctuation(fifo, send, bodies):
    send(fifo, "x", MessageGroupId="!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
    assert bodies(fifo) == ["x"]


def test_a_message_has_no_delay_of_its_own(fifo, put, refused):
    with refused("InvalidParameterValue", "Value 5 for parameter DelaySeconds is invalid. Reason: The request include"):
        put(fifo, "a1", DelaySeconds=5)


# -- order and groups


def test_a_group_is_received_in_order(fifo, put, bodies):
    for number in range(12):
        put(fifo, f"a{number}")
    assert bodies(fifo) == [f"a{number}" for number in range(10)]


def test_a_group_with_a_message_in_flight_gives_nothing(fifo, put, bodies):
    put(fifo, "a1")
    put(fifo, "a2")
    assert bodies(fifo, most=1) == ["a1"]
    assert bodies(fifo) == []


def test_a_group_goes_on_when_its_message_is_deleted(fifo, put, receive, bodies, delete):
    put(fifo, "a1")
    put(fifo, "a2")
    delete(fifo, receive(fifo, most=1)[0])
    assert bodies(fifo) == ["a2"]


def test_a_group_goes_on_only_when_all_its_messages_in_flight_are_deleted(fifo, put, receive, bodies, delete):
    for body in ("a1", "a2", "a3"):
        put(fifo, body)
    first, second = receive(fifo, most=2)
    delete(fifo, second)
    assert bodies(fifo) == []
    delete(fifo, first)
    assert bodies(fifo) == ["a3"]


def test_a_message_that_comes_back_is_the_first_of_its_group_again(fifo, put, receive, bodies, clock):
    for body in ("a1", "a2", "a3"):
        put(fifo, body)
    receive(fifo, most=2)
    clock.advance(seconds=30)
    assert bodies(fifo) == ["a1", "a2", "a3"]


def test_what_is_left_of_a_receive_comes_back_in_order(fifo, put, receive, bodies, delete, clock):
    for body in ("a1", "a2", "a3"):
        put(fifo, body)
    first, _ = receive(fifo, most=2)
    delete(fifo, first)
    clock.advance(seconds=30)
    assert bodies(fifo) == ["a2", "a3"]


def test_other_groups_are_not_held_up(fifo, put, bodies):
    for body in ("a1", "a2", "b1"):
        put(fifo, body)
    assert bodies(fifo, most=1) == ["a1"]
    assert bodies(fifo) == ["b1"]


def test_one_receive_takes_as_much_of_a_group_as_it_can_and_then_the_next(fifo, put, bodies):
    for body in ("a1", "b1", "a2", "b2"):
        put(fifo, body)
    assert bodies(fifo, most=3) == ["a1", "a2", "b1"]


def test_the_group_with_the_oldest_message_comes_first(fifo, put, receive, bodies, delete):
    for body in ("a1", "b1", "a2"):
        put(fifo, body)
    delete(fifo, receive(fifo, most=1)[0])
    assert bodies(fifo, most=1) == ["b1"]


def test_blocked_groups_are_passed_over(fifo, put, bodies):
    for number in range(40):
        put(fifo, f"{chr(65 + number)}1")
        put(fifo, f"{chr(65 + number)}2")
    assert sum(len(bodies(fifo, most=1)) for _ in range(39)) == 39
    assert bodies(fifo, most=1) == [f"{chr(65 + 39)}1"]
    assert bodies(fifo) == []


def test_counts_of_a_fifo_queue(fifo, put, receive, counted, delete, clock):
    for body in ("a1", "a2", "b1"):
        put(fifo, body)
    messages = receive(fifo, most=2)
    assert counted(fifo) == (1, 2, 0)
    delete(fifo, messages[0])
    assert counted(fifo) == (1, 1, 0)
    clock.advance(seconds=30)
    assert counted(fifo) == (2, 0, 0)


# -- visibility and handles


def test_a_group_is_held_for_as_long_as_its_longest_message(sqs, fifo, put, receive, bodies, clock):
    put(fifo, "a1")
    put(fifo, "a2")
    first, second = receive(fifo)
    for message, timeout in ((first, 0), (second, 100)):
        sqs.change_message_visibility(QueueUrl=fifo, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=timeout)
    assert bodies(fifo) == []
    clock.advance(seconds=100)
    assert bodies(fifo) == ["a1", "a2"]


def test_a_message_given_back_is_received_again(sqs, fifo, put, receive, bodies):
    put(fifo, "a1")
    handle = receive(fifo)[0]["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=fifo, ReceiptHandle=handle, VisibilityTimeout=0)
    assert bodies(fifo) == ["a1"]


def test_an_expired_handle_deletes_nothing(fifo, put, receive, bodies, delete, clock, refused):
    put(fifo, "a1")
    (message,) = receive(fifo)
    clock.advance(seconds=30)
    with refused(
        "InvalidParameterValue", "for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
    ):
        delete(fifo, message)
    assert bodies(fifo) == ["a1"]


def test_the_handle_of_an_earlier_receive_deletes_nothing(fifo, put, receive, delete, clock, refused):
    put(fifo, "a1")
    (message,) = receive(fifo)
    clock.advance(seconds=30)
    receive(fifo)
    with refused("InvalidParameterValue", "The receipt handle has expired."):
        delete(fifo, message)


def test_an_expired_handle_changes_no_visibility(sqs, fifo, put, receive, clock, refused):
    put(fifo, "a1")
    (message,) = receive(fifo)
    clock.advance(seconds=30)
    with refused("InvalidParameterValue", "The receipt handle has expired."):
        sqs.change_message_visibility(QueueUrl=fifo, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=60)


def test_deleting_a_deleted_message_succeeds(fifo, put, receive, delete):
    put(fifo, "a1")
    (message,) = receive(fifo)
    delete(fifo, message)
    delete(fifo, message)


# -- delay and retention


def test_the_delay_of_a_fifo_queue_counts_for_messages_that_are_there(sqs, fifo, put, bodies, counted, clock):
    put(fifo, "a1")
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"DelaySeconds": "60"})
    assert (bodies(fifo), counted(fifo)) == ([], (0, 0, 1))
    clock.advance(seconds=60)
    assert counted(fifo) == (1, 0, 0)
    assert bodies(fifo) == ["a1"]


def test_a_delayed_message_of_a_group_does_not_hold_up_the_ones_before_it(make_queue, put, bodies, clock):
    url = make_queue("q.fifo", ContentBasedDeduplication="true", DelaySeconds=10)
    put(url, "a1")
    clock.advance(seconds=6)
    put(url, "a2")
    clock.advance(seconds=5)
    assert bodies(url) == ["a1"]


def test_an_expired_message_makes_way_for_the_next_of_its_group(make_queue, put, bodies, counted, clock):
    url = make_queue("q.fifo", ContentBasedDeduplication="true", MessageRetentionPeriod=60)
    put(url, "a1")
    clock.advance(seconds=40)
    put(url, "a2")
    clock.advance(seconds=21)
    assert counted(url) == (1, 0, 0)
    assert bodies(url) == ["a2"]


def test_a_message_that_expires_in_flight_frees_its_group(make_queue, put, bodies, clock):
    url = make_queue("q.fifo", ContentBasedDeduplication="true", MessageRetentionPeriod=60)
    put(url, "a1")
    clock.advance(seconds=40)
    put(url, "a2")
    assert bodies(url, most=1, VisibilityTimeout=1000) == ["a1"]
    clock.advance(seconds=21)
    assert bodies(url) == ["a2"]


# -- deduplication


def test_a_duplicate_is_answered_like_the_first_and_not_delivered(fifo, put, bodies):
    first = put(fifo, "a1", MessageDeduplicationId="d")
    second = put(fifo, "a2", MessageDeduplicationId="d")
    assert (second["MessageId"], second["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    assert second["MD5OfMessageBody"] == hashlib.md5(b"a2").hexdigest()
    assert bodies(fifo) == ["a1"]


def test_a_duplicate_of_a_deleted_message_is_one(fifo, put, receive, bodies, delete):
    put(fifo, "a1", MessageDeduplicationId="d")
    delete(fifo, receive(fifo)[0])
    put(fifo, "a2", MessageDeduplicationId="d")
    assert bodies(fifo) == []


def test_after_five_minutes_it_is_no_duplicate(fifo, put, bodies, clock):
    put(fifo, "a1", MessageDeduplicationId="d")
    clock.advance(seconds=298)
    put(fifo, "a2", MessageDeduplicationId="d")
    clock.advance(seconds=3)
    put(fifo, "a3", MessageDeduplicationId="d")
    assert bodies(fifo) == ["a1", "a3"]


def test_the_same_body_is_a_duplicate_where_content_counts(fifo, put, receive):
    put(fifo, "a1")
    put(fifo, "a1", MessageAttributes={"a": {"DataType": "String", "StringValue": "x"}})
    (message,) = receive(fifo, AttributeNames=["MessageDeduplicationId"])
    assert message["Attributes"]["MessageDeduplicationId"] == hashlib.sha256(b"a1").hexdigest()


def test_an_explicit_id_goes_before_the_content(fifo, put, bodies):
    put(fifo, "a1", MessageDeduplicationId="one")
    put(fifo, "a1", MessageDeduplicationId="two")
    assert bodies(fifo) == ["a1", "a1"]


def test_a_body_equal_to_an_explicit_id_is_a_duplicate(fifo, put, bodies):
    put(fifo, "a1")
    put(fifo, "a2", MessageDeduplicationId=hashlib.sha256(b"a1").hexdigest())
    assert bodies(fifo) == ["a1"]


def test_a_message_without_id_is_refused_where_content_does_not_count(make_queue, put, refused):
    message = (
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
    )
    with refused("InvalidParameterValue", message):
        put(make_queue("plain.fifo"), "a1")


@pytest.mark.parametrize("deduplication", ["", "a b", "x" * 129])
def test_a_deduplication_id_of_other_characters_is_refused(fifo, put, refused, deduplication):
    with refused("InvalidParameterValue", "MessageDeduplicationId can only include alphanumeric and punctuation"):
        put(fifo, "a1", MessageDeduplicationId=deduplication)


def test_duplicates_are_the_whole_queue_s_unless_its_scope_is_the_group(make_queue, put, bodies):
    for scope, received in (("queue", ["a1"]), ("messageGroup", ["a1", "b1"])):
        url = make_queue(f"{scope}.fifo", DeduplicationScope=scope)
        put(url, "a1", MessageDeduplicationId="d")
        put(url, "b1", MessageDeduplicationId="d")
        assert bodies(url) == received


# -- retried receives


def test_a_retried_receive_gets_the_same_messages_and_handles(fifo, put, receive):
    put(fifo, "a1")
    put(fifo, "b1")
    first = receive(fifo, ReceiveRequestAttemptId="try-1")
    again = receive(fifo, ReceiveRequestAttemptId="try-1")
    assert again == first
    assert [message["Body"] for message in again] == ["a1", "b1"]


def test_a_retried_receive_hides_the_messages_anew(fifo, put, bodies, clock):
    put(fifo, "a1")
    bodies(fifo, ReceiveRequestAttemptId="try-1")
    clock.advance(seconds=20)
    assert bodies(fifo, ReceiveRequestAttemptId="try-1") == ["a1"]
    clock.advance(seconds=20)
    assert bodies(fifo) == []
    clock.advance(seconds=10)
    assert bodies(fifo) == ["a1"]


def test_another_attempt_gets_other_messages(fifo, put, bodies):
    put(fifo, "a1")
    put(fifo, "b1")
    assert bodies(fifo, most=1, ReceiveRequestAttemptId="try-1") == ["a1"]
    assert bodies(fifo, most=1, ReceiveRequestAttemptId="try-2") == ["b1"]


def test_a_retried_receive_after_a_delete_is_a_new_one(fifo, put, receive, bodies, delete):
    put(fifo, "a1")
    put(fifo, "b1")
    delete(fifo, receive(fifo, ReceiveRequestAttemptId="try-1")[0])
    assert bodies(fifo, ReceiveRequestAttemptId="try-1") == []


def test_a_standard_queue_has_no_attempts(queue, bodies, refused):
    with refused("InvalidParameterValue", "for parameter ReceiveRequestAttemptId is invalid."):
        bodies(queue, ReceiveRequestAttemptId="try-1")
