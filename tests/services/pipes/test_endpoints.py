"""API destinations as targets and enrichments: HTTP endpoints that really are asked."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.services.pipes.conftest import until


class Endpoint:
    """An HTTP server that notes what it is asked, and answers with what it was given and more."""

    def __init__(self):
        endpoint = self
        self.requests, self.status = [], 200

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                endpoint.requests.append((self.path, dict(self.headers), body))
                answer = json.dumps({"seen": json.loads(body)}).encode()
                self.send_response(endpoint.status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def endpoint():
    endpoint = Endpoint()
    yield endpoint
    endpoint.server.shutdown()
    endpoint.server.server_close()


@pytest.fixture
def destination(aws, endpoint):
    events = aws("events")
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": "secret"}}
    connection = events.create_connection(Name="c", AuthorizationType="API_KEY", AuthParameters=key)["ConnectionArn"]
    made = events.create_api_destination(
        Name="hook", ConnectionArn=connection, InvocationEndpoint=endpoint.url + "/hook/*", HttpMethod="POST"
    )
    return made["ApiDestinationArn"]


HTTP = {
    "PathParameterValues": ["$.body.id"],
    "HeaderParameters": {"x-kind": "$.body.kind"},
    "QueryStringParameters": {"by": "pipe"},
}


def test_an_endpoint_is_sent_each_event(make, source, endpoint, destination):
    make(Target=destination, TargetParameters={"InputTemplate": "<$.body>", "HttpParameters": HTTP})
    source.send('{"id": "1", "kind": "order"}')
    ((path, headers, body),) = until(lambda: endpoint.requests)
    assert path == "/hook/1?by=pipe"
    assert (headers["x-kind"], headers["x-api-key"]) == ("order", "secret")
    assert json.loads(body) == {"id": "1", "kind": "order"}
    assert until(lambda: source.left() == 0)


def test_an_endpoint_that_fails_leaves_the_message(make, make_queue, endpoint, destination):
    dead = make_queue("dead")
    redrive = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": "1"})
    source = make_queue("failing", RedrivePolicy=redrive, VisibilityTimeout="1")
    endpoint.status = 500
    make(Source=source.arn, Target=destination, TargetParameters={"InputTemplate": "<$.body>"})
    source.send('{"id": "1"}')
    assert dead.bodies() == ['{"id": "1"}']


def test_an_endpoint_enriches(make, source, target, endpoint, destination):
    make(
        Enrichment=destination,
        EnrichmentParameters={"InputTemplate": '{"id": <$.body.id>}', "HttpParameters": HTTP},
        TargetParameters={"InputTemplate": '{"answer": <$.seen.id>}'},
    )
    source.send('{"id": "1"}')
    assert [json.loads(body) for body in target.bodies()] == [{"answer": "1"}]


def test_a_method_of_an_api_enriches(aws, make, source, target, endpoint):
    gateway = aws("apigateway")
    api = gateway.create_rest_api(name="shop")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "POST"}
    gateway.put_method(**method, authorizationType="AWS_IAM")
    gateway.put_integration(**method, type="HTTP_PROXY", integrationHttpMethod="POST", uri=endpoint.url + "/made")
    gateway.create_deployment(restApiId=api, stageName="prod")
    make(
        Enrichment=f"arn:aws:execute-api:us-east-1:{aws.account}:{api}/prod/POST/",
        EnrichmentParameters={"InputTemplate": '{"id": <$.body.id>}'},
        TargetParameters={"InputTemplate": '{"answer": <$.seen.id>}'},
    )
    source.send('{"id": "1"}')
    assert [json.loads(body) for body in target.bodies()] == [{"answer": "1"}]


def test_the_role_has_to_be_allowed_to_ask(make, make_queue, make_role, endpoint, destination):
    dead = make_queue("dead")
    redrive = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": "1"})
    source = make_queue("closed", RedrivePolicy=redrive, VisibilityTimeout="1")
    make(Source=source.arn, Target=destination, RoleArn=make_role("sqs:*", name="reading"))
    source.send("secret")
    assert dead.bodies() == ["secret"]
    assert endpoint.requests == []


@pytest.mark.parametrize("size", [2, 10])
def test_an_endpoint_takes_no_batches(make, destination, refused, size):
    with refused("ValidationException", "BatchSize must not be larger than 1"):
        make(Target=destination, SourceParameters={"SqsQueueParameters": {"BatchSize": size}})
