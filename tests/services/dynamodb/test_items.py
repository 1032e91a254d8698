"""PutItem, GetItem, DeleteItem: what is kept, what is given back, what is refused."""

from __future__ import annotations

import pytest

from tests.services.dynamodb.helpers import index, n, refusal, s

EVERYTHING = {
    "pk": s("a"),
    "text": s("héllo 😀"),
    "empty": s(""),
    "amount": n("1.5"),
    "bytes": {"B": b"\x00\xff"},
    "flag": {"BOOL": False},
    "nothing": {"NULL": True},
    "list": {"L": [s("x"), n(1), {"L": []}]},
    "map": {"M": {"inner": {"M": {"deep": s("y")}}}},
    "strings": {"SS": ["a", "b"]},
    "numbers": {"NS": ["-1", "2.5"]},
    "binaries": {"BS": [b"x", b"y"]},
}


def test_every_type_comes_back_as_it_was_put(ddb, table):
    ddb.put_item(TableName=table, Item=EVERYTHING)
    assert ddb.get_item(TableName=table, Key={"pk": s("a")})["Item"] == EVERYTHING


def test_numbers_come_back_in_one_spelling(ddb, table):
    ddb.put_item(TableName=table, Item={"pk": s("a"), "n": n("+01.50e1"), "set": {"NS": ["1E+2", "0.10"]}})
    item = ddb.get_item(TableName=table, Key={"pk": s("a")})["Item"]
    assert (item["n"], item["set"]) == (n(15), {"NS": ["0.1", "100"]})


def test_a_missing_item_is_no_item(ddb, table):
    assert "Item" not in ddb.get_item(TableName=table, Key={"pk": s("a")})


def test_a_put_replaces_the_whole_item(ddb, table):
    ddb.put_item(TableName=table, Item={"pk": s("a"), "old": n(1)})
    answer = ddb.put_item(TableName=table, Item={"pk": s("a"), "new": n(2)}, ReturnValues="ALL_OLD")
    assert answer["Attributes"] == {"pk": s("a"), "old": n(1)}
    assert ddb.get_item(TableName=table, Key={"pk": s("a")})["Item"] == {"pk": s("a"), "new": n(2)}


def test_a_first_put_has_no_old_values(ddb, table):
    assert "Attributes" not in ddb.put_item(TableName=table, Item={"pk": s("a")}, ReturnValues="ALL_OLD")


def test_a_deletion_gives_what_was_deleted(ddb, table):
    ddb.put_item(TableName=table, Item={"pk": s("a"), "n": n(1)})
    answer = ddb.delete_item(TableName=table, Key={"pk": s("a")}, ReturnValues="ALL_OLD")
    assert answer["Attributes"] == {"pk": s("a"), "n": n(1)}
    assert "Item" not in ddb.get_item(TableName=table, Key={"pk": s("a")})


def test_deleting_nothing_is_no_error(ddb, table):
    assert "Attributes" not in ddb.delete_item(TableName=table, Key={"pk": s("a")}, ReturnValues="ALL_OLD")


def test_equal_numbers_are_one_key(ddb, ordered):
    ddb.put_item(TableName=ordered, Item={"pk": s("a"), "sk": n("1.0")})
    assert ddb.get_item(TableName=ordered, Key={"pk": s("a"), "sk": n("1e0")})["Item"]["sk"] == n(1)


def test_keys_of_any_bytes_are_told_apart(ddb, make_table):
    make_table("things", ("pk", "sk"), {"pk": "B", "sk": "B"})
    keys = [(b"a", b"\xff"), (b"a\x00", b"\xff"), (b"a", b"\x00\xff"), (b"\xff", b"a"), (b"a\x00\xff", b"a")]
    for number, (pk, sk) in enumerate(keys):
        ddb.put_item(TableName="things", Item={"pk": {"B": pk}, "sk": {"B": sk}, "n": n(number)})
    for number, (pk, sk) in enumerate(keys):
        found = ddb.get_item(TableName="things", Key={"pk": {"B": pk}, "sk": {"B": sk}})
        assert found["Item"]["n"] == n(number)


# -- projections


def project(ddb, table, expression, **names):
    more = {"ExpressionAttributeNames": {f"#{key}": name for key, name in names.items()}} if names else {}
    return ddb.get_item(TableName=table, Key={"pk": s("a")}, ProjectionExpression=expression, **more)["Item"]


def test_a_projection_gives_parts_at_their_places(ddb, table):
    ddb.put_item(TableName=table, Item=EVERYTHING)
    assert project(ddb, table, "amount, #m.#i.deep, nope, #l[1]", m="map", i="inner", l="list") == {
        "amount": n("1.5"),
        "map": {"M": {"inner": {"M": {"deep": s("y")}}}},
        "list": {"L": [n(1)]},
    }


