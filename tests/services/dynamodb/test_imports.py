"""Imports from S3: what becomes of files, well made and not."""

from __future__ import annotations

import gzip
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.kernel.zstd import module
from fogbank.services.dynamodb import imports
from fogbank.services.dynamodb.interchange import lines, sources
from tests.services.dynamodb.helpers import attributes, index, n, refusal, s, schema, wait_until_over

zstd = module()
needs_package = pytest.mark.skipif(sys.version_info >= (3, 14), reason="Python has it")


@pytest.fixture
def s3(aws):
    return aws("s3")


@pytest.fixture
def bucket(s3, aws):
    name = f"imports-{aws.account}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def upload(s3, bucket):
    def upload(data, key="data/one"):
        s3.put_object(Bucket=bucket, Key=key, Body=data)

    return upload


def creation(name="things", keys=("pk",), **types):
    return {
        "TableName": name,
        "KeySchema": schema(*keys),
        "AttributeDefinitions": attributes(**(types or {"pk": "S"})),
        "BillingMode": "PAY_PER_REQUEST",
    }


@pytest.fixture
def load(ddb, bucket):
    """Imports what is in the bucket, and gives the description of the import when it is over."""

    def run(**more):
        request = {
            "S3BucketSource": {"S3Bucket": bucket},
            "InputFormat": "DYNAMODB_JSON",
            "TableCreationParameters": creation(),
        }
        asked = ddb.import_table(**{**request, **more})["ImportTableDescription"]
        wait_until_over(ddb, "import_completed", ImportArn=asked["ImportArn"])
        return ddb.describe_import(ImportArn=asked["ImportArn"])["ImportTableDescription"]

    return run


def contents(ddb, table="things"):
    pages = ddb.get_paginator("scan").paginate(TableName=table)
    return sorted((item for page in pages for item in page["Items"]), key=lambda item: str(item["pk"]))


def counts(job):
    return job["ProcessedItemCount"], job["ImportedItemCount"], job["ErrorCount"]


def json_lines(*items):
    return b"".join(json.dumps({"Item": item}).encode() + b"\n" for item in items)


# -- formats


def test_dynamodb_json_keeps_types(ddb, upload, load):
    item = {"pk": s("a"), "n": n("1.5"), "b": {"B": "aGk="}, "l": {"L": [{"BOOL": True}]}, "tags": {"SS": ["x", "y"]}}
    upload(json_lines(item))
    done = load()
    assert (done["ImportStatus"], counts(done)) == ("COMPLETED", (1, 1, 0))
    assert contents(ddb) == [{**item, "b": {"B": b"hi"}}]
    assert ddb.describe_table(TableName="things")["Table"]["TableStatus"] == "ACTIVE"


def test_csv_columns_are_strings_but_for_keys_of_table_and_indexes(ddb, upload, load):
    upload(b'pk,sk,rank,note\r\na,1,2.50,"say ""hi"", now"\r\nb,2,3,\r\n')
    wanted = creation(keys=("pk", "sk"), pk="S", sk="N", rank="N")
    wanted["GlobalSecondaryIndexes"] = [index("by-rank", "rank")]
    done = load(InputFormat="CSV", TableCreationParameters=wanted)
    assert counts(done) == (2, 2, 0)
    assert contents(ddb) == [
        {"pk": s("a"), "sk": n(1), "rank": n("2.5"), "note": s('say "hi", now')},
        {"pk": s("b"), "sk": n(2), "rank": n(3), "note": s("")},
    ]
    found = ddb.query(
        TableName="things",
        IndexName="by-rank",
        KeyConditionExpression="#r = :three",
        ExpressionAttributeNames={"#r": "rank"},
        ExpressionAttributeValues={":three": n(3)},
    )
    assert found["Count"] == 1


def test_csv_headers_can_be_given(ddb, upload, load):
    upload(b"a;1\n", "data/one")
    upload(b"b;2", "data/two")
    options = {"Csv": {"Delimiter": ";", "HeaderList": ["pk", "v"]}}
    load(InputFormat="CSV", InputFormatOptions=options)
    assert contents(ddb) == [{"pk": s("a"), "v": s("1")}, {"pk": s("b"), "v": s("2")}]


