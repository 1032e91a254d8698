"""Legacy parameters: Expected, AttributeUpdates, KeyConditions, QueryFilter, ScanFilter, AttributesToGet, ConditionalOperator."""

from __future__ import annotations

import pytest

from tests.services.dynamodb.helpers import n, refusal, s

ITEM = {"pk": s("a"), "n": n(5), "text": s("str"), "tags": {"SS": ["a", "b"]}, "list": {"L": [s("x")]}}
P = "One or more parameter values were invalid: "


@pytest.fixture
def item(ddb, table):
    ddb.put_item(TableName=table, Item=ITEM)
    return table


def compare(operator, *values):
    return (
        {"ComparisonOperator": operator, "AttributeValueList": list(values)}
        if values
        else {"ComparisonOperator": operator}
    )


# -- Expected


@pytest.mark.parametrize(
    "expected",
    [
        {"n": {"Value": n(5)}},
        {"n": {"Value": n(5), "Exists": True}},
        {"zz": {"Exists": False}},
        {"n": compare("EQ", n("5.0"))},
        {"n": {"ComparisonOperator": "GE", "Value": n(5)}},
        {"n": compare("BETWEEN", n(1), n(9))},
        {"n": compare("IN", n(1), n(5))},
        {"n": compare("NOT_NULL")},
        {"zz": compare("NULL")},
        {"zz": compare("NE", n(1))},
        {"tags": compare("CONTAINS", s("a"))},
        {"tags": compare("NOT_CONTAINS", s("z"))},
        {"text": compare("BEGINS_WITH", s("st"))},
        {"status": {"Exists": False}},
    ],
)
def test_an_expectation_that_is_met_lets_the_write_through(ddb, item, expected):
    ddb.delete_item(TableName=item, Key={"pk": s("a")}, Expected=expected)
    assert "Item" not in ddb.get_item(TableName=item, Key={"pk": s("a")})


@pytest.mark.parametrize(
    "expected",
    [
        {"n": {"Value": n(6)}},
        {"n": {"Exists": False}},
        {"n": compare("LT", n(5))},
        {"n": compare("EQ", s("5"))},
        {"zz": compare("NOT_CONTAINS", s("z"))},
        {"n": {"Value": n(5)}, "text": {"Value": s("other")}},
    ],
)
def test_an_expectation_that_is_not_met_stops_it(ddb, item, expected):
    with refusal("ConditionalCheckFailedException", "The conditional request failed"):
        ddb.delete_item(TableName=item, Key={"pk": s("a")}, Expected=expected)


def test_one_of_several_is_enough_with_or(ddb, item):
    expected = {"n": {"Value": n(6)}, "text": {"Value": s("str")}}
    ddb.delete_item(TableName=item, Key={"pk": s("a")}, Expected=expected, ConditionalOperator="OR")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"Expected": {"n": {}}}, P + "Value must be provided when Exists is null for Attribute: n"),
        ({"Expected": {"n": {"Exists": True}}}, P + "Value must be provided when Exists is true for Attribute: n"),
        (
            {"Expected": {"n": {"Exists": False, "Value": n(1)}}},
            P + "Value cannot be used when Exists is false for Attribute: n",
        ),
        (
            {"Expected": {"n": {"ComparisonOperator": "EQ"}}},
            P + "Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: n",
        ),
        (
            {"Expected": {"n": {"ComparisonOperator": "EQ", "Exists": True}}},
            P + "Exists and ComparisonOperator cannot be used together for Attribute: n",
        ),
        (
            {"Expected": {"n": {"AttributeValueList": [n(1)]}}},
            P + "AttributeValueList can only be used with a ComparisonOperator for Attribute: n",
        ),
        (
            {"Expected": {"n": compare("BETWEEN", n(1))}},
            P + "Invalid number of argument(s) for the BETWEEN ComparisonOperator",
        ),
        (
            {"Expected": {"n": compare("BETWEEN", n(2), n(1))}},
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
        ),
        (
            {"Expected": {"n": compare("IN", n(1), s("a"))}},
            P + "AttributeValues inside AttributeValueList must be of same type",
        ),
        (
            {"Expected": {"n": compare("LT", {"SS": ["a"]})}},
            P + "ComparisonOperator LT is not valid for SS AttributeValue type",
        ),
        (
            {"Expected": {"n": {"Value": n(5)}}, "ConditionalOperator": "OR"},
            "ConditionalOperator can only be used when Filter or Expected has two or more elements",
        ),
        ({"ConditionalOperator": "AND"}, "ConditionalOperator cannot be used without Filter or Expected"),
        (
            {"Expected": {"n": {"Value": n(5)}}, "ConditionExpression": "attribute_exists(n)"},
            "Can not use both expression and non-expression parameters in the same request: "
            "Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}",
        ),
    ],
)
def test_wrong_expectations_are_refused_in_aws_words(ddb, item, parameters, message):
    with refusal(message=message):
        ddb.delete_item(TableName=item, Key={"pk": s("a")}, **parameters)


# -- AttributeUpdates


