"""Vector indexes and SearchVectors."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.services.dynamodb import vectors
from tests.services.dynamodb.helpers import refusal, s

EXAMPLES = {"east": (1, 0), "north": (0, 1), "north-east": (3, 3), "west": (-1, 0)}


def vector(*numbers):
    return [{"N": str(number)} for number in numbers]


def vector_index(name="near", dimensions=2, function="COSINE", schema=(), projection="ALL", **more):
    described = {"ProjectionType": projection}
    if isinstance(projection, list):
        described = {"ProjectionType": "INCLUDE", "NonKeyAttributes": projection}
    definition = {
        "IndexName": name,
        "VectorAttribute": {"AttributeName": "v"},
        "Dimensions": dimensions,
        "DistanceFunction": function,
        "Projection": described,
        **more,
    }
    if schema:
        definition["SearchSchema"] = [{"AttributeName": name, "SearchSchemaElementType": kind} for name, kind in schema]
    return definition


def put(ddb, pk, numbers, **more):
    ddb.put_item(TableName="things", Item={"pk": s(pk), "v": {"L": vector(*numbers)}, **more})


def search(ddb, *numbers, top=10, **more):
    answer = ddb.search_vectors(
        TableName="things", **{"IndexName": "near", "SearchVector": vector(*numbers), "TopK": top, **more}
    )
    return [(each["Item"]["pk"]["S"], round(each["Score"], 3)) for each in answer["SearchResults"]]


def names(*args, **more):
    return [name for name, _ in search(*args, **more)]


def described(ddb):
    return ddb.describe_table(TableName="things")["Table"]


def fill(ddb):
    for name, numbers in EXAMPLES.items():
        put(ddb, name, numbers)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("COSINE", [("east", 0.0), ("north-east", 0.293), ("north", 1.0), ("west", 2.0)]),
        ("EUCLIDEAN", [("east", 0.0), ("north", 1.414), ("west", 2.0), ("north-east", 3.606)]),
        ("DOT_PRODUCT", [("north-east", 3.0), ("east", 1.0), ("north", 0.0), ("west", -1.0)]),
    ],
)
def test_the_nearest_come_first(ddb, make_table, function, expected):
    make_table(VectorIndexes=[vector_index(function=function)])
    fill(ddb)
    assert search(ddb, 1, 0) == expected
    assert search(ddb, 1, 0, top=1) == expected[:1]


def test_what_is_written_later_is_found_and_what_is_deleted_is_not(ddb, make_table):
    make_table(VectorIndexes=[vector_index()])
    fill(ddb)
    put(ddb, "west", (5, 0))
    ddb.delete_item(TableName="things", Key={"pk": s("north")})
    ddb.update_item(TableName="things", Key={"pk": s("east")}, UpdateExpression="REMOVE v")
    assert names(ddb, 1, 0) == ["west", "north-east"]


def test_items_without_a_fitting_vector_are_not_in_the_index(ddb, make_table):
    make_table(VectorIndexes=[vector_index()])
    put(ddb, "short", (1,))
    put(ddb, "long", (1, 2, 3))
    put(ddb, "huge", ("1e99", 1))
    ddb.put_item(TableName="things", Item={"pk": s("text"), "v": s("1,2")})
    ddb.put_item(TableName="things", Item={"pk": s("words"), "v": {"L": [s("a"), s("b")]}})
    ddb.put_item(TableName="things", Item={"pk": s("none")})
    assert names(ddb, 1, 0) == []
    assert ddb.scan(TableName="things")["Count"] == 6


def test_a_search_is_of_one_partition_and_may_be_filtered(ddb, make_table):
    make_table(
        VectorIndexes=[vector_index(schema=[("kind", "HASH"), ("color", "INLINE_FILTER")])],
        types={"pk": "S", "kind": "S", "color": "S"},
    )
    put(ddb, "a", (1, 0), kind=s("cat"), color=s("red"))
    put(ddb, "b", (1, 1), kind=s("cat"), color=s("blue"))
    put(ddb, "c", (1, 0), kind=s("dog"), color=s("red"))
    put(ddb, "d", (1, 0), color=s("red"))
    values = {":kind": s("cat")}
    condition = {"SearchConditionExpression": "kind = :kind", "ExpressionAttributeValues": values}
    assert names(ddb, 1, 0, **condition) == ["a", "b"]
    condition["SearchConditionExpression"] += " AND color = :color"
    values[":color"] = s("blue")
    assert names(ddb, 1, 0, **condition) == ["b"]
    with refusal(message="SearchConditionExpression must be provided when SearchSchema has a HASH key"):
        search(ddb, 1, 0)
    with refusal(message="Invalid comparator used in SearchConditionExpression"):
        search(ddb, 1, 0, SearchConditionExpression="kind > :k", ExpressionAttributeValues={":k": s("cat")})
    with refusal():
        search(ddb, 1, 0, SearchConditionExpression="kind = :k", ExpressionAttributeValues={":k": {"N": "1"}})
    with refusal():
        search(
            ddb,
            1,
            0,
            SearchConditionExpression="kind = :k AND pk = :k",
            ExpressionAttributeValues={":k": s("cat")},
        )


def test_an_index_has_what_it_projects(ddb, make_table):
    make_table(VectorIndexes=[vector_index(projection=["name"])])
    put(ddb, "a", (1, 0), name=s("n"), other=s("o"))
    request = {"TableName": "things", "IndexName": "near", "SearchVector": vector(1, 0), "TopK": 1}
    item = ddb.search_vectors(**request)["SearchResults"][0]["Item"]
    assert set(item) == {"pk", "v", "name"}
    item = ddb.search_vectors(**request, ProjectionExpression="pk")["SearchResults"][0]["Item"]
    assert item == {"pk": s("a")}
    consumed = ddb.search_vectors(**request, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    assert consumed["VectorSearchRequestBytes"] > 0


def test_an_index_is_described(ddb, make_table):
    make_table(VectorIndexes=[vector_index(schema=[("kind", "HASH")])], types={"pk": "S", "kind": "S"})
    put(ddb, "a", (1, 0), kind=s("k"))
    shown = described(ddb)["VectorIndexes"][0]
    assert shown.pop("IndexArn").endswith(":table/things/index/near")
    assert shown.pop("IndexSizeBytes") > 0
    expected = vector_index(schema=[("kind", "HASH")]) | {"IndexStatus": "ACTIVE", "ItemCount": 1}
    assert shown == expected


def test_an_index_is_added_filled_and_removed(ddb, table, clock):
    for number in range(230):
        put(ddb, str(number), (math.cos(number / 100), math.sin(number / 100)))
    answer = ddb.update_table(TableName=table, VectorIndexUpdates=[{"Create": vector_index()}])
    shown = answer["TableDescription"]["VectorIndexes"][0]
    assert (shown["IndexStatus"], shown["Backfilling"]) == ("CREATING", True)
    clock.advance(seconds=1)
    shown = described(ddb)["VectorIndexes"][0]
    assert (shown["IndexStatus"], shown["ItemCount"]) == ("ACTIVE", 230)
    assert "Backfilling" not in shown and described(ddb)["TableStatus"] == "ACTIVE"
    assert names(ddb, 1, 0, top=3) == ["0", "1", "2"]
    ddb.update_table(TableName=table, VectorIndexUpdates=[{"Delete": {"IndexName": "near"}}])
    clock.advance(seconds=1)
    assert "VectorIndexes" not in described(ddb) and described(ddb)["TableStatus"] == "ACTIVE"
    with refusal():
        search(ddb, 1, 0)


def test_a_restored_table_has_the_index(ddb, make_table, clock):
    make_table(VectorIndexes=[vector_index()])
    fill(ddb)
    arn = ddb.create_backup(TableName="things", BackupName="last")["BackupDetails"]["BackupArn"]
    clock.advance(seconds=1)
    ddb.restore_table_from_backup(TargetTableName="again", BackupArn=arn)
    clock.advance(seconds=1)
    found = ddb.search_vectors(TableName="again", IndexName="near", SearchVector=vector(1, 0), TopK=1)
    assert found["SearchResults"][0]["Item"]["pk"] == s("east")


def test_a_replica_has_the_index(aws, ddb, make_table, clock):
    make_table(VectorIndexes=[vector_index()])
    fill(ddb)
    ddb.update_table(TableName="things", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    clock.advance(seconds=1)
    there = aws("dynamodb", region="eu-west-1")
    assert names(there, 1, 0, top=1) == ["east"]
    ddb.update_table(TableName="things", VectorIndexUpdates=[{"Delete": {"IndexName": "near"}}])
    clock.advance(seconds=1)
    assert "VectorIndexes" not in described(there)


def test_a_new_index_is_filled_in_every_replica(aws, ddb, table, clock):
    fill(ddb)
    ddb.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])
    clock.advance(seconds=1)
    there = aws("dynamodb", region="eu-west-1")
    there.update_table(TableName=table, VectorIndexUpdates=[{"Create": vector_index()}])
    clock.advance(seconds=1)
    put(there, "south", (0, -1))
    clock.advance(seconds=1)
    for replica in (ddb, there):
        assert names(replica, 0, -1, top=1) == ["south"] and described(replica)["TableStatus"] == "ACTIVE"


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"TopK": 101}, "Provided TopK value is out of valid range"),
        ({"SearchVector": vector(1, 2, 3)}, None),
        ({"SearchVector": [s("a"), s("b")]}, None),
        ({"IndexName": "nothing"}, "The table does not have the specified index: nothing"),
    ],
)
def test_a_search_that_does_not_fit_is_refused(ddb, make_table, request_, message):
    make_table(VectorIndexes=[vector_index()])
    with refusal(message=message):
        search(ddb, 1, 0, **request_)


@pytest.mark.parametrize(
    "definitions",
    [
        [vector_index(schema=[("nowhere", "HASH")])],
        [vector_index(dimensions=4097)],
        [vector_index(), vector_index()],
        [vector_index(), vector_index("other", dimensions=3)],
    ],
)
def test_a_definition_that_cannot_be_is_refused(make_table, definitions):
    with refusal():
        make_table(VectorIndexes=definitions)


def test_vector_indexes_are_for_tables_on_demand(ddb, make_table):
    capacity = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    with refusal():
        make_table(BillingMode="PROVISIONED", ProvisionedThroughput=capacity, VectorIndexes=[vector_index()])
    make_table(VectorIndexes=[vector_index()])
    with refusal():
        ddb.update_table(TableName="things", BillingMode="PROVISIONED", ProvisionedThroughput=capacity)


def test_a_search_is_asked_about_at_its_index(aws, ddb, make_table):
    make_table(VectorIndexes=[vector_index()])
    iam = aws("iam")
    iam.create_user(UserName="u")
    statement = (
        '{"Effect": "Allow", "Action": "dynamodb:SearchVectors", "Resource": "arn:aws:dynamodb:*:*:table/things"}'
    )
    document = f'{{"Version": "2012-10-17", "Statement": [{statement}]}}'
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
    user = aws("dynamodb", credentials=iam.create_access_key(UserName="u")["AccessKey"])
    with refusal("AccessDeniedException"):
        search(user, 1, 0)
    document = document.replace("table/things", "table/things/index/near")
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
    assert search(user, 1, 0) == []


@given(st.lists(st.tuples(st.floats(-1e3, 1e3, width=32), st.floats(-1e3, 1e3, width=32)), min_size=1, max_size=8))
def test_a_vector_is_nearest_to_itself(pairs):
    one = vectors.array("f", [first for first, _ in pairs])
    other = vectors.array("f", [second for _, second in pairs])
    own, foreign = (vectors.score(vectors.EUCLIDEAN, one, each) for each in (one, other))
    assert own == 0 <= foreign
    assert vectors.score(vectors.EUCLIDEAN, one, other) == vectors.score(vectors.EUCLIDEAN, other, one)
    assert -1e-6 <= vectors.score(vectors.COSINE, one, other) <= 2 + 1e-6
