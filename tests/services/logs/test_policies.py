"""Who may write: resource policies for services, identity policies for roles."""

from __future__ import annotations

import json

import pytest


def policy(**more):
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "logs:PutLogEvents"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Resource": "*", **more}]})


def test_policies_of_the_account_are_listed(logs):
    for name in "ab":
        logs.put_resource_policy(policyName=name, policyDocument=policy())
    shown = logs.describe_resource_policies()["resourcePolicies"]
    assert [(each["policyName"], each["policyScope"]) for each in shown] == [("a", "ACCOUNT"), ("b", "ACCOUNT")]
    logs.delete_resource_policy(policyName="a")
    assert [each["policyName"] for each in logs.describe_resource_policies()["resourcePolicies"]] == ["b"]


def test_there_are_ten_policies(logs, refused):
    for nth in range(10):
        logs.put_resource_policy(policyName=f"p{nth}", policyDocument=policy())
    with refused("LimitExceededException"):
        logs.put_resource_policy(policyName="another", policyDocument=policy())


def test_a_policy_of_a_group_changes_by_its_revision(logs, aws, group, refused):
    arn = f"arn:aws:logs:us-east-1:{aws.account}:log-group:{group}"
    revision = logs.put_resource_policy(resourceArn=arn, policyDocument=policy())["revisionId"]
    with refused("InvalidParameterException", "expectedRevisionId"):
        logs.put_resource_policy(resourceArn=arn, policyDocument=policy(), expectedRevisionId="other")
    logs.put_resource_policy(resourceArn=arn, policyDocument=policy(), expectedRevisionId=revision)
    assert len(logs.describe_resource_policies(resourceArn=arn)["resourcePolicies"]) == 1


def test_what_is_no_policy_is_refused(logs, refused):
    with refused("InvalidParameterException"):
        logs.put_resource_policy(policyName="p", policyDocument="{")


@pytest.fixture
def writer(aws):
    """A client of a user who may write to the streams of `/app`."""
    iam = aws("iam")
    iam.create_user(UserName="writer")
    resource = f"arn:aws:logs:us-east-1:{aws.account}:log-group:/app:*"
    statement = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": resource}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="writer", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="writer")["AccessKey"]
    import boto3

    return boto3.client(
        "logs",
        endpoint_url=aws.endpoint,
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


def test_permission_on_all_of_a_group_is_permission_to_write(writer, group, now):
    writer.create_log_stream(logGroupName=group, logStreamName="two")
    events = [{"timestamp": now(), "message": "x"}]
    writer.put_log_events(logGroupName=group, logStreamName="two", logEvents=events)


def test_other_groups_and_other_actions_are_denied(logs, writer, group):
    logs.create_log_group(logGroupName="/other")
    with pytest.raises(writer.exceptions.ClientError, match=r"AccessDeniedException.*log-group:/other:log-stream:"):
        writer.create_log_stream(logGroupName="/other", logStreamName="two")
    with pytest.raises(writer.exceptions.ClientError, match="AccessDenied"):
        writer.delete_log_group(logGroupName=group)
