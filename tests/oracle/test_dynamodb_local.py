"""Fogbank and DynamoDB Local, asked the same at random.

What is refused has to be refused by both with the same code; sentences are the business of the tests of the service, since DynamoDB Local's
are not always AWS's.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import strategies
from tests.oracle.agreement import agree, at_random

KEY = {"pk": {"S": "p"}}


@at_random
@given(item=strategies.items)
def test_items_come_back_the_same(both, table, item):
    table("S")
    agree(both, "put_item", TableName="things", Item={**item, **KEY}, ReturnConsumedCapacity="TOTAL")
    agree(both, "get_item", TableName="things", Key=KEY, ReturnConsumedCapacity="TOTAL")


@at_random
@given(item=strategies.items, condition=strategies.conditions, values=strategies.given_values)
def test_conditions_decide_the_same(both, table, item, condition, values):
    table("S")
    agree(both, "put_item", TableName="things", Item={**item, **KEY})
    used = strategies.used(condition, values)
    more = {"ExpressionAttributeValues": used} if used else {}
    agree(both, "delete_item", TableName="things", Key=KEY, ConditionExpression=condition, **more)
    agree(both, "scan", TableName="things", FilterExpression=condition, **more)


@at_random
@given(
    item=strategies.items,
    update=strategies.updates,
    values=strategies.given_values,
    returned=st.sampled_from(["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"]),
)
def test_updates_do_the_same(both, table, item, update, values, returned):
    table("S")
    both("delete_item", TableName="things", Key=KEY)
    agree(both, "put_item", TableName="things", Item={**item, **KEY})
    used = strategies.used(update, values)
    more = {"ExpressionAttributeValues": used} if used else {}
    agree(both, "update_item", TableName="things", Key=KEY, UpdateExpression=update, ReturnValues=returned, **more)
    agree(both, "get_item", TableName="things", Key=KEY)


@at_random
@given(item=strategies.items, paths=st.lists(strategies.paths, min_size=1, max_size=3).map(", ".join))
def test_projections_take_the_same(both, table, item, paths):
    table("S")
    agree(both, "put_item", TableName="things", Item={**item, **KEY})
    agree(both, "get_item", TableName="things", Key=KEY, ProjectionExpression=paths)


@at_random
@given(
    keys=st.lists(strategies.numbers, max_size=12),
    sign=st.sampled_from(["=", "<", "<=", ">", ">="]),
    bound=strategies.numbers,
    forward=st.booleans(),
    limit=st.integers(1, 5),
)
def test_queries_find_the_same(both, table, keys, sign, bound, forward, limit):
    table("S", "N")
    for number in keys:
        agree(both, "put_item", TableName="things", Item={**KEY, "sk": {"N": number}})
    query = {
        "TableName": "things",
        "KeyConditionExpression": f"pk = :p AND sk {sign} :b",
        "ExpressionAttributeValues": {":p": {"S": "p"}, ":b": {"N": bound}},
        "ScanIndexForward": forward,
    }
    agree(both, "query", **query)
    agree(both, "query", **query, Limit=limit)


@at_random
@given(
    keys=st.lists(strategies.texts, max_size=8),
    start=strategies.texts,
    kind=st.sampled_from(["begins_with(sk, :b)", "sk BETWEEN :b AND :c", "sk < :b"]),
    end=strategies.texts,
)
def test_texts_are_ordered_the_same(both, table, keys, start, kind, end):
    table("S", "S")
    for text in keys:
        agree(both, "put_item", TableName="things", Item={**KEY, "sk": {"S": text}})
    values = {":p": {"S": "p"}, ":b": {"S": start}, **({":c": {"S": end}} if ":c" in kind else {})}
    agree(
        both,
        "query",
        TableName="things",
        KeyConditionExpression=f"pk = :p AND {kind}",
        ExpressionAttributeValues=values,
    )
