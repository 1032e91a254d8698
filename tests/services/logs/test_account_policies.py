"""Policies of the account: what they do to groups."""

from __future__ import annotations

import gzip
import json
import time

import pytest

from tests.services.logs.test_data_protection import policy as protection_policy

DAY = 86_400


@pytest.fixture
def put_policy(logs):
    def put_policy(kind, document, name="p", **params):
        text = document if isinstance(document, str) else json.dumps(document)
        return logs.put_account_policy(policyName=name, policyType=kind, policyDocument=text, **params)

    return put_policy


def test_data_is_masked_in_all_groups(logs, group, put, put_policy, found):
    put_policy("DATA_PROTECTION_POLICY", protection_policy("EmailAddress"))
    put("a@example.com")
    assert found() == ["*************"]
    assert logs.describe_log_groups()["logGroups"][0]["inheritedProperties"] == ["ACCOUNT_DATA_PROTECTION"]


def test_policies_of_the_account_and_the_group_add_up(logs, group, put, put_policy, found):
    put_policy("DATA_PROTECTION_POLICY", protection_policy("EmailAddress"))
    logs.put_data_protection_policy(logGroupIdentifier=group, policyDocument=protection_policy("IpAddress"))
    put("a@example.com 10.0.0.1")
    assert found() == ["************* ********"]


def test_what_is_deleted_does_not_mask_any_more(logs, group, put, put_policy, found, clock):
    put_policy("DATA_PROTECTION_POLICY", protection_policy("EmailAddress"))
    clock.advance(seconds=1)
    logs.delete_account_policy(policyName="p", policyType="DATA_PROTECTION_POLICY")
    clock.advance(seconds=1)
    put("a@example.com")
    assert found() == ["a@example.com"]


def test_transformers_are_for_groups_by_prefix_unless_a_group_has_its_own(
    logs, group, put, put_policy, answered, clock
):
    logs.create_log_group(logGroupName="/other")
    logs.create_log_stream(logGroupName="/other", logStreamName="one")
    config = [{"parseJSON": {}}, {"addKeys": {"entries": [{"key": "by", "value": "account"}]}}]
    put_policy("TRANSFORMER_POLICY", config, selectionCriteria='LogGroupNamePrefix IN ["/app"]')
    put('{"n": 1}')
    put('{"n": 2}', group="/other")
    clock.advance(seconds=1)
    own = [{"parseJSON": {}}, {"addKeys": {"entries": [{"key": "by", "value": "group"}]}}]
    logs.put_transformer(logGroupIdentifier="/app", transformerConfig=own)
    put('{"n": 3}')
    found = answered("fields n, by | sort n asc", logGroupNames=["/app", "/other"])
    assert [row.get("by") for row in found] == ["account", None, "group"]


def test_criteria_that_overlap_are_refused(put_policy, refused):
    config = [{"parseJSON": {}}]
    put_policy("TRANSFORMER_POLICY", config, selectionCriteria='LogGroupNamePrefix IN ["/app"]')
    with refused("InvalidParameterException", "overlap"):
        put_policy("TRANSFORMER_POLICY", config, name="q", selectionCriteria='LogGroupNamePrefix IN ["/app/b"]')
    with refused("InvalidParameterException", "overlap"):
        put_policy("TRANSFORMER_POLICY", config, name="q")
    put_policy("TRANSFORMER_POLICY", config, name="q", selectionCriteria='LogGroupNamePrefix IN ["/b"]')


