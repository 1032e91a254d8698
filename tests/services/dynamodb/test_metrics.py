"""What tables and indexes tell CloudWatch: `AWS/DynamoDB`."""

from __future__ import annotations

import time

import pytest

from tests.services.dynamodb.helpers import index, n, refusal, s
from tests.services.metering import told


@pytest.fixture
def metrics(aws, clock):
    return lambda statistic="Sum", **dimensions: told(aws, clock, "AWS/DynamoDB", statistic, **dimensions)


def test_reads_and_writes_consume_capacity(ddb, table, metrics):
    ddb.put_item(TableName=table, Item={"pk": s("a"), "d": s("x" * 1500)})
    ddb.get_item(TableName=table, Key={"pk": s("a")})
    ddb.get_item(TableName=table, Key={"pk": s("a")}, ConsistentRead=True)
    assert metrics(TableName=table) == {"ConsumedWriteCapacityUnits": 2, "ConsumedReadCapacityUnits": 1.5}


def test_batches_and_transactions_consume_capacity(ddb, table, metrics):
    put = {"Put": {"TableName": table, "Item": {"pk": s("a")}}}
    ddb.transact_write_items(TransactItems=[put])
    ddb.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": {"pk": s("b")}}}]})
    ddb.transact_get_items(TransactItems=[{"Get": {"TableName": table, "Key": {"pk": s("a")}}}])
    ddb.batch_get_item(RequestItems={table: {"Keys": [{"pk": s("a")}, {"pk": s("b")}]}})
    assert metrics(TableName=table) == {"ConsumedWriteCapacityUnits": 3, "ConsumedReadCapacityUnits": 3}


def test_a_global_index_consumes_on_its_own(ddb, make_table, metrics):
    table = make_table(
        "things", ("pk",), {"pk": "S", "color": "S"}, GlobalSecondaryIndexes=[index("by-color", "color")]
    )
    ddb.put_item(TableName=table, Item={"pk": s("a"), "color": s("red")})
    assert metrics(TableName=table)["ConsumedWriteCapacityUnits"] == 1
    assert metrics(TableName=table, GlobalSecondaryIndexName="by-color") == {"ConsumedWriteCapacityUnits": 1}


def test_searches_count_what_they_return(ddb, table, metrics):
    for name in "abc":
        ddb.put_item(TableName=table, Item={"pk": s(name)})
    ddb.scan(TableName=table)
    ddb.query(TableName=table, KeyConditionExpression="pk = :a", ExpressionAttributeValues={":a": s("a")})
    assert metrics(TableName=table, Operation="Scan")["ReturnedItemCount"] == 3
    assert metrics(TableName=table, Operation="Query")["ReturnedItemCount"] == 1


def test_items_that_expire_are_counted(ddb, table, clock, metrics):
    ddb.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
    clock.advance(seconds=1)
    ddb.put_item(TableName=table, Item={"pk": s("a"), "expires": n(int(time.time()) - 60)})
    clock.advance(seconds=1)
    assert metrics(TableName=table)["TimeToLiveDeletedItemCount"] == 1


def test_conditions_that_do_not_hold_are_counted(ddb, table, metrics):
    for _ in range(2):
        with refusal("ConditionalCheckFailedException"):
            ddb.delete_item(TableName=table, Key={"pk": s("a")}, ConditionExpression="attribute_exists(pk)")
    assert metrics(TableName=table)["ConditionalCheckFailedRequests"] == 2


def test_provisioned_capacity_is_told_with_what_is_consumed_of_it(ddb, make_table, metrics):
    units = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 7}
    table = make_table(BillingMode="PROVISIONED", ProvisionedThroughput=units)
    for name in "ab":
        ddb.put_item(TableName=table, Item={"pk": s(name)})
    assert metrics("Average", TableName=table)["ProvisionedWriteCapacityUnits"] == 7


def test_replication_tells_how_long_it_took(ddb, make_table, clock, metrics):
    table = make_table()
    ddb.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    clock.advance(seconds=1)
    ddb.put_item(TableName=table, Item={"pk": s("a")})
    clock.advance(seconds=1)
    assert 0 <= metrics("Maximum", TableName=table, ReceivingRegion="eu-west-1")["ReplicationLatency"] <= 1000
