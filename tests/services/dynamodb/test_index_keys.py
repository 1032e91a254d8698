"""Keys of global indexes that have several attributes each.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.DesignPattern.MultiAttributeKeys.html
"""

from __future__ import annotations

import pytest

from tests.services.dynamodb.helpers import attributes, n, refusal, s

TYPES = {"id": "S", "tournament": "S", "region": "S", "round": "N", "bracket": "S", "match": "S"}
MISSED = "Query condition missed key schema element: "


def keys(hashes, ranges):
    kinds = [*[(name, "HASH") for name in hashes.split()], *[(name, "RANGE") for name in ranges.split()]]
    return [{"AttributeName": name, "KeyType": kind} for name, kind in kinds]


def by_keys(hashes, ranges, projection="ALL"):
    projected = {"ProjectionType": projection}
    return {"IndexName": "by-keys", "KeySchema": keys(hashes, ranges), "Projection": projected}


@pytest.fixture
def matches(make_table):
    """A table with an index of two and three attributes."""
    return make_table(
        "matches", ("id",), TYPES, GlobalSecondaryIndexes=[by_keys("tournament region", "round bracket match")]
    )


@pytest.fixture
def played(ddb, matches):
    """With items: rounds 1, 2 and 10 of brackets lower and upper in one partition, and one in another."""
    for number in (10, 1, 2):
        for bracket in ("upper", "lower"):
            _put(ddb, f"{bracket}-{number}", "winter", "eu", number, bracket)
    _put(ddb, "elsewhere", "winter", "na", 1, "lower")
    return matches


def _put(ddb, name, tournament, region, number, bracket):
    item = {"tournament": s(tournament), "region": s(region), "round": n(number), "bracket": s(bracket)}
    ddb.put_item(TableName="matches", Item={"id": s(name), **item, "match": s("m")})


def find(ddb, condition, **more):
    names = {f"#{name}": name for name in ("region", "round") if f"#{name}" in condition}
    texts = {":t": s("winter"), ":r": s("eu"), ":one": n(1), ":two": n(2), ":b": s("lower"), ":m": s("m")}
    values = {name: value for name, value in texts.items() if name in condition.replace(",", " ").split()}
    query = {"KeyConditionExpression": condition, "ExpressionAttributeValues": values, **more}
    if names:
        query["ExpressionAttributeNames"] = names
    return ddb.query(TableName="matches", IndexName="by-keys", **query)


def names_of(answer):
    return [item["id"]["S"] for item in answer["Items"]]


def test_all_attributes_are_shown(ddb, matches):
    index = ddb.describe_table(TableName="matches")["Table"]["GlobalSecondaryIndexes"][0]
    assert index["KeySchema"] == keys("tournament region", "round bracket match")


def test_the_attributes_of_the_sort_key_sort_one_after_another(ddb, played):
    found = names_of(find(ddb, "tournament = :t AND #region = :r"))
    assert found == ["lower-1", "upper-1", "lower-2", "upper-2", "lower-10", "upper-10"]


def test_conditions_go_from_left_to_right(ddb, played):
    partition = "tournament = :t AND #region = :r"
    assert names_of(find(ddb, f"{partition} AND #round = :two")) == ["lower-2", "upper-2"]
    assert names_of(find(ddb, f"{partition} AND #round = :two AND bracket = :b")) == ["lower-2"]
    assert names_of(find(ddb, f"{partition} AND #round = :two AND bracket > :b")) == ["upper-2"]
    assert names_of(find(ddb, f"{partition} AND #round BETWEEN :one AND :two")) == [
        "lower-1",
        "upper-1",
        "lower-2",
        "upper-2",
    ]
    assert names_of(find(ddb, f"{partition} AND #round < :two")) == ["lower-1", "upper-1"]


def test_the_order_in_which_conditions_are_written_does_not_matter(ddb, played):
    assert names_of(find(ddb, "bracket = :b AND #round = :two AND #region = :r AND tournament = :t")) == ["lower-2"]


