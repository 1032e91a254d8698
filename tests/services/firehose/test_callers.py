"""What other services bring to a delivery stream."""

import gzip
import json

import pytest

from tests.services.firehose.conftest import NOW, wait_until


@pytest.fixture
def stream(delivery):
    """The ARN of a stream that delivers at once."""
    return delivery.create({"BufferingHints": NOW})


def test_a_topic_has_a_stream_as_subscriber(aws, delivery, stream, make_role):
    sns = aws("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    role = make_role("firehose:PutRecord", name="sns", service="sns.amazonaws.com")
    attributes = {"SubscriptionRoleArn": role}
    sns.subscribe(TopicArn=topic, Protocol="firehose", Endpoint=stream, Attributes=attributes)
    sns.publish(TopicArn=topic, Message="hello")
    assert json.loads(delivery.one()[1])["Message"] == "hello"


def test_a_topic_sends_raw_messages_to_a_stream(aws, delivery, stream, make_role):
    sns = aws("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    role = make_role("firehose:PutRecord", name="sns", service="sns.amazonaws.com")
    attributes = {"SubscriptionRoleArn": role, "RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="firehose", Endpoint=stream, Attributes=attributes)
    sns.publish(TopicArn=topic, Message="hello")
    assert delivery.one()[1] == b"hello"


def test_a_subscription_filter_sends_log_events_to_a_stream(aws, delivery, stream, make_role):
    logs = aws("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    role = make_role("firehose:PutRecord", name="logs", service="logs.us-east-1.amazonaws.com")
    logs.put_subscription_filter(
        logGroupName="g", filterName="f", filterPattern="", destinationArn=stream, roleArn=role
    )
    moment = int(delivery.describe()["CreateTimestamp"].timestamp() * 1000)
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[{"timestamp": moment, "message": "hi"}])

    def data():
        sent = [json.loads(gzip.decompress(content)) for content in delivery.objects().values()]
        return [each for each in sent if each["messageType"] == "DATA_MESSAGE"]

    assert wait_until(data)[0]["logEvents"][0]["message"] == "hi"


def test_a_rule_has_a_stream_as_target(aws, delivery, stream, make_role):
    events = aws("events")
    role = make_role("firehose:PutRecord", name="events", service="events.amazonaws.com")
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["shop"]}))
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": stream, "RoleArn": role}])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "sold", "Detail": '{"n": 1}'}])
    assert json.loads(delivery.one()[1])["detail"] == {"n": 1}


def test_a_schedule_has_a_stream_as_target(aws, delivery, stream, make_role, clock):
    role = make_role("firehose:PutRecord", name="scheduler", service="scheduler.amazonaws.com")
    aws("scheduler").create_schedule(
        Name="s",
        ScheduleExpression="rate(1 minute)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": stream, "RoleArn": role, "Input": "tick"},
    )
    clock.advance(seconds=61)
    assert next(iter(delivery.objects().values())) == b"tick"


def test_a_pipe_has_a_stream_as_target_and_another_for_its_log(aws, delivery, stream, make_role):
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    queue = f"arn:aws:sqs:us-east-1:{aws.account}:q"
    role = make_role(name="pipe", service="pipes.amazonaws.com")
    where = {**delivery.where, "Prefix": "log/", "BufferingHints": NOW}
    made = delivery.firehose.create_delivery_stream(DeliveryStreamName="log", ExtendedS3DestinationConfiguration=where)
    log = {"Level": "INFO", "FirehoseLogDestination": {"DeliveryStreamArn": made["DeliveryStreamARN"]}}
    aws("pipes").create_pipe(Name="p", Source=queue, Target=stream, RoleArn=role, LogConfiguration=log)
    sqs.send_message(QueueUrl=url, MessageBody="hello")

    def both():
        found = delivery.objects()
        kinds = {key.startswith("log/"): content for key, content in found.items()}
        return kinds if len(kinds) == 2 else None

    found = wait_until(both)
    assert json.loads(found[False])["body"] == "hello"
    assert b"EXECUTION_" in found[True]


def test_audits_of_a_log_group_are_reported_to_a_stream(aws, delivery, stream):
    logs = aws("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    identifiers = ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"]
    audit = {"Audit": {"FindingsDestination": {"Firehose": {"DeliveryStream": delivery.name}}}}
    statements = [
        {"Sid": "audit", "DataIdentifier": identifiers, "Operation": audit},
        {"Sid": "mask", "DataIdentifier": identifiers, "Operation": {"Deidentify": {"MaskConfig": {}}}},
    ]
    document = {"Name": "p", "Version": "2021-06-01", "Statement": statements}
    logs.put_data_protection_policy(logGroupIdentifier="g", policyDocument=json.dumps(document))
    moment = int(delivery.describe()["CreateTimestamp"].timestamp() * 1000)
    events = [{"timestamp": moment, "message": "write to ada@example.com"}]
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=events)
    assert json.loads(delivery.one()[1])["dataIdentifiers"]
