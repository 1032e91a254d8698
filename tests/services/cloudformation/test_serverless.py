"""Templates of AWS SAM."""

import io
import json
import sys
import zipfile

import pytest

from tests.services.cloudformation.conftest import refused, template

pytest.importorskip("samtranslator")

SAM = "AWS::Serverless-2016-10-31"
EXPAND = {"Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]}
QUEUE = {"Type": "AWS::SQS::Queue"}
BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "documents"}}
TABLE = {"Type": "AWS::Serverless::SimpleTable"}


@pytest.fixture
def code(aws):
    """A package in S3, as `sam package` puts it there."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "def handler(event, context):\n    return event\n")
    aws("s3").create_bucket(Bucket="packages")
    aws("s3").put_object(Bucket="packages", Key="code.zip", Body=packed.getvalue())
    return {"Bucket": "packages", "Key": "code.zip"}


@pytest.fixture
def deploy(stack, code):
    def deploy(properties, others=None, options=EXPAND, **sections):
        runtime = f"python3.{sys.version_info.minor}"
        function = {"CodeUri": code, "Handler": "index.handler", "Runtime": runtime, **properties}
        resources = {"Function": {"Type": "AWS::Serverless::Function", "Properties": function}, **(others or {})}
        return stack.create(resources, options, Transform=SAM, **sections)

    return deploy


def test_function_comes_with_its_role(deploy):
    made = deploy({})
    assert made.status == "CREATE_COMPLETE", [
        e["ResourceStatusReason"]
        for e in made.client.describe_stack_events(StackName=made.id)["StackEvents"]
        if "FAILED" in e["ResourceStatus"]
    ]
    assert {each["ResourceType"] for each in made.resources.values()} == {"AWS::IAM::Role", "AWS::Lambda::Function"}


def test_globals_count_for_functions(aws, deploy):
    made = deploy({}, Globals={"Function": {"Timeout": 77}})
    name = made.resources["Function"]["PhysicalResourceId"]
    assert aws("lambda").get_function_configuration(FunctionName=name)["Timeout"] == 77


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"Type": "SQS", "Properties": {"Queue": {"Fn::GetAtt": ["Queue", "Arn"]}}}, "AWS::Lambda::EventSourceMapping"),
        ({"Type": "SNS", "Properties": {"Topic": {"Ref": "Topic"}}}, "AWS::SNS::Subscription"),
        ({"Type": "Schedule", "Properties": {"Schedule": "rate(1 hour)"}}, "AWS::Events::Rule"),
        ({"Type": "EventBridgeRule", "Properties": {"Pattern": {"source": ["shop"]}}}, "AWS::Events::Rule"),
        ({"Type": "ScheduleV2", "Properties": {"ScheduleExpression": "rate(1 hour)"}}, "AWS::Scheduler::Schedule"),
        (
            {"Type": "CloudWatchLogs", "Properties": {"LogGroupName": {"Ref": "Logs"}, "FilterPattern": "x"}},
            "AWS::Logs::SubscriptionFilter",
        ),
    ],
)
def test_event_of_a_function_becomes_what_sends_it(deploy, event, kind):
    others = {"Queue": QUEUE, "Topic": {"Type": "AWS::SNS::Topic"}, "Logs": {"Type": "AWS::Logs::LogGroup"}}
    made = deploy({"Events": {"Event": event}}, others)
    assert made.status == "CREATE_COMPLETE", [
        e["ResourceStatusReason"]
        for e in made.client.describe_stack_events(StackName=made.id)["StackEvents"]
        if "FAILED" in e["ResourceStatus"]
    ]
    assert kind in {each["ResourceType"] for each in made.resources.values()}


def test_documents_become_rows(aws, deploy):
    """A bucket notifies a function that may read it, and write into a table."""
    rules = [{"Name": "suffix", "Value": ".pdf"}]
    upload = {"Bucket": {"Ref": "Source"}, "Events": "s3:ObjectCreated:*", "Filter": {"S3Key": {"Rules": rules}}}
    policies = [{"S3ReadPolicy": {"BucketName": "documents"}}, {"DynamoDBCrudPolicy": {"TableName": {"Ref": "Table"}}}]
    made = deploy(
        {"Policies": policies, "Events": {"Upload": {"Type": "S3", "Properties": upload}}},
        {"Source": BUCKET, "Table": TABLE},
    )
    assert made.status == "CREATE_COMPLETE", [
        e["ResourceStatusReason"]
        for e in made.client.describe_stack_events(StackName=made.id)["StackEvents"]
        if "FAILED" in e["ResourceStatus"]
    ]
    (told,) = aws("s3").get_bucket_notification_configuration(Bucket="documents")["LambdaFunctionConfigurations"]
    assert told["Filter"]["Key"]["FilterRules"] == [{"Name": "Suffix", "Value": ".pdf"}]
    role = made.resources["FunctionRole"]["PhysicalResourceId"]
    assert len(aws("iam").list_role_policies(RoleName=role)["PolicyNames"]) == 2


def test_policy_of_aws_goes_by_its_name(aws, deploy):
    made = deploy({"Policies": ["AmazonSQSFullAccess"]})
    role = made.resources["FunctionRole"]["PhysicalResourceId"]
    attached = aws("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert "arn:aws:iam::aws:policy/AmazonSQSFullAccess" in [each["PolicyArn"] for each in attached]


def test_layer_goes_with_its_function(aws, deploy, code):
    layer = {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": code, "LayerName": "shared"}}
    made = deploy({"Layers": [{"Ref": "Layer"}]}, {"Layer": layer})
    assert made.status == "CREATE_COMPLETE", [
        e["ResourceStatusReason"]
        for e in made.client.describe_stack_events(StackName=made.id)["StackEvents"]
        if "FAILED" in e["ResourceStatus"]
    ]
    function = aws("lambda").get_function_configuration(FunctionName=made.resources["Function"]["PhysicalResourceId"])
    assert [each["Arn"].rsplit(":", 2)[1] for each in function["Layers"]] == ["shared"]


def test_alias_of_the_latest_version(aws, deploy):
    made = deploy({"AutoPublishAlias": "live"})
    function = made.resources["Function"]["PhysicalResourceId"]
    assert aws("lambda").get_alias(FunctionName=function, Name="live")["FunctionVersion"] == "1"


def test_simple_table_has_an_id(aws, deploy):
    table = deploy({}, {"Table": TABLE}).resources["Table"]["PhysicalResourceId"]
    described = aws("dynamodb").describe_table(TableName=table)["Table"]
    assert described["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]


def test_template_is_told_as_it_was_given_and_as_it_became(cloudformation, deploy):
    made = deploy({})
    told = {
        stage: cloudformation.get_template(StackName=made.name, TemplateStage=stage)["TemplateBody"]
        for stage in ("Original", "Processed")
    }
    assert told["Original"]["Resources"]["Function"]["Type"] == "AWS::Serverless::Function"
    assert told["Processed"]["Resources"]["Function"]["Type"] == "AWS::Lambda::Function"
    assert "Transform" not in told["Processed"]


def test_wrong_template_is_refused_in_the_words_of_the_transform(stack):
    found = "Invalid Serverless Application Specification document. Number of errors found: 1. "
    with refused("ValidationError", f"Transform {SAM} failed with: {found}Resource with id [Function] is invalid. "):
        stack.create({"Function": {"Type": "AWS::Serverless::Function"}}, EXPAND, Transform=SAM)


def test_application_of_the_repository_is_refused(stack):
    location = {
        "ApplicationId": "arn:aws:serverlessrepo:us-east-1:123456789012:applications/a",
        "SemanticVersion": "1.0.0",
    }
    nested = {"Type": "AWS::Serverless::Application", "Properties": {"Location": location}}
    with refused("ValidationError", "Fogbank has no Serverless Application Repository"):
        stack.create({"Nested": nested}, EXPAND, Transform=SAM)


def test_what_the_transform_makes_has_to_be_acknowledged(deploy):
    with refused("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_AUTO_EXPAND]"):
        deploy({}, options={"Capabilities": ["CAPABILITY_IAM"]})


def test_template_is_valid_before_its_transform(cloudformation):
    text = template({"Function": {"Type": "AWS::Serverless::Function"}, "Queue": QUEUE}, Transform=SAM)
    found = cloudformation.validate_template(TemplateBody=text)
    assert found["DeclaredTransforms"] == [SAM]
    assert found["Capabilities"] == ["CAPABILITY_AUTO_EXPAND"]
    assert "AWS::Serverless::Function" in cloudformation.get_template_summary(TemplateBody=text)["ResourceTypes"]


def test_change_set_shows_what_the_transform_makes(cloudformation, stack, code):
    runtime = f"python3.{sys.version_info.minor}"
    function = {"CodeUri": code, "Handler": "index.handler", "Runtime": runtime}
    resources = {"Function": {"Type": "AWS::Serverless::Function", "Properties": function}}
    cloudformation.create_change_set(
        StackName=stack.name,
        ChangeSetName="changes",
        ChangeSetType="CREATE",
        Capabilities=["CAPABILITY_IAM"],
        TemplateBody=json.dumps({"Transform": SAM, "Resources": resources}),
    )
    found = cloudformation.describe_change_set(StackName=stack.name, ChangeSetName="changes")
    made = {each["ResourceChange"]["LogicalResourceId"] for each in found["Changes"]}
    assert made == {"Function", "FunctionRole"}