def test_pages_go_on_by_all_keys(ddb, played):
    first = find(ddb, "tournament = :t AND #region = :r", Limit=4)
    assert set(first["LastEvaluatedKey"]) == {"id", "tournament", "region", "round", "bracket", "match"}
    more = find(ddb, "tournament = :t AND #region = :r", ExclusiveStartKey=first["LastEvaluatedKey"])
    assert names_of(more) == ["lower-10", "upper-10"]
    back = find(ddb, "tournament = :t AND #region = :r", ScanIndexForward=False, Limit=1)
    assert names_of(back) == ["upper-10"]


def test_a_start_key_of_another_partition_is_refused(ddb, played):
    first = find(ddb, "tournament = :t AND #region = :r", Limit=1)
    start = {**first["LastEvaluatedKey"], "region": s("na")}
    with refusal(message="The provided starting key is outside query boundaries based on provided conditions"):
        find(ddb, "tournament = :t AND #region = :r", ExclusiveStartKey=start)


def test_the_whole_partition_key_is_needed(ddb, played):
    with refusal(message=f"{MISSED}region"):
        find(ddb, "tournament = :t AND #round = :one")
    with refusal(message="Query key condition not supported"):
        find(ddb, "tournament = :t AND #region > :r")


def test_no_attribute_of_the_sort_key_is_skipped(ddb, played):
    with refusal(message=f"{MISSED}round"):
        find(ddb, "tournament = :t AND #region = :r AND bracket = :b")


def test_only_the_last_condition_is_an_inequality(ddb, played):
    with refusal(message="Query key condition not supported"):
        find(ddb, "tournament = :t AND #region = :r AND #round > :one AND bracket = :b")


def test_an_item_without_one_of_the_attributes_is_not_in_the_index(ddb, played):
    ddb.update_item(TableName="matches", Key={"id": s("lower-2")}, UpdateExpression="REMOVE bracket")
    assert names_of(find(ddb, "tournament = :t AND #region = :r AND #round = :two")) == ["upper-2"]


def test_each_of_the_attributes_has_its_type(ddb, played):
    with refusal() as refused:
        ddb.put_item(TableName="matches", Item={"id": s("x"), "bracket": n(1)})
    assert "Type mismatch for Index Key bracket Expected: S Actual: N IndexName: by-keys" in refused.message


def test_partiql_finds_by_all_of_them(ddb, played):
    statement = 'SELECT id FROM "matches"."by-keys" WHERE tournament = ? AND region = ? AND "round" = ? AND bracket > ?'
    found = ddb.execute_statement(Statement=statement, Parameters=[s("winter"), s("eu"), n(1), s("lower")])
    assert names_of(found) == ["upper-1"]


def test_an_index_of_several_attributes_is_added_to_a_full_table(ddb, make_table):
    make_table("matches", ("id",))
    _put(ddb, "before", "winter", "eu", 1, "lower")
    ddb.update_table(
        TableName="matches",
        AttributeDefinitions=attributes(**TYPES),
        GlobalSecondaryIndexUpdates=[{"Create": by_keys("tournament region", "round bracket match")}],
    )
    ddb.get_waiter("table_exists").wait(TableName="matches", WaiterConfig={"Delay": 0.02})
    assert names_of(find(ddb, "tournament = :t AND #region = :r AND #round = :one")) == ["before"]


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (
            [*keys("tournament", "round"), *keys("region", "")],
            "Invalid KeySchema: All HASH key elements must come before RANGE key elements",
        ),
        (keys("", "round tournament region"), "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
        (
            keys("id tournament region bracket match", ""),
            "Invalid KeySchema: The number of HASH key elements exceeds the limit of 4",
        ),
    ],
)
def test_a_key_schema_that_cannot_be_is_refused(make_table, schema, reason):
    index = {"IndexName": "by-keys", "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}
    with refusal(message=f"One or more parameter values were invalid: {reason}"):
        make_table("matches", ("id",), TYPES, GlobalSecondaryIndexes=[index])


def test_keys_of_tables_and_local_indexes_have_one_attribute_each(make_table):
    local = {**by_keys("id", "round bracket"), "IndexName": "local"}
    with refusal() as refused:
        make_table("matches", ("id", "match"), TYPES, LocalSecondaryIndexes=[local])
    assert "Member must have length less than or equal to 2" in refused.message
