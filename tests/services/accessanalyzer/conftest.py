"""Clients, policies and refusals, as the tests of Access Analyzer use them."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest


@pytest.fixture
def analyzer_client(aws):
    return aws("accessanalyzer")


@pytest.fixture
def refused(analyzer_client):
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code, message=""):
        with pytest.raises(analyzer_client.exceptions.ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert error["Code"] == code, error
        assert message in error["Message"]

    return refused


@pytest.fixture
def policy():
    """A policy of these statements as JSON."""

    def policy(*statements, version="2012-10-17"):
        return json.dumps({"Version": version, "Statement": list(statements)})

    return policy


@pytest.fixture
def make_analyzer(analyzer_client):
    """Makes an analyzer and gives its ARN."""

    def make(name="analyzer", kind="ACCOUNT", **params):
        return analyzer_client.create_analyzer(analyzerName=name, type=kind, **params)["arn"]

    return make


@pytest.fixture
def analyzer(make_analyzer):
    return make_analyzer()


@pytest.fixture
def scanned(analyzer_client, clock):
    """Has an analyzer look at everything now, and gives its findings by resource."""

    def scanned(arn, **params):
        clock.advance(seconds=6)
        analyzer_client.list_findings_v2(analyzerArn=arn)
        clock.advance(seconds=1)
        return analyzer_client.list_findings(analyzerArn=arn, **params)["findings"]

    return scanned


@pytest.fixture
def shared_queue(aws, policy):
    """Makes a queue that is shared with a principal, and gives its ARN."""
    sqs = aws("sqs")

    def shared_queue(principal="*", name="queue", actions="sqs:SendMessage", **more):
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:{aws.account}:{name}"
        statement = {"Effect": "Allow", "Principal": principal, "Action": actions, "Resource": arn, **more}
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(statement)})
        return arn

    return shared_queue