def test_ion_has_types_of_its_own(ddb, upload, load):
    upload(
        b'$ion_1_0 {Item:{pk:"a",n:15d-1,i:7,b:{{aGk=}},t:true,x:null,tags:$dynamodb_NS::[1,2.],m:{l:["e"]}}}\n'
        b'$ion_1_0 {Item:{pk:"b"}}\n'
    )
    done = load(InputFormat="ION")
    assert counts(done) == (2, 2, 0)
    first, second = contents(ddb)
    assert second == {"pk": s("b")}
    assert first == {
        "pk": s("a"),
        "n": n("1.5"),
        "i": n(7),
        "b": {"B": b"hi"},
        "t": {"BOOL": True},
        "x": {"NULL": True},
        "tags": {"NS": ["1", "2"]},
        "m": {"M": {"l": {"L": [s("e")]}}},
    }


@pytest.mark.parametrize(("compression", "pack"), [("GZIP", gzip.compress), ("ZSTD", zstd.compress)])
def test_packed_files_are_unpacked(ddb, upload, load, compression, pack):
    upload(pack(json_lines({"pk": s("a")})) + pack(json_lines({"pk": s("b")})))
    done = load(InputCompressionType=compression)
    assert counts(done) == (2, 2, 0)
    assert done["ProcessedSizeBytes"] == len(json_lines({"pk": s("a")})) * 2


@pytest.mark.parametrize("export_format", ["DYNAMODB_JSON", "ION"])
def test_what_was_exported_can_be_imported(ddb, table, bucket, load, export_format):
    items = [{"pk": s(f"{number}"), "n": n(number), "b": {"B": bytes([number])}} for number in range(30)]
    for item in items:
        ddb.put_item(TableName=table, Item=item)
    wanted = {"PointInTimeRecoveryEnabled": True}
    ddb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=wanted)
    arn = ddb.describe_table(TableName=table)["Table"]["TableArn"]
    exported = ddb.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket, ExportFormat=export_format)
    arn = exported["ExportDescription"]["ExportArn"]
    wait_until_over(ddb, "export_completed", ExportArn=arn)
    folder = f"AWSDynamoDB/{arn.rpartition('/')[2]}/data/"
    done = load(
        S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": folder},
        InputFormat=export_format,
        InputCompressionType="GZIP",
        TableCreationParameters=creation("copy"),
    )
    assert done["ImportStatus"] == "COMPLETED", done
    assert contents(ddb, "copy") == contents(ddb, table)


# -- sources


def test_only_objects_under_the_prefix_are_read(ddb, upload, load, bucket):
    upload(json_lines({"pk": s("a")}), "in/1")
    upload(json_lines({"pk": s("b")}), "in/2")
    upload(json_lines({"pk": s("c")}), "out/1")
    done = load(S3BucketSource={"S3Bucket": bucket, "S3KeyPrefix": "in/"})
    assert [item["pk"]["S"] for item in contents(ddb)] == ["a", "b"]
    assert done["ProcessedItemCount"] == 2


def test_large_objects_are_read_in_pieces(ddb, upload, load, monkeypatch):
    monkeypatch.setattr(sources, "PIECE_BYTES", 50_000)
    upload(json_lines(*({"pk": s(f"{number:04}"), "v": s("é" * 300)} for number in range(500))))
    assert counts(load()) == (500, 500, 0)
    assert len(contents(ddb)) == 500


def test_of_items_with_one_key_one_remains_and_none_is_an_error(ddb, upload, load):
    wanted = creation(pk="S", color="S")
    wanted["GlobalSecondaryIndexes"] = [index("by-color", "color")]
    upload(json_lines({"pk": s("a"), "color": s("red")}, {"pk": s("a"), "color": s("blue")}))
    done = load(TableCreationParameters=wanted)
    assert done["ErrorCount"] == 0
    assert contents(ddb) == [{"pk": s("a"), "color": s("blue")}]
    assert len(ddb.scan(TableName="things", IndexName="by-color")["Items"]) == 1


@pytest.mark.parametrize(
    ("source", "code"), [({"S3Bucket": "there-is-none-of-this-name"}, "S3NoSuchBucket"), ({}, "S3NoSuchKey")]
)
def test_without_anything_to_read_the_import_fails(bucket, load, source, code):
    failed = load(S3BucketSource={"S3Bucket": bucket, **source})
    assert (failed["ImportStatus"], failed["FailureCode"]) == ("FAILED", code)
    assert failed["FailureMessage"]


