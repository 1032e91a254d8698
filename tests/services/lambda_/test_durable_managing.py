"""Durable executions from outside: who may be invoked how, names, lists, histories, ends, pauses, and who is told."""

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.services.lambda_.durable import PERMISSIONS, Durable, event_of, poll
from tests.services.lambda_.functions import ECHO, SIGNING, code, package

# Gives its input at once; with {"wait": seconds}, after a while.
QUICK = (
    SIGNING
    + """
import json

def handler(event, context):
    operations = event["InitialExecutionState"]["Operations"]
    asked = operations[0]["ExecutionDetails"]["InputPayload"]
    seconds = json.loads(asked).get("wait")
    if seconds and len(operations) == 1:
        wait = {"Id": "w", "Type": "WAIT", "Name": "rest", "Action": "START", "WaitOptions": {"WaitSeconds": seconds}}
        arn = urllib.parse.quote(event["DurableExecutionArn"], safe="")
        checkpoint = json.dumps({"CheckpointToken": event["CheckpointToken"], "Updates": [wait]}).encode()
        send("lambda", f"/2025-12-01/durable-executions/{arn}/checkpoint", checkpoint)
    if seconds and (len(operations) == 1 or operations[1]["Status"] == "STARTED"):
        return {"Status": "PENDING"}
    return {"Status": "SUCCEEDED", "Result": asked}
"""
)


@pytest.fixture
def durable(aws):
    made = Durable(aws)
    made.make_plain(QUICK, timeout=86_400)
    return made


@pytest.fixture
def waiting(durable):
    """An execution that waits for an hour."""
    arn = durable.start({"wait": 3600})
    durable.until_event(arn, "InvocationCompleted")
    return arn


def refused(call, **options):
    with pytest.raises(ClientError) as error:
        call(**options)
    return code(error), error.value.response["Error"]["Message"]


# -- configuration


def test_a_function_says_how_durable_it_is(durable):
    config = durable.client.get_function_configuration(FunctionName="f")["DurableConfig"]
    assert config == {"ExecutionTimeout": 86_400, "RetentionPeriodInDays": 14}


def test_a_durable_configuration_needs_a_timeout(durable):
    options = {"DurableConfig": {"RetentionPeriodInDays": 3}}
    assert refused(lambda: durable.make(name="g", **options)) == (
        "InvalidParameterValueException",
        "You cannot create a function with a durable configuration without an executionTimeout",
    )


def test_the_configuration_can_be_changed_but_not_added(durable):
    changed = durable.client.update_function_configuration(FunctionName="f", DurableConfig={"RetentionPeriodInDays": 3})
    assert changed["DurableConfig"] == {"ExecutionTimeout": 86_400, "RetentionPeriodInDays": 3}
    durable.make(ECHO, "plain")
    update = durable.client.update_function_configuration
    assert refused(update, FunctionName="plain", DurableConfig={"ExecutionTimeout": 60})[0] == (
        "InvalidParameterValueException"
    )


# -- invoking


def test_only_a_version_of_it_can_be_invoked(durable):
    message = "You cannot invoke a durable function using an unqualified ARN."
    for kind in ("Event", "RequestResponse", "DryRun"):
        assert refused(durable.client.invoke, FunctionName="f", InvocationType=kind) == (
            "InvalidParameterValueException",
            message,
        )


def test_nobody_waits_for_more_than_fifteen_minutes(durable):
    assert refused(durable.client.invoke, FunctionName="f", Qualifier="$LATEST") == (
        "InvalidParameterValueException",
        "You cannot synchronously invoke a durable function with an executionTimeout greater than 15 minutes.",
    )


def test_an_execution_stays_with_its_version(durable, clock):
    version = durable.client.publish_version(FunctionName="f")["Version"]
    durable.client.create_alias(FunctionName="f", Name="live", FunctionVersion=version)
    durable.settle()
    arn = durable.start({"wait": 60}, Qualifier="live")
    assert f":function:f:{version}/durable-execution/" in arn
    durable.until_event(arn, "InvocationCompleted")
    durable.client.update_function_code(FunctionName="f", ZipFile=package("def handler(event, context): 1 / 0\n"))
    durable.settle()
    clock.advance(minutes=1)
    described = durable.until(arn)
    assert (described["Status"], described["Version"]) == ("SUCCEEDED", version)
    assert described["FunctionArn"].endswith(":function:f:live")


