"""Root causes: which services and entities a request was slow in, or failed in.

https://docs.aws.amazon.com/xray/latest/devguide/xray-api-gettingdata.html#xray-api-analytics

How AWS finds them is not documented. Here they are the way from the root that follows whoever made the most of the time (at least half of
it), or the fault, from entity to entity and from service to service.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from fogbank.services.xray.documents import Document, duration, exceptions
from fogbank.services.xray.traces import Segment, Trace

Flag = Literal["fault", "error"]
Way = list[tuple[Segment, list[Document]]]
"""Services, each with its entities."""

_SHARE = 0.5
_DEEPEST = 100


def of_response_time(trace: Trace) -> list[dict[str, Any]]:
    root = trace.root
    whole = None if root is None else duration(root.document)
    if root is None or not whole:
        return []
    total = whole

    def entity_of(entity: Document) -> dict[str, Any]:
        return {
            "Name": entity["name"],
            "Coverage": round((duration(entity) or 0) / total, 2),
            "Remote": _remote(entity),
        }

    return [_cause(_way(trace, root, _slowest), entity_of, True)]


def of_flag(trace: Trace, flag: Flag) -> list[dict[str, Any]]:
    """Faults, or errors."""

    def failed(entity: Document, below: list[Document]) -> Document | None:
        return next((each for each in below if each.get(flag) is True), None)

    def entity_of(entity: Document) -> dict[str, Any]:
        raised = [{"Name": each.get("type"), "Message": each.get("message")} for each in exceptions(entity)]
        return {"Name": entity["name"], "Exceptions": raised, "Remote": _remote(entity)}

    first = next((each for each in (*trace.roots, *trace.segments) if each.document.get(flag) is True), None)
    if first is None:
        return []
    return [_cause(_way(trace, first, failed), entity_of, first in trace.roots)]


def _slowest(entity: Document, below: list[Document]) -> Document | None:
    slowest = max(below, key=lambda each: duration(each) or 0.0, default=None)
    whole = duration(entity) or 0.0
    return None if slowest is None or (duration(slowest) or 0.0) < _SHARE * whole else slowest


def _way(trace: Trace, start: Segment, choose: Callable[[Document, list[Document]], Document | None]) -> Way:
    """Where `choose`, given an entity and what is below it, leads to."""
    called = {
        call.source.id if call.via is call.target.document else call.via["id"]: call.target for call in trace.calls
    }
    segments = {segment.id: segment for segment in trace.segments}
    way: Way = [(start, [start.document])]
    entity: Document | None = start.document
    for _ in range(_DEEPEST):
        assert entity is not None
        below = list(entity.get("subsegments") or ())
        if entity["id"] in called:
            below.append(called[entity["id"]].document)
        entity = choose(entity, below)
        if entity is None:
            break
        if entity["id"] in segments and entity is segments[entity["id"]].document:
            way.append((segments[entity["id"]], [entity]))
        else:
            way[-1][1].append(entity)
    return way


def _cause(way: Way, entity_of: Callable[[Document], dict[str, Any]], client_impacting: bool) -> dict[str, Any]:
    services = [
        {**segment.service.shown, "EntityPath": [entity_of(each) for each in entities], "Inferred": segment.is_inferred}
        for segment, entities in way
    ]
    return {"Services": services, "ClientImpacting": client_impacting}


def _remote(entity: Document) -> bool:
    return entity.get("namespace") is not None
