"""Durable functions run with AWS's SDK: steps, waits, retries, contexts, other functions, callbacks."""

import json

import pytest

from fogbank.services.lambda_.durable import limits
from fogbank.testing import Clients
from tests.services.lambda_.durable import WAIT, Durable, event_of

RETRIED = """
@durable_execution
def handler(event, context):
    def work(step):
        if step.attempt < 3:
            raise ValueError(f"attempt {step.attempt}")
        return "done"
    config = RetryStrategyConfig(max_attempts=event["attempts"], initial_delay=Duration.from_minutes(1),
                                 jitter_strategy=JitterStrategy.NONE)
    return context.step(work, name="work", config=StepConfig(retry_strategy=create_retry_strategy(config)))
"""
POLLED = """
@durable_execution
def handler(event, context):
    strategy = lambda state, attempt: (
        WaitForConditionDecision.continue_waiting(Duration.from_minutes(5)) if state < 3
        else WaitForConditionDecision.stop_polling()
    )
    return context.wait_for_condition(
        lambda state, _: state + 1, WaitForConditionConfig(wait_strategy=strategy, initial_state=0), name="poll"
    )
"""
PARALLEL = """
@durable_execution
def handler(event, context):
    def branch(child, item, index, items):
        child.wait(Duration.from_minutes(item))
        return child.step(lambda _: item * 2, name="double")
    return context.map([1, 5, 3], branch, name="all").get_results()
"""
INVOKING = """
@durable_execution
def handler(event, context):
    try:
        return {"it said": context.invoke(event["function"], {"n": 1}, name="call")}
    except Exception as error:
        return {"type": error.error_type, "message": error.message}
"""
CALLED_BACK = """
@durable_execution
def handler(event, context):
    config = CallbackConfig(timeout=Duration.from_hours(1), heartbeat_timeout=Duration.from_minutes(10))
    callback = context.create_callback(name="approval", config=config)
    try:
        return {"approved": callback.result()}
    except Exception as error:
        return {"message": error.message, "kind": type(error).__name__}
"""
PAGED = """
@durable_execution
def handler(event, context):
    sizes = [len(context.step(lambda _: "x" * 40_000, name=f"s{n}")) for n in range(7)]
    context.wait(Duration.from_minutes(1))
    return sum(sizes)
"""


@pytest.fixture(scope="module")
def durable(fogbank_server):
    """Functions are shared: each test has executions of its own."""
    clients = Clients(fogbank_server.endpoint)
    made = Durable(clients)
    made.once("", allowed=["lambda:InvokeFunction"])
    yield made
    clients.close()


def test_an_execution_gives_what_its_function_returns(durable):
    durable.make_durable()
    answer = durable.client.invoke(FunctionName="f:$LATEST", Payload=b'{"n": 1}')
    assert json.loads(answer["Payload"].read()) == {"got": {"n": 1}}
    prefix = f"arn:aws:lambda:us-east-1:{durable.aws.account}:function:f:$LATEST/durable-execution/"
    assert answer["DurableExecutionArn"].startswith(prefix)
    assert "FunctionError" not in answer


def test_a_wait_ends_by_the_clock_and_the_function_goes_on(durable, clock):
    arn = durable.start(source=WAIT)
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


def test_a_step_is_tried_again_after_its_delay(durable, clock):
    arn = durable.start({"attempts": 5}, source=RETRIED)
    durable.until_event(arn, "StepFailed", "InvocationCompleted")
    clock.advance(hours=1)
    assert durable.until(arn)["Result"] == '"done"'
    failed = [e["StepFailedDetails"] for e in durable.history(arn) if e["EventType"] == "StepFailed"]
    assert [each["RetryDetails"] for each in failed] == [
        {"CurrentAttempt": 1, "NextAttemptDelaySeconds": 60},
        {"CurrentAttempt": 2, "NextAttemptDelaySeconds": 120},
    ]
    assert failed[0]["Error"]["Payload"]["ErrorType"] == "ValueError"
    assert failed[0]["Error"]["Payload"]["ErrorMessage"] == "attempt 1"
    succeeded = event_of(durable.history(arn), "StepSucceeded")["StepSucceededDetails"]
    assert succeeded == {"Result": {"Payload": '"done"', "Truncated": False}, "RetryDetails": {"CurrentAttempt": 3}}