def test_an_import_reads_with_the_permissions_of_who_asked(aws, bucket, upload):
    upload(json_lines({"pk": s("a")}))
    iam = aws("iam")
    iam.create_user(UserName="writer")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}]}
    iam.put_user_policy(UserName="writer", PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="writer")["AccessKey"]
    ddb = aws("dynamodb", credentials=key)
    asked = ddb.import_table(
        S3BucketSource={"S3Bucket": bucket}, InputFormat="DYNAMODB_JSON", TableCreationParameters=creation()
    )["ImportTableDescription"]
    wait_until_over(ddb, "import_completed", ImportArn=asked["ImportArn"])
    failed = ddb.describe_import(ImportArn=asked["ImportArn"])["ImportTableDescription"]
    assert (failed["ImportStatus"], failed["FailureCode"]) == ("FAILED", "AccessDenied")


def test_an_import_that_broke_off_counts_nothing_twice(ddb, upload, bucket, clock, monkeypatch):
    whole, broke_off = imports._advance, []

    async def once_broken(ctx, job, key, counts):
        if key == "data/two" and not broke_off:
            broke_off.append(True)
            raise OSError("the power is gone")
        return await whole(ctx, job, key, counts)

    monkeypatch.setattr(imports, "_advance", once_broken)
    for key in ("data/one", "data/two", "data/three"):
        upload(json_lines({"pk": s(key)}, {"v": s("no key")}), key)
    arn = ddb.import_table(
        S3BucketSource={"S3Bucket": bucket}, InputFormat="DYNAMODB_JSON", TableCreationParameters=creation()
    )["ImportTableDescription"]["ImportArn"]
    while not broke_off:
        clock.advance(seconds=0.01)
    clock.advance(seconds=5)
    wait_until_over(ddb, "import_completed", ImportArn=arn)
    assert counts(ddb.describe_import(ImportArn=arn)["ImportTableDescription"]) == (6, 3, 3)
    assert len(contents(ddb)) == 3


# -- what cannot be imported


@pytest.mark.parametrize(
    "bad", [{"v": s("no key")}, {"pk": n(1)}, {"pk": s("")}, {"pk": s("a"), "v": s("x" * 410_000)}]
)
def test_an_item_that_cannot_be_in_the_table_is_counted_and_left_out(ddb, upload, load, bad):
    upload(json_lines({"pk": s("good")}, bad, {"pk": s("too")}))
    failed = load()
    assert counts(failed) == (3, 2, 1)
    assert (failed["ImportStatus"], failed["FailureCode"]) == ("FAILED", "ItemValidationError")
    assert [item["pk"]["S"] for item in contents(ddb)] == ["good", "too"]


@pytest.mark.parametrize("bad", [b"{", b"[]", b'{"pk": {"S": "a"}}', b'{"Item": 1}', b"\xff"])
def test_at_a_line_without_sense_the_rest_of_the_object_is_left(ddb, upload, load, bad):
    upload(json_lines({"pk": s("a")}) + bad + b"\n" + json_lines({"pk": s("b")}), "data/one")
    upload(json_lines({"pk": s("c")}), "data/two")
    assert counts(load()) == (3, 2, 1)
    assert [item["pk"]["S"] for item in contents(ddb)] == ["a", "c"]


@pytest.mark.parametrize("bad", [b'"b"x,1', b"b", b"b,1,2", b'"b'])
def test_a_line_of_csv_has_as_many_columns_as_the_header(ddb, upload, load, bad):
    upload(b"pk,v\na,1\n" + bad + b"\nc,1\n")
    assert counts(load(InputFormat="CSV")) == (2, 1, 1)


@pytest.mark.parametrize("compression", ["GZIP", "ZSTD"])
@pytest.mark.parametrize(
    "bad",
    [b"plain", gzip.compress(b"x" * 100)[:-10], zstd.compress(b"x" * 100)[:-3]],
    ids=["plain", "gzip cut short", "zstd cut short"],
)
def test_what_is_not_packed_as_it_should_be_is_an_error(upload, load, compression, bad):
    upload(bad)
    assert counts(load(InputCompressionType=compression)) == (1, 0, 1)


# -- asking and showing


