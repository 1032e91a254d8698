"""Queues, roles, schedules and refusals, as the tests of EventBridge Scheduler use them."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest

OFF = {"Mode": "OFF"}


@pytest.fixture
def scheduler(aws):
    return aws("scheduler")


@pytest.fixture
def refused(scheduler):
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code, message=""):
        with pytest.raises(scheduler.exceptions.ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert error["Code"] == code
        assert message in error["Message"]

    return refused


@pytest.fixture
def make_role(aws):
    """Makes an execution role that may do these actions, all of them when none are named."""

    def make(*actions, service="scheduler.amazonaws.com", name="role", condition=None):
        iam = aws("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        if condition:
            trust["Condition"] = condition
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
        statement = {"Effect": "Allow", "Action": list(actions) or "*", "Resource": "*"}
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=_policy(statement))
        return arn

    return make


def _policy(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Queue:
    """A queue and what arrived in it."""

    def __init__(self, sqs, name, **attributes):
        self.sqs = sqs
        self.name = name
        self.url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn = found["Attributes"]["QueueArn"]

    def messages(self):
        found = []
        options = {"MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"], "AttributeNames": ["All"]}
        while batch := self.sqs.receive_message(QueueUrl=self.url, **options).get("Messages"):
            for message in batch:
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            found += batch
        return found

    def bodies(self):
        return [message["Body"] for message in self.messages()]


@pytest.fixture
def make_queue(aws):
    return lambda name, **attributes: Queue(aws("sqs"), name, **attributes)


@pytest.fixture
def queue(make_queue):
    return make_queue("queue")


@pytest.fixture
def role(make_role):
    return make_role()


@pytest.fixture
def schedule(scheduler, queue, role):
    """Makes a schedule `s` whose target is the queue; `target` has further members of the target."""

    def make(expression="rate(1 hour)", name="s", target=None, **options):
        target = {"Arn": queue.arn, "RoleArn": role, "Input": "hello", **(target or {})}
        options = {"FlexibleTimeWindow": OFF, **options}
        return scheduler.create_schedule(Name=name, ScheduleExpression=expression, Target=target, **options)

    return make
