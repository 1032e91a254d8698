"""Anomaly detectors, and what needs services that are not here."""

from __future__ import annotations

import pytest


@pytest.fixture
def detector(aws, logs, group):
    arn = f"arn:aws:logs:us-east-1:{aws.account}:log-group:/app"
    given = {"detectorName": "d", "evaluationFrequency": "ONE_HOUR", "filterPattern": "ERROR"}
    return logs.create_log_anomaly_detector(logGroupArnList=[arn], **given)["anomalyDetectorArn"]


def test_a_detector_is_in_training_unless_it_is_paused(logs, detector, clock):
    assert logs.get_log_anomaly_detector(anomalyDetectorArn=detector)["anomalyDetectorStatus"] == "INITIALIZING"
    clock.advance(seconds=6)
    shown = logs.get_log_anomaly_detector(anomalyDetectorArn=detector)
    assert (shown["anomalyDetectorStatus"], shown["detectorName"], shown["anomalyVisibilityTime"]) == (
        "TRAINING",
        "d",
        21,
    )
    logs.update_log_anomaly_detector(anomalyDetectorArn=detector, enabled=False, evaluationFrequency="FIVE_MIN")
    shown = logs.get_log_anomaly_detector(anomalyDetectorArn=detector)
    assert (shown["anomalyDetectorStatus"], shown["evaluationFrequency"]) == ("PAUSED", "FIVE_MIN")


def test_detectors_are_listed_by_their_groups_and_deleted(aws, logs, detector, refused):
    arn = f"arn:aws:logs:us-east-1:{aws.account}:log-group:/app"
    (shown,) = logs.list_log_anomaly_detectors(filterLogGroupArn=arn)["anomalyDetectors"]
    assert shown["anomalyDetectorArn"] == detector
    assert logs.list_log_anomaly_detectors(filterLogGroupArn=f"{arn}x")["anomalyDetectors"] == []
    logs.delete_log_anomaly_detector(anomalyDetectorArn=detector)
    with refused("ResourceNotFoundException", "anomaly detector"):
        logs.get_log_anomaly_detector(anomalyDetectorArn=detector)


def test_nothing_is_found(logs, detector, refused):
    assert logs.list_anomalies(anomalyDetectorArn=detector)["anomalies"] == []
    with refused("ResourceNotFoundException", "anomaly"):
        logs.update_anomaly(anomalyDetectorArn=detector, anomalyId="0" * 36)


def test_a_detector_needs_groups_that_are_there(aws, logs, refused):
    with refused("ResourceNotFoundException", "log group"):
        logs.create_log_anomaly_detector(logGroupArnList=[f"arn:aws:logs:us-east-1:{aws.account}:log-group:/none"])


def test_what_is_not_there_is_said_so(aws, logs, group, refused):
    with refused("ValidationException", "OpenSearch"):
        logs.put_integration(
            integrationName="i",
            integrationType="OPENSEARCH",
            resourceConfig={
                "openSearchResourceConfig": {
                    "dataSourceRoleArn": f"arn:aws:iam::{aws.account}:role/r",
                    "dashboardViewerPrincipals": ["a"],
                    "retentionDays": 1,
                }
            },
        )
    assert logs.list_integrations()["integrationSummaries"] == []
    with refused("ResourceNotFoundException", "VPC endpoint"):
        logs.put_syslog_configuration(logGroupIdentifier=group)
    assert logs.list_syslog_configurations()["syslogConfigurations"] == []
    with refused("ResourceNotFoundException", "event data store"):
        source = f"arn:aws:cloudtrail:us-east-1:{aws.account}:eventdatastore/x"
        logs.create_import_task(importSourceArn=source, importRoleArn=f"arn:aws:iam::{aws.account}:role/r")
    assert logs.describe_import_tasks()["imports"] == []


def test_the_storage_tier_and_bearer_tokens_are_kept(logs, group):
    assert logs.get_storage_tier_policy()["storageTier"] == "STANDARD"
    logs.put_storage_tier_policy(storageTier="INTELLIGENT_TIERING")
    assert logs.get_storage_tier_policy()["storageTier"] == "INTELLIGENT_TIERING"
    logs.put_bearer_token_authentication(logGroupIdentifier=group, bearerTokenAuthenticationEnabled=True)
    assert logs.describe_log_groups()["logGroups"][0]["bearerTokenAuthenticationEnabled"] is True


def test_groups_are_summarised(logs, group):
    (shown,) = logs.list_aggregate_log_group_summaries(groupBy="DATA_SOURCE_NAME_AND_TYPE")[
        "aggregateLogGroupSummaries"
    ]
    assert shown["logGroupCount"] == 1
    assert [each["key"] for each in shown["groupingIdentifiers"]] == ["dataSourceName", "dataSourceType"]
