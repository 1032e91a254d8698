"""One message for many: topics with queues and functions behind them."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.flows.conftest import NOTING


def kind(name):
    return {"eventType": {"DataType": "String", "StringValue": name}}


def test_a_publish_reaches_every_subscribed_queue_and_runs_the_function_once(aws, cloud, notes):
    topic = cloud.topic()
    queues = [cloud.queue(name) for name in ("inventory", "billing")]
    other = cloud.queue("other")
    function = cloud.function(NOTING, callers=("sns",), NOTES=notes.url)
    for endpoint in (*(queue.arn for queue in queues), function):
        cloud.subscribe(topic, endpoint)
    sent = aws("sns").publish(TopicArn=topic, Message='{"orderId":"1"}', Subject="order")["MessageId"]
    for queue in queues:
        assert [each["MessageId"] for each in queue.documents()] == [sent]
    (event,) = notes.documents()
    (record,) = event["Records"]
    assert (record["EventSource"], record["Sns"]["MessageId"]) == ("aws:sns", sent)
    assert (record["Sns"]["Subject"], record["Sns"]["Message"]) == ("order", '{"orderId":"1"}')
    assert notes.is_empty() and other.is_empty()


def test_filters_route_orders_by_their_kind(aws, cloud):
    topic, audit = cloud.topic(), cloud.queue("audit-log")
    placed, cancelled = cloud.queue("new-orders"), cloud.queue("cancellations")
    cloud.subscribe(topic, audit.arn, RawMessageDelivery="true")
    for queue, name in ((placed, "ORDER_PLACED"), (cancelled, "ORDER_CANCELLED")):
        cloud.subscribe(topic, queue.arn, FilterPolicy={"eventType": [name]}, RawMessageDelivery="true")
    for name in ("ORDER_PLACED", "ORDER_CANCELLED"):
        aws("sns").publish(TopicArn=topic, Message=name, MessageAttributes=kind(name))
    assert sorted(audit.bodies(2)) == ["ORDER_CANCELLED", "ORDER_PLACED"]
    assert (placed.bodies(), cancelled.bodies()) == (["ORDER_PLACED"], ["ORDER_CANCELLED"])
    assert placed.is_empty() and cancelled.is_empty()


def test_a_filter_keeps_messages_from_a_function(aws, cloud, notes):
    topic = cloud.topic()
    function = cloud.function(NOTING, callers=("sns",), NOTES=notes.url)
    cloud.subscribe(topic, function, FilterPolicy={"eventType": ["wanted"]})
    for name in ("other", "wanted"):
        aws("sns").publish(TopicArn=topic, Message=name, MessageAttributes=kind(name))
    (event,) = notes.documents()
    assert event["Records"][0]["Sns"]["Message"] == "wanted"
    assert notes.is_empty()


def test_a_function_that_does_not_let_the_topic_in_leaves_its_messages_to_the_dead_letter_queue(aws, cloud):
    topic, dead = cloud.topic(), cloud.queue("dead")
    function = cloud.function(NOTING)
    cloud.subscribe(topic, function, RedrivePolicy={"deadLetterTargetArn": dead.arn})
    aws("sns").publish(TopicArn=topic, Message="m")
    (message,) = dead.messages()
    assert json.loads(message["Body"])["Message"] == "m"


def test_a_function_that_fails_is_tried_three_times_before_its_own_dead_letter_queue(aws, cloud, notes, clock):
    topic, dead = cloud.topic(), cloud.queue("dead")
    function = cloud.function(NOTING, callers=("sns",), NOTES=notes.url)
    aws("lambda").update_function_configuration(FunctionName=function, DeadLetterConfig={"TargetArn": dead.arn})
    cloud.subscribe(topic, function)
    aws("sns").publish(TopicArn=topic, Message="bad")
    clock.advance(minutes=4)
    (message,) = dead.messages()
    assert json.loads(message["Body"])["Records"][0]["Sns"]["Message"] == "bad"
    assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "bad"


def test_a_function_hears_a_topic_of_another_account_when_both_let_the_other_in(aws, cloud, notes):
    stranger = aws("sns", account="210987654321")
    topic = stranger.create_topic(Name=f"of-{aws.account}")["TopicArn"]
    function = cloud.function(NOTING, NOTES=notes.url)
    aws("lambda").add_permission(
        FunctionName="function",
        StatementId="topic",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    stranger.add_permission(TopicArn=topic, Label="x", AWSAccountId=[aws.account], ActionName=["Subscribe"])
    cloud.subscribe(topic, function)
    stranger.publish(TopicArn=topic, Message="from elsewhere")
    assert notes.documents()[0]["Records"][0]["Sns"]["Message"] == "from elsewhere"


def test_a_fifo_fan_out_keeps_the_order_to_the_consumers(aws, cloud, notes):
    """Topic to queue to function: each group is handled in order, a duplicate once."""
    topic, work = cloud.topic("orders.fifo"), cloud.queue("work.fifo")
    cloud.subscribe(topic, work.arn, RawMessageDelivery="true")
    cloud.map(cloud.function(NOTING, NOTES=notes.url), work.arn, BatchSize=2)
    for number in (0, 1, 2, 2, 3, 4):
        aws("sns").publish(TopicArn=topic, Message=str(number), MessageGroupId="g", MessageDeduplicationId=f"d{number}")
    handled = []
    while len(handled) < 5:
        for event in notes.next():
            handled += [record["body"] for record in event["Records"]]
    assert handled == list("01234")


def test_a_large_payload_travels_as_a_reference_that_the_consumer_follows(aws, cloud, notes):
    bucket, topic, work = cloud.bucket(), cloud.topic(), cloud.queue("work")
    cloud.subscribe(topic, work.arn, RawMessageDelivery="true")
    fetching = """
