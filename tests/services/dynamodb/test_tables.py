"""CreateTable, DescribeTable, ListTables, DeleteTable: definitions, states, refusals."""

from __future__ import annotations

import pytest

from tests.services.dynamodb.helpers import attributes, index, n, refusal, s, schema

DEFINITION = {
    "TableName": "things",
    "KeySchema": schema("pk", "sk"),
    "AttributeDefinitions": attributes(pk="S", sk="N"),
    "BillingMode": "PAY_PER_REQUEST",
}
CAPACITY = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}


def test_a_table_is_creating_then_active(ddb, make_table):
    created = ddb.create_table(**DEFINITION)["TableDescription"]
    assert created["TableStatus"] == "CREATING"
    ddb.get_waiter("table_exists").wait(TableName="things", WaiterConfig={"Delay": 0.02, "MaxAttempts": 1500})
    assert ddb.describe_table(TableName="things")["Table"]["TableStatus"] == "ACTIVE"


def test_items_can_be_written_without_waiting(ddb):
    ddb.create_table(**DEFINITION)
    ddb.put_item(TableName="things", Item={"pk": s("a"), "sk": n(1)})
    assert ddb.get_item(TableName="things", Key={"pk": s("a"), "sk": n(1)})["Item"]


def test_an_on_demand_table_is_described_as_aws_describes_it(ddb, aws, make_table):
    make_table("things", ("pk", "sk"), {"pk": "S", "sk": "N"})
    table = ddb.describe_table(TableName="things")["Table"]
    since = table.pop("CreationDateTime")
    assert table.pop("TableId").count("-") == 4
    assert table == {
        "TableName": "things",
        "TableArn": f"arn:aws:dynamodb:us-east-1:{aws.account}:table/things",
        "TableStatus": "ACTIVE",
        "KeySchema": schema("pk", "sk"),
        "AttributeDefinitions": attributes(pk="S", sk="N"),
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST", "LastUpdateToPayPerRequestDateTime": since},
        "TableSizeBytes": 0,
        "ItemCount": 0,
        "DeletionProtectionEnabled": False,
        "WarmThroughput": {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"},
    }


def test_a_provisioned_table_has_no_billing_mode_summary(ddb, make_table):
    make_table(BillingMode="PROVISIONED", ProvisionedThroughput=CAPACITY)
    table = ddb.describe_table(TableName="things")["Table"]
    assert "BillingModeSummary" not in table
    assert table["ProvisionedThroughput"] == {"NumberOfDecreasesToday": 0, **CAPACITY}


def test_indexes_are_described(ddb, aws, make_table):
    make_table(
        "things",
        ("pk", "sk"),
        {"pk": "S", "sk": "N", "other": "B"},
        GlobalSecondaryIndexes=[index("by-other", "other", projection=["name"])],
        LocalSecondaryIndexes=[index("by-pk-other", "pk", "other", projection="KEYS_ONLY")],
    )
    table = ddb.describe_table(TableName="things")["Table"]
    arn = f"arn:aws:dynamodb:us-east-1:{aws.account}:table/things/index"
    assert table["GlobalSecondaryIndexes"] == [
        {
            "IndexName": "by-other",
            "IndexArn": f"{arn}/by-other",
            "IndexStatus": "ACTIVE",
            "KeySchema": schema("other"),
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["name"]},
            "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
            "IndexSizeBytes": 0,
            "ItemCount": 0,
            "WarmThroughput": {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"},
        }
    ]
    assert table["LocalSecondaryIndexes"] == [
        {
            "IndexName": "by-pk-other",
            "IndexArn": f"{arn}/by-pk-other",
            "KeySchema": schema("pk", "other"),
            "Projection": {"ProjectionType": "KEYS_ONLY"},
            "IndexSizeBytes": 0,
            "ItemCount": 0,
        }
    ]


def test_items_and_bytes_are_counted(ddb, table):
    for number in range(3):
        ddb.put_item(TableName=table, Item={"pk": s(f"{number}"), "text": s("x" * 93)})
    described = ddb.describe_table(TableName=table)["Table"]
    assert (described["ItemCount"], described["TableSizeBytes"]) == (3, 300)


def test_a_large_table_is_counted_by_a_task(ddb, clock, table):
    rows = [{"PutRequest": {"Item": {"pk": s(f"{number}")}}} for number in range(1100)]
    for start in range(0, 1100, 25):
        ddb.batch_write_item(RequestItems={table: rows[start : start + 25]})
    ddb.describe_table(TableName=table)
    clock.advance(seconds=1)
    assert ddb.describe_table(TableName=table)["Table"]["ItemCount"] == 1100


def test_a_table_is_found_by_its_arn(ddb, table):
    arn = ddb.describe_table(TableName=table)["Table"]["TableArn"]
    assert ddb.describe_table(TableName=arn)["Table"]["TableName"] == table
    ddb.put_item(TableName=arn, Item={"pk": s("a")})
    assert ddb.get_item(TableName=table, Key={"pk": s("a")})["Item"]


def test_the_same_name_in_another_region_is_another_table(aws, ddb, table):
    elsewhere = aws("dynamodb", region="eu-west-1")
    with refusal("ResourceNotFoundException", f"Requested resource not found: Table: {table} not found"):
        elsewhere.describe_table(TableName=table)


def test_a_table_is_deleting_then_gone(ddb, table):
    assert ddb.delete_table(TableName=table)["TableDescription"]["TableStatus"] == "DELETING"
    ddb.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig={"Delay": 0.02, "MaxAttempts": 1500})
    with refusal("ResourceNotFoundException", f"Requested resource not found: Table: {table} not found"):
        ddb.describe_table(TableName=table)


