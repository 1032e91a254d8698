"""TransactWriteItems and TransactGetItems."""

from __future__ import annotations

import pytest

from tests.services.dynamodb.helpers import index, n, refusal, s


def put(pk, table="things", **more):
    return {"Put": {"TableName": table, "Item": {"pk": s(pk), "n": n(1)}, **more}}


def delete(pk, **more):
    return {"Delete": {"TableName": "things", "Key": {"pk": s(pk)}, **more}}


def check(pk, condition="attribute_exists(pk)", **more):
    return {"ConditionCheck": {"TableName": "things", "Key": {"pk": s(pk)}, "ConditionExpression": condition, **more}}


def update(pk, expression="ADD n :v", value=None):
    values = {":v": value or n(1)}
    return {
        "Update": {
            "TableName": "things",
            "Key": {"pk": s(pk)},
            "UpdateExpression": expression,
            "ExpressionAttributeValues": values,
        }
    }


def get(pk, **more):
    return {"Get": {"TableName": "things", "Key": {"pk": s(pk)}, **more}}


def items(ddb, table="things"):
    return {item["pk"]["S"]: item.get("n", {}).get("N") for item in ddb.scan(TableName=table)["Items"]}


@pytest.fixture
def things(ddb, table):
    for pk in ("old", "counted", "checked"):
        ddb.put_item(TableName=table, Item={"pk": s(pk), "n": n(5)})
    return table


def test_a_transaction_does_everything(ddb, things):
    ddb.transact_write_items(TransactItems=[put("fresh"), update("counted"), delete("old"), check("checked")])
    assert items(ddb) == {"fresh": "1", "counted": "6", "checked": "5"}


def test_a_transaction_writes_to_several_tables_and_their_indexes(ddb, things, make_table):
    make_table("others", ("pk",), {"pk": "S", "n": "N"}, GlobalSecondaryIndexes=[index("by-n", "n")])
    ddb.transact_write_items(TransactItems=[put("a"), put("a", "others")])
    assert ddb.scan(TableName="others", IndexName="by-n")["Count"] == 1


def test_a_failed_condition_cancels_everything_and_says_why(ddb, things):
    before = items(ddb)
    with refusal("TransactionCanceledException") as refused:
        ddb.transact_write_items(
            TransactItems=[
                put("fresh"),
                check("nothing"),
                put(
                    "old",
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                ),
                update("counted", "SET n = n + nope ADD m :v"),
            ]
        )
    assert refused.message == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, ConditionalCheckFailed, ConditionalCheckFailed, ValidationError]"
    )
    failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    assert refused.response["CancellationReasons"] == [
        {"Code": "None"},
        failed,
        {**failed, "Item": {"pk": s("old"), "n": n(5)}},
        {
            "Code": "ValidationError",
            "Message": "The provided expression refers to an attribute that does not exist in the item",
        },
    ]
    assert items(ddb) == before


def test_an_item_that_grows_too_large_cancels(ddb, things):
    with refusal("TransactionCanceledException") as refused:
        ddb.transact_write_items(TransactItems=[update("old", "SET big = :v", s("x" * 409_590))])
    assert refused.response["CancellationReasons"] == [
        {"Code": "ValidationError", "Message": "Item size to update has exceeded the maximum allowed size"}
    ]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (
            {"Put": {"TableName": "things", "Item": {"pk": n(1)}}},
            "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N",
        ),
        (
            {"Delete": {"TableName": "things", "Key": {"pk": n(1)}}},
            "The provided key element does not match the schema",
        ),
        (
            update("a", "SET pk = :v"),
            "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key",
        ),
    ],
)
def test_the_first_key_that_does_not_fit_cancels(ddb, things, bad, message):
    with refusal("TransactionCanceledException") as refused:
        ddb.transact_write_items(TransactItems=[put("a"), bad, bad])
    assert refused.response["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "ValidationError", "Message": message},
        {"Code": "None"},
    ]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([put("a"), delete("a")], "Transaction request cannot include multiple operations on one item"),
        ([{**put("a"), **delete("b")}], "TransactItems can only contain one of Check, Put, Update or Delete"),
        ([{}], "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request"),
        (
            [put("")],
            "One or more parameter values are not valid. "
            "The AttributeValue for a key attribute cannot contain an empty string value. Key: pk",
        ),
        ([check("a", "aa =")], 'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="'),
        (
            [check("a", ExpressionAttributeValues={":v": n(1)})],
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}",
        ),
    ],
)
def test_a_wrong_request_is_refused_outright(ddb, things, members, message):
    with refusal(message=message):
        ddb.transact_write_items(TransactItems=[*members, check("checked")])


