"""Publishing to a topic: what is refused, and what arrives in queues."""

import json

import pytest


def text(value, data_type="String"):
    return {"DataType": data_type, "StringValue": value}


def test_a_queue_gets_the_notification(sns, topic, subscribed):
    queue = subscribed(topic)
    sent = sns.publish(TopicArn=topic, Message="Grüße\n", Subject="Hello", MessageAttributes={"a": text("b")})
    (body,) = queue.bodies()
    document = json.loads(body)
    assert list(document) == [
        "Type",
        "MessageId",
        "TopicArn",
        "Subject",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
        "UnsubscribeURL",
        "MessageAttributes",
    ]
    assert (document["Type"], document["MessageId"], document["TopicArn"]) == ("Notification", sent["MessageId"], topic)
    assert (document["Message"], document["Subject"]) == ("Grüße\n", "Hello")
    assert document["MessageAttributes"] == {"a": {"Type": "String", "Value": "b"}}
    assert len(document["Timestamp"]) == len("2026-01-01T00:00:00.000Z")
    assert body.startswith('{\n  "Type" : "Notification",\n  "MessageId" : "')


def test_every_subscriber_gets_one_copy(sns, topic, subscribed, make_queue):
    queues = [subscribed(topic, f"q{number}") for number in range(3)]
    sns.publish(TopicArn=topic, Message="m")
    assert [queue.texts() for queue in queues] == [["m"]] * 3
    assert make_queue("stranger").bodies() == []


def test_more_than_a_hundred_subscribers_all_get_it(sns, topic, subscribe, mails):
    for number in range(120):
        subscribe(topic, f"+1555000{number:04}", "sms")
    sns.publish(TopicArn=topic, Message="m")
    receivers = set()
    for _ in range(100):
        receivers = {mail["to"] for mail in mails(limit=200)}
        if len(receivers) == 120:
            break
    assert len(receivers) == 120


def test_raw_delivery_has_the_text_and_the_attributes(sns, topic, subscribed):
    queue = subscribed(topic, RawMessageDelivery="true")
    attributes = {"s": text("v"), "n": text("1.5", "Number"), "a": text('["x"]', "String.Array")}
    attributes["b"] = {"DataType": "Binary", "BinaryValue": b"\x00\xff"}
    sns.publish(TopicArn=topic, Message="plain", Subject="lost", MessageAttributes=attributes)
    (message,) = queue.messages()
    assert message["Body"] == "plain" and message["MessageAttributes"] == attributes


def test_a_queue_of_another_region_gets_it(sns, topic, make_queue, subscribe):
    queue = make_queue(region="eu-west-1")
    subscribe(topic, queue.arn)
    sns.publish(TopicArn=topic, Message="hello")
    assert queue.texts() == ["hello"]


def test_a_queue_that_does_not_let_sns_in_gets_nothing(sns, topic, make_queue, subscribe):
    queue = make_queue(Policy="")
    subscribe(topic, queue.arn)
    sns.publish(TopicArn=topic, Message="m")
    assert queue.bodies() == []


def test_a_queues_policy_tells_topics_apart(sns, topic, make_topic, make_queue, subscribe):
    from tests.services.sns.conftest import opened_to_sns

    other = make_topic("other")
    queue = make_queue(Policy=opened_to_sns(topic))
    for each in (topic, other):
        subscribe(each, queue.arn)
        sns.publish(TopicArn=each, Message=each)
    assert queue.texts() == [topic]


@pytest.mark.parametrize("raw", ["true", "false"])
@pytest.mark.parametrize("failure", ["deleted", "closed"])
def test_what_cannot_be_delivered_is_a_dead_letter(aws, sns, topic, make_queue, subscribe, raw, failure):
    dead, queue = make_queue("dead"), make_queue("queue", **({"Policy": ""} if failure == "closed" else {}))
    subscribe(topic, queue.arn, RawMessageDelivery=raw, RedrivePolicy={"deadLetterTargetArn": dead.arn})
    if failure == "deleted":
        aws("sqs").delete_queue(QueueUrl=queue.url)
    sns.publish(TopicArn=topic, Message="m", MessageAttributes={"a": text("b")})
    (message,) = dead.messages()
    if raw == "true":
        assert (message["Body"], message["MessageAttributes"]) == ("m", {"a": text("b")})
    else:
        assert json.loads(message["Body"])["Message"] == "m"


