"""Metrics and alarms, as the tests of CloudWatch use them."""

from __future__ import annotations

from contextlib import contextmanager

import pytest


@pytest.fixture
def cloudwatch(aws):
    return aws("cloudwatch")


@pytest.fixture
def put(cloudwatch):
    """Puts data of the metric `App` `m`."""

    def put(*values, name="m", **datum):
        data = [{"MetricName": name, "Value": value, **datum} for value in values] or [{"MetricName": name, **datum}]
        cloudwatch.put_metric_data(Namespace="App", MetricData=data)

    return put


@pytest.fixture
def refused(cloudwatch):
    """`with refused(code, message):` what is inside is refused with that code and with that sentence, or a part of it."""

    @contextmanager
    def refused(code, message=""):
        with pytest.raises(cloudwatch.exceptions.ClientError) as raised:
            yield
        error = raised.value.response["Error"]
        assert error["Code"] == code
        assert message in error["Message"]

    return refused


@pytest.fixture
def make_alarm(cloudwatch):
    """Puts an alarm on the metric `App` `m`: its sum over a minute is greater than 10."""

    def make_alarm(name="alarm", drop=(), **params):
        given = {
            "Namespace": "App",
            "MetricName": "m",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 10,
            "ComparisonOperator": "GreaterThanThreshold",
        }
        given = {key: value for key, value in given.items() if key not in drop}
        cloudwatch.put_metric_alarm(AlarmName=name, **(given | params))

    return make_alarm


@pytest.fixture
def state(cloudwatch):
    def state(name="alarm"):
        found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        return (found["MetricAlarms"] + found["CompositeAlarms"])[0]["StateValue"]

    return state
