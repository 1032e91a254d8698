"""PutMetricData, GetMetricStatistics, ListMetrics."""

from __future__ import annotations

import pytest

ALL = ["SampleCount", "Sum", "Average", "Minimum", "Maximum"]


@pytest.fixture
def statistics(cloudwatch, clock):
    """The one data point of the last hour, by default of `App` `m`; None when there is none."""

    def statistics(name="m", extended=(), **params):
        now = clock.now()
        given = {"Statistics": ALL} if not extended else {"ExtendedStatistics": list(extended)}
        found = cloudwatch.get_metric_statistics(
            **{
                "Namespace": "App",
                "MetricName": name,
                "StartTime": now - 3600,
                "EndTime": now + 3600,
                "Period": 7200,
                **given,
            }
            | params
        )["Datapoints"]
        return found[0] if found else None

    return statistics


def test_values_are_summed_up(put, statistics):
    put(1, 2, 6, Unit="Seconds")
    found = statistics()
    assert [found[name] for name in ALL] == [3, 9, 3, 1, 6]
    assert found["Unit"] == "Seconds"


def test_values_with_counts_are_as_many_values(put, statistics):
    put(Values=[1, 5], Counts=[9, 1])
    found = statistics()
    assert (found["SampleCount"], found["Sum"]) == (10, 14)