def test_a_new_table_of_the_same_name_is_empty(ddb, make_table):
    make_table()
    ddb.put_item(TableName="things", Item={"pk": s("a")})
    ddb.delete_table(TableName="things")
    ddb.get_waiter("table_not_exists").wait(TableName="things", WaiterConfig={"Delay": 0.02, "MaxAttempts": 1500})
    make_table()
    assert ddb.scan(TableName="things")["Count"] == 0


def test_a_protected_table_cannot_be_deleted(ddb, make_table):
    make_table(DeletionProtectionEnabled=True)
    with refusal(
        message="Resource cannot be deleted as it is currently protected against deletion. "
        "Disable deletion protection first."
    ):
        ddb.delete_table(TableName="things")


def test_tables_are_listed_by_name_in_pages(ddb, make_table):
    for name in ("ccc", "aaa", "bbb"):
        make_table(name)
    first = ddb.list_tables(Limit=2)
    assert (first["TableNames"], first["LastEvaluatedTableName"]) == (["aaa", "bbb"], "bbb")
    rest = ddb.list_tables(Limit=2, ExclusiveStartTableName="bbb")
    assert rest["TableNames"] == ["ccc"]
    assert "LastEvaluatedTableName" not in rest


def test_an_existing_name_is_refused(ddb, table):
    with refusal("ResourceInUseException", f"Table already exists: {table}"):
        ddb.create_table(**{**DEFINITION, "TableName": table})


@pytest.mark.parametrize("operation", ["describe_table", "delete_table", "describe_time_to_live"])
def test_an_unknown_table_is_refused_by_the_control_plane(ddb, operation):
    with refusal("ResourceNotFoundException", "Requested resource not found: Table: nothing not found"):
        getattr(ddb, operation)(TableName="nothing")


def test_an_unknown_table_is_refused_by_the_data_plane(ddb):
    with refusal("ResourceNotFoundException", "Requested resource not found"):
        ddb.get_item(TableName="nothing", Key={"pk": s("a")})


