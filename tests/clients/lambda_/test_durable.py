"""AWS's SDK for durable functions in JavaScript; the one for Python is tried in tests/services/lambda_."""

import json

import pytest

from tests.services.lambda_.durable import PERMISSIONS, Durable

PLAIN = "def handler(event, context):\n    return event['n'] + 1\n"


@pytest.fixture
def durable(aws, prepared):
    made = Durable(aws)
    made.allow(*PERMISSIONS, "lambda:InvokeFunction")
    made.make(PLAIN, "plain")
    made.client.create_function(
        FunctionName="f",
        Role=made.role,
        Runtime="nodejs22.x",
        Handler="index.handler",
        Timeout=30,
        Code={"S3Bucket": "hot-reload", "S3Key": str(prepared("lambda/durable"))},
        DurableConfig={"ExecutionTimeout": 86_400},
    )
    made.settle()
    return made


def test_the_sdk_for_javascript(durable, clock):
    arn = durable.start({"function": "plain"})
    durable.until_event(arn, "StepFailed", "InvocationCompleted")
    clock.advance(minutes=1)
    durable.until_event(arn, "WaitStarted", *["InvocationCompleted"] * 2)
    clock.advance(hours=1)
    durable.until_event(arn, *["WaitStarted"] * 3, *["InvocationCompleted"] * 3)
    clock.advance(minutes=3)
    callback = durable.callback_id(arn)
    durable.client.send_durable_execution_callback_success(CallbackId=callback, Result=b'"yes"')
    assert json.loads(durable.until(arn)["Result"]) == {
        "tried": 2,
        "branches": [10, 20],
        "called": 2,
        "said": '"yes"',
    }
