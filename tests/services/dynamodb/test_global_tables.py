"""Global tables, version 2019.11.21: replicas in other regions."""

from __future__ import annotations

import time

import pytest

from fogbank.testing import Clients, ServerClock, server
from tests.services.dynamodb.helpers import attributes, index, n, refusal, s, schema

HERE, THERE, FAR = "us-east-1", "eu-west-1", "ap-southeast-2"
P = "One or more parameter values were invalid: "


@pytest.fixture
def regions(aws):
    """A client of each region."""
    return {region: aws("dynamodb", region=region) for region in (HERE, THERE, FAR)}


def create(region, **more):
    return {"Create": {"RegionName": region, **more}}


def add_replica(ddb, clock, table, region=THERE, **more):
    answer = ddb.update_table(TableName=table, ReplicaUpdates=[create(region, **more)])
    clock.advance(seconds=1)
    return answer["TableDescription"]


@pytest.fixture
def everywhere(regions, clock, make_table):
    """A global table of two regions."""
    table = make_table()
    add_replica(regions[HERE], clock, table)
    return table


def described(ddb, table="things"):
    return ddb.describe_table(TableName=table)["Table"]


def item(ddb, pk="a", table="things", **more):
    return ddb.get_item(TableName=table, Key={"pk": s(pk)}, **more).get("Item")


def put(ddb, pk="a", table="things", **more):
    ddb.put_item(TableName=table, Item={"pk": s(pk), **more})


