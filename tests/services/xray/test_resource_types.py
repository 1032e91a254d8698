"""AWS::XRay::* by way of Cloud Control."""

import json

import pytest

from tests.services.cloud_client import Cloud
from tests.services.xray.test_groups import policy
from tests.services.xray.test_sampling import RULE
from tests.services.xray.test_transaction_search import let_xray_write


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


def test_a_group(cloud, xray):
    kind, tags = "AWS::XRay::Group", [{"Key": "a", "Value": "1"}]
    arn = cloud.create(kind, GroupName="g", FilterExpression="fault", Tags=tags)
    found = cloud.read(kind, arn)
    insights = {"InsightsEnabled": False, "NotificationsEnabled": False}
    given = {"GroupName": "g", "FilterExpression": "fault", "Tags": tags}
    assert found == {**given, "GroupARN": arn, "InsightsConfiguration": insights}
    cloud.update(
        kind, arn, {"op": "replace", "path": "/FilterExpression", "value": "error"}, {"op": "remove", "path": "/Tags"}
    )
    assert cloud.read(kind, arn)["FilterExpression"] == "error"
    cloud.delete(kind, arn)
    assert [each["GroupName"] for each in xray.get_groups()["Groups"]] == ["Default"]


def test_a_sampling_rule(cloud, xray):
    kind = "AWS::XRay::SamplingRule"
    arn = cloud.create(kind, SamplingRule=RULE)
    assert cloud.read(kind, arn)["SamplingRule"] == {**RULE, "RuleARN": arn}
    cloud.update(kind, arn, {"op": "replace", "path": "/SamplingRule/FixedRate", "value": 0.7})
    assert cloud.read(kind, arn)["SamplingRule"]["FixedRate"] == 0.7
    cloud.delete(kind, arn)
    assert len(xray.get_sampling_rules()["SamplingRuleRecords"]) == 1


def test_a_resource_policy(cloud, xray):
    kind = "AWS::XRay::ResourcePolicy"
    name = cloud.create(kind, PolicyName="p", PolicyDocument=policy())
    assert json.loads(cloud.read(kind, name)["PolicyDocument"]) == json.loads(policy())
    cloud.delete(kind, name)
    assert not xray.list_resource_policies()["ResourcePolicies"]


def test_transaction_search(aws, cloud, xray):
    kind = "AWS::XRay::TransactionSearchConfig"
    let_xray_write(aws)
    account = cloud.create(kind, IndexingPercentage=7)
    assert cloud.read(kind, account) == {"AccountId": account, "IndexingPercentage": 7.0}
    assert xray.get_trace_segment_destination() | {"ResponseMetadata": 0} == {
        "Destination": "CloudWatchLogs",
        "Status": "ACTIVE",
        "ResponseMetadata": 0,
    }
    cloud.delete(kind, account)
    assert xray.get_trace_segment_destination()["Destination"] == "XRay"
