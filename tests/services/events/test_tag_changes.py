"""`Tag Change on Resource`: what becomes of the tags of resources, whatever service has them."""

import json

import pytest


@pytest.fixture
def told(queue, make_rule):
    make_rule(queue.arn, pattern={"source": ["aws.tag"], "detail-type": ["Tag Change on Resource"]})
    return queue.events


def test_a_change_of_tags_is_told_with_the_tags_that_there_are_then(aws, told):
    sns = aws("sns")
    topic = sns.create_topic(Name="t", Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1"}])["TopicArn"]
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "b", "Value": "2"}, {"Key": "c", "Value": ""}])
    sns.untag_resource(ResourceArn=topic, TagKeys=["a"])
    found = sorted(told(), key=lambda event: event["detail"]["version"])
    assert [event["resources"] for event in found] == [[topic]] * 3
    assert [event["detail"] for event in found] == [
        {
            "changed-tag-keys": keys,
            "service": "sns",
            "resource-type": "topic",
            "version": version,
            "tags": tags,
        }
        for version, keys, tags in [
            (1, ["a", "b"], {"a": "1", "b": "1"}),
            (2, ["b", "c"], {"a": "1", "b": "2", "c": ""}),
            (3, ["a"], {"b": "2", "c": ""}),
        ]
    ]


def test_tags_that_stay_as_they_are_are_no_change(aws, told):
    sns = aws("sns")
    topic = sns.create_topic(Name="t", Tags=[{"Key": "a", "Value": "1"}])["TopicArn"]
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "1"}])
    assert len(told()) == 1


def test_every_way_of_tagging_is_told(aws, told):
    """Each service names its resources, and its tags, in its own way."""
    sqs, s3, iam, kms, kinesis = (aws(name) for name in ("sqs", "s3", "iam", "kms", "kinesis"))
    sqs.tag_queue(QueueUrl=sqs.create_queue(QueueName="q")["QueueUrl"], Tags={"k": "queue"})
    s3.create_bucket(Bucket=f"tagged-{aws.account}")
    s3.put_bucket_tagging(Bucket=f"tagged-{aws.account}", Tagging={"TagSet": [{"Key": "k", "Value": "bucket"}]})
    s3.delete_bucket_tagging(Bucket=f"tagged-{aws.account}")
    iam.create_user(UserName="ann", Tags=[{"Key": "k", "Value": "user"}])
    kms.create_key(Tags=[{"TagKey": "k", "TagValue": "key"}])
    kinesis.create_stream(StreamName="s", ShardCount=1)
    kinesis.add_tags_to_stream(StreamName="s", Tags={"k": "stream"})
    secrets = aws("secretsmanager")
    secrets.create_secret(Name="pass", SecretString="x")
    secrets.tag_resource(SecretId="pass", Tags=[{"Key": "k", "Value": "secret"}])
    found = {(each["detail"]["service"], each["detail"]["tags"].get("k")) for each in told()}
    assert found == {
        ("sqs", "queue"),
        ("s3", "bucket"),
        ("s3", None),
        ("iam", "user"),
        ("kms", "key"),
        ("kinesis", "stream"),
        ("secretsmanager", "secret"),
    }


def test_a_refused_change_is_not_told(aws, told):
    sns = aws("sns")
    with pytest.raises(sns.exceptions.ClientError):
        sns.tag_resource(ResourceArn=f"arn:aws:sns:us-east-1:{aws.account}:none", Tags=[{"Key": "a", "Value": "1"}])
    assert told() == []


def test_changes_by_the_tagging_api_are_told_for_each_resource(aws, told):
    sns, tagging = aws("sns"), aws("resourcegroupstaggingapi")
    topics = [sns.create_topic(Name=name)["TopicArn"] for name in ("a", "b")]
    gone = topics[0] + "x"
    tagging.tag_resources(ResourceARNList=[*topics, gone], Tags={"k": "v"})
    tagging.untag_resources(ResourceARNList=topics[:1], TagKeys=["k"])
    found = [(event["resources"], event["detail"]["service"], event["detail"]["tags"]) for event in told()]
    assert found == [([topics[0]], "sns", {"k": "v"}), ([topics[1]], "sns", {"k": "v"}), ([topics[0]], "sns", {})]


def test_what_cloudformation_does_is_told(aws, events, queue, make_rule, clock):
    """The call, and the tags that it set."""
    pattern = {
        "source": ["aws.tag", "aws.sns"],
        "detail": {"$or": [{"service": ["sns"]}, {"eventName": ["CreateTopic"]}]},
    }
    make_rule(queue.arn, pattern=pattern)
    properties = {"TopicName": "made", "Tags": [{"Key": "k", "Value": "v"}]}
    template = {"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": properties}}}
    cloudformation = aws("cloudformation")
    cloudformation.create_stack(StackName="s", TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig={"Delay": 0.02})
    found = {event["source"]: event["detail"] for event in queue.events()}
    assert found["aws.sns"]["userIdentity"]["invokedBy"] == "cloudformation.amazonaws.com"
    assert found["aws.tag"]["tags"]["k"] == "v"
