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
    return first + context.step(lambda _: time.sleep(1.5) or 1, name="second")
"""


@pytest.fixture
def server(tmp_path):
    with ServerProcess(tmp_path) as running:
        yield running


def killed(server, durable):
    server.kill()
    server.start()
    return Durable(Clients(server.endpoint, durable.aws.account))


def test_an_execution_that_waits_goes_on_after_the_server_was_killed(server):
    durable = Durable(Clients(server.endpoint))
    durable.make_durable(COUNTED)
    arn = durable.start()
    durable.until_event(arn, "WaitStarted")
    durable = killed(server, durable)
    assert durable.until(arn)["Result"] == "2"
    assert durable.types(arn).count("StepStarted") == 2


def test_an_invocation_that_was_cut_off_is_made_again(server):
    durable = Durable(Clients(server.endpoint))
    durable.make_durable(SLOW)
    arn = durable.start()
    durable.until_event(arn, "StepSucceeded", "StepStarted", "StepStarted")
    durable = killed(server, durable)
    assert durable.until(arn)["Result"] == "2"
    named = [event["Name"] for event in durable.history(arn) if event["EventType"] == "StepSucceeded"]
    assert named == ["first", "second"]
