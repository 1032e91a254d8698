"""AWS::StepFunctions::* in stacks."""

from __future__ import annotations

import json

DEFINITION = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${said}", "End": True}}}


def template(said, role, **more):
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": role,
            "Definition": DEFINITION,
            "DefinitionSubstitutions": {"said": said},
            "Tags": [{"Key": "k", "Value": said}],
        },
    }
    outputs = {"Arn": {"Value": {"Ref": "M"}}, "Name": {"Value": {"Fn::GetAtt": ["M", "Name"]}}}
    return json.dumps({"Resources": {"M": machine, **more}, "Outputs": outputs})


def test_stack_makes_changes_and_deletes_a_machine(aws, machines, role):
    cfn, sfn = aws("cloudformation"), machines.sfn
    version = {"Type": "AWS::StepFunctions::StateMachineVersion", "Properties": {"StateMachineArn": {"Ref": "M"}}}
    routes = [{"StateMachineVersionArn": {"Ref": "V"}, "Weight": 100}]
    alias = {
        "Type": "AWS::StepFunctions::StateMachineAlias",
        "Properties": {"Name": "live", "RoutingConfiguration": routes},
    }
    activity = {"Type": "AWS::StepFunctions::Activity", "Properties": {"Name": "act"}}
    cfn.create_stack(StackName="s", TemplateBody=template("one", role, V=version, L=alias, C=activity))
    cfn.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig={"Delay": 0.02, "MaxAttempts": 1000})
    outputs = {
        each["OutputKey"]: each["OutputValue"] for each in cfn.describe_stacks(StackName="s")["Stacks"][0]["Outputs"]
    }
    arn = outputs["Arn"]
    assert arn.endswith(f":stateMachine:{outputs['Name']}")
    assert machines.run(f"{arn}:live")["output"] == "one"
    cfn.update_stack(StackName="s", TemplateBody=template("two", role))
    cfn.get_waiter("stack_update_complete").wait(StackName="s", WaiterConfig={"Delay": 0.02, "MaxAttempts": 1000})
    assert machines.run(arn)["output"] == "two"
    assert sfn.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "k", "value": "two"}]
    assert sfn.list_activities()["activities"] == []
    cfn.delete_stack(StackName="s")
    cfn.get_waiter("stack_delete_complete").wait(StackName="s", WaiterConfig={"Delay": 0.02, "MaxAttempts": 1000})
    assert sfn.list_state_machines()["stateMachines"] == []


def test_definition_is_fetched_from_a_bucket(aws, machines, role):
    s3, cloud = aws("s3"), aws("cloudcontrol")
    s3.create_bucket(Bucket=f"definitions-{aws.account}")
    s3.put_object(Bucket=f"definitions-{aws.account}", Key="d.json", Body=json.dumps(DEFINITION))
    place = {"Bucket": f"definitions-{aws.account}", "Key": "d.json"}
    desired = {
        "StateMachineName": "m",
        "RoleArn": role,
        "DefinitionS3Location": place,
        "DefinitionSubstitutions": {"said": "x"},
    }
    made = cloud.create_resource(TypeName="AWS::StepFunctions::StateMachine", DesiredState=json.dumps(desired))
    token = made["ProgressEvent"]["RequestToken"]
    cloud.get_waiter("resource_request_success").wait(
        RequestToken=token, WaiterConfig={"Delay": 0.02, "MaxAttempts": 1000}
    )
    assert machines.run(f"arn:aws:states:us-east-1:{aws.account}:stateMachine:m")["output"] == "x"
