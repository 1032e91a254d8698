"""Backups and point-in-time recovery: what comes back is what there was."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def ddb(aws):
    return aws("dynamodb")


@pytest.fixture
def table(ddb):
    ddb.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
            {"AttributeName": "color", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-color",
                "KeySchema": [{"AttributeName": "color", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    ddb.get_waiter("table_exists").wait(TableName="things", WaiterConfig={"Delay": 1})
    return "things"


def put(ddb, pk, value, table="things", sk=0):
    item = {"pk": {"S": pk}, "sk": {"N": str(sk)}, "v": {"S": value}, "color": {"S": "red"}}
    ddb.put_item(TableName=table, Item=item)


def remove(ddb, pk):
    ddb.delete_item(TableName="things", Key={"pk": {"S": pk}, "sk": {"N": "0"}})


def contents(ddb, table):
    pages = ddb.get_paginator("scan").paginate(TableName=table)
    return {item["pk"]["S"]: item["v"]["S"] for page in pages for item in page["Items"]}


def recoverable(ddb, enabled=True, **more):
    wanted = {"PointInTimeRecoveryEnabled": enabled, **more}
    answer = ddb.update_continuous_backups(TableName="things", PointInTimeRecoverySpecification=wanted)
    return answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]


def moment(clock, ahead=0.0):
    return datetime.fromtimestamp(clock.now() + ahead, UTC)


def wait(ddb, table):
    ddb.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1})


# -- recovery


def test_recovery_is_off_until_it_is_switched_on(ddb, table):
    found = ddb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    assert found["PointInTimeRecoveryDescription"] == {"PointInTimeRecoveryStatus": "DISABLED"}
    on = recoverable(ddb)
    assert (on["PointInTimeRecoveryStatus"], on["RecoveryPeriodInDays"]) == ("ENABLED", 35)
    assert on["EarliestRestorableDateTime"] <= on["LatestRestorableDateTime"]
    with pytest.raises(ddb.exceptions.ClientError, match="Table not found: nothing"):
        ddb.describe_continuous_backups(TableName="nothing")


def test_a_table_comes_back_as_it_was_at_any_moment(ddb, table, clock):
    put(ddb, "before", "1")
    recoverable(ddb)
    moments, states = [], []
    steps = [
        lambda: put(ddb, "a", "1"),
        lambda: put(ddb, "a", "2"),
        lambda: put(ddb, "b", "1"),
        lambda: remove(ddb, "a"),
        lambda: put(ddb, "before", "2"),
        lambda: put(ddb, "a", "3"),
    ]
    for step in steps:
        clock.advance(minutes=1)
        step()
        clock.advance(minutes=1)
        moments.append(moment(clock))
        states.append(contents(ddb, table))
    for number, (at, state) in enumerate(zip(moments, states, strict=True)):
        name = f"restored{number}"
        ddb.restore_table_to_point_in_time(SourceTableName=table, TargetTableName=name, RestoreDateTime=at)
        wait(ddb, name)
        assert contents(ddb, name) == state


def test_a_restored_table_says_where_it_comes_from_and_has_its_indexes(ddb, table, clock):
    recoverable(ddb)
    put(ddb, "a", "1")
    answer = ddb.restore_table_to_point_in_time(
        SourceTableName=table, TargetTableName="copy", UseLatestRestorableTime=True
    )["TableDescription"]
    assert answer["TableStatus"] == "CREATING"
    assert answer["RestoreSummary"]["RestoreInProgress"] is True
    wait(ddb, "copy")
    copied = ddb.describe_table(TableName="copy")["Table"]
    assert copied["RestoreSummary"]["SourceTableArn"] == ddb.describe_table(TableName=table)["Table"]["TableArn"]
    assert copied["RestoreSummary"]["RestoreInProgress"] is False
    found = ddb.query(
        TableName="copy",
        IndexName="by-color",
        KeyConditionExpression="color = :c",
        ExpressionAttributeValues={":c": {"S": "red"}},
    )
    assert found["Count"] == 1


def test_a_large_table_is_restored_in_pieces_while_it_changes(ddb, table, clock):
    for number in range(12):
        ddb.batch_write_item(
            RequestItems={
                table: [
                    {"PutRequest": {"Item": {"pk": {"S": f"{number}-{each}"}, "sk": {"N": "0"}, "v": {"S": "old"}}}}
                    for each in range(25)
                ]
            }
        )
    recoverable(ddb)
    clock.advance(minutes=1)
    at = moment(clock)
    clock.advance(minutes=1)
    for number in range(12):
        put(ddb, f"{number}-0", "new")
        remove(ddb, f"{number}-1")
        put(ddb, f"{number}-x", "new")
    ddb.restore_table_to_point_in_time(SourceTableName=table, TargetTableName="copy", RestoreDateTime=at)
    for number in range(12):
        put(ddb, f"{number}-2", "newer")
    wait(ddb, "copy")
    restored = contents(ddb, "copy")
    assert len(restored) == 300
    assert set(restored.values()) == {"old"}


def test_only_moments_of_the_recovery_period_can_be_restored(ddb, table, clock):
    def restore(at):
        ddb.restore_table_to_point_in_time(SourceTableName=table, TargetTableName="copy", RestoreDateTime=at)

    with pytest.raises(ddb.exceptions.PointInTimeRecoveryUnavailableException):
        restore(moment(clock))
    recoverable(ddb, RecoveryPeriodInDays=2)
    for ahead in (-3600, 3600):
        with pytest.raises(ddb.exceptions.InvalidRestoreTimeException):
            restore(moment(clock, ahead))
    clock.advance(days=3)
    with pytest.raises(ddb.exceptions.InvalidRestoreTimeException):
        restore(moment(clock, -2.5 * 86400))


def test_a_restore_takes_one_time_and_a_name_that_is_free(ddb, table, clock):
    recoverable(ddb)
    with pytest.raises(ClientError, match="must be specified"):
        ddb.restore_table_to_point_in_time(SourceTableName=table, TargetTableName="copy")
    with pytest.raises(ClientError, match="Cannot specify both"):
        ddb.restore_table_to_point_in_time(
            SourceTableName=table, TargetTableName="copy", RestoreDateTime=moment(clock), UseLatestRestorableTime=True
        )
    with pytest.raises(ddb.exceptions.TableAlreadyExistsException):
        ddb.restore_table_to_point_in_time(SourceTableName=table, TargetTableName=table, UseLatestRestorableTime=True)


def test_history_older_than_the_period_is_forgotten_and_all_of_it_when_switched_off(
    ddb, table, clock, aws, fogbank_server
):
    def kept():
        rows = fogbank_server.call(fogbank_server.app.summary())
        found = {row["collection"]: row["rows"] for row in rows if row["account"] == aws.account}
        return found.get("history", 0), found.get("history-moments", 0)

    recoverable(ddb, RecoveryPeriodInDays=1)
    put(ddb, "a", "1")
    put(ddb, "b", "1")
    assert kept() == (2, 2)
    clock.advance(days=1.5)
    put(ddb, "c", "1")
    clock.advance(days=1)
    assert kept() == (1, 1)
    recoverable(ddb, enabled=False)
    clock.advance(seconds=1)
    assert kept() == (0, 0)


# -- backups


def back_up(ddb, name="backup"):
    return ddb.create_backup(TableName="things", BackupName=name)["BackupDetails"]["BackupArn"]


def test_a_backup_is_of_the_moment_at_which_it_was_asked_for(ddb, table, clock):
    put(ddb, "a", "1")
    put(ddb, "b", "1")
    details = ddb.create_backup(TableName=table, BackupName="nightly")["BackupDetails"]
    put(ddb, "a", "2")
    remove(ddb, "b")
    put(ddb, "c", "1")
    assert details["BackupStatus"] == "CREATING"
    clock.advance(seconds=1)
    described = ddb.describe_backup(BackupArn=details["BackupArn"])["BackupDescription"]
    assert described["BackupDetails"]["BackupStatus"] == "AVAILABLE"
    assert described["SourceTableDetails"]["ItemCount"] == 2
    assert described["SourceTableDetails"]["BillingMode"] == "PAY_PER_REQUEST"
    assert described["SourceTableFeatureDetails"]["GlobalSecondaryIndexes"][0]["IndexName"] == "by-color"
    ddb.restore_table_from_backup(TargetTableName="copy", BackupArn=details["BackupArn"])
    wait(ddb, "copy")
    assert contents(ddb, "copy") == {"a": "1", "b": "1"}


def test_a_backup_outlives_its_table(ddb, table, clock):
    put(ddb, "a", "1")
    arn = back_up(ddb)
    clock.advance(seconds=1)
    ddb.delete_table(TableName=table)
    ddb.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig={"Delay": 1})
    ddb.restore_table_from_backup(TargetTableName=table, BackupArn=arn)
    wait(ddb, table)
    assert contents(ddb, table) == {"a": "1"}


def test_a_restore_may_change_billing_and_leave_indexes_out(ddb, table, clock):
    arn = back_up(ddb)
    clock.advance(seconds=1)
    ddb.restore_table_from_backup(
        TargetTableName="copy",
        BackupArn=arn,
        BillingModeOverride="PROVISIONED",
        ProvisionedThroughputOverride={"ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
        GlobalSecondaryIndexOverride=[],
    )
    wait(ddb, "copy")
    copy = ddb.describe_table(TableName="copy")["Table"]
    assert copy["ProvisionedThroughput"]["WriteCapacityUnits"] == 6
    assert "GlobalSecondaryIndexes" not in copy
    assert [each["AttributeName"] for each in copy["AttributeDefinitions"]] == ["pk", "sk"]


def test_backups_are_listed_by_table_time_and_page(ddb, table, clock):
    arns = []
    for number in range(3):
        arns.append(back_up(ddb, f"backup{number}"))
        clock.advance(hours=1)
    listed = ddb.list_backups(TableName=table)["BackupSummaries"]
    assert [each["BackupArn"] for each in listed] == arns
    first = ddb.list_backups(Limit=2)
    rest = ddb.list_backups(ExclusiveStartBackupArn=first["LastEvaluatedBackupArn"])
    assert [each["BackupArn"] for each in first["BackupSummaries"] + rest["BackupSummaries"]] == arns
    late = ddb.list_backups(TimeRangeLowerBound=moment(clock, -1.5 * 3600))["BackupSummaries"]
    assert [each["BackupArn"] for each in late] == arns[2:]
    assert ddb.list_backups(BackupType="SYSTEM")["BackupSummaries"] == []


def test_a_deleted_backup_is_not_found(ddb, table, clock):
    arn = back_up(ddb)
    clock.advance(seconds=1)
    deleted = ddb.delete_backup(BackupArn=arn)["BackupDescription"]
    assert deleted["BackupDetails"]["BackupStatus"] == "DELETED"
    for call in (ddb.describe_backup, ddb.delete_backup):
        with pytest.raises(ddb.exceptions.BackupNotFoundException):
            call(BackupArn=arn)
    with pytest.raises(ddb.exceptions.BackupNotFoundException):
        ddb.restore_table_from_backup(TargetTableName="copy", BackupArn=arn)


def test_a_table_is_restored_in_another_region(aws, ddb, table, clock):
    recoverable(ddb)
    put(ddb, "a", "first")
    backup = ddb.create_backup(TableName=table, BackupName="other-region")["BackupDetails"]["BackupArn"]
    clock.advance(seconds=2)
    put(ddb, "a", "second")
    clock.advance(seconds=2)
    arn = ddb.describe_table(TableName=table)["Table"]["TableArn"]
    west = aws("dynamodb", region="us-west-2")
    west.restore_table_to_point_in_time(SourceTableArn=arn, TargetTableName="recovered", UseLatestRestorableTime=True)
    west.restore_table_from_backup(BackupArn=backup, TargetTableName="restored")
    clock.advance(seconds=5)
    assert contents(west, "recovered") == {"a": "second"}
    assert contents(west, "restored") == {"a": "first"}
    assert west.describe_table(TableName="restored")["Table"]["RestoreSummary"]["SourceBackupArn"] == backup
