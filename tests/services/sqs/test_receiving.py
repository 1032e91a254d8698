"""ReceiveMessage, short and long; deleting and hiding what was received."""

import threading
import time

import pytest


def test_a_received_message_is_what_was_sent(aws, queue, send, receive, clock):
    sent = send(queue, "hello")
    (message,) = receive(queue)
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "hello")
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"]
    assert set(message) == {"MessageId", "ReceiptHandle", "MD5OfBody", "Body"}


def test_one_message_is_received_unless_more_are_asked_for(queue, send, bodies):
    for body in "abc":
        send(queue, body)
    assert bodies(queue, most=1) == ["a"]
    assert bodies(queue, most=10) == ["b", "c"]


@pytest.mark.parametrize("most", [0, 11])
def test_a_number_of_messages_out_of_range_is_refused(queue, bodies, refused, most):
    message = (
        f"Value {most} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."
    )
    with refused("InvalidParameterValue", message):
        bodies(queue, most=most)


def test_an_empty_queue_gives_no_messages_at_all(sqs, queue):
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)


# -- visibility


def test_a_received_message_is_hidden_for_the_visibility_timeout(queue, send, bodies, counted, clock):
    send(queue, "x")
    assert bodies(queue) == ["x"]
    assert (bodies(queue), counted(queue)) == ([], (0, 1, 0))
    clock.advance(seconds=30)
    assert counted(queue) == (1, 0, 0)
    assert bodies(queue) == ["x"]


def test_a_receive_may_have_a_timeout_of_its_own(queue, send, bodies, clock):
    send(queue, "x")
    bodies(queue, VisibilityTimeout=100)
    clock.advance(seconds=99)
    assert bodies(queue) == []
    clock.advance(seconds=1)
    assert bodies(queue) == ["x"]


def test_with_a_timeout_of_nothing_a_message_is_received_once_per_request(queue, send, bodies):
    send(queue, "x")
    assert bodies(queue, VisibilityTimeout=0) == ["x"]
    assert bodies(queue, VisibilityTimeout=0) == ["x"]


@pytest.mark.parametrize("timeout", [-1, 43201])
def test_a_timeout_out_of_range_is_refused(queue, bodies, refused, timeout):
    message = f"Value {timeout} for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200"
    with refused("InvalidParameterValue", message):
        bodies(queue, VisibilityTimeout=timeout)


def test_every_receive_has_a_handle_of_its_own(queue, send, receive):
    send(queue, "x")
    first = receive(queue, VisibilityTimeout=0)[0]["ReceiptHandle"]
    assert receive(queue)[0]["ReceiptHandle"] != first


# -- system attributes


def test_all_system_attributes_of_a_message(aws, queue, send, receive, clock):
    sent_at = clock.now()
    send(queue, "x")
    receive(queue, VisibilityTimeout=0)
    clock.advance(seconds=5)
    shown = receive(queue, MessageSystemAttributeNames=["All"])[0]["Attributes"]
    assert set(shown) == {
        "SenderId",
        "SentTimestamp",
        "ApproximateReceiveCount",
        "ApproximateFirstReceiveTimestamp",
    }
    assert shown["SenderId"] == aws.account
    assert shown["ApproximateReceiveCount"] == "2"
    assert abs(int(shown["SentTimestamp"]) - sent_at * 1000) < 2000
    assert abs(int(shown["ApproximateFirstReceiveTimestamp"]) - sent_at * 1000) < 2000


def test_both_lists_of_attribute_names_are_heard(queue, send, receive):
    send(queue, "x")
    (message,) = receive(queue, AttributeNames=["SenderId"], MessageSystemAttributeNames=["ApproximateReceiveCount"])
    assert set(message["Attributes"]) == {"SenderId", "ApproximateReceiveCount"}


def test_an_unknown_system_attribute_is_refused(queue, receive, refused):
    with refused("InvalidAttributeName", "Unknown Attribute Colour."):
        receive(queue, MessageSystemAttributeNames=["Colour"])


