"""AWS::ApplicationAutoScaling::*."""

import json

from tests.services.application_autoscaling.conftest import FIVE, WRITES, tracking

TABLE = {
    "TableName": "things",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "ProvisionedThroughput": FIVE,
}


def template(most=20, policies=1):
    resource = {"Fn::Join": ["/", ["table", {"Ref": "Table"}]]}
    action = {"ScheduledActionName": "a", "Schedule": "rate(1 hour)", "ScalableTargetAction": {"MinCapacity": 2}}
    policy = {
        "PolicyName": "p",
        "PolicyType": "TargetTrackingScaling",
        "ScalingTargetId": {"Ref": "Target"},
        "TargetTrackingScalingPolicyConfiguration": tracking(),
    }
    resources = {
        "Table": ("AWS::DynamoDB::Table", TABLE),
        "Target": (
            "AWS::ApplicationAutoScaling::ScalableTarget",
            {**WRITES, "ResourceId": resource, "MinCapacity": 1, "MaxCapacity": most, "ScheduledActions": [action]},
        ),
        **({"Policy": ("AWS::ApplicationAutoScaling::ScalingPolicy", policy)} if policies else {}),
    }
    outputs = {name: {"Value": {"Ref": name}} for name in resources}
    described = {name: {"Type": type, "Properties": given} for name, (type, given) in resources.items()}
    return json.dumps({"Resources": described, "Outputs": outputs})


def test_a_stack_makes_changes_and_deletes_them(aws, scaling):
    cloudformation = aws("cloudformation")
    wait = {"Delay": 0.05, "MaxAttempts": 600}
    cloudformation.create_stack(StackName="s", TemplateBody=template())
    cloudformation.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig=wait)
    [stack] = cloudformation.describe_stacks(StackName="s")["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    assert outputs["Target"] == "table/things|dynamodb:table:WriteCapacityUnits|dynamodb"
    [policy] = scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]
    assert outputs["Policy"] == policy["PolicyARN"]
    cloudformation.update_stack(StackName="s", TemplateBody=template(most=30, policies=0))
    cloudformation.get_waiter("stack_update_complete").wait(StackName="s", WaiterConfig=wait)
    [target] = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert target["MaxCapacity"] == 30
    assert scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"] == []
    [action] = scaling.describe_scheduled_actions(ServiceNamespace="dynamodb")["ScheduledActions"]
    assert action["Schedule"] == "rate(1 hour)"
    cloudformation.delete_stack(StackName="s")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="s", WaiterConfig=wait)
    assert scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"] == []
