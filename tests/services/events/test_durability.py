"""What was acknowledged is delivered after `kill -9`: deliveries that wait, schedules, archives."""

import json
import time

import pytest

from fogbank.testing.clients import Clients
from fogbank.testing.process import ServerProcess
from tests.services.events.conftest import Queue
from tests.services.events.test_api_destinations import KEY, TRUST, Endpoint


@pytest.fixture
def server(tmp_path):
    with ServerProcess(tmp_path) as running:
        yield running


def test_a_killed_server_goes_on_with_its_deliveries(server):
    clients = Clients(server.endpoint)
    events, sqs, iam = clients("events"), clients("sqs"), clients("iam")
    queue, endpoint = Queue(sqs, "queue"), Endpoint()
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    role = iam.create_role(RoleName="role", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": "events:InvokeApiDestination", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName="role", PolicyName="p", PolicyDocument=policy)
    connection = events.create_connection(Name="c", AuthorizationType="API_KEY", AuthParameters=KEY)["ConnectionArn"]
    hook = events.create_api_destination(
        Name="hook", ConnectionArn=connection, InvocationEndpoint=endpoint.url, HttpMethod="POST"
    )["ApiDestinationArn"]
    bus = events.describe_event_bus()["Arn"]
    events.create_archive(ArchiveName="all", EventSourceArn=bus, EventPattern='{"source": ["shop"]}')
    events.put_rule(Name="rule", EventPattern='{"source": ["shop"]}')
    targets = [{"Id": "queue", "Arn": queue.arn}, {"Id": "hook", "Arn": hook, "RoleArn": role}]
    events.put_targets(Rule="rule", Targets=targets)
    endpoint.answers = [(503, {})] * 5
    for order in range(5):
        entry = {"Source": "shop", "DetailType": "Order", "Detail": json.dumps({"order": order})}
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0

    server.kill()
    server.start()
    clients = Clients(server.endpoint, clients.account)

    queue.sqs = clients("sqs")
    queue.url = queue.sqs.get_queue_url(QueueName="queue")["QueueUrl"]
    assert sorted(event["detail"]["order"] for event in queue.events()) == [0, 1, 2, 3, 4]
    assert clients("events").describe_archive(ArchiveName="all")["EventCount"] == 5
    arrived = set()
    end = time.monotonic() + 20
    while len(arrived) < 5 and time.monotonic() < end:
        arrived = {json.loads(body)["detail"]["order"] for *_, body in endpoint.requests[5:]}
        time.sleep(0.05)
    assert arrived == {0, 1, 2, 3, 4}
    endpoint.server.shutdown()
    endpoint.server.server_close()
