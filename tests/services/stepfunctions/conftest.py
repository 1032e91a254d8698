"""State machines and their executions, as the tests of Step Functions use them."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager

import pytest


@pytest.fixture
def sfn(aws):
    return aws("stepfunctions", inject_host_prefix=False)


@pytest.fixture
def role(aws):
    """A role that Step Functions may assume, and that may do everything."""
    return make_role(aws, "machine", "*")


def make_role(aws, name, *actions):
    iam = aws("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=_policy(statement))
    return arn


def _policy(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Machines:
    """Makes state machines of states, and runs them."""

    def __init__(self, sfn, role):
        self.sfn = sfn
        self.role = role
        self.count = 0

    def make(self, states, name=None, kind="STANDARD", start=None, **about):
        self.count += 1
        options = {
            key: about.pop(key)
            for key in ("loggingConfiguration", "publish", "roleArn", "tags", "tracingConfiguration")
            if key in about
        }
        definition = {"StartAt": start or next(iter(states)), "States": states, **about}
        made = self.sfn.create_state_machine(
            name=name or f"m{self.count}",
            definition=json.dumps(definition),
            roleArn=options.pop("roleArn", self.role),
            type=kind,
            **options,
        )
        return made["stateMachineArn"]

    def start(self, states, given=None, **about):
        arn = states if isinstance(states, str) else self.make(states, **about)
        return self.sfn.start_execution(stateMachineArn=arn, input=json.dumps({} if given is None else given))[
            "executionArn"
        ]

    def run(self, states, given=None, **about):
        """The description of an execution that has ended, with its output as JSON."""
        return self.ended(self.start(states, given, **about))

    def ended(self, execution, statuses=("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")):
        ends = time.monotonic() + 20
        while (found := self.sfn.describe_execution(executionArn=execution))["status"] not in statuses:
            assert time.monotonic() < ends, self.types(execution)
            time.sleep(0.005)
        if "output" in found:
            found["output"] = json.loads(found["output"])
        return found

    def quick(self, states, given=None, **about):
        """The answer of an Express execution, with its output as JSON."""
        arn = self.make(states, kind="EXPRESS", **about)
        found = self.sfn.start_sync_execution(stateMachineArn=arn, input=json.dumps({} if given is None else given))
        if "output" in found:
            found["output"] = json.loads(found["output"])
        return found

    def history(self, execution):
        pages = self.sfn.get_paginator("get_execution_history").paginate(executionArn=execution)
        return [event for page in pages for event in page["events"]]

    def types(self, execution):
        return [event["type"] for event in self.history(execution)]

    def until(self, execution, kind):
        """Wait for an event of that type."""
        ends = time.monotonic() + 20
        while kind not in self.types(execution):
            assert time.monotonic() < ends, self.history(execution)
            time.sleep(0.005)


@pytest.fixture
def machines(sfn, role):
    return Machines(sfn, role)


@pytest.fixture
def refused(sfn):
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code, message=""):
        with pytest.raises(sfn.exceptions.ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert (error["Code"], message in error["Message"]) == (code, True), error

    return refused


class Queue:
    def __init__(self, sqs, name):
        self.sqs = sqs
        self.url = sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]
        self.arn = attributes["QueueArn"]

    def take(self):
        """The body of the next message."""
        found = self.sqs.receive_message(QueueUrl=self.url, WaitTimeSeconds=10)["Messages"][0]
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=found["ReceiptHandle"])
        return found["Body"]


@pytest.fixture
def queue(aws):
    return Queue(aws("sqs"), "q")
