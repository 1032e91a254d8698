"""Custom resources: what a function answers becomes of them."""

import io
import json
import sys
import time
import zipfile

import pytest

HANDLER = """
import json, urllib.request

def handler(event, context):
    properties = event["ResourceProperties"]
    answer = {
        "Status": properties.get("Status", "SUCCESS") if event["RequestType"] != "Delete" else "SUCCESS",
        "Reason": properties.get("Reason", ""),
        "PhysicalResourceId": event.get("PhysicalResourceId", "made-" + properties.get("Name", "")),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Seen": event["RequestType"] + " " + json.dumps(properties, sort_keys=True)},
    }
    data = json.dumps(answer).encode()
    request = urllib.request.Request(event["ResponseURL"], data=data, method="PUT", headers={"Content-Type": ""})
    urllib.request.urlopen(request)
"""
OUTPUTS = {"Ref": {"Value": {"Ref": "Thing"}}, "Seen": {"Value": {"Fn::GetAtt": "Thing.Seen"}}}


@pytest.fixture
def function(aws):
    """The ARN of a function that answers as its properties say."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    role = aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("index.py", HANDLER)
    return aws("lambda").create_function(
        FunctionName="custom",
        Runtime=f"python3.{sys.version_info.minor}",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": package.getvalue()},
    )["FunctionArn"]


@pytest.fixture
def wait_for(stack):
    """Waits until the stack is in that status: functions run in real time."""

    def wait_for(status):
        deadline = time.monotonic() + 30
        while stack.status != status and time.monotonic() < deadline:
            time.sleep(0.02)
        assert stack.status == status

    return wait_for


def thing(function, **properties):
    return {"Thing": {"Type": "Custom::Thing", "Properties": {"ServiceToken": function, **properties}}}


def test_custom_resource_is_what_its_function_answers(stack, function, wait_for):
    stack.create(thing(function, Name="one", Number=3, Flag=True), Outputs=OUTPUTS)
    wait_for("CREATE_COMPLETE")
    assert stack.outputs["Ref"] == "made-one"
    kind, _, properties = stack.outputs["Seen"].partition(" ")
    assert kind == "Create"
    assert json.loads(properties) == {"ServiceToken": function, "Name": "one", "Number": "3", "Flag": "true"}


def test_custom_resource_is_updated_and_deleted(stack, function, wait_for):
    stack.create(thing(function, Name="one"), Outputs=OUTPUTS)
    wait_for("CREATE_COMPLETE")
    stack.update(thing(function, Name="two"), Outputs=OUTPUTS)
    wait_for("UPDATE_COMPLETE")
    assert stack.outputs["Seen"].startswith("Update ")
    stack.delete()
    wait_for("DELETE_COMPLETE")


def test_failure_of_the_function_fails_the_stack(stack, function, wait_for):
    stack.create(thing(function, Status="FAILED", Reason="no luck"))
    wait_for("ROLLBACK_COMPLETE")
    told = "Received response status [FAILED] from custom resource. Message returned: no luck"
    assert told in stack.reason("Thing", "CREATE_FAILED")


def test_function_that_never_answers_fails_the_stack(aws, stack, clock, function):
    aws("lambda").put_function_concurrency(FunctionName="custom", ReservedConcurrentExecutions=0)
    stack.create(thing(function, ServiceTimeout=30))
    clock.advance(seconds=120)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "did not receive a response from your Custom Resource" in stack.reason("Thing", "CREATE_FAILED")


def test_function_that_is_not_there_fails_the_stack(stack):
    stack.create(thing("arn:aws:lambda:us-east-1:123456789012:function:none"))
    assert stack.status == "ROLLBACK_COMPLETE"
