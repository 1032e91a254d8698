"""Secondary indexes at random: what is in them, how they are queried and scanned, what it costs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle import strategies
from tests.oracle.agreement import agree, at_random, unordered, walk


def _index(name, keys, projection="ALL", included=None):
    projected = {"ProjectionType": projection}
    if included:
        projected["NonKeyAttributes"] = included
    schema = [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)]
    return {"IndexName": name, "KeySchema": schema, "Projection": projected}


INDEXES = {
    "local-all": ("pk", "a"),
    "local-keys": ("pk", "b"),
    "global-keys": ("a",),
    "global-some": ("b", "a"),
    "global-all": ("sk", "m"),
}
TYPES = {"pk": "S", "sk": "N", "a": "S", "b": "N", "m": "B"}
DEFINITION = {
    "more_attributes": [(name, TYPES[name]) for name in "abm"],
    "LocalSecondaryIndexes": [
        _index("local-all", INDEXES["local-all"]),
        _index("local-keys", INDEXES["local-keys"], "KEYS_ONLY"),
    ],
    "GlobalSecondaryIndexes": [
        _index("global-keys", INDEXES["global-keys"], "KEYS_ONLY"),
        _index("global-some", INDEXES["global-some"], "INCLUDE", ["c", "l"]),
        _index("global-all", INDEXES["global-all"]),
    ],
}

_key_values = {
    "pk": st.sampled_from(["p", "q"]).map(lambda value: {"S": value}),
    "sk": st.integers(-2, 3).map(lambda value: {"N": str(value)}),
    "a": st.sampled_from(["", "x", "xy", "y", "\u00e9", "\U0001f600"]).map(lambda value: {"S": value}),
    "b": st.sampled_from(["-1", "0", "1", "1.5", "10", "9", "1E20", "-1E-20"]).map(lambda value: {"N": value}),
    "m": st.sampled_from([b"", b"\0", b"\0\xff", b"a", b"\xff"]).map(lambda value: {"B": value}),
}
_keys = st.fixed_dictionaries({name: _key_values[name] for name in ("pk", "sk")})
# now and then of another type, which an index key cannot have
_attributes = st.fixed_dictionaries(
    {},
    optional={
        "a": st.one_of(_key_values["a"], _key_values["a"], _key_values["a"], strategies.scalars),
        "b": st.one_of(_key_values["b"], _key_values["b"], _key_values["b"], strategies.scalars),
        "m": st.one_of(_key_values["m"], _key_values["m"], strategies.values),
        "c": strategies.values,
        "l": strategies.scalars,
    },
)
# of their own types: DynamoDB Local lets an update give an index key another one, which AWS refuses
_settable = st.one_of(
    *[st.tuples(st.just(name), _key_values[name]) for name in "abm"],
    st.tuples(st.sampled_from("cl"), strategies.values),
)
_changes = st.one_of(
    st.tuples(_settable, st.sampled_from([None, *"abmcl"])),
    st.tuples(st.none(), st.sampled_from("abmcl")),
)
_writes = st.one_of(
    st.tuples(st.just("put_item"), _keys, _attributes),
    st.tuples(st.just("put_item"), _keys, _attributes),
    st.tuples(st.just("delete_item"), _keys, st.just(None)),
    st.tuples(st.just("update_item"), _keys, _changes),
)
_shown = st.fixed_dictionaries(
    {},
    optional={
        "Select": st.sampled_from(["ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "COUNT", "SPECIFIC_ATTRIBUTES"]),
        "ProjectionExpression": st.sampled_from(["a", "c, l", "pk, b", "c.a[0]", "m", "sk, c[1]"]),
        "FilterExpression": st.sampled_from(
            ["attribute_exists(c)", "attribute_exists(a)", "l <> c", "size(pk) > m", "attribute_not_exists(b.a)"]
        ),
        "ConsistentRead": st.booleans(),
        "ReturnConsumedCapacity": st.sampled_from(["TOTAL", "INDEXES", "INDEXES", "NONE"]),
    },
)
_operators = st.sampled_from(["=", "<", "<=", ">", ">=", "BETWEEN", "begins_with", None])


@st.composite
def _queries(draw):
    """A query of the table or of one of its indexes, by all kinds of conditions."""
    name, keys = draw(st.sampled_from([(None, ("pk", "sk")), *INDEXES.items()]))
    values = {":h": draw(_key_values[keys[0]])}
    condition = f"{keys[0]} = :h"
    operator = draw(_operators)
    if operator is not None:
        sort = keys[1] if len(keys) > 1 else draw(st.sampled_from(["a", "b", "sk"]))
        values[":r"] = draw(_key_values[sort])
        if operator == "BETWEEN":
            values[":t"] = draw(_key_values[sort])
            condition += f" AND {sort} BETWEEN :r AND :t"
        elif operator == "begins_with":
            condition += f" AND begins_with({sort}, :r)"
        else:
            condition += f" AND {sort} {operator} :r"
    query = {"TableName": "things", "KeyConditionExpression": condition, "ExpressionAttributeValues": values}
    return query if name is None else {**query, "IndexName": name}


def _found(answer):
    """DynamoDB Local does not always charge for finding nothing."""
    answer = unordered(answer)
    return {**answer, "ConsumedCapacity": None} if answer.get("ScannedCount") == 0 else answer


def _write(both, write):
    operation, key, more = write
    given = {"TableName": "things", "ReturnConsumedCapacity": "INDEXES"}
    if operation == "put_item":
        return agree(both, operation, **given, Item={**more, **key})
    if operation == "update_item":
        put, removed = more
        clauses = [] if removed is None else [f"REMOVE {removed}"]
        if put is not None:
            clauses.append(f"SET {put[0]} = :v")
            given["ExpressionAttributeValues"] = {":v": put[1]}
        given["UpdateExpression"] = " ".join(clauses)
    return agree(both, operation, **given, Key=key)


@at_random
@given(
    writes=st.lists(_writes, min_size=1, max_size=8),
    queries=st.lists(st.tuples(_queries(), _shown), min_size=1, max_size=6),
    forward=st.booleans(),
)
def test_queries_of_indexes_find_the_same(both, table, writes, queries, forward):
    table("S", "N", **DEFINITION)
    for write in writes:
        _write(both, write)
    for query, shown in queries:
        agree(both, "query", look=_found, **query, **shown, ScanIndexForward=forward)


@at_random
@given(
    writes=st.lists(_writes, min_size=1, max_size=8),
    query=_queries(),
    limit=st.integers(1, 3),
    forward=st.booleans(),
    index=st.sampled_from([None, *INDEXES]),
    segments=st.integers(1, 3),
)
def test_pages_come_to_the_same(both, table, writes, query, limit, forward, index, segments):
    table("S", "N", **DEFINITION)
    for write in writes:
        _write(both, write)
    walk(both, "query", **query, Limit=limit, ScanIndexForward=forward)
    scan = {"TableName": "things"} if index is None else {"TableName": "things", "IndexName": index}
    walk(both, "scan", **scan, Limit=limit)
    found = [0, 0]
    for segment in range(segments):
        pair = both("scan", **scan, Segment=segment, TotalSegments=segments)
        found = [count + answer["Count"] for count, answer in zip(found, pair, strict=True)]
    assert found[0] == found[1]


@at_random
@given(
    write=_writes,
    query=_queries(),
    start=st.dictionaries(st.sampled_from([*TYPES, "c"]), st.one_of(*_key_values.values()), min_size=1, max_size=4),
    is_scan=st.booleans(),
)
def test_start_keys_are_refused_the_same(both, table, write, query, start, is_scan):
    table("S", "N", **DEFINITION)
    _write(both, write)
    if is_scan:
        query = {name: value for name, value in query.items() if name in ("TableName", "IndexName")}
    agree(both, "scan" if is_scan else "query", look=unordered, **query, ExclusiveStartKey=start)
