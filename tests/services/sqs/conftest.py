"""Queues, receivers and refusals, as the tests of SQS use them."""

from __future__ import annotations

import urllib.error
import urllib.request
from contextlib import contextmanager
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest


@pytest.fixture
def sqs(aws):
    return aws("sqs")


@pytest.fixture
def make_queue(sqs):
    """Creates a queue with these attributes and gives its URL."""

    def make(name="queue", **attributes):
        if name.endswith(".fifo"):
            attributes = {"FifoQueue": "true", **attributes}
        return sqs.create_queue(QueueName=name, Attributes={key: str(value) for key, value in attributes.items()})[
            "QueueUrl"
        ]

    return make


@pytest.fixture
def queue(make_queue):
    return make_queue()


@pytest.fixture
def fifo(make_queue):
    """A FIFO queue that takes any body as new, unless the test says otherwise."""
    return make_queue("queue.fifo", ContentBasedDeduplication="true")


@pytest.fixture
def send(sqs):
    def send(url, body, **params):
        return sqs.send_message(QueueUrl=url, MessageBody=body, **params)

    return send


@pytest.fixture
def receive(sqs):
    """Receives, by default all it can get at once, and gives the messages."""

    def receive(url, most=10, **params):
        return sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=most, **params).get("Messages", [])

    return receive


@pytest.fixture
def bodies(receive):
    def bodies(url, most=10, **params):
        return [message["Body"] for message in receive(url, most, **params)]

    return bodies


@pytest.fixture
def attributes(sqs):
    def attributes(url, *names):
        return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names or ["All"]).get("Attributes", {})

    return attributes


@pytest.fixture
def counted(attributes):
    """(visible, in flight, delayed) messages of a queue."""

    def counted(url):
        shown = attributes(url)
        names = ("", "NotVisible", "Delayed")
        return tuple(int(shown[f"ApproximateNumberOfMessages{name}"]) for name in names)

    return counted


@pytest.fixture
def refused(sqs):
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code, message=""):
        with pytest.raises(sqs.exceptions.ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert error["Code"] == code
        assert message in error["Message"]

    return refused


@pytest.fixture
def query(aws):
    """A signed request of the query protocol: `query("SendMessage", QueueUrl=..., ...)` -> (status, document)."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    def query(action, path="/", **params):
        form = urlencode({"Action": action, "Version": "2012-11-05", **params})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        signed = AWSRequest("POST", aws.endpoint + path, headers=headers, data=form)
        SigV4Auth(Credentials(aws.account, "test"), "sqs", "us-east-1").add_auth(signed)
        request = urllib.request.Request(signed.url, form.encode(), dict(signed.headers))
        try:
            with urllib.request.urlopen(request) as response:
                status, body = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read()
        return status, ElementTree.fromstring(body)

    return query
