"""GetMetricData and metric math."""

from __future__ import annotations

import pytest

from fogbank.services.cloudwatch import expressions
from fogbank.services.cloudwatch.expressions import BadExpression, Scope


def metric(id="m", name="m", stat="Sum", period=60, **more):
    return {
        "Id": id,
        "MetricStat": {"Metric": {"Namespace": "App", "MetricName": name}, "Period": period, "Stat": stat},
        **more,
    }


@pytest.fixture
def start(put, clock):
    """Three minutes of `m`: 1, 2, 3."""
    start = clock.now() // 60 * 60 - 600
    for nth in range(3):
        put(nth + 1, Timestamp=start + 60 * nth)
    return start


@pytest.fixture
def ask(cloudwatch, start):
    def ask(*queries, **params):
        return cloudwatch.get_metric_data(
            **{"MetricDataQueries": list(queries), "StartTime": start, "EndTime": start + 600, **params}
        )

    return ask


def test_the_newest_come_first_unless_told_otherwise(ask, start):
    (result,) = ask(metric())["MetricDataResults"]
    assert (result["Label"], result["Values"], result["StatusCode"]) == ("m", [3, 2, 1], "Complete")
    assert [moment.timestamp() - start for moment in result["Timestamps"]] == [120, 60, 0]
    assert ask(metric(), ScanBy="TimestampAscending")["MetricDataResults"][0]["Values"] == [1, 2, 3]


def test_an_expression_computes_with_metrics_that_are_not_returned(ask):
    (result,) = ask(metric(ReturnData=False), {"Id": "e", "Expression": "m * 2 + 1", "Label": "twice"})[
        "MetricDataResults"
    ]
    assert (result["Id"], result["Label"], result["Values"]) == ("e", "twice", [7, 5, 3])


def test_expressions_may_name_expressions_in_any_order(ask):
    results = ask({"Id": "b", "Expression": "a + 1"}, {"Id": "a", "Expression": "m * 10"}, metric(ReturnData=False))
    assert results["MetricDataResults"][0]["Values"] == [31, 21, 11]


def test_points_come_in_pages(cloudwatch, start):
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[metric()], StartTime=start, EndTime=start + 600, PaginationConfig={"PageSize": 2}
    )
    assert [page["MetricDataResults"][0]["Values"] for page in pages] == [[3, 2], [1]]


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ([{"Id": "e", "Expression": "x + 1"}], "Unknown id: x"),
        ([{"Id": "a", "Expression": "b"}, {"Id": "b", "Expression": "a"}], "Circular"),
        ([{"Id": "e", "Expression": "1 +"}], "Invalid syntax"),
        ([{"Id": "e", "Expression": "5"}], "no time series"),
        ([{"Id": "E", "Expression": "5"}], "expected pattern"),
        ([metric(), metric()], "unique"),
        ([metric(ReturnData=False)], "return data"),
        ([{"Id": "e"}], "Exactly one of"),
        ([{"Id": "e", "Expression": "__import__('os')"}], "Unsupported function"),
    ],
)
def test_bad_queries_are_refused(ask, refused, queries, message):
    with refused("ValidationError", message):
        ask(*queries)


def test_what_is_older_than_all_values_is_not_filled(cloudwatch, start, clock):
    queries = [metric(ReturnData=False), {"Id": "e", "Expression": "FILL(m, 0)", "Period": 3600}]
    answer = cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=0, EndTime=clock.now())
    assert len(answer["MetricDataResults"][0]["Values"]) < 456 * 24


A, B = {0.0: 1.0, 60.0: 2.0, 120.0: 4.0}, {0.0: 10.0, 120.0: 0.0}
SCOPE = Scope({"a": A, "b": B}, {"a": 60, "b": 60}, {"a": A, "b": B})


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("a + b", {0.0: 11.0, 120.0: 4.0}),
        ("a / b", {0.0: 0.1}),
        ("-a ^ 2", {0.0: -1.0, 60.0: -4.0, 120.0: -16.0}),
        ("a > 1 && b < 5", {0.0: 0.0, 120.0: 1.0}),
        ("a > 1 OR b > 5", {0.0: 1.0, 120.0: 1.0}),
        ("SUM(METRICS())", {0.0: 11.0, 60.0: 2.0, 120.0: 4.0}),
        ("MAX([a, b])", {0.0: 10.0, 60.0: 2.0, 120.0: 4.0}),
        ("SUM(a)", 7.0),
        ("a / SUM(a)", {0.0: 1 / 7, 60.0: 2 / 7, 120.0: 4 / 7}),
        ("RATE(a)", {60.0: 1 / 60, 120.0: 2 / 60}),
        ("DIFF(a)", {60.0: 1.0, 120.0: 2.0}),
        ("RUNNING_SUM(a)", {0.0: 1.0, 60.0: 3.0, 120.0: 7.0}),
        ("IF(a > 1, a, 0)", {0.0: 0.0, 60.0: 2.0, 120.0: 4.0}),
        ("FILL(b, 7)", {0.0: 10.0, 60.0: 7.0, 120.0: 0.0}),
        ("FILL(b, REPEAT)", {0.0: 10.0, 60.0: 10.0, 120.0: 0.0}),
        ("FILL(b, LINEAR)", {0.0: 10.0, 60.0: 5.0, 120.0: 0.0}),
        ("a * PERIOD(a)", {0.0: 60.0, 60.0: 120.0, 120.0: 240.0}),
        ("CEIL(a / 3)", {0.0: 1.0, 60.0: 1.0, 120.0: 2.0}),
        ("FIRST([a, b])", A),
    ],
)
def test_metric_math(expression, value):
    assert expressions.evaluate(expression, SCOPE) == pytest.approx(value)


@pytest.mark.parametrize(
    "expression", ["a.b", "a[0]", "(lambda: 1)()", "SUM(a, b)", "[a] + [a, b]", "PERIOD(1)", "'x' * 2"]
)
def test_what_is_no_expression_is_refused(expression):
    with pytest.raises(BadExpression):
        expressions.evaluate(expression, SCOPE)
