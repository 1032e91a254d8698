"""Scalable targets and their tags."""

import io
import json
import zipfile

import pytest

from tests.services.application_autoscaling.conftest import READS, WRITES


def test_a_target_is_described_as_it_was_registered(scaling, target, aws):
    [found] = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    role = "dynamodb.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"
    assert found.pop("CreationTime")
    assert found == {
        **WRITES,
        "MinCapacity": 1,
        "MaxCapacity": 100,
        "RoleARN": f"arn:aws:iam::{aws.account}:role/aws-service-role/{role}",
        "SuspendedState": {
            "DynamicScalingInSuspended": False,
            "DynamicScalingOutSuspended": False,
            "ScheduledScalingSuspended": False,
        },
        "ScalableTargetARN": target,
    }
    assert aws("iam").get_role(RoleName=role.rpartition("/")[2])["Role"]["Arn"] == found["RoleARN"]


def test_the_capacity_is_brought_into_the_bounds_at_once(scaling, ddb, table, clock, writes, activities):
    for place, least, most in ((WRITES, 7, 9), (READS, 1, 3)):
        scaling.register_scalable_target(**place, MinCapacity=least, MaxCapacity=most)
    index = {
        **WRITES,
        "ResourceId": "table/things/index/again",
        "ScalableDimension": "dynamodb:index:WriteCapacityUnits",
    }
    scaling.register_scalable_target(**index, MinCapacity=8, MaxCapacity=9)
    clock.advance(seconds=10)
    found = ddb.describe_table(TableName=table)["Table"]
    throughput = found["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == (3, 7)
    assert found["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["WriteCapacityUnits"] == 8
    [done] = activities(ResourceId="table/things", ScalableDimension=WRITES["ScalableDimension"])
    assert (done["Description"], done["Cause"]) == (
        "Setting write capacity units to 7.",
        "minimum capacity was set to 7",
    )
    message = "Successfully set write capacity units to 7. Change successfully fulfilled by dynamodb."
    assert (done["StatusCode"], done["StatusMessage"]) == ("Successful", message)
    assert done["EndTime"] >= done["StartTime"]


def test_registering_again_changes_what_is_given(scaling, target):
    suspended = {"DynamicScalingInSuspended": True}
    again = scaling.register_scalable_target(**WRITES, MaxCapacity=50, SuspendedState=suspended)
    [found] = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert again["ScalableTargetARN"] == target
    assert (found["MinCapacity"], found["MaxCapacity"]) == (1, 50)
    assert found["SuspendedState"]["DynamicScalingInSuspended"]
    assert not found["SuspendedState"]["ScheduledScalingSuspended"]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ({"ResourceId": "table/missing"}, "DynamoDB table does not exist: table/missing"),
        ({"ResourceId": "dynamo/things"}, "Unsupported service namespace, resource type or scalable dimension"),
        ({"ServiceNamespace": "ecs"}, "Unsupported service namespace, resource type or scalable dimension"),
        (
            {"ResourceId": "table/things/index/no", "ScalableDimension": "dynamodb:index:ReadCapacityUnits"},
            "DynamoDB index does not exist: table/things/index/no",
        ),
        (
            {
                "ServiceNamespace": "ecs",
                "ResourceId": "service/default/web",
                "ScalableDimension": "ecs:service:DesiredCount",
            },
            "ECS service does not exist: service/default/web",
        ),
        (
            {
                "ServiceNamespace": "lambda",
                "ResourceId": "function:f:live",
                "ScalableDimension": "lambda:function:ProvisionedConcurrency",
            },
            "Lambda function does not exist: function:f:live",
        ),
    ],
)
def test_what_is_not_there_cannot_be_registered(scaling, table, refused, place, message):
    with refused(message=message):
        scaling.register_scalable_target(**{**WRITES, **place}, MinCapacity=1, MaxCapacity=2)


def test_bounds_are_checked(scaling, table, refused):
    with refused(message="must be specified when registering a new scalable target"):
        scaling.register_scalable_target(**WRITES, MinCapacity=1)
    with refused(message="Minimum capacity cannot be less than 1"):
        scaling.register_scalable_target(**WRITES, MinCapacity=0, MaxCapacity=2)
    with refused(message="Maximum capacity cannot be less than minimum capacity"):
        scaling.register_scalable_target(**WRITES, MinCapacity=3, MaxCapacity=2)


