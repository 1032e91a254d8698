"""Dashboards."""

from __future__ import annotations

import json

import pytest

from fogbank.services.cloudwatch import dashboard_rules

WIDGET = {"type": "text", "x": 0, "y": 0, "width": 6, "height": 6, "properties": {"markdown": "hello"}}


def put(cloudwatch, body, name="board"):
    return cloudwatch.put_dashboard(
        DashboardName=name, DashboardBody=body if isinstance(body, str) else json.dumps(body)
    )


def test_a_dashboard_comes_back_as_it_was_put(cloudwatch, aws):
    assert put(cloudwatch, {"widgets": [WIDGET]})["DashboardValidationMessages"] == []
    found = cloudwatch.get_dashboard(DashboardName="board")
    assert json.loads(found["DashboardBody"]) == {"widgets": [WIDGET]}
    assert found["DashboardArn"] == f"arn:aws:cloudwatch::{aws.account}:dashboard/board"


def test_what_is_no_dashboard_is_refused(cloudwatch, refused):
    with refused("InvalidParameterInput", "The field DashboardBody must be a valid JSON object"):
        put(cloudwatch, "{not json")
    with refused("InvalidParameterInput", "The dashboard body is invalid, there are 1 validation errors:\n["):
        put(cloudwatch, "[]")


@pytest.mark.parametrize(
    ("widget", "expected"),
    [
        ({"type": "clock", "properties": {}}, [("/type", "Should be equal to one of the allowed values")]),
        ({**WIDGET, "x": 24}, [("/x", "Should be <= 23")]),
        ({**WIDGET, "width": "6"}, [("/width", "Should be integer")]),
        ({"type": "text"}, [("", "Should have required property 'properties'")]),
        ({"type": "text", "properties": {}}, [("/properties", "Should have required property 'markdown'")]),
        (
            {"type": "metric", "properties": {"region": "us-east-1"}},
            [
                ("/properties", "Should have required property 'metrics'"),
                ("/properties", "The metric widget should have specified a region and a data source"),
                ("/properties", "Should have required property 'annotations'"),
            ],
        ),
        (
            {"type": "metric", "properties": {"metrics": ["AWS/EC2"]}},
            [("/properties/metrics/0", "Should be array"), ("/properties/metrics/0", 'Field "metrics" has to be')],
        ),
        (
            {"type": "metric", "properties": {"metrics": [["AWS/EC2", "CPUUtilization", {"color": "red"}]]}},
            [("/properties/metrics/0/2/color", "Should match pattern")],
        ),
    ],
)
def test_what_is_wrong_with_a_widget_is_told(widget, expected):
    found = dashboard_rules.problems({"widgets": [widget]})
    assert [each["DataPath"] for each in found] == [f"/widgets/0{path}" for path, _ in expected]
    assert all(each["Message"].startswith(message) for each, (_, message) in zip(found, expected, strict=True))


def test_dashboards_are_listed_and_deleted(cloudwatch, refused):
    for name in ("a1", "a2", "b"):
        put(cloudwatch, {"widgets": []}, name)
    listed = cloudwatch.list_dashboards(DashboardNamePrefix="a")["DashboardEntries"]
    assert [(entry["DashboardName"], entry["Size"]) for entry in listed] == [("a1", 15), ("a2", 15)]
    with refused("ResourceNotFound"):
        cloudwatch.delete_dashboards(DashboardNames=["a1", "nowhere"])
    cloudwatch.delete_dashboards(DashboardNames=["a1", "a2"])
    assert [entry["DashboardName"] for entry in cloudwatch.list_dashboards()["DashboardEntries"]] == ["b"]


def test_a_missing_dashboard_is_not_found(cloudwatch, refused):
    with refused("ResourceNotFound", "Dashboard nowhere does not exist"):
        cloudwatch.get_dashboard(DashboardName="nowhere")
