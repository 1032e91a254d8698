"""The Iceberg REST catalog: as plain HTTP, and as PyIceberg uses it."""

import contextlib
import json
import urllib.request
from urllib.error import HTTPError
from urllib.parse import quote

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

SCHEMA = {"type": "struct", "fields": [{"id": 1, "name": "id", "type": "long", "required": True}]}


@pytest.fixture
def catalog(aws):
    """Sends a signed request to the catalog and gives status and document."""

    def send(method, path, body=None, keys=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"} if data else {}
        signed = botocore.awsrequest.AWSRequest(method, f"{aws.endpoint}/iceberg/v1/{path}", headers, data)
        keys = keys or botocore.credentials.Credentials(aws.account, "test")
        botocore.auth.SigV4Auth(keys, "s3tables", "us-east-1").add_auth(signed)
        request = urllib.request.Request(signed.url, data, dict(signed.headers), method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except HTTPError as error:
            text = error.read()
            return error.code, json.loads(text)["error"]["type"] if text else None

    return send


@pytest.fixture
def prefix(bucket):
    return quote(bucket, safe="")


@pytest.fixture
def tables(catalog, prefix):
    """The path of the tables of a namespace that is there."""
    assert catalog("POST", f"{prefix}/namespaces", {"namespace": ["sales"]})[0] == 200
    return f"{prefix}/namespaces/sales/tables"


@pytest.fixture
def orders(catalog, tables):
    status, created = catalog("POST", tables, {"name": "orders", "schema": SCHEMA, "properties": {"a": "1"}})
    assert status == 200
    return created["metadata"]


def test_the_warehouse_is_a_table_bucket(catalog, aws, bucket, prefix):
    status, found = catalog("GET", f"config?warehouse={prefix}")
    assert (status, found["overrides"]["prefix"]) == (200, prefix)
    assert found["defaults"]["s3.endpoint"] == aws.endpoint
    assert catalog("GET", f"config?warehouse={prefix}x") == (404, "NoSuchWarehouseException")


def test_namespaces_are_those_of_the_bucket(catalog, s3tables, bucket, prefix, tables):
    assert catalog("GET", f"{prefix}/namespaces")[1]["namespaces"] == [["sales"]]
    assert catalog("GET", f"{prefix}/namespaces/sales")[1]["namespace"] == ["sales"]
    assert catalog("POST", f"{prefix}/namespaces", {"namespace": ["sales"]}) == (409, "AlreadyExistsException")
    assert catalog("HEAD", f"{prefix}/namespaces/none")[0] == 404
    assert catalog("DELETE", f"{prefix}/namespaces/sales") == (204, None)
    assert s3tables.list_namespaces(tableBucketARN=bucket)["namespaces"] == []


def test_a_table_of_the_catalog_is_one_of_the_api(catalog, s3tables, namespace_of, tables, orders):
    found = s3tables.get_table(**namespace_of, name="orders")
    status, loaded = catalog("GET", f"{tables}/orders")
    assert (status, loaded["metadata-location"]) == (200, found["metadataLocation"])
    assert loaded["metadata"] == orders
    assert catalog("GET", tables)[1]["identifiers"] == [{"namespace": ["sales"], "name": "orders"}]


@pytest.fixture
def namespace_of(bucket):
    return {"tableBucketARN": bucket, "namespace": "sales"}


def test_a_commit_changes_the_metadata(catalog, s3tables, namespace_of, tables, orders):
    updates = [
        {"action": "set-properties", "updates": {"b": "2"}},
        {"action": "remove-properties", "removals": ["a"]},
        {
            "action": "add-schema",
            "schema": {
                **SCHEMA,
                "fields": [*SCHEMA["fields"], {"id": 2, "name": "x", "type": "int", "required": False}],
            },
        },
        {"action": "set-current-schema", "schema-id": -1},
    ]
    requirements = [
        {"type": "assert-table-uuid", "uuid": orders["table-uuid"]},
        {"type": "assert-current-schema-id", "current-schema-id": 0},
    ]
    status, answer = catalog("POST", f"{tables}/orders", {"requirements": requirements, "updates": updates})
    assert status == 200
    metadata = answer["metadata"]
    assert (metadata["properties"], metadata["current-schema-id"], metadata["last-column-id"]) == ({"b": "2"}, 1, 2)
    assert len(metadata["metadata-log"]) == 1
    assert s3tables.get_table(**namespace_of, name="orders")["metadataLocation"] == answer["metadata-location"]
    assert "/metadata/00001-" in answer["metadata-location"]


def test_a_commit_whose_requirements_do_not_hold_fails(catalog, tables, orders):
    requirements = [{"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": 1}]
    body = {"requirements": requirements, "updates": [{"action": "set-properties", "updates": {"x": "y"}}]}
    assert catalog("POST", f"{tables}/orders", body) == (409, "CommitFailedException")
    assert catalog("GET", f"{tables}/orders")[1]["metadata"] == orders


@pytest.mark.parametrize(
    "update",
    [
        {"action": "set-location", "location": "s3://other"},
        {"action": "assign-uuid", "uuid": "another"},
        {"action": "set-current-schema", "schema-id": 7},
        {"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": 5},
        {"action": "explode"},
    ],
)
def test_an_update_that_cannot_be_made_is_refused(catalog, tables, orders, update):
    assert catalog("POST", f"{tables}/orders", {"requirements": [], "updates": [update]}) == (
        400,
        "BadRequestException",
    )


def test_dropping_means_purging(catalog, tables, orders):
    assert catalog("DELETE", f"{tables}/orders") == (400, "BadRequestException")
    assert catalog("DELETE", f"{tables}/orders?purgeRequested=true") == (204, None)
    assert catalog("GET", f"{tables}/orders") == (404, "NoSuchTableException")


def test_tables_are_renamed(catalog, prefix, tables, orders):
    source, target = ({"namespace": ["sales"], "name": name} for name in ("orders", "old"))
    assert catalog("POST", f"{prefix}/tables/rename", {"source": source, "destination": target}) == (204, None)
    assert catalog("HEAD", f"{tables}/old") == (204, None)


def test_what_the_catalog_does_not_do_is_refused(catalog, prefix, tables):
    body = {"name": "x", "schema": SCHEMA, "stage-create": True}
    assert catalog("POST", tables, body) == (400, "BadRequestException")
    assert (
        catalog("POST", f"{prefix}/namespaces/sales/properties", {"updates": {}})[1] == "UnsupportedOperationException"
    )
    assert catalog("GET", f"{prefix}/views")[0] == 404


def test_permissions_are_those_of_the_operations(aws, bucket, prefix, orders, catalog):
    iam = aws("iam")
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    keys = botocore.credentials.Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    path = f"{prefix}/namespaces/sales/tables/orders"
    assert catalog("GET", path, keys=keys) == (403, "ForbiddenException")
    actions = ["s3tables:GetTableData", "s3tables:GetTableMetadataLocation"]
    allowed = {"Effect": "Allow", "Action": actions, "Resource": f"{bucket}/table/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=policy)
    assert catalog("GET", path, keys=keys)[0] == 200
    assert catalog("DELETE", f"{path}?purgeRequested=true", keys=keys) == (403, "ForbiddenException")


# -- PyIceberg


@pytest.fixture
def pyiceberg(open_catalog, bucket):
    return open_catalog(bucket)


def test_pyiceberg_writes_and_reads(pyiceberg):
    pa = pytest.importorskip("pyarrow", reason="pip install pyarrow to write Iceberg tables")
    pyiceberg.create_namespace("sales")
    first = pa.table({"id": [1, 2, 3], "name": ["a", "b", "c"]})
    table = pyiceberg.create_table("sales.orders", schema=first.schema)
    table.append(first)
    table.append(pa.table({"id": [4], "name": ["d"]}))
    again = pyiceberg.load_table("sales.orders")
    assert sorted(again.scan().to_arrow()["id"].to_pylist()) == [1, 2, 3, 4]
    assert again.scan(row_filter="id > 2").to_arrow().num_rows == 2
    assert len(again.snapshots()) == 2
    assert again.scan(snapshot_id=again.snapshots()[0].snapshot_id).to_arrow().num_rows == 3


def test_pyiceberg_changes_schemas_partitions_and_properties(pyiceberg):
    pytest.importorskip("pyarrow", reason="pip install pyarrow to write Iceberg tables")
    from pyiceberg.schema import Schema
    from pyiceberg.transforms import DayTransform
    from pyiceberg.types import LongType, NestedField, StringType, TimestampType

    pyiceberg.create_namespace("sales")
    schema = Schema(NestedField(1, "id", LongType(), required=True), NestedField(2, "at", TimestampType()))
    table = pyiceberg.create_table("sales.orders", schema=schema, properties={"owner": "me"})
    with table.update_schema() as update:
        update.add_column("note", StringType())
    with table.update_spec() as spec:
        spec.add_field("at", DayTransform(), "day")
    with table.transaction() as transaction:
        transaction.set_properties(owner="you")
    again = pyiceberg.load_table("sales.orders")
    assert [field.name for field in again.schema().fields] == ["id", "at", "note"]
    assert [field.name for field in again.spec().fields] == ["day"]
    assert again.properties == {"owner": "you"}
    pyiceberg.rename_table("sales.orders", "sales.old")
    assert pyiceberg.list_tables("sales") == [("sales", "old")]
    pyiceberg.purge_table("sales.old")
    assert not pyiceberg.table_exists("sales.old")


def test_two_pyiceberg_writers_lose_nothing(pyiceberg):
    pa = pytest.importorskip("pyarrow", reason="pip install pyarrow to write Iceberg tables")
    from pyiceberg.exceptions import CommitFailedException

    pyiceberg.create_namespace("sales")
    rows = pa.table({"id": [1]})
    pyiceberg.create_table("sales.orders", schema=rows.schema)
    first, second = (pyiceberg.load_table("sales.orders") for _ in range(2))
    first.append(rows)
    with contextlib.suppress(CommitFailedException):  # older ones leave it to the user to try again
        second.append(rows)
    second.refresh()
    if second.scan().to_arrow().num_rows < 2:
        second.append(rows)
    assert pyiceberg.load_table("sales.orders").scan().to_arrow().num_rows == 2
