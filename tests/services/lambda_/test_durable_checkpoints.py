"""What a function may save of its execution, and what is refused: with a function that speaks for itself, without an SDK."""

import json

import pytest

from fogbank.services.lambda_.durable import limits
from fogbank.testing import Clients
from tests.services.lambda_.durable import Durable, event_of
from tests.services.lambda_.functions import ECHO

# Makes the checkpoints of its input in its first invocation, and gives the answers; later it gives the event of its invocation.
SPEAKER = """
import json, time, boto3
client = boto3.client("lambda")

def handler(event, context):
    operations = event["InitialExecutionState"]["Operations"]
    asked = json.loads(operations[0]["ExecutionDetails"]["InputPayload"])
    if len(operations) > 1:
        return {"Status": "SUCCEEDED", "Result": json.dumps(event)}
    token, answers = event["CheckpointToken"], []
    for updates in asked["checkpoints"]:
        try:
            answer = client.checkpoint_durable_execution(
                DurableExecutionArn=event["DurableExecutionArn"], CheckpointToken=token, Updates=updates
            )
        except client.exceptions.ClientError as error:
            answers.append(error.response["Error"]["Message"])
        else:
            token = answer.get("CheckpointToken", token)
            answers.append(answer["NewExecutionState"]["Operations"])
    return asked.get("then") or {"Status": "SUCCEEDED", "Result": json.dumps(answers, default=str)}
"""
STEP = {"Id": "a", "Type": "STEP", "Name": "look", "SubType": "Step"}
PENDING = {"Status": "PENDING"}


@pytest.fixture(scope="module")
def durable(fogbank_server):
    """One function for all: what it says is in its input."""
    clients = Clients(fogbank_server.endpoint)
    made = Durable(clients)
    made.make_plain(SPEAKER, timeout=86_400)
    yield made
    clients.close()


def answers(durable, *checkpoints):
    """What is answered to checkpoints, one after the other."""
    return json.loads(durable.until(durable.start({"checkpoints": checkpoints}))["Result"])


def test_a_checkpoint_answers_with_what_it_has_changed(durable):
    updates = [{**STEP, "Action": "START"}, {**STEP, "Action": "SUCCEED", "Payload": "1"}]
    (((step),),) = answers(durable, updates)
    assert (step["Id"], step["Status"], step["Name"]) == ("a", "SUCCEEDED", "look")
    assert step["StepDetails"] == {"Attempt": 1, "Result": "1"}
    assert step["EndTimestamp"]


def test_each_token_is_good_for_one_checkpoint(durable):
    durable.make_plain(
        SPEAKER.replace('token = answer.get("CheckpointToken", token)', "pass"), "stubborn", timeout=86_400
    )
    arn = durable.start({"checkpoints": [[], []]}, "stubborn")
    assert json.loads(durable.until(arn)["Result"]) == [[], "Invalid checkpoint token"]


def test_a_checkpoint_that_is_sent_again_is_answered_again(durable):
    durable.make_plain(
        SPEAKER.replace("Updates=updates", 'Updates=updates, ClientToken="same"').replace(
            'token = answer.get("CheckpointToken", token)', "pass"
        ),
        "repeating",
        timeout=86_400,
    )
    start = [{**STEP, "Action": "START"}]
    arn = durable.start({"checkpoints": [start, start]}, "repeating")
    first, second = json.loads(durable.until(arn)["Result"])
    assert first == second
    assert durable.types(arn).count("StepStarted") == 1


