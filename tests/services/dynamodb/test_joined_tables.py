"""Global tables, version 2017.11.29: tables that are joined."""

from __future__ import annotations

import pytest

from tests.services.dynamodb.helpers import attributes, n, refusal, s, schema

HERE, THERE, FAR = "us-east-1", "eu-west-1", "ap-southeast-2"
IMAGES = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
GROUP = [{"RegionName": HERE}, {"RegionName": THERE}]


@pytest.fixture
def regions(aws):
    return {region: aws("dynamodb", region=region) for region in (HERE, THERE, FAR)}


def make(ddb, **more):
    definition = {"KeySchema": schema("pk"), "AttributeDefinitions": attributes(pk="S")}
    ddb.create_table(
        **{
            "TableName": "things",
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": IMAGES,
            **definition,
            **more,
        }
    )


@pytest.fixture
def joined(regions, clock):
    for region in (HERE, THERE):
        make(regions[region])
    clock.advance(seconds=1)
    regions[HERE].create_global_table(GlobalTableName="things", ReplicationGroup=GROUP)
    clock.advance(seconds=1)


def described(ddb):
    return ddb.describe_global_table(GlobalTableName="things")["GlobalTableDescription"]


def item(ddb, pk="a"):
    return ddb.get_item(TableName="things", Key={"pk": s(pk)}).get("Item")


def test_tables_of_several_regions_become_one(aws, regions, clock):
    for region in (HERE, THERE):
        make(regions[region])
    clock.advance(seconds=1)
    answer = regions[HERE].create_global_table(GlobalTableName="things", ReplicationGroup=GROUP)
    assert answer["GlobalTableDescription"]["GlobalTableStatus"] == "CREATING"
    clock.advance(seconds=1)
    there = described(regions[THERE])
    assert there["GlobalTableStatus"] == "ACTIVE"
    assert there["GlobalTableArn"] == f"arn:aws:dynamodb::{aws.account}:global-table/things"
    assert [(each["RegionName"], each["ReplicaStatus"]) for each in there["ReplicationGroup"]] == [
        (HERE, "ACTIVE"),
        (THERE, "ACTIVE"),
    ]
    assert regions[HERE].describe_table(TableName="things")["Table"]["GlobalTableVersion"] == "2017.11.29"


def test_what_is_written_comes_to_the_others_and_is_marked_everywhere(regions, clock, joined):
    regions[THERE].put_item(TableName="things", Item={"pk": s("a"), "v": n(1)})
    clock.advance(seconds=1)
    found = item(regions[HERE])
    assert found == item(regions[THERE])
    assert found["aws:rep:updateregion"] == s(THERE)
    assert found["aws:rep:deleting"] == {"BOOL": False}
    assert float(found["aws:rep:updatetime"]["N"]) > 1e9
    regions[HERE].delete_item(TableName="things", Key={"pk": s("a")})
    clock.advance(seconds=1)
    assert item(regions[THERE]) is None


def test_a_table_that_is_not_there_cannot_be_joined(regions):
    make(regions[HERE])
    with refusal("TableNotFoundException"):
        regions[HERE].create_global_table(GlobalTableName="things", ReplicationGroup=GROUP)


@pytest.mark.parametrize(
    "unlike",
    [
        {"StreamSpecification": {"StreamEnabled": False}},
        {"KeySchema": schema("id"), "AttributeDefinitions": attributes(id="S")},
        {"AttributeDefinitions": attributes(pk="N")},
    ],
)
def test_tables_that_are_joined_are_alike_and_have_streams(regions, unlike):
    make(regions[HERE])
    make(regions[THERE], **unlike)
    with refusal():
        regions[HERE].create_global_table(GlobalTableName="things", ReplicationGroup=GROUP)


def test_tables_that_are_joined_are_empty(regions):
    make(regions[HERE])
    make(regions[THERE])
    regions[THERE].put_item(TableName="things", Item={"pk": s("a")})
    with refusal() as refused:
        regions[HERE].create_global_table(GlobalTableName="things", ReplicationGroup=GROUP)
    assert "not empty" in refused.message


def test_a_global_table_is_made_once(regions, joined):
    with refusal("GlobalTableAlreadyExistsException"):
        regions[HERE].create_global_table(GlobalTableName="things", ReplicationGroup=GROUP)


