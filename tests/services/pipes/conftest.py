"""Queues, roles, pipes and refusals, as the tests of EventBridge Pipes use them."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager

import pytest


@pytest.fixture
def pipes(aws):
    return aws("pipes")


@pytest.fixture
def refused(pipes):
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code, message=""):
        with pytest.raises(pipes.exceptions.ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert error["Code"] == code
        assert message in error["Message"]

    return refused


@pytest.fixture
def make_role(aws):
    """Makes an execution role that may do these actions, all of them when none are named."""

    def make(*actions, service="pipes.amazonaws.com", name="role"):
        iam = aws("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
        statement = {"Effect": "Allow", "Action": list(actions) or "*", "Resource": "*"}
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(statement))
        return arn

    return make


def policy(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Queue:
    """A queue and what arrives in it."""

    def __init__(self, sqs, name, **attributes):
        self.sqs = sqs
        self.url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn = found["Attributes"]["QueueArn"]

    def send(self, *bodies, **options):
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body, **options)

    def take(self, count=1, within=15):
        """The next messages, at least so many."""
        found = []
        end = time.monotonic() + within
        options = {"MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"], "AttributeNames": ["All"]}
        while len(found) < count and time.monotonic() < end:
            batch = self.sqs.receive_message(QueueUrl=self.url, WaitTimeSeconds=2, **options).get("Messages") or []
            for message in batch:
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            found += batch
        return found

    def bodies(self, count=1):
        return [message["Body"] for message in self.take(count)]

    def left(self):
        """How many messages are in it, in flight or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(map(int, found.values()))


@pytest.fixture
def make_queue(aws):
    return lambda name, **attributes: Queue(aws("sqs"), name, **attributes)


@pytest.fixture
def source(make_queue):
    return make_queue("source")


@pytest.fixture
def target(make_queue):
    return make_queue("target")


@pytest.fixture
def role(make_role):
    return make_role()


def until(done, within=15):
    """Wait for what happens in real time; the last answer."""
    end = time.monotonic() + within
    while not (found := done()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


@pytest.fixture
def settled(pipes):
    """Waits until a pipe is in its next state, which is returned."""

    def wait(name="p"):
        def look():
            state = pipes.describe_pipe(Name=name)["CurrentState"]
            return None if state.endswith("ING") and state != "RUNNING" else state

        return until(look)

    return wait


@pytest.fixture
def make(pipes, source, target, role, settled):
    """Makes a pipe `p` from the source to the target, and waits for it."""

    def make(name="p", **options):
        options = {"Source": source.arn, "Target": target.arn, "RoleArn": role, **options}
        made = pipes.create_pipe(Name=name, **options)
        settled(name)
        return made

    return make
