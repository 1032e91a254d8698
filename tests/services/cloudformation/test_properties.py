"""What templates give as properties, and the tags of stacks."""

import json

import pytest

from tests.services.cloudformation.conftest import template

QUEUE = {"Type": "AWS::SQS::Queue"}
TAGS = {"Tags": [{"Key": "team", "Value": "shop"}, {"Key": "stage", "Value": "test"}]}
FAILED = "Properties validation failed for resource A with message: "


def queue(**properties):
    return {"A": {**QUEUE, "Properties": properties}}


@pytest.mark.parametrize(
    ("resources", "told"),
    [
        (queue(Foo=1), "[#: extraneous key [Foo] is not permitted]"),
        (queue(DelaySeconds="soon"), "[#/DelaySeconds: expected type: Integer, found: String]"),
        ({"A": {"Type": "AWS::Lambda::Version"}}, "[#: required key [FunctionName] not found]"),
    ],
)
def test_property_that_the_schema_does_not_have_fails_its_resource(stack, resources, told):
    stack.create(resources)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert stack.reason("A", "CREATE_FAILED") == FAILED + told


def test_text_is_read_as_the_schema_wants_it(aws, stack):
    stack.create(queue(DelaySeconds="7", FifoQueue="true"))
    found = aws("sqs").get_queue_attributes(QueueUrl=url(stack), AttributeNames=["All"])["Attributes"]
    assert (found["DelaySeconds"], found["FifoQueue"]) == ("7", "true")


def test_number_in_another_form_is_no_change(cloudformation, stack, propose_tags):
    stack.create(queue(DelaySeconds="7"))
    assert propose_tags(queue(DelaySeconds=7), [])["Changes"] == []


@pytest.fixture
def propose_tags(cloudformation, stack):
    def propose_tags(resources, tags):
        made = cloudformation.create_change_set(
            StackName=stack.name, ChangeSetName="changes", TemplateBody=template(resources), Tags=tags
        )
        return cloudformation.describe_change_set(ChangeSetName=made["Id"])

    return propose_tags


# -- tags of the stack


def url(stack):
    return stack.resources["A"]["PhysicalResourceId"]


def tags_of(aws, stack):
    return aws("sqs").list_queue_tags(QueueUrl=url(stack)).get("Tags")


def test_tags_of_a_stack_are_on_its_resources(aws, stack):
    stack.create({"A": QUEUE}, TAGS)
    assert tags_of(aws, stack) == {"team": "shop", "stage": "test"}


def test_tag_of_a_resource_counts_more_than_that_of_its_stack(aws, stack):
    stack.create(queue(Tags=[{"Key": "team", "Value": "own"}]), TAGS)
    assert tags_of(aws, stack) == {"team": "own", "stage": "test"}


def test_tags_that_are_a_map(aws, stack):
    properties = {"Name": "/p", "Type": "String", "Value": "v", "Tags": {"team": "own"}}
    stack.create({"P": {"Type": "AWS::SSM::Parameter", "Properties": properties}}, TAGS)
    found = aws("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId="/p")["TagList"]
    assert {each["Key"]: each["Value"] for each in found} == {"team": "own", "stage": "test"}


def test_resource_that_has_no_tags_is_made_without(stack):
    policy = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"},
    }
    other = {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "A"}], "PolicyDocument": policy}}
    assert stack.create({"A": QUEUE, "B": other}, TAGS).status == "CREATE_COMPLETE"


def test_new_tags_of_a_stack_come_to_its_resources(aws, stack):
    stack.create({"A": QUEUE}, TAGS)
    before = url(stack)
    stack.update({"A": QUEUE}, {"Tags": [{"Key": "team", "Value": "other"}]})
    assert stack.status == "UPDATE_COMPLETE"
    assert (url(stack), tags_of(aws, stack)) == (before, {"team": "other"})


def test_tags_go_back_with_their_stack(aws, stack):
    stack.create({"A": QUEUE}, TAGS)
    broken = {"A": QUEUE, "B": {"Type": "AWS::SQS::Queue", "DependsOn": "A", "Properties": {"DelaySeconds": 5000}}}
    stack.update(broken, {"Tags": [{"Key": "team", "Value": "other"}]})
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert tags_of(aws, stack) == {"team": "shop", "stage": "test"}


def test_tags_are_a_change_of_their_own(stack, propose_tags):
    stack.create({"A": QUEUE}, TAGS)
    (change,) = propose_tags({"A": QUEUE}, [{"Key": "team", "Value": "other"}])["Changes"]
    told = change["ResourceChange"]
    assert (told["Scope"], told["Replacement"]) == (["Tags"], "False")
    assert told["Details"][0]["Target"]["Attribute"] == "Tags"


def test_properties_are_told_with_the_tags(stack):
    stack.create({"A": QUEUE}, TAGS)
    events = stack.client.describe_stack_events(StackName=stack.id)["StackEvents"]
    told = next(each["ResourceProperties"] for each in events if each["LogicalResourceId"] == "A")
    assert json.loads(told) == {"Tags": TAGS["Tags"]}
