"""SelectObjectContent: formats, the dialect, the event stream, refusals."""

import bz2
import contextlib
import gzip
import json

import pytest
from botocore.exceptions import ClientError, EventStreamError

SALES = "product,amount,region\nWidget,1500,US\nGadget,100,EU\nGizmo,2500,US\n"
PEOPLE = [
    {"name": "Ann", "age": 31, "address": {"city": "Oslo", "lines": ["a", "b"]}, "tags": ["x", "y"]},
    {"name": "Bob", "age": 25.50, "address": {"city": "Rome"}, "active": True},
    {"name": "Cy", "age": None, "active": False},
]
CSV_WITH_HEADER = {"CSV": {"FileHeaderInfo": "USE"}}


@pytest.fixture
def events(s3, bucket):
    """Stores a body, queries it and gives the events."""

    def events(body, expression, given=None, wanted=None, **params):
        data = body.encode() if isinstance(body, str) else body
        s3.put_object(Bucket=bucket, Key="k", Body=data)
        answer = s3.select_object_content(
            Bucket=bucket,
            Key="k",
            Expression=expression,
            ExpressionType="SQL",
            InputSerialization=given or CSV_WITH_HEADER,
            OutputSerialization=wanted or {"JSON": {}},
            **params,
        )
        return list(answer["Payload"])

    return events


@pytest.fixture
def select(events):
    """The records of the answer, as text, or those of JSON."""

    def select(body, expression, given=None, wanted=None, **params):
        found = events(body, expression, given, wanted, **params)
        text = b"".join(event["Records"]["Payload"] for event in found if "Records" in event).decode()
        return text if wanted else [json.loads(line) for line in text.splitlines()]

    return select


@pytest.fixture
def people(select):
    """Queries JSON lines."""
    body = "\n".join(map(json.dumps, PEOPLE))
    return lambda expression: select(body, expression, {"JSON": {"Type": "LINES"}})


@pytest.fixture
def value(select):
    """The value of an expression."""

    def value(expression):
        [record] = select("x\n", f"SELECT {expression} AS v FROM S3Object", {"CSV": {}})
        return record.get("v", "MISSING")

    return value


@pytest.fixture
def refuses(select, refused):
    @contextlib.contextmanager
    def refuses(code):
        with pytest.raises(ClientError) as caught:
            yield
        response = caught.value.response
        assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, 400)

    return refuses


# -- CSV


def test_columns_are_known_by_their_headers(select):
    found = select(SALES, "SELECT s.product, s.amount FROM s3object s WHERE s.amount > '1000'")
    assert found == [{"product": "Widget", "amount": "1500"}, {"product": "Gizmo", "amount": "2500"}]


def test_all_of_a_record_is_all_its_columns(select):
    found = select(SALES, "SELECT * FROM s3object s WHERE s.region = 'EU'")
    assert found == [{"product": "Gadget", "amount": "100", "region": "EU"}]


def test_columns_have_numbers_whatever_the_header(select):
    assert select(SALES, "SELECT s._2 FROM S3Object s LIMIT 1") == [{"_2": "1500"}]
    assert select(SALES, "SELECT _1 FROM S3Object LIMIT 1", {"CSV": {"FileHeaderInfo": "IGNORE"}}) == [{"_1": "Widget"}]
    assert select(SALES, "SELECT _1 FROM S3Object LIMIT 1", {"CSV": {}}) == [{"_1": "product"}]


def test_quoted_names_tell_capitals_apart(select, refuses):
    body = "Name,name\na,b\n"
    assert select(body, 'SELECT "name" FROM S3Object s') == [{"name": "b"}]
    with refuses("AmbiguousFieldName"):
        select(body, "SELECT s.NAME FROM S3Object s")


def test_a_column_that_the_file_lacks_is_refused(select, refuses):
    with refuses("MissingHeaders"):
        select(SALES, "SELECT s.price FROM S3Object s")


def test_short_records_lack_their_last_columns(select):
    assert select("a,b\n1\n1,2,3\n", "SELECT * FROM S3Object") == [{"a": "1"}, {"a": "1", "b": "2", "_3": "3"}]
    assert select("a,b\n1\n", "SELECT s.b FROM S3Object s WHERE s.b IS MISSING") == [{}]


