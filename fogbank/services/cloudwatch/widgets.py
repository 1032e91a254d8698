"""What a metric widget asks for: metrics in their short form, times, axes, lines. Pure.

    [["AWS/EC2", "CPUUtilization", "InstanceId", "i-1", {"stat": "p90"}], ["...", "i-2"], [{"expression": "SUM(METRICS())"}]]

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Metric-Widget-Structure.html
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson

Request = dict[str, Any]

_PIXELS = (1, 2000)
_METRICS = 100
_PERIOD = 300
_WIDTH, _HEIGHT = 600, 400
_DURATION = re.compile(
    r"-P(?=.)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)
_IDS = re.compile(r"[a-z]\w*")
_COLORS = re.compile(r"(#[0-9A-Fa-f]{6}|#[0-9A-Fa-f]{3})?")
_LARGEST = 2.0**360
"""As values of metrics are."""


class BadWidget(ValueError):
    """A widget that is none."""


class Line(NamedTuple):
    """How a query is drawn: `color` (`#ff0000`) may be empty."""

    id: str
    color: str
    on_right: bool


class Mark(NamedTuple):
    """A line across the graph: at a value, or at a moment (epoch seconds)."""

    at: float
    label: str
    color: str


class Axis(NamedTuple):
    low: float | None
    high: float | None
    label: str


class Widget(NamedTuple):
    title: str
    width: int
    height: int
    start: float
    end: float
    queries: list[Request]
    lines: list[Line]
    view: str
    stacked: bool
    left: Axis
    right: Axis
    across: list[Mark]
    down: list[Mark]
    has_legend: bool


def parse(text: str, now: float) -> Widget:
    """Raises BadWidget."""
    try:
        document = orjson.loads(text)
    except ValueError:
        raise BadWidget("The MetricWidget is not valid JSON.") from None
    if not isinstance(document, dict) or not isinstance(document.get("metrics"), list):
        raise BadWidget("The MetricWidget must have an array metrics.")
    if not 1 <= len(document["metrics"]) <= _METRICS:
        raise BadWidget(f"The metrics of the MetricWidget must be between 1 and {_METRICS}.")
    queries, lines = _metrics(document)
    annotations = _part(document, "annotations")
    axes = _part(document, "yAxis")
    start, end = moment(document.get("start", "-PT3H"), now), moment(document.get("end", "-PT0H"), now)
    if start >= end:
        raise BadWidget("The start of the MetricWidget must be before its end.")
    return Widget(
        str(document.get("title") or ""),
        _pixels(document, "width", _WIDTH),
        _pixels(document, "height", _HEIGHT),
        start,
        end,
        queries,
        lines,
        _view(document),
        bool(document.get("stacked")),
        _axis(axes.get("left")),
        _axis(axes.get("right")),
        [_mark(each, _number(each["value"], "value")) for each in _given(annotations, "horizontal")],
        [_mark(each, moment(each["value"], now)) for each in _given(annotations, "vertical")],
        _part(document, "legend").get("position") != "hidden",
    )


def _part(document: Request, name: str) -> Request:
    found = document.get(name) or {}
    if not isinstance(found, dict):
        raise BadWidget(f"The {name} of the MetricWidget must be an object.")
    return found


def _pixels(document: Request, name: str, usual: int) -> int:
    found = document.get(name, usual)
    if not isinstance(found, int) or not _PIXELS[0] <= found <= _PIXELS[1]:
        raise BadWidget(f"The {name} of the MetricWidget must be between {_PIXELS[0]} and {_PIXELS[1]}.")
    return found


def _view(document: Request) -> str:
    found = document.get("view", "timeSeries")
    if found not in ("timeSeries", "bar", "pie", "singleValue", "gauge"):
        raise BadWidget(f"The view {found} of the MetricWidget is not known.")
    return str(found)


def _axis(given: Any) -> Axis:
    given = given if isinstance(given, dict) else {}
    low, high = (None if given.get(name) is None else _number(given[name], name) for name in ("min", "max"))
    return Axis(low, high, str(given.get("label") or ""))


def _given(annotations: Request, name: str) -> list[Request]:
    """The lines; bands between two of them are drawn as their lines."""
    found = annotations.get(name) or []
    if not isinstance(found, list):
        raise BadWidget(f"The annotations.{name} of the MetricWidget must be an array.")
    flat = [each for item in found for each in (item if isinstance(item, list) else [item])]
    if not all(isinstance(each, dict) and "value" in each for each in flat):
        raise BadWidget(f"The annotations.{name} of the MetricWidget must have values.")
    return flat


def _mark(given: Request, at: float) -> Mark:
    return Mark(at, str(given.get("label") or ""), _color(given))


def _color(given: Request) -> str:
    found = str(given.get("color") or "")
    if not _COLORS.fullmatch(found):
        raise BadWidget(f"The color {found} of the MetricWidget must be like #ff0000.")
    return found


def _number(given: Any, name: str) -> float:
    if not isinstance(given, int | float) or not abs(given) <= _LARGEST:
        raise BadWidget(f"The {name} {given} of the MetricWidget must be a number.")
    return float(given)


def _text(options: Request, name: str) -> str | None:
    found = options.get(name)
    if found is not None and not isinstance(found, str):
        raise BadWidget(f"The {name} {found} of the MetricWidget must be a string.")
    return found


def _period(given: Any) -> int:
    if not isinstance(given, int) or given < 1:
        raise BadWidget(f"The period {given} of the MetricWidget must be a number of seconds.")
    return given


def moment(given: Any, now: float) -> float:
    """Epoch seconds, from a time (of UTC where it does not say) or from how long ago. Raises BadWidget."""
    match = _DURATION.fullmatch(str(given))
    try:
        if match is not None:
            parts = {name: int(value or 0) for name, value in match.groupdict().items()}
            days = parts.pop("years") * 365 + parts.pop("months") * 30 + parts.pop("days")
            return now - timedelta(days=days, **parts).total_seconds()
        found = datetime.fromisoformat(str(given).replace("Z", "+00:00"))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise BadWidget(f"{given} is neither a time nor a duration like -PT3H.") from None


# -- metrics


def _metrics(document: Request) -> tuple[list[Request], list[Line]]:
    queries: list[Request] = []
    lines: list[Line] = []
    before: list[str] = []
    for nth, given in enumerate(document["metrics"], 1):
        if not isinstance(given, list) or not given:
            raise BadWidget("Each of the metrics of the MetricWidget must be an array.")
        options = given[-1] if isinstance(given[-1], dict) else {}
        named = [str(part) for part in given if not isinstance(part, dict)]
        id = _text(options, "id") or f"q{nth}"
        if not _IDS.fullmatch(id):
            raise BadWidget(f"The id {id} of the MetricWidget is not valid.")
        query: Request = {"Id": id, "Label": _text(options, "label"), "ReturnData": bool(options.get("visible", True))}
        period = _period(options.get("period") or document.get("period") or _PERIOD)
        if expression := _text(options, "expression"):
            query |= {"Expression": expression, "Period": period}
        else:
            before = _expanded(named, before)
            stat = _text(options, "stat") or _text(document, "stat") or "Average"
            query |= {"MetricStat": {"Metric": _metric(before), "Period": period, "Stat": stat}}
        queries.append({name: value for name, value in query.items() if value is not None})
        lines.append(Line(id, _color(options), options.get("yAxis") == "right"))
    return queries, lines


def _expanded(named: list[str], before: list[str]) -> list[str]:
    """`.` is what the metric before has at that place, `...` is all that it has up to there."""
    if "..." in named:
        place = named.index("...")
        count = len(before) - (len(named) - 1)
        named = [*named[:place], *(["."] * count), *named[place + 1 :]]
    found = []
    for nth, part in enumerate(named):
        if part == "." and nth >= len(before):
            raise BadWidget("There is no metric before for what is left out of the MetricWidget.")
        found.append(before[nth] if part == "." else part)
    return found


def _metric(named: list[str]) -> Request:
    if len(named) < 2 or len(named) % 2:
        raise BadWidget("A metric of the MetricWidget is a namespace, a name, and dimensions with their values.")
    pairs = zip(named[2::2], named[3::2], strict=True)
    dimensions = [{"Name": name, "Value": value} for name, value in pairs]
    return {"Namespace": named[0], "MetricName": named[1], "Dimensions": dimensions}
