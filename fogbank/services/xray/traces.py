"""Traces: the segments of one request put together, those that are only inferred, and who called whom.

Pure: documents in, a Trace out. What a service is called in graphs, and what is inferred, follows
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-gettingdata.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from fogbank.services.xray.documents import DEEPEST, Document, walk

CLIENT = "client"
REMOTE = "remote"


class Service(NamedTuple):
    """A node of graphs. `type` is an origin (`AWS::EC2::Instance`), `remote`, `client`, or None."""

    name: str
    type: str | None = None
    account: str | None = None

    @property
    def shown(self) -> dict[str, Any]:
        return {"Name": self.name, "Names": [self.name], "AccountId": self.account, "Type": self.type}


class Segment(NamedTuple):
    """A segment as X-Ray compiled it. `is_inferred`: made of the subsegment of who called; `is_told`: the full trace has it."""

    document: Document
    service: Service
    is_inferred: bool = False
    is_told: bool = True

    @property
    def id(self) -> str:
        return str(self.document["id"])


class Call(NamedTuple):
    """`via` is the entity that called: a subsegment, or the segment that was called, where that has no other."""

    source: Segment
    target: Segment
    via: Document


class Trace(NamedTuple):
    """`roots` are the segments that nobody in the trace has called, the first one first. `strays` are subsegments without a parent."""

    id: str
    segments: list[Segment]
    calls: list[Call]
    roots: list[Segment]
    strays: list[Document]

    @property
    def start(self) -> float:
        return min(float(each["start_time"]) for each in self._all)

    @property
    def end(self) -> float:
        return max(float(each.get("end_time") or each["start_time"]) for each in self._all)

    @property
    def _all(self) -> list[Document]:
        return [*(segment.document for segment in self.segments), *self.strays]

    @property
    def root(self) -> Segment | None:
        return self.roots[0] if self.roots else None

    @property
    def is_partial(self) -> bool:
        return any(entity.get("in_progress") is True for segment in self.segments for entity in walk(segment.document))

    def called_by(self, segment: Segment) -> list[Call]:
        return [call for call in self.calls if call.source.id == segment.id]


def compiled(trace_id: str, documents: Iterable[Document], account: str) -> Trace:
    """Put the documents of a trace together. They become parts of the trace, and are changed on the way."""
    given = sorted(documents, key=lambda each: (each["start_time"], each["id"]))
    sent = [each for each in given if each.get("type") != "subsegment"]
    strays = _attach(sent, [each for each in given if each.get("type") == "subsegment"])
    segments = [_segment(each, account) for each in sent]
    calls, roots = _calls(segments)
    for segment in list(segments):
        for call in _inferred(segment, calls, account):
            segments.append(call.target)
            calls.append(call)
    return Trace(trace_id, segments, calls, roots, strays)


def _attach(segments: list[Document], loose: list[Document]) -> list[Document]:
    """Put subsegments that were sent by themselves where they belong. Returns those that belong to nothing that is there."""
    waiting: dict[str, list[Document]] = {}
    for subsegment in loose:
        waiting.setdefault(subsegment["parent_id"], []).append(subsegment)
    entities = [(document, 0) for document in segments]
    while entities and waiting:
        entity, depth = entities.pop()
        if depth < DEEPEST:
            for subsegment in waiting.pop(entity["id"], ()):
                _adopt(entity, subsegment)
        entities.extend((each, depth + 1) for each in entity.get("subsegments") or ())
    return [subsegment for siblings in waiting.values() for subsegment in siblings]


def _adopt(parent: Document, subsegment: Document) -> None:
    """What is embedded there already is replaced."""
    siblings = [each for each in parent.get("subsegments") or () if each["id"] != subsegment["id"]]
    for member in ("trace_id", "parent_id", "type"):
        del subsegment[member]
    parent["subsegments"] = [*siblings, subsegment]


def _segment(document: Document, account: str) -> Segment:
    owner = (document.get("aws") or {}).get("account_id")
    return Segment(document, Service(document["name"], document.get("origin"), str(owner or account)))


def _calls(segments: list[Segment]) -> tuple[list[Call], list[Segment]]:
    """(calls between segments that were sent, segments that none of them has called)"""
    owners = {entity["id"]: (segment, entity) for segment in segments for entity in walk(segment.document)}
    calls, roots = [], []
    for segment in segments:
        source, via = owners.get(segment.document.get("parent_id"), (None, None))
        if source is None or via is None or source is segment:
            roots.append(segment)
        else:
            calls.append(Call(source, segment, segment.document if via is source.document else via))
    return calls, roots


# -- what is inferred


def _inferred(segment: Segment, calls: list[Call], account: str) -> list[Call]:
    """Calls of services that did not send segments themselves."""
    answered = {call.via["id"] for call in calls}
    return [
        Call(segment, _of_call(entity, segment, account), entity)
        for entity in walk(segment.document)
        if entity.get("namespace") in ("aws", "remote") and entity["id"] not in answered
    ]


_COPIED = ("name", "start_time", "end_time", "in_progress", "http", "aws", "sql", "error", "throttle", "fault", "cause")


def _of_call(entity: Document, source: Segment, account: str) -> Segment:
    service, is_told = _service_called(entity, account)
    document = {
        "id": hashlib.sha256(entity["id"].encode()).hexdigest()[:16],
        **{name: entity[name] for name in _COPIED if name in entity},
        "parent_id": entity["id"],
        "inferred": True,
        "trace_id": source.document["trace_id"],
    }
    if service.type not in (None, REMOTE):
        document["origin"] = service.type
    return Segment(document, service, True, is_told)


# As SDKs call the service, in lower case and without blanks: (as X-Ray does, the member of `aws` that names its resource, that one's type).
_RESOURCES = {
    "dynamodb": ("DynamoDB", "table_name", "Table"),
    "sqs": ("SQS", "queue_url", "Queue"),
    "s3": ("S3", "bucket_name", "Bucket"),
    "kinesis": ("Kinesis", "stream_name", "Stream"),
    "lambda": ("Lambda", "function_name", ""),
    "sns": ("SNS", "", ""),
    "secretsmanager": ("SecretsManager", "", ""),
    "ssm": ("SSM", "", ""),
    "kms": ("KMS", "", ""),
    "sts": ("STS", "", ""),
    "events": ("Events", "", ""),
    "states": ("StepFunctions", "", ""),
}


def _service_called(entity: Document, account: str) -> tuple[Service, bool]:
    """(who was called, whether that is a service at all as far as can be told)"""
    name = entity["name"]
    if entity["namespace"] == REMOTE:
        return Service(name, "Database::SQL" if "sql" in entity else REMOTE), True
    key = name.lower().replace(" ", "").replace("-", "")
    official, member, kind = _RESOURCES.get(key, (name.replace(" ", ""), "", ""))
    aws = entity.get("aws") or {}
    resource = str(aws.get(member) or "") if member else ""
    if not resource:
        return Service(name if key not in _RESOURCES else official, f"AWS::{official}", account), key in _known()
    type_name = f"AWS::{official}::{kind}" if kind else f"AWS::{official}"
    return Service(resource, type_name, account), True


@cache
def _known() -> frozenset[str]:
    """The names of AWS's services, as SDKs may spell them."""
    from fogbank import protocols

    prefixes = protocols.index().by_endpoint_prefix
    return frozenset(
        name.lower().replace("-", "") for prefix, names in prefixes.items() for name in (prefix, *names)
    ) | frozenset(_RESOURCES)