def test_the_same_name_and_input_are_the_same_execution(durable):
    first = durable.start({"n": 1}, DurableExecutionName="order-1")
    durable.until(first)
    assert durable.start({"n": 1}, DurableExecutionName="order-1") == first
    assert first.split("/")[-2] == "order-1"


def test_the_same_name_with_another_input_is_refused(durable):
    durable.start({"n": 1}, DurableExecutionName="order-1")
    options = {"FunctionName": "f:$LATEST", "InvocationType": "Event", "DurableExecutionName": "order-1"}
    assert (
        refused(durable.client.invoke, Payload=b'{"n": 2}', **options)[0] == "DurableExecutionAlreadyStartedException"
    )


def test_who_waits_for_a_name_gets_what_it_gave(durable):
    durable.make_plain(QUICK, "short", timeout=60)
    options = {"FunctionName": "short:$LATEST", "Payload": b'{"n": 1}', "DurableExecutionName": "once"}
    first, second = (durable.client.invoke(**options) for _ in range(2))
    assert first["Payload"].read() == second["Payload"].read() == b'{"n": 1}'
    assert first["DurableExecutionArn"] == second["DurableExecutionArn"]
    assert durable.types(first["DurableExecutionArn"]).count("InvocationCompleted") == 1


def test_a_name_is_for_durable_functions(durable):
    durable.make(ECHO, "plain")
    options = {"FunctionName": "plain", "DurableExecutionName": "one"}
    assert refused(durable.client.invoke, **options)[0] == "InvalidParameterValueException"


def test_a_queue_waits_for_the_whole_execution(durable, aws):
    durable.make_plain(QUICK, "short", timeout=60)
    durable.allow(*PERMISSIONS, "sqs:*")
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    create = durable.client.create_event_source_mapping
    assert refused(create, FunctionName="short", EventSourceArn=queue)[0] == "InvalidParameterValueException"
    assert refused(create, FunctionName="f:$LATEST", EventSourceArn=queue)[0] == "InvalidParameterValueException"
    create(FunctionName="short:$LATEST", EventSourceArn=queue)
    sqs.send_message(QueueUrl=url, MessageBody="one")
    look = durable.client.list_durable_executions_by_function
    (listed,) = poll(lambda: look(FunctionName="short", Statuses=["SUCCEEDED"])["DurableExecutions"], bool)
    assert json.loads(durable.describe(listed["DurableExecutionArn"])["Result"])["Records"][0]["body"] == "one"


def test_an_execution_waits_for_room(durable, clock):
    durable.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    arn = durable.start({"n": 1})
    clock.advance(seconds=1)
    assert durable.types(arn) == ["ExecutionStarted"]
    durable.client.delete_function_concurrency(FunctionName="f")
    clock.advance(minutes=1)
    assert durable.until(arn)["Result"] == '{"n": 1}'


# -- looking


def test_an_execution_is_described(durable, waiting):
    described = durable.describe(waiting)
    del described["ResponseMetadata"]
    name = waiting.split("/")[-2]
    started, expected = described.pop("StartTimestamp"), described.pop("ExpectedExecutionTimeoutTimestamp")
    assert (expected - started).total_seconds() == 86_400
    assert described.pop("TraceHeader")["XAmznTraceId"].startswith("Root=1-")
    assert described == {
        "DurableExecutionArn": waiting,
        "DurableExecutionName": name,
        "FunctionArn": waiting.partition("/")[0],
        "InputPayload": '{"wait": 3600}',
        "Status": "RUNNING",
        "Version": "$LATEST",
        "ExecutionDataIncluded": True,
        "DurableConfig": {"ExecutionTimeout": 86_400, "RetentionPeriodInDays": 14},
    }
    bare = durable.client.get_durable_execution(DurableExecutionArn=waiting, IncludeExecutionData=False)
    assert bare["ExecutionDataIncluded"] is False
    assert "InputPayload" not in bare


