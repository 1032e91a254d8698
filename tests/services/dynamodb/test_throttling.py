"""Requests beyond a table's capacity, on a server with `--throttle dynamodb`."""

from __future__ import annotations

import pytest

from fogbank.testing import Clients, ServerClock, server
from tests.services.dynamodb.helpers import attributes, index, n, refusal, s, schema
from tests.services.metering import told

EXCEEDED = "ProvisionedThroughputExceededException"
# of one unit a second, in five minutes
SAVED = 300
# consumes 100 units of writing
LARGE = {"B": b"x" * (100 * 1024 - 100)}


@pytest.fixture(scope="module")
def throttling():
    with server(throttle=("dynamodb",)) as running:
        yield running


@pytest.fixture
def clock(throttling):
    moved = ServerClock(throttling)
    yield moved
    moved.reset()


@pytest.fixture
def ddb(throttling):
    clients = Clients(throttling.endpoint)
    yield clients("dynamodb")
    clients.close()


def make(ddb, clock, units=1, **more):
    """A table of so many units, or on demand for none, that has just been made."""
    if units:
        billing = {"ProvisionedThroughput": {"ReadCapacityUnits": units, "WriteCapacityUnits": units}}
    else:
        billing = {"BillingMode": "PAY_PER_REQUEST"}
    definition = {"KeySchema": schema("pk"), "AttributeDefinitions": attributes(pk="S")}
    ddb.create_table(TableName="things", **{**definition, **billing, **more})
    clock.advance(seconds=1)


def put(ddb, pk="a", **more):
    ddb.put_item(TableName="things", Item={"pk": s(pk), **more})


def exhaust(ddb, pk="a"):
    """Take what was saved up, on credit in the end."""
    for number in range(4):
        put(ddb, f"{pk}{number}", large=LARGE)


def test_writes_beyond_what_was_saved_up_are_refused(ddb, clock):
    make(ddb, clock)
    exhaust(ddb)
    with refusal(EXCEEDED) as refused:
        put(ddb, "one more")
    assert refused.message.startswith("The level of configured provisioned throughput for the table was exceeded.")
    reason = refused.response["ThrottlingReasons"][0]
    assert reason["reason"] == "TableWriteProvisionedThroughputExceeded"
    assert reason["resource"].endswith(":table/things")


def test_what_was_refused_had_no_effect(ddb, clock):
    make(ddb, clock)
    exhaust(ddb)
    with refusal(EXCEEDED):
        put(ddb, "one more")
    assert "Item" not in ddb.get_item(TableName="things", Key={"pk": s("one more")})


def test_capacity_comes_back_with_time(ddb, clock):
    make(ddb, clock)
    exhaust(ddb)
    clock.advance(seconds=SAVED)
    put(ddb, "one more")


def test_reads_have_a_capacity_of_their_own(ddb, clock):
    make(ddb, clock)
    exhaust(ddb)
    with refusal(EXCEEDED) as refused:
        for _ in range(20):
            ddb.get_item(TableName="things", Key={"pk": s("a1")}, ConsistentRead=True)
    assert refused.response["ThrottlingReasons"][0]["reason"] == "TableReadProvisionedThroughputExceeded"
    with refusal(EXCEEDED):
        ddb.scan(TableName="things")


def test_an_index_without_capacity_holds_up_its_table(ddb, clock):
    capacity = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    make(
        ddb,
        clock,
        units=1000,
        AttributeDefinitions=attributes(pk="S", color="S"),
        GlobalSecondaryIndexes=[index("by-color", "color", ProvisionedThroughput=capacity)],
    )
    for number in range(4):
        put(ddb, str(number), color=s("red"), large=LARGE)
    put(ddb, "plain")
    with refusal(EXCEEDED) as refused:
        put(ddb, "red", color=s("red"))
    reason = refused.response["ThrottlingReasons"][0]
    assert reason["reason"] == "IndexWriteProvisionedThroughputExceeded"
    assert reason["resource"].endswith("/index/by-color")