def test_quotes_delimiters_and_comments_are_as_the_request_says(select):
    body = "# skipped\n'it''s;one';two|'a\nb';x"
    form = {
        "CSV": {
            "FieldDelimiter": ";",
            "RecordDelimiter": "|",
            "QuoteCharacter": "'",
            "QuoteEscapeCharacter": "'",
            "Comments": "#",
        }
    }
    assert select(body.partition("\n")[2], "SELECT * FROM S3Object", form) == [
        {"_1": "it's;one", "_2": "two"},
        {"_1": "a\nb", "_2": "x"},
    ]
    assert select("#no\nyes\n", "SELECT * FROM S3Object", {"CSV": {}}) == [{"_1": "yes"}]


def test_an_escape_character_takes_the_meaning_from_a_quote(select):
    form = {"CSV": {"QuoteEscapeCharacter": "\\"}}
    assert select('"a \\" b","c,\\\\"\n', "SELECT * FROM S3Object", form) == [{"_1": 'a " b', "_2": "c,\\"}]


def test_record_delimiters_within_quotes_count_unless_allowed(select):
    body = 'a,b\n1,"x\ny"\n2,z\n'
    given = {"CSV": {"FileHeaderInfo": "USE", "AllowQuotedRecordDelimiter": True}}
    assert select(body, "SELECT s.b FROM S3Object s", given) == [{"b": "x\ny"}, {"b": "z"}]
    assert len(select(body, "SELECT s.a FROM S3Object s")) == 3


def test_windows_line_ends_are_no_part_of_the_last_column(select):
    assert select("a,b\r\n1,2\r\n", "SELECT s.b FROM S3Object s") == [{"b": "2"}]


def test_text_that_is_not_utf8_is_refused(select, refuses):
    with refuses("InvalidTextEncoding"):
        select(b"a\n\xff\xfe\n", "SELECT * FROM S3Object")


# -- JSON


def test_json_lines_are_records(people):
    assert people("SELECT s.name, s.address.city FROM S3Object s") == [
        {"name": "Ann", "city": "Oslo"},
        {"name": "Bob", "city": "Rome"},
        {"name": "Cy"},
    ]


def test_documents_may_span_lines(select):
    body = "\n".join(json.dumps(person, indent=2) for person in PEOPLE)
    found = select(body, "SELECT * FROM S3Object[*] s WHERE s.age > 25", {"JSON": {"Type": "DOCUMENT"}})
    assert found == PEOPLE[:2]


def test_a_path_of_the_table_leads_to_the_records(select):
    body = json.dumps({"books": [{"price": 5}, {"price": 7}, {}]})
    given = {"JSON": {"Type": "DOCUMENT"}}
    assert select(body, "SELECT b.price FROM S3Object[*].books[*] b", given) == [{"price": 5}, {"price": 7}, {}]
    assert select(body, "SELECT price FROM S3Object[*].books[*].price", given) == [{"price": 5}, {"price": 7}]
    assert select(body, "SELECT _1.price FROM S3Object[*].books[0]", given) == [{"price": 5}]
    assert select(body, "SELECT * FROM S3Object[*].nothing[*]", given) == [{}]


def test_paths_have_indexes_and_brackets(people):
    assert people("SELECT s.tags[1] AS t, s['address']['lines'][0] AS l FROM S3Object s LIMIT 1") == [
        {"t": "y", "l": "a"}
    ]


def test_missing_is_not_null(people):
    assert people("SELECT s.name FROM S3Object s WHERE s.age IS NULL") == [{"name": "Cy"}]
    assert people("SELECT s.name FROM S3Object s WHERE s.address IS MISSING") == [{"name": "Cy"}]
    assert people("SELECT s.name FROM S3Object s WHERE s.active IS NOT NULL AND NOT s.active") == [{"name": "Cy"}]


def test_numbers_keep_their_digits(select):
    body = '{"v": 0.1000000000000000055511151231257827, "w": 12345678901234567890123}'
    form = {"JSON": {"Type": "LINES"}}
    assert select(body, "SELECT * FROM S3Object s", form, {"JSON": {}}).strip() == body.replace(" ", "")


