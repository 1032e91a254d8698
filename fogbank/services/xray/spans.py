"""Segments as OpenTelemetry's spans, as `aws/spans` has them, and spans as segments.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Transaction-Search-search-analyze-spans.html
https://opentelemetry.io/docs/specs/semconv/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fogbank.services.xray.documents import Document, exceptions, status

Span = dict[str, Any]

_NANO = 1_000_000_000
_SCOPE = {"name": "aws-xray"}


def w3c(trace_id: str) -> str:
    """A trace's id as OpenTelemetry writes it: `1-5759e988-bd86...` is `5759e988bd86...`."""
    return trace_id[2:].replace("-", "").lower()


def xray(trace_id: str) -> str:
    return f"1-{trace_id[:8]}-{trace_id[8:]}"


def of_segment(document: Document) -> Iterator[Span]:
    """A span for the segment, or subsegment, and for each of its subsegments. What is in progress has none yet."""
    yield from _of(document, document.get("parent_id"), document["trace_id"], document)


def _of(entity: Document, parent: str | None, trace_id: str, segment: Document) -> Iterator[Span]:
    if "end_time" in entity:
        yield _span(entity, parent, trace_id, segment)
    for each in entity.get("subsegments") or ():
        yield from _of(each, entity["id"], trace_id, segment)


def _span(entity: Document, parent: str | None, trace_id: str, segment: Document) -> Span:
    start, end = int(entity["start_time"] * _NANO), int(entity["end_time"] * _NANO)
    is_segment = entity is segment and entity.get("type") != "subsegment"
    failed = any(entity.get(flag) is True for flag in ("fault", "error", "throttle"))
    return {
        "resource": {"attributes": {"service.name": segment["name"], "aws.xray.origin": segment.get("origin")}},
        "scope": _SCOPE,
        "traceId": w3c(trace_id),
        "spanId": entity["id"],
        "parentSpanId": parent,
        "flags": 1,
        "name": entity["name"],
        "kind": "SERVER" if is_segment else "CLIENT" if entity.get("namespace") else "INTERNAL",
        "startTimeUnixNano": start,
        "endTimeUnixNano": end,
        "durationNano": end - start,
        "attributes": _attributes(entity),
        "status": {"code": "ERROR" if failed else "UNSET"},
        "events": [_event(each, end) for each in exceptions(entity)],
    }


def _attributes(entity: Document) -> dict[str, Any]:
    request = (entity.get("http") or {}).get("request") or {}
    found = {
        "http.request.method": request.get("method"),
        "url.full": request.get("url"),
        "user_agent.original": request.get("user_agent"),
        "client.address": request.get("client_ip"),
        "http.response.status_code": status(entity),
        "enduser.id": entity.get("user"),
        **{f"aws.{key}": value for key, value in (entity.get("aws") or {}).items() if isinstance(value, str | int)},
        **(entity.get("annotations") or {}),
    }
    return {key: value for key, value in found.items() if value is not None}


def _event(raised: Document, moment: int) -> Span:
    attributes = {"exception.type": raised.get("type"), "exception.message": raised.get("message")}
    return {"name": "exception", "timeUnixNano": moment, "attributes": attributes}


# -- the other way


_SEGMENTS = ("SERVER", "CONSUMER")
_PLATFORMS = {
    "aws_lambda": "AWS::Lambda::Function",
    "aws_ec2": "AWS::EC2::Instance",
    "aws_ecs": "AWS::ECS::Container",
    "aws_eks": "AWS::EKS::Container",
    "aws_elastic_beanstalk": "AWS::ElasticBeanstalk::Environment",
    "aws_app_runner": "AWS::AppRunner::Service",
}


