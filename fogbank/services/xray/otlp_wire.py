"""Reading what OpenTelemetry's exporters send: protobuf or JSON, both as one structure of spans.

Protobuf is read by tables of its messages, of which these are the few that traces have: a library for it would be larger than that.
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
"""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import orjson

from fogbank.services.xray.spans import Span

Message = dict[str, Any]

KINDS = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
_STATUS = ("UNSET", "OK", "ERROR")
_DEEPEST = 32


class BadSpans(ValueError):
    """What was sent is not a request to export traces."""


# -- protobuf: message -> field number -> (name as in JSON, type of the value or message, whether there are several)

_FIELDS: dict[str, dict[int, tuple[str, str, bool]]] = {
    "Request": {1: ("resourceSpans", "ResourceSpans", True)},
    "ResourceSpans": {1: ("resource", "Resource", False), 2: ("scopeSpans", "ScopeSpans", True)},
    "Resource": {1: ("attributes", "KeyValue", True)},
    "ScopeSpans": {1: ("scope", "Scope", False), 2: ("spans", "Span", True)},
    "Scope": {1: ("name", "string", False), 2: ("version", "string", False)},
    "Span": {
        1: ("traceId", "hex", False),
        2: ("spanId", "hex", False),
        4: ("parentSpanId", "hex", False),
        5: ("name", "string", False),
        6: ("kind", "int", False),
        7: ("startTimeUnixNano", "fixed", False),
        8: ("endTimeUnixNano", "fixed", False),
        9: ("attributes", "KeyValue", True),
        11: ("events", "Event", True),
        15: ("status", "Status", False),
        16: ("flags", "fixed", False),
    },
    "Event": {
        1: ("timeUnixNano", "fixed", False),
        2: ("name", "string", False),
        3: ("attributes", "KeyValue", True),
    },
    "Status": {2: ("message", "string", False), 3: ("code", "int", False)},
    "KeyValue": {1: ("key", "string", False), 2: ("value", "AnyValue", False)},
    "AnyValue": {
        1: ("stringValue", "string", False),
        2: ("boolValue", "bool", False),
        3: ("intValue", "int", False),
        4: ("doubleValue", "double", False),
        5: ("arrayValue", "ArrayValue", False),
        6: ("kvlistValue", "KeyValueList", False),
        7: ("bytesValue", "base64", False),
    },
    "ArrayValue": {1: ("values", "AnyValue", True)},
    "KeyValueList": {1: ("values", "KeyValue", True)},
}


def from_protobuf(data: bytes) -> Message:
    """Raises BadSpans."""
    try:
        return _message("Request", data, 0)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise BadSpans("it ends early, or is no protobuf") from error


def _message(kind: str, data: bytes, depth: int) -> Message:
    if depth > _DEEPEST:
        raise BadSpans("it is nested too deeply")
    found: Message = {}
    for number, raw in _fields(data):
        if number not in _FIELDS[kind]:
            continue
        name, value_kind, is_repeated = _FIELDS[kind][number]
        value = _message(value_kind, _bytes(raw), depth + 1) if value_kind in _FIELDS else _value(value_kind, raw)
        if is_repeated:
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(field number, value): an integer of variable length, or bytes."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        length = 8 if wire == 1 else 4
        if wire == 2:
            length, at = _varint(data, at)
        elif wire not in (1, 5):
            raise BadSpans("it has groups")
        if at + length > len(data):
            raise BadSpans("it ends early")
        yield tag >> 3, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise BadSpans("a number is too long")


def _bytes(raw: int | bytes) -> bytes:
    if isinstance(raw, int):
        raise BadSpans("a field has another type")
    return raw


def _value(kind: str, raw: int | bytes) -> Any:
    if kind in ("int", "bool"):
        if not isinstance(raw, int):
            raise BadSpans("a field has another type")
        return bool(raw) if kind == "bool" else raw - (1 << 64) if raw >> 63 else raw
    data = _bytes(raw)
    if kind == "string":
        return data.decode()
    if kind == "hex":
        return data.hex()
    if kind == "double":
        return struct.unpack("<d", data)[0]
    return int.from_bytes(data, "little") if kind == "fixed" else b64encode(data).decode()


def from_json(data: bytes) -> Message:
    """Raises BadSpans."""
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadSpans("it is not JSON") from error
    if not isinstance(found, dict):
        raise BadSpans("it is not an object")
    return found


# -- one structure


def spans_of(message: Message) -> list[Span]:
    """Every span with its resource and scope, as `aws/spans` has them. Raises BadSpans."""
    try:
        return [
            _span(span, _attributes((of_resource.get("resource") or {}).get("attributes")), of_scope.get("scope") or {})
            for of_resource in message.get("resourceSpans") or ()
            for of_scope in of_resource.get("scopeSpans") or ()
            for span in of_scope.get("spans") or ()
        ]
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise BadSpans("a span has not what it has to have") from error


def _span(given: Message, resource: Message, scope: Message) -> Span:
    start, end = int(given["startTimeUnixNano"]), int(given["endTimeUnixNano"])
    trace_id, span_id = given["traceId"].lower(), given["spanId"].lower()
    if len(bytes.fromhex(trace_id)) != 16 or len(bytes.fromhex(span_id)) != 8:
        raise BadSpans("a trace id has 16 bytes, a span id 8")
    status = given.get("status") or {}
    return {
        "resource": {"attributes": resource},
        "scope": scope,
        "traceId": trace_id,
        "spanId": span_id,
        "parentSpanId": (given.get("parentSpanId") or "").lower() or None,
        "flags": given.get("flags", 0),
        "name": given.get("name", ""),
        "kind": _named(KINDS, given.get("kind", 0), "SPAN_KIND_"),
        "startTimeUnixNano": start,
        "endTimeUnixNano": end,
        "durationNano": end - start,
        "attributes": _attributes(given.get("attributes")),
        "events": [
            {
                "name": each.get("name", ""),
                "timeUnixNano": int(each.get("timeUnixNano", 0)),
                "attributes": _attributes(each.get("attributes")),
            }
            for each in given.get("events") or ()
        ],
        "status": {**status, "code": _named(_STATUS, status.get("code", 0), "STATUS_CODE_")},
    }


def _named(names: tuple[str, ...], value: Any, prefix: str) -> str:
    """An enumerated value, which JSON may have by its number or by its name."""
    return str(value).removeprefix(prefix) if isinstance(value, str) else names[value]


def _attributes(given: Any) -> Message:
    return {each["key"]: _plain(each.get("value") or {}) for each in given or ()}


def _plain(value: Message) -> Any:
    for kind, found in value.items():
        if kind == "arrayValue":
            return [_plain(each) for each in found.get("values") or ()]
        if kind == "kvlistValue":
            return _attributes(found.get("values"))
        return int(found) if kind == "intValue" else found
    return None
