"""Query: key conditions, order, pages, filters, selections."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.services.dynamodb.helpers import n, refusal, s


@pytest.fixture
def filled(ddb, ordered):
    """Partition a with sort keys -2 to 9, and partition b with one item."""
    for number in range(-2, 10):
        ddb.put_item(
            TableName=ordered,
            Item={"pk": s("a"), "sk": n(number), "half": n(number / 2), "kind": s(["even", "odd"][number % 2])},
        )
    ddb.put_item(TableName=ordered, Item={"pk": s("b"), "sk": n(0)})
    return ordered


def query(ddb, table, condition="pk = :p", values=None, **more):
    values = {":p": s("a"), **(values or {})}
    return ddb.query(TableName=table, KeyConditionExpression=condition, ExpressionAttributeValues=values, **more)


def keys(answer):
    return [int(item["sk"]["N"]) for item in answer["Items"]]


@pytest.mark.parametrize(
    ("condition", "values", "found"),
    [
        ("pk = :p", {}, list(range(-2, 10))),
        ("pk = :p AND sk = :x", {":x": n(3)}, [3]),
        ("pk = :p AND sk < :x", {":x": n(0)}, [-2, -1]),
        ("pk = :p AND sk <= :x", {":x": n(0)}, [-2, -1, 0]),
        ("pk = :p AND sk > :x", {":x": n(7)}, [8, 9]),
        ("pk = :p AND :x <= sk", {":x": n(7)}, [7, 8, 9]),
        ("sk BETWEEN :x AND :y AND pk = :p", {":x": n("-1.5"), ":y": n("1.5")}, [-1, 0, 1]),
        ("pk = :p AND sk > :x", {":x": n(9)}, []),
    ],
)
def test_key_conditions_find_their_range_in_order(ddb, filled, condition, values, found):
    assert keys(query(ddb, filled, condition, values)) == found
    assert keys(query(ddb, filled, condition, values, ScanIndexForward=False)) == found[::-1]


def test_strings_are_found_by_their_beginning(ddb, make_table):
    make_table("things", ("pk", "sk"))
    for text in ("a", "ab", "ab\x00", "ab\x00c", "abc", "b"):
        ddb.put_item(TableName="things", Item={"pk": s("a"), "sk": s(text)})
    found = query(ddb, "things", "pk = :p AND begins_with(sk, :x)", {":x": s("ab")})
    assert [item["sk"]["S"] for item in found["Items"]] == ["ab", "ab\x00", "ab\x00c", "abc"]
    equal = query(ddb, "things", "pk = :p AND sk = :x", {":x": s("ab")})
    assert [item["sk"]["S"] for item in equal["Items"]] == ["ab"]


def test_no_beginning_is_empty(ddb, make_table):
    make_table("things", ("pk", "sk"))
    message = (
        "One or more parameter values are not valid. "
        "The AttributeValue for a key attribute cannot contain an empty string value. Key: sk"
    )
    with refusal(message=message):
        query(ddb, "things", "pk = :p AND begins_with(sk, :x)", {":x": s("")})


def test_an_empty_partition_has_no_items(ddb, filled):
    answer = query(ddb, filled, values={":p": s("zz")})
    assert (answer["Items"], answer["Count"], answer["ScannedCount"]) == ([], 0, 0)


# -- pages


def pages(ddb, table, **more):
    """The answers of a query from page to page."""
    while True:
        answer = query(ddb, table, **more)
        yield answer
        if "LastEvaluatedKey" not in answer:
            return
        more["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 5, 12, 13])
def test_pages_together_are_everything(ddb, filled, limit, forward):
    walked = [keys(answer) for answer in pages(ddb, filled, Limit=limit, ScanIndexForward=forward)]
    assert [key for page in walked for key in page] == sorted(range(-2, 10), reverse=not forward)
    assert all(len(page) <= limit for page in walked)


def test_a_page_that_meets_its_limit_names_its_last_key(ddb, filled):
    answer = query(ddb, filled, "pk = :p AND sk > :x", {":x": n(7)}, Limit=2)
    assert answer["LastEvaluatedKey"] == {"pk": s("a"), "sk": n(9)}


def test_a_limit_counts_what_is_looked_at_before_the_filter(ddb, filled):
    answer = query(ddb, filled, values={":k": s("odd")}, FilterExpression="kind = :k", Limit=3)
    assert (answer["Count"], answer["ScannedCount"]) == (1, 3)
    assert answer["LastEvaluatedKey"] == {"pk": s("a"), "sk": n(0)}


def test_a_page_ends_when_it_is_beyond_1_mb(ddb, ordered):
    for number in range(6):
        ddb.put_item(TableName=ordered, Item={"pk": s("a"), "sk": n(number), "text": s("x" * 300_000)})
    walked = [keys(answer) for answer in pages(ddb, ordered)]
    assert walked == [[0, 1, 2, 3], [4, 5]]


def test_a_filter_that_finds_nothing_still_ends_pages_at_1_mb(ddb, ordered):
    for number in range(6):
        ddb.put_item(TableName=ordered, Item={"pk": s("a"), "sk": n(number), "text": s("x" * 300_000)})
    first = query(ddb, ordered, FilterExpression="attribute_exists(nope)")
    assert (first["Items"], first["ScannedCount"]) == ([], 4)
    assert first["LastEvaluatedKey"] == {"pk": s("a"), "sk": n(3)}


def test_a_table_without_sort_key_has_one_page(ddb, table):
    ddb.put_item(TableName=table, Item={"pk": s("a")})
    assert "LastEvaluatedKey" not in query(ddb, table, Limit=1)


def test_a_start_key_need_not_be_there(ddb, filled):
    answer = query(ddb, filled, ExclusiveStartKey={"pk": s("a"), "sk": n("7.5")})
    assert keys(answer) == [8, 9]


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ({"pk": s("a")}, "The provided starting key is invalid"),
        ({"pk": s("a"), "sk": s("1")}, "The provided starting key is invalid"),
        ({"pk": s("a"), "sk": n(1), "zz": n(1)}, "The provided starting key is invalid"),
        (
            {"pk": s("b"), "sk": n(1)},
            "The provided starting key is outside query boundaries based on provided conditions",
        ),
        ({"pk": s("a"), "sk": n(9)}, "The provided starting key does not match the range key predicate"),
    ],
)
def test_a_start_key_that_does_not_fit_is_refused(ddb, filled, start, message):
    with refusal(message=message):
        query(ddb, filled, "pk = :p AND sk < :x", {":x": n(5)}, ExclusiveStartKey=start)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    numbers=st.sets(st.integers(-(10**12), 10**12).map(lambda number: number / 1000), min_size=1, max_size=12),
    limit=st.integers(1, 5),
)
def test_numbers_of_any_size_are_walked_in_order(ddb, ordered, numbers, limit):
    partition = s(repr(sorted(numbers)))
    requests = [{"PutRequest": {"Item": {"pk": partition, "sk": n(number)}}} for number in numbers]
    ddb.batch_write_item(RequestItems={ordered: requests})
    walked = [
        float(item["sk"]["N"])
        for answer in pages(ddb, ordered, values={":p": partition}, Limit=limit)
        for item in answer["Items"]
    ]
    assert walked == sorted(numbers)


# -- what is given


def test_a_projection_gives_parts(ddb, filled):
    answer = query(ddb, filled, Limit=1, ProjectionExpression="#h", ExpressionAttributeNames={"#h": "half"})
    assert answer["Items"] == [{"half": n(-1)}]


def test_a_count_gives_no_items(ddb, filled):
    answer = query(ddb, filled, values={":k": s("odd")}, FilterExpression="kind = :k", Select="COUNT")
    assert "Items" not in answer
    assert (answer["Count"], answer["ScannedCount"]) == (6, 12)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"Select": "COUNT", "ProjectionExpression": "half"},
            "Cannot specify the ProjectionExpression when choosing to get only the Count",
        ),
        (
            {"Select": "ALL_ATTRIBUTES", "ProjectionExpression": "half"},
            "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES",
        ),
        (
            {"Select": "SPECIFIC_ATTRIBUTES"},
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
        ),
        (
            {"Select": "ALL_PROJECTED_ATTRIBUTES"},
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
        ),
        ({"IndexName": "nothing"}, "The table does not have the specified index: nothing"),
        (
            {"FilterExpression": "sk = :p"},
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk",
        ),
        (
            {"FilterExpression": "attribute_exists(sk.x)"},
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: sk",
        ),
        (
            {"Limit": 0},
            "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1",
        ),
    ],
)
def test_wrong_queries_are_refused_in_aws_words(aws, filled, parameters, message):
    lenient = aws("dynamodb", parameter_validation=False)
    with refusal(message=message):
        query(lenient, filled, **parameters)


@pytest.mark.parametrize(
    ("condition", "values", "message"),
    [
        ("sk = :x", {":x": n(1)}, "Query condition missed key schema element: pk"),
        ("pk = :p AND other1 = :x", {":x": n(1)}, "Query condition missed key schema element: sk"),
        ("pk > :p", {}, "Query key condition not supported"),
        (
            "pk = :p AND sk = :x",
            {":x": s("1")},
            "One or more parameter values were invalid: Condition parameter type does not match schema type",
        ),
        (
            "pk = :x",
            {":x": s("")},
            "One or more parameter values are not valid. "
            "The AttributeValue for a key attribute cannot contain an empty string value. Key: pk",
        ),
        (
            "pk = :p AND sk BETWEEN :x AND :y",
            {":x": n(2), ":y": n(1)},
            "Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to "
            "lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}",
        ),
        ("pk = :p AND sk = :x AND zz = :x", {":x": n(1)}, "Conditions can be of length 1 or 2 only"),
        (
            "pk.x = :p",
            {},
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk",
        ),
    ],
)
def test_key_conditions_that_do_not_fit_the_keys_are_refused(ddb, filled, condition, values, message):
    used = {mark: value for mark, value in {":p": s("a"), **values}.items() if mark in condition}
    with refusal(message=message):
        ddb.query(TableName=filled, KeyConditionExpression=condition, ExpressionAttributeValues=used)


def test_a_query_without_key_condition_is_refused(ddb, filled):
    with refusal(
        message="Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
    ):
        ddb.query(TableName=filled)


def test_values_without_an_expression_are_refused(ddb, filled):
    with refusal(
        message="ExpressionAttributeValues can only be specified when using expressions: "
        "FilterExpression and KeyConditionExpression are null"
    ):
        ddb.query(TableName=filled, ExpressionAttributeValues={":v": n(1)})
