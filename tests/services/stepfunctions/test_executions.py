"""Executions: starting, listing, stopping, redriving, their histories, Express ones, and what is seen of them."""

from __future__ import annotations

import json
import time

import pytest

WAIT = {"W": {"Type": "Wait", "Seconds": 1000, "End": True}}
PASS = {"A": {"Type": "Pass", "End": True}}


def test_name_starts_one_execution(machines, sfn, refused):
    arn = machines.make(WAIT)
    first = sfn.start_execution(stateMachineArn=arn, name="once", input="{}")
    again = sfn.start_execution(stateMachineArn=arn, name="once", input="{}")
    assert (again["executionArn"], again["startDate"]) == (first["executionArn"], first["startDate"])
    with refused("ExecutionAlreadyExists", f"Execution Already Exists: '{first['executionArn']}'"):
        sfn.start_execution(stateMachineArn=arn, name="once", input="[1]")


def test_input_has_to_be_json(machines, sfn, refused):
    with refused("InvalidExecutionInput"):
        sfn.start_execution(stateMachineArn=machines.make(PASS), input="{")


def test_execution_is_described(machines, sfn, refused):
    arn = machines.make(PASS)
    found = machines.run(arn, {"a": 1})
    assert found["stateMachineArn"] == arn
    assert (found["input"], found["inputDetails"], found["outputDetails"]) == (
        '{"a": 1}',
        {"included": True},
        {"included": True},
    )
    assert (found["redriveCount"], found["redriveStatus"]) == (0, "NOT_REDRIVABLE")
    assert found["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"
    with refused("ExecutionDoesNotExist"):
        sfn.describe_execution(executionArn=f"{found['executionArn']}x")


def test_executions_are_listed_latest_first_and_by_status(machines, sfn):
    arn = machines.make(PASS)
    made = [machines.run(arn)["executionArn"] for _ in range(3)]
    pages = sfn.get_paginator("list_executions").paginate(stateMachineArn=arn, PaginationConfig={"PageSize": 2})
    assert [each["executionArn"] for page in pages for each in page["executions"]] == made[::-1]
    assert sfn.list_executions(stateMachineArn=arn, statusFilter="FAILED")["executions"] == []


def test_stopping_aborts_with_error_and_cause(machines, sfn):
    execution = machines.start(WAIT)
    machines.until(execution, "WaitStateEntered")
    stopped = sfn.stop_execution(executionArn=execution, error="E", cause="c")["stopDate"]
    found = machines.ended(execution)
    assert (found["status"], found["error"], found["cause"], found["stopDate"]) == ("ABORTED", "E", "c", stopped)
    last = machines.history(execution)[-1]
    assert (last["type"], last["executionAbortedEventDetails"]) == ("ExecutionAborted", {"error": "E", "cause": "c"})
    assert sfn.stop_execution(executionArn=execution)["stopDate"] == stopped


def test_execution_times_out_as_a_whole(machines, clock):
    execution = machines.start(WAIT, TimeoutSeconds=10)
    machines.until(execution, "WaitStateEntered")
    clock.advance(seconds=11)
    assert machines.ended(execution)["status"] == "TIMED_OUT"


def test_redrive_goes_on_at_the_failed_branch(machines, sfn, aws, refused):
    lookup = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sqs:getQueueUrl",
        "Parameters": {"QueueName": "later"},
        "OutputPath": "$.QueueUrl",
        "End": True,
    }
    branches = [
        {"StartAt": "L", "States": {"L": lookup}},
        {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}},
    ]
    states = {"F": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Parallel", "Branches": branches, "End": True}}
    found = machines.run(states, {"n": 1})
    assert (found["status"], found["redriveStatus"]) == ("FAILED", "REDRIVABLE")
    url = aws("sqs").create_queue(QueueName="later")["QueueUrl"]
    execution = found["executionArn"]
    sfn.redrive_execution(executionArn=execution)
    found = machines.ended(execution)
    assert (found["status"], found["redriveCount"], found["output"]) == ("SUCCEEDED", 1, [url, {"n": 1}])
    types = machines.types(execution)
    assert (types.count("PassStateEntered"), types.count("ExecutionRedriven"), types.count("TaskScheduled")) == (
        2,
        1,
        2,
    )
    with refused("ExecutionNotRedrivable", "Execution is SUCCEEDED and cannot be redriven"):
        sfn.redrive_execution(executionArn=execution)


def test_loop_ends_with_the_history(machines):
    states = {
        "A": {"Type": "Choice", "Choices": [{"Variable": "$.never", "IsPresent": True, "Next": "S"}], "Default": "A"},
        "S": {"Type": "Succeed"},
    }
    found = machines.run(states)
    assert (found["error"], found["cause"]) == (
        "States.Runtime",
        "The execution reached the maximum number of history events (25000).",
    )
    last = machines.sfn.get_execution_history(executionArn=found["executionArn"], reverseOrder=True, maxResults=1)[
        "events"
    ]
    assert (last[0]["id"], last[0]["type"]) == (25000, "ExecutionFailed")


def test_execution_is_forgotten_after_90_days(machines, clock, refused, sfn):
    execution = machines.run(PASS)["executionArn"]
    clock.advance(days=91)
    with refused("ExecutionDoesNotExist"):
        sfn.describe_execution(executionArn=execution)


# -- Express


def test_express_execution_answers_with_its_bill(machines, sfn, refused):
    found = machines.quick(PASS, {"a": 1})
    assert (found["status"], found["output"]) == ("SUCCEEDED", {"a": 1})
    assert found["billingDetails"]["billedMemoryUsedInMB"] == 64
    assert found["billingDetails"]["billedDurationInMilliseconds"] % 100 == 0
    assert ":express:" in found["executionArn"]
    with refused("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine"):
        sfn.list_executions(stateMachineArn=found["stateMachineArn"])
    with refused("StateMachineTypeNotSupported"):
        sfn.start_sync_execution(stateMachineArn=machines.make(PASS))


def test_express_failure_is_told(machines):
    found = machines.quick({"F": {"Type": "Fail", "Error": "E", "Cause": "c"}})
    assert (found["status"], found["error"], found["cause"]) == ("FAILED", "E", "c")


def test_express_branches_work_side_by_side(machines, queue):
    def branch(name):
        sending = {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl": queue.url, "MessageBody": name},
            "ResultSelector": {"id.$": "$.MessageId"},
            "End": True,
        }
        return {"StartAt": name, "States": {name: sending}}

    found = machines.quick({"P": {"Type": "Parallel", "Branches": [branch("a"), branch("b")], "End": True}})
    assert [set(each) for each in found["output"]] == [{"id"}, {"id"}]
    assert sorted([queue.take(), queue.take()]) == ["a", "b"]


# -- what is seen of them


def test_events_of_an_execution_are_logged(machines, sfn, aws):
    logs = aws("logs")
    logs.create_log_group(logGroupName="/states")
    group = f"arn:aws:logs:us-east-1:{aws.account}:log-group:/states:*"
    config = {
        "level": "ALL",
        "includeExecutionData": True,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}],
    }
    arn = machines.make(PASS, kind="EXPRESS", loggingConfiguration=config)
    execution = sfn.start_sync_execution(stateMachineArn=arn, input="{}")["executionArn"]
    lines = [json.loads(event["message"]) for event in logs.filter_log_events(logGroupName="/states")["events"]]
    assert [line["type"] for line in lines] == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    assert {line["execution_arn"] for line in lines} == {execution}
    assert lines[1]["details"]["input"] == "{}"


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_execution_is_a_segment_with_its_states(machines, sfn, aws, kind):
    header = f"Root=1-{int(time.time()):08x}-0123456789abcdef01234567;Sampled=1"
    arn = machines.make(PASS, "traced", kind=kind, tracingConfiguration={"enabled": True})
    if kind == "EXPRESS":
        sfn.start_sync_execution(stateMachineArn=arn, traceHeader=header)
    else:
        machines.ended(sfn.start_execution(stateMachineArn=arn, traceHeader=header)["executionArn"])
    xray, ends = aws("xray"), time.monotonic() + 20
    names = set()
    while not names >= {"traced", "A"} and time.monotonic() < ends:
        found = xray.batch_get_traces(TraceIds=[header[5:40]])["Traces"]
        names = {
            name for trace in found for segment in trace["Segments"] for name in _names(json.loads(segment["Document"]))
        }
    assert names >= {"traced", "A"}


