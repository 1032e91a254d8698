"""Tags of tables."""

from __future__ import annotations

import pytest

from tests.services.dynamodb.helpers import refusal


@pytest.fixture
def arn(ddb, make_table):
    make_table(Tags=[{"Key": "team", "Value": "blue"}])
    return ddb.describe_table(TableName="things")["Table"]["TableArn"]


def tags(ddb, arn):
    return {tag["Key"]: tag["Value"] for tag in ddb.list_tags_of_resource(ResourceArn=arn)["Tags"]}


def test_tags_come_with_the_table_and_change(ddb, arn):
    assert tags(ddb, arn) == {"team": "blue"}
    ddb.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "red"}, {"Key": "stage", "Value": ""}])
    assert tags(ddb, arn) == {"team": "red", "stage": ""}
    ddb.untag_resource(ResourceArn=arn, TagKeys=["team", "nothing"])
    assert tags(ddb, arn) == {"stage": ""}


def test_tags_go_with_the_table(ddb, arn, make_table):
    ddb.delete_table(TableName="things")
    ddb.get_waiter("table_not_exists").wait(TableName="things", WaiterConfig={"Delay": 0.02, "MaxAttempts": 1500})
    make_table()
    assert tags(ddb, arn) == {}


def test_an_unknown_resource_is_refused(ddb, arn):
    unknown = arn.replace("things", "nothing")
    with refusal("ResourceNotFoundException", f"Requested resource not found: ResourcArn: {unknown} not found"):
        ddb.list_tags_of_resource(ResourceArn=unknown)


def test_what_is_no_arn_is_refused(ddb):
    with refusal(message="Invalid TableArn: Invalid ResourceArn provided as input things"):
        ddb.tag_resource(ResourceArn="things", Tags=[{"Key": "a", "Value": "b"}])


@pytest.mark.parametrize(
    "wrong",
    [
        [{"Key": "aws:team", "Value": "x"}],
        [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}],
        [{"Key": f"{number}", "Value": ""} for number in range(51)],
    ],
)
def test_wrong_tags_are_refused(ddb, arn, wrong):
    with refusal():
        ddb.tag_resource(ResourceArn=arn, Tags=wrong)
    assert tags(ddb, arn) == {"team": "blue"}