@pytest.mark.parametrize("operation", ["get", "stop", "delete", "pause", "resume", "get_history"])
def test_an_execution_that_is_not_there_is_not_found(durable, operation, aws):
    arn = f"arn:aws:lambda:us-east-1:{aws.account}:function:f:$LATEST/durable-execution/none/none"
    verb, _, suffix = operation.partition("_")
    call = getattr(durable.client, f"{verb}_durable_execution{'_' + suffix if suffix else ''}")
    assert refused(call, DurableExecutionArn=arn) == (
        "ResourceNotFoundException",
        f"Durable execution not found: {arn}",
    )


def test_executions_are_listed_newest_first_in_pages(durable):
    arns = [durable.start({"n": n}) for n in range(5)]
    look = durable.client.list_durable_executions_by_function
    pages = durable.client.get_paginator("list_durable_executions_by_function")
    listed = pages.paginate(FunctionName="f", PaginationConfig={"PageSize": 2}).build_full_result()["DurableExecutions"]
    assert [each["DurableExecutionArn"] for each in listed] == arns[::-1]
    oldest_first = look(FunctionName="f", ReverseOrder=True, MaxItems=3)
    assert [each["DurableExecutionArn"] for each in oldest_first["DurableExecutions"]] == arns[:3]
    rest = look(FunctionName="f", ReverseOrder=True, Marker=oldest_first["NextMarker"])
    assert [each["DurableExecutionArn"] for each in rest["DurableExecutions"]] == arns[3:]
    assert refused(look, FunctionName="f", Marker="nonsense")[0] == "InvalidParameterValueException"


def test_lists_are_of_a_status_a_name_a_version_and_a_time(durable, waiting, clock):
    clock.advance(minutes=1)
    done = durable.start(DurableExecutionName="done")
    durable.until(done)
    later = durable.describe(waiting)["StartTimestamp"] + timedelta(seconds=30)
    look = durable.client.list_durable_executions_by_function

    def listed(**options):
        return [each["DurableExecutionArn"] for each in look(FunctionName="f", **options)["DurableExecutions"]]

    assert listed(Statuses=["RUNNING"]) == [waiting]
    assert listed(DurableExecutionName="done") == [done]
    assert listed(Qualifier="$LATEST") == [done, waiting]
    assert listed(StartedAfter=later) == [done]
    assert listed(StartedBefore=later) == [waiting]


def test_a_history_can_be_read_backwards_in_pages_and_without_data(durable, waiting):
    forwards = durable.history(waiting)
    assert [each["EventId"] for each in forwards] == [1, 2, 3]
    started, rest, invocation = forwards
    assert started["ExecutionStartedDetails"] == {
        "Input": {"Payload": '{"wait": 3600}', "Truncated": False},
        "ExecutionTimeout": 86_400,
    }
    assert (rest["Id"], rest["Name"], rest["WaitStartedDetails"]["Duration"]) == ("w", "rest", 3600)
    assert set(invocation["InvocationCompletedDetails"]) == {"StartTimestamp", "EndTimestamp", "RequestId"}
    page = durable.client.get_durable_execution_history(DurableExecutionArn=waiting, ReverseOrder=True, MaxItems=2)
    assert [each["EventId"] for each in page["Events"]] == [3, 2]
    last = durable.history(waiting, ReverseOrder=True, Marker=page["NextMarker"], IncludeExecutionData=False)
    assert [each["ExecutionStartedDetails"]["Input"] for each in last] == [{"Truncated": True}]


# -- ends


def test_an_execution_that_takes_too_long_times_out(durable, clock):
    durable.make_plain(QUICK, "short", timeout=60)
    arn = durable.start({"wait": 3600}, "short")
    durable.until_event(arn, "InvocationCompleted")
    clock.advance(minutes=1)
    described = durable.describe(arn)
    assert described["Status"] == "TIMED_OUT"
    assert (described["EndTimestamp"] - described["StartTimestamp"]).total_seconds() == pytest.approx(60, abs=0.01)
    assert durable.types(arn)[-1] == "ExecutionTimedOut"


def test_a_stopped_execution_stays_where_it_is(durable, waiting, clock):
    error = {"ErrorType": "Enough", "ErrorMessage": "no more"}
    stopped = durable.client.stop_durable_execution(DurableExecutionArn=waiting, Error=error)["StopTimestamp"]
    clock.advance(hours=2)
    described = durable.describe(waiting)
    assert (described["Status"], described["Error"], described["EndTimestamp"]) == ("STOPPED", error, stopped)
    assert durable.types(waiting)[-1] == "ExecutionStopped"
    again = durable.client.stop_durable_execution(DurableExecutionArn=waiting)
    assert again["StopTimestamp"] == stopped