def to_document(span: Span) -> Document:
    """The segment that a span of a server, or without a parent, is; the subsegment that any other one is."""
    attributes, resource = span.get("attributes") or {}, (span.get("resource") or {}).get("attributes") or {}
    is_segment = span["kind"] in _SEGMENTS or not span.get("parentSpanId")
    document: Document = {
        "id": span["spanId"],
        "trace_id": xray(span["traceId"]),
        "parent_id": span.get("parentSpanId") or None,
        "name": _name(span, attributes, resource, is_segment)[:200],
        "start_time": span["startTimeUnixNano"] / _NANO,
        "end_time": span["endTimeUnixNano"] / _NANO,
        "http": _http(attributes),
        "annotations": {
            key.replace(".", "_"): value for key, value in attributes.items() if isinstance(value, str | int | float)
        },
        "metadata": {"default": {f"otel.resource.{key}": value for key, value in resource.items()}},
        "user": attributes.get("enduser.id"),
        **_outcome(span, attributes),
    }
    if is_segment:
        document["origin"] = _PLATFORMS.get(str(resource.get("cloud.platform")))
        document["resource_arn"] = resource.get("cloud.resource_id")
    else:
        document["type"] = "subsegment"
        document["namespace"] = _namespace(span, attributes)
        document["aws"] = _aws(attributes)
    return {key: value for key, value in document.items() if value not in (None, {})}


def _name(span: Span, attributes: dict[str, Any], resource: dict[str, Any], is_segment: bool) -> str:
    if is_segment:
        return str(resource.get("service.name") or span["name"])
    if attributes.get("rpc.system") == "aws-api":
        return str(attributes.get("rpc.service") or span["name"])
    if span["kind"] in ("CLIENT", "PRODUCER"):
        for key in ("peer.service", "server.address", "net.peer.name", "db.name"):
            if attributes.get(key):
                return str(attributes[key])
    return str(span["name"])


def _namespace(span: Span, attributes: dict[str, Any]) -> str | None:
    if attributes.get("rpc.system") == "aws-api":
        return "aws"
    return "remote" if span["kind"] in ("CLIENT", "PRODUCER") else None


def _aws(attributes: dict[str, Any]) -> dict[str, Any]:
    tables = attributes.get("aws.dynamodb.table_names")
    found = {
        "operation": attributes.get("rpc.method"),
        "request_id": attributes.get("aws.request_id"),
        "table_name": tables[0] if isinstance(tables, list) and tables else attributes.get("aws.table_name"),
        "queue_url": attributes.get("aws.sqs.queue.url") or attributes.get("aws.queue.url"),
        "bucket_name": attributes.get("aws.s3.bucket"),
    }
    return {key: value for key, value in found.items() if value is not None}


def _http(attributes: dict[str, Any]) -> dict[str, Any]:
    request = {
        "method": attributes.get("http.request.method") or attributes.get("http.method"),
        "url": attributes.get("url.full") or attributes.get("http.url") or attributes.get("url.path"),
        "user_agent": attributes.get("user_agent.original") or attributes.get("http.user_agent"),
        "client_ip": attributes.get("client.address") or attributes.get("http.client_ip"),
    }
    response = {"status": _status(attributes)}
    halves = {"request": request, "response": response}
    kept = {name: {key: each for key, each in half.items() if each is not None} for name, half in halves.items()}
    return {name: half for name, half in kept.items() if half}


def _status(attributes: dict[str, Any]) -> int | None:
    """HTTP's. It is a number, which some instrumentations write as a text."""
    found = str(attributes.get("http.response.status_code") or attributes.get("http.status_code"))
    return int(found) if found.isdecimal() else None


def _outcome(span: Span, attributes: dict[str, Any]) -> dict[str, Any]:
    """The flags, and the cause: of the status of HTTP where there is one, else of the span's."""
    code = _status(attributes) or 0
    failed = (span.get("status") or {}).get("code") in ("ERROR", "STATUS_CODE_ERROR", 2)
    found: dict[str, Any] = {}
    if code == 429:
        found = {"throttle": True, "error": True}
    elif 400 <= code < 500:
        found = {"error": True}
    elif code >= 500 or failed:
        found = {"fault": True}
    raised = [each["attributes"] for each in span.get("events") or () if each.get("name") == "exception"]
    if raised:
        listed = [
            {"id": span["spanId"], "type": each.get("exception.type"), "message": each.get("exception.message")}
            for each in raised
        ]
        found["cause"] = {"exceptions": listed}
    return found