def test_a_raw_message_with_eleven_attributes_is_a_dead_letter(sns, topic, make_queue, subscribe):
    dead, queue = make_queue("dead"), make_queue()
    subscribe(topic, queue.arn, RawMessageDelivery="true", RedrivePolicy={"deadLetterTargetArn": dead.arn})
    attributes = {f"a{number}": text("v") for number in range(11)}
    sns.publish(TopicArn=topic, Message="m", MessageAttributes=attributes)
    assert (queue.bodies(), dead.bodies()) == ([], ["m"])


def test_a_structured_message_has_a_text_for_each_protocol(sns, topic, subscribed, subscribe, mails):
    queue = subscribed(topic)
    subscribe(topic, "+15551230000", "sms")
    body = json.dumps({"default": "for all", "sqs": "for queues", "http": "for hooks", "number": 5})
    sns.publish(TopicArn=topic, Message=body, MessageStructure="json")
    assert queue.texts() == ["for queues"] and mails()[-1]["body"] == "for all"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Message": ""}, "Empty message"),
        ({"Message": "x" * 262_145}, "Message too long"),
        ({"Message": "x" * 262_130, "MessageAttributes": {"name": text("value is long")}}, "Message too long"),
        ({"Subject": ""}, "Subject"),
        ({"Subject": "x" * 101}, "Subject"),
        ({"Subject": "two\nlines"}, "Subject"),
        ({"MessageStructure": "xml"}, "MessageStructure"),
        ({"MessageStructure": "json"}, "Message Structure - JSON message body failed to parse"),
        ({"MessageStructure": "json", "Message": "{}"}, "Message Structure - No default entry in JSON message body"),
        ({"MessageStructure": "json", "Message": '{"default":1}'}, "No default entry in JSON message body"),
        ({"MessageStructure": "json", "Message": '{"default":"a","default":"b"}'}, "failed to parse"),
        ({"MessageDeduplicationId": "d"}, "not valid for this topic type"),
        ({"MessageGroupId": "a b"}, "MessageGroupId"),
    ],
)
def test_a_malformed_message_is_refused(sns, topic, subscribed, refused, change, message):
    queue = subscribed(topic)
    with refused("InvalidParameter", message, 400):
        sns.publish(**{"TopicArn": topic, "Message": "m", **change})
    assert queue.bodies() == []


def test_the_largest_message_is_taken(sns, topic, subscribed):
    queue = subscribed(topic, RawMessageDelivery="true")
    sns.publish(TopicArn=topic, Message="x" * 262_144)
    assert [len(body) for body in queue.bodies()] == [262_144]


def test_a_topic_may_take_a_mebibyte(sns, make_topic, subscribed):
    topic = make_topic("large", MaximumMessageSize="1048576")
    queue = subscribed(topic, RawMessageDelivery="true")
    sns.publish(TopicArn=topic, Message="x" * 1_048_576)
    assert [len(body) for body in queue.bodies()] == [1_048_576]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("a", text("v", "Colour"), "has an invalid message attribute type"),
        ("a", text("", "String"), "must contain non-empty message attribute value for message attribute type 'String'"),
        ("a", text("x", "Number"), "Could not cast message attribute 'a' value to number."),
        ("a", text("x", "String.Array"), "must contain a JSON array"),
        ("a", {"DataType": "Binary", "StringValue": "x"}, "message attribute type 'Binary'"),
        ("a b", text("v"), "message attribute name 'a b' is invalid"),
        ("AWS.x", text("v"), "cannot start with AWS."),
        (".a", text("v"), "cannot start or end with a period"),
    ],
)
def test_a_malformed_message_attribute_is_refused(sns, topic, refused, name, value, message):
    with refused("ParameterValueInvalid", message, 400):
        sns.publish(TopicArn=topic, Message="m", MessageAttributes={name: value})


