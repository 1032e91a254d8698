"""Random values of any shape, and the ways a real client (botocore) puts them on the wire and takes them off it."""

from __future__ import annotations

import datetime
import io
import random
import re
from collections.abc import AsyncIterable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize
from botocore.awsrequest import AWSRequest, HeadersDict, prepare_request_dict
from botocore.eventstream import EventStream
from botocore.response import StreamingBody

from fogbank import protocols
from fogbank.http import Payload, Request, Response
from fogbank.protocols import Shape
from fogbank.protocols.patterns import translated
from tests.protocols import regexes

TEXTS = ("plain", "with blank", "a<b>&c\"d'", "änderung", "漢字", "😀", "1.5", "true", "a,b", "x=y&z", "100%", "a+b")
HEADER_TEXTS = ("plain", "with blank", "text/plain; a=b", "1.5", 'W/"x"', "100%", "a+b")
LABEL_TEXTS = ("plain", "with blank", "a+b", "100%", "änderung", "a:b", "x=y&z", "a?b#c", "a;b,c", "~tilde")
HOST_TEXTS = ("abc", "a-b", "x1")
NODE_BUDGET = 120
DEPTH_LIMIT = 10  # only of recursive shapes
AGGREGATES = ("structure", "list", "map")


class Moment(float):
    """Epoch seconds in a generated value: a datetime for botocore, a float for us."""


class Generator:
    """Random values of shapes. Structures are complete at the top and sparser below; the size is bounded."""

    def __init__(self, *seed: object) -> None:
        self.random = random.Random(repr(seed))
        self._budget = NODE_BUDGET

    def structure(self, shape: Shape) -> dict[str, Any]:
        self._budget = NODE_BUDGET
        return self._members(shape, 0)

    def _members(self, shape: Shape, depth: int) -> dict[str, Any]:
        wanted = self._wanted(shape, depth)
        return {name: self.value(member, depth + 1) for name, member in shape.members.items() if name in wanted}

    def _wanted(self, shape: Shape, depth: int) -> set[str]:
        """Which members to have. A member that is the body is always there, and no structure is left empty, since forms and
        XML bodies cannot tell an empty one from none."""
        names = list(shape.members)
        if shape.get("union"):
            return {self.random.choice(names)}
        always = {name for name in names if name in shape.required or shape.members[name].location == "statusCode"}
        always |= {shape.payload} if shape.payload else set()
        chance = 0.85 if depth == 0 else 0.5 if depth < 3 and self._budget > 0 else 0.0
        wanted = always | {name for name in names if self.random.random() < chance}
        if wanted or depth > DEPTH_LIMIT:
            return wanted
        return set(sorted(names, key=lambda name: shape.members[name].type in AGGREGATES)[:1])

    def value(self, shape: Shape, depth: int) -> Any:
        self._budget -= 1
        if shape.is_document:
            return {"a": [1, "x", None], "b": {"c": True}}
        if shape.type == "structure":
            return self.events(shape) if shape.is_event_stream else self._members(shape, depth)
        if shape.type == "list":
            return [self.value(shape.member, depth + 1) for _ in range(self._count(depth))]
        if shape.type == "map":
            keys = [self.value(shape.key, depth + 1) for _ in range(self._count(depth))]
            return {key: self.value(shape.value, depth + 1) for key in keys}
        return getattr(self, f"_{shape.type}")(shape)

    def events(self, union: Shape) -> list[dict[str, Any]]:
        """One event of each kind."""
        kinds = {name: shape for name, shape in union.members.items() if not shape.get("exception")}
        return [{name: self._members(shape, 1)} for name, shape in kinds.items()]

    def _count(self, depth: int) -> int:
        return 1 if depth > 4 or self._budget < 0 else self.random.randint(1, 2)

    def _string(self, shape: Shape) -> Any:
        if shape.get("enum"):
            return self.random.choice(shape.get("enum"))
        if shape.get("jsonvalue"):
            return {"json": [1, "two"]} if shape.location == "header" else '{"json": [1]}'
        if shape.get("hostLabel"):
            return self.random.choice(HOST_TEXTS)
        if shape.location == "uri":
            return self.random.choice(LABEL_TEXTS)
        return self.random.choice(HEADER_TEXTS if shape.location in ("header", "headers") else TEXTS)

    _character = _string

    def _integer(self, shape: Shape) -> int:
        if shape.location == "statusCode":
            return self.random.choice((200, 202, 299))
        low = max(int(shape.get("min", 0)), -(2**31))
        return self.random.randint(low, max(low, min(int(shape.get("max", 2**31 - 1)), 2**31 - 1)))

    def _long(self, shape: Shape) -> int:
        low = int(shape.get("min", 0))
        return self.random.randint(low, max(low, min(int(shape.get("max", 2**53)), 2**53)))

    def _float(self, shape: Shape) -> float:
        return self.random.choice((0.5, 1.25, 17.0, -3.75))

    _double = _float

    def _boolean(self, shape: Shape) -> bool:
        return self.random.random() < 0.5

    def _blob(self, shape: Shape) -> bytes:
        return self.random.choice((b"bytes", b"\x00\xff\x80binary", b"{}"))

    def _timestamp(self, shape: Shape) -> Moment:
        seconds = self.random.randint(1_000_000_000, 2_000_000_000)
        whole = shape.location == "header" or shape.get("timestampFormat") == "rfc822"
        return Moment(seconds if whole else seconds + self.random.choice((0.0, 0.25, 0.5)))


