"""What goes through a pipe: from queues and streams, filtered, enriched, transformed, to targets."""

import json

import pytest

from tests.services.lambda_.functions import Functions
from tests.services.pipes.conftest import policy, until

RAW = {"InputTemplate": "<$.body>"}


def filters(*patterns):
    return {"FilterCriteria": {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]}}


# -- queues


def test_a_message_goes_through_as_an_event(make, source, target):
    make()
    attributes = {"colour": {"DataType": "String", "StringValue": "red"}}
    source.send('{"a": 1}', MessageAttributes=attributes)
    (body,) = target.bodies()
    event = json.loads(body)
    assert (event["body"], event["eventSource"], event["eventSourceARN"]) == ('{"a": 1}', "aws:sqs", source.arn)
    assert event["messageAttributes"]["colour"]["stringValue"] == "red"
    assert until(lambda: source.left() == 0)


def test_what_the_filters_do_not_let_through_is_gone(make, source, target):
    make(SourceParameters=filters({"body": {"kind": ["order"]}}), TargetParameters=RAW)
    source.send('{"kind": "note"}', "no JSON", '{"kind": "order"}')
    assert [json.loads(body) for body in target.bodies()] == [{"kind": "order"}]
    assert until(lambda: source.left() == 0)
    assert target.left() == 0


@pytest.mark.parametrize(
    "template, expected",
    [
        ("<$.body>", {"id": "o-1", "lines": [{"n": 2}]}),
        ('{"order": <$.body.id>, "n": <$.body.lines[0].n>}', {"order": "o-1", "n": 2}),
        ('{"order": "no. <$.body.id>", "pipe": "<aws.pipes.pipe-name>"}', {"order": "no. o-1", "pipe": "p"}),
        ('{"all": <$.body.lines>, "none": "<$.nothing>"}', {"all": [{"n": 2}], "none": ""}),
        ('{"body": <aws.pipes.event.json>}', None),
    ],
)
def test_a_template_makes_json_of_the_event(make, source, target, template, expected):
    make(TargetParameters={"InputTemplate": template})
    source.send('{"id": "o-1", "lines": [{"n": 2}]}')
    (body,) = target.bodies()
    found = json.loads(body)
    assert found == expected or (expected is None and found["body"]["body"]["id"] == "o-1")


def test_a_template_that_is_no_json_makes_text(make, source, target):
    make(TargetParameters={"InputTemplate": "Hello, <$.body>!"})
    source.send("world")
    assert target.bodies() == ["Hello, world!"]


def test_fifo_queues_are_given_groups_of_their_events(make, source, make_queue):
    fifo = make_queue("target.fifo", FifoQueue="true")
    own = {"MessageGroupId": "$.body.customer", "MessageDeduplicationId": "$.messageId"}
    make(Target=fifo.arn, TargetParameters={**RAW, "SqsQueueParameters": own})
    source.send('{"customer": "c-1"}')
    (message,) = fifo.take()
    assert message["Attributes"]["MessageGroupId"] == "c-1"


def test_what_a_target_does_not_take_stays_in_the_queue(make, make_queue, target, clock):
    dead = make_queue("dead")
    redrive = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": "1"})
    source = make_queue("failing", RedrivePolicy=redrive, VisibilityTimeout="1")
    make(Source=source.arn, Target=target.arn + "2", TargetParameters=RAW)
    source.send("bad")
    assert dead.bodies() == ["bad"]


# -- other targets


@pytest.mark.parametrize(
    "own, expected",
    [
        ({"DetailType": "$.body.kind", "Source": "shop", "Resources": ["$.eventSourceARN"]}, ("shop", "order")),
        ({}, ("Pipe p", "Event from aws:sqs")),
    ],
)
def test_a_bus_is_given_an_event(make, source, target, aws, own, expected):
    events = aws("events")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": target.arn}
    aws("sqs").set_queue_attributes(QueueUrl=target.url, Attributes={"Policy": policy(statement)})
    events.put_rule(Name="r", EventPattern=json.dumps({"source": [expected[0]]}))
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": target.arn}])
    bus = events.describe_event_bus(Name="default")["Arn"]
    make(Target=bus, TargetParameters={**RAW, "EventBridgeEventBusParameters": own})
    source.send('{"kind": "order"}')
    (body,) = target.bodies()
    event = json.loads(body)
    assert (event["source"], event["detail-type"]) == expected
    assert event["detail"] == {"kind": "order"}
    assert event["resources"] == ([source.arn] if own else [])


def test_a_stream_and_a_topic_are_given_records_and_messages(make, source, target, aws):
    kinesis, sns = aws("kinesis"), aws("sns")
    arn = _stream(kinesis)
    topic = sns.create_topic(Name="t")["TopicArn"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": target.arn}
    aws("sqs").set_queue_attributes(QueueUrl=target.url, Attributes={"Policy": policy(statement)})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=target.arn, Attributes={"RawMessageDelivery": "true"})
    make(Target=arn, TargetParameters={**RAW, "KinesisStreamParameters": {"PartitionKey": "$.body.key"}})
    own = {"KinesisStreamParameters": {"StartingPosition": "TRIM_HORIZON"}}
    make("q", Source=arn, Target=topic, SourceParameters=own, TargetParameters={"InputTemplate": "<$.data>"})
    source.send('{"key": "k"}')
    assert [json.loads(body) for body in target.bodies()] == [{"key": "k"}]