def test_a_subscription_of_the_account_is_for_all_groups_but_some(aws, logs, group, put, put_policy):
    iam, kinesis = aws("iam"), aws("kinesis")
    kinesis.create_stream(StreamName="out", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="out", WaiterConfig={"Delay": 0})
    trust = {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kinesis:*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(allowed))
    target = f"arn:aws:kinesis:us-east-1:{aws.account}:stream/out"
    put_policy(
        "SUBSCRIPTION_FILTER_POLICY",
        {"DestinationArn": target, "RoleArn": role, "FilterPattern": "ERROR"},
        selectionCriteria='LogGroupName NOT IN ["/quiet"]',
    )
    logs.create_log_group(logGroupName="/quiet")
    logs.create_log_stream(logGroupName="/quiet", logStreamName="one")
    put("ERROR quiet", group="/quiet")
    put("ERROR loud", "INFO")
    iterator = kinesis.get_shard_iterator(
        StreamName="out", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    deadline = time.monotonic() + 10
    while len(records := kinesis.get_records(ShardIterator=iterator)["Records"]) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    messages = [json.loads(gzip.decompress(record["Data"])) for record in records]
    data = [each for each in messages if each["messageType"] == "DATA_MESSAGE"]
    assert [(each["logGroup"], each["logEvents"][0]["message"]) for each in data] == [("/app", "ERROR loud")]


EMBEDDED = {
    "_aws": {"Timestamp": 1, "CloudWatchMetrics": [{"Namespace": "N", "Dimensions": [[]], "Metrics": [{"Name": "M"}]}]},
    "M": 1,
}


@pytest.mark.parametrize("criteria, count", [({}, 0), ({"selectionCriteria": 'LogGroupName IN ["/b"]'}, 1)])
def test_embedded_metrics_can_be_switched_off(aws, logs, group, put, put_policy, criteria, count):
    put_policy("METRIC_EXTRACTION_POLICY", {"Enabled": False}, **criteria)
    put(json.dumps(EMBEDDED))
    assert len(aws("cloudwatch").list_metrics(Namespace="N")["Metrics"]) == count


# -- retention


def retention(logs, name="/app"):
    (group,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return group.get("retentionInDays"), group.get("retentionPolicyName")


def test_a_retention_policy_rules_after_a_day(logs, group, put_policy, clock):
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    put_policy("RETENTION_POLICY", {"retentionInDays": 30, "enforcementMode": "RETROACTIVE"})
    assert retention(logs) == (1, None)
    clock.advance(seconds=DAY + 1)
    assert retention(logs) == (30, "p")
    logs.delete_account_policy(policyName="p", policyType="RETENTION_POLICY")
    assert retention(logs) == (1, None)


def test_the_longest_retention_counts_and_new_groups_follow(logs, group, put_policy, clock):
    put_policy("RETENTION_POLICY", {"retentionInDays": 30, "enforcementMode": "NEW_ONLY"})
    longer = {"retentionInDays": 60, "enforcementMode": "RETROACTIVE"}
    put_policy("RETENTION_POLICY", longer, name="q", selectionCriteria='LogGroupNamePrefix IN ["/long"]')
    clock.advance(seconds=DAY + 1)
    for name in ("/long", "/short"):
        logs.create_log_group(logGroupName=name)
    assert (retention(logs), retention(logs, "/long"), retention(logs, "/short")) == (
        (None, None),
        (60, "q"),
        (30, "p"),
    )


def test_a_dry_run_tells_what_would_be(logs, group, put_policy):
    document = {"retentionInDays": 30, "enforcementMode": "RETROACTIVE"}
    result = put_policy("RETENTION_POLICY", document, dryRun=True)["dryRunResult"]
    assert (result["totalMatchedLogGroups"], result["decreasedRetentionLogGroupCount"]) == (1, 1)
    assert result["topLogGroupsImpacted"] == [
        {"logGroupName": "/app", "currentRetention": "NEVER_EXPIRE", "proposedRetention": "30", "storedBytes": 0}
    ]
    assert logs.describe_account_policies(policyType="RETENTION_POLICY")["accountPolicies"] == []


# -- indexes


def test_field_indexes_are_those_of_the_account_or_the_group(aws, logs, group, put_policy, refused):
    put_policy("FIELD_INDEX_POLICY", {"Fields": ["requestId"]})
    arn = f"arn:aws:logs:us-east-1:{aws.account}:log-group:/app"
    (shown,) = logs.describe_index_policies(logGroupIdentifiers=[group])["indexPolicies"]
    assert (shown["source"], shown["policyName"], shown["logGroupIdentifier"]) == ("ACCOUNT", "p", arn)
    document = json.dumps({"Fields": ["a"], "FieldsV2": {"b": {"type": "FACET"}}})
    logs.put_index_policy(logGroupIdentifier=group, policyDocument=document)
    custom = logs.describe_field_indexes(logGroupIdentifiers=[group], indexCategories=["CUSTOM"])["fieldIndexes"]
    assert [(each["fieldIndexName"], each["type"]) for each in custom] == [("a", "FIELD_INDEX"), ("b", "FACET")]
    assert len(logs.describe_field_indexes(logGroupIdentifiers=[group])["fieldIndexes"]) == 12
    logs.delete_index_policy(logGroupIdentifier=group)
    (shown,) = logs.describe_index_policies(logGroupIdentifiers=[group])["indexPolicies"]
    assert shown["source"] == "ACCOUNT"
    with refused("ResourceNotFoundException"):
        logs.delete_index_policy(logGroupIdentifier=group)


def test_groups_are_listed_by_their_indexes(logs, group):
    logs.create_log_group(logGroupName="/other")
    logs.put_index_policy(logGroupIdentifier=group, policyDocument='{"Fields": ["a", "b"]}')
    assert [each["logGroupName"] for each in logs.list_log_groups(fieldIndexNames=["a"])["logGroups"]] == ["/app"]
    assert logs.list_log_groups(fieldIndexNames=["a", "c"])["logGroups"] == []
    assert logs.list_log_groups(dataSources=[{"name": "amazon_vpc"}])["logGroups"] == []


@pytest.mark.parametrize("document", ["{", "{}", '{"Fields": []}', '{"FieldsV2": {"a": {"type": "X"}}}'])
def test_what_is_no_index_policy_is_refused(logs, group, refused, document):
    with refused("InvalidParameterException"):
        logs.put_index_policy(logGroupIdentifier=group, policyDocument=document)


# -- all types


def test_policies_are_described_by_their_type(aws, logs, put_policy, refused):
    put_policy("FIELD_INDEX_POLICY", {"Fields": ["a"]})
    (shown,) = logs.describe_account_policies(policyType="FIELD_INDEX_POLICY")["accountPolicies"]
    assert (shown["policyName"], shown["scope"], shown["accountId"]) == ("p", "ALL", aws.account)
    assert logs.describe_account_policies(policyType="TRANSFORMER_POLICY")["accountPolicies"] == []
    logs.delete_account_policy(policyName="p", policyType="FIELD_INDEX_POLICY")
    with refused("ResourceNotFoundException"):
        logs.delete_account_policy(policyName="p", policyType="FIELD_INDEX_POLICY")


def test_there_is_one_protection_policy(put_policy, refused):
    put_policy("DATA_PROTECTION_POLICY", protection_policy("IpAddress"))
    put_policy("DATA_PROTECTION_POLICY", protection_policy("EmailAddress"))
    with refused("LimitExceededException"):
        put_policy("DATA_PROTECTION_POLICY", protection_policy("IpAddress"), name="q")


@pytest.mark.parametrize(
    "kind, document, params",
    [
        ("DATA_PROTECTION_POLICY", "{", {}),
        ("TRANSFORMER_POLICY", [{"parseJSON": {}}], {"selectionCriteria": "nonsense"}),
        ("TRANSFORMER_POLICY", [{"parseJSON": {}}], {"selectionCriteria": 'LogGroupName IN ["a"]'}),
        ("TRANSFORMER_POLICY", [{"parseJSON": {}}], {"dryRun": True}),
        ("RETENTION_POLICY", {"retentionInDays": 7, "enforcementMode": "NEW_ONLY"}, {}),
        ("RETENTION_POLICY", {"retentionInDays": 30}, {}),
        ("SUBSCRIPTION_FILTER_POLICY", {}, {}),
    ],
)
def test_what_does_not_fit_is_refused(put_policy, refused, kind, document, params):
    with refused("InvalidParameterException"):
        put_policy(kind, document, **params)
