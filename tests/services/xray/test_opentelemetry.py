"""OpenTelemetry's endpoint: POST /v1/traces."""

import gzip
import json
import secrets
import struct
import urllib.error
import urllib.request

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.services.xray.test_transaction_search import searched

__all__ = ["searched"]


@pytest.fixture
def export(aws):
    """Sends a request as an exporter does; returns (status, body)."""

    def export(body, content_type="application/json", **headers):
        headers = {"Content-Type": content_type, **headers}
        request = AWSRequest("POST", aws.endpoint + "/v1/traces", headers=headers, data=body)
        SigV4Auth(Credentials(aws.account, "test"), "xray", "us-east-1").add_auth(request)
        sent = urllib.request.Request(request.url, body, dict(request.headers), method="POST")
        try:
            with urllib.request.urlopen(sent) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    return export


class Request:
    """A server's span, and the span of the table that it read below it."""

    def __init__(self, now):
        self.trace_id, self.server, self.client = (secrets.token_bytes(size) for size in (16, 8, 8))
        self.start = int((now - 5) * 1e9)
        self.end = self.start + 10**9

    @property
    def xray_id(self):
        digits = self.trace_id.hex()
        return f"1-{digits[:8]}-{digits[8:]}"

    def json(self):
        def span(id, kind, parent=None, **attributes):
            listed = [{"key": key, "value": value} for key, value in attributes.items()]
            times = {"startTimeUnixNano": str(self.start), "endTimeUnixNano": str(self.end)}
            of = {"traceId": self.trace_id.hex(), "spanId": id.hex(), "parentSpanId": parent.hex() if parent else ""}
            return {**of, **times, "name": "GET /", "kind": kind, "attributes": listed}

        server = span(self.server, 2, **{"http.response.status_code": {"intValue": "503"}})
        system = {"rpc.system": {"stringValue": "aws-api"}, "rpc.service": {"stringValue": "DynamoDB"}}
        tables = {"aws.dynamodb.table_names": {"arrayValue": {"values": [{"stringValue": "orders"}]}}}
        client = span(self.client, 3, self.server, **system, **tables)
        resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
        scopes = [{"scope": {"name": "test"}, "spans": [server, client]}]
        return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": scopes}]}).encode()

    def protobuf(self):
        def field(number, data):
            return bytes([number << 3 | 2, len(data)]) + data if len(data) < 128 else _long(number, data)

        def _long(number, data):
            return bytes([number << 3 | 2, len(data) & 0x7F | 0x80, len(data) >> 7]) + data

        name = field(1, field(1, b"service.name") + field(2, field(1, b"shop")))
        status = field(9, field(1, b"http.response.status_code") + field(2, bytes([3 << 3, 0xF7, 0x03])))
        ids = field(1, self.trace_id) + field(2, self.server) + field(5, b"GET /") + bytes([6 << 3, 2])
        times = bytes([7 << 3 | 1]) + struct.pack("<Q", self.start) + bytes([8 << 3 | 1]) + struct.pack("<Q", self.end)
        return field(1, field(1, name) + field(2, field(1, field(1, b"test")) + field(2, ids + times + status)))


@pytest.fixture
def indexed(xray, searched):
    xray.update_indexing_rule(Name="Default", Rule={"Probabilistic": {"DesiredSamplingPercentage": 100}})
    return searched


def test_spans_are_traces_and_go_to_the_log_group(export, traces, clock, indexed):
    request = Request(clock.now())
    assert export(request.json()) == (200, b"{}")
    documents = traces.documents(request.xray_id)
    assert documents["shop"]["fault"] and documents["shop"]["http"]["response"]["status"] == 503
    assert documents["shop"]["subsegments"][0]["aws"] == {"table_name": "orders"}
    assert documents["DynamoDB"]["origin"] == "AWS::DynamoDB::Table"
    assert [span["kind"] for span in indexed()] == ["SERVER", "CLIENT"]


def test_a_status_may_be_a_text(export, traces, clock, indexed):
    request = Request(clock.now())
    assert export(request.json().replace(b'"intValue": "503"', b'"stringValue": "404"')) == (200, b"{}")
    shop = traces.documents(request.xray_id)["shop"]
    assert shop["error"] and shop["http"]["response"]["status"] == 404


def test_spans_that_cannot_be_kept_are_refused(export, clock, searched):
    status, answer = export(Request(clock.now()).json().replace(b'"key": "rpc.system"', b'"key": 5'))
    assert (status, b"cannot be kept" in answer) == (400, True)


def test_protobuf_that_is_packed_is_taken_too(export, traces, clock, indexed):
    request = Request(clock.now())
    body = gzip.compress(request.protobuf())
    status, answer = export(body, "application/x-protobuf", **{"Content-Encoding": "gzip"})
    assert (status, answer) == (200, b"")
    assert traces.documents(request.xray_id)["shop"]["fault"]


def test_without_transaction_search_spans_are_refused(export, clock):
    status, answer = export(Request(clock.now()).json())
    assert status == 400
    assert b"The OTLP API is supported with CloudWatch Logs as a Trace Segment Destination." in answer


@pytest.mark.parametrize("body", [b"\xff", b"\x0a\x05a", b"\x0a\x04\x12\x02\x12\x00"])
def test_what_is_no_request_is_refused(export, searched, body):
    assert export(body, "application/x-protobuf")[0] == 400


def test_spans_of_long_ago_are_refused(export, clock, searched):
    status, answer = export(Request(clock.now() - 15 * 86400).json())
    assert (status, b"14 days" in answer) == (400, True)


def test_who_does_not_sign_is_refused(aws):
    request = urllib.request.Request(
        aws.endpoint + "/v1/traces", b"{}", {"Host": "xray.us-east-1.amazonaws.com", "Content-Type": "application/json"}
    )
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request)
    assert raised.value.code == 403
