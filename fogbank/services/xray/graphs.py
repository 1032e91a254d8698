"""Service graphs and statistics: who called whom, how often, how long it took, and how it ended.

Pure. Histograms have each response time that there was, in milliseconds, as in the documented example:
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-gettingdata.html#xray-api-servicegraph
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from fogbank.services.xray.documents import Document, duration
from fogbank.services.xray.traces import CLIENT, Segment, Service, Trace

Shown = dict[str, Any]
Window = Callable[[Document], bool]


class Tally:
    """What is known of several segments, or calls."""

    def __init__(self) -> None:
        self.ok = self.throttles = self.errors = self.faults = self.total = 0
        self.seconds = 0.0
        self.histogram: Counter[float] = Counter()
        self.start, self.end = float("inf"), 0.0

    def add(self, entity: Document) -> None:
        self.start = min(self.start, float(entity["start_time"]))
        self.end = max(self.end, float(entity.get("end_time") or entity["start_time"]))
        self.total += 1
        if entity.get("fault") is True:
            self.faults += 1
        elif entity.get("throttle") is True:
            self.throttles += 1
        elif entity.get("error") is True:
            self.errors += 1
        else:
            self.ok += 1
        seconds = duration(entity)
        if seconds is not None:
            self.seconds += seconds
            self.histogram[round(seconds, 3)] += 1

    @property
    def statistics(self) -> Shown:
        errors = self.throttles + self.errors
        return {
            "OkCount": self.ok,
            "ErrorStatistics": {"ThrottleCount": self.throttles, "OtherCount": self.errors, "TotalCount": errors},
            "FaultStatistics": {"OtherCount": self.faults, "TotalCount": self.faults},
            "TotalCount": self.total,
            "TotalResponseTime": round(self.seconds, 3),
        }

    @property
    def entries(self) -> list[Shown]:
        return [{"Value": value, "Count": count} for value, count in sorted(self.histogram.items())]

    @property
    def times(self) -> Shown:
        return {"StartTime": self.start, "EndTime": self.end}


class Graph:
    """Filled trace by trace. `within` says what of a trace counts."""

    def __init__(self, within: Window = lambda entity: True) -> None:
        self._within = within
        self._nodes: dict[Service, Tally] = {}
        self._edges: dict[Service, dict[Service, Tally]] = {}
        self._roots: set[Service] = set()
        self._sent: set[Service] = set()

    def add(self, trace: Trace) -> None:
        for root in trace.roots:
            if self._within(root.document):
                self._add_client(root)
        for segment in trace.segments:
            if self._within(segment.document):
                self._nodes.setdefault(segment.service, Tally()).add(segment.document)
                if not segment.is_inferred:
                    self._sent.add(segment.service)
        for call in trace.calls:
            if self._within(call.via) and self._within(call.source.document):
                self._edge(call.source.service, call.target.service).add(call.via)

    def _add_client(self, root: Segment) -> None:
        client = Service(root.service.name, CLIENT)
        self._roots.add(root.service)
        self._nodes.setdefault(client, Tally()).add(root.document)
        self._edge(client, root.service).add(root.document)

    def _edge(self, source: Service, target: Service) -> Tally:
        return self._edges.setdefault(source, {}).setdefault(target, Tally())

    @property
    def services(self) -> list[Shown]:
        """Those that serve come first, clients last."""
        ordered = sorted(self._nodes, key=lambda service: service.type == CLIENT)
        ids = {service: number for number, service in enumerate(ordered)}
        return [self._service(service, ids) for service in ordered]

    def _service(self, service: Service, ids: dict[Service, int]) -> Shown:
        tally = self._nodes[service]
        edges = [
            self._shown_edge(ids[target], each)
            for target, each in self._edges.get(service, {}).items()
            if target in ids
        ]
        shown = {
            "ReferenceId": ids[service],
            **service.shown,
            "Root": True if service in self._roots else None,
            "State": "active" if service in self._sent else "unknown",
            **tally.times,
            "Edges": edges,
        }
        if service.type != CLIENT:
            shown["SummaryStatistics"] = tally.statistics
            shown["DurationHistogram"] = shown["ResponseTimeHistogram"] = tally.entries
        return shown

    def _shown_edge(self, target: int, tally: Tally) -> Shown:
        return {
            "ReferenceId": target,
            **tally.times,
            "SummaryStatistics": tally.statistics,
            "ResponseTimeHistogram": tally.entries,
            "Aliases": [],
        }
