"""Indexes and the vectors in them."""

import pytest


def keys(answer):
    return [vector["key"] for vector in answer["vectors"]]


def test_an_index_is_described(s3vectors, aws, make_index):
    index = make_index(metadataConfiguration={"nonFilterableMetadataKeys": ["text"]}, tags={"a": "1"})
    found = s3vectors.get_index(**index)["index"]
    assert found["indexArn"] == f"arn:aws:s3vectors:us-east-1:{aws.account}:bucket/media/index/movies"
    assert (found["dataType"], found["dimension"], found["distanceMetric"]) == ("float32", 2, "cosine")
    assert found["metadataConfiguration"] == {"nonFilterableMetadataKeys": ["text"]}
    assert s3vectors.get_index(indexArn=found["indexArn"])["index"] == found
    assert s3vectors.list_tags_for_resource(resourceArn=found["indexArn"])["tags"] == {"a": "1"}


def test_an_index_name_is_taken_once_per_bucket(index, make_index, refused):
    with refused("ConflictException", 409, "already exists"):
        make_index()


def test_indexes_are_listed_page_by_page(s3vectors, make_index, bucket):
    for name in ("aaa", "bbb", "ccc"):
        make_index(name)
    pages = s3vectors.get_paginator("list_indexes").paginate(vectorBucketName=bucket, PaginationConfig={"PageSize": 2})
    assert [[each["indexName"] for each in page["indexes"]] for page in pages] == [["aaa", "bbb"], ["ccc"]]


def test_what_is_missing_is_named(s3vectors, bucket, refused):
    with refused("NotFoundException", 404, "index could not be found"):
        s3vectors.get_index(vectorBucketName=bucket, indexName="none")
    with refused("NotFoundException", 404, "bucket could not be found"):
        s3vectors.get_index(vectorBucketName="none", indexName="none")


def test_a_deleted_index_leaves_nothing_to_one_of_its_name(s3vectors, index, make_index, put):
    put(index, ("a", [1, 2], {}))
    s3vectors.delete_index(**index)
    make_index()
    assert s3vectors.list_vectors(**index)["vectors"] == []


def test_vectors_come_back_as_32_bit_floats(s3vectors, index, put):
    put(index, ("a", [0.1, 2], {"genre": "drama"}), ("b", [1, 1], None))
    found = s3vectors.get_vectors(**index, keys=["b", "a", "none", "a"], returnData=True, returnMetadata=True)[
        "vectors"
    ]
    assert [vector["key"] for vector in found] == ["b", "a"]
    assert found[1]["data"]["float32"] == [pytest.approx(0.1, abs=1e-7), 2]
    assert (found[1]["metadata"], found[0]["metadata"]) == ({"genre": "drama"}, {})
    assert s3vectors.get_vectors(**index, keys=["a"])["vectors"] == [{"key": "a"}]


def test_putting_a_key_again_replaces_its_vector(s3vectors, index, put):
    put(index, ("a", [1, 2], {"x": 1}))
    put(index, ("a", [3, 4], None))
    [found] = s3vectors.get_vectors(**index, keys=["a"], returnData=True, returnMetadata=True)["vectors"]
    assert (found["data"]["float32"], found["metadata"]) == ([3, 4], {})


@pytest.mark.parametrize(
    ("values", "metadata", "words"),
    [
        ([1, 2, 3], {}, "vector must have length 2, but has length 3"),
        ([0, 0], {}, "zero vectors"),
        ([1e300, 1], {}, "NaN or Infinity"),
        ([1, 2], {"x": "y" * 2048}, "Filterable metadata must have at most 2048 bytes"),
        ([1, 2], {"text": "y" * 41_000}, "Total metadata must have at most 40960 bytes"),
        ([1, 2], {"x": {"y": 1}}, "must be a string, number, boolean"),
        ([1, 2], {str(n): n for n in range(51)}, "at most 50 keys"),
    ],
)
def test_one_wrong_vector_keeps_all_out(s3vectors, make_index, put, refused, values, metadata, words):
    index = make_index(metadataConfiguration={"nonFilterableMetadataKeys": ["text"]})
    with refused("ValidationException", 400, words) as caught:
        put(index, ("good", [1, 1], {}), ("bad", values, metadata))
    assert "Invalid record for key 'bad'" in caught.value.response["Error"]["Message"]
    assert s3vectors.list_vectors(**index)["vectors"] == []


def test_deleted_vectors_are_gone(s3vectors, index, put):
    put(index, ("a", [1, 2], {}), ("b", [1, 2], {}))
    s3vectors.delete_vectors(**index, keys=["a", "none"])
    assert keys(s3vectors.list_vectors(**index)) == ["b"]


def test_vectors_are_listed_page_by_page(s3vectors, index, put):
    put(index, *((f"k{n}", [1, n], {"n": n}) for n in range(5)))
    pages = s3vectors.get_paginator("list_vectors").paginate(
        **index, returnMetadata=True, PaginationConfig={"PageSize": 2}
    )
    assert [[vector["metadata"]["n"] for vector in page["vectors"]] for page in pages] == [[0, 1], [2, 3], [4]]


def test_segments_have_each_vector_once(s3vectors, index, put, refused):
    put(index, *((f"k{n}", [1, n], {}) for n in range(50)))
    found = [keys(s3vectors.list_vectors(**index, segmentCount=4, segmentIndex=number)) for number in range(4)]
    assert all(found)
    assert sorted(key for segment in found for key in segment) == sorted(f"k{n}" for n in range(50))
    with refused("ValidationException", 400, "segmentIndex"):
        s3vectors.list_vectors(**index, segmentCount=2, segmentIndex=2)
    with refused("ValidationException", 400, "together"):
        s3vectors.list_vectors(**index, segmentCount=2)


def test_a_page_has_about_a_mebibyte(s3vectors, make_index, put):
    index = make_index(dimension=4096)
    for start in (0, 50):
        put(index, *((f"k{n}", [1.0] * 4096, {}) for n in range(start, start + 50)))
    first = s3vectors.list_vectors(**index, returnData=True)
    assert 60 < len(first["vectors"]) < 70
    assert len(s3vectors.list_vectors(**index)["vectors"]) == 100
