"""Executions outlive the server: what was saved before `kill -9` is not done again, and what is due goes on."""

import pytest

from fogbank.testing.clients import Clients
from fogbank.testing.process import ServerProcess
from tests.services.lambda_.durable import Durable

COUNTED = """
@durable_execution
def handler(event, context):
    first = context.step(lambda _: 1, name="first")
    context.wait(Duration.from_seconds(4), name="rest")
    return first + context.step(lambda _: 1, name="second")
"""
SLOW = """
import time
@durable_execution
def handler(event, context):
    first = context.step(lambda _: 1, name="first")
    return first + context.step(lambda _: time.sleep(3) or 1, name="second")
"""


@pytest.fixture
def server(tmp_path):
    with ServerProcess(tmp_path) as running:
        yield running


def test_executions_go_on_after_the_server_was_killed(server):
    durable = Durable(Clients(server.endpoint))
    cut_off = durable.start(source=SLOW)
    durable.until_event(cut_off, "StepSucceeded", "StepStarted", "StepStarted")
    waiting = durable.start(source=COUNTED)
    durable.until_event(waiting, "WaitStarted")
    server.kill()
    server.start()
    durable = Durable(Clients(server.endpoint, durable.aws.account))
    for arn in (cut_off, waiting):
        assert durable.until(arn)["Result"] == "2"
        named = [event["Name"] for event in durable.history(arn) if event["EventType"] == "StepSucceeded"]
        assert named == ["first", "second"]
    assert durable.types(waiting).count("StepStarted") == 2
