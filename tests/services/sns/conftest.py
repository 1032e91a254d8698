"""Topics, subscribed queues, a web server that is subscribed, the mailbox, and refusals, as the tests of SNS use them."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import pytest
from botocore.exceptions import ClientError

PATIENCE = 10.0


def opened_to_sns(topic_arn="*"):
    """A queue's policy that lets SNS in, for one topic or any."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
        "Condition": {"ArnLike": {"aws:SourceArn": topic_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Queue(NamedTuple):
    url: str
    arn: str
    client: object

    def messages(self):
        """What is in it; it is hidden after that."""
        answer = self.client.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
        )
        return answer.get("Messages", [])

    def bodies(self):
        return [message["Body"] for message in self.messages()]

    def texts(self):
        """The texts of the notifications in it."""
        return [json.loads(body)["Message"] for body in self.bodies()]


@pytest.fixture
def sns(aws):
    return aws("sns")


@pytest.fixture
def make_topic(sns):
    def make(name="topic", **attributes):
        if name.endswith(".fifo"):
            attributes = {"FifoTopic": "true", **attributes}
        return sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]

    return make


@pytest.fixture
def topic(make_topic):
    return make_topic()


@pytest.fixture
def fifo(make_topic):
    """A FIFO topic that takes any body as new, unless the test says otherwise."""
    return make_topic("topic.fifo", ContentBasedDeduplication="true")


@pytest.fixture
def make_queue(aws):
    def make(name="queue", clients=aws, region="us-east-1", **attributes):
        client = clients("sqs", region)
        attributes = {"Policy": opened_to_sns(), **attributes}
        if name.endswith(".fifo"):
            attributes["FifoQueue"] = "true"
        url = client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return Queue(url, arn, client)

    return make


@pytest.fixture
def subscribe(sns):
    def subscribe(topic_arn, endpoint, protocol="sqs", **attributes):
        attributes = {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in attributes.items()
        }
        return sns.subscribe(
            TopicArn=topic_arn,
            Protocol=protocol,
            Endpoint=endpoint,
            Attributes=attributes,
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]

    return subscribe


@pytest.fixture
def subscribed(make_queue, subscribe):
    """A queue that is subscribed to a topic."""

    def subscribed(topic_arn, name="queue", **attributes):
        queue = make_queue(name)
        subscribe(topic_arn, queue.arn, **attributes)
        return queue

    return subscribed


@pytest.fixture
def refused():
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code, message="", status=None):
        with pytest.raises(ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert error["Code"] == code
        assert message in error["Message"]
        assert status in (None, raised.value.response["ResponseMetadata"]["HTTPStatusCode"])

    return refused


@pytest.fixture
def mails(aws):
    """The messages of the test's account in the mailbox, the first one first."""

    def mails(**wanted):
        query = "&".join(f"{name}={value}" for name, value in wanted.items())
        url = f"{aws.endpoint}/_fogbank/mail?account={aws.account}&{query}"
        with urllib.request.urlopen(url) as answer:
            return json.loads(answer.read())["mail"][::-1]

    return mails


def follow(url):
    """Open a link; the answer's text."""
    with urllib.request.urlopen(url) as answer:
        return answer.read().decode()


class Web(ThreadingHTTPServer):
    """A subscriber. `got` has (headers, body); `statuses` are answered one after another, then 200."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got = []
        self.statuses = []
        self.url = f"http://127.0.0.1:{self.server_port}/hook"

    def wait_for(self, count):
        deadline = time.monotonic() + PATIENCE
        while len(self.got) < count and time.monotonic() < deadline:
            time.sleep(0.005)
        assert len(self.got) >= count
        return self.got[:count]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append(({name.lower(): value for name, value in self.headers.items()}, body.decode()))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def web():
    with Web() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.fixture
def hooked(web, sns, topic, subscribe):
    """The web server, subscribed and confirmed."""

    def hooked(topic_arn=topic, **attributes):
        arn = subscribe(topic_arn, web.url, "http", **attributes)
        ((_, body),) = web.wait_for(1)
        follow(json.loads(body)["SubscribeURL"])
        web.got.clear()
        return arn

    return hooked
