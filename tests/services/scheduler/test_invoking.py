"""What targets are given, templated and universal ones, and what becomes of what cannot be invoked."""

import json
from datetime import timedelta

import pytest

from tests.services.scheduler.moments import at, now

MISSING = "arn:aws:sqs:us-east-1:{}:none"


# -- templated targets


def test_a_fifo_queue_is_given_its_message_group(schedule, make_queue, clock, refused):
    fifo = make_queue("q.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    with refused("ValidationException", "MessageGroupId"):
        schedule(target={"Arn": fifo.arn})
    schedule(at(clock, minutes=1), target={"Arn": fifo.arn, "SqsParameters": {"MessageGroupId": "group"}})
    clock.advance(minutes=2)
    (message,) = fifo.messages()
    assert (message["Body"], message["Attributes"]["MessageGroupId"]) == ("hello", "group")


def test_a_topic_hears_of_it(schedule, queue, aws, clock):
    sns = aws("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue.arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("sqs").set_queue_attributes(QueueUrl=queue.url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": "true"})
    schedule(at(clock, minutes=1), target={"Arn": topic})
    clock.advance(minutes=2)
    assert queue.bodies() == ["hello"]


def test_a_bus_is_given_an_event(schedule, queue, aws, clock, refused):
    events = aws("events")
    bus = events.describe_event_bus(Name="default")["Arn"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue.arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("sqs").set_queue_attributes(QueueUrl=queue.url, Attributes={"Policy": policy})
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": queue.arn}])
    parameters = {"Source": "shop", "DetailType": "closing"}
    with refused("ValidationException", "'target.eventBridgeParameters.source' failed to satisfy constraint"):
        schedule(target={"Arn": bus, "EventBridgeParameters": {"Source": "aws.ec2", "DetailType": "d"}})
    with refused("ValidationException", "EventBridgeParameters"):
        schedule(target={"Arn": bus, "Input": "{}"})
    with refused("ValidationException", "JSON"):
        schedule(target={"Arn": bus, "EventBridgeParameters": parameters})
    schedule(at(clock, minutes=1), target={"Arn": bus, "EventBridgeParameters": parameters, "Input": '{"a": 1}'})
    clock.advance(minutes=2)
    (body,) = queue.bodies()
    event = json.loads(body)
    assert (event["source"], event["detail-type"], event["detail"]) == ("shop", "closing", {"a": 1})
    assert event["resources"] == [f"arn:aws:scheduler:us-east-1:{aws.account}:schedule/default/s"]


def test_a_stream_is_given_a_record(schedule, aws, clock, refused):
    kinesis = aws("kinesis")
    kinesis.create_stream(StreamName="w", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="w", WaiterConfig={"Delay": 0})
    arn = kinesis.describe_stream_summary(StreamName="w")["StreamDescriptionSummary"]["StreamARN"]
    with refused("ValidationException", "KinesisParameters"):
        schedule(target={"Arn": arn})
    schedule(at(clock, minutes=1), target={"Arn": arn, "KinesisParameters": {"PartitionKey": "k"}})
    clock.advance(minutes=2)
    shard = kinesis.list_shards(StreamName="w")["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName="w", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    (record,) = kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    assert (record["Data"], record["PartitionKey"]) == (b"hello", "k")


def test_without_an_input_there_is_a_notification(scheduler, queue, role, clock, aws):
    moment = at(clock, minutes=1)
    scheduler.create_schedule(
        Name="s",
        ScheduleExpression=moment,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": queue.arn, "RoleArn": role},
    )
    clock.advance(minutes=2)
    (body,) = queue.bodies()
    event = json.loads(body)
    assert (event["source"], event["detail-type"], event["detail"]) == ("aws.scheduler", "Scheduled Event", "{}")
    assert event["time"] == moment[3:-1] + "Z"
    assert event["resources"] == [f"arn:aws:scheduler:us-east-1:{aws.account}:schedule/default/s"]


def test_context_attributes_are_filled_in(schedule, queue, clock, aws):
    text = '{"arn": "<aws.scheduler.schedule-arn>", "at": "<aws.scheduler.scheduled-time>", '
    text += '"id": "<aws.scheduler.execution-id>", "attempt": <aws.scheduler.attempt-number>}'
    moment = at(clock, minutes=1)
    schedule(moment, target={"Input": text})
    clock.advance(minutes=2)
    (body,) = queue.bodies()
    found = json.loads(body)
    assert found["arn"] == f"arn:aws:scheduler:us-east-1:{aws.account}:schedule/default/s"
    assert (found["at"], found["attempt"]) == (moment[3:-1] + "Z", 1)
    assert len(found["id"]) == 16


@pytest.mark.parametrize(
    "target, message",
    [
        ({"Arn": "nonsense"}, "Provided Arn is not in correct format."),
        ({"Arn": "arn:aws:backup:us-east-1:123456789012:vault"}, "backup is not a supported service for a target."),
        ({"SqsParameters": {}, "KinesisParameters": {"PartitionKey": "k"}}, "KinesisParameters is not supported"),
        ({"Arn": "arn:aws:lambda:us-east-1:123456789012:function:f"}, "must be valid JSON"),
    ],
)
def test_a_target_that_could_not_be_invoked_is_refused(schedule, refused, target, message):
    with refused("ValidationException", message):
        schedule(target=target)


# -- universal targets


def universal(action):
    return f"arn:aws:scheduler:::aws-sdk:{action}"


def test_any_operation_may_be_a_target(schedule, aws, clock):
    schedule(at(clock, minutes=1), target={"Arn": universal("sqs:createQueue"), "Input": '{"QueueName": "made"}'})
    clock.advance(minutes=2)
    assert aws("sqs").get_queue_url(QueueName="made")["QueueUrl"]


def test_names_of_members_go_by_the_model_whatever_their_case(schedule, queue, aws, clock):
    entry = {"source": "shop", "DetailType": "closing", "Detail": '{"a": 1}', "time": "2030-01-01T00:00:00Z"}
    events = aws("events")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue.arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("sqs").set_queue_attributes(QueueUrl=queue.url, Attributes={"Policy": policy})
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": queue.arn, "InputPath": "$.time"}])
    schedule(
        at(clock, minutes=1),
        target={"Arn": universal("eventbridge:putEvents"), "Input": json.dumps({"Entries": [entry]})},
    )
    clock.advance(minutes=2)
    assert queue.bodies() == ['"2030-01-01T00:00:00Z"']


def test_documents_of_dynamodb_and_blobs_reach_their_operations(schedule, aws, clock):
    table, kinesis = aws("dynamodb"), aws("kinesis")
    table.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    kinesis.create_stream(StreamName="w", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="w", WaiterConfig={"Delay": 0})
    item = {"TableName": "things", "Item": {"id": {"S": "1"}, "n": {"N": "5"}}}
    schedule(at(clock, minutes=1), target={"Arn": universal("dynamodb:putItem"), "Input": json.dumps(item)})
    record = {"StreamName": "w", "Data": "text", "PartitionKey": "k"}
    schedule(
        at(clock, minutes=1), name="r", target={"Arn": universal("kinesis:putRecord"), "Input": json.dumps(record)}
    )
    clock.advance(minutes=2)
    assert table.get_item(TableName="things", Key={"id": {"S": "1"}})["Item"]["n"] == {"N": "5"}
    shard = kinesis.list_shards(StreamName="w")["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName="w", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    assert kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"][0]["Data"] == b"text"


def test_what_leaves_the_store_may_be_a_target_too(schedule, aws, clock):
    s3 = aws("s3")
    bucket = f"made-by-{aws.account}"
    s3.create_bucket(Bucket=bucket)
    given = {"Bucket": bucket, "Key": "k", "Body": "<aws.scheduler.scheduled-time>", "Metadata": {"by": "scheduler"}}
    moment = at(clock, minutes=1)
    schedule(moment, target={"Arn": universal("s3:putObject"), "Input": json.dumps(given)})
    clock.advance(minutes=2)
    found = s3.get_object(Bucket=bucket, Key="k")
    assert (found["Body"].read().decode(), found["Metadata"]) == (moment[3:-1] + "Z", {"by": "scheduler"})


@pytest.mark.parametrize(
    "action, text, message",
    [
        ("nothing:createQueue", "{}", "nothing is not a supported service for a target."),
        ("sqs:makeQueue", "{}", "makeQueue is not a supported api action for service sqs."),
        ("sqs:getQueueUrl", '{"QueueName": "q"}', "getQueueUrl is not a supported api action for service sqs."),
        ("dynamodb:batchGetItem", "{}", "batchGetItem is not a supported api action for service dynamodb."),
        ("sqs:createQueue", "{", "must be valid JSON"),
        ("sqs:createQueue", "[]", "Invalid RequestJson provided."),
        ("sqs:createQueue", "{}", "Value null at 'queueName' failed to satisfy constraint"),
        ("sqs:createQueue", '{"QueueName": 5}', "Invalid RequestJson provided."),
        ("sqs:createQueue", '{"QueueName": "q", "Colour": "red"}', "The field 'Colour' is not supported"),
    ],
)
def test_a_request_that_could_not_be_made_is_refused(schedule, refused, action, text, message):
    with refused("ValidationException", message):
        schedule(target={"Arn": universal(action), "Input": text})


# -- failures


def letters(queue):
    return [
        (letter["Body"], {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()})
        for letter in queue.messages()
    ]


def test_what_fails_for_too_often_is_a_dead_letter(schedule, make_queue, clock, aws):
    dead = make_queue("dead")
    moment = at(clock, minutes=1)
    target = {"Arn": MISSING.format(aws.account), "DeadLetterConfig": {"Arn": dead.arn}}
    schedule(moment, target={**target, "RetryPolicy": {"MaximumRetryAttempts": 2}})
    clock.advance(minutes=1, seconds=0.5)
    assert letters(dead) == []
    clock.advance(minutes=5)
    ((body, attributes),) = letters(dead)
    assert body == "hello"
    assert len(attributes.pop("EXECUTION_ID")) == 16
    assert attributes.pop("ERROR_CODE") == "QueueDoesNotExist"
    assert attributes.pop("ERROR_MESSAGE")
    assert attributes == {
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": "2",
        "SCHEDULED_TIME": moment[3:-1] + "Z",
        "SCHEDULE_ARN": f"arn:aws:scheduler:us-east-1:{aws.account}:schedule/default/s",
        "TARGET_ARN": MISSING.format(aws.account),
    }


def test_what_fails_for_too_long_is_a_dead_letter(schedule, make_queue, clock, aws):
    dead = make_queue("dead")
    target = {"Arn": MISSING.format(aws.account), "DeadLetterConfig": {"Arn": dead.arn}}
    schedule(at(clock, minutes=1), target={**target, "RetryPolicy": {"MaximumEventAgeInSeconds": 60}})
    clock.advance(minutes=5)
    ((_, attributes),) = letters(dead)
    assert attributes["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"


def test_a_target_that_comes_in_time_is_still_invoked_once(schedule, make_queue, clock, aws):
    schedule(at(clock, minutes=1), target={"Arn": MISSING.format(aws.account)})
    clock.advance(minutes=10)
    late = make_queue("none")
    clock.advance(minutes=30)
    assert late.bodies() == ["hello"]


def test_the_role_decides(schedule, queue, make_queue, make_role, clock):
    dead = make_queue("dead")
    role = make_role("sqs:SendMessage", name="sending")
    target = {"RoleArn": role, "Arn": universal("sqs:purgeQueue"), "Input": json.dumps({"QueueUrl": queue.url})}
    policy = {"DeadLetterConfig": {"Arn": dead.arn}, "RetryPolicy": {"MaximumRetryAttempts": 0}}
    schedule(at(clock, minutes=1), target={**target, **policy})
    clock.advance(minutes=2)
    ((_, attributes),) = letters(dead)
    assert attributes["ERROR_CODE"] in ("AccessDenied", "AccessDeniedException")
    assert attributes["RETRY_ATTEMPTS"] == "0"


def test_a_function_is_invoked(schedule, queue, make_queue, role, clock, aws):
    from tests.services.lambda_.functions import Functions

    functions = Functions(aws)
    functions.allow("sqs:*")
    source = "import boto3, json\ndef handler(event, context):\n"
    source += "    boto3.client('sqs').send_message(QueueUrl=event['url'], MessageBody=json.dumps(event))\n"
    functions.make(source)
    arn = functions.client.get_function(FunctionName="f")["Configuration"]["FunctionArn"]
    schedule(at(clock, seconds=0), target={"Arn": arn, "Input": json.dumps({"url": queue.url, "a": 1})})
    found = aws("sqs").receive_message(QueueUrl=queue.url, WaitTimeSeconds=15)["Messages"]
    assert json.loads(found[0]["Body"])["a"] == 1


def test_moments_are_not_lost_when_the_clock_leaps(schedule, queue, clock):
    schedule("rate(1 hour)", StartDate=now(clock) + timedelta(hours=1))
    clock.advance(days=1)
    assert len(queue.bodies()) == 24
