"""Table buckets, tables and refusals, as the tests of S3 Tables use them."""

from __future__ import annotations

import itertools
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

_numbers = itertools.count()

SCHEMA = {
    "iceberg": {
        "schema": {"fields": [{"name": "id", "type": "long", "required": True}, {"name": "name", "type": "string"}]}
    }
}


@pytest.fixture
def s3tables(aws):
    return aws("s3tables")


@pytest.fixture
def bucket(s3tables):
    """The ARN of a table bucket."""
    return s3tables.create_table_bucket(name=f"lake-{next(_numbers)}")["arn"]


@pytest.fixture
def namespace(s3tables, bucket):
    s3tables.create_namespace(tableBucketARN=bucket, namespace=["sales"])
    return {"tableBucketARN": bucket, "namespace": "sales"}


@pytest.fixture
def make_table(s3tables, namespace):
    """Creates a table and gives the members that name it."""

    def make(name="orders", **options):
        s3tables.create_table(**namespace, name=name, format="ICEBERG", **options)
        return {**namespace, "name": name}

    return make


@pytest.fixture
def table(make_table):
    return make_table(metadata=SCHEMA)


@pytest.fixture
def open_catalog(aws, monkeypatch):
    """Opens a table bucket with PyIceberg, given its ARN."""
    rest = pytest.importorskip("pyiceberg.catalog", reason="pip install pyiceberg to test with it")
    for name, value in (("ACCESS_KEY_ID", aws.account), ("SECRET_ACCESS_KEY", "test"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)

    def load(bucket):
        properties = {
            "type": "rest",
            "warehouse": bucket,
            "uri": f"{aws.endpoint}/iceberg",
            "rest.sigv4-enabled": "true",
            "rest.signing-name": "s3tables",
            "rest.signing-region": bucket.split(":")[3],
        }
        return rest.load_catalog("lake", **properties)

    return load


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
