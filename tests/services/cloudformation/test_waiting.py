"""Stacks wait for signals, give up after their time, and go back when an alarm goes off."""

import json
import urllib.error
import urllib.request

import pytest

from tests.services.cloudformation.conftest import refused

QUEUE = {"Type": "AWS::SQS::Queue"}
HANDLE = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
OUTPUTS = {"Data": {"Value": {"Fn::GetAtt": "Wait.Data"}}}


def condition(**properties):
    return {"Type": "AWS::CloudFormation::WaitCondition", "Properties": {"Handle": {"Ref": "Handle"}, **properties}}


def signalled(**signal):
    return {**QUEUE, "CreationPolicy": {"ResourceSignal": signal}}


@pytest.fixture
def tell(stack):
    """Puts a document to the URL of the stack's handle. Returns the status."""

    def tell(status="SUCCESS", name="one", **more):
        url = stack.resources["Handle"]["PhysicalResourceId"]
        data = json.dumps({"Status": status, "UniqueId": name, **more}).encode()
        try:
            return urllib.request.urlopen(urllib.request.Request(url, data=data, method="PUT")).status
        except urllib.error.HTTPError as error:
            return error.code

    return tell


@pytest.fixture
def signal(cloudformation, stack):
    def signal(status="SUCCESS", name="one"):
        cloudformation.signal_resource(StackName=stack.name, LogicalResourceId="A", UniqueId=name, Status=status)
        stack.settle()

    return signal


# -- wait conditions


def test_stack_waits_for_as_many_signals_as_the_condition_counts(stack, tell):
    stack.create({"Handle": HANDLE, "Wait": condition(Count=2, Timeout="600")}, Outputs=OUTPUTS)
    assert tell(name="one", Data="1") == 200
    assert tell(name="one", Data="again") == 200
    stack.settle()
    assert stack.status == "CREATE_IN_PROGRESS"
    tell(name="two", Data="2")
    stack.settle()
    assert stack.status == "CREATE_COMPLETE"
    assert json.loads(stack.outputs["Data"]) == {"one": "1", "two": "2"}


def test_failure_that_is_told_fails_the_condition(stack, tell):
    stack.create({"Handle": HANDLE, "Wait": condition(Timeout=600)})
    tell("FAILURE", Reason="no luck")
    stack.settle()
    assert stack.status == "ROLLBACK_COMPLETE"
    told = "WaitCondition received failed message: 'no luck' for uniqueId: one"
    assert stack.reason("Wait", "CREATE_FAILED") == told


def test_condition_that_hears_nothing_times_out(stack, clock):
    stack.create({"Handle": HANDLE, "Wait": condition(Timeout=600)})
    clock.advance(seconds=600)
    assert stack.status == "ROLLBACK_COMPLETE"
    told = "WaitCondition timed out. Received 0 conditions when expecting 1"
    assert stack.reason("Wait", "CREATE_FAILED") == told


def test_condition_is_not_updated(stack, tell):
    stack.create({"Handle": HANDLE, "Wait": condition(Timeout=600)})
    tell()
    stack.settle()
    stack.update({"Handle": HANDLE, "Wait": condition(Timeout=700)})
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    told = "Update to resource type AWS::CloudFormation::WaitCondition is not supported."
    assert stack.reason("Wait", "UPDATE_FAILED") == told


def test_what_is_no_signal_is_refused(stack, tell):
    stack.create({"Handle": HANDLE, "Wait": condition(Timeout=600)})
    assert tell("MAYBE") == 400
    url = stack.resources["Handle"]["PhysicalResourceId"]
    request = urllib.request.Request(url[:-4] + "0000", data=b'{"Status":"SUCCESS","UniqueId":"x"}', method="PUT")
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request)
    assert raised.value.code == 403


# -- creation policies