def test_json_that_is_broken_is_refused(select, refuses):
    with refuses("JSONParsingError"):
        select('{"a": 1', "SELECT * FROM S3Object", {"JSON": {"Type": "LINES"}})
    with refuses("JSONParsingError"):
        select('{"a": 1} {"b"', "SELECT COUNT(*) FROM S3Object", {"JSON": {"Type": "DOCUMENT"}})


# -- Parquet


@pytest.fixture
def parquet(tmp_path):
    duckdb = pytest.importorskip("duckdb", reason="pip install 'fogbank[sql]' to query Parquet")
    path = tmp_path / "t.parquet"
    duckdb.connect().execute(
        "COPY (SELECT i AS n, 'name ' || i AS name, i * 1.5 AS price, {'x': i} AS inner, DATE '2024-01-31' AS day "
        f"FROM range(5000) t(i)) TO '{path}' (ROW_GROUP_SIZE 2048)"
    )
    return path.read_bytes()


def test_parquet_has_types(select, parquet):
    found = select(parquet, "SELECT s.n, s.price, s.inner.x, s.day FROM S3Object s WHERE s.n > 4998", {"Parquet": {}})
    assert found == [{"n": 4999, "price": 7498.5, "x": 4999, "day": "2024-01-31T"}]
    assert select(parquet, "SELECT COUNT(*), MAX(s.n) FROM S3Object s", {"Parquet": {}}) == [{"_1": 5000, "_2": 4999}]
    assert set(select(parquet, "SELECT * FROM S3Object LIMIT 1", {"Parquet": {}})[0]) == {
        "n",
        "name",
        "price",
        "inner",
        "day",
    }


def test_ranges_of_parquet_are_row_groups(select, parquet):
    whole = {"Start": 0, "End": len(parquet) - 1}
    first = {"Start": 0, "End": 100}
    counts = [
        select(parquet, "SELECT COUNT(*) AS c FROM S3Object s", {"Parquet": {}}, ScanRange=span)[0]["c"]
        for span in (whole, first)
    ]
    assert counts == [5000, 2048]


def test_what_is_no_parquet_is_refused(select, refuses):
    pytest.importorskip("duckdb", reason="pip install 'fogbank[sql]' to query Parquet")
    with refuses("ParquetParsingError"):
        select("no", "SELECT * FROM S3Object", {"Parquet": {}})


# -- the dialect


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3 - 4", 3),
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("7 % 4", 3),
        ("0.1 + 0.2", 0.3),
        ("'a' || 'b'", "ab"),
        ("CAST('12' AS INT) + 1", 13),
        ("CAST('1.5' AS DECIMAL(10, 2))", 1.5),
        ("CAST('true' AS BOOL)", True),
        ("CAST(1 AS STRING)", "1"),
        ("COALESCE(NULL, MISSING, 'c')", "c"),
        ("NULLIF(1, 1)", None),
        ("CASE WHEN 1 > 2 THEN 'a' WHEN 2 > 1 THEN 'b' END", "b"),
        ("CASE 3 WHEN 1 THEN 'a' ELSE 'z' END", "z"),
        ("CHAR_LENGTH('häß')", 3),
        ("UPPER('a') || LOWER('B')", "Ab"),
        ("SUBSTRING('123456789', 2, 3)", "234"),
        ("SUBSTRING('123456789' FROM -4)", "123456789"),
        ("TRIM(LEADING '12' FROM '1112211foobar22211122')", "foobar22211122"),
        ("TRIM('  x ')", "x"),
        ("'abc' LIKE 'a_c' AND 'a%c' LIKE 'a!%%' ESCAPE '!'", True),
        ("'abc' NOT LIKE 'b%'", True),
        ("5 BETWEEN 1 AND 5", True),
        ("5 NOT IN (1, 2, 3)", True),
        ("NULL = NULL", None),
        ("(NULL IS NULL) AND (MISSING IS MISSING)", True),
        ("1 = 1 OR 1 / 0 = 1", True),
        ("TO_TIMESTAMP('2007-02-23T12:14:33.079-08:00')", "2007-02-23T12:14:33.079-08:00"),
        ("DATE_ADD(year, 5, `2010-01-01T`)", "2015-01-01T"),
        ("DATE_ADD(month, 13, `2010T`)", "2011-02T"),
        ("DATE_ADD(hour, 1, `2017T`)", "2017-01-01T01:00Z"),
        ("DATE_DIFF(year, `2010-12T`, `2011-01T`)", 0),
        ("DATE_DIFF(month, `2010T`, `2011-05T`)", 16),
        ("DATE_DIFF(day, `2010-01-01T23:00Z`, `2010-01-02T01:00Z`)", 0),
        ("EXTRACT(TIMEZONE_MINUTE FROM TO_TIMESTAMP('2010-01-01T12:34+05:30'))", 30),
        ("TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y h:m a')", "July 20, 1969 8:18 PM"),
        (
            "TO_STRING(`1969-07-20T20:18:13.125+08:00`, 'yyyy-MM-dd''T''HH:mm:ss.SSSXXX')",
            "1969-07-20T20:18:13.125+08:00",
        ),
    ],
)
def test_expression(value, expression, expected):
    assert value(expression) == expected


