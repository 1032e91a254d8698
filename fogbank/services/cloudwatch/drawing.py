"""Graphs of metrics as PNG. With Pillow, which is imported when the first one is drawn."""

from __future__ import annotations

import io
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from fogbank.services.cloudwatch.series import Series, spelled
from fogbank.services.cloudwatch.widgets import Axis, Mark, Widget

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

_COLORS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf")
_INK, _FAINT, _PAPER = "#16191f", "#d5dbdb", "#ffffff"
_MARGIN = 44
_ROW = 16
_TEXT, _TITLE, _NUMBER = 11, 14, 28
_TICKS = 4


class Drawn(NamedTuple):
    """A series, as it is called and coloured."""

    label: str
    color: str
    series: Series
    on_right: bool = False


class _Scale(NamedTuple):
    """From values to pixels."""

    low: float
    high: float
    first: float
    last: float

    def at(self, value: float) -> float:
        span = (self.high - self.low) or 1.0
        return self.first + (value - self.low) / span * (self.last - self.first)


def color_of(nth: int) -> str:
    return _COLORS[nth % len(_COLORS)]


def png(widget: Widget, drawn: list[Drawn]) -> bytes:
    """Raises ImportError without Pillow."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (widget.width, widget.height), _PAPER)
    draw = ImageDraw.Draw(image)
    _text(draw, (8, 6), widget.title, _TITLE)
    if widget.view == "singleValue":
        _numbers(draw, widget, drawn)
    else:
        _graph(draw, widget, drawn)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _text(draw: ImageDraw, place: tuple[float, float], text: str, size: int = _TEXT, color: str = _INK) -> None:
    from PIL import ImageFont

    draw.text(place, text, fill=color, font=ImageFont.load_default(size))


def _numbers(draw: ImageDraw, widget: Widget, drawn: list[Drawn]) -> None:
    """The latest value of each."""
    share = widget.width / max(len(drawn), 1)
    for nth, each in enumerate(drawn):
        latest = spelled(each.series[max(each.series)]) if each.series else "--"
        _text(draw, (nth * share + 12, widget.height / 2 - _NUMBER), latest, _NUMBER)
        _text(draw, (nth * share + 12, widget.height / 2 + 8), each.label, color=each.color)


def _graph(draw: ImageDraw, widget: Widget, drawn: list[Drawn]) -> None:
    rows = len(drawn) if widget.has_legend else 0
    bottom = max(widget.height - 24 - rows * _ROW, 40)
    across = _Scale(widget.start, widget.end, _MARGIN, widget.width - _MARGIN)
    lines = _stacked(drawn) if widget.stacked else drawn
    for on_right, axis in ((False, widget.left), (True, widget.right)):
        part = [each for each in lines if each.on_right is on_right]
        if not part and on_right:
            continue
        up = _up(axis, part, widget.across if not on_right else [], bottom)
        _axis(draw, up, widget.width - _MARGIN + 4 if on_right else 4, widget.width, is_ruled=not on_right)
        for each in part:
            _draw(draw, widget, across, up, each)
        for mark in widget.across if not on_right else []:
            _line(draw, (across.first, up.at(mark.at)), (across.last, up.at(mark.at)), mark)
    for mark in widget.down:
        _line(draw, (across.at(mark.at), 30), (across.at(mark.at), bottom), mark)
    _times(draw, across, bottom)
    for nth, each in enumerate(drawn if widget.has_legend else []):
        height = bottom + 22 + nth * _ROW
        draw.rectangle((_MARGIN, height + 2, _MARGIN + 9, height + 11), fill=each.color)
        _text(draw, (_MARGIN + 14, height), each.label)


def _stacked(drawn: list[Drawn]) -> list[Drawn]:
    """Each on top of those before it."""
    below: dict[float, float] = {}
    found = []
    for each in drawn:
        below = below | {at: below.get(at, 0.0) + value for at, value in each.series.items()}
        found.append(each._replace(series=Series({at: below[at] for at in each.series})))
    return found


def _up(axis: Axis, drawn: list[Drawn], marks: list[Mark], bottom: float) -> _Scale:
    values = [value for each in drawn for value in each.series.values()] + [mark.at for mark in marks]
    low = axis.low if axis.low is not None else min([0.0, *values])
    high = axis.high if axis.high is not None else max([low, *values])
    return _Scale(low, high if high > low else low + 1, bottom, 34)


def _axis(draw: ImageDraw, up: _Scale, left: float, width: int, *, is_ruled: bool) -> None:
    for nth in range(_TICKS + 1):
        value = up.low + (up.high - up.low) * nth / _TICKS
        height = up.at(value)
        if is_ruled:
            draw.line((_MARGIN, height, width - _MARGIN, height), fill=_FAINT)
        _text(draw, (left, height - 6), spelled(value))


def _draw(draw: ImageDraw, widget: Widget, across: _Scale, up: _Scale, each: Drawn) -> None:
    points = [(across.at(at), up.at(each.series[at])) for at in sorted(each.series)]
    if widget.view == "bar":
        for x, y in points:
            draw.rectangle((x - 2, min(y, up.at(0)), x + 2, max(y, up.at(0))), fill=each.color)
    elif len(points) > 1:
        draw.line(points, fill=each.color, width=2)
    for x, y in points:
        draw.ellipse((x - 2, y - 2, x + 2, y + 2), fill=each.color)


def _line(draw: ImageDraw, start: Any, end: Any, mark: Mark) -> None:
    color = mark.color or _COLORS[3]
    draw.line((*start, *end), fill=color)
    _text(draw, (start[0] + 4, start[1] - 13), mark.label, color=color)


def _times(draw: ImageDraw, across: _Scale, bottom: float) -> None:
    is_long = across.high - across.low > 86_400
    for nth in range(_TICKS + 1):
        at = across.low + (across.high - across.low) * nth / _TICKS
        spelled_out = datetime.fromtimestamp(math.floor(at), UTC).strftime("%m/%d" if is_long else "%H:%M")
        _text(draw, (across.at(at) - 14, bottom + 5), spelled_out)
