"""Dashboards."""

from __future__ import annotations

import json

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
    for body in ("{not json", "[]", {"widgets": [{"type": "clock"}]}, {"widgets": [{**WIDGET, "x": 24}]}):
        with refused("InvalidParameterInput"):
            put(cloudwatch, body)


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
