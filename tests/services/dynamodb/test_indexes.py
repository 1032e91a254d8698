"""Secondary indexes: which items are in them, with which attributes, in which order."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.services.dynamodb.helpers import index, n, refusal, s


@pytest.fixture
def orders(make_table):
    """Orders by customer and number, with indexes of every kind."""
    return make_table(
        "orders",
        ("customer", "number"),
        {"customer": "S", "number": "N", "state": "S", "total": "N"},
        GlobalSecondaryIndexes=[
            index("by-state", "state", "total"),
            index("state-keys", "state", projection="KEYS_ONLY"),
            index("state-notes", "state", projection=["note"]),
        ],
        LocalSecondaryIndexes=[
            index("by-total", "customer", "total", projection=["note"]),
            index("all-by-total", "customer", "total"),
        ],
    )


@pytest.fixture
def put(ddb, orders):
    def put(number, state=None, total=None, **more):
        item = {"customer": s("c"), "number": n(number), "note": s(f"note {number}"), "extra": s("x"), **more}
        if state is not None:
            item["state"] = s(state)
        if total is not None:
            item["total"] = n(total)
        ddb.put_item(TableName=orders, Item=item)
        return item

    return put


def by_state(ddb, name, state="open", **more):
    return ddb.query(
        TableName="orders",
        IndexName=name,
        KeyConditionExpression="#s = :s",
        ExpressionAttributeNames={"#s": "state", **more.pop("names", {})},
        ExpressionAttributeValues={":s": s(state)},
        **more,
    )


def by_total(ddb, name="by-total", **more):
    return ddb.query(
        TableName="orders",
        IndexName=name,
        KeyConditionExpression="customer = :c",
        ExpressionAttributeValues={":c": s("c")},
        **more,
    )


def numbers(answer):
    return [int(item["number"]["N"]) for item in answer["Items"]]


def test_an_index_is_ordered_by_its_own_sort_key(ddb, put):
    for number, total in ((1, 30), (2, 10), (3, 20)):
        put(number, "open", total)
    assert numbers(by_state(ddb, "by-state")) == [2, 3, 1]
    assert numbers(by_state(ddb, "by-state", ScanIndexForward=False)) == [1, 3, 2]
    assert numbers(by_total(ddb)) == [2, 3, 1]


def test_an_item_without_the_index_keys_is_not_in_it(ddb, put):
    put(1, "open", 5)
    put(2, "open")
    put(3, None, 7)
    assert numbers(by_state(ddb, "by-state")) == [1]
    assert numbers(by_state(ddb, "state-keys")) == [1, 2]
    assert numbers(by_total(ddb)) == [1, 3]


def test_items_with_equal_index_keys_are_all_there(ddb, put):
    for number in range(5):
        put(number, "open", 7)
    assert numbers(by_state(ddb, "by-state")) == [0, 1, 2, 3, 4]


def test_entries_follow_their_item(ddb, orders, put):
    put(1, "open", 5)
    ddb.update_item(
        TableName=orders,
        Key={"customer": s("c"), "number": n(1)},
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": s("done")},
    )
    assert numbers(by_state(ddb, "by-state")) == []
    assert numbers(by_state(ddb, "by-state", "done")) == [1]
    put(1, "open", 9)
    assert numbers(by_state(ddb, "by-state", "done")) == []
    ddb.delete_item(TableName=orders, Key={"customer": s("c"), "number": n(1)})
    assert numbers(by_state(ddb, "by-state")) == []
    assert numbers(by_total(ddb)) == []


def test_an_attribute_that_goes_takes_the_entry_with_it(ddb, orders, put):
    put(1, "open", 5)
    ddb.update_item(
        TableName=orders,
        Key={"customer": s("c"), "number": n(1)},
        UpdateExpression="REMOVE #t",
        ExpressionAttributeNames={"#t": "total"},
    )
    assert numbers(by_state(ddb, "by-state")) == []
    assert numbers(by_state(ddb, "state-keys")) == [1]


def test_an_index_has_what_is_projected_into_it(ddb, put):
    item = put(1, "open", 5)
    keys = {"customer", "number", "state"}
    assert by_state(ddb, "by-state")["Items"] == [item]
    assert set(by_state(ddb, "state-keys")["Items"][0]) == keys
    assert set(by_state(ddb, "state-notes")["Items"][0]) == keys | {"note"}
    assert set(by_total(ddb)["Items"][0]) == {"customer", "number", "total", "note"}


def test_a_change_of_a_projected_attribute_reaches_the_index(ddb, orders, put):
    put(1, "open", 5)
    put(1, "open", 5, note=s("fresh"), extra=s("y"))
    assert by_state(ddb, "state-notes")["Items"][0]["note"] == s("fresh")


def test_a_local_index_fetches_what_it_does_not_have(ddb, put):
    item = put(1, "open", 5)
    assert by_total(ddb, Select="ALL_ATTRIBUTES")["Items"] == [item]
    assert by_total(ddb, ProjectionExpression="extra")["Items"] == [{"extra": s("x")}]


def test_a_global_index_does_not(ddb, put):
    put(1, "open", 5)
    with refusal(
        message="One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for "
        "global secondary index state-keys because its projection type is not ALL"
    ):
        by_state(ddb, "state-keys", Select="ALL_ATTRIBUTES")
    with refusal(
        message="One or more parameter values were invalid: Global secondary index state-keys does not project [extra]"
    ):
        by_state(ddb, "state-keys", ProjectionExpression="extra")
    with refusal(
        message="One or more parameter values were invalid: "
        "Secondary index state-keys does not project one or more filter attributes: [extra]"
    ):
        by_state(ddb, "state-keys", FilterExpression="attribute_exists(extra)")


def test_consistent_reads_are_for_local_indexes_only(ddb, put):
    put(1, "open", 5)
    assert numbers(by_total(ddb, ConsistentRead=True)) == [1]
    with refusal(message="Consistent reads are not supported on global secondary indexes"):
        by_state(ddb, "by-state", ConsistentRead=True)


def test_a_filter_on_an_index_takes_the_keys_of_the_table(ddb, put):
    put(1, "open", 5)
    put(2, "open", 6)
    names = {"#n": "number"}
    answer = by_state(ddb, "by-state", FilterExpression="#n <> :s", names=names)
    assert numbers(answer) == [1, 2]
    with refusal(message="Filter Expression can only contain non-primary key attributes: Primary key attribute: state"):
        by_state(ddb, "by-state", FilterExpression="#s = :s")


@pytest.mark.parametrize("forward", [True, False])
def test_pages_of_an_index_go_on_among_equal_keys(ddb, put, forward):
    for number in range(7):
        put(number, "open", 7)
    walked, more = [], {}
    while True:
        answer = by_state(ddb, "by-state", Limit=2, ScanIndexForward=forward, **more)
        walked += numbers(answer)
        if "LastEvaluatedKey" not in answer:
            break
        assert set(answer["LastEvaluatedKey"]) == {"state", "total", "customer", "number"}
        more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    assert walked == sorted(range(7), reverse=not forward)


def test_a_start_key_wants_index_and_table_keys(ddb, put):
    put(1, "open", 5)
    with refusal(message="The provided starting key is invalid"):
        by_state(ddb, "by-state", ExclusiveStartKey={"customer": s("c"), "number": n(1)})


def test_an_index_is_scanned(ddb, orders, put):
    for number in range(4):
        put(number, "open" if number % 2 else None, 5)
    found = ddb.scan(TableName=orders, IndexName="state-keys")["Items"]
    assert sorted(item["number"]["N"] for item in found) == ["1", "3"]


def test_a_query_on_the_table_keys_of_an_index_is_refused(ddb, orders):
    with refusal(message="Query condition missed key schema element: state"):
        by_total(ddb, "by-state")


# -- against a reference: a dict of items, and indexes worked out from it

WRITES = st.lists(
    st.tuples(
        st.sampled_from(["put", "set", "delete"]),
        st.integers(0, 3),
        st.sampled_from([None, "open", "done"]),
        st.sampled_from([None, 1, 2]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writes=WRITES)
def test_whatever_is_written_indexes_are_what_the_items_say(ddb, orders, put, writes):
    items: dict[int, tuple[str | None, int | None]] = {}
    for number in range(4):
        ddb.delete_item(TableName=orders, Key={"customer": s("c"), "number": n(number)})
    for action, number, state, total in writes:
        if action == "put":
            put(number, state, total)
            items[number] = (state, total)
        elif action == "set":
            set_attributes(ddb, orders, number, state, total)
            items[number] = (state, total)
        else:
            ddb.delete_item(TableName=orders, Key={"customer": s("c"), "number": n(number)})
            items.pop(number, None)
    by_both = sorted([(total, number) for number, (state, total) in items.items() if state == "open" and total])
    assert numbers(by_state(ddb, "by-state")) == [number for _, number in by_both]
    assert numbers(by_state(ddb, "state-keys", "done")) == sorted(
        number for number, (state, _) in items.items() if state == "done"
    )
    assert numbers(by_total(ddb)) == [
        number for _, number in sorted((total, number) for number, (_, total) in items.items() if total)
    ]


def set_attributes(ddb, table, number, state, total):
    """Give an item these attributes, by updates that take away what is None."""
    wanted = {"#s": s(state) if state else None, "#t": n(total) if total else None}
    sets = [f"{name} = :{name[1]}" for name, value in wanted.items() if value]
    removes = [name for name, value in wanted.items() if not value]
    values = {f":{name[1]}": value for name, value in wanted.items() if value}
    ddb.update_item(
        TableName=table,
        Key={"customer": s("c"), "number": n(number)},
        UpdateExpression=" ".join(
            [f"SET {', '.join(sets)}"] * bool(sets) + [f"REMOVE {', '.join(removes)}"] * bool(removes)
        ),
        ExpressionAttributeNames={"#s": "state", "#t": "total"},
        **({"ExpressionAttributeValues": values} if values else {}),
    )


# -- paths and values that keys cannot have


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("scan", {"FilterExpression": "attribute_exists(#s.a)"}),
        ("scan", {"ProjectionExpression": "#s[0]"}),
        ("get_item", {"ProjectionExpression": "#s.a", "Key": {"customer": s("c"), "number": n(1)}}),
        ("delete_item", {"ConditionExpression": "attribute_exists(#s.a)", "Key": {"customer": s("c"), "number": n(1)}}),
    ],
)
def test_no_path_leads_into_an_index_key(ddb, orders, operation, more):
    sentence = (
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: state"
    )
    with refusal(message=sentence):
        getattr(ddb, operation)(TableName=orders, ExpressionAttributeNames={"#s": "state"}, **more)


def test_a_query_is_not_filtered_by_what_a_local_index_lacks(ddb, put):
    put(1, total=5)
    sentence = (
        "One or more parameter values were invalid: "
        "Secondary index by-total does not project one or more filter attributes: [extra]"
    )
    with refusal(message=sentence):
        by_total(ddb, FilterExpression="attribute_exists(extra)")
    found = ddb.scan(TableName="orders", IndexName="by-total", FilterExpression="attribute_exists(extra)")
    assert found["Count"] == 1


def test_an_index_is_not_queried_for_an_empty_key(ddb, orders):
    sentence = (
        "One or more parameter values are not valid. A value specified for a secondary index key is not supported. "
        "The AttributeValue for a key attribute cannot contain an empty string value. IndexName: by-state, IndexKey: state"
    )
    with refusal(message=sentence):
        by_state(ddb, "by-state", "")
