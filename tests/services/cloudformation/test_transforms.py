"""Parts of templates in S3, and functions that make templates."""

import io
import json
import sys
import zipfile

import pytest

from fogbank.kernel import AWSError
from fogbank.services.cloudformation import serverless
from tests.services.cloudformation.conftest import refused

EXPAND = {"Capabilities": ["CAPABILITY_AUTO_EXPAND"]}
QUEUE = {"Type": "AWS::SQS::Queue"}
HANDLER = """
import json

def handler(event, context):
    fragment, params = event["fragment"], event["params"]
    answer = {"requestId": event["requestId"], "status": "success", "fragment": fragment}
    if params.get("Fail"):
        answer = {**answer, "status": "failure", **params["Fail"]}
    elif params.get("Answer"):
        answer = params["Answer"]
    elif params.get("Raise"):
        raise ValueError
    elif "Resources" in fragment:
        fragment["Resources"]["Added"] = {"Type": "AWS::SQS::Queue"}
        told = {name: event[name] for name in ("region", "accountId", "transformId", "templateParameterValues")}
        fragment["Outputs"] = {"Told": {"Value": json.dumps(told)}}
    else:
        fragment["QueueName"] = fragment["QueueName"].upper() + params.get("End", "")
    return answer
"""


@pytest.fixture
def part(aws):
    """A part of a template in S3: `part(document)` is its address."""
    aws("s3").create_bucket(Bucket="parts")

    def part(text):
        aws("s3").put_object(Bucket="parts", Key="part", Body=text)
        return "s3://parts/part"

    return part


def include(location):
    return {"Name": "AWS::Include", "Parameters": {"Location": location}}


def test_part_of_a_template_is_included(stack, part):
    location = part("DelaySeconds: 7\nQueueName: ignored\n")
    properties = {"QueueName": "own", "Fn::Transform": include(location)}
    stack.create(
        {"A": {**QUEUE, "Properties": properties}}, EXPAND, Outputs={"A": {"Value": {"Fn::GetAtt": "A.DelaySeconds"}}}
    )
    assert (stack.status, stack.outputs) == ("CREATE_COMPLETE", {"A": "7"})
    assert stack.resources["A"]["PhysicalResourceId"].endswith("/own")


def test_part_is_included_into_the_whole_template(stack, part):
    location = part(json.dumps({"Resources": {"B": QUEUE}}))
    stack.create({"A": QUEUE}, EXPAND, Transform=include(location))
    assert set(stack.resources) == {"A", "B"}


def test_parameter_says_where_a_part_lies(stack, part):
    declared = {"Where": {"Type": "String", "Default": part(json.dumps({"B": QUEUE}))}}
    stack.create({"A": QUEUE, "Fn::Transform": include({"Ref": "Where"})}, EXPAND, Parameters=declared)
    assert set(stack.resources) == {"A", "B"}


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("parts/part", "Transform AWS::Include failed with: The location parameter is not a valid S3 uri."),
        ("s3://parts/none", "Transform AWS::Include failed with: The specified key does not exist."),
        (None, "Transform AWS::Include failed with: The specified S3 object's content should be valid Yaml/JSON"),
    ],
)
def test_part_that_cannot_be_read_is_refused(stack, part, location, message):
    broken = part("[")
    with refused("ValidationError", message):
        stack.create({"A": QUEUE}, EXPAND, Transform=include(location or broken))


# -- macros


@pytest.fixture
def macro(aws, settle):
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
    function = aws("lambda").create_function(
        FunctionName="macro",
        Runtime=f"python3.{sys.version_info.minor}",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": package.getvalue()},
    )["FunctionArn"]
    settle()
    properties = {"Name": "Macro", "FunctionName": function}
    text = json.dumps({"Resources": {"M": {"Type": "AWS::CloudFormation::Macro", "Properties": properties}}})
    aws("cloudformation").create_stack(StackName="macros", TemplateBody=text)
    settle()
    return "Macro"


def test_macro_makes_the_whole_template(stack, macro):
    declared = {"P": {"Type": "String", "Default": "x"}}
    stack.create({"A": QUEUE}, EXPAND, Transform=macro, Parameters=declared)
    assert set(stack.resources) == {"A", "Added"}
    account = stack.id.split(":")[4]
    assert json.loads(stack.outputs["Told"]) == {
        "region": "us-east-1",
        "accountId": account,
        "transformId": f"{account}::Macro",
        "templateParameterValues": {"P": "x"},
    }


def test_macro_makes_a_part_of_a_template_after_another_transform(stack, macro, part):
    call = {"Name": macro, "Parameters": {"End": "-END"}}
    calls = [include(part(json.dumps({"QueueName": "own"}))), call]
    stack.create({"A": {**QUEUE, "Properties": {"Fn::Transform": calls}}}, EXPAND)
    assert stack.status == "CREATE_COMPLETE"
    assert stack.resources["A"]["PhysicalResourceId"].endswith("/OWN-END")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"Fail": {"errorMessage": "as told"}}, "Transform {} failed with: as told."),
        ({"Fail": {"errorMessage": ""}}, "Transform {} failed without an error message."),
        ({"Answer": {"status": "success"}}, "Received malformed response from transform {}"),
        ({"Raise": True}, "Failed to execute transform {}"),
    ],
)
def test_macro_that_fails_fails_the_template(stack, macro, params, message):
    account = stack.client.describe_stacks(StackName="macros")["Stacks"][0]["StackId"].split(":")[4]
    with refused("ValidationError", message.format(f"{account}::Macro")):
        stack.create({"A": QUEUE}, EXPAND, Transform={"Name": macro, "Parameters": params})


def test_macro_that_is_not_there_is_refused(stack):
    with refused("ValidationError", "::None found."):
        stack.create({"A": QUEUE}, EXPAND, Transform="None")
    with refused("ValidationError", "No transform named AWS::None found."):
        stack.create({"A": QUEUE}, EXPAND, Transform="AWS::None")


def test_macro_is_deleted_with_its_stack(stack, macro, settle):
    stack.client.delete_stack(StackName="macros")
    settle()
    with refused("ValidationError", "::Macro found."):
        stack.create({"A": QUEUE}, EXPAND, Transform=macro)


def test_change_set_tells_why_a_transform_failed(cloudformation, stack):
    text = json.dumps({"Resources": {"A": QUEUE}, "Transform": "AWS::None"})
    given = {"StackName": stack.name, "ChangeSetName": "changes", "ChangeSetType": "CREATE", "TemplateBody": text}
    cloudformation.create_change_set(**given)
    found = cloudformation.describe_change_set(StackName=stack.name, ChangeSetName="changes")
    assert (found["Status"], found["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert found["StatusReason"] == "No transform named AWS::None found."
    assert stack.status == "REVIEW_IN_PROGRESS"


def test_library_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "samtranslator", None)
    for name in [each for each in sys.modules if each.startswith("samtranslator.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(AWSError, match=r"pip install 'fogbank\[sam\]'"):
        serverless._translate({}, "us-east-1", {}, {})
