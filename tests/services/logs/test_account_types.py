"""What belongs to the account, deliveries, and policies of groups, as CloudFormation and Cloud Control see them."""

from __future__ import annotations

import json

import pytest

from tests.services.cloud_client import Cloud

TRUST = {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
TAGS = [{"Key": "a", "Value": "b"}]


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


@pytest.fixture
def role(aws):
    iam = aws("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    statement = {"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": "*"}
    allowed = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=allowed)
    return arn


def replace(name, value):
    return {"op": "add", "path": f"/{name}", "value": value}


def remove(name):
    return {"op": "remove", "path": f"/{name}"}


def test_a_destination_has_a_policy_and_tags(aws, logs, cloud, role):
    aws("kinesis").create_stream(StreamName="s", ShardCount=1)
    cloud.clock.advance(seconds=1)
    stream = f"arn:aws:kinesis:us-east-1:{aws.account}:stream/s"
    kind, arn = "AWS::Logs::Destination", f"arn:aws:logs:us-east-1:{aws.account}:destination:d"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "logs:PutSubscriptionFilter", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    about = {"DestinationName": "d", "RoleArn": role, "TargetArn": stream, "DestinationPolicy": policy, "Tags": TAGS}
    name = cloud.create(kind, **about)
    assert cloud.read(kind, name) == {**about, "Arn": arn}
    cloud.update(kind, name, remove("Tags"))
    assert "Tags" not in cloud.read(kind, name)
    cloud.delete(kind, name)
    assert logs.describe_destinations()["destinations"] == []


def test_a_query_definition_is_made_and_changed(logs, group, cloud):
    kind = "AWS::Logs::QueryDefinition"
    about = {"Name": "q", "QueryString": "fields @message", "LogGroupNames": [group]}
    identifier = cloud.create(kind, **about)
    found = cloud.read(kind, identifier)
    assert {name: found[name] for name in about} == about
    cloud.update(kind, identifier, replace("QueryString", "fields @timestamp"))
    (only,) = logs.describe_query_definitions()["queryDefinitions"]
    assert (only["queryDefinitionId"], only["queryString"]) == (identifier, "fields @timestamp")
    cloud.delete(kind, identifier)
    assert logs.describe_query_definitions()["queryDefinitions"] == []


def test_a_policy_of_the_account_is_put(aws, logs, cloud):
    kind = "AWS::Logs::AccountPolicy"
    document = json.dumps({"Fields": ["RequestId"]})
    about = {"PolicyName": "p", "PolicyType": "FIELD_INDEX_POLICY", "PolicyDocument": document}
    identifier = cloud.create(kind, **about)
    assert identifier == f"{aws.account}|FIELD_INDEX_POLICY|p"
    found = cloud.read(kind, identifier)
    assert {name: found[name] for name in about} == about
    cloud.update(kind, identifier, replace("PolicyDocument", json.dumps({"Fields": ["User"]})))
    (only,) = logs.describe_account_policies(policyType="FIELD_INDEX_POLICY")["accountPolicies"]
    assert json.loads(only["policyDocument"]) == {"Fields": ["User"]}
    cloud.delete(kind, identifier)
    assert logs.describe_account_policies(policyType="FIELD_INDEX_POLICY")["accountPolicies"] == []


def test_a_transformer_is_put(logs, group, cloud):
    kind = "AWS::Logs::Transformer"
    entries = [{"Key": "a", "Value": "1", "OverwriteIfExists": False}]
    config = [{"ParseJSON": {"Source": "@message"}}, {"AddKeys": {"Entries": entries}}]
    identifier = cloud.create(kind, LogGroupIdentifier=group, TransformerConfig=config)
    found = cloud.read(kind, identifier)["TransformerConfig"]
    assert [next(iter(each)) for each in found] == ["ParseJSON", "AddKeys"]
    assert found[1]["AddKeys"]["Entries"] == entries
    cloud.update(kind, identifier, replace("TransformerConfig", config[:1]))
    assert len(logs.get_transformer(logGroupIdentifier=group)["transformerConfig"]) == 1
    cloud.delete(kind, identifier)
    assert "transformerConfig" not in logs.get_transformer(logGroupIdentifier=group)


def test_an_anomaly_detector_is_made(aws, logs, group, cloud):
    kind = "AWS::Logs::LogAnomalyDetector"
    about = {
        "DetectorName": "d",
        "LogGroupArnList": [f"arn:aws:logs:us-east-1:{aws.account}:log-group:{group}"],
        "EvaluationFrequency": "ONE_HOUR",
    }
    arn = cloud.create(kind, **about)
    found = cloud.read(kind, arn)
    assert {name: found[name] for name in about} == about
    cloud.update(kind, arn, replace("EvaluationFrequency", "FIVE_MIN"))
    assert logs.get_log_anomaly_detector(anomalyDetectorArn=arn)["evaluationFrequency"] == "FIVE_MIN"
    cloud.delete(kind, arn)
    assert logs.list_log_anomaly_detectors()["anomalyDetectors"] == []


def test_logs_of_a_service_are_delivered(aws, logs, group, cloud):
    bus = aws("events").create_event_bus(Name="b")["EventBusArn"]
    target = f"arn:aws:logs:us-east-1:{aws.account}:log-group:{group}"
    source = cloud.create("AWS::Logs::DeliverySource", Name="s", ResourceArn=bus, LogType="ERROR_LOGS", Tags=TAGS)
    found = cloud.read("AWS::Logs::DeliverySource", source)
    assert (found["ResourceArns"], found["Service"], found["Tags"]) == ([bus], "events", TAGS)
    end = cloud.create(
        "AWS::Logs::DeliveryDestination", Name="d", DestinationResourceArn=target, OutputFormat="json", Tags=TAGS
    )
    found = cloud.read("AWS::Logs::DeliveryDestination", end)
    assert (found["DestinationResourceArn"], found["DeliveryDestinationType"]) == (target, "CWL")
    kind = "AWS::Logs::Delivery"
    delivery = cloud.create(kind, DeliverySourceName=source, DeliveryDestinationArn=found["Arn"], Tags=TAGS)
    assert cloud.read(kind, delivery)["DeliverySourceName"] == "s"
    cloud.update(kind, delivery, remove("Tags"))
    assert "Tags" not in cloud.read(kind, delivery)
    for name, identifier in ((kind, delivery), ("AWS::Logs::DeliverySource", source)):
        cloud.delete(name, identifier)
    cloud.delete("AWS::Logs::DeliveryDestination", end)
    assert logs.describe_delivery_destinations()["deliveryDestinations"] == []


def test_a_group_has_policies_of_its_own(logs, cloud):
    kind = "AWS::Logs::LogGroup"
    identifier = "arn:aws:dataprotection::aws:data-identifier/EmailAddress"
    protection = {
        "Name": "p",
        "Version": "2021-06-01",
        "Statement": [
            {
                "Sid": "audit",
                "DataIdentifier": [identifier],
                "Operation": {"Audit": {"FindingsDestination": {}}},
            },
            {"Sid": "mask", "DataIdentifier": [identifier], "Operation": {"Deidentify": {"MaskConfig": {}}}},
        ],
    }
    indexes = [{"Fields": ["RequestId"]}]
    name = cloud.create(kind, LogGroupName="/g", DataProtectionPolicy=protection, FieldIndexPolicies=indexes)
    found = cloud.read(kind, name)
    assert (found["DataProtectionPolicy"], found["FieldIndexPolicies"]) == (protection, indexes)
    cloud.update(kind, name, remove("DataProtectionPolicy"), remove("FieldIndexPolicies"))
    now = cloud.read(kind, name)
    assert not {"DataProtectionPolicy", "FieldIndexPolicies"} & set(now)


def test_a_scheduled_query_is_made_changed_and_deleted(aws, logs, cloud, role):
    kind = "AWS::Logs::ScheduledQuery"
    given = {
        "QueryLanguage": "CWLI",
        "QueryString": "fields a",
        "LogGroupIdentifiers": ["/app"],
        "ExecutionRoleArn": role,
    }
    arn = cloud.create(kind, Name="q", ScheduleExpression="cron(0 * * * ? *)", State="DISABLED", Tags=TAGS, **given)
    shown = cloud.read(kind, arn)
    assert (shown["Name"], shown["State"], shown["Tags"]) == ("q", "DISABLED", TAGS)
    cloud.update(kind, arn, replace("QueryString", "fields b"), remove("Tags"))
    assert (cloud.read(kind, arn)["QueryString"], "Tags" in cloud.read(kind, arn)) == ("fields b", False)
    cloud.delete(kind, arn)
    assert logs.list_scheduled_queries()["scheduledQueries"] == []
