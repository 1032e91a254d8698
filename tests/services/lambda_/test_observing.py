"""What functions leave in CloudWatch: their logs and their metrics."""

from __future__ import annotations

import json
import sys
import time

import pytest

LOUD = """
def handler(event, context):
    print("ERROR " + event["text"] * event.get("times", 1))
    if event.get("fails"):
        raise ValueError("no")
"""


def eventually(look):
    """What `look` gives as soon as it gives something."""
    deadline = time.monotonic() + 10
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


@pytest.fixture
def loud(functions):
    functions.allow("logs:CreateLogStream", "logs:PutLogEvents", "logs:CreateLogGroup")
    functions.make(LOUD)
    return functions


def messages(logs):
    try:
        return [event["message"] for event in logs.filter_log_events(logGroupName="/aws/lambda/f")["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []


def test_what_a_function_prints_is_in_its_log(aws, loud):
    loud.client.invoke(FunctionName="f", Payload='{"text": "hello"}')
    found = eventually(lambda: [text for text in messages(aws("logs")) if not text.startswith("INIT_START")][:4])
    assert [text.split()[0] for text in found] == ["START", "ERROR", "END", "REPORT"]
    assert found[1].strip() == "ERROR hello"


def test_the_log_says_the_version_of_the_runtime(aws, loud):
    loud.client.invoke(FunctionName="f", Payload='{"text": "hello"}')
    first = eventually(lambda: messages(aws("logs")))[0]
    arn = loud.client.get_function_configuration(FunctionName="f")["RuntimeVersionConfig"]["RuntimeVersionArn"]
    version, patch = f"{sys.version_info.major}.{sys.version_info.minor}", sys.version_info.micro
    assert first.strip() == f"INIT_START Runtime Version: python:{version}.v{patch}\tRuntime Version ARN: {arn}"


def test_much_output_is_all_in_the_log(aws, loud):
    loud.client.invoke(FunctionName="f", Payload='{"text": "x", "times": 3000000}')
    logs = aws("logs")

    def size():
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName="/aws/lambda/f", filterPattern="x")
        return sum(len(event["message"]) for page in pages for event in page["events"])

    assert eventually(lambda: messages(logs) and size() >= 3_000_000)


def test_invocations_and_errors_are_counted(aws, loud):
    for fails in (False, True, False):
        loud.client.invoke(FunctionName="f", Payload=json.dumps({"text": "x", "fails": fails}))
    cloudwatch, now = aws("cloudwatch"), time.time()

    def total(name):
        found = cloudwatch.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=name,
            Dimensions=[{"Name": "FunctionName", "Value": "f"}],
            StartTime=now - 3600,
            EndTime=now + 3600,
            Period=7200,
            Statistics=["Sum"],
        )["Datapoints"]
        return found[0]["Sum"] if found else 0

    assert eventually(lambda: total("Invocations") == 3)
    assert total("Errors") == 1
    assert total("Duration") > 0


def test_a_function_gets_the_events_of_a_log(aws, loud):
    """A subscription needs the function's leave, and packs the events as base64 of gzip."""
    source = """
import base64, gzip, json
def handler(event, context):
    data = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    print("GOT " + ",".join(each["message"] for each in data["logEvents"]))
"""
    arn = loud.make(source, name="reader")["FunctionArn"]
    logs = aws("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    subscription = {"logGroupName": "g", "filterName": "f", "filterPattern": "ERROR", "destinationArn": arn}
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.put_subscription_filter(**subscription)
    loud.client.add_permission(
        FunctionName="reader", StatementId="logs", Action="lambda:InvokeFunction", Principal="logs.amazonaws.com"
    )
    logs.put_subscription_filter(**subscription)
    events = [{"timestamp": int(time.time() * 1000), "message": text} for text in ("ERROR 1", "fine")]
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=events)

    def got():
        try:
            found = logs.filter_log_events(logGroupName="/aws/lambda/reader", filterPattern="GOT")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"].strip() for event in found]

    assert eventually(got) == ["GOT ERROR 1"]
