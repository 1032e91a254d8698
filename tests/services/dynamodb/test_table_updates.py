"""UpdateTable: billing, capacity, settings; indexes that come and go."""

from __future__ import annotations

from tests.services.dynamodb.helpers import attributes, index, n, refusal, s

CAPACITY = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
MORE = {"ReadCapacityUnits": 7, "WriteCapacityUnits": 6}


def update(ddb, table, **changes):
    """Update the table and wait until it is done."""
    answer = ddb.update_table(TableName=table, **changes)["TableDescription"]
    ddb.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 0.02, "MaxAttempts": 1500})
    return answer


def described(ddb, table):
    return ddb.describe_table(TableName=table)["Table"]


def create_index(ddb, table, definition, **types):
    return update(
        ddb,
        table,
        AttributeDefinitions=attributes(**types),
        GlobalSecondaryIndexUpdates=[{"Create": definition}],
    )


def test_a_changing_table_is_updating(ddb, table):
    changed = update(ddb, table, DeletionProtectionEnabled=True)
    assert (changed["TableStatus"], changed["DeletionProtectionEnabled"]) == ("UPDATING", True)
    assert described(ddb, table)["TableStatus"] == "ACTIVE"


def test_billing_goes_to_provisioned_and_back(ddb, table):
    update(ddb, table, BillingMode="PROVISIONED", ProvisionedThroughput=CAPACITY)
    provisioned = described(ddb, table)
    assert provisioned["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
    assert provisioned["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    update(ddb, table, BillingMode="PAY_PER_REQUEST")
    assert described(ddb, table)["ProvisionedThroughput"]["ReadCapacityUnits"] == 0


def test_capacity_is_raised(ddb, make_table):
    make_table(BillingMode="PROVISIONED", ProvisionedThroughput=CAPACITY)
    update(ddb, "things", ProvisionedThroughput=MORE)
    throughput = described(ddb, "things")["ProvisionedThroughput"]
    assert throughput["ReadCapacityUnits"] == 7
    assert "LastIncreaseDateTime" in throughput


def test_the_same_capacity_is_refused(ddb, make_table):
    make_table(BillingMode="PROVISIONED", ProvisionedThroughput=CAPACITY)
    with refusal() as refused:
        ddb.update_table(TableName="things", ProvisionedThroughput=CAPACITY)
    assert refused.message.startswith("The provisioned throughput for the table will not change.")


def test_provisioned_billing_wants_capacity(ddb, table):
    with refusal(
        message="One or more parameter values were invalid: "
        "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
    ):
        ddb.update_table(TableName=table, BillingMode="PROVISIONED")


def test_nothing_to_change_is_refused(ddb, table):
    with refusal() as refused:
        ddb.update_table(TableName=table)
    assert refused.message.startswith("At least one of ProvisionedThroughput, BillingMode,")


def test_the_table_class_is_changed(ddb, table):
    update(ddb, table, TableClass="STANDARD_INFREQUENT_ACCESS")
    assert described(ddb, table)["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"


# -- indexes


def by_color(ddb, color, **more):
    found = ddb.query(
        TableName="things",
        IndexName="by-color",
        KeyConditionExpression="color = :c",
        ExpressionAttributeValues={":c": s(color)},
        **more,
    )
    return [item["pk"]["S"] for item in found["Items"]]


def test_a_new_index_has_the_items_that_were_there(ddb, table):
    for number in range(250):
        ddb.put_item(TableName=table, Item={"pk": s(f"{number:03}"), "color": s("red" if number % 2 else "blue")})
    answer = create_index(ddb, table, index("by-color", "color"), color="S")
    created = answer["GlobalSecondaryIndexes"][0]
    assert (created["IndexStatus"], created["Backfilling"]) == ("CREATING", True)
    wait_for_index(ddb, table)
    assert len(by_color(ddb, "red")) == 125


def wait_for_index(ddb, table):
    for _ in range(500):
        if all(each["IndexStatus"] == "ACTIVE" for each in described(ddb, table).get("GlobalSecondaryIndexes", [])):
            return
    raise AssertionError("an index is not active")


def test_a_new_index_leaves_out_what_does_not_fit(ddb, table):
    ddb.put_item(TableName=table, Item={"pk": s("text"), "color": s("red")})
    ddb.put_item(TableName=table, Item={"pk": s("number"), "color": n(1)})
    ddb.put_item(TableName=table, Item={"pk": s("empty"), "color": s("")})
    ddb.put_item(TableName=table, Item={"pk": s("none")})
    create_index(ddb, table, index("by-color", "color"), color="S")
    wait_for_index(ddb, table)
    assert [item["pk"]["S"] for item in ddb.scan(TableName=table, IndexName="by-color")["Items"]] == ["text"]


def test_a_deleted_index_is_gone_with_its_attribute(ddb, make_table):
    make_table("things", ("pk",), {"pk": "S", "color": "S"}, GlobalSecondaryIndexes=[index("by-color", "color")])
    update(ddb, "things", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-color"}}])
    table = described(ddb, "things")
    assert "GlobalSecondaryIndexes" not in table
    assert table["AttributeDefinitions"] == attributes(pk="S")
    with refusal(message="The table does not have the specified index: by-color"):
        by_color(ddb, "red")


def test_an_index_made_again_has_no_stale_entries(ddb, make_table):
    make_table("things", ("pk",), {"pk": "S", "color": "S"}, GlobalSecondaryIndexes=[index("by-color", "color")])
    ddb.put_item(TableName="things", Item={"pk": s("a"), "color": s("red")})
    update(ddb, "things", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-color"}}])
    ddb.delete_item(TableName="things", Key={"pk": s("a")})
    create_index(ddb, "things", index("by-color", "color"), color="S")
    wait_for_index(ddb, "things")
    assert by_color(ddb, "red") == []


def test_the_capacity_of_an_index_is_changed(ddb, make_table):
    make_table(
        "things",
        ("pk",),
        {"pk": "S", "color": "S"},
        BillingMode="PROVISIONED",
        ProvisionedThroughput=CAPACITY,
        GlobalSecondaryIndexes=[index("by-color", "color", ProvisionedThroughput=CAPACITY)],
    )
    update(
        ddb,
        "things",
        GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "by-color", "ProvisionedThroughput": MORE}}],
    )
    throughput = described(ddb, "things")["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]
    assert throughput["ReadCapacityUnits"] == 7
    same = {"Update": {"IndexName": "by-color", "ProvisionedThroughput": MORE}}
    with refusal() as refused:
        ddb.update_table(TableName="things", GlobalSecondaryIndexUpdates=[same])
    assert refused.message.startswith("The provisioned throughput for the index by-color will not change.")


def test_an_index_that_exists_is_refused(ddb, make_table):
    make_table("things", ("pk",), {"pk": "S", "color": "S"}, GlobalSecondaryIndexes=[index("by-color", "color")])
    with refusal(message="Attempting to create an index which already exists"):
        create_index(ddb, "things", index("by-color", "color"), color="S")


def test_an_unknown_index_is_refused(ddb, table):
    with refusal("ResourceNotFoundException", "Requested resource not found"):
        ddb.update_table(TableName=table, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "nothing"}}])


