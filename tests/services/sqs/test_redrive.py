"""Dead-letter queues, and moving what is in them."""

import json

import pytest


@pytest.fixture
def arn(attributes):
    return lambda url: attributes(url, "QueueArn")["QueueArn"]


@pytest.fixture
def redrive_to(arn):
    """The RedrivePolicy that sends dead letters to a queue."""

    def policy(url, receives=1):
        return json.dumps({"deadLetterTargetArn": arn(url), "maxReceiveCount": receives})

    return policy


@pytest.fixture
def dead(make_queue):
    return make_queue("dead")


@pytest.fixture
def source(make_queue, dead, redrive_to):
    """A queue whose messages are dead letters after one receive."""
    return make_queue("source", RedrivePolicy=redrive_to(dead))


@pytest.fixture
def die(send, receive, clock):
    """Sends messages and receives them until they are dead letters."""

    def die(url, *texts, **params):
        for text in texts:
            send(url, text, **params)
        receive(url, VisibilityTimeout=0)
        assert receive(url) == []

    return die


def test_a_message_is_a_dead_letter_after_the_allowed_receives(make_queue, dead, redrive_to, send, bodies):
    url = make_queue("source", RedrivePolicy=redrive_to(dead, receives=2))
    send(url, "x")
    assert bodies(url, VisibilityTimeout=0) == ["x"]
    assert bodies(url, VisibilityTimeout=0) == ["x"]
    assert (bodies(url), bodies(dead)) == ([], ["x"])


def test_a_deleted_message_is_no_dead_letter(sqs, source, dead, send, receive, bodies, clock):
    send(source, "x")
    sqs.delete_message(QueueUrl=source, ReceiptHandle=receive(source)[0]["ReceiptHandle"])
    clock.advance(seconds=31)
    assert (bodies(source), bodies(dead)) == ([], [])


def test_a_dead_letter_keeps_what_it_is(source, dead, arn, send, receive):
    attribute = {"a": {"DataType": "String", "StringValue": "x"}}
    sent = send(source, "body", MessageAttributes=attribute)
    first = receive(source, AttributeNames=["All"], VisibilityTimeout=0)[0]["Attributes"]
    receive(source)
    (message,) = receive(dead, AttributeNames=["All"], MessageAttributeNames=["All"])
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "body")
    assert message["MessageAttributes"] == attribute
    shown = message["Attributes"]
    assert shown["DeadLetterQueueSourceArn"] == arn(source)
    assert shown["SentTimestamp"] == first["SentTimestamp"]
    assert shown["ApproximateFirstReceiveTimestamp"] == first["ApproximateFirstReceiveTimestamp"]
    assert shown["ApproximateReceiveCount"] == "2"


def test_a_dead_letter_of_a_standard_queue_lives_from_its_first_arrival(sqs, source, dead, die, counted, clock):
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"MessageRetentionPeriod": "100"})
    sent = clock.now()
    clock.advance(seconds=1)
    die(source, "x")
    assert counted(dead) == (1, 0, 0)
    clock.advance(seconds=102 - (clock.now() - sent))
    assert counted(dead) == (0, 0, 0)


def test_dead_letters_make_way_for_the_messages_behind_them(source, dead, send, receive, bodies):
    for text in ("a", "b"):
        send(source, text)
    receive(source, VisibilityTimeout=0)
    send(source, "c")
    assert bodies(source, most=1) == ["c"]
    assert bodies(dead) == ["a", "b"]


def test_a_dead_letter_stays_when_its_queue_is_gone(sqs, source, dead, send, bodies):
    send(source, "x")
    sqs.delete_queue(QueueUrl=dead)
    for _ in range(3):
        assert bodies(source, VisibilityTimeout=0) == ["x"]


def test_a_fifo_dead_letter_frees_its_group_and_keeps_it(make_queue, redrive_to, send, receive, bodies):
    grave = make_queue("dead.fifo")
    url = make_queue("source.fifo", ContentBasedDeduplication="true", RedrivePolicy=redrive_to(grave))
    for text in ("a1", "a2"):
        send(url, text, MessageGroupId="a")
    receive(url, most=1, VisibilityTimeout=0)
    assert bodies(url) == ["a2"]
    (message,) = receive(grave, AttributeNames=["MessageGroupId"])
    assert (message["Body"], message["Attributes"]) == ("a1", {"MessageGroupId": "a"})


