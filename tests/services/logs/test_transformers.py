"""Transformers: what processors make of messages, and where that is seen."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogbank.services.logs.transforming.transformer import transformed

PARSE = {"parseJSON": {}}


def apply(message, *processors):
    return transformed(list(processors), message if isinstance(message, str) else json.dumps(message))


@pytest.mark.parametrize(
    "processor, message, fields",
    [
        ({"parseJSON": {}}, '{"a": {"b": 1}}', {"a": {"b": 1}}),
        ({"parseJSON": {"destination": "log"}}, '{"a": 1}', {"log": {"a": 1}}),
        ({"parseKeyValue": {}}, "a=1&b=2", {"a": "1", "b": "2"}),
        (
            {
                "parseKeyValue": {
                    "fieldDelimiter": ";",
                    "keyValueDelimiter": ":",
                    "keyPrefix": "k_",
                    "nonMatchValue": "none",
                }
            },
            "a:1;b",
            {"k_a": "1", "k_b": "none"},
        ),
        ({"csv": {}}, 'Ann,28,"New York, USA"', {"column_1": "Ann", "column_2": "28", "column_3": "New York, USA"}),
        ({"csv": {"delimiter": ";", "columns": ["name", "age"]}}, "Ann;28", {"name": "Ann", "age": "28"}),
        (
            {"grok": {"match": "%{NUMBER:version} %{HOSTNAME:host.name} %{NOTSPACE:status} %{QUOTEDSTRING:text}"}},
            '293750 server-01.internal-network.local OK "Thread started"',
            {
                "version": "293750",
                "host": {"name": "server-01.internal-network.local"},
                "status": "OK",
                "text": '"Thread started"',
            },
        ),
        (
            {"grok": {"match": "%{APACHE_ACCESS_LOG}"}},
            '127.0.0.1 - ann [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326',
            {
                "clientip": "127.0.0.1",
                "ident": "-",
                "auth": "ann",
                "timestamp": "10/Oct/2000:13:55:36 -0700",
                "verb": "GET",
                "request": "/a.gif",
                "httpversion": "1.0",
                "response": "200",
                "bytes": "2326",
            },
        ),
        (
            {"parsePostgres": {}},
            '2019-03-10 03:54:59 UTC:10.0.0.123(52834):ann@db:[20175]:ERROR: column "x" does not exist',
            {
                "logTime": "2019-03-10 03:54:59 UTC",
                "srcIp": "10.0.0.123(52834)",
                "userName": "ann",
                "dbName": "db",
                "processId": "20175",
                "logLevel": "ERROR",
            },
        ),
        (
            {"parseWAF": {}},
            '{"httpRequest": {"headers": [{"name": "Host", "value": "a"}]}, "labels": [{"name": "x"}]}',
            {"httpRequest": {"headers": {"Host": "a"}}, "labels": {"x": True}},
        ),
    ],
)
def test_parsers(processor, message, fields):
    assert apply(message, processor) == fields


def test_flow_logs_have_numbers():
    line = "2 123456789010 eni-abc123de 192.0.2.0 192.0.2.24 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK"
    found = apply(line, {"parseVPC": {}})
    assert (found["srcPort"], found["action"], found["accountId"], found["end"]) == (
        20641,
        "ACCEPT",
        "123456789010",
        1418530070,
    )


def test_what_a_parser_cannot_read_is_not_transformed():
    assert apply("no json", PARSE) is None
    assert apply("x", {"grok": {"match": "%{INT:n}"}}) is None


@pytest.mark.parametrize(
    "processor, fields",
    [
        (
            {"addKeys": {"entries": [{"key": "x.y", "value": "z"}, {"key": "a", "value": "z"}]}},
            {"a": " A ", "x": {"y": "z"}},
        ),
        ({"addKeys": {"entries": [{"key": "a", "value": "z", "overwriteIfExists": True}]}}, {"a": "z"}),
        ({"deleteKeys": {"withKeys": ["a", "none"]}}, {}),
        ({"renameKeys": {"entries": [{"key": "a", "renameTo": "b"}]}}, {"b": " A "}),
        ({"moveKeys": {"entries": [{"source": "a", "target": "b.c"}]}}, {"b": {"c": " A "}}),
        ({"copyValue": {"entries": [{"source": "a", "target": "b"}]}}, {"a": " A ", "b": " A "}),
        ({"lowerCaseString": {"withKeys": ["a"]}}, {"a": " a "}),
        ({"upperCaseString": {"withKeys": ["a"]}}, {"a": " A "}),
        ({"trimString": {"withKeys": ["a"]}}, {"a": "A"}),
        ({"splitString": {"entries": [{"source": "a", "delimiter": "A"}]}}, {"a": [" ", " "]}),
        ({"substituteString": {"entries": [{"source": "a", "from": "(A)", "to": "<$1>"}]}}, {"a": " <A> "}),
    ],
)
def test_mutators(processor, fields):
    assert apply({"a": " A "}, PARSE, processor) == fields


@pytest.mark.parametrize(
    "value, type, converted",
    [
        ("12", "integer", 12),
        ("1.5", "double", 1.5),
        (7, "string", "7"),
        ("true", "boolean", True),
        ("x", "integer", "x"),
    ],
)
def test_types_are_converted_where_that_is_possible(value, type, converted):
    assert apply({"v": value}, PARSE, {"typeConverter": {"entries": [{"key": "v", "type": type}]}}) == {"v": converted}


@pytest.mark.parametrize(
    "text, pattern, more, shown",
    [
        ("2024-06-01 10:20:30", "yyyy-MM-dd HH:mm:ss", {}, "2024-06-01T10:20:30.000Z"),
        ("2024-06-01T10:20:30.123Z", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", {"targetFormat": "yyyy/MM/dd"}, "2024/06/01"),
        (
            "10 Jun 2024 03:00",
            "dd MMM yyyy HH:mm",
            {"sourceTimezone": "Europe/Berlin", "targetTimezone": "UTC", "targetFormat": "HH:mm XXX"},
            "01:00 Z",
        ),
        ("1717236000", "epoch", {"targetFormat": "yyyy-MM-dd"}, "2024-06-01"),
        ("nonsense", "yyyy", {}, None),
    ],
)
def test_dates_are_converted(text, pattern, more, shown):
    settings = {"source": "d", "target": "t", "matchPatterns": [pattern], **more}
    assert apply({"d": text}, PARSE, {"dateTimeConverter": settings}).get("t") == shown


def test_lists_become_maps():
    document = {"items": [{"id": "a", "v": 1}, {"id": "b", "v": 2}, {"id": "b", "v": 3}]}
    whole = {"source": "items", "key": "id", "valueKey": "v", "target": "by"}
    assert apply(document, PARSE, {"listToMap": whole})["by"] == {"a": [1], "b": [2, 3]}
    flat = {**whole, "flatten": True, "flattenedElement": "last"}
    assert apply(document, PARSE, {"listToMap": flat})["by"] == {"a": 1, "b": 3}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
_PATHS = st.sampled_from(["a", "a.b", "c", "a.b.c", "", "."])


@given(st.dictionaries(st.sampled_from("abc"), _JSON, max_size=3), _PATHS, _PATHS)
def test_mutators_take_any_document(document, one, other):
    processors = [
        {"moveKeys": {"entries": [{"source": one, "target": other}]}},
        {"copyValue": {"entries": [{"source": other, "target": one}]}},
        {"addKeys": {"entries": [{"key": one, "value": "x"}]}},
        {"listToMap": {"source": one, "key": "k"}},
        {"splitString": {"entries": [{"source": one, "delimiter": "x"}]}},
        {"typeConverter": {"entries": [{"key": other, "type": "integer"}]}},
        {"deleteKeys": {"withKeys": [other]}},
    ]
    assert isinstance(apply(document, PARSE, *processors), dict)


# -- with a server

CONFIG = [PARSE, {"addKeys": {"entries": [{"key": "team", "value": "shop"}]}}]


def test_messages_can_be_tried_out(logs):
    answer = logs.test_transformer(transformerConfig=CONFIG, logEventMessages=['{"a": 1}', "no json"])
    assert answer["transformedLogs"] == [
        {"eventNumber": 1, "eventMessage": '{"a": 1}', "transformedEventMessage": '{"a":1,"team":"shop"}'},
        {"eventNumber": 2, "eventMessage": "no json"},
    ]


def test_queries_see_the_fields_of_what_came_in_since(logs, group, put, answered, clock):
    put('{"n": 1}')
    clock.advance(seconds=1)
    logs.put_transformer(logGroupIdentifier=group, transformerConfig=CONFIG)
    put('{"n": 2}')
    found = answered("fields n, team | sort n asc")
    assert [(row["n"], row.get("team")) for row in found] == [("1", None), ("2", "shop")]


def test_metadata_can_be_copied(logs, group, put, answered):
    entries = [{"source": "@logGroupName", "target": "from"}, {"source": "@logStreamName", "target": "stream"}]
    logs.put_transformer(logGroupIdentifier=group, transformerConfig=[PARSE, {"copyValue": {"entries": entries}}])
    put('{"n": 2}')
    (row,) = answered("fields from, stream")
    assert (row["from"], row["stream"]) == ("/app", "one")


def test_events_are_read_as_they_were(logs, group, put, found):
    logs.put_transformer(logGroupIdentifier=group, transformerConfig=CONFIG)
    put('{"n": 2}')
    assert found() == ['{"n": 2}']


@pytest.mark.parametrize("on_transformed, count", [(True, 1), (False, 0)])
def test_metric_filters_see_them_when_they_ask_for_it(aws, logs, group, put, on_transformed, count):
    logs.put_transformer(logGroupIdentifier=group, transformerConfig=CONFIG)
    logs.put_metric_filter(
        logGroupName=group,
        filterName="f",
        filterPattern='{ $.team = "shop" }',
        metricTransformations=[{"metricName": "M", "metricNamespace": "N", "metricValue": "1"}],
        applyOnTransformedLogs=on_transformed,
    )
    put('{"n": 2}')
    assert len(aws("cloudwatch").list_metrics(Namespace="N")["Metrics"]) == count


def test_a_transformer_is_shown_and_deleted(logs, group, refused):
    logs.put_transformer(logGroupIdentifier=group, transformerConfig=CONFIG)
    shown = logs.get_transformer(logGroupIdentifier=group)
    assert shown["transformerConfig"] == CONFIG
    assert shown["creationTime"] == shown["lastModifiedTime"]
    logs.delete_transformer(logGroupIdentifier=group)
    assert "transformerConfig" not in logs.get_transformer(logGroupIdentifier=group)
    with refused("ResourceNotFoundException", "transformer"):
        logs.delete_transformer(logGroupIdentifier=group)


@pytest.mark.parametrize(
    "config, message",
    [
        ([{"addKeys": {"entries": [{"key": "a", "value": "b"}]}}], "first processor must be a parser"),
        ([PARSE, {"parseVPC": {}}], "first processor"),
        ([{"parseJSON": {}, "csv": {}}], "exactly one processor"),
        ([{"grok": {"match": "%{NOPE:x}"}}], "unknown grok pattern NOPE"),
        ([{"parseToOCSF": {"eventSource": "VPCFlow", "ocsfVersion": "V1.1"}}], "does not implement"),
        (
            [PARSE, {"dateTimeConverter": {"source": "a", "target": "b", "matchPatterns": ["QQQQ"]}}],
            "unknown pattern letters",
        ),
        ([PARSE] * 6, "no more than 5 parsers"),
    ],
)
def test_what_is_no_transformer_is_refused(logs, group, refused, config, message):
    with refused("InvalidParameterException", message):
        logs.put_transformer(logGroupIdentifier=group, transformerConfig=config)