def test_a_message_needs_one_target(sns, topic, refused):
    with refused("InvalidParameter", "TopicArn or TargetArn Reason: no value for required parameter"):
        sns.publish(Message="m")
    with refused("InvalidParameter"):
        sns.publish(Message="m", TopicArn=topic, PhoneNumber="+15551230000")


def test_a_topic_may_be_the_target_arn(sns, topic, subscribed):
    queue = subscribed(topic)
    sns.publish(TargetArn=topic, Message="m")
    assert queue.texts() == ["m"]


def test_a_group_of_a_standard_topic_reaches_the_queue(sns, topic, subscribed):
    queue = subscribed(topic)
    sns.publish(TopicArn=topic, Message="m", MessageGroupId="tenant")
    assert [message["Attributes"]["MessageGroupId"] for message in queue.messages()] == ["tenant"]


# -- batches


def entry(number, **members):
    return {"Id": str(number), "Message": f"m{number}", **members}


def test_a_batch_is_published_entry_by_entry(sns, topic, subscribed):
    queue = subscribed(topic)
    answer = sns.publish_batch(
        TopicArn=topic, PublishBatchRequestEntries=[entry(1), entry(2, Subject="\n"), entry(3, Message="")]
    )
    assert [each["Id"] for each in answer["Successful"]] == ["1"]
    assert [(each["Id"], each["Code"], each["SenderFault"]) for each in answer["Failed"]] == [
        ("2", "InvalidParameter", True),
        ("3", "InvalidParameter", True),
    ]
    assert queue.texts() == ["m1"]


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([], "EmptyBatchRequest"),
        ([entry(number) for number in range(11)], "TooManyEntriesInBatchRequest"),
        ([entry(1), entry(1)], "BatchEntryIdsNotDistinct"),
        ([entry("a b")], "InvalidBatchEntryId"),
        ([entry(1, Message="x" * 200_000), entry(2, Message="x" * 100_000)], "BatchRequestTooLong"),
    ],
)
def test_a_malformed_batch_is_refused_as_a_whole(sns, topic, subscribed, refused, entries, code):
    queue = subscribed(topic)
    with refused(code, status=400):
        sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert queue.bodies() == []


def _entries(bodies, **about):
    return [{"Id": str(number), "Message": body, **about} for number, body in enumerate(bodies)]


def test_what_a_queue_refuses_of_a_batch_are_dead_letters(sns, topic, make_queue, subscribe):
    queue, dead = make_queue(MaximumMessageSize="1024"), make_queue("dead")
    subscribe(topic, queue.arn, RawMessageDelivery="true", RedrivePolicy={"deadLetterTargetArn": dead.arn})
    long = "x" * 1025
    sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=_entries(["a", long, "b"]))
    assert (queue.bodies(), dead.bodies()) == (["a", "b"], [long])


def test_a_batch_for_a_closed_queue_goes_to_its_dead_letters_in_order(sns, make_topic, make_queue, subscribe):
    topic = make_topic("t.fifo", ContentBasedDeduplication="true")
    queue, dead = make_queue("closed.fifo", Policy=""), make_queue("dead.fifo")
    subscribe(topic, queue.arn, RawMessageDelivery="true", RedrivePolicy={"deadLetterTargetArn": dead.arn})
    sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=_entries("abc", MessageGroupId="g"))
    assert dead.bodies() == ["a", "b", "c"]


def test_notifications_that_are_too_long_together_go_one_by_one(sns, topic, subscribed):
    queue = subscribed(topic)
    sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=_entries(["\x1b" * 26_000] * 10))
    assert len(queue.messages()) == 10
