"""Commits that rely on conditional writes: Delta Lake on an ordinary bucket. (PyIceberg: tests/services/s3tables/test_catalog.py.)"""

import pytest


@pytest.fixture
def options(aws):
    return {
        "AWS_ACCESS_KEY_ID": aws.account,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_ALLOW_HTTP": "true",
        "conditional_put": "etag",
    }


@pytest.fixture
def delta():
    pytest.importorskip("pyarrow", reason="pip install pyarrow to hand rows to Delta Lake")
    return pytest.importorskip("deltalake", reason="pip install deltalake")


def test_delta_lake_appends_overwrites_and_travels_in_time(delta, bucket, options):
    import pyarrow as pa

    uri = f"s3://{bucket}/orders"
    delta.write_deltalake(uri, pa.table({"id": [1, 2]}), storage_options=options)
    delta.write_deltalake(uri, pa.table({"id": [3]}), mode="append", storage_options=options)
    delta.write_deltalake(uri, pa.table({"id": [9]}), mode="overwrite", storage_options=options)

    def ids(version=None):
        table = delta.DeltaTable(uri, version=version, storage_options=options)
        return sorted(pa.table(table.to_pyarrow_table())["id"].to_pylist())

    assert (ids(0), ids(1), ids()) == ([1, 2], [1, 2, 3], [9])


def test_two_writers_of_delta_lake_lose_nothing(delta, bucket, options):
    import pyarrow as pa

    uri = f"s3://{bucket}/orders"
    delta.write_deltalake(uri, pa.table({"id": [0]}), storage_options=options)
    writers = [delta.DeltaTable(uri, storage_options=options) for _ in range(2)]
    for number, writer in enumerate(writers, 1):  # the second does not know of the first's commit
        delta.write_deltalake(writer, pa.table({"id": [number]}), mode="append")
    table = delta.DeltaTable(uri, storage_options=options)
    assert table.version() == 2
    assert sorted(table.to_pyarrow_table()["id"].to_pylist()) == [0, 1, 2]
