"""WebSocket APIs: who is let in, which route a message takes, how others reach a connection, how it ends."""

import json
import time

import pytest
from botocore.exceptions import ClientError

from tests.services.apigateway.apis import code
from tests.services.apigatewayv2.clients import Client, Rejected

ECHO = """
import json
def handler(event, context):
    context = event["requestContext"]
    if context["routeKey"] == "$connect":
        refused = (event.get("queryStringParameters") or {}).get("token") == "bad"
        return {"statusCode": 403 if refused else 200}
    return {"statusCode": 200, "body": json.dumps({"route": context["routeKey"], "id": context["connectionId"],
                                                   "body": event.get("body"), "kind": context["eventType"]})}
"""


@pytest.fixture
def chat(apis):
    """A WebSocket API whose routes a function answers; its id."""

    def make(*keys, source=ECHO):
        v2 = apis.v2
        api = v2.create_api(Name="chat", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")[
            "ApiId"
        ]
        target = apis.integrate(api, IntegrationUri=apis.function(source))
        for key in keys:
            route = v2.create_route(ApiId=api, RouteKey=key, Target=target, RouteResponseSelectionExpression="$default")
            if not key.startswith("$") or key == "$default":
                v2.create_route_response(ApiId=api, RouteId=route["RouteId"], RouteResponseKey="$default")
        v2.create_stage(ApiId=api, StageName="prod", AutoDeploy=True)
        return api

    return make


@pytest.fixture
def dial(apis):
    opened = []

    def connect(api, path="/prod", headers=()):
        opened.append(Client(apis.endpoint, api, path, headers))
        return opened[-1]

    yield connect
    for client in opened:
        client._socket.close()


def test_messages_take_the_route_that_they_name(chat, dial):
    api = chat("$connect", "send", "$default")
    client = dial(api)
    client.send({"action": "send", "text": "hi"})
    answer = json.loads(client.receive())
    assert (answer["route"], answer["kind"]) == ("send", "MESSAGE")
    assert json.loads(answer["body"])["text"] == "hi"
    client.send("no json")
    assert json.loads(client.receive())["route"] == "$default"


def test_a_message_without_a_route_is_forbidden(chat, dial):
    client = dial(chat("$connect", "send"))
    client.send({"action": "nothing"})
    answer = json.loads(client.receive())
    assert answer["message"] == "Forbidden"
    assert answer["connectionId"]


def test_connect_decides_who_is_let_in(chat, dial):
    api = chat("$connect")
    with pytest.raises(Rejected) as rejected:
        dial(api, "/prod?token=bad")
    assert rejected.value.status == 403
    dial(api, "/prod?token=good")
    with pytest.raises(Rejected):
        dial(api, "/other")


def test_others_reach_a_connection_and_end_it(apis, chat, dial):
    api = chat("send")
    client = dial(api)
    client.send({"action": "send"})
    identifier = json.loads(client.receive())["id"]
    manage = apis.manage(api)
    manage.post_to_connection(ConnectionId=identifier, Data=b"hello")
    assert client.receive() == "hello"
    assert manage.get_connection(ConnectionId=identifier)["Identity"]["SourceIp"] == "127.0.0.1"
    manage.delete_connection(ConnectionId=identifier)
    assert client.receive() == 1000
    with pytest.raises(ClientError) as error:
        manage.post_to_connection(ConnectionId=identifier, Data=b"hello")
    assert code(error) == "GoneException"


def test_another_account_cannot_reach_a_connection(apis, chat, dial):
    api = chat("send")
    client = dial(api)
    client.send({"action": "send"})
    identifier = json.loads(client.receive())["id"]
    with pytest.raises(ClientError) as error:
        apis.manage(api, account="999988887777").post_to_connection(ConnectionId=identifier, Data=b"hello")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_connection_ends_when_it_was_idle_for_ten_minutes(chat, dial, clock):
    client = dial(chat("send"))
    clock.advance(seconds=601)
    assert client.receive() == 1001


def test_a_message_that_is_too_long_ends_the_connection(chat, dial):
    client = dial(chat("send"))
    client.send("x" * (33 * 1024))
    assert client.receive() == 1009


def test_disconnect_is_told_of_the_end(apis, chat, dial):
    queue = apis.aws("sqs").create_queue(QueueName="ends")["QueueUrl"]
    api = chat("$connect")
    arn = apis.aws("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    integration = apis.v2.create_integration(
        ApiId=api,
        IntegrationType="AWS",
        IntegrationMethod="POST",
        IntegrationUri=f"arn:aws:apigateway:us-east-1:sqs:path/{arn.split(':')[4]}/ends",
        CredentialsArn=apis.role(),
        RequestParameters={"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"},
        RequestTemplates={
            "$default": "Action=SendMessage&MessageBody=$context.connectionId:$context.disconnectStatusCode"
        },
        TemplateSelectionExpression="\\$default",
    )["IntegrationId"]
    apis.v2.create_route(ApiId=api, RouteKey="$disconnect", Target=f"integrations/{integration}")
    dial(api).close()
    found = []
    for _ in range(40):
        found = apis.aws("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages") or []
        if found:
            break
        time.sleep(0.05)
    assert found[0]["Body"].endswith(":1000")