def _names(document):
    yield document["name"]
    for inner in document.get("subsegments", ()):
        yield from _names(inner)


def test_logging_wants_one_group(machines, refused):
    with refused("InvalidLoggingConfiguration", "Must specify exactly one Log Destination."):
        machines.make(PASS, loggingConfiguration={"level": "ALL"})


def test_change_of_status_is_an_event(machines, queue, aws):
    events = aws("events")
    policy = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [policy]})
    queue.sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"Policy": document})
    pattern = {"source": ["aws.states"], "detail": {"status": ["SUCCEEDED"]}}
    events.put_rule(Name="r", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": queue.arn}])
    found = machines.run(PASS, {"a": 1})
    event = json.loads(queue.take())
    assert event["detail-type"] == "Step Functions Execution Status Change"
    assert event["resources"] == [found["executionArn"]]
    assert (event["detail"]["status"], event["detail"]["output"]) == ("SUCCEEDED", '{"a":1}')


def test_rule_starts_an_execution(machines, sfn, aws):
    arn = machines.make(PASS)
    iam, events = aws("iam"), aws("events")
    trust = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="rule", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    allow = {"Effect": "Allow", "Action": "states:StartExecution", "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_role_policy(RoleName="rule", PolicyName="p", PolicyDocument=document)
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["mine"]}))
    events.put_targets(Rule="r", Targets=[{"Id": "s", "Arn": arn, "RoleArn": role}])
    events.put_events(Entries=[{"Source": "mine", "DetailType": "t", "Detail": '{"n": 1}'}])
    for _ in range(2000):
        if found := sfn.list_executions(stateMachineArn=arn)["executions"]:
            break
    assert machines.ended(found[0]["executionArn"])["output"]["detail"] == {"n": 1}
