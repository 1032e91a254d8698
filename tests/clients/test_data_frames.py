"""Parquet by way of S3: pyarrow, pandas, Polars, DuckDB."""

import pytest


@pytest.fixture
def arrow(aws):
    fs = pytest.importorskip("pyarrow.fs", reason="pip install pyarrow")
    return fs.S3FileSystem(
        access_key=aws.account,
        secret_key="test",
        endpoint_override=aws.endpoint.removeprefix("http://"),
        scheme="http",
        region="us-east-1",
        allow_bucket_creation=True,
    )


@pytest.fixture
def storage_options(aws):
    return {
        "aws_access_key_id": aws.account,
        "aws_secret_access_key": "test",
        "aws_region": "us-east-1",
        "aws_endpoint_url": aws.endpoint,
        "aws_allow_http": "true",
    }


def test_pyarrow_is_a_file_system(arrow, bucket):
    from pyarrow import fs

    with arrow.open_output_stream(f"{bucket}/dir/large") as stream:
        for _ in range(3):
            stream.write(b"x" * 5 * 2**20)
    with arrow.open_input_file(f"{bucket}/dir/large") as file:
        assert file.size() == 15 * 2**20
        assert file.read_at(3, 15 * 2**20 - 3) == b"xxx"
    arrow.copy_file(f"{bucket}/dir/large", f"{bucket}/dir/copy")
    found = arrow.get_file_info(fs.FileSelector(f"{bucket}/dir", recursive=True))
    assert sorted(each.base_name for each in found) == ["copy", "large"]
    arrow.delete_dir(f"{bucket}/dir")
    assert arrow.get_file_info(f"{bucket}/dir/large").type == fs.FileType.NotFound


def test_pyarrow_reads_partitions_of_a_data_set(arrow, bucket):
    import pyarrow as pa
    from pyarrow import dataset

    rows = pa.table({"year": [2023, 2024, 2024], "amount": [1, 2, 3]})
    dataset.write_dataset(rows, f"{bucket}/sales", format="parquet", partitioning=["year"], filesystem=arrow)
    found = dataset.dataset(f"{bucket}/sales", format="parquet", partitioning=["year"], filesystem=arrow)
    assert sorted(found.to_table(filter=dataset.field("year") == 2024)["amount"].to_pylist()) == [2, 3]


def test_pandas_writes_and_reads_parquet(arrow, bucket):
    pandas = pytest.importorskip("pandas", reason="pip install pandas")
    rows = pandas.DataFrame({"id": range(1000), "name": [f"n{n}" for n in range(1000)]})
    rows.to_parquet(f"{bucket}/rows.parquet", filesystem=arrow)
    found = pandas.read_parquet(f"{bucket}/rows.parquet", filesystem=arrow, columns=["name"])
    assert found["name"].iloc[-1] == "n999"


def test_polars_scans_what_it_wrote(bucket, storage_options):
    polars = pytest.importorskip("polars", reason="pip install polars")
    rows = polars.DataFrame({"id": range(1000), "half": [n / 2 for n in range(1000)]})
    for number in range(2):
        rows.write_parquet(f"s3://{bucket}/rows/{number}.parquet", storage_options=storage_options)
    found = polars.scan_parquet(f"s3://{bucket}/rows/*.parquet", storage_options=storage_options)
    assert found.filter(polars.col("id") >= 998).select(polars.col("half").sum()).collect().item() == 1997.0


def test_duckdb_reads_and_writes_by_httpfs(python_with, bucket, aws):
    python_with(
        "duckdb_extension_httpfs",
        f"""
        import duckdb, duckdb_extension_httpfs, pathlib
        [extension] = pathlib.Path(duckdb_extension_httpfs.__file__).parent.rglob("httpfs.duckdb_extension")
        database = duckdb.connect(config={{"allow_unsigned_extensions": True}})
        database.execute(f"INSTALL '{{extension}}'")
        database.execute("LOAD httpfs")
        database.execute('''CREATE SECRET (TYPE s3, KEY_ID '{aws.account}', SECRET 'test', REGION 'us-east-1',
            ENDPOINT '{aws.endpoint.removeprefix("http://")}', URL_STYLE 'path', USE_SSL false)''')
        database.execute("COPY (SELECT i, i % 3 AS k FROM range(1000) t(i)) TO 's3://{bucket}/t' (FORMAT parquet, PARTITION_BY k)")
        [(count,)] = database.execute("SELECT count(*) FROM 's3://{bucket}/t/**/*.parquet' WHERE k = 1").fetchall()
        assert count == 333
        """,
    )
