"""Alarms on bands, on queries, on percentiles; their windows, and the time that they are given to warm up."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fogbank.services.cloudwatch import alarm_metrics, statistics
from fogbank.services.cloudwatch.alarm_records import METRIC, Alarm

STAT = {"Metric": {"Namespace": "App", "MetricName": "m"}, "Period": 60, "Stat": "Average"}
BAND = {
    "EvaluationPeriods": 1,
    "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold",
    "ThresholdMetricId": "band",
    "Metrics": [{"Id": "m", "MetricStat": STAT}, {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m, 2)"}],
}


def test_an_alarm_on_a_band_sees_what_leaves_it(cloudwatch, put, state, clock):
    for nth in range(1, 6):
        put(10 + nth % 2, Timestamp=clock.now() - nth * 86_400)
    cloudwatch.put_metric_alarm(AlarmName="alarm", **BAND)
    assert cloudwatch.describe_anomaly_detectors()["AnomalyDetectors"][0]["Stat"] == "Average"
    put(50)
    clock.advance(minutes=1)
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert (alarm["StateValue"], alarm["ThresholdMetricId"]) == ("ALARM", "band")
    assert alarm["StateReason"].startswith("Thresholds Crossed: 1 out of the last 1 datapoints [50.0 (")
    assert "greater than the upper thresholds [" in alarm["StateReason"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Threshold": 5}, "cannot be specified together"),
        ({"ThresholdMetricId": "m"}, "must be the id"),
        ({"ThresholdMetricId": "x"}, "return data"),
        (
            {"Metrics": [BAND["Metrics"][0], {"Id": "band", "Expression": "AVG(ANOMALY_DETECTION_BAND(m))"}]},
            "must be the id",
        ),
        ({"ComparisonOperator": "GreaterThanThreshold"}, "cannot be specified for"),
        ({"Metrics": [{"Id": "s", "Expression": "SEARCH('{App}', 'Sum')"}, BAND["Metrics"][1]]}, "SEARCH"),
    ],
)
def test_bad_alarms_on_bands_are_refused(cloudwatch, refused, changes, message):
    with refused("ValidationError", message):
        cloudwatch.put_metric_alarm(AlarmName="alarm", **(BAND | changes))


def test_an_alarm_on_a_query_has_contributors(cloudwatch, put, state, clock, refused):
    query = {"Id": "q", "Expression": "SELECT MAX(m) FROM App GROUP BY Host", "Period": 60}
    cloudwatch.put_metric_alarm(
        AlarmName="alarm",
        EvaluationPeriods=1,
        Threshold=10,
        ComparisonOperator="GreaterThanThreshold",
        Metrics=[query],
    )
    for host, value in (("a", 5), ("b", 20)):
        put(value, Dimensions=[{"Name": "Host", "Value": host}])
    clock.advance(minutes=1)
    assert state() == "ALARM"
    (contributor,) = cloudwatch.describe_alarm_contributors(AlarmName="alarm")["AlarmContributors"]
    assert contributor["ContributorAttributes"] == {"Host": "b"}
    assert "20.0" in contributor["StateReason"]
    clock.advance(minutes=10)
    assert cloudwatch.describe_alarm_contributors(AlarmName="alarm")["AlarmContributors"] == []
    with refused("ResourceNotFoundException"):
        cloudwatch.describe_alarm_contributors(AlarmName="x")


def test_percentiles_of_few_samples_may_be_ignored(make_alarm, put, state, clock):
    make_alarm(drop=["Statistic"], ExtendedStatistic="p90", EvaluateLowSampleCountPercentile="ignore")
    put(50)
    clock.advance(minutes=1)
    assert state() == "INSUFFICIENT_DATA"
    put(Values=[50], Counts=[100])
    clock.advance(minutes=1)
    assert state() == "ALARM"


def test_how_many_samples_a_percentile_needs():
    assert [round(statistics.samples_needed(name)) for name in ("p99", "p50", "p10", "tm90", "Sum")] == [
        1000,
        20,
        100,
        0,
        0,
    ]


def test_a_long_period_does_not_hide_new_values(make_alarm, put, state, clock):
    make_alarm(Period=3600)
    put(11)
    clock.advance(minutes=1)
    assert state() == "ALARM"


@pytest.mark.parametrize(
    ("period", "zone", "end"),
    [
        (3600, None, "13:00"),
        (86_400, None, "00:00"),
        (86_400, "+05:30", "18:30"),
        (86_400, "America/New_York", "05:00"),
    ],
)
def test_windows_of_the_wall_clock(period, zone, end):
    window = {"WallClockWindow": {"Timezone": zone} if zone else {}}
    config = {"Namespace": "App", "MetricName": "m", "Period": period, "EvaluationWindow": window}
    alarm = Alarm("alarm", METRIC, config, 0, "", "", "", 0, 0)
    noon = 1_700_055_000  # 15 November 2023, 13:30 UTC
    found = int(alarm_metrics.end_of_window(alarm, noon)) % 86_400
    assert f"{found // 3600:02}:{found % 3600 // 60:02}" == end


def test_a_window_of_the_wall_clock_on_the_day_that_summer_begins():
    window = {"WallClockWindow": {"Timezone": "America/New_York"}}
    config = {"Namespace": "App", "MetricName": "m", "Period": 86_400, "EvaluationWindow": window}
    alarm = Alarm("alarm", METRIC, config, 0, "", "", "", 0, 0)
    before = datetime(2026, 3, 8, 6, 0, tzinfo=UTC).timestamp()  # one o'clock there, an hour before the clocks change
    assert alarm_metrics.end_of_window(alarm, before) == datetime(2026, 3, 8, 5, tzinfo=UTC).timestamp()


def test_a_wall_clock_has_its_own_periods(make_alarm, refused):
    with refused("ValidationError", "wall clock"):
        make_alarm(Period=120, EvaluationWindow={"WallClockWindow": {}})


def test_an_alarm_warms_up(make_alarm, put, state, clock):
    warm_up = {"WarmUpPeriodDurationInMinutes": 5, "OnlyStartEvaluatingAfterWarmUpPeriodEnds": True}
    make_alarm(WarmUpConfiguration=warm_up, TreatMissingData="breaching")
    put(1)
    clock.advance(minutes=3)
    assert state() == "INSUFFICIENT_DATA"
    clock.advance(minutes=4)
    assert state() == "ALARM"


def test_reasons_of_states_that_are_set_are_json(cloudwatch, make_alarm, refused):
    make_alarm()
    with refused("InvalidFormat"):
        cloudwatch.set_alarm_state(AlarmName="alarm", StateValue="OK", StateReason="test", StateReasonData="{")