# -- policies


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("{", "Redrive policy is not a valid JSON map."),
        ("[]", "Redrive policy is not a valid JSON map."),
        ({}, "Redrive policy does not contain mandatory attribute: maxReceiveCount."),
        ({"maxReceiveCount": 1}, "Redrive policy does not contain mandatory attribute: deadLetterTargetArn."),
        ({"maxReceiveCount": 0, "deadLetterTargetArn": "DEAD"}, "Invalid value for maxReceiveCount: 0, valid values"),
        ({"maxReceiveCount": 1001, "deadLetterTargetArn": "DEAD"}, "are from 1 to 1000 both inclusive."),
        ({"maxReceiveCount": "many", "deadLetterTargetArn": "DEAD"}, "Invalid value for maxReceiveCount: many"),
        ({"maxReceiveCount": 1, "deadLetterTargetArn": "DEADx"}, "Dead letter target does not exist."),
        ({"maxReceiveCount": 1, "deadLetterTargetArn": "dead"}, "Invalid value for deadLetterTargetArn."),
        ({"maxReceiveCount": 1, "deadLetterTargetArn": "DEAD", "more": 1}, "Only following attributes are supported"),
    ],
)
def test_a_bad_redrive_policy_is_refused(sqs, queue, dead, arn, refused, policy, reason):
    text = policy if isinstance(policy, str) else json.dumps(policy).replace("DEAD", arn(dead))
    with refused("InvalidParameterValue", reason):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": text})


def test_a_count_may_be_written_as_text(sqs, queue, dead, redrive_to):
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": redrive_to(dead, receives="3")})


def test_a_dead_letter_queue_is_of_the_same_kind(make_queue, dead, redrive_to, refused):
    with refused("InvalidParameterValue", "Dead-letter queue must be same type of queue as the source."):
        make_queue("source.fifo", RedrivePolicy=redrive_to(dead))


def test_a_dead_letter_queue_is_of_the_same_account(aws, queue, sqs, refused):
    target = "arn:aws:sqs:us-east-1:123412341234:dead"
    policy = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": 1})
    with refused("InvalidParameterValue", "Dead letter target owner should be same as the source."):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy})


def test_a_redrive_policy_can_be_taken_away(sqs, source, attributes, send, bodies):
    sqs.set_queue_attributes(QueueUrl=source, Attributes={"RedrivePolicy": ""})
    assert "RedrivePolicy" not in attributes(source)
    send(source, "x")
    for _ in range(3):
        assert bodies(source, VisibilityTimeout=0) == ["x"]


@pytest.mark.parametrize(
    ("allow", "allowed"),
    [
        ({"redrivePermission": "allowAll"}, True),
        ({"redrivePermission": "denyAll"}, False),
        ({"redrivePermission": "byQueue", "sourceQueueArns": ["SOURCE"]}, True),
        ({"redrivePermission": "byQueue", "sourceQueueArns": ["SOURCEx"]}, False),
    ],
)
def test_a_dead_letter_queue_chooses_its_sources(sqs, queue, dead, arn, redrive_to, refused, allow, allowed):
    text = json.dumps(allow).replace("SOURCE", arn(queue))
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": text})
    change = {"QueueUrl": queue, "Attributes": {"RedrivePolicy": redrive_to(dead)}}
    if allowed:
        sqs.set_queue_attributes(**change)
        return
    with refused("InvalidParameterValue", "does not allow"):
        sqs.set_queue_attributes(**change)


@pytest.mark.parametrize(
    "allow",
    [
        "{",
        {"redrivePermission": "some"},
        {"redrivePermission": "byQueue"},
        {"redrivePermission": "byQueue", "sourceQueueArns": []},
        {"redrivePermission": "byQueue", "sourceQueueArns": ["arn:aws:sqs:us-east-1:123412341234:q"] * 11},
        {"redrivePermission": "byQueue", "sourceQueueArns": ["queue"]},
        {"redrivePermission": "allowAll", "sourceQueueArns": ["arn:aws:sqs:us-east-1:123412341234:q"]},
    ],
)
def test_a_bad_redrive_allow_policy_is_refused(sqs, queue, refused, allow):
    text = allow if isinstance(allow, str) else json.dumps(allow)
    with refused("InvalidParameterValue", "for parameter RedriveAllowPolicy is invalid. Reason:"):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedriveAllowPolicy": text})


