"""Images of metric widgets."""

from __future__ import annotations

import io
import json

import pytest

from fogbank.services.cloudwatch import widgets
from fogbank.services.cloudwatch.widgets import BadWidget


def widget(**changes):
    return {"metrics": [["App", "m", {"color": "#ff0000", "stat": "Sum"}]], "period": 60, **changes}


def test_a_graph_is_a_png_with_its_line_in_it(cloudwatch, put, clock):
    image = pytest.importorskip("PIL.Image")
    for nth in range(5):
        put(nth, Timestamp=clock.now() - 600 * nth - 60)
    asked = json.dumps(widget(width=300, height=200, title="Orders", annotations={"horizontal": [{"value": 3}]}))
    answer = cloudwatch.get_metric_widget_image(MetricWidget=asked)["MetricWidgetImage"]
    found = image.open(io.BytesIO(answer))
    assert (found.format, found.size) == ("PNG", (300, 200))
    colors = {color for _, color in found.getcolors(100_000)}
    assert (255, 0, 0) in colors


def test_metrics_are_spelled_out():
    metrics = [
        ["AWS/EC2", "CPUUtilization", "InstanceId", "i-1", {"id": "a", "visible": False}],
        ["...", "i-2", {"yAxis": "right"}],
        [".", "NetworkIn", ".", "."],
        [{"expression": "a * 2", "label": "twice"}],
    ]
    found = widgets.parse(json.dumps({"metrics": metrics, "stat": "p90"}), now=0)
    stats = [query["MetricStat"]["Metric"] for query in found.queries[:3]]
    assert [(stat["MetricName"], stat["Dimensions"][0]["Value"]) for stat in stats] == [
        ("CPUUtilization", "i-1"),
        ("CPUUtilization", "i-2"),
        ("NetworkIn", "i-2"),
    ]
    assert found.queries[0]["ReturnData"] is False
    assert found.queries[1]["MetricStat"]["Stat"] == "p90"
    assert found.queries[3]["Expression"] == "a * 2"
    assert [line.on_right for line in found.lines] == [False, True, False, False]


def test_times_are_absolute_or_relative():
    assert widgets.moment("-P1DT2H", 100_000) == 100_000 - 93_600
    assert widgets.moment("1970-01-02T00:00:00.000Z", 0) == 86_400
    assert widgets.moment("1970-01-02T00:00:00", 0) == 86_400


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metrics": []}, "between 1 and 100"),
        ({"metrics": [["..."]]}, "dimensions|before"),
        ({"metrics": [["App"]]}, "namespace"),
        ({"width": 3000}, "width"),
        ({"start": "yesterday"}, "neither a time"),
        ({"start": "-PT0H"}, "before its end"),
        ({"view": "cloud"}, "not known"),
        ({"start": "-P99999999999D"}, "neither a time"),
        ({"annotations": {"horizontal": 5}}, "array"),
        ({"annotations": {"horizontal": [{"value": "x"}]}}, "number"),
        ({"yAxis": {"left": {"min": 1e308}}}, "number"),
        ({"metrics": [["App", "m", {"id": 5}]]}, "string"),
        ({"metrics": [["App", "m", {"period": -60}]]}, "period"),
        ({"metrics": [["App", "m", {"color": "sky"}]]}, "color"),
    ],
)
def test_bad_widgets_are_refused(changes, message):
    with pytest.raises(BadWidget, match=message):
        widgets.parse(json.dumps(widget(**changes)), now=1000)


def test_what_is_no_widget_is_refused(cloudwatch, refused):
    with refused("ValidationError", "not valid JSON"):
        cloudwatch.get_metric_widget_image(MetricWidget="{")
    with refused("ValidationError", "not valid JSON"):
        cloudwatch.get_metric_widget_image(MetricWidget="[" * 5000 + "]" * 5000)
    with refused("ValidationError", "png"):
        cloudwatch.get_metric_widget_image(MetricWidget=json.dumps(widget()), OutputFormat="gif")
