"""Recursive loops: functions that are called by what they have caused."""

import json
import time

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from fogbank.services.lambda_.invocation.recursion import chain_of, longest, mark_of
from tests.services.lambda_.functions import code

ROOT = "Root=1-00000000-000000000000000000000000"
ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"

CALLS_ITSELF = """
import boto3, json
def handler(event, context):
    depth = event["depth"]
    try:
        answer = boto3.client("lambda").invoke(FunctionName=context.function_name, Payload=json.dumps({"depth": depth + 1}))
    except Exception as error:
        return {"depth": depth, "error": error.response["Error"]["Code"]}
    return json.loads(answer["Payload"].read())
"""

SENDS_ON = """
import boto3, os
sqs = boto3.client("sqs")
def handler(event, context):
    queue = os.environ["QUEUE"]
    depth = int(event["Records"][0]["body"])
    sqs.send_message(QueueUrl=os.environ["NOTES"], MessageBody=str(depth))
    sqs.send_message(QueueUrl=queue, MessageBody=str(depth + 1))
"""

NOTES = """
import boto3, os
def handler(event, context):
    for record in event["Records"]:
        boto3.client("sqs").send_message(QueueUrl=os.environ["NOTES"], MessageBody=record["body"])
"""

PUBLISHES_ON = """
import boto3, os
sqs, sns = boto3.client("sqs"), boto3.client("sns")
def handler(event, context):
    depth = int(event["Records"][0]["Sns"]["Message"])
    sqs.send_message(QueueUrl=os.environ["NOTES"], MessageBody=str(depth))
    sns.publish(TopicArn=os.environ["TOPIC"], Message=str(depth + 1))
"""

PUTS_ON = """
import boto3, os
sqs, s3 = boto3.client("sqs"), boto3.client("s3")
def handler(event, context):
    thing = event["Records"][0]["s3"]
    depth = int(thing["object"]["key"])
    sqs.send_message(QueueUrl=os.environ["NOTES"], MessageBody=str(depth))
    s3.put_object(Bucket=thing["bucket"]["name"], Key=str(depth + 1))
"""


def lineage(count, arn=ARN):
    return f"{ROOT};Lineage={mark_of(arn)}:{count}"


@pytest.fixture
def with_header(functions):
    """A client whose requests come with an X-Ray header."""

    def client(header, service="lambda"):
        made = functions.aws(service)

        def add(request, **_):
            request.headers["X-Amzn-Trace-Id"] = header

        made.meta.events.register(f"before-sign.{service}", add)
        return made

    return client


class Queue:
    def __init__(self, sqs, name):
        self.sqs = sqs
        self.url = sqs.create_queue(QueueName=name)["QueueUrl"]
        self.arn = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def wait_until_in_flight(self, count):
        name = "ApproximateNumberOfMessagesNotVisible"
        for _ in range(1000):
            found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=[name])["Attributes"][name]
            if int(found) == count:
                return
        raise AssertionError(found)

    def receive(self, wait=20):
        return self.sqs.receive_message(QueueUrl=self.url, WaitTimeSeconds=wait, MaxNumberOfMessages=10).get("Messages")


@pytest.fixture
def queue(functions):
    return lambda name: Queue(functions.aws("sqs"), name)


@pytest.fixture
def arn(functions):
    return f"arn:aws:lambda:us-east-1:{functions.aws.account}:function:f"


# -- headers


@given(st.lists(st.sampled_from("abc"), max_size=60))
def test_a_chain_counts_how_often_each_function_was_in_it(names):
    chain = chain_of(ROOT)
    for name in names:
        chain = chain_of(chain.entering(name).header)
    assert chain.counts == {name: names.count(name) for name in set(names)}
    assert chain.root == ROOT


@given(st.text(max_size=60))
def test_any_header_is_read(text):
    chain_of(text).entering("a")


def test_a_long_chain_remembers_who_was_called_last():
    chain = chain_of(ROOT)
    for number in range(50):
        chain = chain_of(chain.entering(f"f{number}").header)
    assert list(chain.counts) == [f"f{number}" for number in range(30, 50)]


def test_of_several_messages_the_one_that_was_round_most_often_counts():
    assert longest([lineage(2), "", lineage(7)], ARN) == lineage(7)
    assert longest([], ARN) == ""


# -- invocations


def test_a_function_knows_the_chain_it_is_in(functions, with_header, arn):
    functions.make("import os\ndef handler(event, context):\n    return os.environ['_X_AMZN_TRACE_ID']\n")
    answer = with_header(lineage(3, arn)).invoke(FunctionName="f")
    header = json.loads(answer["Payload"].read())
    assert set(lineage(4, arn).split(";")) <= set(header.split(";"))


def test_a_function_that_calls_itself_is_stopped_after_sixteen_invocations(functions, with_header, arn):
    functions.make(CALLS_ITSELF, Timeout=60)
    functions.allow("lambda:InvokeFunction")
    answer = with_header(lineage(14, arn)).invoke(FunctionName="f", Payload=b'{"depth": 15}')
    assert json.loads(answer["Payload"].read()) == {"depth": 16, "error": "RecursiveInvocationException"}


def test_an_invocation_of_a_loop_is_refused(functions, with_header, arn):
    functions.make()
    with pytest.raises(ClientError, match="recursive loop") as refused:
        with_header(lineage(16, arn)).invoke(FunctionName="f")
    assert code(refused) == "RecursiveInvocationException"


