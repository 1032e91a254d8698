"""Searching: distances, filters, words, pages."""

import json

import pytest
from botocore.exceptions import ClientError

MOVIES = (
    (
        "alien",
        [1.0, 0.0],
        {"genre": ["horror", "scifi"], "year": 1979, "cult": True, "text": "In space no one can hear you scream"},
    ),
    ("up", [0.0, 1.0], {"genre": "family", "year": 2009, "text": "An old man flies his house to the falls"}),
    ("dune", [1.0, 1.0], {"genre": "scifi", "year": 2021, "text": "Spice on a desert planet in space"}),
)


@pytest.fixture
def movies(make_index, put):
    index = make_index(metric="euclidean", metadataConfiguration={"nonFilterableMetadataKeys": ["text"]})
    put(index, *MOVIES)
    return index


@pytest.fixture
def query(s3vectors):
    def query(index, values=(1.0, 0.0), top=10, **options):
        return s3vectors.query_vectors(**index, queryVector={"float32": list(values)}, topK=top, **options)

    return query


def keys(answer):
    return [vector["key"] for vector in answer["vectors"]]


def test_the_nearest_come_first(query, movies):
    found = query(movies, returnDistance=True)
    assert found["distanceMetric"] == "euclidean"
    assert [(each["key"], each["distance"]) for each in found["vectors"]] == [
        ("alien", 0),
        ("dune", 1),
        ("up", pytest.approx(2**0.5)),
    ]
    assert keys(query(movies, top=1)) == ["alien"]


def test_cosine_distance_does_not_know_lengths(query, make_index, put):
    index = make_index()
    put(index, ("same", [5, 0], {}), ("across", [0, 3], {}), ("against", [-1, 0], {}))
    found = query(index, returnDistance=True)["vectors"]
    assert [(each["key"], each["distance"]) for each in found] == [("same", 0), ("across", 1), ("against", 2)]


def test_distances_are_the_same_without_numpy(query, movies, monkeypatch):
    with_numpy = query(movies, (0.3, 0.7), returnDistance=True)["vectors"]
    monkeypatch.setattr("fogbank.services.s3vectors.distances._numpy", lambda: None)
    without = query(movies, (0.3, 0.7), returnDistance=True)["vectors"]
    assert keys({"vectors": with_numpy}) == keys({"vectors": without})
    assert [each["distance"] for each in without] == pytest.approx([each["distance"] for each in with_numpy])


def test_metadata_comes_when_it_is_asked_for(query, movies):
    assert query(movies, top=1)["vectors"] == [{"key": "alien"}]
    assert query(movies, top=1, returnMetadata=True)["vectors"][0]["metadata"] == MOVIES[0][2]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"genre": "scifi"}, ["alien", "dune"]),
        ({"genre": {"$eq": "family"}}, ["up"]),
        ({"genre": {"$ne": "scifi"}}, ["up"]),
        ({"year": {"$gt": 1979, "$lte": 2009}}, ["up"]),
        ({"year": {"$gte": 1979, "$lt": 2009}}, ["alien"]),
        ({"genre": {"$in": ["family", "horror"]}}, ["alien", "up"]),
        ({"genre": {"$nin": ["family", "horror"]}}, ["dune"]),
        ({"cult": {"$exists": True}}, ["alien"]),
        ({"cult": {"$exists": False}}, ["dune", "up"]),
        ({"cult": True}, ["alien"]),
        ({"$and": [{"genre": "scifi"}, {"year": {"$gt": 2000}}]}, ["dune"]),
        ({"$or": [{"year": 2009}, {"cult": True}]}, ["alien", "up"]),
        ({"genre": "scifi", "year": 1979}, ["alien"]),
        ({"year": {"$gt": 3000}}, []),
    ],
)
def test_filters_count(query, movies, given, expected):
    assert keys(query(movies, filter=given)) == expected


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"$and": []},
        {"$not": [{"a": 1}]},
        {"year": {"$near": 1}},
        {"year": {"$gt": "1979"}},
        {"genre": {"$in": []}},
        {"genre": ["scifi"]},
        {"cult": {"$exists": 1}},
        {"text": "space"},
    ],
)
def test_a_filter_that_is_none_is_refused(query, movies, refused, given):
    with refused("ValidationException", 400, "Invalid query filter"):
        query(movies, filter=given)


def test_a_query_fits_the_index(query, movies, refused):
    with refused("ValidationException", 400, "Query vector must have length 2, but has length 3"):
        query(movies, (1, 2, 3))
    with refused("ValidationException", 400, "topK"):
        query(movies, top=10_001)


