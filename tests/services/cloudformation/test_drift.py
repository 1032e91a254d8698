"""Drift tells what is not as the template says any more."""

import json

import pytest

from fogbank.services.cloudformation.differences import ADD, NOT_EQUAL, REMOVE, Difference, differences
from tests.services.cloudformation.conftest import refused


def queue(**properties):
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


@pytest.fixture
def detect(cloudformation, stack, settle):
    """Looks at the stack. Returns the drifts of its resources by their logical ids."""

    def detect(**options):
        detection = cloudformation.detect_stack_drift(StackName=stack.name, **options)["StackDriftDetectionId"]
        settle()
        detect.found = cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        found = cloudformation.describe_stack_resource_drifts(StackName=stack.name)["StackResourceDrifts"]
        return {each["LogicalResourceId"]: each for each in found}

    return detect


def change_delay(aws, stack, logical="A", seconds=7):
    url = stack.resources[logical]["PhysicalResourceId"]
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": str(seconds)})


def test_stack_that_nobody_touched_is_in_sync(stack, detect):
    stack.create({"A": queue(DelaySeconds="5", Tags=[{"Key": "k", "Value": "v"}]), "B": queue()})
    assert {name: each["StackResourceDriftStatus"] for name, each in detect().items()} == {
        "A": "IN_SYNC",
        "B": "IN_SYNC",
    }
    assert detect.found["DetectionStatus"] == "DETECTION_COMPLETE"
    assert (detect.found["StackDriftStatus"], detect.found["DriftedStackResourceCount"]) == ("IN_SYNC", 0)


def test_what_was_never_looked_at_is_not_checked(stack):
    stack.create({"A": queue()})
    assert stack.found["DriftInformation"] == {"StackDriftStatus": "NOT_CHECKED"}
    assert stack.resources["A"]["DriftInformation"] == {"StackResourceDriftStatus": "NOT_CHECKED"}


def test_what_was_changed_behind_the_stack_is_modified(aws, stack, detect):
    stack.create({"A": queue(DelaySeconds=5), "B": queue()})
    change_delay(aws, stack)
    found = detect()["A"]
    assert found["StackResourceDriftStatus"] == "MODIFIED"
    assert found["PropertyDifferences"] == [
        {"PropertyPath": "/DelaySeconds", "ExpectedValue": "5", "ActualValue": "7", "DifferenceType": "NOT_EQUAL"}
    ]
    assert (json.loads(found["ExpectedProperties"]), json.loads(found["ActualProperties"])) == (
        {"DelaySeconds": 5},
        {"DelaySeconds": 7},
    )
    assert stack.found["DriftInformation"]["StackDriftStatus"] == "DRIFTED"
    assert detect.found["DriftedStackResourceCount"] == 1


def test_what_the_template_does_not_say_is_no_drift(aws, stack, detect):
    stack.create({"A": queue()})
    change_delay(aws, stack)
    assert detect()["A"]["StackResourceDriftStatus"] == "IN_SYNC"


def test_what_is_gone_is_deleted(aws, stack, detect, clock):
    stack.create({"A": queue()})
    aws("sqs").delete_queue(QueueUrl=stack.resources["A"]["PhysicalResourceId"])
    clock.advance(seconds=61)
    found = detect()["A"]
    assert found["StackResourceDriftStatus"] == "DELETED"
    assert "ActualProperties" not in found


def test_drifts_are_filtered_by_status(aws, cloudformation, stack, detect):
    stack.create({"A": queue(DelaySeconds=5), "B": queue(DelaySeconds=5)})
    change_delay(aws, stack)
    detect()
    filters = {"StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"]}
    found = cloudformation.describe_stack_resource_drifts(StackName=stack.name, **filters)["StackResourceDrifts"]
    assert [each["LogicalResourceId"] for each in found] == ["A"]


def test_drifts_come_in_pages(cloudformation, stack, detect):
    stack.create({name: queue() for name in "ABC"})
    detect()
    first = cloudformation.describe_stack_resource_drifts(StackName=stack.name, MaxResults=2)
    rest = cloudformation.describe_stack_resource_drifts(StackName=stack.name, NextToken=first["NextToken"])
    pages = [[each["LogicalResourceId"] for each in page["StackResourceDrifts"]] for page in (first, rest)]
    assert pages == [["A", "B"], ["C"]]
    with refused("ValidationError", "Invalid NextToken"):
        cloudformation.describe_stack_resource_drifts(StackName=stack.name, NextToken="bad")


