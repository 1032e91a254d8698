"""API destinations and their connections: HTTP endpoints that really are asked."""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

TRUST = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}


class Endpoint:
    """An HTTP server that notes what it is asked and answers what it is told; `/token` gives tokens."""

    def __init__(self):
        endpoint = self
        self.requests, self.answers, self.tokens = [], [], 0

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                status, headers, text = endpoint.answer_to(self.command, self.path, dict(self.headers), body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST = do_PUT = do_PATCH = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def answer_to(self, method, path, headers, body):
        if path.startswith("/token"):
            self.tokens += 1
            self.token_request = (method, headers, body)
            return 200, {}, json.dumps({"access_token": f"token-{self.tokens}", "token_type": "Bearer"})
        self.requests.append((method, path, headers, body))
        return (*(self.answers.pop(0) if self.answers else (200, {})), "")

    def asked(self, count=1):
        end = time.monotonic() + 5
        while len(self.requests) < count and time.monotonic() < end:
            time.sleep(0.01)
        return self.requests


@pytest.fixture
def endpoint():
    endpoint = Endpoint()
    yield endpoint
    endpoint.server.shutdown()
    endpoint.server.server_close()


@pytest.fixture
def role(aws):
    iam = aws("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    arn = iam.create_role(RoleName="role", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    statement = {"Effect": "Allow", "Action": "events:InvokeApiDestination", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="role", PolicyName="p", PolicyDocument=policy)
    return arn


BASIC = {"BasicAuthParameters": {"Username": "ann", "Password": "secret"}}
KEY = {"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": "secret"}}


@pytest.fixture
def connect(events):
    def connect(kind="API_KEY", parameters=KEY, name="connection"):
        return events.create_connection(Name=name, AuthorizationType=kind, AuthParameters=parameters)["ConnectionArn"]

    return connect


@pytest.fixture
def send(events, endpoint, role, make_rule, put):
    """Sends an event to the endpoint by a connection."""

    def send(connection, detail=None, path="/hook", target=None, method="POST", **options):
        arn = events.create_api_destination(
            Name="hook", ConnectionArn=connection, InvocationEndpoint=endpoint.url + path, HttpMethod=method, **options
        )["ApiDestinationArn"]
        make_rule(arn, target={"RoleArn": role, **(target or {})})
        put(detail)

    return send


def oauth(endpoint, **more):
    client = {"ClientID": "me", "ClientSecret": "secret"}
    return {
        "OAuthParameters": {
            "ClientParameters": client,
            "AuthorizationEndpoint": f"{endpoint.url}/token",
            "HttpMethod": "POST",
            **more,
        }
    }


def authorized(events):
    end = time.monotonic() + 5
    while time.monotonic() < end:
        found = events.describe_connection(Name="connection")
        if found["ConnectionState"] != "AUTHORIZING":
            return found
        time.sleep(0.02)
    return found


def test_an_event_is_sent_with_an_api_key(connect, send, endpoint):
    send(connect(), {"order": 1})
    ((method, path, headers, body),) = endpoint.asked()
    assert (method, path, headers["x-api-key"]) == ("POST", "/hook", "secret")
    assert headers["User-Agent"] == "Amazon/EventBridge/ApiDestinations"
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert json.loads(body)["detail"] == {"order": 1}


def test_an_event_is_sent_with_a_password(connect, send, endpoint):
    send(connect("BASIC", BASIC))
    assert endpoint.asked()[0][2]["Authorization"] == "Basic " + base64.b64encode(b"ann:secret").decode()


def test_an_event_is_sent_with_a_token(events, connect, send, endpoint):
    body = {"BodyParameters": [{"Key": "audience", "Value": "shop"}]}
    connection = connect("OAUTH_CLIENT_CREDENTIALS", oauth(endpoint, OAuthHttpParameters=body))
    assert authorized(events)["ConnectionState"] == "AUTHORIZED"
    assert "audience=shop" in endpoint.token_request[2]
    assert "grant_type=client_credentials" in endpoint.token_request[2]
    send(connection)
    assert endpoint.asked()[0][2]["Authorization"] == "Bearer token-1"


def test_a_token_that_is_not_taken_is_replaced(events, connect, send, endpoint):
    connection = connect("OAUTH_CLIENT_CREDENTIALS", oauth(endpoint))
    authorized(events)
    endpoint.answers = [(401, {})]
    send(connection)
    assert [request[2]["Authorization"] for request in endpoint.asked(2)] == ["Bearer token-1", "Bearer token-2"]


def test_an_authorization_endpoint_that_refuses_is_told(events, connect, endpoint):
    parameters = oauth(endpoint)
    parameters["OAuthParameters"]["AuthorizationEndpoint"] = "http://127.0.0.1:9/token"
    connect("OAUTH_CLIENT_CREDENTIALS", parameters)
    found = authorized(events)
    assert found["ConnectionState"] == "DEAUTHORIZED"
    assert "cannot be reached" in found["StateReason"]


def test_headers_query_and_path_come_from_target_and_connection(connect, send, endpoint):
    extra = {
        "HeaderParameters": [{"Key": "x-both", "Value": "connection", "IsValueSecret": False}],
        "QueryStringParameters": [{"Key": "q", "Value": "1"}],
        "BodyParameters": [{"Key": "added", "Value": "yes"}],
    }
    http = {
        "PathParameterValues": ["$.detail.customer"],
        "HeaderParameters": {"x-both": "target", "x-order": "$.detail.order"},
        "QueryStringParameters": {"r": "2"},
    }
    connection = connect(parameters={**KEY, "InvocationHttpParameters": extra})
    target = {"HttpParameters": http, "InputPath": "$.detail"}
    send(connection, {"customer": "c/1", "order": 7}, path="/customers/*/orders", target=target, method="PUT")
    ((method, path, headers, body),) = endpoint.asked()
    assert (method, path) == ("PUT", "/customers/c%2F1/orders?r=2&q=1")
    assert (headers["x-both"], headers["x-order"]) == ("connection", "7")
    assert json.loads(body) == {"customer": "c/1", "order": 7, "added": "yes"}


def test_an_endpoint_that_fails_is_tried_again(connect, send, endpoint, clock):
    endpoint.answers = [(500, {}), (429, {}), (503, {})]
    send(connect())
    for count in (2, 3, 4):
        endpoint.asked(count - 1)
        time.sleep(0.1)
        clock.advance(minutes=1)
    assert len(endpoint.asked(4)) == 4


def test_an_endpoint_that_refuses_is_not_tried_again(connect, send, endpoint, make_queue, clock):
    dead = make_queue("dead")
    endpoint.answers = [(400, {})]
    send(connect(), target={"DeadLetterConfig": {"Arn": dead.arn}})
    endpoint.asked()
    time.sleep(0.2)
    clock.advance(minutes=10)
    (message,) = dead.messages()
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "ERROR_FROM_TARGET"
    assert len(endpoint.requests) == 1


def test_after_the_last_attempt_the_event_is_a_dead_letter(connect, send, endpoint, make_queue, clock):
    dead = make_queue("dead")
    endpoint.answers = [(500, {})] * 5
    send(connect(), target={"DeadLetterConfig": {"Arn": dead.arn}, "RetryPolicy": {"MaximumRetryAttempts": 1}})
    endpoint.asked()
    time.sleep(0.1)
    clock.advance(minutes=10)
    endpoint.asked(2)
    time.sleep(0.2)
    (message,) = dead.messages()
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert (attributes["EXHAUSTED_RETRY_CONDITION"], attributes["RETRY_ATTEMPTS"]) == ("MaximumRetryAttempts", "1")
    assert len(endpoint.requests) == 2


# -- connections


def test_what_is_secret_of_a_connection_rests_in_secrets_manager(aws, events, connect):
    connect("BASIC", BASIC)
    found = events.describe_connection(Name="connection")
    assert found["AuthParameters"] == {"BasicAuthParameters": {"Username": "ann"}}
    assert found["ConnectionState"] == "AUTHORIZED"
    assert "secret:events!connection/connection/" in found["SecretArn"]
    secret = aws("secretsmanager").get_secret_value(SecretId=found["SecretArn"])
    assert json.loads(secret["SecretString"])["BasicAuthParameters"]["Password"] == "secret"


def test_values_that_are_secret_are_not_told(events, connect):
    headers = [{"Key": "a", "Value": "1", "IsValueSecret": True}, {"Key": "b", "Value": "2", "IsValueSecret": False}]
    connect(parameters={**KEY, "InvocationHttpParameters": {"HeaderParameters": headers}})
    found = events.describe_connection(Name="connection")["AuthParameters"]
    assert found["InvocationHttpParameters"]["HeaderParameters"] == [
        {"Key": "a", "IsValueSecret": True},
        {"Key": "b", "Value": "2", "IsValueSecret": False},
    ]


def test_an_update_keeps_what_it_does_not_name(aws, events, connect):
    connect("BASIC", BASIC)
    events.update_connection(Name="connection", AuthParameters={"BasicAuthParameters": {"Password": "new"}})
    found = events.describe_connection(Name="connection")
    secret = json.loads(aws("secretsmanager").get_secret_value(SecretId=found["SecretArn"])["SecretString"])
    assert secret["BasicAuthParameters"] == {"Username": "ann", "Password": "new"}


def test_a_connection_is_deauthorized(aws, events, connect):
    connect()
    secret = events.describe_connection(Name="connection")["SecretArn"]
    assert events.deauthorize_connection(Name="connection")["ConnectionState"] == "DEAUTHORIZING"
    found = events.describe_connection(Name="connection")
    assert (found["ConnectionState"], "SecretArn" in found) == ("DEAUTHORIZED", False)
    with pytest.raises(aws("secretsmanager").exceptions.ResourceNotFoundException):
        aws("secretsmanager").describe_secret(SecretId=secret)


def test_a_deleted_connection_is_gone(events, connect, refused):
    connection = connect()
    events.create_api_destination(
        Name="hook", ConnectionArn=connection, InvocationEndpoint="https://example.com", HttpMethod="POST"
    )
    assert events.describe_api_destination(Name="hook")["ApiDestinationState"] == "ACTIVE"
    events.delete_connection(Name="connection")
    assert events.describe_api_destination(Name="hook")["ApiDestinationState"] == "INACTIVE"
    with refused("ResourceNotFoundException", "Connection connection does not exist."):
        events.describe_connection(Name="connection")


def test_connections_and_destinations_are_listed(events, connect):
    first = connect(name="a")
    connect(name="b")
    options = {"InvocationEndpoint": "https://example.com", "HttpMethod": "POST"}
    events.create_api_destination(Name="x", ConnectionArn=first, **options)
    assert [each["Name"] for each in events.list_connections()["Connections"]] == ["a", "b"]
    (found,) = events.list_api_destinations(ConnectionArn=first)["ApiDestinations"]
    assert (found["Name"], found["InvocationRateLimitPerSecond"]) == ("x", 300)


@pytest.mark.parametrize(
    "kind, parameters", [("BASIC", KEY), ("API_KEY", {}), ("API_KEY", {**KEY, **BASIC}), ("BASIC", {})]
)
def test_parameters_have_to_be_those_of_the_type(connect, refused, kind, parameters):
    with refused("ValidationException"):
        connect(kind, parameters)


def test_refused_destinations(events, connect, refused):
    connection = connect()
    options = {"Name": "x", "HttpMethod": "POST"}
    with refused("ValidationException", "Parameter InvocationEndpoint is not valid."):
        events.create_api_destination(ConnectionArn=connection, InvocationEndpoint="example.com", **options)
    with refused("ResourceNotFoundException", "Connection connection does not exist."):
        arn = connection[:-1] + ("0" if connection[-1] != "0" else "1")
        events.create_api_destination(ConnectionArn=arn, InvocationEndpoint="https://example.com", **options)
    with refused("ResourceNotFoundException", "ApiDestination x does not exist."):
        events.describe_api_destination(Name="x")
