"""What the body of a dashboard may be, and what AWS says of it when it is not. Pure.

AWS checks bodies against a JSON schema; its messages are those of a validator, with a capital letter.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Problem = dict[str, str]

_WIDGETS = 500
_METRICS = 500
_COLOR = re.compile(r"#[0-9A-Fa-f]{3}(?:[0-9A-Fa-f]{3})?")
_NOT_METRICS = (
    'Field "metrics" has to be an array of array of strings, with an optional metricRenderer object as last element'
)
_NO_DATA = "The metric widget should have specified a region and a data source or an alarm annotation"

# the properties that each type of widget has to have
_REQUIRED: dict[str, tuple[str, ...]] = {
    "metric": (),
    "text": ("markdown",),
    "log": ("query",),
    "alarm": ("alarms",),
    "explorer": ("metrics",),
    "custom": ("endpoint",),
    "trace": (),
    "chart": (),
}

# what is a number: (the least, the most); nothing where there is no most
_PLACES: dict[str, tuple[int, int | None]] = {"x": (0, 23), "y": (0, None), "width": (1, 24), "height": (1, 1000)}

_ENUMS: dict[str, tuple[str, ...]] = {
    "view": ("timeSeries", "singleValue", "gauge", "bar", "pie", "table", "timeline"),
}


def problems(document: Any) -> list[Problem]:
    """What is wrong with a body, which is JSON already."""
    return list(_of_body(document))


def _problem(path: str, message: str) -> Problem:
    return {"DataPath": path, "Message": message}


def _one_of(allowed: tuple[str, ...]) -> str:
    return f"Should be equal to one of the allowed values: {', '.join(allowed)}"


def _of_body(document: Any) -> Iterator[Problem]:
    if not isinstance(document, dict):
        yield _problem("", "Should be object")
        return
    widgets = document.get("widgets")
    if widgets is None:
        yield _problem("", "Should have required property 'widgets'")
        return
    if not isinstance(widgets, list):
        yield _problem("/widgets", "Should be array")
        return
    if len(widgets) > _WIDGETS:
        yield _problem("/widgets", f"Should NOT have more than {_WIDGETS} items")
    if document.get("periodOverride", "auto") not in ("auto", "inherit"):
        yield _problem("/periodOverride", _one_of(("auto", "inherit")))
    for nth, widget in enumerate(widgets):
        yield from _of_widget(widget, f"/widgets/{nth}")


def _of_widget(widget: Any, path: str) -> Iterator[Problem]:
    if not isinstance(widget, dict):
        yield _problem(path, "Should be object")
        return
    kind = widget.get("type")
    if kind is None:
        yield _problem(path, "Should have required property 'type'")
    elif kind not in _REQUIRED:
        yield _problem(f"{path}/type", _one_of(tuple(_REQUIRED)))
    for name, (least, most) in _PLACES.items():
        if name in widget:
            yield from _of_number(widget[name], f"{path}/{name}", least, most)
    if ("x" in widget) != ("y" in widget):
        missing = "y" if "x" in widget else "x"
        yield _problem(path, f"Should have required property '{missing}'")
    properties = widget.get("properties")
    if "properties" not in widget:
        yield _problem(path, "Should have required property 'properties'")
    elif not isinstance(properties, dict):
        yield _problem(f"{path}/properties", "Should be object")
    elif kind in _REQUIRED:
        yield from _of_properties(str(kind), properties, f"{path}/properties")


def _of_number(value: Any, path: str, least: int, most: int | None) -> Iterator[Problem]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield _problem(path, "Should be integer")
    elif value < least:
        yield _problem(path, f"Should be >= {least}")
    elif most is not None and value > most:
        yield _problem(path, f"Should be <= {most}")


def _of_properties(kind: str, properties: dict[str, Any], path: str) -> Iterator[Problem]:
    for name in _REQUIRED[kind]:
        if name not in properties:
            yield _problem(path, f"Should have required property '{name}'")
    if kind != "metric":
        return
    if "metrics" not in properties and "annotations" not in properties:
        yield _problem(path, "Should have required property 'metrics'")
        yield _problem(path, _NO_DATA)
        yield _problem(path, "Should have required property 'annotations'")
    for name, allowed in _ENUMS.items():
        if properties.get(name, allowed[0]) not in allowed:
            yield _problem(f"{path}/{name}", _one_of(allowed))
    if not isinstance(properties.get("stacked", False), bool):
        yield _problem(f"{path}/stacked", "Should be boolean")
    if "period" in properties:
        yield from _of_number(properties["period"], f"{path}/period", 1, None)
    yield from _of_metrics(properties.get("metrics", []), f"{path}/metrics")


def _of_metrics(metrics: Any, path: str) -> Iterator[Problem]:
    if not isinstance(metrics, list):
        yield _problem(path, "Should be array")
        return
    if len(metrics) > _METRICS:
        yield _problem(path, f"Should NOT have more than {_METRICS} items")
    for nth, metric in enumerate(metrics):
        if not isinstance(metric, list):
            yield _problem(f"{path}/{nth}", "Should be array")
            yield _problem(f"{path}/{nth}", _NOT_METRICS)
        elif not metric or not all(isinstance(part, str) for part in metric[:-1]):
            yield _problem(f"{path}/{nth}", _NOT_METRICS)
        elif isinstance(metric[-1], dict):
            yield from _of_renderer(metric[-1], f"{path}/{nth}/{len(metric) - 1}")


def _of_renderer(options: dict[str, Any], path: str) -> Iterator[Problem]:
    """How a metric is drawn."""
    color = options.get("color")
    if color is not None and not (isinstance(color, str) and _COLOR.fullmatch(color)):
        yield _problem(f"{path}/color", f'Should match pattern "{_COLOR.pattern}"')
    if options.get("yAxis", "left") not in ("left", "right"):
        yield _problem(f"{path}/yAxis", _one_of(("left", "right")))