def test_a_step_that_fails_for_good_fails_the_execution(durable, clock):
    arn = durable.start({"attempts": 2}, source=RETRIED)
    durable.until_event(arn, "StepFailed", "InvocationCompleted")
    clock.advance(hours=1)
    described = durable.until(arn)
    assert described["Status"] == "FAILED"
    assert described["Error"]["ErrorMessage"] == "attempt 2"


def test_a_condition_is_looked_at_until_it_holds(durable, clock):
    arn = durable.start(source=POLLED)
    durable.until_event(arn, "StepSucceeded", "InvocationCompleted")
    clock.advance(minutes=11)
    assert durable.until(arn)["Result"] == "3"
    polled = [e["StepSucceededDetails"] for e in durable.history(arn) if e["EventType"] == "StepSucceeded"]
    assert [each["Result"]["Payload"] for each in polled] == ["1", "2", "3"]


def test_branches_wait_beside_each_other(durable, clock):
    arn = durable.start(source=PARALLEL)
    durable.until_event(arn, "WaitStarted", "WaitStarted", "WaitStarted", "InvocationCompleted")
    clock.advance(minutes=6)
    assert durable.until(arn)["Result"] == "[2, 10, 6]"
    kinds = durable.types(arn)
    assert kinds.count("ContextStarted") == kinds.count("ContextSucceeded") == 4


def test_a_function_that_raises_fails_its_execution(durable):
    durable.make_durable("@durable_execution\ndef handler(event, context):\n    raise ValueError('no')\n", "no")
    answer = durable.client.invoke(FunctionName="no:$LATEST")
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read()) == {"errorType": "ValueError", "errorMessage": "no"}
    assert durable.describe(answer["DurableExecutionArn"])["Status"] == "FAILED"


def test_results_may_be_as_large_as_answers(durable):
    source = "@durable_execution\ndef handler(event, context):\n    return 'x' * (6 * 1024 * 1024 - 100)\n"
    durable.make_durable(source, "large")
    answer = durable.client.invoke(FunctionName="large:$LATEST")
    assert len(json.loads(answer["Payload"].read())) == 6 * 1024 * 1024 - 100


def test_what_nobody_waits_for_may_be_a_megabyte(durable):
    source = "@durable_execution\ndef handler(event, context):\n    return 'x' * 1024 * 1024\n"
    described = durable.until(durable.start(source=source))
    assert described["Status"] == "FAILED"
    assert described["Error"]["ErrorMessage"] == (
        "Execution output payload size must be less than or equal to 1048576 bytes."
    )


def test_many_operations_are_read_in_pages(durable, clock, monkeypatch):
    monkeypatch.setattr(limits, "STATE_BYTES", 100_000)
    arn = durable.start(source=PAGED)
    durable.until_event(arn, "WaitStarted", "InvocationCompleted")
    clock.advance(minutes=1)
    assert durable.until(arn)["Result"] == "280000"


# -- other functions


def test_a_function_is_invoked_while_nothing_runs(durable):
    durable.make("def handler(event, context):\n    return event['n'] + 1\n", "plain")
    arn = durable.start({"function": "plain"}, source=INVOKING)
    assert json.loads(durable.until(arn)["Result"]) == {"it said": 2}
    kinds = durable.types(arn)
    assert kinds.index("ChainedInvokeStarted") < kinds.index("ChainedInvokeSucceeded")
    started = event_of(durable.history(arn), "ChainedInvokeStarted")["ChainedInvokeStartedDetails"]
    assert started == {
        "FunctionName": "plain",
        "Input": {"Payload": '{"n": 1}', "Truncated": False},
        "ExecutedVersion": "$LATEST",
    }


