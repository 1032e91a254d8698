"""UpdateItem: effects, refusals that depend on the item, and what it gives back."""

from __future__ import annotations

import pytest

from tests.services.dynamodb.helpers import index, n, refusal, s

ITEM = {
    "pk": s("a"),
    "count": n(5),
    "text": s("str"),
    "tags": {"SS": ["a", "b"]},
    "list": {"L": [n(0), n(1), n(2)]},
    "map": {"M": {"one": n(1), "inner": {"M": {"x": s("x"), "y": s("y")}}}},
}
NAMES = {"#c": "count", "#t": "tags", "#l": "list", "#m": "map", "#i": "inner", "#x": "text"}
VALUES = {
    ":n": n(1),
    ":s": s("new"),
    ":l": {"L": [s("q")]},
    ":tags": {"SS": ["b", "c"]},
    ":all": {"SS": ["a", "b"]},
    ":max": n("9e125"),
}


@pytest.fixture
def item(ddb, table):
    ddb.put_item(TableName=table, Item=ITEM)
    return ITEM


@pytest.fixture
def update(ddb, table):
    """Updates item `a` with an expression over NAMES and VALUES; gives the attributes of the answer."""

    def update(expression, returns="ALL_NEW", key="a", **more):
        names = {name: real for name, real in NAMES.items() if name in expression}
        values = {name: value for name, value in VALUES.items() if name in expression.replace(",", " ").split()}
        if names:
            more["ExpressionAttributeNames"] = names
        if values:
            more["ExpressionAttributeValues"] = values
        answer = ddb.update_item(
            TableName=table, Key={"pk": s(key)}, UpdateExpression=expression, ReturnValues=returns, **more
        )
        return answer.get("Attributes")

    return update


@pytest.mark.parametrize(
    ("expression", "changes"),
    [
        ("SET #c = #c + :n", {"count": n(6)}),
        ("SET #c = #c - :n , another = #c", {"count": n(4), "another": n(5)}),
        ("SET another = if_not_exists(another, :n )", {"another": n(1)}),
        ("SET #c = if_not_exists(#c, :n )", {}),
        ("SET #l = list_append(#l, :l )", {"list": {"L": [n(0), n(1), n(2), s("q")]}}),
        ("SET #l = list_append( :l , #l)", {"list": {"L": [s("q"), n(0), n(1), n(2)]}}),
        ("SET another = list_append(if_not_exists(another, :l ), :l )", {"another": {"L": [s("q"), s("q")]}}),
        ("SET #l[1] = :s", {"list": {"L": [n(0), s("new"), n(2)]}}),
        ("SET #l[9] = :s , #l[7] = :n", {"list": {"L": [n(0), n(1), n(2), n(1), s("new")]}}),
        ("SET #l[0] = #l[2], #l[2] = #l[0]", {"list": {"L": [n(2), n(1), n(0)]}}),
        ("SET #l[0] = :s REMOVE #l[1]", {"list": {"L": [s("new"), n(2)]}}),
        ("REMOVE #l[0], #l[1]", {"list": {"L": [n(2)]}}),
        ("SET #m.two = :n", {"map": {"M": {**ITEM["map"]["M"], "two": n(1)}}}),
        ("REMOVE #m.#i.x, #m.one", {"map": {"M": {"inner": {"M": {"y": s("y")}}}}}),
        ("ADD #c :n , fresh :n", {"count": n(6), "fresh": n(1)}),
        ("ADD #t :tags", {"tags": {"SS": ["a", "b", "c"]}}),
        ("DELETE #t :tags", {"tags": {"SS": ["a"]}}),
        ("DELETE nothing :tags", {}),
        ("REMOVE nothing, #l[9]", {}),
        ("SET #m.one = :n REMOVE #x ADD #c :n DELETE #t :tags", {"count": n(6), "tags": {"SS": ["a"]}, "text": None}),
        ("DELETE #t :all", {"tags": None}),
    ],
)
def test_updates_have_their_effect(item, update, expression, changes):
    expected = {name: value for name, value in {**item, **changes}.items() if value is not None}
    assert update(expression) == expected


def test_an_update_of_nothing_makes_an_item(ddb, table, update):
    assert update("SET #c = :n", key="fresh") == {"pk": s("fresh"), "count": n(1)}
    assert ddb.get_item(TableName=table, Key={"pk": s("fresh")})["Item"] == {"pk": s("fresh"), "count": n(1)}


def test_an_update_without_changes_makes_an_item_of_its_key(ddb, table):
    ddb.update_item(TableName=table, Key={"pk": s("fresh")})
    assert ddb.get_item(TableName=table, Key={"pk": s("fresh")})["Item"] == {"pk": s("fresh")}


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("SET nothing.x = :n", "The document path provided in the update expression is invalid for update"),
        ("SET #x.y = :n", "The document path provided in the update expression is invalid for update"),
        ("SET #c[0] = :n", "The document path provided in the update expression is invalid for update"),
        ("SET #m[0] = :n", "The document path provided in the update expression is invalid for update"),
        ("REMOVE nothing.x", "The document path provided in the update expression is invalid for update"),
        ("SET another = nothing", "The provided expression refers to an attribute that does not exist in the item"),
        (
            "SET another = nothing + :n",
            "The provided expression refers to an attribute that does not exist in the item",
        ),
        ("SET another = #x + :n", "An operand in the update expression has an incorrect data type"),
        ("SET another = list_append(#x, :l )", "An operand in the update expression has an incorrect data type"),
        ("ADD #x :n", "An operand in the update expression has an incorrect data type"),
        ("DELETE #c :tags", "An operand in the update expression has an incorrect data type"),
        (
            "SET pk = :s",
            "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key",
        ),
        (
            "REMOVE pk",
            "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key",
        ),
    ],
)
def test_updates_that_do_not_fit_the_item_are_refused(ddb, table, item, update, expression, message):
    with refusal(message=message):
        update(expression)
    assert ddb.get_item(TableName=table, Key={"pk": s("a")})["Item"] == item