P = "One or more parameter values were invalid: "


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"TableName": "ab"},
            "1 validation error detected: Value 'ab' at 'tableName' failed to satisfy constraint: "
            "Member must have length greater than or equal to 3",
        ),
        (
            {"TableName": "a b c"},
            "1 validation error detected: Value 'a b c' at 'tableName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
        ),
        (
            {"BillingMode": "PROVISIONED"},
            P + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        ),
        (
            {"ProvisionedThroughput": CAPACITY},
            P + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        ),
        (
            {"KeySchema": schema("pk", "zz")},
            P + "Some index key attributes are not defined in AttributeDefinitions. "
            "Keys: [zz], AttributeDefinitions: [pk, sk]",
        ),
        (
            {"KeySchema": schema("pk")},
            P
            + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions",
        ),
        (
            {"KeySchema": [{"AttributeName": "pk", "KeyType": "RANGE"}]},
            P + "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
        ),
        (
            {"KeySchema": schema("pk", "pk")},
            "Both the Hash Key and the Range Key element in the KeySchema have the same name",
        ),
        ({"LocalSecondaryIndexes": []}, P + "List of LocalSecondaryIndexes is empty"),
        ({"GlobalSecondaryIndexes": []}, P + "List of GlobalSecondaryIndexes is empty"),
        (
            {"LocalSecondaryIndexes": [index("lsi", "sk", "pk")]},
            P + "Index KeySchema does not have the same leading hash key as table KeySchema for index: lsi. "
            "index hash key: sk, table hash key: pk",
        ),
        (
            {"LocalSecondaryIndexes": [index("lsi", "pk")]},
            P + "Index KeySchema does not have a range key for index: lsi",
        ),
        (
            {"GlobalSecondaryIndexes": [index("gsi", "sk"), index("gsi", "sk")]},
            P + "Duplicate index name: gsi",
        ),
        (
            {"GlobalSecondaryIndexes": [index("gsi", "sk", projection="INCLUDE")]},
            P + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
        ),
        (
            {"GlobalSecondaryIndexes": [{**index("gsi", "sk"), "Projection": {}}]},
            P + "Unknown ProjectionType: null",
        ),
        (
            {"LocalSecondaryIndexes": [index(f"lsi{number}", "pk", "sk") for number in range(6)]},
            P + "Number of LocalSecondaryIndexes exceeds per-table limit of 5",
        ),
        (
            {"GlobalSecondaryIndexes": [index(f"gsi{number:02}", "sk") for number in range(21)]},
            P + "GlobalSecondaryIndex count exceeds the per-table limit of 20",
        ),
        (
            {
                "AttributeDefinitions": attributes(pk="S", sk="N", zz="S"),
                "GlobalSecondaryIndexes": [index("gsi", "sk")],
            },
            P + "Some AttributeDefinitions are not used. AttributeDefinitions: [pk, sk, zz], keys used: [pk, sk]",
        ),
    ],
)
def test_wrong_definitions_are_refused_in_aws_words(ddb, change, message):
    with refusal(message=message):
        ddb.create_table(**{**DEFINITION, **change})


def test_a_provisioned_table_wants_capacity_for_its_indexes(ddb):
    with refusal(message=P + "ProvisionedThroughput is not specified for index: gsi"):
        ddb.create_table(
            **{
                **DEFINITION,
                "BillingMode": "PROVISIONED",
                "ProvisionedThroughput": CAPACITY,
                "GlobalSecondaryIndexes": [index("gsi", "sk")],
            }
        )


def test_a_local_index_wants_a_sort_key(ddb):
    with refusal(
        message=P + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"
    ):
        ddb.create_table(
            **{**DEFINITION, "KeySchema": schema("pk"), "LocalSecondaryIndexes": [index("lsi", "pk", "sk")]}
        )


def test_limits_endpoints_and_backups_are_described(ddb, table, fogbank_server):
    limits = ddb.describe_limits()
    assert (limits["AccountMaxReadCapacityUnits"], limits["TableMaxReadCapacityUnits"]) == (80_000, 40_000)
    assert ddb.describe_endpoints()["Endpoints"][0]["Address"] in fogbank_server.endpoint
    backups = ddb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"] == {"PointInTimeRecoveryStatus": "DISABLED"}
    with refusal("TableNotFoundException", "Table not found: nothing"):
        ddb.describe_continuous_backups(TableName="nothing")
