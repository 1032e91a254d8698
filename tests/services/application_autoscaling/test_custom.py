"""Custom resources, which an endpoint of the user's scales, and step scaling, which they know."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fogbank.kernel import AWSError
from fogbank.services.application_autoscaling import stepping

LOAD = {"Namespace": "App", "MetricName": "Load"}


class Handler(BaseHTTPRequestHandler):
    """Says the capacity that it was asked for, which it has at once."""

    def do_GET(self):
        self._answer()

    def do_PATCH(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.capacity = asked["desiredCapacity"]
        self._answer()

    def _answer(self):
        said = {"actualCapacity": self.server.capacity, "desiredCapacity": self.server.capacity}
        body = json.dumps({**said, "scalingStatus": self.server.status}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing on the terminal."""


@pytest.fixture
def endpoint():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.capacity, server.status = 4.0, "Successful"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def place(endpoint):
    return {
        "ServiceNamespace": "custom-resource",
        "ResourceId": f"http://127.0.0.1:{endpoint.server_port}/prod/scalableTargetDimensions/1-1",
        "ScalableDimension": "custom-resource:ResourceType:Property",
    }


@pytest.fixture
def put_steps(scaling, place):
    """Registers the endpoint from 2 to 20, and puts a policy of these steps (lower, upper, adjustment). Gives its ARN."""

    def put(*steps, adjustment="ChangeInCapacity", cooldown=0, **more):
        scaling.register_scalable_target(**place, MinCapacity=2, MaxCapacity=20)
        names = ("MetricIntervalLowerBound", "MetricIntervalUpperBound", "ScalingAdjustment")
        given = [{name: value for name, value in zip(names, step, strict=True) if value is not None} for step in steps]
        config = {"AdjustmentType": adjustment, "StepAdjustments": given, "Cooldown": cooldown, **more}
        return scaling.put_scaling_policy(
            **place, PolicyName="s", PolicyType="StepScaling", StepScalingPolicyConfiguration=config
        )["PolicyARN"]

    return put


@pytest.fixture
def alarm(aws):
    """Makes an alarm on the load, at 50, that has this policy act."""

    def make(arn, comparison="GreaterThanOrEqualToThreshold"):
        aws("cloudwatch").put_metric_alarm(
            **LOAD,
            AlarmName="load",
            AlarmActions=[arn],
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=50,
            ComparisonOperator=comparison,
        )

    return make


@pytest.fixture
def load(aws, clock):
    """Measures this load for a minute."""
    clock.advance(seconds=65 - clock.now() % 60)

    def measure(value):
        datum = {"MetricName": "Load", "Value": value, "Timestamp": clock.now()}
        aws("cloudwatch").put_metric_data(Namespace="App", MetricData=[datum])
        clock.advance(seconds=60)

    return measure


def test_the_endpoint_is_asked_for_a_capacity_within_the_bounds(scaling, place, endpoint, clock):
    scaling.register_scalable_target(**place, MinCapacity=6, MaxCapacity=20)
    clock.advance(seconds=10)
    assert endpoint.capacity == 6
    [activity] = scaling.describe_scaling_activities(ServiceNamespace="custom-resource")["ScalingActivities"]
    assert activity["StatusCode"] == "Successful"
    assert activity["StatusMessage"].endswith("Change successfully fulfilled by custom-resource.")


def test_an_endpoint_that_does_not_answer_is_not_there(scaling, place, refused):
    gone = {**place, "ResourceId": "http://127.0.0.1:1/nobody"}
    with refused(message="Custom resource does not exist: http://127.0.0.1:1/nobody"):
        scaling.register_scalable_target(**gone, MinCapacity=1, MaxCapacity=2)


def test_steps_go_as_far_as_the_metric_is_beyond_the_threshold(put_steps, alarm, load, endpoint, scaling):
    arn = put_steps((0, 10, 1), (10, None, 5))
    alarm(arn)
    load(55)
    assert endpoint.capacity == 5
    load(75)
    assert endpoint.capacity == 10
    [policy] = scaling.describe_scaling_policies(ServiceNamespace="custom-resource")["ScalingPolicies"]
    assert [each["AlarmName"] for each in policy["Alarms"]] == ["load"]
    assert policy["StepScalingPolicyConfiguration"]["Cooldown"] == 0


def test_while_it_cools_down_only_a_larger_step_scales_out(put_steps, alarm, load, endpoint):
    alarm(put_steps((0, 10, 2), (10, None, 5), cooldown=600))
    load(55)
    load(55)
    assert endpoint.capacity == 6
    load(75)
    assert endpoint.capacity == 9  # five more than before


def test_scaling_in_waits_for_its_cooldown(put_steps, alarm, load, endpoint):
    alarm(put_steps((None, 0, -1), cooldown=150), "LessThanThreshold")
    for _ in range(2):
        load(10)
    assert endpoint.capacity == 3
    for _ in range(2):
        load(10)
    assert endpoint.capacity == 2


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({"AdjustmentType": "ExactCapacity", "ScalingAdjustment": 7}, 7),
        ({"AdjustmentType": "PercentChangeInCapacity", "ScalingAdjustment": 25}, 12),
        ({"AdjustmentType": "PercentChangeInCapacity", "ScalingAdjustment": 1}, 11),
        ({"AdjustmentType": "PercentChangeInCapacity", "ScalingAdjustment": -1}, 9),
        ({"AdjustmentType": "PercentChangeInCapacity", "ScalingAdjustment": 1, "MinAdjustmentMagnitude": 4}, 14),
    ],
)
def test_an_adjustment_of_ten(config, wanted):
    step = {"MetricIntervalLowerBound": 0, "ScalingAdjustment": config.pop("ScalingAdjustment")}
    assert stepping.wanted({**config, "StepAdjustments": [step]}, 10, 3.0) == wanted


def test_the_threshold_belongs_to_the_step_above_it_and_bounds_below_to_the_lower_one():
    steps = [(None, -10, -3), (-10, 0, -1), (0, 10, 1), (10, None, 3)]
    names = ("MetricIntervalLowerBound", "MetricIntervalUpperBound", "ScalingAdjustment")
    config = {
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [dict(zip(names, step, strict=True)) for step in steps],
    }
    found = [stepping.wanted(config, 10, beyond) for beyond in (-10.0, -9.0, 0.0, 9.9, 10.0)]
    assert found == [7, 9, 11, 11, 13]


@pytest.mark.parametrize(
    "steps",
    [[(0, 5), (6, None)], [(0, 5), (4, None)], [(None, None)], [(-5, 0)], [(0, 5)], [(5, 5)], []],
)
def test_intervals_that_cannot_be_are_refused(steps):
    names = ("MetricIntervalLowerBound", "MetricIntervalUpperBound")
    given = [dict(zip(names, step, strict=True)) | {"ScalingAdjustment": 1} for step in steps]
    with pytest.raises(AWSError):
        stepping.check({"AdjustmentType": "ChangeInCapacity", "StepAdjustments": given})
