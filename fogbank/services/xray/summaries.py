"""Trace summaries: https://docs.aws.amazon.com/xray/latest/api/API_TraceSummary.html"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fogbank.services.xray import limits, root_causes
from fogbank.services.xray.documents import Document, duration, status, walk
from fogbank.services.xray.traces import Segment, Service, Trace

Summary = dict[str, Any]


def summary(trace: Trace, revision: int) -> Summary:
    root = trace.root
    document = root.document if root is not None else {}
    own = [segment for segment in trace.segments if not segment.is_inferred]
    return {
        "Id": trace.id,
        "StartTime": trace.start,
        "Duration": round(trace.end - trace.start, 3),
        "ResponseTime": _rounded(duration(document)) if document else None,
        "HasFault": document.get("fault") is True,
        "HasError": document.get("error") is True,
        "HasThrottle": any(segment.document.get("throttle") is True for segment in trace.segments),
        "IsPartial": trace.is_partial,
        "Http": http(document),
        "Annotations": _annotations(own),
        "Users": _users(own),
        "ServiceIds": [service.shown for service in dict.fromkeys(each.service for each in trace.segments)],
        "ResourceARNs": [{"ARN": value} for value in resource_arns(own)],
        "InstanceIds": [{"Id": value} for value in on_instance(own, "instance_id")],
        "AvailabilityZones": [{"Name": value} for value in on_instance(own, "availability_zone")],
        "EntryPoint": root.service.shown if root is not None else None,
        "FaultRootCauses": root_causes.of_flag(trace, "fault"),
        "ErrorRootCauses": root_causes.of_flag(trace, "error"),
        "ResponseTimeRootCauses": root_causes.of_response_time(trace),
        "Revision": revision,
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def http(document: Document) -> Summary:
    given = (document.get("http") or {}).get("request") or {}
    request = {name: value for name, value in given.items() if isinstance(value, str)}
    return {
        "HttpURL": request.get("url"),
        "HttpStatus": status(document),
        "HttpMethod": request.get("method"),
        "UserAgent": request.get("user_agent"),
        "ClientIp": request.get("client_ip"),
    }


def indexed(segments: Iterable[Segment]) -> Iterator[tuple[str, Any, Service]]:
    """(key, value, service), as many as are indexed."""
    count = 0
    for segment in segments:
        for entity in walk(segment.document):
            for key, value in (entity.get("annotations") or {}).items():
                if count == limits.ANNOTATIONS:
                    return
                count += 1
                yield key, value, segment.service


def _annotations(segments: list[Segment]) -> dict[str, list[Summary]]:
    found: dict[str, dict[tuple[str, Any], dict[Service, None]]] = {}
    for key, value, service in indexed(segments):
        found.setdefault(key, {}).setdefault((_member(value), value), {})[service] = None
    return {
        key: [
            {"AnnotationValue": {member: value}, "ServiceIds": [each.shown for each in services]}
            for (member, value), services in values.items()
        ]
        for key, values in found.items()
    }


def _member(value: Any) -> str:
    if isinstance(value, bool):
        return "BooleanValue"
    return "StringValue" if isinstance(value, str) else "NumberValue"


def _users(segments: list[Segment]) -> list[Summary]:
    found: dict[str, dict[Service, None]] = {}
    for segment in segments:
        if user := segment.document.get("user"):
            found.setdefault(user, {})[segment.service] = None
    return [{"UserName": user, "ServiceIds": [each.shown for each in services]} for user, services in found.items()]


def resource_arns(segments: Iterable[Segment]) -> list[str]:
    named = (each.document.get("resource_arn") or _aws(each.document, "function_arn") for each in segments)
    return list(dict.fromkeys(str(value) for value in named if value))


def on_instance(segments: Iterable[Segment], member: str) -> list[str]:
    """What segments say of the EC2 instances that they come from."""
    machines = (_aws(each.document, "ec2") for each in segments)
    values = (machine.get(member) for machine in machines if isinstance(machine, dict))
    return list(dict.fromkeys(str(value) for value in values if value))


def _aws(document: Document, member: str) -> Any:
    return (document.get("aws") or {}).get(member)