def test_two_new_indexes_at_once_are_refused(ddb, table):
    creates = [{"Create": index(name, "color")} for name in ("one", "two")]
    with refusal(
        "LimitExceededException",
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    ):
        ddb.update_table(
            TableName=table, AttributeDefinitions=attributes(color="S"), GlobalSecondaryIndexUpdates=creates
        )


def test_the_keys_of_a_new_index_are_defined_with_it(ddb, make_table):
    make_table(keys=("pk", "sk"))
    with refusal() as refused:
        ddb.update_table(TableName="things", GlobalSecondaryIndexUpdates=[{"Create": index("by-sk", "sk")}])
    assert "Some index key attributes are not defined in AttributeDefinitions" in refused.message


# -- the most that may be consumed on demand


def ceiling(ddb):
    return ddb.describe_table(TableName="things")["Table"].get("OnDemandThroughput")


def change_ceiling(ddb, **units):
    return update(ddb, "things", OnDemandThroughput=units)["OnDemandThroughput"]


def test_a_ceiling_that_is_not_given_stays_and_one_of_minus_one_goes(ddb, make_table):
    make_table(OnDemandThroughput={"MaxReadRequestUnits": 20, "MaxWriteRequestUnits": 15})
    change_ceiling(ddb, MaxReadRequestUnits=40)
    assert ceiling(ddb) == {"MaxReadRequestUnits": 40, "MaxWriteRequestUnits": 15}
    assert change_ceiling(ddb, MaxReadRequestUnits=-1)["MaxReadRequestUnits"] == -1
    assert ceiling(ddb) == {"MaxWriteRequestUnits": 15}
    with refusal() as refused:
        change_ceiling(ddb, MaxWriteRequestUnits=0)
    assert refused.message.endswith(
        "Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of valid range"
    )


def test_a_table_that_becomes_provisioned_has_no_ceilings(ddb, make_table):
    make_table(OnDemandThroughput={"MaxReadRequestUnits": 20})
    update(ddb, "things", BillingMode="PROVISIONED", ProvisionedThroughput=CAPACITY)
    assert ceiling(ddb) is None
    with refusal() as refused:
        change_ceiling(ddb, MaxReadRequestUnits=5)
    assert refused.message.endswith("cannot be specified when the table BillingMode is PROVISIONED")
