"""What IAM is told of a request."""

from __future__ import annotations

import pytest

from fogbank.services.dynamodb.access import condition_keys
from fogbank.services.dynamodb.schema import Index, Table
from tests.services.dynamodb.helpers import n, s

TABLE = Table(
    name="things",
    id="",
    arn="arn:aws:dynamodb:us-east-1:123456789012:table/things",
    space=1,
    created=0.0,
    status="ACTIVE",
    attributes={"pk": "S", "color": "S"},
    hash="pk",
    range=None,
    indexes=(Index("by-color", True, 2, "color", None, "ALL"),),
)


@pytest.mark.parametrize(
    ("action", "request_", "leading"),
    [
        ("GetItem", {"Key": {"pk": s("a")}}, ("a",)),
        ("PutItem", {"Item": {"pk": s("a"), "n": n(1)}}, ("a",)),
        ("BatchGetItem", {"Keys": [{"pk": s("a")}, {"pk": s("b")}]}, ("a", "b")),
        (
            "BatchWriteItem",
            {"Writes": [{"PutRequest": {"Item": {"pk": s("a")}}}, {"DeleteRequest": {"Key": {"pk": s("b")}}}]},
            ("a", "b"),
        ),
        (
            "Query",
            {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": s("a")}},
            ("a",),
        ),
        (
            "Query",
            {
                "IndexName": "by-color",
                "KeyConditionExpression": "color = :p",
                "ExpressionAttributeValues": {":p": s("red")},
            },
            ("red",),
        ),
        (
            "Query",
            {"KeyConditions": {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [s("a")]}}},
            ("a",),
        ),
    ],
)
def test_leading_keys_are_the_partitions_of_a_request(action, request_, leading):
    assert condition_keys(TABLE, action, request_)["dynamodb:LeadingKeys"] == leading


def test_a_scan_has_no_leading_keys():
    assert "dynamodb:LeadingKeys" not in condition_keys(TABLE, "Scan", {})


def test_attributes_are_all_that_a_request_names():
    request = {
        "Key": {"pk": s("a")},
        "UpdateExpression": "SET #x.y = :v REMOVE zz",
        "ConditionExpression": "attribute_exists(cc[0])",
        "ExpressionAttributeNames": {"#x": "xx"},
        "ExpressionAttributeValues": {":v": n(1)},
    }
    assert condition_keys(TABLE, "UpdateItem", request)["dynamodb:Attributes"] == ("pk", "xx", "zz", "cc")


@pytest.mark.parametrize(
    ("request_", "select"),
    [
        ({}, "ALL_ATTRIBUTES"),
        ({"IndexName": "by-color"}, "ALL_PROJECTED_ATTRIBUTES"),
        ({"ProjectionExpression": "pk"}, "SPECIFIC_ATTRIBUTES"),
        ({"Select": "COUNT"}, "COUNT"),
    ],
)
def test_a_read_without_projection_selects_everything(request_, select):
    assert condition_keys(TABLE, "Query", request_)["dynamodb:Select"] == select


def test_a_member_of_a_transaction_names_it():
    keys = condition_keys(TABLE, "PutItem", {"Item": {"pk": s("a")}}, "TransactWriteItems")
    assert keys["dynamodb:EnclosingOperation"] == "TransactWriteItems"
