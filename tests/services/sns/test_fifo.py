"""FIFO topics: order, groups, deduplication, archive and replay."""

import json
from datetime import UTC, datetime

import pytest


def publish(sns, topic, body, group="g", **params):
    return sns.publish(TopicArn=topic, Message=body, MessageGroupId=group, **params)


@pytest.fixture
def queue(fifo, make_queue, subscribe):
    queue = make_queue("queue.fifo")
    subscribe(fifo, queue.arn, RawMessageDelivery="true")
    return queue


def test_messages_of_a_group_arrive_in_order_with_their_numbers(sns, fifo, queue):
    numbers = [publish(sns, fifo, str(number))["SequenceNumber"] for number in range(5)]
    messages = queue.messages()
    assert [message["Body"] for message in messages] == list("01234")
    assert {message["Attributes"]["MessageGroupId"] for message in messages} == {"g"}
    assert numbers == sorted(numbers) and {len(number) for number in numbers} == {20}


def test_a_duplicate_within_five_minutes_arrives_once(sns, fifo, queue, clock):
    first = publish(sns, fifo, "a", MessageDeduplicationId="d")
    clock.advance(minutes=4)
    again = publish(sns, fifo, "b", MessageDeduplicationId="d")
    assert (again["MessageId"], again["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    assert queue.bodies() == ["a"]


def test_after_five_minutes_it_is_no_duplicate(sns, fifo, make_queue, subscribe, clock):
    queue = make_queue("queue.fifo", VisibilityTimeout="0")
    subscribe(fifo, queue.arn, RawMessageDelivery="true")
    first = publish(sns, fifo, "a", MessageDeduplicationId="d")
    clock.advance(minutes=5, seconds=1)
    assert publish(sns, fifo, "b", MessageDeduplicationId="d")["MessageId"] != first["MessageId"]
    assert queue.bodies() == ["a", "b"]


def test_the_same_content_is_a_duplicate(sns, fifo, queue):
    for body in ("a", "a", "b"):
        publish(sns, fifo, body)
    assert queue.bodies() == ["a", "b"]


def test_groups_may_be_the_scope_of_deduplication(sns, make_topic, make_queue, subscribe):
    topic = make_topic("t.fifo", ContentBasedDeduplication="true", FifoThroughputScope="MessageGroup")
    queue = make_queue("queue.fifo", DeduplicationScope="messageGroup")
    subscribe(topic, queue.arn, RawMessageDelivery="true")
    for group in ("g", "h", "g"):
        publish(sns, topic, "a", group)
    assert queue.bodies() == ["a", "a"]


def test_a_group_is_needed(sns, fifo, refused):
    with refused("InvalidParameter", "The MessageGroupId parameter is required for FIFO topics"):
        sns.publish(TopicArn=fifo, Message="m")


def test_a_deduplication_id_is_needed_without_content_based_deduplication(sns, make_topic, refused):
    topic = make_topic("t.fifo")
    with refused("InvalidParameter", "ContentBasedDeduplication enabled or MessageDeduplicationId provided"):
        publish(sns, topic, "m")


def test_a_standard_queue_may_be_subscribed(sns, fifo, make_queue, subscribe):
    queue = make_queue("standard")
    subscribe(fifo, queue.arn, RawMessageDelivery="true")
    publish(sns, fifo, "m", MessageDeduplicationId="d")
    assert queue.bodies() == ["m"]


def test_a_notification_has_its_number_and_no_signature(sns, fifo, make_queue, subscribe):
    queue = make_queue("queue.fifo")
    subscribe(fifo, queue.arn)
    sent = publish(sns, fifo, "m")
    document = json.loads(queue.bodies()[0])
    assert list(document) == [
        "Type",
        "MessageId",
        "SequenceNumber",
        "TopicArn",
        "Message",
        "Timestamp",
        "UnsubscribeURL",
    ]
    assert document["SequenceNumber"] == sent["SequenceNumber"]


def test_a_batch_keeps_its_order_and_has_its_duplicates(sns, fifo, queue):
    entries = [{"Id": str(at), "Message": body, "MessageGroupId": "g"} for at, body in enumerate("abac")]
    answer = sns.publish_batch(TopicArn=fifo, PublishBatchRequestEntries=entries)
    assert len({each["MessageId"] for each in answer["Successful"]}) == 3
    assert queue.bodies() == ["a", "b", "c"]


def test_what_cannot_be_delivered_keeps_its_order_in_the_dead_letter_queue(sns, fifo, make_queue, subscribe):
    dead, queue = make_queue("dead.fifo"), make_queue("queue.fifo", Policy="")
    subscribe(fifo, queue.arn, RawMessageDelivery="true", RedrivePolicy={"deadLetterTargetArn": dead.arn})
    for body in "abc":
        publish(sns, fifo, body)
    assert dead.bodies() == list("abc")


# -- archive and replay


def archived(make_topic, days=7):
    return make_topic(
        "t.fifo", ContentBasedDeduplication="true", ArchivePolicy=json.dumps({"MessageRetentionPeriod": str(days)})
    )


def moment(clock, seconds=0.0):
    return datetime.fromtimestamp(clock.now() + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def replayed_from(clock, seconds=0.0, **more):
    return {"PointType": "Timestamp", "StartingPoint": moment(clock, seconds), **more}


def test_an_archive_is_replayed_from_a_point_on(sns, make_topic, make_queue, subscribe, clock):
    topic = archived(make_topic)
    publish(sns, topic, "too early")
    clock.advance(minutes=10)
    for body in "abc":
        publish(sns, topic, body)
    queue = make_queue("queue.fifo", VisibilityTimeout="0")
    arn = subscribe(topic, queue.arn, ReplayPolicy=replayed_from(clock, -60))
    clock.advance(seconds=1)
    documents = [json.loads(body) for body in queue.bodies()]
    assert [(each["Message"], each["Replayed"]) for each in documents] == [("a", "true"), ("b", "true"), ("c", "true")]
    publish(sns, topic, "d")
    assert [json.loads(body)["Message"] for body in queue.bodies()] == list("abcd")
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["ReplayStatus"] == "Completed"


def test_a_replay_with_an_end_is_followed_by_nothing(sns, make_topic, make_queue, subscribe, clock):
    topic = archived(make_topic)
    publish(sns, topic, "a")
    clock.advance(minutes=10)
    publish(sns, topic, "b")
    queue = make_queue("queue.fifo", VisibilityTimeout="0")
    policy = replayed_from(clock, -3600, EndingPoint=moment(clock, -300))
    arn = subscribe(topic, queue.arn, RawMessageDelivery="true", ReplayPolicy=policy)
    clock.advance(seconds=1)
    publish(sns, topic, "c")
    assert queue.bodies() == ["a"]
    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="ReplayPolicy", AttributeValue="")
    publish(sns, topic, "d")
    assert queue.bodies() == ["a", "d"]


def test_a_replay_goes_through_the_filter_and_repeats_what_was_delivered(sns, make_topic, make_queue, subscribe, clock):
    topic = archived(make_topic)
    queue = make_queue("queue.fifo", VisibilityTimeout="0")
    arn = subscribe(
        topic, queue.arn, RawMessageDelivery="true", FilterPolicyScope="MessageBody", FilterPolicy={"n": [1]}
    )
    for number in (1, 2):
        publish(sns, topic, json.dumps({"n": number}))
    sns.set_subscription_attributes(
        SubscriptionArn=arn, AttributeName="ReplayPolicy", AttributeValue=json.dumps(replayed_from(clock, -60))
    )
    clock.advance(seconds=1)
    assert queue.bodies() == ['{"n": 1}', '{"n": 1}']


def test_a_long_archive_is_replayed_in_order(sns, make_topic, make_queue, subscribe, clock):
    topic = archived(make_topic)
    for start in range(0, 120, 10):
        entries = [{"Id": str(at), "Message": str(start + at), "MessageGroupId": str(at)} for at in range(10)]
        sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    queue = make_queue("standard")
    subscribe(topic, queue.arn, RawMessageDelivery="true", ReplayPolicy=replayed_from(clock, -60))
    clock.advance(seconds=1)
    got = []
    while bodies := queue.bodies():
        got += bodies
    assert got == [str(number) for number in range(120)]


def test_what_is_older_than_the_archive_policy_says_is_gone(sns, make_topic, make_queue, subscribe, clock):
    topic = archived(make_topic, days=1)
    publish(sns, topic, "old")
    clock.advance(hours=23)
    publish(sns, topic, "young")
    clock.advance(hours=2)
    queue = make_queue("queue.fifo")
    subscribe(topic, queue.arn, RawMessageDelivery="true", ReplayPolicy=replayed_from(clock, -10 * 86_400))
    clock.advance(seconds=1)
    assert queue.bodies() == ["young"]


def test_a_topic_says_since_when_it_has_an_archive(sns, make_topic):
    topic = archived(make_topic)
    shown = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert json.loads(shown["ArchivePolicy"]) == {"MessageRetentionPeriod": "7"}
    assert shown["BeginningArchiveTime"].endswith("Z")


def test_an_archive_policy_is_shown_as_it_was_given(sns, make_topic):
    topic = make_topic("n.fifo", ArchivePolicy='{"MessageRetentionPeriod":7}')
    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert attributes["ArchivePolicy"] == '{"MessageRetentionPeriod":7}'


def test_a_topic_with_an_archive_is_not_deleted(sns, make_topic, refused):
    topic = archived(make_topic)
    with refused("InvalidState", "archive policy"):
        sns.delete_topic(TopicArn=topic)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="ArchivePolicy", AttributeValue="{}")
    sns.delete_topic(TopicArn=topic)


@pytest.mark.parametrize("policy", ["{", "[]", "{}x", '{"MessageRetentionPeriod":"366"}', '{"Days":"3"}'])
def test_a_malformed_archive_policy_is_refused(sns, fifo, refused, policy):
    with refused("InvalidParameter", "ArchivePolicy"):
        sns.set_topic_attributes(TopicArn=fifo, AttributeName="ArchivePolicy", AttributeValue=policy)


@pytest.mark.parametrize(
    "policy",
    [
        {"PointType": "Sequence", "StartingPoint": "2026-01-01T00:00:00Z"},
        {"PointType": "Timestamp"},
        {"PointType": "Timestamp", "StartingPoint": "yesterday"},
        {"PointType": "Timestamp", "StartingPoint": "2026-01-02T00:00:00Z", "EndingPoint": "2026-01-01T00:00:00Z"},
    ],
)
def test_a_malformed_replay_policy_is_refused(make_topic, make_queue, subscribe, refused, policy):
    topic, queue = archived(make_topic), make_queue("queue.fifo")
    with refused("InvalidParameter", "ReplayPolicy"):
        subscribe(topic, queue.arn, ReplayPolicy=policy)