def test_an_unknown_table_is_refused_outright(ddb, things):
    with refusal("ResourceNotFoundException", "Requested resource not found"):
        ddb.transact_write_items(TransactItems=[put("a"), put("a", "nothing")])


def test_more_than_100_items_are_refused(ddb, things):
    with refusal() as refused:
        ddb.transact_write_items(TransactItems=[put(f"{number}") for number in range(101)])
    assert refused.message.endswith("Member must have length less than or equal to 100")


# -- client request tokens


def test_a_repeated_request_takes_effect_once(ddb, things):
    for _ in range(2):
        ddb.transact_write_items(TransactItems=[update("counted")], ClientRequestToken="token")
    assert items(ddb)["counted"] == "6"


def test_a_repeated_request_costs_a_read(ddb, things):
    request = {"TransactItems": [update("counted")], "ClientRequestToken": "token", "ReturnConsumedCapacity": "TOTAL"}
    first, again = ddb.transact_write_items(**request), ddb.transact_write_items(**request)
    assert first["ConsumedCapacity"] == [{"TableName": "things", "CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}]
    assert again["ConsumedCapacity"] == [{"TableName": "things", "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}]


def test_another_request_with_the_token_is_refused(ddb, things):
    ddb.transact_write_items(TransactItems=[update("counted")], ClientRequestToken="token")
    with refusal("IdempotentParameterMismatchException"):
        ddb.transact_write_items(TransactItems=[update("old")], ClientRequestToken="token")


def test_the_order_of_a_set_makes_no_other_request(ddb, things):
    for members in (["a", "b"], ["b", "a"]):
        ddb.transact_write_items(
            TransactItems=[update("counted", "SET tags = :v", {"SS": members})], ClientRequestToken="token"
        )


def test_a_token_is_forgotten_after_ten_minutes(ddb, things, clock):
    for advance in (599, 2, 0):
        ddb.transact_write_items(TransactItems=[update("counted")], ClientRequestToken="token")
        clock.advance(seconds=advance)
    assert items(ddb)["counted"] == "7"


def test_a_cancelled_transaction_does_not_use_its_token_up(ddb, things):
    with refusal("TransactionCanceledException"):
        ddb.transact_write_items(TransactItems=[check("later")], ClientRequestToken="token")
    ddb.put_item(TableName=things, Item={"pk": s("later")})
    ddb.transact_write_items(TransactItems=[check("later")], ClientRequestToken="token")


# -- reading


def test_reads_are_answered_in_order(ddb, things):
    answer = ddb.transact_get_items(
        TransactItems=[
            get("old"),
            get("nothing"),
            get("counted", ProjectionExpression="n"),
            get("checked", ProjectionExpression="zz"),
        ]
    )
    assert answer["Responses"] == [{"Item": {"pk": s("old"), "n": n(5)}}, {}, {"Item": {"n": n(5)}}, {}]


def test_a_read_key_that_does_not_fit_cancels(ddb, things):
    with refusal("TransactionCanceledException") as refused:
        ddb.transact_get_items(TransactItems=[get("old"), {"Get": {"TableName": "things", "Key": {"zz": s("a")}}}])
    assert refused.response["CancellationReasons"][1] == {
        "Code": "ValidationError",
        "Message": "The provided key element does not match the schema",
    }


def test_reading_an_item_twice_is_refused(ddb, things):
    with refusal(message="Transaction request cannot include multiple operations on one item"):
        ddb.transact_get_items(TransactItems=[get("old"), get("old")])
