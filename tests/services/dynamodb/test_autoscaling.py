"""Auto scaling: capacity follows what is consumed."""

from __future__ import annotations

import pytest

from tests.services.dynamodb.helpers import index, n, refusal, s

CAPACITY = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}


def settings(least=1, most=100, target=50.0, **policy):
    tracking = {"TargetValue": target, **policy}
    return {
        "MinimumUnits": least,
        "MaximumUnits": most,
        "ScalingPolicyUpdate": {"PolicyName": "p", "TargetTrackingScalingPolicyConfiguration": tracking},
    }


@pytest.fixture
def scaled(ddb, make_table):
    """A table of five units each, scaled by these settings of writes."""

    def scaled(writes, **more):
        make_table(BillingMode="PROVISIONED", ProvisionedThroughput=CAPACITY, **more.pop("table", {}))
        ddb.update_table_replica_auto_scaling(
            TableName="things", ProvisionedWriteCapacityAutoScalingUpdate=writes, **more
        )

    return scaled


def capacity(ddb):
    throughput = ddb.describe_table(TableName="things")["Table"]["ProvisionedThroughput"]
    return throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]


def test_capacity_out_of_bounds_is_brought_there_at_once(ddb, clock, scaled):
    scaled(settings(least=7))
    clock.advance(seconds=1)
    assert capacity(ddb) == (5, 7)


def test_a_busy_table_is_scaled_out(ddb, clock, scaled):
    clock.advance(seconds=65 - clock.now() % 60)  # well within a minute
    scaled(settings(target=20))
    clock.advance(seconds=240)
    for _ in range(2):
        for key in range(3):
            ddb.put_item(TableName="things", Item={"pk": s(str(key)), "data": s("x" * 100_000)})
        clock.advance(seconds=60)
    assert capacity(ddb) == (5, 25)  # 3 * 98 units in a minute are 4.9 a second


def test_an_index_is_scaled_by_its_own_settings(ddb, clock, scaled):
    by_color = index("by-color", "color", ProvisionedThroughput=CAPACITY)
    scaled(
        settings(),
        table={"types": {"pk": "S", "color": "S"}, "GlobalSecondaryIndexes": [by_color]},
        GlobalSecondaryIndexUpdates=[
            {"IndexName": "by-color", "ProvisionedWriteCapacityAutoScalingUpdate": settings(least=9)}
        ],
    )
    clock.advance(seconds=1)
    [shown] = ddb.describe_table(TableName="things")["Table"]["GlobalSecondaryIndexes"]
    assert shown["ProvisionedThroughput"]["WriteCapacityUnits"] == 9
    assert capacity(ddb) == (5, 5)


def test_a_disabled_target_is_left_alone(ddb, clock, scaled):
    scaled({"AutoScalingDisabled": True, "MinimumUnits": 9})
    clock.advance(seconds=61)
    assert capacity(ddb) == (5, 5)


def test_settings_that_are_not_given_stay(ddb, scaled):
    scaled(settings(least=2, most=9))
    answer = ddb.update_table_replica_auto_scaling(
        TableName="things", ProvisionedWriteCapacityAutoScalingUpdate={"MaximumUnits": 8}
    )
    [replica] = answer["TableAutoScalingDescription"]["Replicas"]
    writes = replica["ReplicaProvisionedWriteCapacityAutoScalingSettings"]
    assert (writes["MinimumUnits"], writes["MaximumUnits"], len(writes["ScalingPolicies"])) == (2, 8, 1)
    assert writes["AutoScalingRoleArn"].endswith("/AWSServiceRoleForApplicationAutoScaling_DynamoDBTable")


def test_bounds_that_cross_are_refused(ddb, scaled):
    with refusal():
        scaled(settings(least=3, most=2))


def test_reads_are_scaled_in_one_replica_and_writes_in_all(aws, ddb, clock, scaled):
    scaled(settings())
    ddb.put_item(TableName="things", Item={"pk": s("a"), "n": n(1)})
    ddb.update_table(TableName="things", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    clock.advance(seconds=1)
    reads = {
        "RegionName": "eu-west-1",
        "ReplicaProvisionedReadCapacityAutoScalingUpdate": {"MinimumUnits": 8, "MaximumUnits": 9},
    }
    ddb.update_table_replica_auto_scaling(
        TableName="things", ProvisionedWriteCapacityAutoScalingUpdate={"MinimumUnits": 6}, ReplicaUpdates=[reads]
    )
    clock.advance(seconds=61)
    assert capacity(aws("dynamodb", region="eu-west-1")) == (8, 6)
    assert capacity(ddb) == (5, 6)
