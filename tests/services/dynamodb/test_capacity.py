"""Consumed capacity and item collection metrics."""

from __future__ import annotations

import pytest

from tests.services.dynamodb.helpers import index, n, s

KB = 1024


@pytest.fixture
def indexed(make_table):
    return make_table(
        "indexed",
        ("pk", "sk"),
        {"pk": "S", "sk": "N", "color": "S"},
        GlobalSecondaryIndexes=[index("by-color", "color", projection="KEYS_ONLY")],
        LocalSecondaryIndexes=[index("by-pk-color", "pk", "color")],
    )


def sized(size, pk="a"):
    """An item of so many bytes."""
    return {"pk": s(pk), "d": s("x" * (size - 3 - len(pk)))}


def units(answer):
    return answer["ConsumedCapacity"]["CapacityUnits"]


@pytest.mark.parametrize(("size", "expected"), [(KB, 1), (KB + 1, 2), (10 * KB, 10)])
def test_a_write_costs_a_unit_for_each_kb(ddb, table, size, expected):
    assert units(ddb.put_item(TableName=table, Item=sized(size), ReturnConsumedCapacity="TOTAL")) == expected


@pytest.mark.parametrize(("size", "expected"), [(10, 0.5), (4 * KB, 0.5), (4 * KB + 1, 1.0), (40 * KB, 5.0)])
def test_a_read_costs_half_a_unit_for_4_kb_and_twice_that_when_consistent(ddb, table, size, expected):
    ddb.put_item(TableName=table, Item=sized(size))
    read = {"TableName": table, "Key": {"pk": s("a")}, "ReturnConsumedCapacity": "TOTAL"}
    assert units(ddb.get_item(**read)) == expected
    assert units(ddb.get_item(**read, ConsistentRead=True)) == 2 * expected


def test_the_larger_of_old_and_new_is_charged(ddb, table):
    ddb.put_item(TableName=table, Item=sized(5 * KB))
    assert units(ddb.put_item(TableName=table, Item=sized(10), ReturnConsumedCapacity="TOTAL")) == 5
    ddb.put_item(TableName=table, Item=sized(5 * KB))
    assert units(ddb.delete_item(TableName=table, Key={"pk": s("a")}, ReturnConsumedCapacity="TOTAL")) == 5


def test_nothing_costs_something(ddb, table):
    assert units(ddb.get_item(TableName=table, Key={"pk": s("z")}, ReturnConsumedCapacity="TOTAL")) == 0.5
    assert units(ddb.delete_item(TableName=table, Key={"pk": s("z")}, ReturnConsumedCapacity="TOTAL")) == 1


def test_a_query_is_charged_for_the_sum_of_what_it_looks_at(ddb, ordered):
    for number in range(10):
        ddb.put_item(TableName=ordered, Item={"pk": s("a"), "sk": n(number), "d": s("x" * 1000)})
    answer = ddb.query(
        TableName=ordered,
        KeyConditionExpression="pk = :p",
        FilterExpression="attribute_exists(nope)",
        ExpressionAttributeValues={":p": s("a")},
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["ConsumedCapacity"] == {"TableName": ordered, "CapacityUnits": 1.5}


def test_writes_of_indexes_are_charged_apart(ddb, indexed):
    put = {"TableName": indexed, "ReturnConsumedCapacity": "INDEXES"}
    item = {"pk": s("a"), "sk": n(1), "color": s("red")}
    first = ddb.put_item(Item=item, **put)["ConsumedCapacity"]
    assert first == {
        "TableName": indexed,
        "CapacityUnits": 3.0,
        "Table": {"CapacityUnits": 1.0},
        "GlobalSecondaryIndexes": {"by-color": {"CapacityUnits": 1.0}},
        "LocalSecondaryIndexes": {"by-pk-color": {"CapacityUnits": 1.0}},
    }
    moved = ddb.put_item(Item={**item, "color": s("blue")}, **put)["ConsumedCapacity"]
    assert moved["GlobalSecondaryIndexes"]["by-color"]["CapacityUnits"] == 2.0
    untouched = ddb.put_item(Item={**item, "color": s("blue"), "more": n(1)}, **put)["ConsumedCapacity"]
    assert "GlobalSecondaryIndexes" not in untouched


def test_reads_of_indexes_are_charged_apart(ddb, indexed):
    ddb.put_item(TableName=indexed, Item={"pk": s("a"), "sk": n(1), "color": s("red")})
    answer = ddb.scan(TableName=indexed, IndexName="by-color", ReturnConsumedCapacity="INDEXES")
    assert answer["ConsumedCapacity"] == {
        "TableName": indexed,
        "CapacityUnits": 0.5,
        "Table": {"CapacityUnits": 0.0},
        "GlobalSecondaryIndexes": {"by-color": {"CapacityUnits": 0.5}},
    }


def test_transactions_cost_twice(ddb, table):
    write = {"Put": {"TableName": table, "Item": sized(2 * KB)}}
    answer = ddb.transact_write_items(TransactItems=[write], ReturnConsumedCapacity="INDEXES")
    units = {"CapacityUnits": 4.0, "WriteCapacityUnits": 4.0}
    assert answer["ConsumedCapacity"] == [{"TableName": table, **units, "Table": units}]
    read = {"Get": {"TableName": table, "Key": {"pk": s("a")}}}
    answer = ddb.transact_get_items(TransactItems=[read], ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}]


