"""SNS among other services: what users build of it."""

import json

import pytest

from tests.services.sns.conftest import opened_to_sns


def key_open_to_sns(aws):
    """https://docs.aws.amazon.com/sns/latest/dg/sns-enable-encryption-for-topic-sqs-queue-subscriptions.html"""
    owner = {"Effect": "Allow", "Principal": {"AWS": aws.account}, "Action": "kms:*", "Resource": "*"}
    sns = {"Service": "sns.amazonaws.com"}
    topics = {"Effect": "Allow", "Principal": sns, "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [owner, topics]})
    return aws("kms").create_key(Policy=policy)["KeyMetadata"]["KeyId"]


def test_one_publish_reaches_every_subscribed_queue_once(sns, topic, subscribed, make_queue):
    queues = [subscribed(topic, name) for name in ("inventory", "billing", "shipping")]
    other = make_queue("other")
    sent = sns.publish(TopicArn=topic, Message='{"orderId":"123"}')["MessageId"]
    for queue in queues:
        (body,) = queue.bodies()
        assert json.loads(body)["MessageId"] == sent
        assert queue.bodies() == []
    assert other.bodies() == []


def test_a_large_payload_travels_as_a_reference(aws, sns, topic, subscribed):
    s3, queue = aws("s3"), subscribed(topic, RawMessageDelivery="true")
    bucket = f"payloads-{aws.account}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="large", Body=b"x" * 1_000_000)
    sns.publish(TopicArn=topic, Message=json.dumps({"bucket": bucket, "key": "large"}))
    place = json.loads(queue.bodies()[0])
    body = s3.get_object(Bucket=place["bucket"], Key=place["key"])["Body"].read()
    assert len(body) == 1_000_000


def test_notifications_by_kind_reach_encrypted_channels_with_dead_letters(aws, sns, make_topic, make_queue, subscribe):
    """A topic for each kind of event, a queue for each channel, all under one key that SNS may use."""
    key = key_open_to_sns(aws)
    welcome, receipt = (make_topic(name, KmsMasterKeyId=key) for name in ("welcome", "receipt"))
    dead = make_queue("dead", KmsMasterKeyId=key)
    redrive = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 1})
    mail = make_queue("mail", KmsMasterKeyId=key, RedrivePolicy=redrive, VisibilityTimeout="0")
    push = make_queue("push", KmsMasterKeyId=key)
    for topic, channels in ((welcome, (mail, push)), (receipt, (mail,))):
        for channel in channels:
            subscribe(topic, channel.arn, RawMessageDelivery="true")
    sns.publish(TopicArn=welcome, Message="hello")
    sns.publish(TopicArn=receipt, Message="paid")
    assert push.bodies() == ["hello"]
    assert mail.bodies() == ["hello", "paid"]
    assert mail.bodies() == [] and sorted(dead.bodies()) == ["hello", "paid"]


def test_a_queue_whose_key_does_not_let_sns_in_gets_nothing(aws, sns, topic, make_queue, subscribe):
    key, dead = aws("kms").create_key()["KeyMetadata"]["KeyId"], make_queue("dead")
    queue = make_queue("closed", KmsMasterKeyId=key)
    subscribe(topic, queue.arn, RawMessageDelivery="true", RedrivePolicy={"deadLetterTargetArn": dead.arn})
    sns.publish(TopicArn=topic, Message="m")
    assert (queue.bodies(), dead.bodies()) == ([], ["m"])


def test_an_object_of_s3_is_told_to_a_topic(aws, sns, topic, subscribed):
    queue, bucket = subscribed(topic, RawMessageDelivery="true"), f"events-{aws.account}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
        "Condition": {"StringEquals": {"aws:SourceAccount": aws.account}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    s3 = aws("s3")
    s3.create_bucket(Bucket=bucket)
    configuration = {"TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    told = []
    for _ in range(50):
        told += [
            record["s3"]["object"]["key"] for body in queue.bodies() for record in json.loads(body).get("Records", [])
        ]
        if told:
            break
    assert told == ["k"]


@pytest.mark.parametrize("kind", ["standard", "fifo"])
def test_order_survives_many_publishers_of_groups(sns, make_topic, make_queue, subscribe, kind):
    suffix = ".fifo" if kind == "fifo" else ""
    topic = make_topic(f"t{suffix}", **({"ContentBasedDeduplication": "true"} if suffix else {}))
    queue = make_queue(f"q{suffix}", Policy=opened_to_sns(topic))
    subscribe(topic, queue.arn, RawMessageDelivery="true")
    for number in range(9):
        sns.publish(TopicArn=topic, Message=f"{number % 3}-{number}", MessageGroupId=str(number % 3))
    bodies = []
    while found := queue.bodies():
        bodies += found
    for group in "012":
        mine = [body for body in bodies if body.startswith(group)]
        assert mine == sorted(mine) and len(mine) == 3