def for_boto(value: Any) -> Any:
    """A generated value as a boto3 user writes it."""
    if isinstance(value, Moment):
        return datetime.datetime.fromtimestamp(value, datetime.UTC)
    if isinstance(value, dict):
        return {key: for_boto(item) for key, item in value.items()}
    return [for_boto(item) for item in value] if isinstance(value, list) else value


def comparable(value: Any) -> Any:
    """A value, generated or parsed, with times as epoch seconds, streams read, and without empty structures inside."""
    if isinstance(value, datetime.datetime):
        return round(value.timestamp(), 3)
    if isinstance(value, Payload):
        return value.data
    if isinstance(value, StreamingBody):
        return value.read()
    if isinstance(value, dict):
        items = {key: comparable(item) for key, item in value.items() if key != "ResponseMetadata"}
        return {key: item for key, item in items.items() if item != {}}
    if isinstance(value, list | EventStream):
        return [comparable(item) for item in value]
    return float(value) if isinstance(value, Moment) else value


@lru_cache(maxsize=4)
def boto_model(service_id: str, protocol: str) -> botocore.model.ServiceModel:
    """botocore's own model; for the query protocol of a service whose model has only newer names, one with the older names."""
    description = botocore.loaders.Loader().load_service_model(service_id, "service-2")  # which would keep all it loads
    model = protocols.load(service_id)
    if protocol == "query" and model.as_query is not model:
        metadata = description["metadata"] | {"protocol": "query", "protocols": ["query"]}
        operations = {name: _with_result_wrapper(operation) for name, operation in description["operations"].items()}
        description = {"metadata": metadata, "operations": operations, "shapes": model.as_query.shapes}
    return botocore.model.ServiceModel(description, service_id)


def _with_result_wrapper(operation: dict[str, Any]) -> dict[str, Any]:
    output = operation.get("output")
    return operation | {"output": output | {"resultWrapper": f"{operation['name']}Result"}} if output else operation


def boto_request(operation: botocore.model.OperationModel, protocol: str, params: dict[str, Any]) -> Request:
    """The HTTP request that botocore sends for these parameters."""
    serializer = botocore.serialize.create_serializer(protocol, include_validation=False)
    request_dict = serializer.serialize_to_request(for_boto(params), operation)
    prepare_request_dict(request_dict, "http://localhost:4566", context={})
    prepared = AWSRequest(
        method=request_dict["method"],
        url=request_dict["url"],
        data=request_dict["body"],
        headers=request_dict["headers"],
    ).prepare()
    url = urlsplit(prepared.url)
    body = prepared.body or b""
    headers = {
        name.lower(): value if isinstance(value, str) else value.decode() for name, value in prepared.headers.items()
    }
    data = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else body.read()
    return Request(prepared.method, url.path or "/", url.query, headers, Payload(data))


