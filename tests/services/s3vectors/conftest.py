"""Vector buckets, indexes and refusals, as the tests of S3 Vectors use them."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def s3vectors(aws):
    return aws("s3vectors")


@pytest.fixture
def bucket(s3vectors):
    s3vectors.create_vector_bucket(vectorBucketName="media")
    return "media"


@pytest.fixture
def make_index(s3vectors, bucket):
    """Creates an index and gives the members that name it."""

    def make(name="movies", dimension=2, metric="cosine", **options):
        s3vectors.create_index(
            vectorBucketName=bucket,
            indexName=name,
            dataType="float32",
            dimension=dimension,
            distanceMetric=metric,
            **options,
        )
        return {"vectorBucketName": bucket, "indexName": name}

    return make


@pytest.fixture
def index(make_index):
    return make_index()


@pytest.fixture
def put(s3vectors):
    """Puts vectors given as (key, values, metadata)."""

    def put(index, *given):
        vectors = [{"key": key, "data": {"float32": values}, "metadata": metadata} for key, values, metadata in given]
        s3vectors.put_vectors(**index, vectors=vectors)

    return put


@pytest.fixture
def refused():
    @contextmanager
    def refused(code, status, words=""):
        with pytest.raises(ClientError) as caught:
            yield caught
        response = caught.value.response
        assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
        assert words in response["Error"]["Message"]

    return refused