def test_a_sum_beyond_the_limits_is_refused(ddb, table, update):
    ddb.put_item(TableName=table, Item={"pk": s("a"), "count": n("9e125")})
    with refusal(message="Number overflow. Attempting to store a number with magnitude larger than supported range"):
        update("ADD #c :max")
    with refusal(message="Attempting to store more than 38 significant digits in a Number"):
        update("ADD #c :n")


def test_decimals_add_up_exactly(ddb, table):
    for _ in range(10):
        answer = ddb.update_item(
            TableName=table,
            Key={"pk": s("a")},
            UpdateExpression="ADD summed :d",
            ExpressionAttributeValues={":d": n("0.1")},
            ReturnValues="UPDATED_NEW",
        )
    assert answer["Attributes"] == {"summed": n(1)}


def test_an_item_may_not_grow_beyond_400_kb(ddb, table):
    ddb.put_item(TableName=table, Item={"pk": s("a"), "old": s("x" * 300_000)})
    with refusal(message="Item size to update has exceeded the maximum allowed size"):
        ddb.update_item(
            TableName=table,
            Key={"pk": s("a")},
            UpdateExpression="SET fresh = :v",
            ExpressionAttributeValues={":v": s("x" * 110_000)},
        )


def test_a_condition_guards_an_update(item, update, ddb, table):
    with refusal("ConditionalCheckFailedException"):
        update("SET #c = :n", ConditionExpression="attribute_not_exists(pk)")
    assert ddb.get_item(TableName=table, Key={"pk": s("a")})["Item"] == item


# -- ReturnValues


@pytest.mark.parametrize(
    ("expression", "old", "new"),
    [
        ("SET #c = :n", {"count": n(5)}, {"count": n(1)}),
        ("SET #c = #c", {"count": n(5)}, {"count": n(5)}),
        ("SET fresh = :n", None, {"fresh": n(1)}),
        ("REMOVE #c", {"count": n(5)}, None),
        ("REMOVE nothing", None, None),
        ("SET #m.one = :s", {"map": {"M": {"one": n(1)}}}, {"map": {"M": {"one": s("new")}}}),
        (
            "SET #m.#i.x = :s , fresh = :n REMOVE #c",
            {"map": {"M": {"inner": {"M": {"x": s("x")}}}}, "count": n(5)},
            {"map": {"M": {"inner": {"M": {"x": s("new")}}}}, "fresh": n(1)},
        ),
        ("SET #l[1] = :s", {"list": {"L": [n(1)]}}, {"list": {"L": [s("new")]}}),
        ("SET #l[9] = :s", {"list": ITEM["list"]}, {"list": {"L": [n(0), n(1), n(2), s("new")]}}),
        ("REMOVE #l[0]", {"list": ITEM["list"]}, {"list": {"L": [n(1), n(2)]}}),
        ("DELETE #t :all ADD #c :n", {"tags": ITEM["tags"], "count": n(5)}, {"count": n(6)}),
    ],
)
def test_updated_values_are_those_that_the_expression_names(ddb, table, item, update, expression, old, new):
    assert update(expression, "UPDATED_OLD") == old
    ddb.put_item(TableName=table, Item=ITEM)
    assert update(expression, "UPDATED_NEW") == new


def test_all_values_are_the_item_before_or_after(item, update):
    assert update("SET #c = :n", "ALL_OLD") == item
    assert update("SET #c = :n", "ALL_NEW") == {**item, "count": n(1)}
    assert update("SET #c = :n", "NONE") is None


def test_a_new_item_has_no_old_values(update):
    assert update("SET #c = :n", "ALL_OLD", key="fresh") is None
    assert update("SET #c = :n", "UPDATED_OLD", key="other") is None


# -- index keys


@pytest.fixture
def indexed(make_table):
    make_table("indexed", ("pk",), {"pk": "S", "color": "S"}, GlobalSecondaryIndexes=[index("by-color", "color")])
    return "indexed"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            n(1),
            "One or more parameter values were invalid: "
            "Type mismatch for Index Key color Expected: S Actual: N IndexName: by-color",
        ),
        (
            s(""),
            "One or more parameter values are not valid. The update expression attempted to update a secondary index key "
            "to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value.",
        ),
    ],
)
def test_an_index_key_is_not_updated_to_what_it_cannot_be(ddb, indexed, value, message):
    with refusal(message=message):
        ddb.update_item(
            TableName=indexed,
            Key={"pk": s("a")},
            UpdateExpression="SET color = :v",
            ExpressionAttributeValues={":v": value},
        )


def test_an_index_key_has_no_inside(ddb, indexed):
    with refusal(
        message="Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: color"
    ):
        ddb.update_item(
            TableName=indexed,
            Key={"pk": s("a")},
            UpdateExpression="SET color.shade = :v",
            ExpressionAttributeValues={":v": n(1)},
        )


def test_a_new_item_may_be_given_a_part_of_its_key(ddb, table):
    answer = ddb.update_item(
        TableName=table, Key={"pk": s("a")}, UpdateExpression="SET copied = pk", ReturnValues="ALL_NEW"
    )
    assert answer["Attributes"] == {"pk": s("a"), "copied": s("a")}
