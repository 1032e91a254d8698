"""Processors: functions, partitions by queries, delimiters, what CloudWatch Logs sends."""

import base64
import gzip
import json

import pytest

from fogbank.services.firehose import functions, processing, queries
from fogbank.services.firehose.buffers import Item
from tests.services.firehose.conftest import NOW
from tests.services.lambda_.functions import Functions

_EACH = {"RecordDeAggregation": processing._deaggregated, "Decompression": processing._decompressed}
TRANSFORM = """
import base64
def handler(event, context):
    records = []
    for record in event["records"]:
        text = base64.b64decode(record["data"]).decode()
        result = {"drop": "Dropped", "fail": "ProcessingFailed"}.get(text, "Ok")
        if text == "lose":
            continue
        made = {"recordId": record["recordId"], "result": result}
        made["data"] = base64.b64encode(text.upper().encode()).decode()
        made["metadata"] = {"partitionKeys": {"letter": text[0]}}
        records.append(made)
    return {"records": records}
"""


def processors(*found):
    return {
        "ProcessingConfiguration": {
            "Enabled": True,
            "Processors": [
                {
                    "Type": kind,
                    "Parameters": [
                        {"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()
                    ],
                }
                for kind, parameters in found
            ],
        }
    }


@pytest.fixture
def transform(aws):
    """The ARN of a function that writes in capitals."""
    return Functions(aws).make(TRANSFORM, name="transform")["FunctionArn"]


def test_a_function_changes_drops_and_refuses_records(delivery, transform):
    delivery.create({"BufferingHints": NOW, **processors(("Lambda", {"LambdaArn": transform}))})
    delivery.put(b"a", b"drop", b"b", b"fail", b"lose")
    found = delivery.objects(count=2)
    (failed,) = [key for key in found if key.startswith("processing-failed/")]
    (good,) = [key for key in found if key != failed]
    assert found[good] == b"AB"
    lines = [json.loads(line) for line in found[failed].splitlines()]
    told = {line["errorCode"]: base64.b64decode(line["rawData"]) for line in lines}
    assert told == {"Lambda.ProcessingFailedStatus": b"fail", "Lambda.MissingRecordId": b"lose"}
    assert {line["lambdaArn"] for line in lines} == {transform}


def test_records_of_no_bytes_have_a_portion_too():
    items = [Item(str(number), 0, data) for number, data in enumerate((b"", b"abc", b"", b"de"))]
    assert [[item.data for item in portion] for portion in functions._portions(items, 4)] == [
        [b"", b"abc", b""],
        [b"de"],
    ]


def test_what_a_function_that_fails_was_given_goes_to_the_error_prefix(delivery, aws):
    arn = Functions(aws).make("def handler(event, context):\n    raise ValueError()\n", name="broken")["FunctionArn"]
    parameters = {"LambdaArn": arn, "NumberOfRetries": "1"}
    delivery.create({"BufferingHints": NOW, **processors(("Lambda", parameters))})
    delivery.put(b"a")
    line = json.loads(delivery.one()[1])
    assert (line["errorCode"], line["attemptsMade"]) == ("Lambda.FunctionError", 2)


def test_everything_is_backed_up_as_it_came(delivery, transform):
    backup = {**delivery.where, "Prefix": "backup/"}
    delivery.create(
        {
            "BufferingHints": NOW,
            "Prefix": "done/",
            "S3BackupMode": "Enabled",
            "S3BackupConfiguration": backup,
            **processors(("Lambda", {"LambdaArn": transform})),
        }
    )
    delivery.put(b"a")
    found = {key.partition("/")[0]: content for key, content in delivery.objects(count=2).items()}
    assert found == {"backup": b"a", "done": b"A"}


PARTITIONED = {
    "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 0},
    "DynamicPartitioningConfiguration": {"Enabled": True},
    "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
}


def test_records_are_partitioned_by_a_query(delivery):
    query = {"MetadataExtractionQuery": "{shop:.shop, day:(.at|.[0:10])}", "JsonParsingEngine": "JQ-1.6"}
    delivery.create(
        {
            **PARTITIONED,
            "Prefix": "shop=!{partitionKeyFromQuery:shop}/day=!{partitionKeyFromQuery:day}/!{timestamp:'t'}/",
            **processors(("MetadataExtraction", query), ("AppendDelimiterToRecord", {"Delimiter": "\\n"})),
        }
    )
    orders = [{"shop": shop, "at": "2026-01-02T03:04"} for shop in (1, 2, 1)]
    delivery.put(*(json.dumps(order).encode() for order in orders), b"no JSON")
    found = {key.rpartition("/")[0]: content for key, content in delivery.objects(count=3).items()}
    assert set(found) == {"shop=1/day=2026-01-02/t", "shop=2/day=2026-01-02/t", "errors/processing-failed"}
    assert [json.loads(line)["shop"] for line in found["shop=1/day=2026-01-02/t"].splitlines()] == [1, 1]


def test_records_are_partitioned_by_a_function(delivery, transform):
    prefix = "letter=!{partitionKeyFromLambda:letter}/!{timestamp:'t'}/"
    delivery.create({**PARTITIONED, "Prefix": prefix, **processors(("Lambda", {"LambdaArn": transform}))})
    delivery.put(b"apple", b"banana")
    found = {key.rpartition("/")[0]: content for key, content in delivery.objects(count=2).items()}
    assert found == {"letter=a/t": b"APPLE", "letter=b/t": b"BANANA"}


def test_partitioning_has_its_rules(delivery, refused):
    with refused("InvalidArgumentException", "at least 64"):
        small = {"SizeInMBs": 5, "IntervalInSeconds": 60}
        delivery.create({**PARTITIONED, "Prefix": "!{partitionKeyFromQuery:x}/", "BufferingHints": small})
    with refused("InvalidArgumentException", "MetadataExtraction processor should be present"):
        delivery.create({**PARTITIONED, "Prefix": "!{partitionKeyFromQuery:x}/"})
    with refused("InvalidArgumentException", "should contain Dynamic Partitioning namespaces"):
        delivery.create(PARTITIONED)
    bad = {"MetadataExtractionQuery": "{x:", "JsonParsingEngine": "JQ-1.6"}
    with refused("InvalidArgumentException", "Invalid MetadataExtractionQuery"):
        delivery.create(
            {**PARTITIONED, "Prefix": "!{partitionKeyFromQuery:x}/", **processors(("MetadataExtraction", bad))}
        )


def test_records_in_records_are_taken_apart(delivery):
    delivery.create(
        {
            "BufferingHints": NOW,
            **processors(
                ("RecordDeAggregation", {"SubRecordType": "JSON"}), ("AppendDelimiterToRecord", {"Delimiter": "|"})
            ),
        }
    )
    delivery.put(b'{"a": 1}{"a": 2}\n{"a": 3}')
    assert delivery.one()[1] == b'{"a": 1}|{"a": 2}|{"a": 3}|'


@pytest.mark.parametrize(
    ("kind", "parameters", "record"),
    [
        ("RecordDeAggregation", {"SubRecordType": "JSON"}, b"[" * 50_000),
        ("Decompression", {"CompressionFormat": "GZIP"}, gzip.compress(bytes(64 * 2**20 + 1), 9)),
    ],
)
def test_records_that_would_break_the_server_are_refused(kind, parameters, record):
    with pytest.raises(queries.NotExtracted):
        _EACH[kind](parameters, Item("1", 0, record))


def test_a_delimiter_has_escapes_that_there_are(delivery, refused):
    with refused("InvalidArgumentException", "Delimiter"):
        delivery.create(processors(("AppendDelimiterToRecord", {"Delimiter": "\\x"})))


def test_messages_are_taken_out_of_what_cloudwatch_logs_sends(delivery):
    delivery.create(
        {
            "BufferingHints": NOW,
            **processors(
                ("Decompression", {"CompressionFormat": "GZIP"}),
                ("CloudWatchLogProcessing", {"DataMessageExtraction": "true"}),
            ),
        }
    )
    events = [{"id": "1", "timestamp": 1, "message": "first"}, {"id": "2", "timestamp": 2, "message": "second"}]
    sent = {"messageType": "DATA_MESSAGE", "logEvents": events}
    delivery.put(gzip.compress(json.dumps(sent).encode()))
    assert delivery.one()[1] == b"first\nsecond\n"