def test_the_table_is_being_created_while_the_import_is_in_progress(ddb, bucket):
    asked = ddb.import_table(
        S3BucketSource={"S3Bucket": bucket},
        InputFormat="CSV",
        InputFormatOptions={"Csv": {"Delimiter": "\t"}},
        TableCreationParameters=creation(),
        ClientToken="token",
    )["ImportTableDescription"]
    assert asked["ImportStatus"] == "IN_PROGRESS"
    assert asked["ImportArn"].startswith(f"{asked['TableArn']}/import/0")
    assert (asked["InputCompressionType"], asked["ClientToken"]) == ("NONE", "token")
    assert asked["TableCreationParameters"] == creation()
    assert "EndTime" not in asked


def test_the_table_must_not_be_there_and_options_have_to_fit(table, load):
    with refusal("ResourceInUseException", "Table already exists: things"):
        load()
    with refusal("ValidationException"):
        load(InputFormatOptions={"Csv": {"Delimiter": ";"}}, TableCreationParameters=creation("other"))
    with refusal("ValidationException"):
        load(TableCreationParameters=creation("other", keys=("pk", "sk")))


@pytest.mark.parametrize(
    ("package", "wanted"),
    [
        ("amazon.ion", {"InputFormat": "ION"}),
        pytest.param("backports", {"InputCompressionType": "ZSTD"}, marks=needs_package),
    ],
)
def test_without_its_package_a_format_is_refused(ddb, load, monkeypatch, package, wanted):
    monkeypatch.setitem(sys.modules, package, None)
    with refusal("NotImplemented") as refused:
        load(**wanted)
    assert "pip install fogbank[" in refused.message
    assert ddb.list_tables()["TableNames"] == []


def test_a_client_token_stands_for_one_import(ddb, upload, load):
    upload(json_lines({"pk": s("a")}))
    first = load(ClientToken="token")
    assert load(ClientToken="token") == first
    with refusal("ImportConflictException"):
        load(ClientToken="token", TableCreationParameters=creation("other"))


def test_imports_are_listed_in_pages(ddb, upload, load, bucket):
    upload(json_lines({"pk": s("a")}))
    arns = [load(TableCreationParameters=creation(f"table{number}"))["ImportArn"] for number in range(3)]
    first = ddb.list_imports(PageSize=2)
    rest = ddb.list_imports(PageSize=2, NextToken=first["NextToken"])
    listed = first["ImportSummaryList"] + rest["ImportSummaryList"]
    assert [each["ImportArn"] for each in listed] == sorted(arns, reverse=True)
    assert listed[0]["S3BucketSource"] == {"S3Bucket": bucket}
    assert "NextToken" not in rest
    own = ddb.list_imports(TableArn=listed[0]["TableArn"])["ImportSummaryList"]
    assert [each["ImportArn"] for each in own] == [listed[0]["ImportArn"]]
    with refusal():
        ddb.list_imports(NextToken="0123456789abcdef" * 7)


def test_an_import_is_forgotten_after_ninety_days(ddb, upload, load, clock):
    upload(json_lines({"pk": s("a")}))
    arn = load()["ImportArn"]
    clock.advance(days=90)
    with refusal("ImportNotFoundException"):
        ddb.describe_import(ImportArn=arn)
    assert contents(ddb) == [{"pk": s("a")}]


# -- lines


@given(st.binary(max_size=300), st.integers(1, 50), st.sampled_from(["NONE", "GZIP", "ZSTD"]))
def test_lines_are_the_same_however_the_file_comes(data, step, compression):
    packed = {"NONE": bytes, "GZIP": gzip.compress, "ZSTD": zstd.compress}[compression](data)
    unpacker, splitter = lines.unpacker(compression), lines.Splitter()
    found = []
    for start in range(0, len(packed), step):
        for piece in unpacker.feed(packed[start : start + step]):
            found += splitter.feed(piece)
    unpacker.finish()
    found += splitter.finish()
    assert b"\n".join(found) == data.removesuffix(b"\n")
    assert splitter.size == len(data)


@pytest.mark.parametrize(("compression", "pack"), [("GZIP", gzip.compress), ("ZSTD", zstd.compress)])
def test_a_file_that_is_packed_very_well_is_unpacked_in_pieces(compression, pack):
    sizes = [len(piece) for piece in lines.unpacker(compression).feed(pack(bytes(50_000_000)))]
    assert sum(sizes) == 50_000_000
    assert max(sizes) <= 1024 * 1024