# -- deleting


def test_a_deleted_message_does_not_come_back(sqs, queue, send, receive, counted, clock):
    send(queue, "x")
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=receive(queue)[0]["ReceiptHandle"])
    clock.advance(seconds=31)
    assert (receive(queue), counted(queue)) == ([], (0, 0, 0))


def test_deleting_again_succeeds(sqs, queue, send, receive):
    send(queue, "x")
    handle = receive(queue)[0]["ReceiptHandle"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)


def test_a_standard_queue_honours_the_handle_of_an_earlier_receive(sqs, queue, send, receive, clock):
    send(queue, "x")
    handle = receive(queue, VisibilityTimeout=1)[0]["ReceiptHandle"]
    clock.advance(seconds=2)
    receive(queue)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    clock.advance(seconds=31)
    assert receive(queue) == []


@pytest.mark.parametrize("handle", ["garbage", "AQEB", "ä", "AQEB" + "A" * 32])
def test_a_handle_that_was_never_issued_is_refused(sqs, queue, refused, handle):
    with refused("ReceiptHandleIsInvalid", f'The input receipt handle "{handle}" is not a valid receipt handle.'):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)


def test_a_handle_of_another_queue_is_refused(sqs, queue, make_queue, send, receive, refused):
    send(queue, "x")
    handle = receive(queue)[0]["ReceiptHandle"]
    with refused("ReceiptHandleIsInvalid", "is not valid for this queue."):
        sqs.delete_message(QueueUrl=make_queue("other"), ReceiptHandle=handle)


# -- changing visibility


@pytest.fixture
def change(sqs):
    def change(url, message, timeout):
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=timeout)

    return change


def test_a_changed_timeout_counts_from_the_change(queue, send, receive, bodies, change, clock):
    send(queue, "x")
    (message,) = receive(queue)
    clock.advance(seconds=20)
    change(queue, message, 60)
    clock.advance(seconds=59)
    assert bodies(queue) == []
    clock.advance(seconds=1)
    assert bodies(queue) == ["x"]


def test_a_timeout_of_nothing_gives_the_message_back(queue, send, receive, bodies, counted, change):
    send(queue, "x")
    change(queue, receive(queue)[0], 0)
    assert counted(queue) == (1, 0, 0)
    assert bodies(queue) == ["x"]


def test_a_message_can_be_deleted_after_a_change(sqs, queue, send, receive, change, clock):
    send(queue, "x")
    (message,) = receive(queue)
    change(queue, message, 60)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    clock.advance(seconds=61)
    assert receive(queue) == []


def test_a_change_of_a_message_that_is_visible_again_changes_nothing(queue, send, receive, bodies, change, clock):
    send(queue, "x")
    (message,) = receive(queue)
    clock.advance(seconds=30)
    change(queue, message, 60)
    assert bodies(queue) == ["x"]


def test_a_change_of_a_deleted_message_is_refused(sqs, queue, send, receive, change, refused):
    send(queue, "x")
    (message,) = receive(queue)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    reason = "Reason: Message does not exist or is not available for visibility timeout change."
    with refused("InvalidParameterValue", reason):
        change(queue, message, 60)


def test_a_change_out_of_range_is_refused(queue, send, receive, change, refused):
    send(queue, "x")
    (message,) = receive(queue)
    with refused("InvalidParameterValue", "Value 43201 for parameter VisibilityTimeout is invalid."):
        change(queue, message, 43201)


def test_a_message_is_in_flight_for_twelve_hours_at_most(queue, send, receive, change, clock, refused):
    send(queue, "x")
    (message,) = receive(queue, VisibilityTimeout=43200)
    clock.advance(hours=2)
    change(queue, message, 9 * 3600)
    with refused(
        "InvalidParameterValue", "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"
    ):
        change(queue, message, 10 * 3600 + 1)


