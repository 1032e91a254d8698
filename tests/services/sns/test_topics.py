"""Topics: names, attributes, idempotent creation, listing, deletion."""

import json

import pytest


def attributes(sns, topic):
    return sns.get_topic_attributes(TopicArn=topic)["Attributes"]


def test_a_topic_has_the_attributes_of_a_new_one(aws, sns, topic):
    shown = attributes(sns, topic)
    assert topic == f"arn:aws:sns:us-east-1:{aws.account}:topic"
    assert shown["TopicArn"] == topic and shown["Owner"] == aws.account and shown["DisplayName"] == ""
    assert [shown[f"Subscriptions{state}"] for state in ("Confirmed", "Pending", "Deleted")] == ["0", "0", "0"]
    retry = json.loads(shown["EffectiveDeliveryPolicy"])["http"]["defaultHealthyRetryPolicy"]
    assert (retry["numRetries"], retry["minDelayTarget"], retry["backoffFunction"]) == (3, 20, "linear")
    statement = json.loads(shown["Policy"])["Statement"][0]
    assert statement["Condition"] == {"StringEquals": {"AWS:SourceOwner": aws.account}}
    assert "FifoTopic" not in shown


def test_a_fifo_topic_says_so(sns, make_topic):
    shown = attributes(sns, make_topic("a.fifo"))
    assert (shown["FifoTopic"], shown["ContentBasedDeduplication"]) == ("true", "false")


@pytest.mark.parametrize("name", ["", "a b", "a.fifo", "a" * 257, "ä"])
def test_a_name_that_is_none_is_refused(sns, refused, name):
    with refused("InvalidParameter", "Invalid parameter: Topic Name", 400):
        sns.create_topic(Name=name)


def test_a_fifo_topic_needs_the_suffix(sns, refused):
    with refused("InvalidParameter", "Fifo Topic names must end with .fifo"):
        sns.create_topic(Name="topic", Attributes={"FifoTopic": "true"})


def test_creating_a_topic_again_finds_it(sns, topic):
    assert sns.create_topic(Name="topic")["TopicArn"] == topic


def test_a_topic_with_other_attributes_is_refused(sns, topic, refused):
    with refused("InvalidParameter", "Topic already exists with different attributes"):
        sns.create_topic(Name="topic", Attributes={"DisplayName": "other"})


def test_a_topic_with_other_tags_is_refused(sns, refused):
    sns.create_topic(Name="tagged", Tags=[{"Key": "a", "Value": "1"}])
    with refused("InvalidParameter", "Topic already exists with different tags"):
        sns.create_topic(Name="tagged", Tags=[{"Key": "a", "Value": "2"}])


def test_a_topic_that_is_not_there_is_not_found(sns, topic, refused):
    with refused("NotFound", "Topic does not exist", 404):
        sns.get_topic_attributes(TopicArn=f"{topic}x")


def test_what_is_no_arn_is_refused(sns, refused):
    with refused("InvalidParameter", "TopicArn Reason: An ARN must have at least 6 elements, not 1"):
        sns.get_topic_attributes(TopicArn="topic")


def test_a_topic_of_another_region_is_refused(sns, topic, refused):
    with refused("InvalidParameter", "Invalid parameter: TopicArn"):
        sns.publish(TopicArn=topic.replace("us-east-1", "eu-west-1"), Message="m")


def test_topics_of_two_regions_do_not_meet(aws, topic):
    assert aws("sns", "eu-west-1").list_topics()["Topics"] == []


def test_a_deleted_topic_is_gone_with_its_subscriptions(sns, topic, subscribed, refused):
    subscribed(topic)
    sns.delete_topic(TopicArn=topic)
    assert sns.list_topics()["Topics"] == []
    assert sns.list_subscriptions()["Subscriptions"] == []
    with refused("NotFound"):
        sns.publish(TopicArn=topic, Message="m")


def test_deleting_a_topic_that_is_not_there_succeeds(sns, topic):
    sns.delete_topic(TopicArn=topic)
    sns.delete_topic(TopicArn=topic)


