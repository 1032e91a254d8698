"""Fields that are discovered in events."""

REQUEST = "8f507cfc-xmpl-4697-b07a-ac58fc914c95".replace("xmpl", "4a1b")
REPORT = (
    f"REPORT RequestId: {REQUEST}\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 30 MB\tInit Duration: 100.5 ms\tXRAY TraceId: 1-2-3\tSegmentId: abc\tSampled: true"
)
FLOW = (
    "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK"
)
DNS = "1.0 2017-12-13T08:16:02.130Z Z123412341234 example.com A NOERROR UDP FRA6 192.168.1.1 -"


def test_json_is_flattened(ask):
    query = "fields user.id, tags.1, list.0.a"
    assert ask(query, [{"user": {"id": 7}, "tags": ["x", "y"], "list": [{"a": 1}]}]) == [
        {"user.id": "7", "tags.1": "y", "list.0.a": "1", "@ptr": "0"}
    ]


def test_names_with_an_at_sign_get_another_one(column):
    assert column("@@type", "fields @@type", [{"@type": "x"}]) == ["x"]


def test_names_with_other_characters_stand_between_backticks(column):
    assert column("user-id", "fields `user-id`", [{"user-id": "x"}]) == ["x"]


def test_reports_of_functions_are_measured_in_milliseconds_and_bytes(ask):
    names = "@type, @requestId, @duration, @billedDuration, @initDuration, @memorySize, @maxMemoryUsed, @xrayTraceId"
    assert ask(f"fields {names}", [REPORT], group="/aws/lambda/f") == [
        {
            "@type": "REPORT",
            "@requestId": REQUEST,
            "@duration": "12.34",
            "@billedDuration": "13",
            "@initDuration": "100.5",
            "@memorySize": "128000000",
            "@maxMemoryUsed": "30000000",
            "@xrayTraceId": "1-2-3",
            "@ptr": "0",
        }
    ]


def test_lines_of_functions_tell_their_request_and_their_first_json(ask):
    line = f'2026-01-01T00:00:00.000Z\t{REQUEST}\tINFO\tgot {{"a": {{"b": 1}}}} and {{"c": 2}}'
    assert ask("fields @requestId, a.b, c", [line], group="/aws/lambda/f") == [
        {"@requestId": REQUEST, "a.b": "1", "@ptr": "0"}
    ]


def test_flow_logs_have_their_fields(ask):
    assert ask("fields srcAddr, dstPort, action, bytes", [FLOW]) == [
        {"srcAddr": "172.31.16.139", "dstPort": "22", "action": "ACCEPT", "bytes": "4249", "@ptr": "0"}
    ]


def test_logs_of_name_servers_have_their_fields(ask):
    assert ask("fields queryName, queryType, responseCode", [DNS]) == [
        {"queryName": "example.com", "queryType": "A", "responseCode": "NOERROR", "@ptr": "0"}
    ]