def test_replicas_come_and_go_and_their_tables_stay(regions, clock, joined):
    make(regions[FAR])
    update = regions[HERE].update_global_table
    update(GlobalTableName="things", ReplicaUpdates=[{"Create": {"RegionName": FAR}}])
    update(GlobalTableName="things", ReplicaUpdates=[{"Delete": {"RegionName": THERE}}])
    clock.advance(seconds=1)
    assert [each["RegionName"] for each in described(regions[HERE])["ReplicationGroup"]] == [HERE, FAR]
    regions[HERE].put_item(TableName="things", Item={"pk": s("a")})
    clock.advance(seconds=1)
    assert item(regions[FAR]) and item(regions[THERE]) is None


def test_replicas_are_added_and_removed_once(regions, joined):
    update = regions[HERE].update_global_table
    with refusal("ReplicaAlreadyExistsException"):
        update(GlobalTableName="things", ReplicaUpdates=[{"Create": {"RegionName": THERE}}])
    with refusal("ReplicaNotFoundException"):
        update(GlobalTableName="things", ReplicaUpdates=[{"Delete": {"RegionName": FAR}}])


def test_global_tables_are_listed_by_region(regions, joined):
    expected = [{"GlobalTableName": "things", "ReplicationGroup": GROUP}]
    assert regions[HERE].list_global_tables()["GlobalTables"] == expected
    assert regions[FAR].list_global_tables(RegionName=THERE)["GlobalTables"] == expected
    assert regions[HERE].list_global_tables(RegionName=FAR)["GlobalTables"] == []
    assert regions[HERE].list_global_tables(ExclusiveStartGlobalTableName="things")["GlobalTables"] == []


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("describe_global_table", {}),
        ("describe_global_table_settings", {}),
        ("update_global_table_settings", {"GlobalTableBillingMode": "PAY_PER_REQUEST"}),
        ("update_global_table", {"ReplicaUpdates": [{"Delete": {"RegionName": THERE}}]}),
    ],
)
def test_a_global_table_that_there_is_not_is_refused(ddb, operation, more):
    with refusal("GlobalTableNotFoundException"):
        getattr(ddb, operation)(GlobalTableName="nothing", **more)


# -- settings


@pytest.fixture
def provisioned(regions, clock):
    capacity = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    for region in (HERE, THERE):
        make(regions[region], BillingMode="PROVISIONED", ProvisionedThroughput=capacity)
    clock.advance(seconds=1)
    regions[HERE].create_global_table(GlobalTableName="things", ReplicationGroup=GROUP)
    clock.advance(seconds=1)


def test_write_capacity_is_set_for_all_and_read_capacity_for_one(regions, provisioned):
    answer = regions[HERE].update_global_table_settings(
        GlobalTableName="things",
        GlobalTableProvisionedWriteCapacityUnits=7,
        ReplicaSettingsUpdate=[{"RegionName": THERE, "ReplicaProvisionedReadCapacityUnits": 9}],
    )
    assert [
        (
            each["RegionName"],
            each["ReplicaProvisionedReadCapacityUnits"],
            each["ReplicaProvisionedWriteCapacityUnits"],
        )
        for each in answer["ReplicaSettings"]
    ] == [(HERE, 5, 7), (THERE, 9, 7)]
    throughput = regions[THERE].describe_table(TableName="things")["Table"]["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == (9, 7)


def test_settings_are_refused_for_a_replica_or_an_index_that_there_is_not(regions, provisioned):
    update = regions[HERE].update_global_table_settings
    with refusal("ReplicaNotFoundException"):
        update(GlobalTableName="things", ReplicaSettingsUpdate=[{"RegionName": FAR}])
    with refusal("IndexNotFoundException"):
        update(
            GlobalTableName="things",
            GlobalTableGlobalSecondaryIndexSettingsUpdate=[{"IndexName": "none", "ProvisionedWriteCapacityUnits": 3}],
        )


def test_all_replicas_can_be_put_on_demand(regions, provisioned):
    regions[HERE].update_global_table_settings(GlobalTableName="things", GlobalTableBillingMode="PAY_PER_REQUEST")
    settings = regions[THERE].describe_global_table_settings(GlobalTableName="things")["ReplicaSettings"]
    assert {each["ReplicaBillingModeSummary"]["BillingMode"] for each in settings} == {"PAY_PER_REQUEST"}