def test_topics_are_listed_a_hundred_at_a_time(sns, make_topic, refused):
    made = {make_topic(f"t{number:03}") for number in range(105)}
    first = sns.list_topics()
    second = sns.list_topics(NextToken=first["NextToken"])
    assert len(first["Topics"]) == 100 and "NextToken" not in second
    assert {each["TopicArn"] for each in first["Topics"] + second["Topics"]} == made
    with refused("InvalidParameter", "NextToken"):
        sns.list_topics(NextToken="garbage")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DisplayName", "Alarms"),
        ("KmsMasterKeyId", "alias/aws/sns"),
        ("SignatureVersion", "2"),
        ("TracingConfig", "Active"),
        ("MaximumMessageSize", "1048576"),
        ("SQSSuccessFeedbackSampleRate", "50"),
        ("LambdaFailureFeedbackRoleArn", "arn:aws:iam::123456789012:role/log"),
    ],
)
def test_an_attribute_is_kept(sns, topic, name, value):
    sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=value)
    assert attributes(sns, topic)[name] == value


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("Colour", "red", "AttributeName"),
        ("FifoTopic", "true", "AttributeName"),
        ("TopicArn", "x", "AttributeName"),
        ("SignatureVersion", "3", "SignatureVersion"),
        ("TracingConfig", "On", "TracingConfig"),
        ("MaximumMessageSize", "100", "MaximumMessageSize"),
        ("HTTPSuccessFeedbackSampleRate", "101", "HTTPSuccessFeedbackSampleRate"),
        ("HTTPSuccessFeedbackRoleArn", "role", "HTTPSuccessFeedbackRoleArn"),
        ("DisplayName", "x" * 101, "DisplayName"),
        ("Policy", "{", "Policy Error"),
        ("Policy", '{"Version":"2012-10-17","Statement":[]}', "Policy Error"),
        ("ContentBasedDeduplication", "true", "only supported for FIFO topics"),
        ("ArchivePolicy", '{"MessageRetentionPeriod":"3"}', "only supported for FIFO topics"),
    ],
)
def test_a_malformed_attribute_is_refused_and_changes_nothing(sns, topic, refused, name, value, message):
    before = attributes(sns, topic)
    with refused("InvalidParameter", message):
        sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=value)
    assert attributes(sns, topic) == before


def test_a_policy_with_actions_of_others_is_refused(sns, topic, refused):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": topic}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with refused("InvalidParameter", "Policy statement action out of service scope!"):
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


@pytest.mark.parametrize(
    ("retry", "message"),
    [
        ({"numRetries": 101}, "numRetries must be less than or equal to 100"),
        ({"numRetries": "3"}, "numRetries must be an integer"),
        ({"minDelayTarget": 0}, "minDelayTarget must be between 1 and 3600"),
        ({"minDelayTarget": 30, "maxDelayTarget": 20}, "maxDelayTarget"),
        ({"numRetries": 2, "numNoDelayRetries": 3}, "must be greater than or equal to the sum"),
        ({"backoffFunction": "random"}, "backoffFunction"),
        ({"colour": 1}, "Unexpected JSON member"),
        ({"numRetries": 100, "minDelayTarget": 60, "maxDelayTarget": 60}, "total retry time"),
    ],
)
def test_a_malformed_delivery_policy_is_refused(sns, topic, refused, retry, message):
    policy = json.dumps({"http": {"defaultHealthyRetryPolicy": retry}})
    with refused("InvalidParameter", message):
        sns.set_topic_attributes(TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue=policy)


def test_a_topic_for_large_messages_takes_queues_only(sns, topic, subscribe, refused):
    subscribe(topic, "a@example.com", "email")
    with refused("InvalidParameter", "MaximumMessageSize"):
        sns.set_topic_attributes(TopicArn=topic, AttributeName="MaximumMessageSize", AttributeValue="500000")


def test_a_tag_round_trip(sns, topic, refused):
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    sns.untag_resource(ResourceArn=topic, TagKeys=["b", "c"])
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "a", "Value": "1"}]
    with refused("ResourceNotFound", "Resource does not exist", 404):
        sns.list_tags_for_resource(ResourceArn=f"{topic}x")


def test_tags_have_their_limits(sns, topic, refused):
    with refused("TagLimitExceeded"):
        sns.tag_resource(ResourceArn=topic, Tags=[{"Key": f"k{number}", "Value": ""} for number in range(51)])
    with refused("InvalidParameter", "Duplicated keys"):
        sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])
