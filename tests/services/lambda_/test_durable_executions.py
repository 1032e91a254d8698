"""Durable functions run with AWS's SDK: steps, waits, retries, contexts; and are invoked as AWS wants it."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.services.lambda_.durable import WAIT, Durable
from tests.services.lambda_.functions import code


@pytest.fixture
def durable(aws):
    return Durable(aws)


def refused(call, *args, **options):
    with pytest.raises(ClientError) as error:
        call(*args, **options)
    return code(error), error.value.response["Error"]["Message"]


# -- what the function does


def test_an_execution_gives_what_its_function_returns(durable):
    durable.make_durable()
    answer = durable.client.invoke(FunctionName="f:$LATEST", Payload=b'{"n": 1}')
    assert json.loads(answer["Payload"].read()) == {"got": {"n": 1}}
    assert answer["DurableExecutionArn"].startswith(
        f"arn:aws:lambda:us-east-1:{durable.aws.account}:function:f:$LATEST/"
    )
    assert "FunctionError" not in answer


def test_a_wait_ends_by_the_clock_and_the_function_goes_on(durable, clock):
    durable.make_durable(WAIT, timeout=86_400)
    arn = durable.start()
    durable.until_event(arn, "InvocationCompleted")
    assert durable.describe(arn)["Status"] == "RUNNING"
    clock.advance(hours=2)
    assert durable.until(arn)["Result"] == '"rested"'
    assert durable.types(arn) == [
        "ExecutionStarted",
        "WaitStarted",
        "InvocationCompleted",
        "WaitSucceeded",
        "InvocationCompleted",
        "ExecutionSucceeded",
    ]