def test_utcnow_is_what_the_clock_says(value, clock):
    clock.advance(days=400)
    assert value("DATE_DIFF(day, TO_TIMESTAMP('2020-01-01T'), UTCNOW()) > 400") is True


def test_aggregates_pass_over_what_is_absent(people):
    [found] = people(
        "SELECT COUNT(*), COUNT(s.age), SUM(s.age), AVG(s.age), MIN(s.age) AS low, MAX(s.age) FROM S3Object s"
    )
    assert found == {"_1": 3, "_2": 2, "_3": 56.5, "_4": 28.25, "low": 25.5, "_6": 31}


def test_texts_are_numbers_where_numbers_are_wanted(select):
    assert select(SALES, "SELECT SUM(CAST(s.amount AS INT)) FROM S3Object s WHERE s.amount > 500") == [{"_1": 4000}]


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("SELECT", "ParseEmptySelect"),
        ("SELECT *", "ParseSelectMissingFrom"),
        ("DELETE FROM S3Object", "ParseUnexpectedKeyword"),
        ("SELECT * FROM other", "InvalidDataSource"),
        ("SELECT * FROM S3Object, S3Object", "MultipleDataSourcesUnsupported"),
        ("SELECT * FROM S3Object s JOIN S3Object t", "ParseMalformedJoin"),
        ("SELECT *, a FROM S3Object", "ParseAsteriskIsNotAloneInSelectList"),
        ("SELECT a FROM S3Object ORDER BY a", "UnsupportedSqlStructure"),
        ("SELECT a FROM S3Object GROUP BY a", "UnsupportedSqlStructure"),
        ("SELECT a FROM S3Object WHERE a ~ 1", "LexerInvalidChar"),
        ("SELECT 'a FROM S3Object", "LexerInvalidLiteral"),
        ("SELECT a FROM S3Object LIMIT x", "ParseExpectedNumber"),
        ("SELECT a FROM S3Object LIMIT -1", "EvaluatorNegativeLimit"),
        ("SELECT a FROM S3Object WHERE", "ParseExpectedExpression"),
        ("SELECT (SELECT 1) FROM S3Object", "ParseUnsupportedSelect"),
        ("SELECT CAST(a AS blob) FROM S3Object", "InvalidDataType"),
        ("SELECT CAST(a) FROM S3Object", "ParseCastArity"),
        ("SELECT NOPE(1) FROM S3Object", "UnsupportedFunction"),
        ("SELECT LOWER() FROM S3Object", "EvaluatorInvalidArguments"),
        ("SELECT SUM(*) FROM S3Object", "ParseUnsupportedCallWithStar"),
        ("SELECT SUM(1, 2) FROM S3Object", "ParseNonUnaryAgregateFunctionCall"),
        ("SELECT product, COUNT(*) FROM S3Object", "UnsupportedSqlStructure"),
        ("SELECT product FROM S3Object WHERE COUNT(*) > 1", "UnsupportedSqlStructure"),
        ("SELECT DATE_ADD(eon, 1, `2010T`) FROM S3Object", "ParseExpectedDatePart"),
        ("SELECT t.product FROM S3Object s", "InvalidTableAlias"),
        ("SELECT CAST(s.product AS INT) FROM S3Object s", "CastFailed"),
        ("SELECT s.product + 1 FROM S3Object s", "CastFailed"),
        ("SELECT 9223372036854775807 + 1 FROM S3Object", "IntegerOverflow"),
        ("SELECT TO_STRING(UTCNOW(), 'yyyy q') FROM S3Object", "EvaluatorInvalidTimestampFormatPatternSymbol"),
        (f"SELECT '{'x' * 262144}' FROM S3Object", "ExpressionTooLong"),
    ],
)
def test_an_expression_is_refused_with_its_code(select, refuses, expression, code):
    with refuses(code):
        select(SALES, expression)