def test_batches_are_charged_by_table(ddb, make_table):
    for name in ("one", "two"):
        make_table(name)
    requests = {name: [{"PutRequest": {"Item": sized(2 * KB)}}] for name in ("one", "two")}
    answer = ddb.batch_write_item(RequestItems=requests, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == [
        {"TableName": "one", "CapacityUnits": 2.0},
        {"TableName": "two", "CapacityUnits": 2.0},
    ]
    keys = {name: {"Keys": [{"pk": s("a")}, {"pk": s("b")}]} for name in ("one", "two")}
    answer = ddb.batch_get_item(RequestItems=keys, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"][0] == {"TableName": "one", "CapacityUnits": 1.0}


def test_nobody_is_told_who_does_not_ask(ddb, table):
    assert "ConsumedCapacity" not in ddb.put_item(TableName=table, Item=sized(10))
    assert "ConsumedCapacity" not in ddb.get_item(TableName=table, Key={"pk": s("a")}, ReturnConsumedCapacity="NONE")


def test_item_collections_are_told_of_where_there_are_local_indexes(ddb, indexed, table):
    item = {"pk": s("a"), "sk": n(1)}
    answer = ddb.put_item(TableName=indexed, Item=item, ReturnItemCollectionMetrics="SIZE")
    assert answer["ItemCollectionMetrics"] == {"ItemCollectionKey": {"pk": s("a")}, "SizeEstimateRangeGB": [0.0, 1.0]}
    answer = ddb.batch_write_item(
        RequestItems={indexed: [{"PutRequest": {"Item": item}}]}, ReturnItemCollectionMetrics="SIZE"
    )
    assert answer["ItemCollectionMetrics"][indexed][0]["ItemCollectionKey"] == {"pk": s("a")}
    plain = ddb.put_item(TableName=table, Item=sized(10), ReturnItemCollectionMetrics="SIZE")
    assert "ItemCollectionMetrics" not in plain


def test_indexes_cost_in_a_transaction_what_they_cost_anywhere(ddb, make_table):
    make_table(types={"pk": "S", "color": "S"}, GlobalSecondaryIndexes=[index("by-color", "color")])
    write = {"Put": {"TableName": "things", "Item": {"pk": s("a"), "color": s("red")}}}
    [consumed] = ddb.transact_write_items(TransactItems=[write], ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    assert consumed["Table"]["WriteCapacityUnits"] == 2
    assert consumed["GlobalSecondaryIndexes"]["by-color"]["WriteCapacityUnits"] == 1
    assert consumed["CapacityUnits"] == 3


def test_a_batch_of_statements_says_what_each_cost(ddb, table):
    reads = [{"Statement": f"SELECT * FROM things WHERE pk = '{key}'"} for key in "ab"]
    reads[1]["ConsistentRead"] = True
    answer = ddb.batch_execute_statement(Statements=reads, ReturnConsumedCapacity="TOTAL")
    assert [each["CapacityUnits"] for each in answer["ConsumedCapacity"]] == [0.5, 1]
