"""Alarms and dashboards as CloudFormation and Cloud Control see them."""

from __future__ import annotations

import json

import pytest

from tests.services.cloud_client import Cloud

ALARM = "AWS::CloudWatch::Alarm"
GIVEN = {
    "AlarmName": "alarm",
    "Namespace": "App",
    "MetricName": "m",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 10,
    "ComparisonOperator": "GreaterThanThreshold",
}


@pytest.fixture
def cloud(aws, clock):
    return Cloud(aws("cloudcontrol"), clock)


def test_an_alarm_is_made_changed_and_removed(cloudwatch, cloud):
    name = cloud.create(ALARM, **GIVEN, Tags=[{"Key": "a", "Value": "1"}])
    read = cloud.read(ALARM, name)
    assert GIVEN.items() <= read.items()
    cloud.update(
        ALARM,
        name,
        {"op": "replace", "path": "/Threshold", "value": 20},
        {"op": "replace", "path": "/Tags", "value": [{"Key": "b", "Value": "2"}]},
    )
    assert cloudwatch.describe_alarms()["MetricAlarms"][0]["Threshold"] == 20
    assert cloudwatch.list_tags_for_resource(ResourceARN=read["Arn"])["Tags"] == [{"Key": "b", "Value": "2"}]
    cloud.delete(ALARM, name)
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_a_composite_alarm_has_its_rule(cloud):
    cloud.create(ALARM, **GIVEN)
    name = cloud.create("AWS::CloudWatch::CompositeAlarm", AlarmRule="ALARM(alarm)")
    assert cloud.read("AWS::CloudWatch::CompositeAlarm", name)["AlarmRule"] == "ALARM(alarm)"


def test_a_dashboard_has_tags(cloud):
    kind, body = "AWS::CloudWatch::Dashboard", json.dumps({"widgets": []})
    name = cloud.create(kind, DashboardBody=body, Tags=[{"Key": "a", "Value": "b"}])
    cloud.update(kind, name, {"op": "replace", "path": "/Tags", "value": [{"Key": "c", "Value": "d"}]})
    assert cloud.read(kind, name)["Tags"] == [{"Key": "c", "Value": "d"}]


def test_a_dashboard_has_its_body(cloud):
    kind, body = "AWS::CloudWatch::Dashboard", json.dumps({"widgets": []})
    name = cloud.create(kind, DashboardBody=body)
    assert cloud.read(kind, name) == {"DashboardName": name, "DashboardBody": body}
    cloud.delete(kind, name)


def test_a_mute_rule_of_a_template(cloudwatch, cloud):
    schedule = {"Expression": "cron(0 2 * * *)", "Duration": "PT4H"}
    kind = "AWS::CloudWatch::AlarmMuteRule"
    arn = cloud.create(kind, Name="nights", Rule={"Schedule": schedule}, MuteTargets={"AlarmNames": ["a"]})
    assert cloud.read(kind, arn)["Rule"]["Schedule"] == schedule
    cloud.update(kind, arn, {"op": "add", "path": "/Description", "value": "sleep"})
    assert cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="nights")["Description"] == "sleep"
    cloud.delete(kind, arn)
    assert cloudwatch.list_alarm_mute_rules()["AlarmMuteRuleSummaries"] == []


def test_an_insight_rule_of_a_template(cloudwatch, cloud):
    body = {
        "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
        "LogGroupNames": ["g"],
        "LogFormat": "JSON",
        "Contribution": {"Keys": ["$.ip"]},
        "AggregateOn": "Count",
    }
    kind = "AWS::CloudWatch::InsightRule"
    arn = cloud.create(kind, RuleName="r", RuleState="ENABLED", RuleBody=json.dumps(body))
    cloud.update(kind, arn, {"op": "replace", "path": "/RuleState", "value": "DISABLED"})
    assert cloud.read(kind, arn)["RuleState"] == cloudwatch.describe_insight_rules()["InsightRules"][0]["State"]
    cloud.delete(kind, arn)
    assert cloudwatch.describe_insight_rules()["InsightRules"] == []


def test_an_anomaly_detector_of_a_template(cloudwatch, cloud):
    kind = "AWS::CloudWatch::AnomalyDetector"
    id = cloud.create(
        kind, Namespace="App", MetricName="m", Stat="Sum", Configuration={"MetricTimeZone": "Europe/Berlin"}
    )
    read = cloud.read(kind, id)
    assert (read["Stat"], read["Configuration"]) == ("Sum", {"MetricTimeZone": "Europe/Berlin"})
    cloud.delete(kind, id)
    assert cloudwatch.describe_anomaly_detectors()["AnomalyDetectors"] == []