def test_the_sources_of_a_dead_letter_queue_are_listed(sqs, make_queue, dead, redrive_to):
    urls = [make_queue(name, RedrivePolicy=redrive_to(dead)) for name in ("s1", "s2", "s3")]
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == urls
    sqs.set_queue_attributes(QueueUrl=urls[0], Attributes={"RedrivePolicy": ""})
    sqs.delete_queue(QueueUrl=urls[1])
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == urls[2:]


def test_pages_of_sources_add_up_to_all_of_them(sqs, make_queue, dead, redrive_to):
    urls = [make_queue(name, RedrivePolicy=redrive_to(dead)) for name in ("s1", "s2", "s3")]
    pages = sqs.get_paginator("list_dead_letter_source_queues").paginate(
        QueueUrl=dead, PaginationConfig={"PageSize": 2}
    )
    assert [url for page in pages for url in page["queueUrls"]] == urls


def test_a_queue_without_sources_lists_none(sqs, queue):
    assert sqs.list_dead_letter_source_queues(QueueUrl=queue)["queueUrls"] == []


# -- moving


@pytest.fixture
def start(sqs, arn, clock):
    """Starts a move out of a queue, lets it run, and gives its handle."""

    def start(url, run=1.0, **params):
        handle = sqs.start_message_move_task(SourceArn=arn(url), **params)["TaskHandle"]
        clock.advance(seconds=run)
        return handle

    return start


@pytest.fixture
def last_move(sqs, arn):
    return lambda url: sqs.list_message_move_tasks(SourceArn=arn(url))["Results"][0]


def test_dead_letters_are_moved_back_to_where_they_came_from(make_queue, dead, redrive_to, die, start, bodies):
    first, second = (make_queue(name, RedrivePolicy=redrive_to(dead)) for name in ("s1", "s2"))
    die(first, "one")
    die(second, "two")
    start(dead)
    assert (bodies(first), bodies(second), bodies(dead)) == (["one"], ["two"], [])


def test_a_moved_message_is_a_new_one(source, dead, die, start, send, receive, clock):
    die(source, "x")
    before = receive(dead, AttributeNames=["All"], VisibilityTimeout=0)[0]
    clock.advance(seconds=100)
    start(dead)
    (after,) = receive(source, AttributeNames=["All"])
    assert after["MessageId"] != before["MessageId"]
    assert after["Attributes"]["ApproximateReceiveCount"] == "1"
    assert int(after["Attributes"]["SentTimestamp"]) >= int(before["Attributes"]["SentTimestamp"]) + 100_000
    assert "DeadLetterQueueSourceArn" not in after["Attributes"]


def test_dead_letters_can_be_moved_elsewhere(source, dead, make_queue, arn, send, start, bodies, last_move):
    send(dead, "sent here directly")
    other = make_queue("other")
    start(dead, DestinationArn=arn(other))
    assert bodies(other) == ["sent here directly"]
    assert last_move(dead)["DestinationArn"] == arn(other)


def test_a_finished_move_is_described(source, dead, arn, die, start, last_move, clock):
    die(source, "a", "b")
    started = clock.now()
    start(dead)
    move = last_move(dead)
    assert abs(move.pop("StartedTimestamp") - started * 1000) < 2000
    assert move == {
        "Status": "COMPLETED",
        "SourceArn": arn(dead),
        "ApproximateNumberOfMessagesMoved": 2,
        "ApproximateNumberOfMessagesToMove": 2,
    }