def test_a_deregistered_target_takes_along_its_policies_alarms_and_actions(scaling, put_policy, aws, refused):
    put_policy()
    action = {"Schedule": "rate(1 hour)", "ScalableTargetAction": {"MinCapacity": 2}}
    scaling.put_scheduled_action(**WRITES, ScheduledActionName="a", **action)
    scaling.deregister_scalable_target(**WRITES)
    assert scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"] == []
    assert scaling.describe_scheduled_actions(ServiceNamespace="dynamodb")["ScheduledActions"] == []
    assert aws("cloudwatch").describe_alarms()["MetricAlarms"] == []
    with refused(
        "ObjectNotFoundException", "No scalable target found for service namespace: dynamodb, resource ID: table/"
    ):
        scaling.deregister_scalable_target(**WRITES)


def test_targets_go_with_their_table(scaling, ddb, put_policy, clock, aws):
    put_policy()
    ddb.delete_table(TableName="things")
    clock.advance(seconds=10)
    assert scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"] == []
    assert aws("cloudwatch").describe_alarms()["MetricAlarms"] == []


def test_targets_are_listed_by_page_and_filter(scaling, target, refused):
    scaling.register_scalable_target(**READS, MinCapacity=1, MaxCapacity=10)
    pages = scaling.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace="dynamodb", PaginationConfig={"PageSize": 1}
    )
    found = [each["ScalableDimension"] for page in pages for each in page["ScalableTargets"]]
    assert found == [READS["ScalableDimension"], WRITES["ScalableDimension"]]
    asked = {"ServiceNamespace": "dynamodb", "ResourceIds": ["table/things"]}
    [one] = scaling.describe_scalable_targets(**asked, ScalableDimension=READS["ScalableDimension"])["ScalableTargets"]
    assert one["MaxCapacity"] == 10
    assert scaling.describe_scalable_targets(ServiceNamespace="lambda")["ScalableTargets"] == []
    with refused("InvalidNextTokenException"):
        scaling.describe_scalable_targets(ServiceNamespace="dynamodb", NextToken="nonsense")
    with refused(message="Resource ID must be specified"):
        scaling.describe_scalable_targets(ServiceNamespace="dynamodb", ScalableDimension=READS["ScalableDimension"])
    with refused(message="Value '51' at 'maxResults'"):
        scaling.describe_scalable_targets(ServiceNamespace="dynamodb", MaxResults=51)


def test_tags_go_round(scaling, table, refused):
    asked = {**WRITES, "MinCapacity": 1, "MaxCapacity": 2}
    arn = scaling.register_scalable_target(**asked, Tags={"a": "1", "b": "2"})["ScalableTargetARN"]
    scaling.tag_resource(ResourceARN=arn, Tags={"b": "3", "c": "4"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"b": "3", "c": "4"}
    with refused(message="The scalable target that you tried to tag already exists."):
        scaling.register_scalable_target(**asked, Tags={"a": "1"})
    with refused("TooManyTagsException"):
        scaling.tag_resource(ResourceARN=arn, Tags={str(number): "" for number in range(50)})
    with refused("ResourceNotFoundException"):
        scaling.list_tags_for_resource(ResourceARN=arn[:-1])


def test_whoever_registers_needs_the_permissions_of_the_service(aws, scaling, table, refused):
    iam = aws("iam")
    iam.create_user(UserName="u")
    statement = {"Effect": "Allow", "Action": ["application-autoscaling:*", "dynamodb:DescribeTable"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="u")["AccessKey"]
    theirs = aws("application-autoscaling", credentials=key)
    with refused(message="User is missing the following permissions: dynamodb:UpdateTable"):
        theirs.register_scalable_target(**WRITES, MinCapacity=1, MaxCapacity=2)


@pytest.fixture
def alias(aws):
    """The Lambda client, with a function `f` that has the alias `live` and a target for it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        package.writestr("f.py", "def handler(event, context): pass")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = aws("iam").create_role(RoleName="f", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    client = aws("lambda")
    client.create_function(
        FunctionName="f", Runtime="python3.12", Role=role, Handler="f.handler", Code={"ZipFile": made.getvalue()}
    )
    client.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.05})
    version = client.publish_version(FunctionName="f")["Version"]
    client.create_alias(FunctionName="f", Name="live", FunctionVersion=version)
    aws("application-autoscaling").register_scalable_target(
        ServiceNamespace="lambda",
        ResourceId="function:f:live",
        ScalableDimension="lambda:function:ProvisionedConcurrency",
        MinCapacity=0,
        MaxCapacity=2,
    )
    return client


@pytest.mark.parametrize("operation", ["alias", "function"])
def test_a_target_goes_with_its_function_or_alias(scaling, alias, operation):
    if operation == "alias":
        alias.delete_alias(FunctionName="f", Name="live")
    else:
        alias.delete_function(FunctionName="f")
    assert scaling.describe_scalable_targets(ServiceNamespace="lambda")["ScalableTargets"] == []