def test_a_durable_function_that_is_invoked_is_an_execution_of_its_own(durable, clock):
    arn = durable.start({"function": f"{durable.once(WAIT)}:$LATEST"}, source=INVOKING)
    started = event_of(durable.until_event(arn, "ChainedInvokeStarted"), "ChainedInvokeStarted")
    child = started["ChainedInvokeStartedDetails"]["DurableExecutionArn"]
    durable.until_event(child, "WaitStarted", "InvocationCompleted")
    clock.advance(hours=2)
    assert json.loads(durable.until(arn)["Result"]) == {"it said": "rested"}
    assert durable.describe(child)["Status"] == "SUCCEEDED"


def test_what_an_invoked_function_raises_reaches_who_invoked_it(durable):
    durable.make("def handler(event, context):\n    raise KeyError('gone')\n", "raising")
    arn = durable.start({"function": "raising"}, source=INVOKING)
    assert json.loads(durable.until(arn)["Result"]) == {"type": "KeyError", "message": "'gone'"}
    assert "ChainedInvokeFailed" in durable.types(arn)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("nobody", "ResourceNotFoundException"),
        ("waiting", "InvalidParameterValueException"),
    ],
)
def test_a_function_that_cannot_be_invoked_fails_at_once(durable, function, reason):
    function = durable.once(WAIT) if function == "waiting" else function
    arn = durable.start({"function": function}, source=INVOKING)
    assert json.loads(durable.until(arn)["Result"])["type"] == reason
    assert durable.types(arn).count("InvocationCompleted") == 1


def test_the_role_has_to_be_allowed_to_invoke(aws):
    durable = Durable(aws)
    durable.make_durable(INVOKING)
    durable.make("def handler(event, context):\n    return 1\n", "plain")
    arn = durable.start({"function": "plain"})
    assert json.loads(durable.until(arn)["Result"])["type"] == "AccessDeniedException"


# -- callbacks


def test_a_callback_gives_its_result(durable):
    arn = durable.start(source=CALLED_BACK)
    durable.client.send_durable_execution_callback_success(CallbackId=durable.callback_id(arn), Result=b'"yes"')
    assert json.loads(durable.until(arn)["Result"]) == {"approved": '"yes"'}
    started = event_of(durable.history(arn), "CallbackStarted")["CallbackStartedDetails"]
    assert (started["Timeout"], started["HeartbeatTimeout"]) == (3600, 600)


def test_a_callback_fails_with_what_it_is_sent(durable):
    arn = durable.start(source=CALLED_BACK)
    durable.client.send_durable_execution_callback_failure(
        CallbackId=durable.callback_id(arn), Error={"ErrorType": "Rejected", "ErrorMessage": "not today"}
    )
    assert json.loads(durable.until(arn)["Result"]) == {
        "message": "not today",
        "kind": "CallbackExternalError",
    }


def test_a_callback_that_is_not_heard_of_times_out(durable, clock):
    arn = durable.start(source=CALLED_BACK)
    durable.callback_id(arn)
    clock.advance(minutes=10)
    assert json.loads(durable.until(arn)["Result"]) == {
        "message": "Callback timed out on heartbeat",
        "kind": "CallbackTimeoutError",
    }


def test_heartbeats_keep_a_callback_until_its_timeout(durable, clock):
    arn = durable.start(source=CALLED_BACK)
    callback = durable.callback_id(arn)
    for _ in range(7):
        clock.advance(minutes=8)
        durable.client.send_durable_execution_callback_heartbeat(CallbackId=callback)
    assert durable.describe(arn)["Status"] == "RUNNING"
    clock.advance(minutes=5)
    assert json.loads(durable.until(arn)["Result"])["message"] == "Callback timed out"
    timed_out = event_of(durable.history(arn), "CallbackTimedOut")["CallbackTimedOutDetails"]
    assert timed_out["Error"]["Payload"]["ErrorType"] == "Callback.Timeout"