# -- input and output


@pytest.mark.parametrize(("kind", "pack"), [("GZIP", gzip.compress), ("BZIP2", bz2.compress)])
def test_packed_objects_are_unpacked(select, refuses, kind, pack):
    given = {**CSV_WITH_HEADER, "CompressionType": kind}
    assert select(pack(SALES.encode()), "SELECT COUNT(*) AS c FROM S3Object", given) == [{"c": 3}]
    with refuses("InvalidCompressionFormat"):
        select(SALES, "SELECT * FROM S3Object", given)
    with refuses("TruncatedInput"):
        select(pack(SALES.encode())[:-20], "SELECT * FROM S3Object", given)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ({"Start": 0, "End": 0}, ["a"]),
        ({"Start": 0, "End": 4}, ["a", "b"]),
        ({"Start": 1, "End": 4}, ["b"]),
        ({"Start": 4, "End": 4}, ["b"]),
        ({"Start": 5}, ["c"]),
        ({"End": 4}, ["c"]),
        ({"Start": 9}, []),
    ],
)
def test_the_records_that_begin_in_a_range_are_looked_at(select, span, expected):
    found = select("a,1\nb,2\nc,3\n", "SELECT s._1 FROM S3Object s", {"CSV": {}}, ScanRange=span)
    assert [record["_1"] for record in found] == expected


def test_a_range_knows_the_header_all_the_same(select):
    found = select(SALES, "SELECT s.product FROM S3Object s", ScanRange={"Start": 30, "End": 50})
    assert found == [{"product": "Gadget"}]


def test_ranges_of_packed_objects_are_refused(select, refuses):
    given = {**CSV_WITH_HEADER, "CompressionType": "GZIP"}
    with refuses("UnsupportedScanRangeInput"):
        select(gzip.compress(b"x"), "SELECT * FROM S3Object", given, ScanRange={"Start": 0, "End": 1})
    with refuses("InvalidScanRange"):
        select(SALES, "SELECT * FROM S3Object", ScanRange={"Start": 10, "End": 1})


def test_csv_is_quoted_as_needed_or_always(select):
    body = 'a,b\n1,"x,""y"""\n'
    assert select(body, "SELECT * FROM S3Object", wanted={"CSV": {}}) == '1,"x,""y"""\n'
    wanted = {
        "CSV": {"QuoteFields": "ALWAYS", "FieldDelimiter": ";", "RecordDelimiter": "|", "QuoteEscapeCharacter": "\\"}
    }
    assert select(body, "SELECT * FROM S3Object", wanted=wanted) == '"1";"x,\\"y\\""|'


def test_json_goes_out_as_csv(select):
    body = json.dumps({"a": [1, 2], "b": None, "c": True})
    assert select(body, "SELECT * FROM S3Object", {"JSON": {"Type": "LINES"}}, {"CSV": {}}) == '"[1,2]",,true\n'


def test_no_event_has_more_than_a_mebibyte(events):
    body = "".join(f"{n},{'x' * 1000}\n" for n in range(3000))
    found = events(body, "SELECT * FROM S3Object", {"CSV": {}}, {"CSV": {}}, RequestProgress={"Enabled": True})
    payloads = [event["Records"]["Payload"] for event in found if "Records" in event]
    assert b"".join(payloads).decode() == body
    assert len(payloads) > 2
    assert max(map(len, payloads)) <= 1024 * 1024
    assert any("Progress" in event for event in found)


