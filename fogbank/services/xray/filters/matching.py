"""Does a trace fit a filter expression? Simple keywords look at the trace as a whole, that is: at its root."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from fogbank.services.xray import root_causes
from fogbank.services.xray.documents import Document, duration, walk
from fogbank.services.xray.filters.nodes import (
    Annotation,
    Every,
    Group,
    Id,
    Node,
    Not,
    OfEdge,
    OfService,
    RootCause,
    RootCauseJson,
    Some,
    Test,
    Value,
)
from fogbank.services.xray.filters.parsing import BOOLEANS, NUMBERS
from fogbank.services.xray.summaries import http, indexed, on_instance, resource_arns
from fogbank.services.xray.traces import Segment, Service, Trace

Groups = Mapping[tuple[str, str], Node | None]
"""The filters of groups, by (`name`, its name) and (`arn`, its ARN)."""

_HTTP = {
    "http.url": "HttpURL",
    "http.method": "HttpMethod",
    "http.useragent": "UserAgent",
    "http.clientip": "ClientIp",
    "http.status": "HttpStatus",
}


def matches(node: Node, trace: Trace, groups: Groups) -> bool:
    match node:
        case Every(parts):
            return all(matches(part, trace, groups) for part in parts)
        case Some(parts):
            return any(matches(part, trace, groups) for part in parts)
        case Not(part):
            return not matches(part, trace, groups)
        case Test():
            return _test(node, _of_trace(trace))
        case Annotation(key, sign, value):
            own = (segment for segment in trace.segments if not segment.is_inferred)
            found = [given for name, given, _ in indexed(own) if name == key]
            return _annotated(found, sign, value)
        case Group(member, value):
            wanted = groups.get((member, value))
            # a filter that names its own group, or one that there is not, fits nothing
            return wanted is not None and matches(wanted, trace, {**groups, (member, value): None})
        case OfService(wanted_id, wanted):
            found_segments = (each for each in trace.segments if is_of(wanted_id, each.service))
            return any(wanted is None or _inside(wanted, _of_segment(each, trace)) for each in found_segments)
        case OfEdge(source, target, wanted):
            return any(
                wanted is None or _inside(wanted, _of_call(call.via, call.target, trace))
                for call in trace.calls
                if is_of(source, call.source.service) and is_of(target, call.target.service)
            )
        case RootCause(cause, kind, wanted):
            return any(_inside(wanted, each) for each in _elements(trace, cause, kind))
        case RootCauseJson(patterns):
            causes = [each for cause in ("fault", "error", "responsetime") for each in _causes(trace, cause)]
            return all(any(_fits(pattern, cause) for cause in causes) for pattern in patterns)
    return False


def is_of(wanted: Id, service: Service) -> bool:
    """Is it the service that is asked for?"""
    pairs = ((wanted.name, service.name), (wanted.type, service.type), (wanted.account, service.account))
    return all(given is None or given == found for given, found in pairs)


def _annotated(found: list[Any], sign: str, value: Value) -> bool:
    """A value of another type does not compare; a truth value alone is its own answer."""
    if not sign:
        return any(each is not False for each in found)
    return any(_compare(sign, each, value) for each in found if _alike(each, value))


def _alike(found: Any, value: Value) -> bool:
    if isinstance(found, bool) or isinstance(value, bool):
        return isinstance(found, bool) and isinstance(value, bool)
    return isinstance(found, str) == isinstance(value, str)


# -- what keywords say


class _Subject(NamedTuple):
    """What is asked: the flags that are set, the numbers and the texts that there are."""

    flags: frozenset[str]
    numbers: Callable[[str], float | None]
    texts: Callable[[str], Iterable[str | None]]


def _flags(entity: Document) -> set[str]:
    found = {flag for flag in ("error", "throttle", "fault") if entity.get(flag) is True}
    return found or {"ok"}


def _numbers(entity: Document) -> Callable[[str], float | None]:
    def number(keyword: str) -> float | None:
        if keyword == "http.status":
            return http(entity)["HttpStatus"]  # type: ignore[no-any-return]
        return duration(entity) if keyword in ("responsetime", "duration") else None

    return number


def _of_trace(trace: Trace) -> _Subject:
    root = trace.root.document if trace.root is not None else {"start_time": 0}
    flags = _flags(root) | ({"partial"} if trace.is_partial else set()) | {"root"}
    if any(segment.document.get("throttle") is True for segment in trace.segments):
        flags = (flags | {"throttle"}) - {"ok"}
    if any(segment.is_inferred for segment in trace.segments):
        flags.add("inferred")
    numbers = _numbers(root)

    def number(keyword: str) -> float | None:
        return trace.end - trace.start if keyword == "duration" else numbers(keyword)

    def texts(keyword: str) -> Iterable[str | None]:
        return [http(root)[_HTTP[keyword]]] if keyword in _HTTP else _texts(trace.segments, keyword)

    return _Subject(frozenset(flags), number, texts)


def _of_segment(segment: Segment, trace: Trace) -> _Subject:
    return _of_call(segment.document, segment, trace)


def _of_call(entity: Document, segment: Segment, trace: Trace) -> _Subject:
    """A segment, or the call that led to it: `entity` says how that went."""
    flags = _flags(entity)
    if any(each.get("in_progress") is True for each in walk(segment.document)):
        flags.add("partial")
    if segment.is_inferred:
        flags.add("inferred")
    if segment in trace.roots:
        flags.add("root")
    if entity.get("namespace") is not None:
        flags.add("remote")

    def texts(keyword: str) -> Iterable[str | None]:
        return [http(entity)[_HTTP[keyword]]] if keyword in _HTTP else _texts([segment], keyword)

    return _Subject(frozenset(flags), _numbers(entity), texts)


def _texts(segments: list[Segment], keyword: str) -> Iterable[str | None]:
    match keyword:
        case "user":
            return [segment.document.get("user") for segment in segments]
        case "name":
            return [segment.service.name for segment in segments]
        case "type":
            return [segment.service.type for segment in segments]
        case "availabilityzone":
            return on_instance(segments, "availability_zone")
        case "instance.id":
            return on_instance(segments, "instance_id")
        case "resource.arn":
            return resource_arns(segments)
    return []


# -- comparing


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "contains": lambda found, value: value in found,
    "beginswith": lambda found, value: found.startswith(value),
    "endswith": lambda found, value: found.endswith(value),
}


def _compare(sign: str, found: Any, value: Any) -> bool:
    if sign in ("contains", "beginswith", "endswith") and not (isinstance(found, str) and isinstance(value, str)):
        return False
    return _ORDER[sign](found, value)


def _test(test: Test, subject: _Subject) -> bool:
    keyword, sign, value = test
    if keyword in BOOLEANS:
        return (keyword in subject.flags) == (value if sign != "!=" else not value)
    if keyword in NUMBERS:
        number = subject.numbers(keyword)
        return number is not None and (not sign or _compare(sign, number, value))
    found = [each for each in subject.texts(keyword) if each is not None]
    if sign == "!=":
        return bool(found) and all(each != value for each in found)
    return any(not sign or _compare(sign, each, value) for each in found)


def _inside(node: Node, subject: _Subject) -> bool:
    """Braces hold simple conditions only."""
    match node:
        case Every(parts):
            return all(_inside(part, subject) for part in parts)
        case Some(parts):
            return any(_inside(part, subject) for part in parts)
        case Not(part):
            return not _inside(part, subject)
        case Test():
            return _test(node, subject)
    return False


# -- root causes


def _causes(trace: Trace, cause: str) -> list[dict[str, Any]]:
    if cause == "responsetime":
        return root_causes.of_response_time(trace)
    return root_causes.of_flag(trace, "fault" if cause == "fault" else "error")


def _elements(trace: Trace, cause: str, kind: str) -> list[_Subject]:
    """The services, entities or exceptions of root causes, each of which knows its place in its list."""
    found: list[_Subject] = []
    for each in _causes(trace, cause):
        listed: list[dict[str, Any]] = each["Services"]
        if kind != "service":
            listed = [entity for service in listed for entity in service["EntityPath"]]
        if kind == "exception":
            listed = [raised for entity in listed for raised in entity.get("Exceptions", ())]
        found += [_element(item, index, len(listed)) for index, item in enumerate(listed)]
    return found


def _element(item: dict[str, Any], index: int, count: int) -> _Subject:
    flags = {
        "first": index == 0,
        "last": index == count - 1,
        "remote": item.get("Remote"),
        "inferred": item.get("Inferred"),
    }
    numbers = {"index": float(index), "coverage": item.get("Coverage")}
    texts = {"name": item.get("Name"), "type": item.get("Type"), "message": item.get("Message")}
    return _Subject(
        frozenset(flag for flag, is_set in flags.items() if is_set), numbers.get, lambda keyword: [texts.get(keyword)]
    )


def _fits(pattern: Any, value: Any) -> bool:
    """Is everything that the pattern has as it says? What it leaves out may be anything."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(_fits(each, value.get(key)) for key, each in pattern.items())
    if isinstance(pattern, list):
        same_length = isinstance(value, list) and len(pattern) == len(value)
        return same_length and all(_fits(each, given) for each, given in zip(pattern, value, strict=True))
    return bool(pattern == value)
