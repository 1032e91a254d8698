"""A stack that was under way when the server was killed goes on where it was: each of its resources is made once."""

import json
import time

import pytest

from fogbank.testing.clients import Clients
from fogbank.testing.process import ServerProcess

QUEUES = 40


@pytest.fixture
def server(tmp_path):
    with ServerProcess(tmp_path) as running:
        yield running


def chain(delay):
    """Queues that need each other, so that they are made one after the other."""
    resources = {}
    for number in range(QUEUES):
        resources[f"Queue{number}"] = {
            "Type": "AWS::SQS::Queue",
            "Properties": {"DelaySeconds": delay},
            **({"DependsOn": f"Queue{number - 1}"} if number else {}),
        }
    return json.dumps({"Resources": resources})


def wait_until(cloudformation, stack, statuses):
    deadline = time.monotonic() + 60
    while (found := cloudformation.describe_stacks(StackName=stack)["Stacks"][0])["StackStatus"] not in statuses:
        assert time.monotonic() < deadline, found["StackStatus"]
        time.sleep(0.02)
    return found["StackStatus"]


def test_killed_server_goes_on_with_its_stacks(server):
    clients = Clients(server.endpoint)

    def killed_in_the_middle():
        time.sleep(0.1)
        server.kill()
        server.start()
        return Clients(server.endpoint, clients.account)

    stack = clients("cloudformation").create_stack(StackName="s", TemplateBody=chain(1))["StackId"]
    clients = killed_in_the_middle()
    assert wait_until(clients("cloudformation"), stack, {"CREATE_COMPLETE", "ROLLBACK_COMPLETE"}) == "CREATE_COMPLETE"
    assert len(clients("sqs").list_queues()["QueueUrls"]) == QUEUES

    clients("cloudformation").update_stack(StackName="s", TemplateBody=chain(2))
    clients = killed_in_the_middle()
    wait_until(clients("cloudformation"), stack, {"UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})
    sqs = clients("sqs")
    delays = {
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])["Attributes"]["DelaySeconds"]
        for url in sqs.list_queues()["QueueUrls"]
    }
    assert delays == {"2"}

    clients("cloudformation").delete_stack(StackName="s")
    clients = killed_in_the_middle()
    wait_until(clients("cloudformation"), stack, {"DELETE_COMPLETE"})
    assert clients("sqs").list_queues().get("QueueUrls") is None
