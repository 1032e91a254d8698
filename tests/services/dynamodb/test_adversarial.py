"""Stale reads, on a server with `--consistency adversarial`."""

from __future__ import annotations

import pytest

from fogbank.testing import Clients, ServerClock, server
from tests.services.dynamodb.helpers import attributes, index, n, s, schema

# of independent reads, each of which may be stale: none of them is, once in a million million times
TRIES = 40


@pytest.fixture(scope="module")
def adversary():
    with server(consistency="adversarial") as running:
        yield running


@pytest.fixture
def clock(adversary):
    """Held, so that what was written has just been written."""
    moved = ServerClock(adversary)
    adversary.app.clock.hold(0)
    yield moved
    adversary.app.clock.release()
    moved.reset()


@pytest.fixture
def ddb(adversary):
    clients = Clients(adversary.endpoint)
    client = clients("dynamodb")
    client.create_table(
        TableName="things",
        KeySchema=schema("pk"),
        AttributeDefinitions=attributes(pk="S", color="S"),
        GlobalSecondaryIndexes=[index("by-color", "color")],
        BillingMode="PAY_PER_REQUEST",
    )
    yield client
    clients.close()


def seen(read):
    """What reads see, that are made one after another."""
    return {read() for _ in range(TRIES)}


def version(ddb, **more):
    found = ddb.get_item(TableName="things", Key={"pk": s("a")}, **more).get("Item")
    return found and found["v"]["N"]


def put(ddb, v, color="red"):
    ddb.put_item(TableName="things", Item={"pk": s("a"), "v": n(v), "color": s(color)})


def test_a_read_may_see_the_version_before(ddb, clock):
    put(ddb, 1)
    put(ddb, 2)
    assert seen(lambda: version(ddb)) == {"1", "2"}


def test_a_new_item_may_not_be_seen_yet_and_a_deleted_one_still(ddb, clock):
    put(ddb, 1)
    assert seen(lambda: version(ddb)) == {None, "1"}
    ddb.delete_item(TableName="things", Key={"pk": s("a")})
    assert seen(lambda: version(ddb)) == {None, "1"}


def test_a_consistent_read_sees_the_last_version(ddb, clock):
    put(ddb, 1)
    put(ddb, 2)
    assert seen(lambda: version(ddb, ConsistentRead=True)) == {"2"}


def test_queries_scans_and_batches_may_be_stale(ddb, clock):
    put(ddb, 1)
    condition = {"KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": s("a")}}
    assert seen(lambda: ddb.query(TableName="things", **condition)["Count"]) == {0, 1}
    assert seen(lambda: ddb.query(TableName="things", ConsistentRead=True, **condition)["Count"]) == {1}
    assert seen(lambda: ddb.scan(TableName="things")["Count"]) == {0, 1}
    keys = {"things": {"Keys": [{"pk": s("a")}]}}
    assert seen(lambda: len(ddb.batch_get_item(RequestItems=keys)["Responses"]["things"])) == {0, 1}


def test_an_index_may_lag(ddb, clock):
    put(ddb, 1, "red")
    put(ddb, 2, "blue")

    def reds():
        return ddb.query(
            TableName="things",
            IndexName="by-color",
            KeyConditionExpression="color = :c",
            ExpressionAttributeValues={":c": s("red")},
        )["Count"]

    assert seen(reds) == {0, 1}


def test_after_a_while_every_read_sees_the_last_version(ddb, clock, adversary):
    adversary.app.clock.release()
    put(ddb, 1)
    clock.advance(seconds=2)
    assert seen(lambda: version(ddb)) == {"1"}
    assert ddb.scan(TableName="things", IndexName="by-color")["Count"] == 1


def test_conditions_are_tested_against_the_last_version(ddb, clock):
    put(ddb, 1)
    for v in range(2, 12):
        ddb.update_item(
            TableName="things",
            Key={"pk": s("a")},
            UpdateExpression="SET v = :new",
            ConditionExpression="v = :old",
            ExpressionAttributeValues={":new": n(v), ":old": n(v - 1)},
        )
    assert version(ddb, ConsistentRead=True) == "11"


def test_pages_of_stale_scans_are_whole(ddb, clock):
    for number in range(30):
        ddb.put_item(TableName="things", Item={"pk": s(f"{number:02}")})
    for number in range(0, 30, 2):
        ddb.delete_item(TableName="things", Key={"pk": s(f"{number:02}")})
    pages = [ddb.scan(TableName="things", Limit=7, ConsistentRead=False) for _ in range(TRIES)]
    assert {page["ScannedCount"] for page in pages} == {7}


def test_by_default_nothing_is_stale(aws):
    client = aws("dynamodb")
    client.create_table(
        TableName="things",
        KeySchema=schema("pk"),
        AttributeDefinitions=attributes(pk="S"),
        BillingMode="PAY_PER_REQUEST",
    )
    for v in range(TRIES):
        client.put_item(TableName="things", Item={"pk": s("a"), "v": n(v)})
        assert version(client) == str(v)