@pytest.mark.parametrize(
    ("updates", "message"),
    [
        ([{**STEP, "Action": "SUCCEED"}], "Cannot update a STEP operation that has not been started."),
        ([{**STEP, "Action": "CANCEL"}], "Invalid action CANCEL for an operation of type STEP."),
        (
            [{**STEP, "Action": "START"}, {"Id": "a", "Type": "CONTEXT", "Action": "START"}],
            "The operation a is of type STEP.",
        ),
        (
            [{**STEP, "Action": "START"}, {**STEP, "Action": "FAIL"}, {**STEP, "Action": "START"}],
            "Cannot update a STEP operation in status FAILED.",
        ),
        (
            [{**STEP, "Action": "START"}, {**STEP, "Action": "RETRY"}],
            "A STEP operation needs StepOptions.NextAttemptDelaySeconds.",
        ),
        ([{"Id": "w", "Type": "WAIT", "Action": "START"}], "A WAIT operation needs WaitOptions.WaitSeconds."),
        ([{**STEP, "Action": "START", "ParentId": "nobody"}], "Invalid parent operation id."),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_what_makes_no_sense_is_refused(durable, updates, message):
    assert answers(durable, updates) == [message]


def test_payloads_have_at_most_a_megabyte(durable):
    large = "Updates=[{**each, 'Payload': 'x' * 1_048_577} for each in updates]"
    durable.make_plain(SPEAKER.replace("Updates=updates", large), "large", timeout=86_400)
    arn = durable.start({"checkpoints": [[{**STEP, "Action": "SUCCEED"}]]}, "large")
    assert json.loads(durable.until(arn)["Result"]) == [
        "STEP output payload size must be less than or equal to 1048576 bytes."
    ]


def test_nothing_remains_of_a_checkpoint_that_is_refused(durable):
    arn = durable.start({"checkpoints": [[{**STEP, "Action": "START"}, {**STEP, "Action": "CANCEL"}]]})
    durable.until(arn)
    assert "StepStarted" not in durable.types(arn)


def test_there_are_three_thousand_operations_at_most(durable, monkeypatch):
    assert limits.OPERATIONS == 3000
    monkeypatch.setattr(limits, "OPERATIONS", 30)
    many = [[{"Id": f"{n}", "Type": "CONTEXT", "Action": "START"} for n in range(k, k + 15)] for k in (0, 15)]
    *_, last = answers(durable, *many, [{**STEP, "Action": "START"}])
    assert last == "The durable execution has reached its maximum of 30 operations."


def test_the_execution_can_be_ended_by_a_checkpoint(durable):
    end = {"Id": "end", "Type": "EXECUTION", "Action": "SUCCEED", "Payload": '"large"'}
    arn = durable.start({"checkpoints": [[end]], "then": {"Status": "SUCCEEDED", "Result": ""}})
    assert durable.until(arn)["Result"] == '"large"'


def test_a_wait_can_be_cancelled(durable):
    wait = {"Id": "w", "Type": "WAIT"}
    started = {**wait, "Action": "START", "WaitOptions": {"WaitSeconds": 60}}
    ((first,), (second,)) = answers(durable, [started], [{**wait, "Action": "CANCEL"}])
    assert (first["Status"], second["Status"]) == ("STARTED", "CANCELLED")


def test_an_invocation_is_told_what_has_changed_since_the_last(durable, clock):
    wait = {"Id": "w", "Type": "WAIT", "Action": "START", "WaitOptions": {"WaitSeconds": 60}}
    arn = durable.start({"checkpoints": [[wait]], "then": PENDING})
    durable.until_event(arn, "InvocationCompleted")
    clock.advance(minutes=1)
    event = json.loads(durable.until(arn)["Result"])
    assert event["DurableExecutionArn"] == arn
    assert event["UpdatedOperationIds"] == ["w"]
    first, second = event["InitialExecutionState"]["Operations"]
    assert (first["Id"], first["Type"], first["Status"]) == (arn.rpartition("/")[2], "EXECUTION", "STARTED")
    assert second["Status"] == "SUCCEEDED"
    assert second["WaitDetails"]["ScheduledEndTimestamp"] - second["StartTimestamp"] == 60_000
    assert second["EndTimestamp"] >= second["WaitDetails"]["ScheduledEndTimestamp"]


def test_what_happened_in_contexts_that_are_over_is_not_replayed(durable, clock):
    def context(name, **last):
        made = {"Id": name, "Type": "CONTEXT"}
        inner = {"Id": f"{name}-step", "Type": "STEP", "ParentId": name, "Action": "START"}
        return [{**made, "Action": "START"}, inner, {**made, "Action": "SUCCEED", **last}]

    wait = {"Id": "w", "Type": "WAIT", "Action": "START", "WaitOptions": {"WaitSeconds": 60}}
    updates = [*context("over"), *context("shown", ContextOptions={"ReplayChildren": True}), wait]
    arn = durable.start({"checkpoints": [updates], "then": PENDING})
    durable.until_event(arn, "InvocationCompleted")
    clock.advance(minutes=1)
    event = json.loads(durable.until(arn)["Result"])
    shown = [each["Id"] for each in event["InitialExecutionState"]["Operations"][1:]]
    assert shown == ["over", "shown", "shown-step", "w"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"some": "thing"}, "Invalid Status in invocation output."),
        (PENDING, "Cannot return PENDING status with no pending operations."),
        ({"Status": "FAILED", "Error": {"ErrorMessage": "so it is"}}, "so it is"),
    ],
)
def test_an_execution_fails_when_its_function_says_so_or_says_nothing(durable, answer, message):
    described = durable.until(durable.start({"checkpoints": [], "then": answer}))
    assert (described["Status"], described["Error"]["ErrorMessage"]) == ("FAILED", message)


def test_an_invocation_that_fails_is_repeated(durable, clock):
    durable.make_plain(
        "import os\ndef handler(event, context):\n"
        "    if not os.path.exists(f'/tmp/{context.function_name}'):\n"
        "        open(f'/tmp/{context.function_name}', 'w').close()\n        raise OSError('first')\n"
        "    return {'Status': 'SUCCEEDED', 'Result': '1'}\n",
        f"flaky-{durable.aws.account}",
    )
    arn = durable.start(name=f"flaky-{durable.aws.account}")
    events = durable.until_event(arn, "InvocationCompleted")
    error = event_of(events, "InvocationCompleted")["InvocationCompletedDetails"]["Error"]["Payload"]
    assert (error["ErrorType"], error["ErrorMessage"]) == ("OSError", "first")
    clock.advance(seconds=2)
    assert durable.until(arn)["Result"] == "1"


def test_the_role_has_to_be_allowed_to_make_checkpoints(aws):
    durable = Durable(aws)
    durable.make(SPEAKER, DurableConfig={"ExecutionTimeout": 60})
    (message,) = answers(durable, [])
    assert "is not authorized to perform: lambda:CheckpointDurableExecution" in message


def test_functions_that_are_not_durable_get_their_event_alone(durable):
    durable.make(ECHO, "plain")
    assert durable.call({"n": 1}, "plain")[0]["event"] == {"n": 1}
