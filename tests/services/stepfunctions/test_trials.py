"""TestState. https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html"""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def attempt(sfn, role):
    def attempt(state, given=None, **about):
        about.setdefault("roleArn", role)
        return sfn.test_state(definition=json.dumps(state), input=json.dumps({} if given is None else given), **about)

    return attempt


TASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::aws-sdk:sqs:getQueueUrl",
    "Parameters": {"QueueName.$": "$.q"},
    "Next": "N",
}


def test_pass_shows_how_its_data_went(attempt):
    state = {"Type": "Pass", "InputPath": "$.a", "Result": {"r": 1}, "ResultPath": "$.out", "Next": "Other"}
    found = attempt(state, {"a": {"b": 1}}, inspectionLevel="DEBUG")
    assert (found["status"], found["nextState"]) == ("SUCCEEDED", "Other")
    assert json.loads(found["output"]) == {"a": {"b": 1}, "out": {"r": 1}}
    data = found["inspectionData"]
    assert json.loads(data["afterInputPath"]) == {"b": 1}
    assert json.loads(data["result"]) == {"r": 1}


def test_task_really_calls(attempt, queue):
    state = {**TASK, "ResultSelector": {"url.$": "$.QueueUrl"}}
    found = attempt(state, {"q": "q"}, inspectionLevel="DEBUG")
    assert json.loads(found["output"]) == {"url": queue.url}
    assert json.loads(found["inspectionData"]["afterParameters"]) == {"QueueName": "q"}


def test_failure_may_be_retried_or_caught(attempt):
    retrier = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 2}
    catcher = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "Caught"}
    state = {**TASK, "Retry": [retrier], "Catch": [catcher]}
    mock = {"errorOutput": {"error": "Mine", "cause": "c"}}
    first = attempt(state, {"q": "q"}, mock=mock, inspectionLevel="DEBUG", stateConfiguration={"retrierRetryCount": 1})
    assert (first["status"], first["error"], first["cause"]) == ("RETRIABLE", "Mine", "c")
    assert first["inspectionData"]["errorDetails"] == {"retryIndex": 0, "retryBackoffIntervalSeconds": 6}
    last = attempt(state, {"q": "q"}, mock=mock, inspectionLevel="DEBUG", stateConfiguration={"retrierRetryCount": 2})
    assert (last["status"], last["nextState"]) == ("CAUGHT_ERROR", "Caught")
    assert json.loads(last["output"])["e"] == {"Error": "Mine", "Cause": "c"}
    assert last["inspectionData"]["errorDetails"] == {"catchIndex": 0}


def test_mock_stands_for_a_result(attempt, refused):
    mock = {"result": '{"QueueUrl": "u"}'}
    found = attempt(TASK, {"q": "q"}, mock=mock)
    assert (found["status"], json.loads(found["output"])) == ("SUCCEEDED", {"QueueUrl": "u"})
    with refused("ValidationException", "Mock result schema validation error"):
        attempt(TASK, {"q": "q"}, mock={"result": '{"Nope": 1}'})
    assert attempt(TASK, {"q": "q"}, mock={"result": "[1]", "fieldValidationMode": "NONE"})["output"] == "[1]"


def test_state_of_a_machine_is_tested_by_name(attempt):
    inner = {"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": 1, "End": True}}}
    machine = {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": inner, "End": True}}}
    assert attempt(machine, [1], stateName="P")["output"] == "1"
    found = attempt(machine, [1], stateName="M", mock={"result": "[9]"})
    assert (found["status"], found["output"]) == ("SUCCEEDED", "[9]")


def test_jsonata_has_variables_and_context(attempt):
    output = {"x": "{% $x %}", "n": "{% $states.context.Execution.Name %}"}
    state = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": output, "Assign": {"y": "{% $x + 1 %}"}, "End": True}
    context = json.dumps({"Execution": {"Name": "e"}})
    found = attempt(state, variables='{"x": 4}', context=context, inspectionLevel="DEBUG")
    assert json.loads(found["output"]) == {"x": 4, "n": "e"}
    assert json.loads(found["inspectionData"]["variables"]) == {"x": 4, "y": 5}


def test_failing_state_is_told(attempt, refused):
    found = attempt({"Type": "Fail", "Error": "E", "Cause": "c"})
    assert (found["status"], found["error"], found["cause"]) == ("FAILED", "E", "c")
    with refused("InvalidDefinition", "Field 'Nope' is not supported"):
        attempt({"Type": "Pass", "Nope": 1, "End": True})
