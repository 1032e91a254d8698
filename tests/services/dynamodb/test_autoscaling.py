"""Auto scaling: capacity follows what is consumed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.services.dynamodb.autoscaling import wanted
from tests.services.dynamodb.helpers import index, n, refusal, s

CAPACITY = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}


def settings(least=1, most=100, target=50.0, **policy):
    tracking = {"TargetValue": target, **policy}
    return {
        "MinimumUnits": least,
        "MaximumUnits": most,
        "ScalingPolicyUpdate": {"PolicyName": "p", "TargetTrackingScalingPolicyConfiguration": tracking},
    }


def shown(least=1, most=100, target=50.0, **policy):
    update = settings(least, most, target, **policy)
    return {**update, "ScalingPolicies": [update["ScalingPolicyUpdate"]]}


# -- deciding

QUIET = [None] * 13


@pytest.mark.parametrize(
    ("minutes", "units"),
    [
        ([600.0, 301.0, *QUIET], 20),  # ten a second are half of twenty
        ([600.0, 300.0, *QUIET], 10),  # exactly the target is not more than it
        ([600.0, None, *QUIET], 10),
        ([6.0] * 15, 1),
        ([6.0] * 14 + [None], 10),
        ([6.0] * 14 + [180.0], 10),  # 30 percent, not less
        ([6.0] * 14 + [179.0], 6),
        ([None] * 15, 10),
    ],
)
def test_capacity_follows_what_was_consumed(minutes, units):
    assert wanted(shown(), 10, minutes, 1e9) == units


def test_scaling_in_may_be_disabled_and_waits_for_its_cooldown():
    assert wanted(shown(DisableScaleIn=True), 10, [6.0] * 15, 1e9) == 10
    assert wanted(shown(ScaleInCooldown=60), 10, [6.0] * 15, 59) == 10
    assert wanted(shown(ScaleOutCooldown=60), 10, [6000.0] * 15, 59) == 10


@given(
    minutes=st.lists(st.none() | st.floats(0, 1e6), min_size=15, max_size=15),
    current=st.integers(1, 500),
    least=st.integers(1, 50),
    more=st.integers(0, 50),
)
def test_capacity_stays_between_the_bounds(minutes, current, least, more):
    assert least <= wanted(shown(least, least + more), current, minutes, 1e9) <= least + more


# -- scaling


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