def test_a_message_of_unknown_origin_stops_the_move(source, dead, send, start, bodies, last_move):
    send(dead, "sent here directly")
    start(dead)
    assert (last_move(dead)["Status"], last_move(dead)["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert bodies(dead) == ["sent here directly"]


def test_a_move_has_a_rate(source, dead, arn, die, start, last_move, counted, clock):
    die(source, *"abcdef")
    handle = start(dead, run=0.5, MaxNumberOfMessagesPerSecond=2)
    assert counted(dead) == (4, 0, 0)
    move = last_move(dead)
    assert (move["Status"], move["TaskHandle"], move["MaxNumberOfMessagesPerSecond"]) == ("RUNNING", handle, 2)
    clock.advance(seconds=1)
    assert counted(dead) == (2, 0, 0)
    clock.advance(seconds=1)
    assert (counted(dead), last_move(dead)["Status"]) == ((0, 0, 0), "COMPLETED")


def test_a_cancelled_move_leaves_the_rest(sqs, source, dead, die, start, last_move, counted, clock):
    die(source, *"abcdef")
    handle = start(dead, run=0.5, MaxNumberOfMessagesPerSecond=2)
    assert sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"] == 2
    clock.advance(seconds=10)
    assert (counted(dead), counted(source)) == ((4, 0, 0), (2, 0, 0))
    assert last_move(dead)["Status"] == "CANCELLED"
    assert "TaskHandle" not in last_move(dead)


def test_a_finished_move_cannot_be_cancelled(sqs, source, dead, die, start, refused):
    die(source, "x")
    handle = start(dead)
    with refused("InvalidParameterValue", "Only active tasks can be cancelled."):
        sqs.cancel_message_move_task(TaskHandle=handle)


def test_one_move_at_a_time(source, dead, arn, sqs, die, start, refused):
    die(source, *"abcdef")
    start(dead, run=0.5, MaxNumberOfMessagesPerSecond=1)
    with refused("InvalidParameterValue", "There is already a task running."):
        sqs.start_message_move_task(SourceArn=arn(dead))


def test_moves_are_listed_from_the_last_one(sqs, source, dead, arn, die, start):
    for number in range(3):
        die(source, *"x" * (number + 1))
        start(dead)
        sqs.purge_queue(QueueUrl=source) if number == 0 else None
    results = sqs.list_message_move_tasks(SourceArn=arn(dead), MaxResults=10)["Results"]
    assert len(results) == 3
    assert [move["StartedTimestamp"] for move in results] == sorted(
        (move["StartedTimestamp"] for move in results), reverse=True
    )
    assert len(sqs.list_message_move_tasks(SourceArn=arn(dead))["Results"]) == 1


def test_only_dead_letter_queues_are_moved_from(sqs, queue, arn, refused):
    with refused("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue."):
        sqs.start_message_move_task(SourceArn=arn(queue))


def test_a_source_that_is_not_there_is_refused(sqs, queue, arn, refused):
    with refused(
        "ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist."
    ):
        sqs.start_message_move_task(SourceArn=arn(queue) + "x")


def test_a_destination_that_is_not_there_is_refused(sqs, source, dead, arn, refused):
    with refused("ResourceNotFoundException", "DestinationArn parameter doesn't exist."):
        sqs.start_message_move_task(SourceArn=arn(dead), DestinationArn=arn(dead) + "x")


def test_a_source_that_is_no_arn_is_refused(sqs, refused):
    with refused("InvalidParameterValue", "You must use this format to specify the SourceArn: arn:<partition>"):
        sqs.start_message_move_task(SourceArn="dead")


@pytest.mark.parametrize("rate", [0, 501])
def test_a_rate_out_of_range_is_refused(sqs, source, dead, arn, refused, rate):
    with refused("InvalidParameterValue", "Value for parameter MaxNumberOfMessagesPerSecond is invalid."):
        sqs.start_message_move_task(SourceArn=arn(dead), MaxNumberOfMessagesPerSecond=rate)


@pytest.mark.parametrize("handle", ["garbage", "e30="])
def test_a_made_up_handle_is_refused(sqs, refused, handle):
    with refused("InvalidParameterValue", "Value for parameter TaskHandle is invalid."):
        sqs.cancel_message_move_task(TaskHandle=handle)


def test_a_fifo_queue_s_dead_letters_are_moved_in_order(make_queue, redrive_to, send, receive, start, bodies):
    grave = make_queue("dead.fifo")
    url = make_queue("source.fifo", ContentBasedDeduplication="true", RedrivePolicy=redrive_to(grave))
    for text in ("a1", "a2", "b1"):
        send(url, text, MessageGroupId=text[0])
    receive(url, VisibilityTimeout=0)
    assert receive(url) == []
    start(grave)
    assert bodies(url) == ["a1", "a2", "b1"]
