"""Segment documents: what is refused, and what of them is kept.

https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from fogbank.services.xray import limits

Document = dict[str, Any]

_ID = re.compile(r"[0-9a-fA-F]{16}")
_TRACE_ID = re.compile(r"1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}")
_NAME = re.compile(r"[\w\s.:/%&#=+\\\-@$~()*?!,'\[\]{}<>|;]{1,200}")
_ANNOTATION = re.compile(r"[A-Za-z0-9_.\-]{1,500}")
_STRING = 1000
_LAST_MOMENT = 1e10
"""Whose nanoseconds are an integer of 64 bits still."""
DEEPEST = 100
"""So deep may subsegments lie in each other."""


class Refused(Exception):
    """`code` is the error code of an unprocessed segment; `id` that of the segment, where it can be told."""

    def __init__(self, code: str, id: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.id = id


def read(text: str) -> list[Document]:
    """The segments and subsegments in a document: one, or those of an array. Raises Refused."""
    if len(text.encode()) > limits.DOCUMENT_BYTES:
        raise Refused("SegmentTooLarge", _id_in(text))
    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Refused("ParseError", _id_in(text)) from None
    if _is_deep(parsed):
        raise Refused("ParseError", _id_in(text))
    found = parsed if isinstance(parsed, list) and parsed else [parsed]
    return [_whole(document if isinstance(document, dict) else {}) for document in found]


def _is_deep(parsed: Any) -> bool:
    """Does it nest more deeply than can be written again?"""
    try:
        orjson.dumps(parsed)
    except orjson.JSONEncodeError:
        return True
    return False


def _id_in(text: str) -> str | None:
    found = re.search(r'"id"\s*:\s*"([0-9a-fA-F]{16})"', text)
    return found and found[1]


def _whole(given: Document) -> Document:
    """A document that is sent by itself."""
    _require(given, "id", "MissingId", "InvalidId", lambda value: isinstance(value, str) and _ID.fullmatch(value))
    _require(
        given,
        "trace_id",
        "MissingTraceId",
        "InvalidTraceId",
        lambda value: isinstance(value, str) and _TRACE_ID.fullmatch(value),
    )
    _require_entity(given, given["id"])
    if given.get("type") == "subsegment" and given.get("parent_id") is None:
        raise Refused("MissingParentId", given["id"])
    return _cleaned(given)


def _require(given: Document, member: str, missing: str, invalid: str, holds: Callable[[Any], Any]) -> None:
    value = given.get(member)
    if value is None:
        raise Refused(missing, given.get("id") if isinstance(given.get("id"), str) else None)
    if not holds(value):
        raise Refused(invalid, given["id"] if isinstance(given.get("id"), str) else None)


def _require_entity(given: Any, segment: str, depth: int = 0) -> None:
    """What a segment and a subsegment have to have. `segment` is the id that is told."""
    if not isinstance(given, dict) or depth > DEEPEST:
        raise Refused("InvalidSubsegment", segment)
    checks: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
        ("id", "Id", lambda value: isinstance(value, str) and _ID.fullmatch(value)),
        ("name", "Name", lambda value: isinstance(value, str) and _NAME.fullmatch(value)),
        ("start_time", "StartTime", _is_moment),
    )
    for member, noun, holds in checks:
        if given.get(member) is None:
            raise Refused(f"Missing{noun}", segment)
        if not holds(given[member]):
            raise Refused(f"Invalid{noun}", segment)
    end = given.get("end_time")
    if end is None and given.get("in_progress") is not True:
        raise Refused("MissingEndTime", segment)
    if end is not None and (not _is_moment(end) or end < given["start_time"]):
        raise Refused("InvalidEndTime", segment)
    parent = given.get("parent_id")
    if parent is not None and not (isinstance(parent, str) and _ID.fullmatch(parent)):
        raise Refused("InvalidParentId", segment)
    below = given.get("subsegments")
    if below is not None and not isinstance(below, list):
        raise Refused("InvalidSubsegment", segment)
    for each in below or ():
        _require_entity(each, segment, depth + 1)


def _is_moment(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LAST_MOMENT


# -- what is kept: "removing data that doesn't comply with the segment document schema"


def _of(*kinds: type) -> Callable[[Any], Any]:
    def kept(value: Any) -> Any:
        is_wrong = not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)
        return None if is_wrong else value

    return kept


def _annotations(value: Any) -> Document | None:
    if not isinstance(value, dict):
        return None
    return {
        key: item[:_STRING] if isinstance(item, str) else item
        for key, item in value.items()
        if _ANNOTATION.fullmatch(key) and isinstance(item, str | int | float | bool)
    }


def _http(value: Any) -> Document | None:
    """Request and response, of which only plain values are known."""
    halves = {name: _members(value, name, str, int) for name in ("request", "response")}
    return {name: half for name, half in halves.items() if half} or None


def _members(value: Any, name: str, *kinds: type) -> Document:
    """The members of a member that are of some types."""
    found = value.get(name) if isinstance(value, dict) else None
    return {key: each for key, each in found.items() if isinstance(each, kinds)} if isinstance(found, dict) else {}


def _cause(value: Any) -> str | Document | None:
    if not isinstance(value, dict):
        return value if isinstance(value, str) else None
    listed = value.get("exceptions")
    if not isinstance(listed, list):
        return {key: each for key, each in value.items() if key != "exceptions"}
    raised = [
        {key: each for key, each in one.items() if key not in ("type", "message") or isinstance(each, str)}
        for one in listed
        if isinstance(one, dict)
    ]
    return {**value, "exceptions": raised}


_KEPT: dict[str, Callable[[Any], Any]] = {
    "id": _of(str),
    "trace_id": _of(str),
    "parent_id": _of(str),
    "name": _of(str),
    "type": lambda value: value if value == "subsegment" else None,
    "start_time": _of(int, float),
    "end_time": _of(int, float),
    "in_progress": _of(bool),
    "service": _of(dict),
    "user": _of(str),
    "origin": _of(str),
    "resource_arn": _of(str),
    "namespace": lambda value: value if value in ("aws", "remote") else None,
    "traced": _of(bool),
    "precursor_ids": _of(list),
    "http": _http,
    "aws": _of(dict),
    "sql": _of(dict),
    "error": _of(bool),
    "throttle": _of(bool),
    "fault": _of(bool),
    "cause": _cause,
    "annotations": _annotations,
    "metadata": _of(dict),
    "links": _of(list),
    "subsegments": lambda value: [_cleaned(each) for each in value] if isinstance(value, list) else None,
}


def _cleaned(given: Document) -> Document:
    """The members that the schema has, and that are of its types. An entity that has ended is not in progress."""
    kept = {name: keep(given[name]) for name, keep in _KEPT.items() if given.get(name) is not None}
    if kept.get("end_time") is not None:
        kept.pop("in_progress", None)
    return {name: value for name, value in kept.items() if value is not None}


# -- looking at them


def walk(entity: Document) -> Iterator[Document]:
    """The entity and all subsegments below it, in order."""
    waiting = [entity]
    while waiting:
        each = waiting.pop()
        yield each
        waiting.extend(reversed(each.get("subsegments") or ()))


def duration(entity: Document) -> float | None:
    """In seconds; None while it is in progress."""
    return None if "end_time" not in entity else max(round(entity["end_time"] - entity["start_time"], 6), 0.0)


def status(entity: Document) -> int | None:
    found = ((entity.get("http") or {}).get("response") or {}).get("status")
    return found if isinstance(found, int) else None


def exceptions(entity: Document) -> list[Document]:
    cause = entity.get("cause")
    return list(cause.get("exceptions") or ()) if isinstance(cause, dict) else []
