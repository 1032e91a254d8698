"""Families of metrics as text: Prometheus's format, and OpenMetrics for those who ask for it.

https://prometheus.io/docs/instrumenting/exposition_formats/, https://prometheus.io/docs/specs/om/open_metrics_spec/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fogbank.telemetry.metrics import Distribution, Family, Labels, Sample

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def content_type(accept: str) -> str:
    """The form for a client that sends this Accept header. Who names OpenMetrics at all can read it."""
    return OPENMETRICS if "application/openmetrics-text" in accept else TEXT


def render(families: Iterable[Family], form: str) -> bytes:
    """The families as text; those without samples are left out."""
    lines = [line for family in families if family.samples for line in _family(family, form is OPENMETRICS)]
    if form is OPENMETRICS:
        lines.append("# EOF")
    return ("\n".join(lines) + "\n").encode()


def _family(family: Family, openmetrics: bool) -> Iterator[str]:
    sampled = family.name + "_total" if family.kind == "counter" else family.name
    name = family.name if openmetrics else sampled
    yield f"# HELP {name} {_escaped(family.help)}"
    yield f"# TYPE {name} {family.kind}"
    for sample in family.samples:
        if isinstance(sample.value, Distribution):
            yield from _histogram(family.name, sample, sample.value)
        else:
            yield f"{sampled}{_labels(sample.labels)} {_number(sample.value)}"


def _histogram(name: str, sample: Sample, distribution: Distribution) -> Iterator[str]:
    below = 0
    for bound, count in zip((*distribution.bounds, float("inf")), distribution.counts, strict=True):
        below += count
        yield f"{name}_bucket{_labels({**sample.labels, 'le': _number(bound)})} {below}"
    yield f"{name}_sum{_labels(sample.labels)} {_number(distribution.total)}"
    yield f"{name}_count{_labels(sample.labels)} {below}"


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value, quoted=True)}"' for name, value in labels.items()) + "}"


def _escaped(text: str, quoted: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quoted else text


def _number(value: float) -> str:
    if value == float("inf"):
        return "+Inf"
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
