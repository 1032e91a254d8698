"""Fields that are discovered in events: of JSON, of Lambda, VPC flow logs and Route 53. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from fogbank.services.logs.insights.rows import Fields, flattened
from fogbank.services.logs.insights.values import number

_FLOW = re.compile(r"\d+ (?:\d{12}|unknown|-) (?:eni-\w+|-)(?: \S+){10} (?:OK|NODATA|SKIPDATA)")
_FLOW_FIELDS = [
    "version",
    "accountId",
    "interfaceId",
    "srcAddr",
    "dstAddr",
    "srcPort",
    "dstPort",
    "protocol",
    "packets",
    "bytes",
    "startTime",
    "endTime",
    "action",
    "logStatus",
]
_DNS = re.compile(r"\d\.\d \d{4}-\d\d-\d\dT\S+Z Z\w+ \S+ [A-Z0-9]+ [A-Z]+ (?:TCP|UDP) \S+ \S+(?: \S+)?")
_DNS_FIELDS = [
    "version",
    "queryTimestamp",
    "hostZoneId",
    "queryName",
    "queryType",
    "responseCode",
    "protocol",
    "edgeLocation",
    "resolverIp",
]

_REPORT = re.compile(r"(START|END|REPORT) RequestId: ([0-9a-f-]{36})")
_REQUEST = re.compile(r"\t([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\t")
_MEASURE = re.compile(r"(?:^|\t)([A-Z][A-Za-z ]+): ([\d.]+) (ms|MB)")
_MEASURES = {
    "Duration": "@duration",
    "Billed Duration": "@billedDuration",
    "Init Duration": "@initDuration",
    "Memory Size": "@memorySize",
    "Max Memory Used": "@maxMemoryUsed",
}
_TRACE = re.compile(r"XRAY TraceId: (\S+)\tSegmentId: (\S+)")
_FUNCTION_GROUP = "/aws/lambda/"


def discovered(group: str, message: str) -> Fields:
    """What an event of the group of that name has."""
    document = json_of(message)
    if document is not None:
        return flattened(document)
    if group.startswith(_FUNCTION_GROUP) or _REPORT.match(message):
        return _of_function(message)
    for pattern, names in ((_FLOW, _FLOW_FIELDS), (_DNS, _DNS_FIELDS)):
        if pattern.fullmatch(message.strip()):
            return {name: _typed(word) for name, word in zip(names, message.split(), strict=False) if word != "-"}
    return {}


def _typed(word: str) -> Any:
    found = number(word)
    return word if found is None else found


def json_of(message: str) -> Any:
    """The JSON object or array that an event is; None when it is none."""
    if not message.lstrip().startswith(("{", "[")):
        return None
    try:
        return orjson.loads(message)
    except orjson.JSONDecodeError:
        return None


def _of_function(message: str) -> Fields:
    fields = flattened(_first_fragment(message))
    report = _REPORT.match(message)
    if report is not None:
        fields["@type"], fields["@requestId"] = report.groups()
        fields |= _measured(message)
    elif (request := _REQUEST.search(message)) is not None:
        fields["@requestId"] = request[1]
    return fields


def _measured(message: str) -> Fields:
    """Milliseconds, and bytes: a MB is a million of them."""
    fields: Fields = {
        _MEASURES[name]: float(value) if unit == "ms" else float(value) * 1_000_000
        for name, value, unit in _MEASURE.findall(message)
        if name in _MEASURES
    }
    trace = _TRACE.search(message)
    if trace is not None:
        fields["@xrayTraceId"], fields["@xraySegmentId"] = trace.groups()
    return fields


def _first_fragment(message: str) -> Any:
    """Of a function's line only the first fragment of JSON counts."""
    import json

    start = message.find("{")
    if start < 0:
        return {}
    try:
        return json.JSONDecoder().raw_decode(message, start)[0]
    except ValueError:
        return {}
