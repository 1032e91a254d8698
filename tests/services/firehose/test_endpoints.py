"""Delivery to HTTP endpoints and to Splunk."""

import base64
import contextlib
import gzip
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.services.firehose.conftest import NOW, wait_until
from tests.services.sts.issuer import self_signed


class Endpoint:
    """An HTTPS server on a free port. `status` is what it answers; `requests` are (path, headers, body)."""

    def __init__(self, directory):
        self.requests = []
        self.status = 200
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                endpoint.requests.append((self.path, self.headers, body))
                answer = json.dumps(endpoint.answer(self.path, self.headers)).encode()
                self.send_response(endpoint.status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_certificate(directory))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path, headers):
        if path.endswith("/ack"):
            return {"acks": {"7": True}}
        if "Authorization" in headers:
            return {"text": "Success", "code": 0, "ackId": 7}
        return {"requestId": headers["X-Amz-Firehose-Request-Id"], "timestamp": 1}


def _certificate(directory):
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = directory / "endpoint.pem"
    path.write_bytes(private + self_signed(key).public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture(scope="module")
def listening(tmp_path_factory):
    endpoint = Endpoint(tmp_path_factory.mktemp("endpoint"))
    yield endpoint
    endpoint.server.shutdown()
    endpoint.server.server_close()


@pytest.fixture
def endpoint(listening):
    listening.requests.clear()
    listening.status = 200
    return listening


@pytest.fixture
def to_endpoint(delivery, endpoint):
    """Makes a stream to the endpoint."""

    def make(**more):
        configuration = {
            "EndpointConfiguration": {"Url": f"{endpoint.url}/in?x=1", "Name": "mine", "AccessKey": "secret"},
            "BufferingHints": NOW,
            "S3Configuration": delivery.where,
            **more,
        }
        delivery.create(HttpEndpointDestinationConfiguration=configuration)
        return delivery

    return make


def test_an_endpoint_gets_requests_in_the_documented_form(to_endpoint, endpoint):
    attributes = [{"AttributeName": "stage", "AttributeValue": "test"}]
    delivery = to_endpoint(RequestConfiguration={"ContentEncoding": "GZIP", "CommonAttributes": attributes})
    delivery.put(b"a", b"b")
    path, headers, body = wait_until(lambda: endpoint.requests)[0]
    document = json.loads(gzip.decompress(body))
    assert path == "/in?x=1"
    assert [base64.b64decode(record["data"]) for record in document["records"]] == [b"a", b"b"]
    assert document["requestId"] == headers["X-Amz-Firehose-Request-Id"]
    assert headers["X-Amz-Firehose-Protocol-Version"] == "1.0"
    assert headers["X-Amz-Firehose-Access-Key"] == "secret"
    assert headers["X-Amz-Firehose-Source-Arn"].endswith(":deliverystream/orders")
    assert json.loads(headers["X-Amz-Firehose-Common-Attributes"]) == {"commonAttributes": {"stage": "test"}}


def test_the_access_key_is_never_told(to_endpoint):
    (destination,) = to_endpoint().describe()["Destinations"]
    assert set(destination["HttpEndpointDestinationDescription"]["EndpointConfiguration"]) == {"Url", "Name"}


def test_a_failed_request_is_sent_again_under_its_id(to_endpoint, endpoint, clock):
    delivery = to_endpoint()
    endpoint.status = 500
    delivery.put(b"a")
    wait_until(lambda: endpoint.requests)
    endpoint.status = 200
    clock.advance(seconds=10)
    wait_until(lambda: len(endpoint.requests) > 1)
    first, second = (headers["X-Amz-Firehose-Request-Id"] for _, headers, _ in endpoint.requests[:2])
    assert first == second


def test_what_an_endpoint_does_not_take_is_backed_up(to_endpoint, endpoint):
    endpoint.status = 500
    delivery = to_endpoint(RetryOptions={"DurationInSeconds": 0})
    delivery.put(b"a")
    key, content = delivery.one()
    assert key.startswith("http-endpoint-failed/")
    line = json.loads(content)
    assert (line["errorCode"], base64.b64decode(line["rawData"])) == ("HttpEndpoint.DestinationException", b"a")


def test_all_data_is_backed_up_where_it_is_wished(to_endpoint, endpoint):
    delivery = to_endpoint(S3BackupMode="AllData")
    delivery.put(b"a")
    assert delivery.one()[1] == b"a"
    wait_until(lambda: endpoint.requests)


def test_the_key_may_be_in_secrets_manager(to_endpoint, endpoint, aws):
    secret = aws("secretsmanager").create_secret(Name="key", SecretString='{"api_key": "hidden"}')["ARN"]
    delivery = to_endpoint(SecretsManagerConfiguration={"Enabled": True, "SecretARN": secret})
    delivery.put(b"a")
    _, headers, _ = wait_until(lambda: endpoint.requests)[0]
    assert headers["X-Amz-Firehose-Access-Key"] == "hidden"


def test_splunk_gets_events_and_acknowledges_them(delivery, endpoint):
    splunk = {
        "HECEndpoint": endpoint.url,
        "HECEndpointType": "Event",
        "HECToken": "token",
        "BufferingHints": NOW,
        "S3Configuration": delivery.where,
    }
    delivery.create(SplunkDestinationConfiguration=splunk)
    delivery.put(b'{"event": 1}', b'{"event": 2}')
    wait_until(lambda: len(endpoint.requests) > 1)
    (path, headers, body), (asked, _, question) = endpoint.requests[:2]
    assert (path, headers["Authorization"], body) == (
        "/services/collector",
        "Splunk token",
        b'{"event": 1}{"event": 2}',
    )
    assert (asked, json.loads(question)) == ("/services/collector/ack", {"acks": [7]})
