"""Buses, rules, queues and refusals, as the tests of EventBridge use them."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest


@pytest.fixture
def events(aws):
    return aws("events")


@pytest.fixture
def sqs(aws):
    return aws("sqs")


@pytest.fixture
def refused(events):
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code, message=""):
        with pytest.raises(events.exceptions.ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert error["Code"] == code
        assert message in error["Message"]

    return refused


class Queue:
    """A queue that EventBridge may send to, and what arrived in it."""

    def __init__(self, sqs, name, **attributes):
        self.sqs = sqs
        policy = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "*", "Resource": "*"}
        attributes = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [policy]}), **attributes}
        self.url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn = found["Attributes"]["QueueArn"]

    def messages(self):
        found = []
        options = {"MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"], "AttributeNames": ["All"]}
        while batch := self.sqs.receive_message(QueueUrl=self.url, **options).get("Messages"):
            found += batch
        return found

    def bodies(self):
        return [message["Body"] for message in self.messages()]

    def events(self):
        return [json.loads(body) for body in self.bodies()]


@pytest.fixture
def make_queue(sqs):
    return lambda name="queue", **attributes: Queue(sqs, name, **attributes)


@pytest.fixture
def queue(make_queue):
    return make_queue()


@pytest.fixture
def make_rule(events):
    """A rule of the shop's events, unless told otherwise, with a target; gives the rule's ARN.

    After the test no rule fires any more: the tests share a clock.
    """
    scheduled = []

    def make(arn, name="rule", bus="default", pattern='{"source": ["shop"]}', client=None, target=None, **rule):
        client = client or events
        if pattern is not None:
            rule["EventPattern"] = pattern if isinstance(pattern, str) else json.dumps(pattern)
        made = client.put_rule(Name=name, EventBusName=bus, **rule)["RuleArn"]
        targets = [{"Id": "1", "Arn": arn, **(target or {})}]
        answer = client.put_targets(Rule=name, EventBusName=bus, Targets=targets)
        assert answer["FailedEntries"] == []
        if "ScheduleExpression" in rule:
            scheduled.append(name)
        return made

    yield make
    for rule in events.list_rules()["Rules"]:
        if rule["Name"] in scheduled:
            events.disable_rule(Name=rule["Name"])


@pytest.fixture
def put(events):
    """Puts an event of the shop; gives the answer's entry."""

    def put(detail=None, client=None, **entry):
        text = json.dumps({"order": 1} if detail is None else detail)
        entry = {"Source": "shop", "DetailType": "Order", "Detail": text, **entry}
        return (client or events).put_events(Entries=[entry])["Entries"][0]

    return put


ROLE = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.fixture
def make_role(aws):
    def make(*actions, trust=ROLE, name="role"):
        iam = aws("iam")
        trust = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        statement = {"Effect": "Allow", "Action": list(actions) or "*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
        return arn

    return make