def test_only_the_resources_that_are_named_are_looked_at(stack, detect):
    stack.create({"A": queue(), "B": queue()})
    assert list(detect(LogicalResourceIds=["B"])) == ["B"]


def test_one_resource_is_looked_at_at_once(aws, cloudformation, stack):
    stack.create({"A": queue(DelaySeconds=5)})
    change_delay(aws, stack)
    found = cloudformation.detect_stack_resource_drift(StackName=stack.name, LogicalResourceId="A")
    assert found["StackResourceDrift"]["StackResourceDriftStatus"] == "MODIFIED"


def test_resource_that_its_stack_updates_is_not_checked_any_more(stack, detect):
    stack.create({"A": queue(DelaySeconds=5)})
    detect()
    stack.update({"A": queue(DelaySeconds=6)})
    assert stack.resources["A"]["DriftInformation"]["StackResourceDriftStatus"] == "NOT_CHECKED"
    assert detect()["A"]["StackResourceDriftStatus"] == "IN_SYNC"


def test_what_others_of_several_services_say_of_themselves_is_as_it_was_asked_for(stack, detect):
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    stack.create(
        {
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "Properties": {
                    "VersioningConfiguration": {"Status": "Enabled"},
                    "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "IgnorePublicAcls": "true"},
                },
            },
            "Table": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
                    "BillingMode": "PAY_PER_REQUEST",
                },
            },
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "d"}},
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"AssumeRolePolicyDocument": trust, "MaxSessionDuration": 7200},
            },
            "Key": {"Type": "AWS::KMS::Key", "Properties": {"Description": "d", "EnableKeyRotation": True}},
            "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}},
            "Parameter": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "v"}},
            "Rule": {
                "Type": "AWS::Events::Rule",
                "Properties": {"ScheduleExpression": "rate(5 minutes)", "State": "ENABLED"},
            },
        },
        {"Capabilities": ["CAPABILITY_IAM"], "Tags": [{"Key": "of", "Value": "stack"}]},
    )
    assert stack.status == "CREATE_COMPLETE"
    found = detect()
    assert len(found) == 8
    assert {name: each["PropertyDifferences"] for name, each in found.items() if each["PropertyDifferences"]} == {}


def test_nothing_is_found_of_what_is_not_there(cloudformation, stack):
    with refused("ValidationError", f"Stack [{stack.name}] does not exist"):
        cloudformation.detect_stack_drift(StackName=stack.name)
    stack.create({"A": queue()})
    with refused("ValidationError", f"Resource B does not exist for stack {stack.name}"):
        cloudformation.detect_stack_resource_drift(StackName=stack.name, LogicalResourceId="B")
    with refused("ValidationError", "Drift detection id none does not exist"):
        cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId="none")


def test_types_of_cloudformation_itself_cannot_be_checked(cloudformation, stack, detect):
    stack.create({"Meta": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2"}}})
    assert detect() == {}
    assert detect.found["StackDriftStatus"] == "NOT_CHECKED"
    with refused("ValidationError", "not supported for resource type AWS::CDK::Metadata"):
        cloudformation.detect_stack_resource_drift(StackName=stack.name, LogicalResourceId="Meta")


@pytest.mark.parametrize(
    ("expected", "actual", "found"),
    [
        ({"a": 1}, {"a": "1", "b": 2}, []),
        ({"a": "true"}, {"a": True}, []),
        ({"a": []}, {}, []),
        ({"a": 1}, {}, [("/a", "1", "null", REMOVE)]),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [("/a/b", "1", "2", NOT_EQUAL)]),
        ({"a": [1, 2]}, {"a": [2, 1]}, []),
        ({"a": [1, 2]}, {"a": [2]}, [("/a/0", "1", "null", REMOVE)]),
        ({"a": [1]}, {"a": [1, 3]}, [("/a/1", "null", "3", ADD)]),
        ({"a": [1]}, {"a": [2]}, [("/a/0", "1", "2", NOT_EQUAL)]),
        (
            [{"Key": "x", "Value": "1"}],
            [{"Key": "y", "Value": "1"}, {"Key": "x", "Value": "2"}],
            [("/0/Value", "1", "2", NOT_EQUAL), ("/0", "null", '{"Key":"y","Value":"1"}', ADD)],
        ),
        ({"a": {"Action": "s3:*"}}, {"a": '{"Action": ["s3:*"]}'}, []),
    ],
)
def test_differences(expected, actual, found):
    assert list(differences(expected, actual)) == [Difference(*each) for each in found]
