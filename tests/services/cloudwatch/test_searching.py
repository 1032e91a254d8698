"""SEARCH and Metrics Insights: many metrics at once."""

from __future__ import annotations

import pytest

from fogbank.services.cloudwatch import insights, searching
from fogbank.services.cloudwatch.math_functions import BadExpression
from fogbank.services.cloudwatch.points import Metric


@pytest.fixture
def start(cloudwatch, clock):
    """`CPUUtilization` of three hosts, and of no host."""
    start = clock.now() // 60 * 60 - 600
    data = [
        {
            "MetricName": "CPUUtilization",
            "Value": value,
            "Timestamp": start,
            "Dimensions": [{"Name": "Host", "Value": host}] if host else [],
        }
        for host, value in (("web-1", 10), ("web-2", 30), ("db-1", 20), ("", 99))
    ]
    cloudwatch.put_metric_data(Namespace="My App", MetricData=data)
    return start


@pytest.fixture
def ask(cloudwatch, start):
    def ask(expression, **query):
        queries = [{"Id": "e", "Expression": expression, "Period": 60, **query}]
        answer = cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=start, EndTime=start + 600)
        return [(result["Label"], result["Values"]) for result in answer["MetricDataResults"]]

    return ask


def test_a_search_finds_metrics_by_schema_and_name(ask):
    found = ask("""SEARCH('{"My App",Host} MetricName="CPUUtilization"', 'Average', 60)""")
    assert sorted(found) == [("db-1", [20]), ("web-1", [10]), ("web-2", [30])]


def test_functions_compute_with_what_a_search_found(ask):
    search = """SEARCH('{"My App",Host} CPUUtilization', 'Sum')"""
    assert ask(f"SUM({search})") == [("e", [60])]
    assert ask(f"SLICE(SORT({search}, MAX, DESC), 0, 2)", Label="top") == [("top web-2", [30]), ("top db-1", [20])]
    assert ask(search, Label="${PROP('Dim.Host')}: ${MAX}")[0][1] in ([10], [20], [30])


METRIC = Metric("AWS/EC2", "CPUUtilization", (("InstanceId", "i-0123"), ("Name", "my web")), "id", 0)


@pytest.mark.parametrize(
    ("term", "fits"),
    [
        ("{AWS/EC2,InstanceId,Name}", True),
        ("{AWS/EC2,InstanceId}", False),
        ("{AWS/EC2}", True),
        ("utilization", True),
        ("util", False),
        ('MetricName="CPUUtilization"', True),
        ('MetricName="CPU"', False),
        ('InstanceId=("i-1" OR "i-0123")', True),
        ("cpu NOT web", False),
        ('"my web" AND (memory OR cpu)', True),
        ('Namespace="AWS/EC2" memory', False),
    ],
)
def test_terms_of_a_search(term, fits):
    assert searching.matcher(term)(METRIC) is fits


@pytest.mark.parametrize("term", ["", "(cpu", "cpu OR", "MetricName=", '"open'])
def test_what_is_no_search_is_refused(term):
    with pytest.raises(BadExpression):
        searching.matcher(term)


def test_a_query_groups_orders_and_limits(ask):
    query = 'SELECT AVG(CPUUtilization) FROM SCHEMA("My App", Host)'
    assert ask(query) == [("CPUUtilization", [20])]
    assert ask(f"{query} WHERE Host != 'db-1' GROUP BY Host") == [("web-1", [10]), ("web-2", [30])]
    assert ask(f"{query} GROUP BY Host ORDER BY MAX() DESC LIMIT 1") == [("web-2", [30])]
    assert ask('SELECT COUNT(CPUUtilization) FROM "My App"') == [("CPUUtilization", [4])]
    assert ask('SELECT MAX(CPUUtilization) FROM SCHEMA("My App")') == [("CPUUtilization", [99])]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT P99(m) FROM App",
        "SELECT AVG(m)",
        "SELECT AVG(m) FROM App WHERE a > 'b'",
        "SELECT AVG(m) FROM App LIMIT 0",
        "SELECT AVG(m) FROM My App",
        "SELECT AVG(m) FROM App WHERE a = b",
    ],
)
def test_what_is_no_query_is_refused(text):
    with pytest.raises(BadExpression):
        insights.parse(text)


def test_one_query_of_metrics_insights_is_the_most(cloudwatch, refused, clock):
    queries = [{"Id": id, "Expression": "SELECT AVG(m) FROM App", "Period": 60} for id in ("a", "b")]
    with refused("ValidationError", "more than one Metrics Insights"):
        cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=0, EndTime=clock.now())


@pytest.mark.parametrize(
    "expression",
    [
        "SEARCH('{\"My App\",Host} CPU', 'Average', 'x')",
        "SEARCH('{\"My App\",Host} CPU', 'Average', 0)",
        f"SEARCH('{'(' * 400}CPU{')' * 400}', 'Average')",
        "ANOMALY_DETECTION_BAND(e, 'wide')",
        "SUM([TIME_SERIES(10^308), TIME_SERIES(10^308)])",
    ],
)
def test_what_cannot_be_looked_up_is_refused(ask, refused, expression):
    with refused("ValidationError", "Error in expression"):
        ask(expression)