def test_the_stream_ends_with_stats_and_end(events):
    packed = gzip.compress(SALES.encode())
    found = events(packed, "SELECT s.product FROM S3Object s LIMIT 1", {**CSV_WITH_HEADER, "CompressionType": "GZIP"})
    assert [next(iter(event)) for event in found] == ["Records", "Stats", "End"]
    details = found[1]["Stats"]["Details"]
    assert details == {
        "BytesScanned": len(packed),
        "BytesProcessed": len(SALES),
        "BytesReturned": len('{"product":"Widget"}\n'),
    }


def test_what_turns_out_late_is_an_event(events):
    body = "".join(f"{n},{'x' * 1000}\n" for n in range(2000)) + "no,x\n"
    with pytest.raises(EventStreamError) as caught:
        events(body, "SELECT CAST(s._1 AS INT), s._2 FROM S3Object s", {"CSV": {}})
    assert caught.value.response["Error"]["Code"] == "CastFailed"


@pytest.mark.parametrize(
    ("given", "wanted", "code"),
    [
        ({"CSV": {}, "JSON": {"Type": "LINES"}}, {"JSON": {}}, "ObjectSerializationConflict"),
        ({"CSV": {}}, {"JSON": {}, "CSV": {}}, "ObjectSerializationConflict"),
        ({"CompressionType": "NONE"}, {"JSON": {}}, "InvalidDataSource"),
        ({"JSON": {}}, {"JSON": {}}, "MissingRequiredParameter"),
        ({"CSV": {"FieldDelimiter": "ab"}}, {"JSON": {}}, "InvalidRequestParameter"),
        ({"Parquet": {}, "CompressionType": "GZIP"}, {"JSON": {}}, "InvalidCompressionFormat"),
    ],
)
def test_a_form_that_does_not_fit_together_is_refused(select, refuses, given, wanted, code):
    with refuses(code):
        select(SALES, "SELECT * FROM S3Object", given, wanted)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"ExpressionType": "XPATH"}, "InvalidExpressionType"),
        ({"Expression": None}, "MissingRequiredParameter"),
        ({"InputSerialization": {"CSV": {}, "CompressionType": "ZIP"}}, "InvalidCompressionFormat"),
        ({"InputSerialization": {"CSV": {"FileHeaderInfo": "MAYBE"}}}, "InvalidFileHeaderInfo"),
        ({"InputSerialization": {"JSON": {"Type": "TREE"}}}, "InvalidJsonType"),
        ({"OutputSerialization": {"CSV": {"QuoteFields": "NEVER"}}}, "InvalidQuoteFields"),
    ],
)
def test_parameters_are_refused_in_words_of_their_own(aws, s3, bucket, refused, changed, code):
    s3.put_object(Bucket=bucket, Key="k", Body=SALES)
    form = {"InputSerialization": {"CSV": {}}, "OutputSerialization": {"CSV": {}}, "ExpressionType": "SQL"}
    asked = {**form, "Expression": "SELECT * FROM S3Object", **changed}
    unchecked = aws("s3", parameter_validation=False)
    with refused(code, 400):
        unchecked.select_object_content(
            Bucket=bucket, Key="k", **{name: value for name, value in asked.items() if value is not None}
        )


def test_a_customer_key_opens_the_object(s3, bucket):
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BlockedEncryptionTypes": {"EncryptionType": ["NONE"]},
    }
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_object(Bucket=bucket, Key="k", Body=SALES, **key)
    answer = s3.select_object_content(
        Bucket=bucket,
        Key="k",
        Expression="SELECT COUNT(*) FROM S3Object",
        ExpressionType="SQL",
        InputSerialization=CSV_WITH_HEADER,
        OutputSerialization={"CSV": {}},
        **key,
    )
    assert next(iter(answer["Payload"]))["Records"]["Payload"] == b"3\n"


def test_an_object_that_is_not_there_is_refused(s3, bucket, refused):
    with refused("NoSuchKey", 404):
        s3.select_object_content(
            Bucket=bucket,
            Key="none",
            Expression="SELECT * FROM S3Object",
            ExpressionType="SQL",
            InputSerialization={"CSV": {}},
            OutputSerialization={"CSV": {}},
        )