def events(aws, region, table="things"):
    """The names of what a replica's stream has, with who did it."""
    streams = aws("dynamodbstreams", region=region)
    arn = aws("dynamodb", region=region).describe_table(TableName=table)["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    return [(each["eventName"], each.get("userIdentity", {}).get("PrincipalId")) for each in records]


# -- making replicas


def test_a_replica_is_a_table_of_its_own_in_another_region(regions, clock, make_table, aws):
    table = make_table(GlobalSecondaryIndexes=[index("by-color", "color")], types={"pk": "S", "color": "S"})
    add_replica(regions[HERE], clock, table)
    there = described(regions[THERE])
    assert there["TableArn"] == f"arn:aws:dynamodb:{THERE}:{aws.account}:table/things"
    assert there["TableId"] != described(regions[HERE])["TableId"]
    assert there["TableStatus"] == "ACTIVE"
    assert there["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert [each["IndexStatus"] for each in there["GlobalSecondaryIndexes"]] == ["ACTIVE"]


def test_each_replica_lists_the_others(regions, everywhere):
    here, there = described(regions[HERE]), described(regions[THERE])
    assert here["GlobalTableVersion"] == there["GlobalTableVersion"] == "2019.11.21"
    assert [(each["RegionName"], each["ReplicaStatus"]) for each in here["Replicas"]] == [(THERE, "ACTIVE")]
    assert [each["RegionName"] for each in there["Replicas"]] == [HERE]
    assert here["Replicas"][0]["ReplicaArn"] == there["TableArn"]
    assert here["MultiRegionConsistency"] == "EVENTUAL"


def test_the_table_is_being_updated_while_its_replica_is_created(regions, make_table, clock):
    table = make_table()
    answer = regions[HERE].update_table(TableName=table, ReplicaUpdates=[create(THERE)])["TableDescription"]
    assert (answer["TableStatus"], answer["Replicas"][0]["ReplicaStatus"]) == ("UPDATING", "CREATING")
    clock.advance(seconds=1)
    assert described(regions[HERE])["TableStatus"] == "ACTIVE"


def test_a_table_of_one_region_says_nothing_of_replicas(ddb, table):
    assert not {"Replicas", "GlobalTableVersion", "MultiRegionConsistency"} & set(described(ddb))


def test_a_new_replica_gets_the_items_that_are_there(regions, clock, table):
    with_items = 230
    for number in range(with_items // 10):
        batch = [{"PutRequest": {"Item": {"pk": s(f"{number}-{each}")}}} for each in range(10)]
        regions[HERE].batch_write_item(RequestItems={table: batch})
    add_replica(regions[HERE], clock, table)
    assert regions[THERE].scan(TableName=table, Select="COUNT")["Count"] == with_items
    assert described(regions[THERE])["ItemCount"] == with_items


def test_a_replica_begins_with_a_stream_in_both_regions(regions, clock, make_table):
    table = make_table()
    assert "LatestStreamArn" not in described(regions[HERE])
    add_replica(regions[HERE], clock, table)
    assert described(regions[HERE])["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"


def test_a_stream_of_another_view_is_refused(ddb, make_table):
    table = make_table(StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    with refusal():
        ddb.update_table(TableName=table, ReplicaUpdates=[create(THERE)])


def test_the_own_region_is_refused(ddb, table):
    with refusal(
        message="Cannot add, delete, or update the local region through ReplicaUpdates. "
        "Use CreateTable, DeleteTable, or UpdateTable as required."
    ):
        ddb.update_table(TableName=table, ReplicaUpdates=[create(HERE)])


def test_a_region_that_there_is_not_is_refused(ddb, table):
    with refusal(message="Unsupported or invalid Region: eu-west-9"):
        ddb.update_table(TableName=table, ReplicaUpdates=[create("eu-west-9")])


def test_a_region_that_has_such_a_table_is_refused(regions, make_table):
    table = make_table()
    definition = {"KeySchema": schema("pk"), "AttributeDefinitions": attributes(pk="S")}
    regions[THERE].create_table(TableName=table, BillingMode="PAY_PER_REQUEST", **definition)
    with refusal(
        message="Failed to create a the new replica of table with name: 'things' "
        "because one or more replicas already existed as tables."
    ):
        regions[HERE].update_table(TableName=table, ReplicaUpdates=[create(THERE)])


def test_a_replica_that_there_is_not_cannot_be_deleted(ddb, table):
    with refusal(
        message="Replica specified in the Replica Update or Replica Delete action of the request was not found."
    ):
        ddb.update_table(TableName=table, ReplicaUpdates=[{"Delete": {"RegionName": THERE}}])


def test_making_a_replica_wants_permission_for_it(aws, ddb, table):
    iam = aws("iam")
    iam.create_user(UserName="u")
    statement = '{"Effect": "Allow", "Action": "dynamodb:UpdateTable", "Resource": "*"}'
    document = f'{{"Version": "2012-10-17", "Statement": [{statement}]}}'
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
    keys = iam.create_access_key(UserName="u")["AccessKey"]
    with refusal("AccessDeniedException") as refused:
        aws("dynamodb", credentials=keys).update_table(TableName=table, ReplicaUpdates=[create(THERE)])
    assert "dynamodb:CreateTableReplica" in refused.message


# -- replication


def test_what_is_written_in_one_region_comes_to_the_others(regions, clock, everywhere):
    add_replica(regions[HERE], clock, everywhere, FAR)
    put(regions[THERE], "a", color=s("red"))
    clock.advance(seconds=1)
    assert item(regions[HERE]) == item(regions[FAR]) == {"pk": s("a"), "color": s("red")}


def test_updates_and_deletions_come_too(regions, clock, everywhere):
    put(regions[HERE], "a", count=n(1))
    put(regions[HERE], "b")
    clock.advance(seconds=1)
    regions[THERE].update_item(
        TableName=everywhere,
        Key={"pk": s("a")},
        UpdateExpression="ADD #c :one",
        ExpressionAttributeNames={"#c": "count"},
        ExpressionAttributeValues={":one": n(1)},
    )
    regions[THERE].delete_item(TableName=everywhere, Key={"pk": s("b")})
    clock.advance(seconds=1)
    assert item(regions[HERE], "a")["count"] == n(2)
    assert item(regions[HERE], "b") is None


def test_indexes_of_replicas_are_kept(regions, clock, make_table):
    table = make_table(GlobalSecondaryIndexes=[index("by-color", "color")], types={"pk": "S", "color": "S"})
    add_replica(regions[HERE], clock, table)
    put(regions[HERE], "a", color=s("red"))
    clock.advance(seconds=1)
    found = regions[THERE].query(
        TableName=table,
        IndexName="by-color",
        KeyConditionExpression="color = :c",
        ExpressionAttributeValues={":c": s("red")},
    )
    assert found["Count"] == 1


def test_each_region_has_a_stream_of_all_writes(aws, regions, clock, everywhere):
    put(regions[HERE], "a")
    clock.advance(seconds=1)
    regions[THERE].delete_item(TableName=everywhere, Key={"pk": s("a")})
    clock.advance(seconds=1)
    assert events(aws, HERE) == events(aws, THERE) == [("INSERT", None), ("REMOVE", None)]


def test_items_have_no_attributes_of_replication(regions, clock, everywhere):
    put(regions[HERE], "a")
    clock.advance(seconds=1)
    assert item(regions[THERE]) == {"pk": s("a")}


def test_a_transaction_is_replicated_item_by_item(regions, clock, everywhere):
    puts = [{"Put": {"TableName": everywhere, "Item": {"pk": s(pk)}}} for pk in "ab"]
    regions[HERE].transact_write_items(TransactItems=puts)
    clock.advance(seconds=1)
    assert regions[THERE].scan(TableName=everywhere, Select="COUNT")["Count"] == 2


def test_an_expired_item_is_removed_by_one_replica_and_replicated(aws, regions, clock, everywhere):
    specification = {"Enabled": True, "AttributeName": "expires"}
    regions[THERE].update_time_to_live(TableName=everywhere, TimeToLiveSpecification=specification)
    clock.advance(seconds=1)
    answer = regions[HERE].describe_time_to_live(TableName=everywhere)["TimeToLiveDescription"]
    assert answer == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    put(regions[THERE], "a", expires=n(int(time.time()) + 60))
    clock.advance(minutes=2)
    assert item(regions[HERE]) is item(regions[THERE]) is None
    who = sorted([str(events(aws, region)[-1][1]) for region in (HERE, THERE)])
    assert who == ["None", "dynamodb.amazonaws.com"]


# -- conflicts: replication is late where consistency is adversarial


@pytest.fixture(scope="module")
def late():
    with server(consistency="adversarial") as running:
        yield running


@pytest.fixture
def apart(late):
    """The clients of two replicas that are late, and the clock."""
    clients = Clients(late.endpoint)
    here, there = clients("dynamodb"), clients("dynamodb", region=THERE)
    clock = ServerClock(late)
    definition = {"KeySchema": schema("pk"), "AttributeDefinitions": attributes(pk="S")}
    here.create_table(TableName="things", BillingMode="PAY_PER_REQUEST", **definition)
    clock.advance(seconds=1)
    here.update_table(TableName="things", ReplicaUpdates=[create(THERE)])
    clock.advance(seconds=5)
    yield here, there, clock
    clock.reset()
    clients.close()


def test_the_last_writer_wins(apart):
    here, there, clock = apart
    put(here, "a", by=s("here"))
    put(there, "a", by=s("there"))
    clock.advance(seconds=5)
    assert item(here, ConsistentRead=True)["by"] == item(there, ConsistentRead=True)["by"] == s("there")


def test_a_later_deletion_wins_over_a_write(apart):
    here, there, clock = apart
    put(here, "a")
    clock.advance(seconds=5)
    there.put_item(TableName="things", Item={"pk": s("a"), "v": n(2)})
    here.delete_item(TableName="things", Key={"pk": s("a")})
    clock.advance(seconds=5)
    assert item(here, ConsistentRead=True) is item(there, ConsistentRead=True) is None


def test_conditions_are_tested_against_the_own_replica(apart):
    here, there, clock = apart
    for ddb in (here, there):
        ddb.put_item(TableName="things", Item={"pk": s("c")}, ConditionExpression="attribute_not_exists(pk)")
    clock.advance(seconds=5)
    with refusal("ConditionalCheckFailedException"):
        there.put_item(TableName="things", Item={"pk": s("c")}, ConditionExpression="attribute_not_exists(pk)")


# -- settings


def test_an_index_is_added_to_all_replicas_and_removed_from_them(regions, clock, everywhere):
    put(regions[THERE], "a", color=s("red"))
    clock.advance(seconds=1)
    regions[HERE].update_table(
        TableName=everywhere,
        AttributeDefinitions=attributes(pk="S", color="S"),
        GlobalSecondaryIndexUpdates=[{"Create": index("by-color", "color")}],
    )
    clock.advance(seconds=1)
    there = described(regions[THERE])
    assert [(each["IndexName"], each["IndexStatus"]) for each in there["GlobalSecondaryIndexes"]] == [
        ("by-color", "ACTIVE")
    ]
    assert regions[THERE].scan(TableName=everywhere, IndexName="by-color")["Count"] == 1
    regions[THERE].update_table(
        TableName=everywhere, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-color"}}]
    )
    clock.advance(seconds=1)
    assert "GlobalSecondaryIndexes" not in described(regions[HERE])


def test_write_capacity_is_that_of_all_replicas_and_read_capacity_may_differ(regions, clock, make_table):
    table = make_table(
        BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    )
    add_replica(regions[HERE], clock, table, ProvisionedThroughputOverride={"ReadCapacityUnits": 9})
    regions[HERE].update_table(TableName=table, ProvisionedThroughput={"ReadCapacityUnits": 6, "WriteCapacityUnits": 7})
    clock.advance(seconds=1)
    throughput = described(regions[THERE])["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == (9, 7)
    replica = described(regions[HERE])["Replicas"][0]
    assert replica["ProvisionedThroughputOverride"] == {"ReadCapacityUnits": 9}


def test_a_replica_can_be_changed_from_another_region(regions, clock, everywhere):
    update = {"RegionName": THERE, "TableClassOverride": "STANDARD_INFREQUENT_ACCESS"}
    regions[HERE].update_table(TableName=everywhere, ReplicaUpdates=[{"Update": update}])
    clock.advance(seconds=1)
    assert described(regions[THERE])["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    replica = described(regions[HERE])["Replicas"][0]
    assert replica["ReplicaTableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"


def test_an_update_of_a_replica_has_to_say_something(ddb, everywhere):
    with refusal(message=P + "KMSMasterKeyId must be specified for each replica."):
        ddb.update_table(TableName=everywhere, ReplicaUpdates=[{"Update": {"RegionName": THERE}}])


def test_the_stream_of_a_replica_cannot_be_disabled(ddb, everywhere):
    with refusal(message=P + "Disabling Stream is not allowed for a Global Table replica."):
        ddb.update_table(TableName=everywhere, StreamSpecification={"StreamEnabled": False})


# -- leaving


def test_a_deleted_replica_is_no_more_and_the_last_one_is_a_table_like_any_other(regions, clock, everywhere):
    answer = regions[HERE].update_table(TableName=everywhere, ReplicaUpdates=[{"Delete": {"RegionName": THERE}}])
    assert answer["TableDescription"]["Replicas"][0]["ReplicaStatus"] == "DELETING"
    clock.advance(seconds=1)
    assert regions[THERE].list_tables()["TableNames"] == []
    here = described(regions[HERE])
    assert here["TableStatus"] == "ACTIVE"
    assert not {"Replicas", "GlobalTableVersion"} & set(here)
    regions[HERE].delete_table(TableName=everywhere)


def test_a_replica_can_be_deleted_in_its_own_region(regions, clock, everywhere):
    regions[THERE].delete_table(TableName=everywhere)
    clock.advance(seconds=1)
    assert "Replicas" not in described(regions[HERE])
    put(regions[HERE], "a")


def test_what_others_were_copied_from_cannot_be_deleted_for_a_day(regions, clock, everywhere):
    message = (
        "Replica cannot be deleted because it has acted as a source region for new replica(s) "
        "being added to the table in the last 24 hours."
    )
    with refusal(message=message):
        regions[HERE].delete_table(TableName=everywhere)
    with refusal(message=message):
        regions[THERE].update_table(TableName=everywhere, ReplicaUpdates=[{"Delete": {"RegionName": HERE}}])
    clock.advance(hours=25)
    regions[HERE].delete_table(TableName=everywhere)
    clock.advance(seconds=1)
    assert "Replicas" not in described(regions[THERE])


def test_a_protected_replica_cannot_be_deleted(regions, clock, everywhere):
    regions[THERE].update_table(TableName=everywhere, DeletionProtectionEnabled=True)
    clock.advance(seconds=1)
    assert described(regions[HERE])["DeletionProtectionEnabled"] is False
    with refusal() as refused:
        regions[HERE].update_table(TableName=everywhere, ReplicaUpdates=[{"Delete": {"RegionName": THERE}}])
    assert "deletion protection" in refused.message


def test_a_replica_can_be_kept_as_a_table_of_its_own(regions, clock, everywhere):
    put(regions[HERE], "a")
    clock.advance(seconds=1)
    leave = {"RegionName": THERE, "DisassociationMode": "WAIT_FOR_REPLICATION"}
    with refusal() as refused:
        regions[THERE].update_table(TableName=everywhere, ReplicaUpdates=[{"Disassociate": leave}])
    assert "Disable disassociation protection first" in refused.message
    regions[THERE].update_table(TableName=everywhere, DisassociationProtectionEnabled=False)
    regions[THERE].update_table(TableName=everywhere, ReplicaUpdates=[{"Disassociate": leave}])
    clock.advance(seconds=3)
    there = described(regions[THERE])
    assert there["TableStatus"] == "ACTIVE" and "Replicas" not in there
    put(regions[HERE], "b")
    clock.advance(seconds=1)
    assert item(regions[THERE], "a") and item(regions[THERE], "b") is None


# -- strong consistency


def strong(ddb, table, replicas=("us-east-2", "us-west-2"), witness=None, **more):
    if witness:
        more["GlobalTableWitnessUpdates"] = [{"Create": {"RegionName": witness}}]
    updates = [create(region) for region in replicas]
    return ddb.update_table(TableName=table, MultiRegionConsistency="STRONG", ReplicaUpdates=updates, **more)


def test_a_strong_global_table_is_the_same_everywhere_at_once(aws, ddb, table, clock):
    strong(ddb, table)
    clock.advance(seconds=1)
    described_here = described(ddb)
    assert described_here["MultiRegionConsistency"] == "STRONG"
    assert [each["ReplicaStatus"] for each in described_here["Replicas"]] == ["ACTIVE", "ACTIVE"]
    west = aws("dynamodb", region="us-west-2")
    put(ddb, "a", v=n(1))
    assert item(west, ConsistentRead=True) == {"pk": s("a"), "v": n(1)}
    with refusal("ConditionalCheckFailedException"):
        west.put_item(TableName=table, Item={"pk": s("a")}, ConditionExpression="attribute_not_exists(pk)")
    west.delete_item(TableName=table, Key={"pk": s("a")})
    assert item(ddb) is None


def test_a_witness_is_no_replica(aws, ddb, table, clock):
    strong(ddb, table, ["us-east-2"], witness="us-west-2")
    clock.advance(seconds=1)
    assert described(ddb)["GlobalTableWitnesses"] == [{"RegionName": "us-west-2", "WitnessStatus": "ACTIVE"}]
    assert aws("dynamodb", region="us-west-2").list_tables()["TableNames"] == []


@pytest.mark.parametrize(
    ("replicas", "witness"),
    [(["us-east-2"], None), (["us-east-2", "us-west-2"], "eu-west-1"), (["us-east-2", "eu-west-1"], None)],
)
def test_a_strong_global_table_has_three_regions_of_one_set(ddb, table, replicas, witness):
    with refusal():
        strong(ddb, table, replicas, witness)


def test_a_strong_global_table_begins_empty(ddb, table):
    put(ddb, "a")
    with refusal() as refused:
        strong(ddb, table)
    assert "must be empty" in refused.message


def test_a_strong_global_table_has_no_time_to_live_no_local_index_and_no_transactions(ddb, make_table, clock):
    local = make_table(
        "local", ("pk", "sk"), types={"pk": "S", "sk": "S", "c": "S"}, LocalSecondaryIndexes=[index("by-c", "pk", "c")]
    )
    with refusal():
        strong(ddb, local)
    table = make_table()
    strong(ddb, table)
    clock.advance(seconds=1)
    with refusal():
        ddb.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
    with refusal():
        ddb.transact_write_items(TransactItems=[{"Put": {"TableName": table, "Item": {"pk": s("a")}}}])
    with refusal():
        ddb.transact_get_items(TransactItems=[{"Get": {"TableName": table, "Key": {"pk": s("a")}}}])


def test_a_strong_global_table_goes_as_a_whole(aws, ddb, table, clock):
    strong(ddb, table)
    clock.advance(seconds=1)
    deletions = [{"Delete": {"RegionName": region}} for region in ("us-east-2", "us-west-2")]
    with refusal():
        ddb.update_table(TableName=table, ReplicaUpdates=deletions[:1])
    with refusal():
        ddb.delete_table(TableName=table)
    with refusal():
        ddb.update_table(TableName=table, ReplicaUpdates=[create("eu-west-1")])
    ddb.update_table(TableName=table, ReplicaUpdates=deletions)
    clock.advance(seconds=1)
    assert "Replicas" not in described(ddb)
    assert aws("dynamodb", region="us-west-2").list_tables()["TableNames"] == []


def test_consistency_is_chosen_when_a_global_table_is_made(ddb, everywhere):
    with refusal():
        ddb.update_table(TableName=everywhere, MultiRegionConsistency="STRONG")
    with refusal():
        ddb.update_table(TableName=everywhere, ReplicaUpdates=[create(FAR)], MultiRegionConsistency="STRONG")


# -- auto scaling


def test_auto_scaling_settings_of_replicas_are_kept(regions, clock, make_table):
    table = make_table(
        BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    )
    add_replica(regions[HERE], clock, table)
    target = {"PolicyName": "p", "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70.0}}
    regions[HERE].update_table_replica_auto_scaling(
        TableName=table,
        ProvisionedWriteCapacityAutoScalingUpdate={"MinimumUnits": 1, "MaximumUnits": 9, "ScalingPolicyUpdate": target},
        ReplicaUpdates=[
            {
                "RegionName": THERE,
                "ReplicaProvisionedReadCapacityAutoScalingUpdate": {"MinimumUnits": 2, "MaximumUnits": 3},
            }
        ],
    )
    answer = regions[THERE].describe_table_replica_auto_scaling(TableName=table)["TableAutoScalingDescription"]
    here, there = sorted(answer["Replicas"], key=lambda each: each["RegionName"], reverse=True)
    writes = here["ReplicaProvisionedWriteCapacityAutoScalingSettings"]
    assert (writes["MaximumUnits"], writes["ScalingPolicies"]) == (9, [target])
    assert there["ReplicaProvisionedWriteCapacityAutoScalingSettings"] == writes
    assert there["ReplicaProvisionedReadCapacityAutoScalingSettings"]["MinimumUnits"] == 2
    assert here["ReplicaProvisionedReadCapacityAutoScalingSettings"] == {"AutoScalingDisabled": True}


def test_auto_scaling_is_for_provisioned_tables(ddb, everywhere):
    with refusal():
        ddb.update_table_replica_auto_scaling(TableName=everywhere)