def test_a_hot_partition_is_refused_while_others_are_not(ddb, clock, throttling):
    make(
        ddb,
        clock,
        units=40_000,
        KeySchema=schema("pk", "sk"),
        AttributeDefinitions=attributes(pk="S", sk="N"),
    )
    throttling.app.clock.hold(throttling.app.clock.now())  # so that it is all within one second
    for number in range(10):
        put(ddb, "hot", sk=n(number), large=LARGE)
    with refusal(EXCEEDED) as refused:
        put(ddb, "hot", sk=n(99))
    assert refused.response["ThrottlingReasons"][0]["reason"] == "TableWriteKeyRangeThroughputExceeded"
    put(ddb, "cold", sk=n(1))
    throttling.app.clock.release()
    clock.advance(seconds=1)
    put(ddb, "hot", sk=n(99))


def test_on_demand_the_configured_maximum_is_kept(ddb, clock):
    make(ddb, clock, units=0, OnDemandThroughput={"MaxWriteRequestUnits": 10})
    put(ddb, large=LARGE)
    with refusal("ThrottlingException") as refused:
        put(ddb)
    assert refused.response["throttlingReasons"][0]["reason"] == "TableWriteMaxOnDemandThroughputExceeded"


def test_a_batch_leaves_unprocessed_what_there_is_no_capacity_for(ddb, clock):
    make(ddb, clock)
    puts = [{"PutRequest": {"Item": {"pk": s(str(number)), "large": LARGE}}} for number in range(6)]
    left = ddb.batch_write_item(RequestItems={"things": puts})["UnprocessedItems"]["things"]
    assert [each["PutRequest"]["Item"]["pk"] for each in left] == [s("4"), s("5")]
    with refusal(EXCEEDED):
        ddb.batch_write_item(RequestItems={"things": left})
    keys = [{"pk": s(str(number % 3) + "x" * number)} for number in range(40)]
    with refusal(EXCEEDED):
        for _ in range(SAVED):
            ddb.batch_get_item(RequestItems={"things": {"Keys": keys}})


def test_a_transaction_is_cancelled_for_want_of_capacity(ddb, clock):
    make(ddb, clock)
    exhaust(ddb)
    with refusal("TransactionCanceledException") as refused:
        ddb.transact_write_items(TransactItems=[{"Put": {"TableName": "things", "Item": {"pk": s("t")}}}])
    assert refused.response["CancellationReasons"][0]["Code"] == "ProvisionedThroughputExceeded"


def test_nothing_is_refused_by_default(aws, make_table):
    ddb = aws("dynamodb")
    capacity = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    table = make_table("free", BillingMode="PROVISIONED", ProvisionedThroughput=capacity)
    for number in range(5):
        ddb.put_item(TableName=table, Item={"pk": s(str(number)), "large": LARGE})


@pytest.fixture
def make_table(aws):
    def make(name, **more):
        definition = {"KeySchema": schema("pk"), "AttributeDefinitions": attributes(pk="S")}
        aws("dynamodb").create_table(TableName=name, **{**definition, **more})
        return name

    return make


def test_requests_that_were_refused_are_told_to_cloudwatch(throttling, clock):
    clients = Clients(throttling.endpoint)
    ddb = clients("dynamodb")
    make(ddb, clock)
    exhaust(ddb)
    with refusal(EXCEEDED):
        put(ddb)
    of_table = told(clients, clock, "AWS/DynamoDB", TableName="things")
    assert of_table["WriteThrottleEvents"] == of_table["WriteProvisionedThroughputThrottleEvents"] == 1
    assert of_table["ConsumedWriteCapacityUnits"] == 400
    assert told(clients, clock, "AWS/DynamoDB", TableName="things", Operation="PutItem") == {"ThrottledRequests": 1}
    clients.close()