def change(ddb, table, returns="UPDATED_NEW", **updates):
    answer = ddb.update_item(TableName=table, Key={"pk": s("a")}, AttributeUpdates=updates, ReturnValues=returns)
    return answer.get("Attributes")


@pytest.mark.parametrize(
    ("updates", "result"),
    [
        ({"n": {"Value": n(1)}}, {"n": n(1)}),
        ({"n": {"Action": "PUT", "Value": s("x")}}, {"n": s("x")}),
        ({"n": {"Action": "ADD", "Value": n(1)}}, {"n": n(6)}),
        ({"zz": {"Action": "ADD", "Value": n(3)}}, {"zz": n(3)}),
        ({"tags": {"Action": "ADD", "Value": {"SS": ["c"]}}}, {"tags": {"SS": ["a", "b", "c"]}}),
        ({"tags": {"Action": "DELETE", "Value": {"SS": ["a"]}}}, {"tags": {"SS": ["b"]}}),
        ({"tags": {"Action": "DELETE", "Value": {"SS": ["a", "b"]}}}, None),
        ({"list": {"Action": "ADD", "Value": {"L": [s("y")]}}}, {"list": {"L": [s("x"), s("y")]}}),
        ({"n": {"Action": "DELETE"}}, None),
        ({"zz": {"Action": "DELETE", "Value": {"SS": ["a"]}}}, None),
    ],
)
def test_attribute_updates_have_their_effect(ddb, item, updates, result):
    assert change(ddb, item, **updates) == result


@pytest.mark.parametrize(
    ("updates", "message"),
    [
        ({"n": {"Action": "ADD"}}, P + "Only DELETE action is allowed when no attribute value is specified"),
        ({"n": {"Action": "ADD", "Value": s("x")}}, P + "ADD action is not supported for the type STRING"),
        (
            {"n": {"Action": "DELETE", "Value": n(5)}},
            P + "DELETE action with value is not supported for the type NUMBER",
        ),
        ({"text": {"Action": "ADD", "Value": n(1)}}, "Type mismatch for attribute to update"),
        ({"tags": {"Action": "ADD", "Value": {"NS": ["1"]}}}, "Type mismatch for attribute to update"),
        ({"pk": {"Value": s("b")}}, P + "Cannot update attribute pk. This attribute is part of the key"),
    ],
)
def test_wrong_attribute_updates_are_refused(ddb, item, updates, message):
    with refusal(message=message):
        change(ddb, item, **updates)


# -- reads


@pytest.fixture
def filled(ddb, ordered):
    for number in range(5):
        ddb.put_item(TableName=ordered, Item={"pk": s("a"), "sk": n(number), "kind": s(["even", "odd"][number % 2])})
    return ordered


PARTITION = {"pk": compare("EQ", s("a"))}


def keys(answer):
    return [int(item["sk"]["N"]) for item in answer["Items"]]


@pytest.mark.parametrize(
    ("condition", "found"),
    [(None, [0, 1, 2, 3, 4]), (compare("LT", n(2)), [0, 1]), (compare("BETWEEN", n(1), n(3)), [1, 2, 3])],
)
def test_key_conditions_find_their_range(ddb, filled, condition, found):
    conditions = PARTITION if condition is None else {**PARTITION, "sk": condition}
    assert keys(ddb.query(TableName=filled, KeyConditions=conditions)) == found


def test_filters_and_attributes_to_get(ddb, filled):
    even = {"kind": compare("EQ", s("even"))}
    assert keys(ddb.query(TableName=filled, KeyConditions=PARTITION, QueryFilter=even)) == [0, 2, 4]
    answer = ddb.scan(TableName=filled, ScanFilter=even, AttributesToGet=["sk", "zz"])
    assert answer["Items"] == [{"sk": n(0)}, {"sk": n(2)}, {"sk": n(4)}]
    assert ddb.get_item(TableName=filled, Key={"pk": s("a"), "sk": n(1)}, AttributesToGet=["kind"])["Item"] == {
        "kind": s("odd")
    }


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({}, "Conditions can be of length 1 or 2 only"),
        ({"sk": compare("EQ", n(1))}, "Query condition missed key schema element: pk"),
        ({"pk": compare("LT", s("a"))}, "Query key condition not supported"),
        (
            {**PARTITION, "sk": compare("CONTAINS", n(1))},
            "Attempted conditional constraint is not an indexable operation",
        ),
        ({**PARTITION, "sk": compare("EQ", s("1"))}, P + "Condition parameter type does not match schema type"),
    ],
)
def test_wrong_key_conditions_are_refused(ddb, filled, conditions, message):
    with refusal(message=message):
        ddb.query(TableName=filled, KeyConditions=conditions)


def test_a_query_filter_is_not_for_keys(ddb, filled):
    with refusal(message="QueryFilter can only contain non-primary key attributes: Primary key attribute: sk"):
        ddb.query(TableName=filled, KeyConditions=PARTITION, QueryFilter={"sk": compare("EQ", n(1))})


def test_an_attribute_is_got_once(ddb, filled):
    with refusal(message="Cannot have two attributes with the same name"):
        ddb.scan(TableName=filled, AttributesToGet=["sk", "sk"])
