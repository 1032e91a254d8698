"""Tags of all that has an ARN."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def role(aws):
    trust = {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    return aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]["Arn"]


def _group(aws, logs, role):
    logs.create_log_group(logGroupName="/app", tags={"a": "b"})
    return f"arn:aws:logs:us-east-1:{aws.account}:log-group:/app"


def _destination(aws, logs, role):
    stream = f"arn:aws:kinesis:us-east-1:{aws.account}:stream/s"
    return logs.put_destination(destinationName="d", targetArn=stream, roleArn=role, tags={"a": "b"})["destination"][
        "arn"
    ]


def _table(aws, logs, role):
    return logs.create_lookup_table(lookupTableName="t", tableBody="x\n1\n", tags={"a": "b"})["lookupTableArn"]


def _scheduled(aws, logs, role):
    given = {"queryLanguage": "CWLI", "queryString": "fields a", "scheduleExpression": "cron(0 * * * ? *)"}
    return logs.create_scheduled_query(
        name="q", logGroupIdentifiers=["/app"], executionRoleArn=role, tags={"a": "b"}, **given
    )["scheduledQueryArn"]


def _delivery_destination(aws, logs, role):
    resource = {"destinationResourceArn": "arn:aws:s3:::bucket"}
    made = logs.put_delivery_destination(name="d", deliveryDestinationConfiguration=resource, tags={"a": "b"})
    return made["deliveryDestination"]["arn"]


@pytest.mark.parametrize("make", [_group, _destination, _table, _scheduled, _delivery_destination])
def test_tags_are_put_taken_and_listed(aws, logs, role, make):
    arn = make(aws, logs, role)
    logs.tag_resource(resourceArn=arn, tags={"c": "d"})
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "b", "c": "d"}
    logs.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"c": "d"}


@pytest.mark.parametrize("kind", ["log-group", "destination", "lookup-table", "scheduled-query", "delivery"])
def test_what_is_not_there_has_no_tags(aws, logs, refused, kind):
    with refused("ResourceNotFoundException"):
        logs.list_tags_for_resource(resourceArn=f"arn:aws:logs:us-east-1:{aws.account}:{kind}:none")


def test_what_is_no_arn_is_refused(logs, refused):
    with refused("InvalidParameterException", "Invalid ARN"):
        logs.list_tags_for_resource(resourceArn="arn:aws:logs:us-east-1:123456789012:nothing:x")
