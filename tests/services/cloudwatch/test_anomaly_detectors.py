"""Anomaly detection: detectors, and the bands that they give."""

from __future__ import annotations

import pytest

STAT = {"Metric": {"Namespace": "App", "MetricName": "m"}, "Period": 3600, "Stat": "Sum"}
OF = {"Namespace": "App", "MetricName": "m", "Stat": "Sum"}


@pytest.fixture
def history(put, clock):
    """Two weeks of 10 and 12 in turn, at six of each day."""
    now = clock.now() // 3600 * 3600
    for day in range(1, 14):
        put(10 + day % 2 * 2, Timestamp=now - day * 86_400)
    return now


def test_a_band_is_around_what_was_measured(cloudwatch, history, put, clock):
    put(11)
    queries = [{"Id": "m", "MetricStat": STAT}, {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m, 2)"}]
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=queries, StartTime=history, EndTime=history + 3600, ScanBy="TimestampAscending"
    )
    metric, low, high = answer["MetricDataResults"]
    assert (low["Label"], high["Label"]) == ("Lower", "Upper")
    assert 8 < low["Values"][0] < metric["Values"][0] == 11 < high["Values"][0] < 14


def test_excluded_times_do_not_count(cloudwatch, history, clock):
    everything = [{"StartTime": history - 30 * 86_400, "EndTime": history}]
    cloudwatch.put_anomaly_detector(SingleMetricAnomalyDetector=OF, Configuration={"ExcludedTimeRanges": everything})
    queries = [
        {"Id": "m", "MetricStat": STAT, "ReturnData": False},
        {"Id": "b", "Expression": "ANOMALY_DETECTION_BAND(m)"},
    ]
    answer = cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=history, EndTime=history + 3600)
    assert [result["Values"] for result in answer["MetricDataResults"]] == [[], []]


def test_a_detector_is_trained_when_there_are_data(cloudwatch, history, clock):
    id = cloudwatch.put_anomaly_detector(**OF, MetricCharacteristics={"PeriodicSpikes": True})["AnomalyDetectorId"]
    clock.advance(seconds=1)
    (detector,) = cloudwatch.describe_anomaly_detectors(Namespace="App")["AnomalyDetectors"]
    assert (detector["AnomalyDetectorId"], detector["StateValue"]) == (id, "TRAINED")
    assert (detector["Stat"], detector["SingleMetricAnomalyDetector"]["MetricName"]) == ("Sum", "m")
    assert detector["MetricCharacteristics"] == {"PeriodicSpikes": True}


def test_detectors_of_expressions_are_listed_by_their_type(cloudwatch):
    queries = [{"Id": "m", "MetricStat": STAT, "ReturnData": False}, {"Id": "e", "Expression": "m * 2"}]
    cloudwatch.put_anomaly_detector(MetricMathAnomalyDetector={"MetricDataQueries": queries})
    assert cloudwatch.describe_anomaly_detectors()["AnomalyDetectors"] == []
    (detector,) = cloudwatch.describe_anomaly_detectors(AnomalyDetectorTypes=["METRIC_MATH"])["AnomalyDetectors"]
    assert detector["StateValue"] in ("PENDING_TRAINING", "TRAINED_INSUFFICIENT_DATA")
    assert detector["MetricMathAnomalyDetector"]["MetricDataQueries"][1]["Expression"] == "m * 2"


def test_a_detector_goes_by_id_or_by_metric_but_once(cloudwatch, refused):
    cloudwatch.put_anomaly_detector(**OF)
    cloudwatch.delete_anomaly_detector(SingleMetricAnomalyDetector=OF)
    with refused("ResourceNotFoundException"):
        cloudwatch.delete_anomaly_detector(**OF)


def test_a_metric_is_named_once_and_whole(cloudwatch, refused):
    with refused("InvalidParameterCombination"):
        cloudwatch.put_anomaly_detector(**OF, SingleMetricAnomalyDetector=OF)
    with refused("MissingParameter", "Stat"):
        cloudwatch.put_anomaly_detector(Namespace="App", MetricName="m")