import boto3, json, os
s3, sqs = boto3.client("s3"), boto3.client("sqs")
def handler(event, context):
    for record in event["Records"]:
        place = json.loads(record["body"])
        body = s3.get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()
        sqs.send_message(QueueUrl=os.environ["NOTES"], MessageBody=str(len(body)))
"""
    cloud.map(cloud.function(fetching, NOTES=notes.url), work.arn)
    aws("s3").put_object(Bucket=bucket, Key="large", Body=b"x" * 2_000_000)
    aws("sns").publish(TopicArn=topic, Message=json.dumps({"bucket": bucket, "key": "large"}))
    assert notes.bodies() == ["2000000"]


def test_notifications_run_the_consumer_of_each_channel_once(aws, cloud, notes):
    """A topic for each kind of event, an encrypted queue for each channel, a function behind each queue."""
    owner = {"Effect": "Allow", "Principal": {"AWS": aws.account}, "Action": "kms:*", "Resource": "*"}
    topics = {**owner, "Principal": {"Service": "sns.amazonaws.com"}, "Action": ["kms:GenerateDataKey*", "kms:Decrypt"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [owner, topics]})
    key = aws("kms").create_key(Policy=policy)["KeyMetadata"]["KeyId"]
    topic, dead = cloud.topic(KmsMasterKeyId=key), cloud.queue("dead", KmsMasterKeyId=key)
    for channel in ("mail", "push"):
        queue = cloud.queue(channel, dead, KmsMasterKeyId=key)
        cloud.subscribe(topic, queue.arn, RawMessageDelivery="true")
        cloud.map(cloud.function(NOTING, f"to-{channel}", NOTES=notes.url), queue.arn)
    aws("sns").publish(TopicArn=topic, Message="welcome")
    sources = [event["Records"][0]["eventSourceARN"].rpartition(":")[2] for event in notes.documents(2)]
    assert sorted(sources) == ["mail", "push"]
    assert notes.is_empty() and dead.is_empty()


def test_nobody_else_runs_a_function_by_subscribing_it(aws, cloud):
    """The subscription is made; what counts is what the function's policy says when a message comes."""
    topic, dead = cloud.topic(), cloud.queue("dead")
    function = cloud.function(NOTING)
    aws("lambda").add_permission(
        FunctionName="function",
        StatementId="other",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic + "-other",
    )
    cloud.subscribe(topic, function, RedrivePolicy={"deadLetterTargetArn": dead.arn})
    aws("sns").publish(TopicArn=topic, Message="m")
    assert dead.documents()[0]["Message"] == "m"


def test_a_subscription_needs_the_arn_of_a_function(aws, cloud):
    with pytest.raises(ClientError, match="Invalid parameter"):
        aws("sns").subscribe(TopicArn=cloud.topic(), Protocol="lambda", Endpoint="function")