def test_resource_waits_for_the_signals_of_its_creation_policy(stack, signal):
    stack.create({"A": signalled(Count="2", Timeout="PT15M"), "B": {**QUEUE, "DependsOn": "A"}})
    assert stack.resources["A"]["ResourceStatus"] == "CREATE_IN_PROGRESS"
    signal(name="one")
    signal(name="one")
    assert stack.status == "CREATE_IN_PROGRESS"
    signal(name="two")
    assert stack.status == "CREATE_COMPLETE"
    assert stack.reason("A", "CREATE_IN_PROGRESS") == "Received SUCCESS signal with UniqueId two"


def test_signal_of_failure_fails_the_resource(stack, signal):
    stack.create({"A": signalled(Timeout="PT15M")})
    signal("FAILURE")
    assert stack.status == "ROLLBACK_COMPLETE"
    assert stack.reason("A", "CREATE_FAILED").startswith("Received 0 SUCCESS signal(s) out of 1.")


def test_resource_without_its_signals_fails_after_the_timeout(stack, clock):
    stack.create({"A": signalled(Count=2)})
    clock.advance(seconds=300)
    assert stack.status == "ROLLBACK_COMPLETE"
    told = "Failed to receive 2 resource signal(s) within the specified duration"
    assert stack.reason("A", "CREATE_FAILED") == told


def test_resource_that_is_there_takes_no_signals(cloudformation, stack, signal):
    stack.create({"A": QUEUE})
    with refused("ValidationError", "Resource A is in CREATE_COMPLETE state and cannot be signaled."):
        signal()
    with refused("ValidationError", f"Resource B does not exist for stack {stack.name}"):
        cloudformation.signal_resource(StackName=stack.name, LogicalResourceId="B", UniqueId="one", Status="SUCCESS")


# -- time, and alarms


def test_stack_that_takes_too_long_is_rolled_back(aws, stack, clock):
    stack.create({"A": signalled(Timeout="PT1H"), "B": QUEUE}, {"TimeoutInMinutes": 10})
    assert stack.status == "CREATE_IN_PROGRESS"
    clock.advance(seconds=600)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert stack.reason("A", "CREATE_FAILED") == "Resource creation cancelled"
    told = stack.reason(stack.name, "ROLLBACK_IN_PROGRESS")
    assert told.startswith("Stack creation time exceeded the specified timeout. ")
    assert "QueueUrls" not in aws("sqs").list_queues()


@pytest.fixture
def alarm(aws):
    cloudwatch = aws("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="errors",
        Namespace="N",
        MetricName="M",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    return cloudwatch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"][0]["AlarmArn"]


def triggers(arn, minutes):
    found = {"RollbackTriggers": [{"Arn": arn, "Type": "AWS::CloudWatch::Alarm"}], "MonitoringTimeInMinutes": minutes}
    return {"RollbackConfiguration": found}


def test_stack_is_monitored_before_it_is_complete(stack, clock, alarm):
    stack.create({"A": QUEUE}, triggers(alarm, 10))
    assert stack.resources["A"]["ResourceStatus"] == "CREATE_COMPLETE"
    assert stack.status == "CREATE_IN_PROGRESS"
    clock.advance(seconds=600)
    assert stack.status == "CREATE_COMPLETE"


def test_alarm_that_goes_off_while_a_stack_is_monitored_rolls_it_back(aws, stack, alarm):
    stack.create({"A": QUEUE})
    before = stack.resources["A"]["PhysicalResourceId"]
    stack.update({"A": {**QUEUE, "Properties": {"QueueName": "other"}}}, triggers(alarm, 30))
    assert stack.status == "UPDATE_IN_PROGRESS"
    aws("cloudwatch").set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="test")
    stack.settle()
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.resources["A"]["PhysicalResourceId"] == before
    assert stack.reason(stack.name, "UPDATE_ROLLBACK_IN_PROGRESS") == f"Rollback trigger {alarm} is in ALARM state. "


def test_alarm_that_is_not_there_rolls_the_stack_back(stack, alarm):
    stack.create({"A": QUEUE}, triggers(alarm + "-none", 5))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "does not exist" in stack.reason(stack.name, "ROLLBACK_IN_PROGRESS")
