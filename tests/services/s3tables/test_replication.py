"""Replicas of tables, in other buckets and regions."""

import json

import pytest


@pytest.fixture
def role(aws):
    """The ARN of a role that may replicate."""
    iam = aws("iam")
    trusted = {
        "Effect": "Allow",
        "Principal": {"Service": "replication.s3tables.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    allowed = {"Effect": "Allow", "Action": "s3tables:*", "Resource": "*"}
    arn = iam.create_role(RoleName="replicates", AssumeRolePolicyDocument=document(trusted))["Role"]["Arn"]
    iam.put_role_policy(RoleName="replicates", PolicyName="p", PolicyDocument=document(allowed))
    return arn


def document(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def to(role, *buckets):
    destinations = [{"destinationTableBucketARN": bucket} for bucket in buckets]
    return {"role": role, "rules": [{"destinations": destinations}]}


@pytest.fixture
def far(aws):
    return aws("s3tables", region="eu-west-1")


@pytest.fixture
def replica_bucket(far):
    """The ARN of a table bucket in another region."""
    return far.create_table_bucket(name="replicas")["arn"]


@pytest.fixture
def status(s3tables, clock):
    """How replicating a table is going, once there is nothing left to do."""

    def status(table):
        clock.advance(seconds=1)
        arn = s3tables.get_table(**table)["tableARN"]
        return s3tables.get_table_replication_status(tableArn=arn)["destinations"]

    return status


def test_a_replica_has_the_snapshots_of_its_source(
    s3tables, far, bucket, namespace, replica_bucket, role, status, open_catalog
):
    pa = pytest.importorskip("pyarrow", reason="pip install pyarrow to write Iceberg tables")
    first = pa.table({"id": [1, 2, 3], "name": ["a", "b", None]})
    table = open_catalog(bucket).create_table("sales.orders", schema=first.schema)
    table.append(first)
    s3tables.put_table_bucket_replication(tableBucketARN=bucket, configuration=to(role, replica_bucket))
    status({**namespace, "name": "orders"})
    table.append(pa.table({"id": [4], "name": ["d"]}))
    table.delete("id = 1")
    [destination] = status({**namespace, "name": "orders"})
    assert (destination["replicationStatus"], destination.get("failureMessage")) == ("completed", None)
    copied = open_catalog(replica_bucket).load_table("sales.orders")
    assert copied.metadata.table_uuid == table.metadata.table_uuid
    assert sorted(copied.scan().to_arrow()["id"].to_pylist()) == [2, 3, 4]
    assert copied.scan(snapshot_id=copied.snapshots()[0].snapshot_id).to_arrow().num_rows == 3
    warehouse = far.get_table(tableArn=destination["destinationTableArn"])["warehouseLocation"]
    assert all(task.file.file_path.startswith(warehouse) for task in copied.scan().plan_files())


def test_a_replica_says_so_and_is_not_written(s3tables, far, table, replica_bucket, role, status, refused):
    arn = s3tables.get_table(**table)["tableARN"]
    s3tables.put_table_replication(tableArn=arn, configuration=to(role, replica_bucket))
    [destination] = status(table)
    replica = far.get_table(tableArn=destination["destinationTableArn"])
    assert replica["managedTableInformation"] == {"replicationInformation": {"sourceTableARN": arn}}
    assert replica["managedByService"] == "replication.s3tables.amazonaws.com"
    named = {"tableBucketARN": replica_bucket, "namespace": "sales", "name": "orders"}
    location = replica["metadataLocation"]
    with refused("BadRequestException", 400, "replica"):
        far.update_table_metadata_location(**named, versionToken=replica["versionToken"], metadataLocation=location)


def test_a_table_of_the_same_name_is_not_replaced(s3tables, table, replica_bucket, far, role, status):
    far.create_namespace(tableBucketARN=replica_bucket, namespace=["sales"])
    far.create_table(tableBucketARN=replica_bucket, namespace="sales", name="orders", format="ICEBERG")
    arn = s3tables.get_table(**table)["tableARN"]
    s3tables.put_table_replication(tableArn=arn, configuration=to(role, replica_bucket))
    [destination] = status(table)
    assert destination["replicationStatus"] == "failed"
    assert "identical name" in destination["failureMessage"]


def test_the_role_decides(aws, s3tables, table, replica_bucket, role, status):
    iam = aws("iam")
    allowed = {"Effect": "Allow", "Action": ["s3tables:Get*", "s3tables:CreateNamespace"], "Resource": "*"}
    iam.put_role_policy(RoleName="replicates", PolicyName="p", PolicyDocument=document(allowed))
    arn = s3tables.get_table(**table)["tableARN"]
    s3tables.put_table_replication(tableArn=arn, configuration=to(role, replica_bucket))
    [destination] = status(table)
    assert destination["replicationStatus"] == "failed"
    assert "s3tables:CreateTable" in destination["failureMessage"]


def test_other_accounts_let_the_role_in(aws, s3tables, table, role, status):
    other = aws("s3tables", account="333344445555")
    theirs = other.create_table_bucket(name=f"theirs-{aws.account}")["arn"]
    arn = s3tables.get_table(**table)["tableARN"]
    s3tables.put_table_replication(tableArn=arn, configuration=to(role, theirs))
    assert [each["replicationStatus"] for each in status(table)] == ["failed"]
    allowed = {
        "Effect": "Allow",
        "Principal": {"AWS": role},
        "Action": "s3tables:*",
        "Resource": [theirs, f"{theirs}/*"],
    }
    other.put_table_bucket_policy(tableBucketARN=theirs, resourcePolicy=document(allowed))
    s3tables.put_table_replication(tableArn=arn, configuration=to(role, theirs))
    assert [each["replicationStatus"] for each in status(table)] == ["completed"]
    [replica] = other.list_tables(tableBucketARN=theirs)["tables"]
    assert replica["name"] == "orders"