def test_many_results_come_on_pages(s3vectors, make_index, put):
    index = make_index(dimension=1, metric="euclidean")
    put(index, *((f"k{n:03}", [float(n)], {}) for n in range(250)))
    pages = s3vectors.get_paginator("query_vectors").paginate(**index, queryVector={"float32": [0.0]}, topK=220)
    found = [keys(page) for page in pages]
    assert [len(page) for page in found] == [100, 100, 20]
    assert [key for page in found for key in page] == [f"k{n:03}" for n in range(220)]


def test_who_may_only_query_sees_no_metadata(aws, query, movies, refused):
    iam, sts = aws("iam"), aws("sts")
    trust = {"Effect": "Allow", "Principal": {"AWS": aws.account}, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName="searcher", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": "s3vectors:QueryVectors", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName="searcher", PolicyName="p", PolicyDocument=policy)
    issued = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    import boto3

    client = boto3.client(
        "s3vectors",
        endpoint_url=aws.endpoint,
        region_name="us-east-1",
        aws_access_key_id=issued["AccessKeyId"],
        aws_secret_access_key=issued["SecretAccessKey"],
        aws_session_token=issued["SessionToken"],
    )
    asked = {**movies, "queryVector": {"float32": [1, 0]}, "topK": 1}
    assert keys(client.query_vectors(**asked)) == ["alien"]
    for option in ({"returnMetadata": True}, {"filter": {"year": 1979}}):
        with pytest.raises(ClientError, match="AccessDenied"):
            client.query_vectors(**asked, **option)


# -- words


@pytest.fixture
def searchable(s3vectors, make_index, put, clock):
    clock.advance(days=400)  # enhanced indexes, whatever the day is
    index = make_index(
        "words",
        metric="euclidean",
        metadataConfiguration={
            "nonFilterableMetadataKeys": ["text"],
            "textSearchConfigurations": [{"metadataKey": "text", "language": "en"}],
        },
    )
    put(index, *MOVIES)
    return index


@pytest.fixture(autouse=True)
def _enhanced(s3vectors, bucket):
    s3vectors.put_vector_bucket_default_index_mode(vectorBucketName=bucket, defaultIndexMode="ENHANCED")


def test_rare_words_count_more(s3vectors, searchable):
    texts = [{"text": "desert SPACE", "metadataKey": "text"}]
    found = s3vectors.query_vectors(**searchable, queryTexts=texts, topK=5, returnScores=True)["vectors"]
    assert [each["key"] for each in found] == ["dune", "alien"]
    scores = [each["scores"]["bm25Scores"][0]["score"] for each in found]
    assert scores[0] > scores[1] > 0


def test_both_rankings_are_fused(s3vectors, searchable):
    texts = [{"text": "house falls", "metadataKey": "text"}]
    found = s3vectors.query_vectors(
        **searchable, queryVector={"float32": [1, 0]}, queryTexts=texts, topK=5, returnScores=True
    )["vectors"]
    assert [each["key"] for each in found] == ["up", "alien", "dune"]
    assert found[0]["scores"]["fused"] == pytest.approx(1 / 61 + 1 / 63)
    assert "bm25Scores" not in found[1]["scores"] or not found[1]["scores"]["bm25Scores"]
    assert found[1]["scores"]["vectorDistance"] == 0


def test_a_key_is_searchable_once_it_is_built(s3vectors, searchable, clock, refused):
    add = {"textSearchConfigurations": [{"metadataKey": "genre"}]}
    s3vectors.update_metadata_configuration(**searchable, add=add)
    texts = [{"text": "family", "metadataKey": "genre"}]
    clock.advance(seconds=1)
    assert keys(s3vectors.query_vectors(**searchable, queryTexts=texts, topK=5)) == ["up"]
    configured = s3vectors.get_index(**searchable)["index"]["metadataConfiguration"]["textSearchConfigurations"]
    assert {each["metadataKey"]: each["status"] for each in configured} == {"text": "ACTIVE", "genre": "ACTIVE"}
    with refused("ConflictException", 409):
        s3vectors.update_metadata_configuration(**searchable, add=add)
    s3vectors.update_metadata_configuration(**searchable, delete=add)
    with refused("ValidationException", 400, "not configured for text search"):
        s3vectors.query_vectors(**searchable, queryTexts=texts, topK=5)


def test_modes_change_one_way(s3vectors, searchable, refused):
    with refused("ValidationException", 400):
        s3vectors.update_index_mode(**searchable, indexMode="CLASSIC")
    with refused("ValidationException", 400, "CLASSIC"):
        s3vectors.query_vectors(**searchable, queryVector={"float32": [1, 0]}, topK=1, queryMode="CLASSIC")
