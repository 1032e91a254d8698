"""The event history: LookupEvents."""

import json

import pytest
from botocore.exceptions import ClientError


def looked_up(trail, key=None, value=None, **more):
    if key is not None:
        more["LookupAttributes"] = [{"AttributeKey": key, "AttributeValue": value}]
    return trail.lookup_events(**more)["Events"]


def test_a_call_is_in_the_history_of_every_account(aws, trail):
    url = aws("sqs").create_queue(QueueName="orders")["QueueUrl"]
    (event,) = looked_up(trail, "EventName", "CreateQueue")
    assert (event["EventSource"], event["ReadOnly"], event["Username"]) == ("sqs.amazonaws.com", "false", "root")
    assert {"ResourceType": "AWS::SQS::Queue", "ResourceName": url} in event["Resources"]
    record = json.loads(event["CloudTrailEvent"])
    assert record["requestParameters"] == {"queueName": "orders"}
    assert record["responseElements"] == {"queueUrl": url}
    assert (record["eventID"], record["recipientAccountId"]) == (event["EventId"], aws.account)
    assert record["userIdentity"]["type"] == "Root"


def test_a_refused_call_is_there_with_its_error(aws, trail):
    with pytest.raises(ClientError):
        aws("sns").get_topic_attributes(TopicArn=f"arn:aws:sns:us-east-1:{aws.account}:none")
    (event,) = looked_up(trail, "EventSource", "sns.amazonaws.com")
    record = json.loads(event["CloudTrailEvent"])
    assert (record["errorCode"], record["responseElements"]) == ("NotFoundException", None)


def test_what_a_service_did_for_somebody_is_told_with_its_name(aws, trail):
    cloudformation = aws("cloudformation")
    template = {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "made"}}}}
    cloudformation.create_stack(StackName="s", TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName="s", WaiterConfig={"Delay": 0.02, "MaxAttempts": 1500}
    )
    (event,) = looked_up(trail, "EventName", "CreateQueue")
    record = json.loads(event["CloudTrailEvent"])
    assert record["userIdentity"]["invokedBy"] == record["sourceIPAddress"] == "cloudformation.amazonaws.com"
    assert (record["userIdentity"]["type"], record["requestParameters"]["queueName"]) == ("Root", "made")


def test_secrets_and_data_are_not_told(aws, trail):
    aws("secretsmanager").create_secret(Name="door", SecretString="open sesame")
    aws("dynamodb").list_tables()
    assert "open sesame" not in str(looked_up(trail))


def test_calls_of_data_planes_are_not_in_the_history(aws, trail):
    aws("s3").create_bucket(Bucket=f"b-{aws.account}")
    aws("s3").put_object(Bucket=f"b-{aws.account}", Key="k", Body=b"x")
    assert [event["EventName"] for event in looked_up(trail, "EventSource", "s3.amazonaws.com")] == ["CreateBucket"]


def test_a_region_knows_its_own_events_and_us_east_1_those_of_global_services(aws, trail):
    aws("sqs", "eu-west-1").create_queue(QueueName="far")
    aws("iam", "eu-west-1").create_group(GroupName="admins")
    assert [event["EventName"] for event in looked_up(trail)] == ["CreateGroup"]
    names = [event["EventName"] for event in looked_up(aws("cloudtrail", "eu-west-1"))]
    assert names == ["CreateQueue"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ReadOnly", "true"),
        ("Username", "ann"),
        ("ResourceType", "AWS::IAM::Group"),
        ("ResourceName", "writers"),
        ("EventName", "GetGroup"),
    ],
)
def test_events_are_found_by_an_attribute(aws, trail, key, value):
    iam = aws("iam")
    iam.create_user(UserName="ann")
    iam.create_group(GroupName="readers")
    iam.create_group(GroupName="writers")
    iam.attach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/IAMFullAccess")
    made = iam.create_access_key(UserName="ann")["AccessKey"]
    aws("iam", credentials=made).get_group(GroupName="writers")
    found = [event["EventName"] for event in looked_up(trail, key, value)]
    expected = {
        "ReadOnly": ["GetGroup"],
        "Username": ["GetGroup"],
        "ResourceType": ["GetGroup", "CreateGroup", "CreateGroup"],
        "ResourceName": ["GetGroup", "CreateGroup"],
        "EventName": ["GetGroup"],
    }
    assert found == expected[key]


def test_pages_tell_each_event_once_the_newest_first(aws, trail):
    sqs = aws("sqs")
    for number in range(7):
        sqs.create_queue(QueueName=f"q{number}")
    pages = trail.get_paginator("lookup_events").paginate(PaginationConfig={"PageSize": 3})
    names = [
        json.loads(event["CloudTrailEvent"])["requestParameters"]["queueName"]
        for page in pages
        for event in page["Events"]
    ]
    assert names == [f"q{number}" for number in reversed(range(7))]


def test_events_of_another_time_are_not_told(aws, trail, clock):
    aws("sqs").create_queue(QueueName="old")
    assert len(looked_up(trail)) == 1
    clock.advance(days=80)
    aws("sqs").create_queue(QueueName="new")
    assert len(looked_up(trail, StartTime=clock.now() - 60)) == 1
    assert len(looked_up(trail, "EventName", "CreateQueue")) == 2
    clock.advance(days=11)
    assert len(looked_up(trail, "EventName", "CreateQueue")) == 1


def test_bad_lookups_are_refused(trail):
    two = [{"AttributeKey": "EventName", "AttributeValue": "a"}, {"AttributeKey": "EventId", "AttributeValue": "b"}]
    for request, code in (
        ({"LookupAttributes": two}, "InvalidLookupAttributesException"),
        ({"StartTime": 2_000_000_000, "EndTime": 1_000_000_000}, "InvalidTimeRangeException"),
        ({"NextToken": "bogus"}, "InvalidNextTokenException"),
    ):
        with pytest.raises(ClientError) as error:
            trail.lookup_events(**request)
        assert error.value.response["Error"]["Code"] == code
