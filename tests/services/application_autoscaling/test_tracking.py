"""Target tracking: policies, their alarms, and what they scale."""

import json

import pytest

from fogbank.services.application_autoscaling import tracking as pure
from tests.services.application_autoscaling.conftest import WRITES, tracking

CUSTOM = {
    "TargetValue": 10.0,
    "CustomizedMetricSpecification": {"MetricName": "Backlog", "Namespace": "App", "Statistic": "Average"},
}


@pytest.fixture
def write(ddb):
    """Consumes so many write units, a hundred at a time."""

    def write(units):
        for number in range(units // 100):
            ddb.put_item(TableName="things", Item={"pk": {"S": str(number)}, "data": {"S": "x" * 102_300}})

    return write


@pytest.fixture
def alarms(aws):
    return lambda: {
        each["AlarmName"].rsplit("-", 6)[1]: each for each in aws("cloudwatch").describe_alarms()["MetricAlarms"]
    }


# -- policies


def test_a_policy_has_the_alarms_that_aws_gives_it(put_policy, alarms, aws):
    answer = put_policy()
    arn = answer["PolicyARN"]
    assert arn.startswith(f"arn:aws:autoscaling:us-east-1:{aws.account}:scalingPolicy:")
    assert arn.endswith(":resource/dynamodb/table/things:policyName/p")
    found = alarms()
    assert [each["AlarmName"].rsplit("-", 6)[1] for each in answer["Alarms"]] == [
        "AlarmHigh",
        "AlarmLow",
        "ProvisionedCapacityHigh",
        "ProvisionedCapacityLow",
    ]
    assert all(each["AlarmName"].startswith("TargetTracking-table/things-") for each in answer["Alarms"])
    assert [alarm["AlarmActions"] for alarm in found.values()] == [[arn]] * 4
    high, low = found["AlarmHigh"], found["AlarmLow"]
    assert (high["MetricName"], high["Statistic"], high["Period"]) == ("ConsumedWriteCapacityUnits", "Sum", 60)
    assert (high["Threshold"], high["EvaluationPeriods"]) == (150, 2)
    assert (low["Threshold"], low["EvaluationPeriods"], low["ComparisonOperator"]) == (90, 15, "LessThanThreshold")
    assert high["AlarmDescription"] == f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {arn}."


def test_a_policy_is_described_and_replaced_and_deleted(scaling, put_policy, alarms, refused):
    first = put_policy(ScaleInCooldown=60)
    again = put_policy(target=40.0, DisableScaleIn=True)
    assert again["PolicyARN"] == first["PolicyARN"]
    [found] = scaling.describe_scaling_policies(ServiceNamespace="dynamodb", PolicyNames=["p"])["ScalingPolicies"]
    assert found["TargetTrackingScalingPolicyConfiguration"] == tracking(40.0, DisableScaleIn=True)
    assert (found["PolicyType"], len(found["Alarms"])) == ("TargetTrackingScaling", 3)
    assert alarms().keys() == {"AlarmHigh", "ProvisionedCapacityHigh", "ProvisionedCapacityLow"}
    scaling.delete_scaling_policy(**WRITES, PolicyName="p")
    assert alarms() == {}
    with refused("ObjectNotFoundException", "No scaling policy found for service namespace: dynamodb"):
        scaling.delete_scaling_policy(**WRITES, PolicyName="p")


def test_a_policy_needs_a_target(scaling, table, refused):
    with refused("ObjectNotFoundException", "No scalable target registered for service namespace: dynamodb"):
        scaling.put_scaling_policy(
            **WRITES,
            PolicyName="p",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=tracking(),
        )


@pytest.mark.parametrize(
    "config",
    [
        tracking(10.0),
        tracking(metric="DynamoDBReadCapacityUtilization"),
        {**tracking(), **CUSTOM},
        {"TargetValue": 5.0},
        tracking(ScaleInCooldown=-1),
        {"TargetValue": 5.0, "CustomizedMetricSpecification": {"MetricName": "m"}},
    ],
)
def test_a_configuration_that_cannot_be_is_refused(put_policy, refused, config):
    with refused():
        put_policy(config=config)


def test_only_one_policy_follows_a_metric(put_policy, refused):
    put_policy()
    with refused(message="Only one TargetTrackingScaling policy for a given metric specification is allowed."):
        put_policy("other")


def test_tables_have_no_steps(scaling, target, refused):
    steps = {"AdjustmentType": "ExactCapacity", "StepAdjustments": [{"ScalingAdjustment": 1}]}
    with refused(message="Policy type StepScaling is not supported for scalable dimension"):
        scaling.put_scaling_policy(
            **WRITES, PolicyName="p", PolicyType="StepScaling", StepScalingPolicyConfiguration=steps
        )


# -- scaling


def test_a_busy_table_is_scaled_out_and_a_quiet_one_in(put_policy, write, clock, writes, activities, alarms):
    put_policy()
    clock.advance(seconds=65 - clock.now() % 60)  # well within a minute
    for _ in range(3):
        write(300)
        clock.advance(seconds=60)
    assert writes() == 10  # 5 a second are half of it
    assert alarms()["AlarmHigh"]["Threshold"] == 300
    scaled = activities()[0]
    assert scaled["Cause"] == f"monitor alarm {alarms()['AlarmHigh']['AlarmName']} in state ALARM triggered policy p"
    for _ in range(17):
        write(100)
        clock.advance(seconds=60)
    assert writes() == 4  # 100 a minute are half of it


def test_a_table_at_its_most_is_not_scaled_and_says_so_once(put_policy, scaling, write, clock, activities):
    put_policy()
    scaling.register_scalable_target(**WRITES, MaxCapacity=5)
    clock.advance(seconds=65 - clock.now() % 60)
    for _ in range(4):
        write(300)
        clock.advance(seconds=60)
    assert activities() == []
    [told] = activities(IncludeNotScaledActivities=True)
    assert told["NotScaledReasons"] == [{"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 5, "CurrentCapacity": 5}]
    assert (told["StatusCode"], told["Description"]) == ("Failed", "Attempting to scale due to alarm triggered")


def test_what_is_suspended_does_not_scale(put_policy, scaling, write, clock, writes, activities):
    put_policy()
    scaling.register_scalable_target(**WRITES, SuspendedState={"DynamicScalingOutSuspended": True})
    clock.advance(seconds=65 - clock.now() % 60)
    for _ in range(2):
        write(300)
        clock.advance(seconds=60)
    assert (writes(), activities(IncludeNotScaledActivities=True)) == (5, [])
    scaling.register_scalable_target(**WRITES, SuspendedState={"DynamicScalingOutSuspended": False})
    write(300)
    clock.advance(seconds=60)
    assert writes() == 10


def test_a_metric_of_ones_own_scales_and_cools_down(put_policy, aws, clock, writes):
    put_policy(config={**CUSTOM, "ScaleOutCooldown": 600})
    clock.advance(seconds=65 - clock.now() % 60)

    def measure(value, minutes):
        for _ in range(minutes):
            aws("cloudwatch").put_metric_data(
                Namespace="App", MetricData=[{"MetricName": "Backlog", "Value": value, "Timestamp": clock.now()}]
            )
            clock.advance(seconds=60)

    measure(20, 5)
    assert writes() == 10  # the load that is told is still that of five
    measure(30, 1)
    assert writes() == 15  # more than what it was scaled out for
    measure(30, 10)
    assert writes() > 15


def test_metric_math_is_followed(put_policy, aws, clock, writes):
    stat = {"Metric": {"Namespace": "App", "MetricName": "Backlog"}, "Stat": "Sum"}
    queries = [
        {"Id": "m", "MetricStat": stat, "ReturnData": False},
        {"Id": "e", "Expression": "m / 2", "Label": "half", "ReturnData": True},
    ]
    put_policy(config={"TargetValue": 10.0, "CustomizedMetricSpecification": {"Metrics": queries}})
    clock.advance(seconds=65 - clock.now() % 60)
    for _ in range(4):
        aws("cloudwatch").put_metric_data(
            Namespace="App", MetricData=[{"MetricName": "Backlog", "Value": 40, "Timestamp": clock.now()}]
        )
        clock.advance(seconds=60)
    assert writes() >= 10


def test_alarms_follow_a_capacity_that_somebody_else_changes(put_policy, ddb, write, clock, alarms):
    put_policy(DisableScaleIn=True)
    ddb.update_table(TableName="things", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 20})
    clock.advance(seconds=1)
    for _ in range(4):
        write(100)
        clock.advance(seconds=300)
    assert alarms()["AlarmHigh"]["Threshold"] == 600


@pytest.mark.parametrize(("units", "value", "wanted"), [(10, 20.0, 20), (3, 10.0, 3), (10, 0.0, 0), (10, 10.1, 11)])
def test_the_capacity_at_which_a_metric_would_be_at_its_target(units, value, wanted):
    assert pure.needed(CUSTOM, units, value) == wanted


def test_a_functions_provisioned_concurrency_is_tracked_by_its_utilisation():
    place = ("lambda", "function:f:live", "lambda:function:ProvisionedConcurrency")
    found = pure.alarms(place, tracking(0.7, "LambdaProvisionedConcurrencyUtilization"), 5)
    assert (found["AlarmHigh"]["Threshold"], found["AlarmHigh"]["EvaluationPeriods"]) == (0.7, 3)
    assert found["AlarmLow"]["Threshold"] == pytest.approx(0.63)
    assert json.dumps(found["AlarmHigh"]["Dimensions"][1]) == '{"Name": "Resource", "Value": "f:live"}'
