"""The cloud that flows are built of: queues, topics, tables, buckets and functions, ready to be wired together."""

from __future__ import annotations

import io
import json
import sys
import time
import zipfile
from typing import Any, NamedTuple

import pytest

from tests.services.s3control.conftest import to_loopback

PATIENCE = 20.0
RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
SERVICES = ("lambda", "scheduler", "batchoperations.s3", "events", "pipes")
LET_IN = ("sns.amazonaws.com", "events.amazonaws.com", "s3.amazonaws.com")
# Fails with what says that it is bad, and notes everything else in a queue.
NOTING = """
import boto3, json, os
sqs = boto3.client("sqs")
def handler(event, context):
    text = json.dumps(event)
    if "bad" in text:
        raise ValueError("bad")
    sqs.send_message(QueueUrl=os.environ["NOTES"], MessageBody=text)
"""


def policy(effect="Allow", **statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, **statement}]})


def package(source: str) -> bytes:
    """A ZIP with that text as index.py."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("index.py", source)
    return data.getvalue()


class Queue(NamedTuple):
    """A queue that AWS's services may write to."""

    url: str
    arn: str
    client: Any

    def send(self, body: str, **options: Any) -> None:
        self.client.send_message(QueueUrl=self.url, MessageBody=body, **options)

    def messages(self, count: int = 1) -> list[dict[str, Any]]:
        """The next so many messages, which are deleted."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            found += self._received(WaitTimeSeconds=20)
        assert len(found) == count
        return found

    def _received(self, **options: Any) -> list[dict[str, Any]]:
        answer = self.client.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"], **options
        )
        found: list[dict[str, Any]] = answer.get("Messages", [])
        assert found or "WaitTimeSeconds" not in options, "nothing came"
        for message in found:
            self.client.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def bodies(self, count: int = 1) -> list[str]:
        return [message["Body"] for message in self.messages(count)]

    def next(self) -> list[Any]:
        """What comes next, at least one message, as JSON."""
        return [json.loads(message["Body"]) for message in self._received(WaitTimeSeconds=20)]

    def documents(self, count: int = 1) -> list[Any]:
        """The next so many messages as JSON."""
        return [json.loads(body) for body in self.bodies(count)]

    def wait_for(self, count: int) -> None:
        """Until so many messages are in it, hidden ones too."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
            if sum(int(found[name]) for name in names) == count:
                return
        raise AssertionError(found)

    def is_empty(self) -> bool:
        return not self._received()


class Cloud:
    def __init__(self, aws: Any) -> None:
        self.aws = aws
        self._role = ""

    def on_hosts(self, service: str) -> Any:
        """A client of a service whose SDKs put accounts and access points into the host's name."""
        port = int(self.aws.endpoint.rpartition(":")[2])
        client = self.aws(service, endpoint=f"http://localhost:{port}")
        client.meta.events.register("before-send.*", to_loopback(port))
        return client

    @property
    def role(self) -> str:
        """A role that services may take, and that may do everything."""
        if not self._role:
            iam = self.aws("iam")
            principal = {"Service": [f"{name}.amazonaws.com" for name in SERVICES]}
            trust = policy(Principal=principal, Action="sts:AssumeRole")
            self._role = iam.create_role(RoleName="flow", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
            everything = policy(Action="*", Resource="*")
            iam.put_role_policy(RoleName="flow", PolicyName="everything", PolicyDocument=everything)
        return self._role

    def queue(self, name: str = "queue", dead: Queue | None = None, tries: int = 2, **attributes: str) -> Queue:
        """A queue, whose messages go to `dead` after so many tries."""
        sqs = self.aws("sqs")
        open_to_services = policy(Principal={"Service": list(LET_IN)}, Action="sqs:SendMessage", Resource="*")
        given = {"Policy": open_to_services, **attributes}
        if name.endswith(".fifo"):
            given["FifoQueue"] = "true"
        if dead is not None:
            given["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": tries})
        url = sqs.create_queue(QueueName=name, Attributes=given)["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:{self.aws.account}:{name}"
        return Queue(url, arn, sqs)

    def topic(self, name: str = "topic", **attributes: str) -> str:
        given = {"FifoTopic": "true", **attributes} if name.endswith(".fifo") else attributes
        return str(self.aws("sns").create_topic(Name=name, Attributes=given)["TopicArn"])

    def subscribe(self, topic: str, endpoint: str, **attributes: Any) -> str:
        """Subscribe a queue or a function, by its ARN."""
        given = {name: value if isinstance(value, str) else json.dumps(value) for name, value in attributes.items()}
        protocol = endpoint.split(":")[2]
        return str(
            self.aws("sns").subscribe(
                TopicArn=topic, Protocol=protocol, Endpoint=endpoint, Attributes=given, ReturnSubscriptionArn=True
            )["SubscriptionArn"]
        )

    def table(self, *keys: str, name: str = "table", **options: Any) -> str:
        """A table with keys of strings. Returns its name."""
        kinds = zip(keys, ("HASH", "RANGE"), strict=False)
        self.aws("dynamodb").create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in kinds],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            **options,
        )
        self.aws("dynamodb").get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 0})
        return name

    def bucket(self, suffix: str = "flow") -> str:
        name = f"{suffix}-{self.aws.account}"
        self.aws("s3").create_bucket(Bucket=name)
        return name

    def function(self, source: str, name: str = "function", callers: tuple[str, ...] = (), **variables: str) -> str:
        """A function of that source with those variables, which the services `callers` may invoke. Returns its ARN."""
        client = self.aws("lambda")
        arn = client.create_function(
            FunctionName=name,
            Runtime=RUNTIME,
            Handler="index.handler",
            Role=self.role,
            Timeout=20,
            Code={"ZipFile": package(source)},
            Environment={"Variables": variables},
        )["FunctionArn"]
        client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0})
        for caller in callers:
            client.add_permission(
                FunctionName=name,
                StatementId=caller,
                Action="lambda:InvokeFunction",
                Principal=f"{caller}.amazonaws.com",
            )
        return str(arn)

    def map(self, function: str, source: str, **options: Any) -> str:
        """Have a function read a queue or a stream. Returns the mapping's UUID."""
        mapping = self.aws("lambda").create_event_source_mapping(
            FunctionName=function, EventSourceArn=source, **options
        )
        return str(mapping["UUID"])


@pytest.fixture
def cloud(aws):
    return Cloud(aws)


@pytest.fixture
def notes(cloud):
    """The queue in which functions of NOTING write what they got."""
    return cloud.queue("notes")
