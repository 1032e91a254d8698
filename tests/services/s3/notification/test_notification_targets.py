"""Notifications beyond queues: topics, EventBridge, and what happens when a destination cannot be reached."""

import json

import pytest

from fogbank.testing import Clients, ServerProcess


def statement(service, action, arn):
    allowed = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": arn}
    return json.dumps({"Version": "2012-10-17", "Statement": [allowed]})


@pytest.fixture
def queue(aws, new_name):
    """A queue into which every service may send: its URL and ARN."""
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName=new_name())["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = statement(["s3.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com"], "sqs:SendMessage", arn)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, arn


@pytest.fixture
def heard(aws, queue, clock):
    """Takes what arrived in the queue, once all that is due was done."""
    sqs = aws("sqs")

    def heard():
        clock.advance(seconds=1)
        found = []
        while messages := sqs.receive_message(QueueUrl=queue[0], MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queue[0], ReceiptHandle=message["ReceiptHandle"])
        return found

    return heard


@pytest.fixture
def topic(aws, queue, new_name):
    """A topic of which the queue hears, and to which nobody else may publish yet."""
    sns = aws("sns")
    arn = sns.create_topic(Name=new_name())["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue[1], Attributes={"RawMessageDelivery": "false"})
    return arn


@pytest.fixture
def open_topic(aws, topic):
    policy = statement("s3.amazonaws.com", "sns:Publish", topic)
    aws("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    return topic


@pytest.fixture
def configure(s3, bucket):
    def configure(**document):
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=document)

    return configure


def to_topic(arn):
    return {"Id": "rule", "TopicArn": arn, "Events": ["s3:ObjectCreated:*"]}


# -- topics


def test_topic_hears_of_changes(bucket, put, open_topic, configure, heard):
    configure(TopicConfigurations=[to_topic(open_topic)])
    (test,) = heard()
    assert json.loads(test["Message"])["Event"] == "s3:TestEvent"
    put(bucket, "k")
    (message,) = heard()
    assert message["Subject"] == "Amazon S3 Notification"
    (record,) = json.loads(message["Message"])["Records"]
    assert (record["eventName"], record["s3"]["object"]["key"]) == ("ObjectCreated:Put", "k")


def test_topic_that_does_not_let_s3_in_is_refused(refused, topic, configure):
    why = "Permissions on the destination topic do not allow S3 to publish notifications from this bucket"
    with refused("InvalidArgument", 400, ArgumentName1=topic, ArgumentValue1=why):
        configure(TopicConfigurations=[to_topic(topic)])


def test_missing_topic_is_refused(refused, aws, configure):
    arn = f"arn:aws:sns:us-east-1:{aws.account}:nowhere"
    with refused("InvalidArgument", 400, ArgumentName1=arn, ArgumentValue1="The destination topic does not exist"):
        configure(TopicConfigurations=[to_topic(arn)])


def test_topic_that_closed_costs_no_writes(s3, aws, bucket, get, open_topic, configure, heard):
    configure(TopicConfigurations=[to_topic(open_topic)])
    heard()
    aws("sns").delete_topic(TopicArn=open_topic)
    s3.put_object(Bucket=bucket, Key="k", Body=b"kept")
    assert heard() == []
    assert get(bucket, "k") == b"kept"


# -- EventBridge


@pytest.fixture
def watch(aws, bucket, queue, new_name, configure):
    """Has the queue hear of what EventBridge is told about the bucket."""
    configure(EventBridgeConfiguration={})
    events = aws("events")
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
    name = new_name()
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": queue[1]}])


def test_event_of_a_new_object_is_that_of_aws(aws, s3, bucket, watch, heard):
    answer = s3.put_object(Bucket=bucket, Key="red flower.jpg", Body=b"petals")
    (event,) = heard()
    detail = event.pop("detail")
    sequencer = detail["object"].pop("sequencer")
    assert len(sequencer) == 16 and int(sequencer, 16)
    assert detail == {
        "version": "0",
        "bucket": {"name": bucket},
        "object": {"key": "red flower.jpg", "size": 6, "etag": answer["ETag"].strip('"')},
        "request-id": answer["ResponseMetadata"]["RequestId"],
        "requester": aws.account,
        "source-ip-address": "127.0.0.1",
        "reason": "PutObject",
    }
    del event["id"], event["time"]
    assert event == {
        "version": "0",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": aws.account,
        "region": "us-east-1",
        "resources": [f"arn:aws:s3:::{bucket}"],
    }


def test_every_kind_of_event_has_its_detail_type(s3, bucket, put, watch, heard):
    put(bucket, "k")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    s3.delete_object(Bucket=bucket, Key="k")
    found = {event["detail-type"]: event["detail"] for event in heard()}
    assert set(found) == {"Object Created", "Object Tags Added", "Object Tags Deleted", "Object Deleted"}
    deleted = found["Object Deleted"]
    assert (deleted["reason"], deleted["deletion-type"]) == ("DeleteObject", "Permanently Deleted")
    assert set(deleted["object"]) == {"key", "sequencer"}


def test_delete_marker_is_another_deletion(s3, bucket, put, watch, heard):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = put(bucket, "k")
    s3.delete_object(Bucket=bucket, Key="k")
    created, deleted = sorted((event["detail"] for event in heard()), key=lambda detail: detail["reason"], reverse=True)
    assert created["object"]["version-id"] == version
    assert deleted["deletion-type"] == "Delete Marker Created"
    assert deleted["object"]["etag"] == "d41d8cd98f00b204e9800998ecf8427e"


# -- crashes


def test_whoever_was_to_be_told_is_told_after_a_crash(tmp_path):
    with ServerProcess(tmp_path / "state") as server:
        clients = Clients(server.endpoint, "111122223333")
        s3, sqs, sns = clients("s3"), clients("sqs"), clients("sns")
        s3.create_bucket(Bucket="noisy")
        url = sqs.create_queue(QueueName="ears")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = statement(["s3.amazonaws.com", "sns.amazonaws.com"], "sqs:SendMessage", arn)
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        topic = sns.create_topic(Name="mouth")["TopicArn"]
        sns.set_topic_attributes(
            TopicArn=topic,
            AttributeName="Policy",
            AttributeValue=statement("s3.amazonaws.com", "sns:Publish", topic),
        )
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        document = {
            "QueueConfigurations": [{"Id": "queue", "QueueArn": arn, "Events": ["s3:ObjectCreated:Put"]}],
            "TopicConfigurations": [{"Id": "topic", "TopicArn": topic, "Events": ["s3:ObjectRemoved:Delete"]}],
        }
        s3.put_bucket_notification_configuration(Bucket="noisy", NotificationConfiguration=document)
        for number in range(20):
            s3.put_object(Bucket="noisy", Key=f"k{number}", Body=b"x")
            s3.delete_object(Bucket="noisy", Key=f"k{number}")
        server.kill()
        server.restart()
        sqs = Clients(server.endpoint, "111122223333")("sqs")
        heard = []
        while len(heard) < 40 and (
            got := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=10)
        ):
            for message in got.get("Messages", ()):
                heard += json.loads(message["Body"]).get("Records", ())
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        told = sorted((record["eventName"], record["s3"]["object"]["key"]) for record in heard)
        names = ("ObjectCreated:Put", "ObjectRemoved:Delete")
        assert told == sorted((name, f"k{number}") for name in names for number in range(20))
