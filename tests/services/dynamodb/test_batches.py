"""BatchGetItem and BatchWriteItem."""

from __future__ import annotations

import pytest

from tests.services.dynamodb.helpers import index, n, refusal, s


def put(pk, **more):
    return {"PutRequest": {"Item": {"pk": s(pk), **more}}}


def delete(pk):
    return {"DeleteRequest": {"Key": {"pk": s(pk)}}}


def test_a_batch_puts_and_deletes_in_several_tables(ddb, make_table):
    make_table("one")
    make_table("two")
    ddb.put_item(TableName="one", Item={"pk": s("old")})
    answer = ddb.batch_write_item(RequestItems={"one": [put("a"), delete("old")], "two": [put("b")]})
    assert answer["UnprocessedItems"] == {}
    assert [item["pk"]["S"] for item in ddb.scan(TableName="one")["Items"]] == ["a"]
    assert [item["pk"]["S"] for item in ddb.scan(TableName="two")["Items"]] == ["b"]


def test_a_batch_keeps_indexes(ddb, make_table):
    make_table("things", ("pk",), {"pk": "S", "color": "S"}, GlobalSecondaryIndexes=[index("by-color", "color")])
    ddb.batch_write_item(RequestItems={"things": [put("a", color=s("red")), put("b")]})
    assert ddb.scan(TableName="things", IndexName="by-color")["Count"] == 1
    ddb.batch_write_item(RequestItems={"things": [delete("a")]})
    assert ddb.scan(TableName="things", IndexName="by-color")["Count"] == 0


def test_a_batch_reads_from_several_tables(ddb, make_table):
    for name in ("one", "two"):
        make_table(name)
        ddb.put_item(TableName=name, Item={"pk": s("a"), "from": s(name), "more": n(1)})
    answer = ddb.batch_get_item(
        RequestItems={
            "one": {"Keys": [{"pk": s("a")}, {"pk": s("nothing")}], "ConsistentRead": True},
            "two": {
                "Keys": [{"pk": s("a")}],
                "ProjectionExpression": "#f",
                "ExpressionAttributeNames": {"#f": "from"},
            },
        }
    )
    assert answer["Responses"] == {"one": [{"pk": s("a"), "from": s("one"), "more": n(1)}], "two": [{"from": s("two")}]}
    assert answer["UnprocessedKeys"] == {}


def test_a_table_of_which_nothing_is_found_has_an_empty_list(ddb, table):
    assert ddb.batch_get_item(RequestItems={table: {"Keys": [{"pk": s("a")}]}})["Responses"] == {table: []}


def test_what_does_not_fit_into_16_mb_is_left_unprocessed(ddb, table):
    for number in range(50):
        ddb.put_item(TableName=table, Item={"pk": s(f"{number:02}"), "text": s("x" * 400_000)})
    wanted = {"Keys": [{"pk": s(f"{number:02}")} for number in range(50)], "ConsistentRead": True}
    answer = ddb.batch_get_item(RequestItems={table: wanted})
    rest = answer["UnprocessedKeys"][table]
    assert 35 < len(answer["Responses"][table]) < 45
    assert rest["ConsistentRead"] is True
    assert len(answer["Responses"][table]) + len(rest["Keys"]) == 50


@pytest.mark.parametrize(
    ("requests", "message"),
    [
        ([put("a"), delete("a")], "Provided list of item keys contains duplicates"),
        (
            [{**put("a"), **delete("a")}],
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
        ),
        ([{"PutRequest": {"Item": {"zz": s("a")}}}], "The provided key element does not match the schema"),
        ([{"PutRequest": {"Item": {"pk": n(1)}}}], "The provided key element does not match the schema"),
        ([{"DeleteRequest": {"Key": {"zz": s("a")}}}], "The provided key element does not match the schema"),
        (
            [put("")],
            "One or more parameter values are not valid. "
            "The AttributeValue for a key attribute cannot contain an empty string value. Key: pk",
        ),
        ([put("a", text=s("x" * 410_000))], "Item size has exceeded the maximum allowed size"),
    ],
)
def test_a_wrong_batch_writes_nothing(ddb, table, requests, message):
    with refusal(message=message):
        ddb.batch_write_item(RequestItems={table: [put("good"), *requests]})
    assert ddb.scan(TableName=table)["Count"] == 0


def test_more_than_25_writes_are_refused(ddb, make_table):
    make_table("one")
    make_table("two")
    with refusal(message="Too many items requested for the BatchWriteItem call"):
        ddb.batch_write_item(
            RequestItems={"one": [put(f"{i}") for i in range(20)], "two": [put(f"{i}") for i in range(6)]}
        )
    with refusal() as refused:
        ddb.batch_write_item(RequestItems={"one": [put(f"{i}") for i in range(26)]})
    assert "Member must have length less than or equal to 25" in refused.message


def test_more_than_100_reads_are_refused(ddb, make_table):
    make_table("one")
    make_table("two")
    keys = [{"pk": s(f"{number}")} for number in range(60)]
    with refusal(message="Too many items requested for the BatchGetItem call"):
        ddb.batch_get_item(RequestItems={"one": {"Keys": keys}, "two": {"Keys": keys}})


def test_duplicate_keys_are_refused(ddb, ordered):
    keys = [{"pk": s("a"), "sk": n("1")}, {"sk": n("1.0"), "pk": s("a")}]
    with refusal(message="Provided list of item keys contains duplicates"):
        ddb.batch_get_item(RequestItems={ordered: {"Keys": keys}})


def test_an_unknown_table_is_refused(ddb, table):
    with refusal("ResourceNotFoundException", "Requested resource not found"):
        ddb.batch_write_item(RequestItems={table: [put("a")], "nothing": [put("a")]})
    assert ddb.scan(TableName=table)["Count"] == 0


def test_expressions_and_legacy_parameters_do_not_mix_across_tables(ddb, make_table):
    make_table("one")
    make_table("two")
    keys = [{"pk": s("a")}]
    with refusal(
        message="Can not use both expression and non-expression parameters in the same request: "
        "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"
    ):
        ddb.batch_get_item(
            RequestItems={
                "one": {"Keys": keys, "ProjectionExpression": "pk"},
                "two": {"Keys": keys, "AttributesToGet": ["pk"]},
            }
        )
