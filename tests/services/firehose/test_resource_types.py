"""Delivery streams in templates."""

import json


def _stack(role, bucket, prefix):
    where = {"RoleARN": role, "BucketARN": f"arn:aws:s3:::{bucket}", "Prefix": prefix}
    properties = {"ExtendedS3DestinationConfiguration": where, "Tags": [{"Key": "a", "Value": "b"}]}
    outputs = {"Name": {"Value": {"Ref": "Stream"}}, "Arn": {"Value": {"Fn::GetAtt": ["Stream", "Arn"]}}}
    resource = {"Type": "AWS::KinesisFirehose::DeliveryStream", "Properties": properties}
    return json.dumps({"Resources": {"Stream": resource}, "Outputs": outputs})


def test_a_stack_makes_and_changes_a_delivery_stream(aws, delivery):
    cloudformation, firehose = aws("cloudformation"), aws("firehose")
    cloudformation.create_stack(StackName="s", TemplateBody=_stack(delivery.role, delivery.bucket, "a/"))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig={"Delay": 1})
    outputs = cloudformation.describe_stacks(StackName="s")["Stacks"][0]["Outputs"]
    found = {each["OutputKey"]: each["OutputValue"] for each in outputs}
    assert found["Arn"].endswith(f":deliverystream/{found['Name']}")
    cloudformation.update_stack(StackName="s", TemplateBody=_stack(delivery.role, delivery.bucket, "b/"))
    cloudformation.get_waiter("stack_update_complete").wait(StackName="s", WaiterConfig={"Delay": 1})
    described = firehose.describe_delivery_stream(DeliveryStreamName=found["Name"])["DeliveryStreamDescription"]
    assert described["VersionId"] == "2"
    assert described["Destinations"][0]["ExtendedS3DestinationDescription"]["Prefix"] == "b/"
    cloudformation.delete_stack(StackName="s")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="s", WaiterConfig={"Delay": 1})
    assert firehose.list_delivery_streams()["DeliveryStreamNames"] == []