def test_a_log_group_is_given_events_with_their_times(make, source, aws):
    logs = aws("logs")
    logs.create_log_group(logGroupName="/orders")
    logs.create_log_stream(logGroupName="/orders", logStreamName="s")
    arn = logs.describe_log_groups(logGroupNamePrefix="/orders")["logGroups"][0]["arn"]
    own = {"LogStreamName": "s", "Timestamp": "$.attributes.SentTimestamp"}
    make(Target=arn, TargetParameters={**RAW, "CloudWatchLogsParameters": own})
    source.send("hello")
    look = {"logGroupName": "/orders", "logStreamName": "s", "startFromHead": True}
    ((event,)) = until(lambda: logs.get_log_events(**look)["events"])
    assert event["message"] == "hello"
    assert until(lambda: source.left() == 0)


def _stream(kinesis):
    kinesis.create_stream(StreamName="work", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="work", WaiterConfig={"Delay": 0})
    return kinesis.describe_stream_summary(StreamName="work")["StreamDescriptionSummary"]["StreamARN"]


# -- functions

ENRICHING = """
import json
def handler(event, context):
    wanted = [each for each in event if json.loads(each["body"])["n"] > 1]
    return [{"n": json.loads(each["body"])["n"], "more": True} for each in wanted]
"""

FAILING = """
def handler(event, context):
    bad = [each["messageId"] for each in event if "bad" in each["body"]]
    return {"batchItemFailures": [{"itemIdentifier": name} for name in bad]}
"""


@pytest.fixture
def functions(aws):
    return Functions(aws)


def test_an_enrichment_changes_the_events_and_may_drop_them(make, source, target, functions):
    arn = functions.make(ENRICHING)["FunctionArn"]
    make(Enrichment=arn, TargetParameters={"InputTemplate": '{"number": <$.n>, "more": <$.more>}'})
    source.send('{"n": 1}', '{"n": 2}')
    assert [json.loads(body) for body in target.bodies()] == [{"number": 2, "more": True}]
    assert until(lambda: source.left() == 0)
    assert target.left() == 0


def test_a_function_tells_which_events_it_could_not_handle(make, make_queue, functions):
    dead = make_queue("dead")
    redrive = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": "1"})
    source = make_queue("partly", RedrivePolicy=redrive, VisibilityTimeout="2")
    arn = functions.make(FAILING)["FunctionArn"]
    source.send("good", "bad", "good too")
    make(Source=source.arn, Target=arn)
    assert dead.bodies() == ["bad"]
    assert until(lambda: source.left() == 0)


def test_the_role_decides_about_the_target(make, make_queue, make_role, target):
    dead = make_queue("dead")
    redrive = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": "1"})
    source = make_queue("closed", RedrivePolicy=redrive, VisibilityTimeout="1")
    role = make_role("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", name="reading")
    make(Source=source.arn, RoleArn=role, TargetParameters=RAW)
    source.send("secret")
    assert dead.bodies() == ["secret"]
    assert target.left() == 0


# -- streams


def test_changes_of_a_table_go_through(make, target, aws):
    dynamodb = aws("dynamodb")
    made = dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    arn = made["TableDescription"]["LatestStreamArn"]
    own = {"DynamoDBStreamParameters": {"StartingPosition": "TRIM_HORIZON"}}
    template = {"InputTemplate": '{"name": <$.eventName>, "id": <$.dynamodb.Keys.id.S>}'}
    make(
        Source=arn, SourceParameters={**own, **filters({"eventName": ["INSERT", "REMOVE"]})}, TargetParameters=template
    )
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "1"}})
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "1"}, "n": {"N": "2"}})
    dynamodb.delete_item(TableName="orders", Key={"id": {"S": "1"}})
    bodies = [json.loads(body) for body in target.bodies(2)]
    assert sorted(body["name"] for body in bodies) == ["INSERT", "REMOVE"]


def test_records_of_a_stream_are_flat_and_filtered_by_their_data(make, target, aws):
    kinesis = aws("kinesis")
    arn = _stream(kinesis)
    own = {"KinesisStreamParameters": {"StartingPosition": "TRIM_HORIZON"}}
    make(Source=arn, SourceParameters={**own, **filters({"data": {"n": [{"numeric": [">", 1]}]}})})
    for number in (1, 2):
        kinesis.put_record(StreamName="work", Data=json.dumps({"n": number}), PartitionKey="k")
    (body,) = target.bodies()
    event = json.loads(body)
    assert (event["partitionKey"], event["eventSource"], event["eventSourceARN"]) == ("k", "aws:kinesis", arn)


def test_records_that_are_given_up_are_dead_letters(make, target, make_queue, aws, clock):
    dead, kinesis = make_queue("dead"), aws("kinesis")
    arn = _stream(kinesis)
    own = {
        "StartingPosition": "TRIM_HORIZON",
        "MaximumRetryAttempts": 0,
        "DeadLetterConfig": {"Arn": dead.arn},
    }
    made = make(Source=arn, Target=target.arn + "2", SourceParameters={"KinesisStreamParameters": own})
    kinesis.put_record(StreamName="work", Data=b"bad", PartitionKey="k")
    (body,) = dead.bodies()
    letter = json.loads(body)
    assert letter["context"]["partnerResourceArn"] == made["Arn"]
    assert letter["context"]["condition"] == "RetryAttemptsExhausted"
    assert (letter["KinesisBatchInfo"]["batchSize"], letter["KinesisBatchInfo"]["streamArn"]) == (1, arn)