def test_projected_elements_of_a_list_keep_their_order(ddb, table):
    ddb.put_item(TableName=table, Item={"pk": s("a"), "l": {"L": [n(0), n(1), n(2), n(3)]}})
    assert project(ddb, table, "l[3], l[0], l[9]") == {"l": {"L": [n(0), n(3)]}}


def test_a_projection_of_nothing_is_an_empty_item(ddb, table):
    ddb.put_item(TableName=table, Item={"pk": s("a")})
    assert project(ddb, table, "nope.nope[1]") == {}


def test_a_name_with_a_dot_is_one_step(ddb, table):
    ddb.put_item(TableName=table, Item={"pk": s("a"), "x.y": n(1), "x": {"M": {"y": n(2)}}})
    assert project(ddb, table, "#a", a="x.y") == {"x.y": n(1)}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"ProjectionExpression": "aa", "ExpressionAttributeNames": {"#x": "x"}},
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}",
        ),
        (
            {"ExpressionAttributeNames": {"#x": "x"}},
            "ExpressionAttributeNames can only be specified when using expressions",
        ),
        (
            {"ProjectionExpression": "aa", "ExpressionAttributeNames": {}},
            "ExpressionAttributeNames must not be empty",
        ),
        (
            {"ProjectionExpression": "aa", "ExpressionAttributeNames": {"x": "x"}},
            'ExpressionAttributeNames contains invalid key: Syntax error; key: "x"',
        ),
        (
            {"ProjectionExpression": "#x", "ExpressionAttributeNames": {"#x": ""}},
            "ExpressionAttributeNames contains invalid value: Empty attribute name for key #x",
        ),
        (
            {"ProjectionExpression": "aa", "AttributesToGet": ["aa"]},
            "Can not use both expression and non-expression parameters in the same request: "
            "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}",
        ),
    ],
)
def test_wrong_reads_are_refused_in_aws_words(ddb, table, parameters, message):
    with refusal(message=message):
        ddb.get_item(TableName=table, Key={"pk": s("a")}, **parameters)


# -- what cannot be kept


P = "One or more parameter values were invalid: "
NOT_IN_SCHEMA = "The provided key element does not match the schema"


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"pk": s("a")}, P + "Missing the key sk in the item"),
        ({"pk": n(1), "sk": n(1)}, P + "Type mismatch for key pk expected: S actual: N"),
        (
            {"pk": s(""), "sk": n(1)},
            "One or more parameter values are not valid. "
            "The AttributeValue for a key attribute cannot contain an empty string value. Key: pk",
        ),
        ({"pk": s("x" * 2049), "sk": n(1)}, P + "Size of hashkey has exceeded the maximum size limit of2048 bytes"),
        ({"pk": s("a"), "sk": n(1), "text": s("x" * 409_593)}, "Item size has exceeded the maximum allowed size"),
        ({"pk": s("a"), "sk": n("abc")}, "The parameter cannot be converted to a numeric value: abc"),
    ],
)
def test_wrong_items_are_refused_in_aws_words(ddb, ordered, item, message):
    with refusal(message=message):
        ddb.put_item(TableName=ordered, Item=item)


def test_an_item_of_400_kb_is_kept(ddb, ordered):
    ddb.put_item(TableName=ordered, Item={"pk": s("a"), "sk": n(1), "text": s("x" * (409_600 - 3 - 4 - 4))})


def test_a_sort_key_of_more_than_1024_bytes_is_refused(ddb, make_table):
    make_table("things", ("pk", "sk"))
    ddb.put_item(TableName="things", Item={"pk": s("é" * 1024), "sk": s("é" * 512)})
    with refusal(message=P + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"):
        ddb.put_item(TableName="things", Item={"pk": s("a"), "sk": s("é" * 513)})


@pytest.mark.parametrize(
    "key",
    [{}, {"pk": s("a")}, {"pk": s("a"), "sk": n(1), "zz": n(1)}, {"pk": n(1), "sk": n(1)}, {"pk": s("a"), "zz": n(1)}],
)
@pytest.mark.parametrize("operation", ["get_item", "delete_item", "update_item"])
def test_a_key_that_is_not_in_the_schema_is_refused(ddb, ordered, operation, key):
    with refusal(message=NOT_IN_SCHEMA):
        getattr(ddb, operation)(TableName=ordered, Key=key)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (n(1), P + "Type mismatch for Index Key color Expected: S Actual: N IndexName: by-color"),
        ({"NULL": True}, P + "Type mismatch for Index Key color Expected: S Actual: NULL IndexName: by-color"),
        (
            s(""),
            "One or more parameter values are not valid. A value specified for a secondary index key is not supported. "
            "The AttributeValue for a key attribute cannot contain an empty string value. "
            "IndexName: by-color, IndexKey: color",
        ),
        (
            s("x" * 2049),
            P
            + "Size limit exceeded for Index Key color Actual Size: 2049 bytes Max Size: 2048 bytes IndexName: by-color",
        ),
    ],
)
def test_a_wrong_index_key_is_refused(ddb, make_table, value, message):
    make_table("things", ("pk",), {"pk": "S", "color": "S"}, GlobalSecondaryIndexes=[index("by-color", "color")])
    with refusal(message=message):
        ddb.put_item(TableName="things", Item={"pk": s("a"), "color": value})