def boto_parsed(operation: botocore.model.OperationModel, protocol: str, response: Response) -> Any:
    """What botocore makes of our response."""
    headers = HeadersDict()
    for name, value in response.headers:
        headers[name] = value
    body: Any = response.body
    if operation.has_event_stream_output:
        body = RawStream(body)
    elif operation.has_streaming_output:
        body = StreamingBody(io.BytesIO(body), len(body))
    parser = botocore.parsers.create_parser(protocol)
    fields = {
        "status_code": response.status,
        "headers": headers,
        "body": body,
        "context": {"operation_name": operation.name},
    }
    return parser.parse(fields, operation.output_shape)


class RawStream:
    """What botocore's EventStream wants of an HTTP response."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> list[bytes]:
        return [self._body[at : at + 100] for at in range(0, len(self._body), 100)]

    def close(self) -> None:
        pass


async def collect(events: AsyncIterable[Any]) -> list[Any]:
    return [event async for event in events]


class NoSample(Exception):
    """No value was found that meets the model's constraints."""


class ValidGenerator(Generator):
    """Random values that meet every constraint of the model. Raises NoSample."""

    def value(self, shape: Shape, depth: int) -> Any:
        value = super().value(shape, depth)
        if shape.type in ("list", "map"):
            return self._sized(shape, value, depth)
        return value

    def _sized(self, shape: Shape, value: Any, depth: int) -> Any:
        """A collection brought within its bounds."""
        low, high = shape.get("min", 0), shape.get("max", 10**9)
        for _ in range(20 * low):
            if len(value) >= low:
                break
            if shape.type == "list":
                value.append(self.value(shape.member, depth + 1))
            else:
                value[self.value(shape.key, depth + 1)] = self.value(shape.value, depth + 1)
        if not low <= len(value):
            raise NoSample(shape.name)
        return value[:high] if shape.type == "list" else dict(list(value.items())[:high])

    def _string(self, shape: Shape) -> Any:
        if shape.get("enum") or shape.get("jsonvalue"):
            return super()._string(shape)
        low, high = shape.get("min", 0), shape.get("max", 10**9)
        if low > 100_000:
            raise NoSample(shape.name)
        pattern = shape.get("pattern")
        for attempt in range(60):
            text = self._candidate(shape, pattern, low, high, attempt)
            if low <= len(text) <= high and _is_plain(text, shape) and (not pattern or _matches(pattern, text)):
                return text
        raise NoSample(shape.name)

    def _candidate(self, shape: Shape, pattern: str | None, low: int, high: int, attempt: int) -> str:
        if not pattern:
            text = super()._string(shape)[:high]
            return text + "x" * (low - len(text))
        try:
            return regexes.sample(translated(pattern), self.random, max(2, low, attempt % 12))
        except (regexes.Unsupported, KeyError, re.error) as error:
            raise NoSample(shape.name) from error

    def _float(self, shape: Shape) -> float:
        low = shape.get("min", -1e6)
        return float(max(low, min(shape.get("max", 1e6), 0.5)))

    _double = _float

    def _blob(self, shape: Shape) -> bytes:
        low, high = shape.get("min", 0), shape.get("max", 10**9)
        if low > 100_000:
            raise NoSample(shape.name)
        data = super()._blob(shape)[:high]
        return data + b"x" * (low - len(data))


def _matches(pattern: str, text: str) -> bool:
    return re.compile(translated(pattern)).search(text) is not None


def _is_plain(text: str, shape: Shape) -> bool:
    """Can the text travel where its member does?"""
    if any("\ud800" <= character <= "\udfff" for character in text):
        return False
    if shape.location in ("header", "headers"):
        return text.isascii() and text.isprintable() and text == text.strip() and bool(text)
    return shape.location != "uri" or (bool(text.strip("./")) and text.isprintable() and "//" not in text)