def test_a_statistic_set_stands_for_its_values(put, statistics):
    put(StatisticValues={"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 4})
    put(10)
    found = statistics()
    assert [found[name] for name in ALL] == [5, 20, 4, 1, 10]


def test_percentiles_are_exact(put, statistics):
    for start in range(1, 1001, 100):
        put(Values=list(range(start, start + 100)))
    found = statistics(extended=["p50", "p99", "p99.9", "tm90", "PR(:100)"])["ExtendedStatistics"]
    assert found == {"p50": 500, "p99": 990, "p99.9": 999, "tm90": 450.5, "PR(:100)": 10}


def test_dimensions_make_another_metric_whatever_their_order(put, statistics):
    one, two = {"Name": "a", "Value": "1"}, {"Name": "b", "Value": "2"}
    put(1, Dimensions=[one, two])
    put(2, Dimensions=[two, one])
    assert statistics(Dimensions=[two, one])["Sum"] == 3
    assert statistics(Dimensions=[one]) is None
    assert statistics() is None


def test_a_unit_is_a_choice(put, statistics):
    put(1, Unit="Seconds")
    put(5, Unit="Bytes")
    assert statistics(Unit="Bytes")["Sum"] == 5


def test_each_period_has_its_point(cloudwatch, put, clock):
    start = clock.now() // 60 * 60 - 600
    for nth in range(3):
        put(nth, Timestamp=start + 60 * nth)
    found = cloudwatch.get_metric_statistics(
        Namespace="App", MetricName="m", StartTime=start, EndTime=start + 120, Period=60, Statistics=["Sum"]
    )["Datapoints"]
    assert sorted((point["Timestamp"].timestamp() - start, point["Sum"]) for point in found) == [(0, 0), (60, 1)]


def test_high_resolution_keeps_seconds(cloudwatch, put, clock):
    start = clock.now() // 60 * 60
    put(1, Timestamp=start, StorageResolution=1)
    put(2, Timestamp=start + 1, StorageResolution=1)
    found = cloudwatch.get_metric_statistics(
        Namespace="App", MetricName="m", StartTime=start, EndTime=start + 10, Period=1, Statistics=["Sum"]
    )["Datapoints"]
    assert [point["Sum"] for point in sorted(found, key=lambda point: point["Timestamp"])] == [1, 2]


def test_old_protocols_are_understood(aws, put, statistics):
    import json
    import urllib.request
    from urllib.parse import urlencode

    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    form = {"Action": "PutMetricData", "Version": "2010-08-01", "Namespace": "App"}
    form |= {"MetricData.member.1.MetricName": "m", "MetricData.member.1.Value": "3"}
    body = json.dumps({"Namespace": "App", "MetricData": [{"MetricName": "m", "Value": 4}]})
    target = {
        "X-Amz-Target": "GraniteServiceVersion20100801.PutMetricData",
        "Content-Type": "application/x-amz-json-1.0",
    }
    for headers, data in (({"Content-Type": "application/x-www-form-urlencoded"}, urlencode(form)), (target, body)):
        signed = AWSRequest("POST", aws.endpoint + "/", headers=headers, data=data)
        SigV4Auth(Credentials(aws.account, "test"), "monitoring", "us-east-1").add_auth(signed)
        urllib.request.urlopen(urllib.request.Request(signed.url, data.encode(), dict(signed.headers))).close()
    assert statistics()["Sum"] == 7


@pytest.mark.parametrize(
    ("datum", "code"),
    [
        ({"Value": 1, "Values": [1]}, "InvalidParameterCombination"),
        ({}, "InvalidParameterCombination"),
        ({"Values": [1, 2], "Counts": [1]}, "InvalidParameterValue"),
        ({"Value": float("nan")}, "InvalidParameterValue"),
        ({"Value": 1, "Timestamp": 1}, "InvalidParameterValue"),
        ({"Value": 1, "StorageResolution": 5}, "InvalidParameterValue"),
        ({"Value": 1, "Dimensions": [{"Name": "a", "Value": each} for each in "xy"]}, "InvalidParameterValue"),
        ({"Value": 1, "Unit": "Miles"}, "ValidationError"),
        ({"StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 2, "Maximum": 1}}, "InvalidParameterCombination"),
    ],
)
def test_bad_data_are_refused(put, refused, datum, code):
    with refused(code):
        put(**datum)


def test_namespaces_of_aws_are_not_written_to(cloudwatch, refused):
    with refused("InvalidParameterValue", "AWS/"):
        cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=[{"MetricName": "m", "Value": 1}])


def test_too_many_points_are_refused(cloudwatch, statistics, refused):
    with refused("InvalidParameterCombination", "exceeds the limit of 1440"):
        statistics(Period=1)


# -- listing


def test_metrics_are_listed_by_namespace_name_and_dimensions(cloudwatch, put):
    put(1, name="a", Dimensions=[{"Name": "x", "Value": "1"}])
    put(1, name="b")
    listed = cloudwatch.list_metrics(Namespace="App", Dimensions=[{"Name": "x"}])["Metrics"]
    assert listed == [{"Namespace": "App", "MetricName": "a", "Dimensions": [{"Name": "x", "Value": "1"}]}]
    assert [metric["MetricName"] for metric in cloudwatch.list_metrics(MetricName="b")["Metrics"]] == ["b"]
    assert cloudwatch.list_metrics(Namespace="Other")["Metrics"] == []


def test_metrics_without_data_for_two_weeks_are_not_listed(cloudwatch, put, clock):
    put(1)
    clock.advance(days=16)
    assert cloudwatch.list_metrics()["Metrics"] == []


def test_many_metrics_come_in_pages(cloudwatch, put, refused):
    cloudwatch.put_metric_data(
        Namespace="App", MetricData=[{"MetricName": f"m{nth}", "Value": 1} for nth in range(501)]
    )
    pages = list(cloudwatch.get_paginator("list_metrics").paginate())
    assert [len(page["Metrics"]) for page in pages] == [500, 1]
    with refused("InvalidParameterValue", "NextToken"):
        cloudwatch.list_metrics(NextToken="garbage")


def test_regions_do_not_share_metrics(aws, put):
    put(1)
    assert aws("cloudwatch", region="eu-west-1").list_metrics()["Metrics"] == []


@pytest.mark.parametrize(("age", "periods"), [(2, [1, 60]), (5 * 24, [60, 300]), (20 * 24, [300, 3600])])
def test_old_values_are_kept_for_longer_periods_only(cloudwatch, put, clock, age, periods):
    start = clock.now() // 3600 * 3600
    put(5, Timestamp=start, StorageResolution=1)
    clock.advance(hours=age)

    def found(period):
        answer = cloudwatch.get_metric_statistics(
            Namespace="App", MetricName="m", StartTime=start, EndTime=start + 60, Period=period, Statistics=["Sum"]
        )
        return len(answer["Datapoints"])

    shorter = {1: 1, 60: 1, 300: 60}[periods[0]]
    assert [found(period) for period in periods] == [1, 1]
    assert found(shorter) == (1 if shorter == periods[0] else 0)
