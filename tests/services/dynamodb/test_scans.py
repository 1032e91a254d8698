"""Scan: pages, filters, segments."""

from __future__ import annotations

import pytest

from tests.services.dynamodb.helpers import n, refusal, s


@pytest.fixture
def filled(ddb, table):
    """Thirty items, a0 to a29."""
    for start in (0, 15):
        requests = [{"PutRequest": {"Item": {"pk": s(f"a{i}"), "n": n(i)}}} for i in range(start, start + 15)]
        ddb.batch_write_item(RequestItems={table: requests})
    return table


def walk(ddb, table, **more):
    """All items of a scan, page after page."""
    found = []
    while True:
        answer = ddb.scan(TableName=table, **more)
        found += answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return found
        more["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


@pytest.mark.parametrize("limit", [1, 7, 30, 31])
def test_pages_together_are_everything_once(ddb, filled, limit):
    found = [item["pk"]["S"] for item in walk(ddb, filled, Limit=limit)]
    assert sorted(found) == sorted(f"a{i}" for i in range(30))


def test_the_order_of_a_scan_means_nothing(ddb, filled):
    found = [item["pk"]["S"] for item in walk(ddb, filled)]
    assert found != sorted(found)


def test_items_of_a_partition_stay_together_in_order(ddb, ordered):
    for pk in "abc":
        for sk in (3, 1, 2):
            ddb.put_item(TableName=ordered, Item={"pk": s(pk), "sk": n(sk)})
    found = [(item["pk"]["S"], item["sk"]["N"]) for item in walk(ddb, ordered)]
    partitions = list(dict.fromkeys([pk for pk, _ in found]))
    assert found == [(pk, sk) for pk in partitions for sk in "123"]


def test_a_filter_takes_key_attributes_too(ddb, filled):
    answer = ddb.scan(
        TableName=filled, FilterExpression="pk = :p OR n < :n", ExpressionAttributeValues={":p": s("a7"), ":n": n(2)}
    )
    assert sorted(item["pk"]["S"] for item in answer["Items"]) == ["a0", "a1", "a7"]
    assert (answer["Count"], answer["ScannedCount"]) == (3, 30)


@pytest.mark.parametrize("total", [1, 3, 8, 1_000_000])
def test_segments_divide_a_table(ddb, filled, total):
    segments = range(total) if total < 10 else [0, 999_999]
    found = [
        [item["pk"]["S"] for item in walk(ddb, filled, Segment=segment, TotalSegments=total, Limit=4)]
        for segment in segments
    ]
    together = [pk for segment in found for pk in segment]
    assert len(set(together)) == len(together)
    if total < 10:
        assert len(together) == 30
        assert all(found)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"Segment": 0},
            "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
        ),
        (
            {"TotalSegments": 2},
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
        ),
        (
            {"Segment": 2, "TotalSegments": 2},
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            "Segment: 2 is not less than TotalSegments: 2",
        ),
        (
            {"ExclusiveStartKey": {"zz": s("a")}},
            "The provided starting key is invalid: The provided key element does not match the schema",
        ),
        (
            {"FilterExpression": "n <"},
            'Invalid FilterExpression: Syntax error; token: "<EOF>", near: "<"',
        ),
        (
            {"ExpressionAttributeValues": {":v": n(1)}},
            "ExpressionAttributeValues can only be specified when using expressions: FilterExpression is null",
        ),
    ],
)
def test_wrong_scans_are_refused_in_aws_words(ddb, filled, parameters, message):
    with refusal(message=message):
        ddb.scan(TableName=filled, **parameters)


def test_a_start_key_of_another_segment_is_refused(ddb, filled):
    start = ddb.scan(TableName=filled, Segment=0, TotalSegments=2, Limit=1)["LastEvaluatedKey"]
    with refusal(
        message="The provided starting key is invalid: Invalid ExclusiveStartKey. "
        "Please use ExclusiveStartKey with correct Segment. TotalSegments: 2 Segment: 1"
    ):
        ddb.scan(TableName=filled, Segment=1, TotalSegments=2, ExclusiveStartKey=start)
