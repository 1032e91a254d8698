"""Global tables of several accounts."""

from __future__ import annotations

import json

import pytest

from fogbank.testing.clients import fresh_account
from tests.services.cloud_client import Cloud
from tests.services.dynamodb.helpers import attributes, index, refusal, s, schema

HERE, THERE = "us-east-2", "us-east-1"
REPLICATION = ("ReadDataForReplication", "WriteDataForReplication", "ReplicateSettings")


def arn(account, region):
    return f"arn:aws:dynamodb:{region}:{account}:table/music"


@pytest.fixture
def others():
    """The account that joins."""
    return fresh_account()


@pytest.fixture
def policy(aws, others):
    """The policy that AWS's tutorial gives the replica of an account and region, for all or some actions of replication."""

    def policy(account, region, allowed=REPLICATION):
        replicas = [arn(aws.account, HERE), arn(others, THERE)]
        condition = {"aws:SourceAccount": [aws.account, others], "aws:SourceArn": replicas}
        resource = arn(account, region)
        replicating = {
            "Effect": "Allow",
            "Principal": {"Service": "replication.dynamodb.amazonaws.com"},
            "Action": [f"dynamodb:{action}" for action in allowed],
            "Resource": resource,
            "Condition": {"StringEquals": condition},
        }
        joining = {"Action": "dynamodb:AssociateTableReplica", "Principal": {"AWS": [others]}}
        statements = [replicating, {"Effect": "Allow", "Resource": resource, **joining}]
        return json.dumps({"Version": "2012-10-17", "Statement": statements})

    return policy


@pytest.fixture
def here(aws):
    return aws("dynamodb", region=HERE)


@pytest.fixture
def there(aws, others):
    return aws("dynamodb", region=THERE, account=others)


@pytest.fixture
def source(aws, here, clock, policy):
    """Makes the first table, with an index and an item, whose policy lets the others in."""

    def make(mode="ENABLED", **more):
        here.create_table(
            TableName="music",
            KeySchema=schema("artist"),
            AttributeDefinitions=attributes(artist="S", label="S"),
            GlobalSecondaryIndexes=[index("by-label", "label")],
            BillingMode="PAY_PER_REQUEST",
            ResourcePolicy=policy(aws.account, HERE, **more),
            **({"GlobalTableSettingsReplicationMode": mode} if mode else {}),
        )
        clock.advance(seconds=1)
        here.put_item(TableName="music", Item={"artist": s("a"), "label": s("l")})

    return make


@pytest.fixture
def join(aws, there, policy, others, clock):
    def join(**more):
        asked = {
            "TableName": "music",
            "GlobalTableSourceArn": arn(aws.account, HERE),
            "GlobalTableSettingsReplicationMode": "ENABLED",
            "ResourcePolicy": policy(others, THERE),
        }
        answer = there.create_table(**{**asked, **more})["TableDescription"]
        clock.advance(seconds=2)
        return answer

    return join


def artists(ddb, **more):
    return sorted(item["artist"]["S"] for item in ddb.scan(TableName="music", **more)["Items"])


def test_a_replica_of_another_account_gets_what_is_there_and_what_is_written(source, join, here, there, clock):
    source()
    assert join()["TableStatus"] == "CREATING"
    assert artists(there) == ["a"]
    here.put_item(TableName="music", Item={"artist": s("b")})
    there.put_item(TableName="music", Item={"artist": s("c"), "label": s("l")})
    there.delete_item(TableName="music", Key={"artist": s("a")})
    clock.advance(seconds=1)
    assert artists(here) == artists(there) == ["b", "c"]
    assert artists(here, IndexName="by-label") == ["c"]


def test_replicas_describe_each_other(aws, source, join, here, there, others):
    source()
    join()
    for ddb, region, account in ((here, THERE, others), (there, HERE, aws.account)):
        found = ddb.describe_table(TableName="music")["Table"]
        [other] = found["Replicas"]
        assert (other["RegionName"], other["ReplicaArn"]) == (region, arn(account, region))
        assert (found["TableStatus"], other["ReplicaStatus"]) == ("ACTIVE", "ACTIVE")
        assert found["GlobalTableSettingsReplicationMode"] == "ENABLED"