@pytest.mark.parametrize(
    ("item", "code", "message"),
    [
        ({"pk": {"S": 5}}, "SerializationException", "NUMBER_VALUE cannot be converted to String"),
        ({"pk": "a"}, "SerializationException", "Unexpected value type in payload"),
        (
            {"pk": {"S": "a", "N": "1"}},
            "ValidationException",
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
        ),
        (
            {"pk": {}},
            "ValidationException",
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
        ),
    ],
)
def test_json_that_is_no_item_is_refused(send, table, item, code, message):
    status, answer = send("PutItem", {"TableName": table, "Item": item})
    said = answer.get("message") or answer.get("Message")
    assert (status, answer["__type"].split("#")[1], said) == (400, code, message)


def test_return_values_that_a_put_does_not_have_are_refused(ddb, table):
    with refusal(message="Return values set to invalid value"):
        ddb.put_item(TableName=table, Item={"pk": s("a")}, ReturnValues="ALL_NEW")


def test_expressions_are_checked_before_the_table(ddb):
    with refusal(message='Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="'):
        ddb.put_item(TableName="nothing", Item={"pk": s("a")}, ConditionExpression="aa =")


# -- conditions


def test_a_condition_that_holds_lets_the_write_through(ddb, table):
    ddb.put_item(TableName=table, Item={"pk": s("a")}, ConditionExpression="attribute_not_exists(pk)")
    assert ddb.get_item(TableName=table, Key={"pk": s("a")})["Item"]


def test_a_condition_that_fails_changes_nothing(ddb, table):
    ddb.put_item(TableName=table, Item={"pk": s("a"), "n": n(1)})
    with refusal("ConditionalCheckFailedException", "The conditional request failed") as refused:
        ddb.put_item(TableName=table, Item={"pk": s("a"), "n": n(2)}, ConditionExpression="attribute_not_exists(pk)")
    assert "Item" not in refused.response
    assert ddb.get_item(TableName=table, Key={"pk": s("a")})["Item"]["n"] == n(1)


@pytest.mark.parametrize("operation", ["put_item", "delete_item", "update_item"])
def test_a_failed_condition_shows_the_item_to_those_who_ask(ddb, table, operation):
    item = {"pk": s("a"), "bytes": {"B": b"x"}}
    ddb.put_item(TableName=table, Item=item)
    where = {"Item": {"pk": s("a")}} if operation == "put_item" else {"Key": {"pk": s("a")}}
    with refusal("ConditionalCheckFailedException") as refused:
        getattr(ddb, operation)(
            TableName=table,
            **where,
            ConditionExpression="attribute_exists(zz)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert refused.response["Item"] == item


def test_a_condition_on_nothing_shows_nothing(ddb, table):
    with refusal("ConditionalCheckFailedException") as refused:
        ddb.delete_item(
            TableName=table,
            Key={"pk": s("a")},
            ConditionExpression="attribute_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert "Item" not in refused.response


def test_values_that_no_expression_uses_are_refused(ddb, table):
    with refusal(message="Value provided in ExpressionAttributeValues unused in expressions: keys: {:x, :y}"):
        ddb.delete_item(
            TableName=table,
            Key={"pk": s("a")},
            ConditionExpression="aa = :v",
            ExpressionAttributeValues={":v": n(1), ":y": n(1), ":x": n(1)},
        )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (n("abc"), "The parameter cannot be converted to a numeric value: abc"),
        ({"SS": []}, "One or more parameter values were invalid: An string set  may not be empty"),
        (
            {"NULL": False},
            "One or more parameter values were invalid: Null attribute value types must have the value of true",
        ),
    ],
)
def test_a_wrong_value_is_named(ddb, table, value, message):
    with refusal(message=f"ExpressionAttributeValues contains invalid value: {message} for key :v"):
        ddb.delete_item(
            TableName=table,
            Key={"pk": s("a")},
            ConditionExpression="aa = :v",
            ExpressionAttributeValues={":v": value},
        )


def test_a_key_attribute_is_a_scalar_in_conditions_too(ddb, table):
    with refusal(
        message="Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk"
    ):
        ddb.delete_item(TableName=table, Key={"pk": s("a")}, ConditionExpression="attribute_exists(pk.x)")
