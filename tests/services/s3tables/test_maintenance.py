"""What happens to tables over the days: snapshots expire, files that nothing names are removed."""

import pytest

DAYS = 86400


@pytest.fixture
def written(open_catalog, namespace):
    """A table that was written twice, with PyIceberg."""
    pa = pytest.importorskip("pyarrow", reason="pip install pyarrow to write Iceberg tables")
    rows = pa.table({"id": [1, 2, 3]})
    table = open_catalog(namespace["tableBucketARN"]).create_table("sales.orders", schema=rows.schema)
    table.append(rows)
    table.overwrite(rows)
    return table


@pytest.fixture
def status(s3tables, namespace):
    def status(kind):
        found = s3tables.get_table_maintenance_job_status(**namespace, name="orders")["status"]
        return found[kind]["status"]

    return status


def test_snapshots_expire_after_five_days(written, clock, status):
    assert len(written.snapshots()) == 3
    clock.advance(seconds=4 * DAYS)
    assert len(written.refresh().snapshots()) == 3
    clock.advance(seconds=2.1 * DAYS)
    assert len(written.refresh().snapshots()) == 1
    assert written.scan().to_arrow().num_rows == 3
    assert (status("icebergSnapshotManagement"), status("icebergCompaction")) == ("Successful", "Not_Yet_Run")


def test_snapshots_stay_where_their_management_is_disabled(s3tables, namespace, written, clock, status):
    kind = "icebergSnapshotManagement"
    s3tables.put_table_maintenance_configuration(**namespace, name="orders", type=kind, value={"status": "disabled"})
    clock.advance(seconds=7 * DAYS)
    assert len(written.refresh().snapshots()) == 3
    assert status(kind) == "Disabled"


def test_what_a_tag_names_does_not_expire(written, clock):
    first = written.snapshots()[0].snapshot_id
    written.manage_snapshots().create_tag(first, "first").commit()
    clock.advance(seconds=7 * DAYS)
    assert first in {snapshot.snapshot_id for snapshot in written.refresh().snapshots()}


def test_files_go_that_no_snapshot_names(aws, written, clock, status):
    s3, bucket = aws("s3"), written.location().removeprefix("s3://")
    s3.put_object(Bucket=bucket, Key="data/nobody-knows-me", Body=b"x")
    first = written.scan(snapshot_id=written.snapshots()[0].snapshot_id).plan_files()
    overwritten = [task.file.file_path.rpartition("/")[2] for task in first]

    def names():
        return {entry["Key"].rpartition("/")[2] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]}

    clock.advance(seconds=12 * DAYS)
    assert {"nobody-knows-me", *overwritten} <= names()
    clock.advance(seconds=7 * DAYS)
    assert names().isdisjoint({"nobody-knows-me", *overwritten})
    assert written.refresh().scan().to_arrow().num_rows == 3
    assert status("icebergUnreferencedFileRemoval") == "Successful"