def test_an_execution_is_forgotten_when_its_retention_is_over(durable, clock):
    durable.client.update_function_configuration(FunctionName="f", DurableConfig={"RetentionPeriodInDays": 2})
    durable.settle()
    arn = durable.start({"n": 1}, DurableExecutionName="order-1")
    durable.until(arn)
    clock.advance(days=1)
    assert durable.describe(arn)["Status"] == "SUCCEEDED"
    clock.advance(days=1)
    assert refused(durable.describe, arn=arn)[0] == "ResourceNotFoundException"
    assert durable.client.list_durable_executions_by_function(FunctionName="f")["DurableExecutions"] == []
    assert durable.start({"n": 2}, DurableExecutionName="order-1") != arn


def test_an_execution_that_is_over_can_be_deleted(durable, waiting):
    delete = durable.client.delete_durable_execution
    assert refused(delete, DurableExecutionArn=waiting)[0] == "ResourceConflictException"
    durable.client.stop_durable_execution(DurableExecutionArn=waiting)
    assert delete(DurableExecutionArn=waiting)["DeletionRequestTimestamp"]

    def is_gone():
        try:
            return durable.describe(waiting)["Status"] != "DELETING"
        except durable.client.exceptions.ResourceNotFoundException:
            return "gone"

    assert poll(is_gone, bool) == "gone"


# -- pauses


def test_a_paused_execution_goes_on_when_it_is_resumed(durable, waiting, clock):
    durable.client.pause_durable_execution(DurableExecutionArn=waiting, Reason="trouble")
    described = durable.describe(waiting)
    assert described["Status"] == "PAUSED"
    assert described["PauseDetails"]["Reason"] == "trouble"
    assert described["PauseDetails"]["ExecutionTimeoutPaused"] is True
    clock.advance(hours=2)
    assert durable.types(waiting)[-2:] == ["ExecutionPaused", "WaitSucceeded"]
    durable.client.resume_durable_execution(DurableExecutionArn=waiting, Reason="fine again")
    assert durable.until(waiting)["Result"] == '{"wait": 3600}'
    resumed = event_of(durable.history(waiting), "ExecutionResumed")["ExecutionResumedDetails"]
    assert resumed["Reason"] == {"Payload": "fine again", "Truncated": False}


def test_a_pause_extends_the_timeout_unless_it_is_not_to(durable, clock):
    both = [durable.start({"wait": 40 * 3600}) for _ in range(2)]
    for arn, stops in zip(both, (True, False), strict=True):
        durable.until_event(arn, "InvocationCompleted")
        durable.client.pause_durable_execution(DurableExecutionArn=arn, ExecutionTimeoutPaused=stops)
    clock.advance(hours=30)
    assert [durable.describe(arn)["Status"] for arn in both] == ["PAUSED", "TIMED_OUT"]
    durable.client.resume_durable_execution(DurableExecutionArn=both[0])
    clock.advance(hours=23)
    assert durable.until(both[0])["Status"] == "SUCCEEDED"


def test_what_is_paused_cannot_be_paused_nor_what_runs_resumed(durable, waiting):
    pause, resume = durable.client.pause_durable_execution, durable.client.resume_durable_execution
    assert refused(resume, DurableExecutionArn=waiting)[0] == "ResourceConflictException"
    pause(DurableExecutionArn=waiting, ClientToken="one")
    pause(DurableExecutionArn=waiting, ClientToken="one")
    assert refused(pause, DurableExecutionArn=waiting)[0] == "ResourceConflictException"
    resume(DurableExecutionArn=waiting, ClientToken="two")
    resume(DurableExecutionArn=waiting, ClientToken="two")