def test_what_was_dropped_is_a_metric(functions, with_header, arn):
    functions.make()
    with pytest.raises(ClientError):
        with_header(lineage(16, arn)).invoke(FunctionName="f")
    cloudwatch = functions.aws("cloudwatch")
    about = {"Namespace": "AWS/Lambda", "MetricName": "RecursiveInvocationsDropped"}
    for _ in range(500):
        if found := cloudwatch.list_metrics(**about)["Metrics"]:
            break
        time.sleep(0.01)
    assert [{"Name": "FunctionName", "Value": "f"}] in [metric["Dimensions"] for metric in found]


def test_other_functions_of_the_chain_may_be_invoked(functions, with_header):
    functions.make()
    assert with_header(lineage(16)).invoke(FunctionName="f")["StatusCode"] == 200


def test_a_loop_may_be_allowed(functions, with_header, arn):
    functions.make()
    client = functions.client
    assert client.get_function_recursion_config(FunctionName="f")["RecursiveLoop"] == "Terminate"
    assert client.put_function_recursion_config(FunctionName="f", RecursiveLoop="Allow")["RecursiveLoop"] == "Allow"
    assert client.get_function_recursion_config(FunctionName="f")["RecursiveLoop"] == "Allow"
    assert with_header(lineage(40, arn)).invoke(FunctionName="f")["StatusCode"] == 200
    client.put_function_recursion_config(FunctionName="f", RecursiveLoop="Terminate")
    with pytest.raises(client.exceptions.RecursiveInvocationException):
        with_header(lineage(40, arn)).invoke(FunctionName="f")


def test_a_function_that_is_not_there_has_no_loops(functions):
    with pytest.raises(functions.client.exceptions.ResourceNotFoundException):
        functions.client.get_function_recursion_config(FunctionName="nothing")


def test_an_event_of_a_loop_goes_to_the_dead_letter_queue(functions, with_header, arn, queue):
    dead = queue("dead")
    functions.allow("sqs:SendMessage")
    functions.make(DeadLetterConfig={"TargetArn": dead.arn})
    with_header(lineage(16, arn)).invoke(FunctionName="f", InvocationType="Event", Payload=b'{"round": 17}')
    assert json.loads(dead.receive()[0]["Body"]) == {"round": 17}


# -- loops through other services


def _rounds(notes):
    """What the function has noted, which has been invoked 14 times already, until it notes nothing more."""
    found = []
    while messages := notes.receive(wait=20 if len(found) < 2 else 1):
        found += [int(message["Body"]) for message in messages]
    return sorted(found)


def test_a_loop_through_a_queue_is_stopped(functions, queue, with_header, arn):
    functions.allow("sqs:*")
    notes, loop = queue("notes"), queue("loop")
    functions.make(SENDS_ON, Environment={"Variables": {"QUEUE": loop.url, "NOTES": notes.url}})
    functions.client.create_event_source_mapping(FunctionName="f", EventSourceArn=loop.arn)
    with_header(lineage(14, arn), "sqs").send_message(QueueUrl=loop.url, MessageBody="15")
    assert _rounds(notes) == [15, 16]


def test_a_message_of_a_loop_does_not_keep_others_from_being_handled(functions, queue, with_header, arn, clock):
    functions.allow("sqs:*")
    notes, loop, dead = queue("notes"), queue("loop"), queue("dead")
    redrive = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 1})
    functions.aws("sqs").set_queue_attributes(QueueUrl=loop.url, Attributes={"RedrivePolicy": redrive})
    functions.make(NOTES, Environment={"Variables": {"NOTES": notes.url}})
    with_header(lineage(16, arn), "sqs").send_message(QueueUrl=loop.url, MessageBody="round")
    functions.aws("sqs").send_message(QueueUrl=loop.url, MessageBody="new")
    functions.client.create_event_source_mapping(FunctionName="f", EventSourceArn=loop.arn)
    assert [message["Body"] for message in notes.receive()] == ["new"]
    loop.wait_until_in_flight(1)
    clock.advance(seconds=60)
    assert [message["Body"] for message in dead.receive()] == ["round"]


def test_a_loop_through_a_topic_is_stopped(functions, queue, with_header, arn):
    functions.allow("sqs:*", "sns:*")
    notes, sns = queue("notes"), functions.aws("sns")
    topic = sns.create_topic(Name="loop")["TopicArn"]
    functions.make(PUBLISHES_ON, Environment={"Variables": {"TOPIC": topic, "NOTES": notes.url}})
    functions.client.add_permission(
        FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com"
    )
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    with_header(lineage(14, arn), "sns").publish(TopicArn=topic, Message="15")
    assert _rounds(notes) == [15, 16]


def test_a_loop_through_a_bucket_is_stopped(functions, queue, with_header, arn):
    functions.allow("sqs:*", "s3:*")
    notes, s3 = queue("notes"), functions.aws("s3")
    bucket = f"loop-{functions.aws.account}"
    s3.create_bucket(Bucket=bucket)
    functions.make(PUTS_ON, Environment={"Variables": {"NOTES": notes.url}})
    functions.client.add_permission(
        FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    rule = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [rule]}
    )
    with_header(lineage(14, arn), "s3").put_object(Bucket=bucket, Key="15")
    assert _rounds(notes) == [15, 16]
