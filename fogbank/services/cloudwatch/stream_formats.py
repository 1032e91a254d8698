"""The formats of metric streams: JSON, and OpenTelemetry 0.7 and 1.0 as protocol buffers. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-metric-streams-formats.html
The messages are small and fixed, and their encoding is: so they are written here, without a library.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import NamedTuple

import orjson

_MINUTE = 60
_NANOSECONDS = 10**9
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-metric-streams-formats-opentelemetry-translation.html
_UNITS = {
    "Seconds": "s",
    "Microseconds": "us",
    "Milliseconds": "ms",
    "Bytes": "By",
    "Kilobytes": "kBy",
    "Megabytes": "MBy",
    "Gigabytes": "GBy",
    "Terabytes": "TBy",
    "Bits": "bit",
    "Kilobits": "kbit",
    "Megabits": "MBit",
    "Gigabits": "GBit",
    "Terabits": "Tbit",
    "Percent": "%",
    "Count": "{Count}",
    "None": "1",
}


class Point(NamedTuple):
    """What was measured in one minute. `further` are statistics by their names."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    second: int
    unit: str
    samples: float
    sum: float
    minimum: float
    maximum: float
    further: dict[str, float]


class Place(NamedTuple):
    """Whose metrics these are, and the stream that tells of them."""

    stream: str
    arn: str
    account: str
    region: str


def encoded(output: str, place: Place, points: list[Point]) -> bytes:
    """One record for Firehose."""
    if output == "json":
        return b"".join(_line(place, point) + b"\n" for point in points)
    message = _request(place, points, _labels if output == "opentelemetry0.7" else _attributes)
    return _varint(len(message)) + message


def _line(place: Place, point: Point) -> bytes:
    value = {"max": point.maximum, "min": point.minimum, "sum": point.sum, "count": point.samples}
    return orjson.dumps(
        {
            "metric_stream_name": place.stream,
            "account_id": place.account,
            "region": place.region,
            "namespace": point.namespace,
            "metric_name": point.name,
            "dimensions": dict(point.dimensions),
            "timestamp": point.second * 1000,
            "value": value | point.further,
            "unit": point.unit,
        }
    )


# -- OpenTelemetry

Describe = Callable[[Point], bytes]


def _request(place: Place, points: list[Point], describe: Describe) -> bytes:
    """ExportMetricsServiceRequest"""
    about = {
        "cloud.provider": "aws",
        "cloud.account.id": place.account,
        "cloud.region": place.region,
        "aws.exporter.arn": place.arn,
    }
    resource = b"".join(_field(1, _key_value(name, _text(1, value))) for name, value in about.items())
    metrics = b"".join(_field(2, _metric(point, describe)) for point in points)
    return _field(1, _field(1, resource) + _field(2, metrics))


def _metric(point: Point, describe: Describe) -> bytes:
    unit = _UNITS.get(point.unit.removesuffix("/Second"), point.unit)
    unit += "/s" if point.unit.endswith("/Second") else ""
    name = f"amazonaws.com/{point.namespace}/{point.name}"
    return _text(1, name) + _text(3, unit) + _field(11, _field(1, _summary(point, describe)))


def _summary(point: Point, describe: Describe) -> bytes:
    """SummaryDataPoint. Its quantiles 0 and 1 are the least and the most."""
    start = point.second * _NANOSECONDS
    quantiles = [(0.0, point.minimum), *_quantiles(point.further), (1.0, point.maximum)]
    return b"".join(
        (
            describe(point),
            _fixed(2, start),
            _fixed(3, start + _MINUTE * _NANOSECONDS),
            _fixed(4, round(point.samples)),
            _double(5, point.sum),
            *(_field(6, _double(1, quantile) + _double(2, value)) for quantile, value in quantiles),
        )
    )


def _quantiles(further: dict[str, float]) -> Iterable[tuple[float, float]]:
    return sorted((float(name[1:]) / 100, value) for name, value in further.items())


def _labels(point: Point) -> bytes:
    """As 0.7 has them: texts alone."""
    texts = {"Namespace": point.namespace, "MetricName": point.name, **dict(point.dimensions)}
    return b"".join(_field(1, _text(1, name) + _text(2, value)) for name, value in texts.items())


def _attributes(point: Point) -> bytes:
    """As 1.0 has them: dimensions are a map."""
    inner = b"".join(_field(1, _key_value(name, _text(1, value))) for name, value in point.dimensions)
    values = {
        "Namespace": _text(1, point.namespace),
        "MetricName": _text(1, point.name),
        "Dimensions": _field(6, inner),
    }
    return b"".join(_field(7, _key_value(name, value)) for name, value in values.items())


def _key_value(name: str, value: bytes) -> bytes:
    return _text(1, name) + _field(2, value)


# -- protocol buffers


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _text(number: int, text: str) -> bytes:
    return _field(number, text.encode())


def _fixed(number: int, value: int) -> bytes:
    return _varint(number << 3 | 1) + struct.pack("<Q", value)


def _double(number: int, value: float) -> bytes:
    return _varint(number << 3 | 1) + struct.pack("<d", value)