def test_an_invocation_under_way_is_paused_at_its_next_checkpoint(durable):
    durable.make_plain(
        "import time, boto3\nclient = boto3.client('lambda')\n"
        "def handler(event, context):\n"
        "    arn, token = event['DurableExecutionArn'], event['CheckpointToken']\n"
        "    update = {'Id': 's', 'Type': 'STEP', 'Action': 'START'}\n"
        "    if len(event['InitialExecutionState']['Operations']) > 1:\n"
        "        return {'Status': 'SUCCEEDED', 'Result': '1'}\n"
        "    save = client.checkpoint_durable_execution\n"
        "    token = save(DurableExecutionArn=arn, CheckpointToken=token, Updates=[update])['CheckpointToken']\n"
        "    while client.get_durable_execution(DurableExecutionArn=arn)['Status'] == 'RUNNING':\n"
        "        time.sleep(0.02)\n"
        "    assert 'CheckpointToken' not in save(DurableExecutionArn=arn, CheckpointToken=token)\n"
        "    return {'Status': 'PENDING'}\n",
        "slow",
    )
    durable.allow(*PERMISSIONS, "lambda:GetDurableExecution")
    arn = durable.start(name="slow")
    durable.until_event(arn, "StepStarted")
    durable.client.pause_durable_execution(DurableExecutionArn=arn)
    durable.until_event(arn, "ExecutionPaused", "InvocationCompleted")
    assert durable.describe(arn)["Status"] == "PAUSED"
    durable.client.resume_durable_execution(DurableExecutionArn=arn)
    assert durable.until(arn)["Result"] == "1"


# -- callbacks that come to nothing


def test_a_callback_is_completed_once(durable):
    durable.make_durable(
        "@durable_execution\ndef handler(event, context):\n    return context.create_callback(name='c').result()\n",
        "called",
    )
    arn = durable.start(name="called")
    callback = durable.callback_id(arn)
    send = durable.client.send_durable_execution_callback_success
    send(CallbackId=callback)
    assert refused(send, CallbackId=callback)[0] == "CallbackTimeoutException"
    assert durable.until(arn)["Status"] == "SUCCEEDED"


def test_what_is_no_callback_is_refused(durable):
    for send in ("success", "failure", "heartbeat"):
        call = getattr(durable.client, f"send_durable_execution_callback_{send}")
        assert refused(call, CallbackId="bm9uc2Vuc2U=") == ("InvalidParameterValueException", "Invalid callback ID.")


# -- who is told


def test_changes_of_status_are_events(durable, aws):
    sqs, events = aws("sqs"), aws("events")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:*",
        "Resource": queue,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    pattern = {"source": ["aws.lambda"], "detail-type": ["Durable Execution Status Change"]}
    events.put_rule(Name="durable", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="durable", Targets=[{"Id": "queue", "Arn": queue}])
    arn = durable.start(DurableExecutionName="order-1")
    durable.until(arn)
    told = []
    while len(told) < 2:
        answer = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10, MaxNumberOfMessages=10)
        told += [json.loads(message["Body"])["detail"] for message in answer["Messages"]]
    first, last = sorted(told, key=lambda each: "endTimestamp" in each)
    assert (first["status"], last["status"]) == ("RUNNING", "SUCCEEDED")
    assert (last["durableExecutionArn"], last["durableExecutionName"]) == (arn, "order-1")
    assert last["functionArn"] == arn.partition("/")[0]


def test_executions_are_measured(durable, aws):
    durable.until(durable.start())
    cloudwatch = aws("cloudwatch")

    def names():
        found = cloudwatch.list_metrics(Namespace="AWS/Lambda", Dimensions=[{"Name": "FunctionName", "Value": "f"}])
        return {each["MetricName"] for each in found["Metrics"] if "Durable" in each["MetricName"]}

    assert poll(names, lambda found: len(found) == 6) == {
        "ApproximateRunningDurableExecutions",
        "DurableExecutionDuration",
        "DurableExecutionOperations",
        "DurableExecutionStarted",
        "DurableExecutionStorageWrittenBytes",
        "DurableExecutionSucceeded",
    }


def test_the_dead_letter_queue_gets_the_input_of_what_failed(durable, aws, waiting):
    durable.allow(*PERMISSIONS, "sqs:SendMessage")
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    durable.client.update_function_configuration(FunctionName="f", DeadLetterConfig={"TargetArn": queue})
    durable.client.stop_durable_execution(DurableExecutionArn=waiting, Error={"ErrorMessage": "enough"})
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10, MessageAttributeNames=["All"])["Messages"]
    assert message["Body"] == '{"wait": 3600}'
    assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "enough"
