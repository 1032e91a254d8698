"""Contributor insights, warm throughput, and what a deleted table leaves."""

from __future__ import annotations

import pytest

from tests.services.dynamodb.helpers import index, refusal, s


@pytest.fixture
def indexed(make_table):
    return make_table(GlobalSecondaryIndexes=[index("by-color", "color")], types={"pk": "S", "color": "S"})


def test_contributor_insights_are_switched_on_and_off(ddb, table, clock):
    assert ddb.describe_contributor_insights(TableName=table)["ContributorInsightsStatus"] == "DISABLED"
    answer = ddb.update_contributor_insights(TableName=table, ContributorInsightsAction="ENABLE")
    assert answer["ContributorInsightsStatus"] == "ENABLING"
    clock.advance(seconds=1)
    shown = ddb.describe_contributor_insights(TableName=table)
    assert shown["ContributorInsightsStatus"] == "ENABLED"
    assert shown["ContributorInsightsMode"] == "ACCESSED_AND_THROTTLED_KEYS"
    kinds = [rule.split("-")[1] for rule in shown["ContributorInsightsRuleList"]]
    assert kinds == ["PKC", "PKT"]
    ddb.update_contributor_insights(TableName=table, ContributorInsightsAction="DISABLE")
    clock.advance(seconds=1)
    assert ddb.describe_contributor_insights(TableName=table)["ContributorInsightsStatus"] == "DISABLED"


def test_throttled_keys_alone_can_be_watched(ddb, ordered, clock):
    ddb.update_contributor_insights(
        TableName=ordered, ContributorInsightsAction="ENABLE", ContributorInsightsMode="THROTTLED_KEYS"
    )
    clock.advance(seconds=1)
    rules = ddb.describe_contributor_insights(TableName=ordered)["ContributorInsightsRuleList"]
    assert [rule.split("-")[1] for rule in rules] == ["PKT", "SKT"]


def test_insights_of_a_table_and_its_indexes_are_listed_in_pages(ddb, indexed, clock):
    ddb.update_contributor_insights(TableName=indexed, IndexName="by-color", ContributorInsightsAction="ENABLE")
    clock.advance(seconds=1)
    first = ddb.list_contributor_insights(TableName=indexed, MaxResults=1)
    second = ddb.list_contributor_insights(TableName=indexed, MaxResults=1, NextToken=first["NextToken"])
    found = first["ContributorInsightsSummaries"] + second["ContributorInsightsSummaries"]
    assert [(each.get("IndexName"), each["ContributorInsightsStatus"]) for each in found] == [
        (None, "DISABLED"),
        ("by-color", "ENABLED"),
    ]
    assert "NextToken" not in second
    assert ddb.list_contributor_insights()["ContributorInsightsSummaries"] == found
    with refusal():
        ddb.list_contributor_insights(NextToken="nonsense")


def test_insights_are_for_tables_and_indexes_that_are_there(ddb, table):
    for more in ({"TableName": "nothing"}, {"TableName": table, "IndexName": "nothing"}):
        with refusal("ResourceNotFoundException"):
            ddb.update_contributor_insights(ContributorInsightsAction="ENABLE", **more)
        with refusal("ResourceNotFoundException"):
            ddb.describe_contributor_insights(**more)
    with refusal("ResourceNotFoundException"):
        ddb.list_contributor_insights(TableName="nothing")


# -- warm throughput


def warm(ddb, table="things"):
    shown = ddb.describe_table(TableName=table)["Table"]["WarmThroughput"]
    return shown["ReadUnitsPerSecond"], shown["WriteUnitsPerSecond"], shown["Status"]


def test_a_table_is_warmed_up(ddb, make_table, clock):
    table = make_table(WarmThroughput={"ReadUnitsPerSecond": 20_000, "WriteUnitsPerSecond": 5_000})
    assert warm(ddb) == (20_000, 5_000, "ACTIVE")
    ddb.update_table(TableName=table, WarmThroughput={"WriteUnitsPerSecond": 9_000})
    clock.advance(seconds=1)
    assert warm(ddb) == (20_000, 9_000, "ACTIVE")


def test_an_index_is_warmed_up(ddb, indexed, clock):
    update = {"IndexName": "by-color", "WarmThroughput": {"ReadUnitsPerSecond": 13_000}}
    ddb.update_table(TableName=indexed, GlobalSecondaryIndexUpdates=[{"Update": update}])
    clock.advance(seconds=1)
    shown = ddb.describe_table(TableName=indexed)["Table"]["GlobalSecondaryIndexes"][0]["WarmThroughput"]
    assert (shown["ReadUnitsPerSecond"], shown["WriteUnitsPerSecond"]) == (13_000, 4_000)


def test_a_table_cannot_be_cooled_down(ddb, make_table):
    table = make_table(WarmThroughput={"ReadUnitsPerSecond": 20_000})
    with refusal() as refused:
        ddb.update_table(TableName=table, WarmThroughput={"ReadUnitsPerSecond": 13_000})
    assert "is lower than current WarmThroughput" in refused.message


def test_maxima_are_for_tables_on_demand(make_table):
    with refusal():
        make_table(
            BillingMode="PROVISIONED",
            ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
            OnDemandThroughput={"MaxReadRequestUnits": 10},
        )


# -- the last backup


def test_a_table_with_recovery_leaves_a_backup_when_it_is_deleted(ddb, table, clock):
    for number in range(120):
        ddb.put_item(TableName=table, Item={"pk": s(str(number))})
    specification = {"PointInTimeRecoveryEnabled": True}
    ddb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=specification)
    ddb.delete_table(TableName=table)
    clock.advance(seconds=1)
    assert ddb.list_tables()["TableNames"] == []
    summary = ddb.list_backups(BackupType="SYSTEM")["BackupSummaries"][0]
    assert (summary["BackupName"], summary["BackupStatus"]) == ("things$DeletedTableBackup", "AVAILABLE")
    assert (summary["BackupExpiryDateTime"] - summary["BackupCreationDateTime"]).days == 35
    assert ddb.list_backups(BackupType="USER")["BackupSummaries"] == []
    ddb.restore_table_from_backup(TargetTableName="again", BackupArn=summary["BackupArn"])
    clock.advance(seconds=1)
    assert ddb.scan(TableName="again", Select="COUNT")["Count"] == 120


def test_what_a_deleted_table_leaves_is_kept_for_35_days(ddb, table, clock):
    specification = {"PointInTimeRecoveryEnabled": True}
    ddb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=specification)
    ddb.delete_table(TableName=table)
    clock.advance(days=34)
    assert len(ddb.list_backups()["BackupSummaries"]) == 1
    clock.advance(days=2)
    assert ddb.list_backups()["BackupSummaries"] == []


def test_a_table_without_recovery_leaves_nothing(ddb, table, clock):
    ddb.delete_table(TableName=table)
    clock.advance(seconds=1)
    assert ddb.list_backups()["BackupSummaries"] == []