def test_settings_follow_into_the_other_account(source, join, here, there, clock):
    source()
    join()
    units = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4}
    of_index = {"Update": {"IndexName": "by-label", "ProvisionedThroughput": units}}
    there.update_table(
        TableName="music",
        BillingMode="PROVISIONED",
        ProvisionedThroughput=units,
        GlobalSecondaryIndexUpdates=[of_index],
    )
    there.update_time_to_live(TableName="music", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
    clock.advance(seconds=1)
    throughput = here.describe_table(TableName="music")["Table"]["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == (3, 4)
    assert here.describe_time_to_live(TableName="music")["TimeToLiveDescription"]["AttributeName"] == "expires"


def test_an_account_leaves_by_deleting_its_replica(source, join, here, there, clock):
    source()
    join()
    with refusal():
        here.update_table(TableName="music", ReplicaUpdates=[{"Delete": {"RegionName": THERE}}])
    there.delete_table(TableName="music")
    clock.advance(seconds=1)
    found = here.describe_table(TableName="music")["Table"]
    assert (found["TableStatus"], "Replicas" in found) == ("ACTIVE", False)
    here.put_item(TableName="music", Item={"artist": s("b")})
    assert artists(here) == ["a", "b"]


def test_both_policies_have_to_let_replication_in(source, join, there, policy, others):
    source()
    with refusal():
        join(ResourcePolicy=policy(others, THERE, allowed=REPLICATION[:2]))
    with refusal("ResourceNotFoundException"):
        there.describe_table(TableName="music")


def test_the_source_decides_who_may_join(aws, source, clock, here, join, policy):
    source()
    document = json.loads(policy(aws.account, HERE))
    document["Statement"].pop()
    here.put_resource_policy(ResourceArn=arn(aws.account, HERE), Policy=json.dumps(document))
    with refusal("AccessDeniedException"):
        join()


def test_the_source_has_to_be_one(source, here, join, clock):
    source(mode=None)
    with refusal():
        join()
    here.update_table(TableName="music", GlobalTableSettingsReplicationMode="ENABLED")
    assert here.describe_table(TableName="music")["Table"]["GlobalTableSettingsReplicationMode"] == "ENABLED"
    clock.advance(seconds=1)
    with refusal():
        join(GlobalTableSettingsReplicationMode="ENABLED_WITH_OVERRIDES")
    with refusal():
        join(BillingMode="PAY_PER_REQUEST")
    assert join()["TableStatus"] == "CREATING"


def test_tables_of_one_account_do_not_become_those_of_several(source, here, join, clock):
    source()
    here.update_table(TableName="music", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    clock.advance(seconds=1)
    with refusal(message="A same-account global table cannot be converted to a multi-account global table"):
        join()


def test_templates_make_both_replicas(aws, here, there, others, policy, clock):
    keys = {"KeySchema": schema("artist"), "AttributeDefinitions": attributes(artist="S")}
    mode = {"GlobalTableSettingsReplicationMode": "ENABLED"}

    def make(region, account, **properties):
        document = json.loads(policy(account, region))
        replica = {"Region": region, "ResourcePolicy": {"PolicyDocument": document}, **mode}
        cloud = Cloud(aws("cloudcontrol", region=region, account=account), clock)
        cloud.create("AWS::DynamoDB::GlobalTable", TableName="music", **properties, Replicas=[replica])
        return cloud

    make(HERE, aws.account, **keys, BillingMode="PAY_PER_REQUEST")
    here.put_item(TableName="music", Item={"artist": s("a")})
    cloud = make(THERE, others, GlobalTableSourceArn=arn(aws.account, HERE))
    assert artists(there) == ["a"]
    found = cloud.read("AWS::DynamoDB::GlobalTable", "music")
    [replica] = found["Replicas"]
    assert (replica["Region"], replica["GlobalTableSettingsReplicationMode"]) == (THERE, "ENABLED")
    cloud.delete("AWS::DynamoDB::GlobalTable", "music")
    assert here.describe_table(TableName="music")["Table"]["TableStatus"] == "ACTIVE"
