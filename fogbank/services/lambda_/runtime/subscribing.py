"""What extensions may ask of the Telemetry and Logs APIs, and in which form each schema has the events.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api-reference.html
"""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

TELEMETRY, LOGS = "Telemetry", "Logs"
API = {"/2022-07-01/telemetry": TELEMETRY, "/2020-08-15/logs": LOGS}
_SCHEMAS = {TELEMETRY: ("2022-07-01", "2022-12-13", "2025-01-29"), LOGS: ("2020-08-15", "2021-03-18")}
_TYPES = ("platform", "function", "extension")
_HOSTS = ("sandbox.localdomain", "sandbox", "localhost", "127.0.0.1")
_RESERVED_PORT = 9001
# name: least, default, most
_BUFFERING = {
    "maxItems": (1000, 10_000, 10_000),
    "maxBytes": (262_144, 262_144, 1_048_576),
    "timeoutMs": (25, 1000, 30_000),
}
# What the Logs API tells, and which members of the records.
_OF_LOGS = {
    "platform.start": ("requestId", "version"),
    "platform.runtimeDone": ("requestId", "status"),
    "platform.report": ("requestId", "metrics"),
    "platform.extension": ("name", "state", "events"),
    "platform.logsSubscription": ("name", "state", "types"),
    "platform.logsDropped": ("reason", "droppedRecords", "droppedBytes"),
}
_NEWER = ("platform.restoreStart", "platform.restoreRuntimeDone", "platform.restoreReport")


class Invalid(Exception):
    """The text is what the extension is told."""


class Wanted(NamedTuple):
    """A subscription: `types` of events, as many `most_items` and `most_bytes` at once, after at most so many `seconds`."""

    api: str
    schema: str
    types: tuple[str, ...]
    most_items: int
    most_bytes: int
    seconds: float
    is_tcp: bool
    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    def told(self, kind: str, record: Any) -> list[tuple[str, Any]]:
        """The events (kind, record) that an event is for this schema."""
        if self.schema == "2022-07-01" and kind in _NEWER:
            return []
        if kind in ("function", "extension"):
            return [(kind, record if self._has_objects else _as_text(record))]
        if self.api == TELEMETRY:
            return [(kind, record)]
        return self._told_as_log(kind, record)

    @property
    def _has_objects(self) -> bool:
        """Messages in JSON arrive as objects, from the second schema of the Telemetry API on."""
        return self.api == TELEMETRY and self.schema != "2022-07-01"

    def _told_as_log(self, kind: str, record: dict[str, Any]) -> list[tuple[str, Any]]:
        members = _OF_LOGS.get(kind)
        if members is None or (kind == "platform.runtimeDone" and self.schema == "2020-08-15"):
            return []
        told: list[tuple[str, Any]] = [(kind, {name: record[name] for name in members if name in record})]
        if kind == "platform.report":
            # the older API says that an invocation is over by an event of its own, and what went wrong as a text
            told.insert(0, ("platform.end", {"requestId": record["requestId"]}))
            if record["status"] != "success":
                text = f"RequestId: {record['requestId']} Error Type: {record.get('errorType', record['status'])}"
                told.insert(1, ("platform.fault", text))
        return told


def _as_text(record: Any) -> str:
    return record if isinstance(record, str) else orjson.dumps(record).decode()


def wanted(api: str, body: bytes) -> Wanted:
    """What a request asks for. Raises Invalid, whose text names all that is wrong."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Invalid("the body is no JSON document") from None
    if not isinstance(document, dict):
        raise Invalid("the body is no JSON object")
    wrong: list[str] = []
    schema = document.get("schemaVersion", _SCHEMAS[api][0] if api == LOGS else None)
    if schema not in _SCHEMAS[api]:
        wrong.append(f"schemaVersion must be one of {', '.join(_SCHEMAS[api])}")
    is_tcp, host, port, path = _destination(document.get("destination"), wrong)
    types = _types(document.get("types"), wrong)
    items, size, milliseconds = _buffering(document.get("buffering"), wrong)
    if wrong:
        raise Invalid("; ".join(wrong))
    return Wanted(api, str(schema), types, items, size, milliseconds / 1000, is_tcp, host, port, path)


def _destination(asked: Any, wrong: list[str]) -> tuple[bool, str, int, str]:
    """(whether it is TCP, host, port, path)"""
    nothing = (False, "", 0, "")
    if not isinstance(asked, dict):
        wrong.append("destination is not provided")
        return nothing
    protocol = asked.get("protocol")
    if protocol == "TCP":
        port = asked.get("port") or urlsplit(str(asked.get("URI", ""))).port or 0
        return True, "", _checked_port(port, wrong), ""
    if protocol != "HTTP":
        wrong.append("protocol must be HTTP or TCP")
        return nothing
    try:
        place = urlsplit(str(asked.get("URI", "")))
        port = place.port
    except ValueError:
        wrong.append("URI is invalid")
        return nothing
    if place.scheme != "http" or place.hostname not in _HOSTS:
        wrong.append("URI must be http://sandbox.localdomain:<port>/<path>")
        return nothing
    return False, place.netloc, _checked_port(port, wrong), place.path or "/"


def _checked_port(port: Any, wrong: list[str]) -> int:
    if not isinstance(port, int) or not 0 < port < 65536:
        wrong.append("URI port is not provided")
        return 0
    if port == _RESERVED_PORT:
        wrong.append(f"port {_RESERVED_PORT} is reserved")
    return port


def _types(asked: Any, wrong: list[str]) -> tuple[str, ...]:
    if not isinstance(asked, list) or not asked:
        wrong.append("types should not be empty")
        return ()
    wrong.extend(f"type {each} is not supported" for each in asked if each not in _TYPES)
    return tuple(dict.fromkeys(map(str, asked)))


def _buffering(asked: Any, wrong: list[str]) -> list[int]:
    """The numbers in the order of their table."""
    asked = asked if isinstance(asked, dict) else {}
    found = []
    for name, (least, usual, most) in _BUFFERING.items():
        value = asked.get(name, usual)
        if not isinstance(value, int) or not least <= value <= most:
            wrong.append(f"buffering {name} must be between {least} and {most}")
            value = usual
        found.append(value)
    return found
