"""Metric filters, metrics embedded in events, TestMetricFilter."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def measured(aws, clock):
    """The sum of `App` `m` over the last hour, and how many values it is of; None when there is none."""
    cloudwatch = aws("cloudwatch")

    def measured(**dimensions):
        found = cloudwatch.get_metric_statistics(
            Namespace="App",
            MetricName="m",
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=clock.now() - 3600,
            EndTime=clock.now() + 3600,
            Period=7200,
            Statistics=["Sum", "SampleCount"],
        )["Datapoints"]
        return (found[0]["Sum"], found[0]["SampleCount"]) if found else None

    return measured


@pytest.fixture
def make_filter(logs, group):
    def make_filter(pattern, value="1", name="filter", **transformation):
        given = {"metricName": "m", "metricNamespace": "App", "metricValue": value, **transformation}
        logs.put_metric_filter(
            logGroupName=group, filterName=name, filterPattern=pattern, metricTransformations=[given]
        )

    return make_filter


def test_matches_are_counted(make_filter, put, measured):
    put("ERROR before")
    make_filter("ERROR")
    put("ERROR 1", "fine", "ERROR 2")
    assert measured() == (2, 2)


def test_a_value_may_come_from_the_event(make_filter, put, measured):
    make_filter("{ $.latency > 0 }", "$.latency")
    put('{"latency": 12}', '{"latency": 30.5}', '{"latency": -1}', '{"other": 1}')
    assert measured() == (42.5, 2)


def test_a_value_may_come_from_a_field(make_filter, put, measured):
    make_filter("[ip, size > 10]", "$size")
    put("a 11", "b 9", "c 20")
    assert measured() == (31, 2)


def test_dimensions_come_from_the_event(make_filter, put, measured):
    make_filter("{ $.path = * }", dimensions={"Path": "$.path"})
    put('{"path": "/a"}', '{"path": "/b"}', '{"path": "/a"}')
    assert measured(Path="/a") == (2, 2)


def test_a_default_is_what_no_match_says(make_filter, put, measured):
    make_filter("ERROR", defaultValue=0)
    put("fine")
    assert measured() == (0, 1)


def test_filters_are_described_and_deleted(logs, group, make_filter, refused):
    make_filter("ERROR", name="a")
    make_filter("WARN", name="b")
    assert logs.describe_log_groups()["logGroups"][0]["metricFilterCount"] == 2
    pages = logs.get_paginator("describe_metric_filters").paginate(logGroupName=group, PaginationConfig={"PageSize": 1})
    assert [page["metricFilters"][0]["filterPattern"] for page in pages] == ["ERROR", "WARN"]
    assert len(logs.describe_metric_filters(metricName="m", metricNamespace="App")["metricFilters"]) == 2
    logs.delete_metric_filter(logGroupName=group, filterName="a")
    with refused("ResourceNotFoundException", "The specified metric filter does not exist."):
        logs.delete_metric_filter(logGroupName=group, filterName="a")


def test_bad_filters_are_refused(make_filter, refused):
    with refused("InvalidParameterException", "Invalid filter pattern"):
        make_filter("{ $.a = ")
    with refused("InvalidParameterException", "metricValue"):
        make_filter("ERROR", "one")
    with refused("InvalidParameterException", "mutually exclusive"):
        make_filter("{ $.a = 1 }", defaultValue=0, dimensions={"a": "$.a"})


def test_a_group_has_five_filters_with_regular_expressions(make_filter, refused):
    for nth in range(5):
        make_filter("%a%", name=f"f{nth}")
    with refused("LimitExceededException"):
        make_filter("%a%", name="another")


def test_a_pattern_can_be_tested(logs):
    found = logs.test_metric_filter(filterPattern="[level = E*, ...]", logEventMessages=["INFO a", "ERROR b c"])
    extracted = {"$level": "ERROR", "$2": "b", "$3": "c"}
    assert found["matches"] == [{"eventNumber": 2, "eventMessage": "ERROR b c", "extractedValues": extracted}]


# -- embedded metrics


def embedded(**fields):
    directive = {"Namespace": "App", "Dimensions": [["service"]], "Metrics": [{"Name": "m", "Unit": "Milliseconds"}]}
    return json.dumps({"_aws": {"Timestamp": 1, "CloudWatchMetrics": [directive]}, **fields})


def test_metrics_embedded_in_events_are_metrics(put, group, measured):
    put(embedded(service="web", m=100), embedded(service="web", m=[1, 2]))
    assert measured(service="web") == (103, 3)


def test_what_is_not_as_specified_is_an_event_only(put, group, measured, found):
    put(embedded(m=1), '{"CloudWatchMetrics"')
    assert measured(service="web") is None
    assert len(found()) == 2