# -- long polls


@pytest.fixture
def polling(aws):
    """Receives in a thread of its own, with a client of its own."""
    threads = []

    class Poll(threading.Thread):
        def __init__(self, url, **params):
            super().__init__()
            self.sqs, self.params, self.bodies = aws("sqs"), {"QueueUrl": url, **params}, None
            self.start()
            time.sleep(0.15)  # until the request waits at the server
            assert self.is_alive()
            threads.append(self)

        def run(self):
            answer = self.sqs.receive_message(**self.params)
            self.bodies = [message["Body"] for message in answer.get("Messages", [])]

        def answer(self):
            self.join(5)
            return self.bodies

    yield Poll
    for thread in threads:
        thread.join(5)


def test_a_long_poll_answers_when_a_message_arrives(queue, send, polling):
    poll = polling(queue, WaitTimeSeconds=20)
    send(queue, "x")
    assert poll.answer() == ["x"]


def test_a_long_poll_ends_with_nothing(queue, polling, clock):
    poll = polling(queue, WaitTimeSeconds=20)
    clock.advance(seconds=20)
    assert poll.answer() == []


def test_a_queue_may_make_every_poll_a_long_one(make_queue, send, polling):
    url = make_queue(ReceiveMessageWaitTimeSeconds=20)
    poll = polling(url)
    send(url, "x")
    assert poll.answer() == ["x"]


def test_a_long_poll_sees_a_delayed_message_become_visible(queue, send, polling, clock):
    send(queue, "x", DelaySeconds=10)
    poll = polling(queue, WaitTimeSeconds=20)
    clock.advance(seconds=10)
    assert poll.answer() == ["x"]


def test_a_long_poll_sees_a_delayed_message_without_the_clock_being_moved(queue, send, polling):
    send(queue, "x", DelaySeconds=1)
    started = time.monotonic()
    assert polling(queue, WaitTimeSeconds=5).answer() == ["x"]
    assert time.monotonic() - started < 3


def test_a_long_poll_sees_a_message_come_back_from_another_receiver(queue, send, receive, polling):
    send(queue, "x")
    receive(queue, VisibilityTimeout=1)
    assert polling(queue, WaitTimeSeconds=5).answer() == ["x"]


def test_a_long_poll_sees_a_message_given_back(sqs, queue, send, receive, polling):
    send(queue, "x")
    (message,) = receive(queue)
    poll = polling(queue, WaitTimeSeconds=20)
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    assert poll.answer() == ["x"]


def test_a_long_poll_of_a_fifo_queue_sees_its_group_become_free(sqs, fifo, send, receive, polling):
    send(fifo, "a", MessageGroupId="g")
    send(fifo, "b", MessageGroupId="g")
    (message,) = receive(fifo, most=1)
    poll = polling(fifo, WaitTimeSeconds=20)
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=message["ReceiptHandle"])
    assert poll.answer() == ["b"]


def test_one_message_answers_one_of_many_long_polls(queue, send, polling, clock):
    polls = [polling(queue, WaitTimeSeconds=20) for _ in range(3)]
    send(queue, "x")
    time.sleep(0.1)
    clock.advance(seconds=20)
    assert sorted(poll.answer() for poll in polls) == [[], [], ["x"]]


def test_other_requests_are_answered_during_a_long_poll(sqs, queue, send, make_queue, polling, bodies):
    poll = polling(queue, WaitTimeSeconds=20)
    other = make_queue("other")
    send(other, "y")
    assert bodies(other) == ["y"]
    send(queue, "x")
    assert poll.answer() == ["x"]


@pytest.mark.parametrize("wait", [-1, 21])
def test_a_wait_out_of_range_is_refused(queue, bodies, refused, wait):
    message = f"Value {wait} for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."
    with refused("InvalidParameterValue", message):
        bodies(queue, WaitTimeSeconds=wait)
