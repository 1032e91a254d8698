"""The protocols whose operations are named by the request and whose parameters are all in its body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any
from zlib import crc32

import orjson

from fogbank.http import Request, Response
from fogbank.kernel.errors import AWSError
from fogbank.protocols import cbor
from fogbank.protocols.codec import Codec, Headers
from fogbank.protocols.errors import CRC32_SERVICES
from fogbank.protocols.eventstream import CONTENT_TYPE as EVENT_STREAM
from fogbank.protocols.eventstream import EventReader, EventWriter
from fogbank.protocols.forms import fields, tree
from fogbank.protocols.json_values import parse_json
from fogbank.protocols.model import Shape
from fogbank.protocols.scalars import BadValue
from fogbank.protocols.xml_values import DECLARATION, Append

Read = Callable[[bytes], Any]
Write = Callable[[Any], bytes]


class DocumentCodec(Codec):
    """What JSON and CBOR share: one document each way, or an event stream whose first message it is."""

    content_type: str

    def reader(self, shape: Shape | None) -> Read:
        """From a document to a value of a shape, raising BadValue; of no shape: an empty structure."""
        raise NotImplementedError

    def writer(self, shape: Shape) -> Write:
        """From a value of a shape to a document."""
        raise NotImplementedError

    def headers(self, content_type: str, request_id: str) -> Headers:
        return [("Content-Type", content_type), ("x-amzn-RequestId", request_id)]

    @cached_property
    def _read(self) -> Read:
        return self.reader(self.operation.input_shape)

    @cached_property
    def _write(self) -> Write | None:
        shape = self.operation.output_shape
        return self.writer(shape) if shape else None

    @cached_property
    def _events(self) -> EventWriter | None:
        name, shape = self.operation.event_output, self.operation.output_shape
        return EventWriter(shape.members[name], self.content_type, self._write_event) if name and shape else None

    def read(self, request: Request, uri: Mapping[str, str]) -> dict[str, Any]:
        name, shape = self.operation.event_input, self.operation.input_shape
        if name is not None and shape is not None:
            events = EventReader(shape.members[name], lambda shape, body: self.reader(shape)(body))
            return {name: events.events(request.payload)}
        body = self.body(request)
        return self._read(body) if body else {}

    def serialize(self, result: dict[str, Any], request_id: str) -> Response:
        if self._write is None:
            return Response(200, self.headers(self.content_type, request_id))
        document = self._write(result)
        if self._events is None:
            return Response(200, self.headers(self.content_type, request_id), document)
        events = result.get(self.operation.event_output or "")
        body = self._events.body(events, self._events.initial(document))
        return Response(200, self.headers(EVENT_STREAM, request_id), body)

    def _write_event(self, shape: Shape, value: Any) -> bytes:
        return self.writer(shape)(value)


class JsonCodec(DocumentCodec):
    """AWS JSON 1.0 and 1.1."""

    @cached_property
    def content_type(self) -> str:  # type: ignore[override]
        return f"application/x-amz-json-{self.tools.model.metadata.get('jsonVersion', '1.0')}"

    @cached_property
    def _decode(self) -> Read:
        shape = self.operation.input_shape
        return self.tools.types.decoder(shape) if shape else lambda body: {}

    @cached_property
    def _finish(self) -> Callable[[Any], Any] | None:
        shape = self.operation.input_shape
        return self.tools.finisher.closure(shape) if shape else None

    @cached_property
    def _validates(self) -> bool:
        shape = self.operation.input_shape
        return shape is None or self.tools.types.validates(shape)

    def read(self, request: Request, uri: Mapping[str, str]) -> dict[str, Any]:
        """Read fast by msgspec, which validates; what it refuses is read again, slowly and in AWS's words."""
        if self.operation.event_input is not None:
            return super().read(request, uri)
        body = self.body(request) if self._may_be_compressed else request.payload.data
        try:
            params = self._decode(body or b"{}")
        except (ValueError, RecursionError):
            return super().read(request, uri)
        if self._finish is not None:
            params = self._finish(params)
        if self._validates:
            self._checked = params
        return params

    def reader(self, shape: Shape | None) -> Read:
        read = self.tools.json_reader.closure(shape) if shape else lambda value: {}
        return parse_json if read is None else lambda body: read(parse_json(body))

    def writer(self, shape: Shape) -> Write:
        convert = self.tools.json_writer.structure(shape)
        return lambda value: orjson.dumps(convert(value))

    @cached_property
    def _convert(self) -> Callable[[Any], Any] | None:
        """From a result to what orjson writes; None where nothing is answered."""
        shape = self.operation.output_shape
        return self.tools.json_writer.structure(shape) if shape else None

    @cached_property
    def _has_crc32(self) -> bool:
        return self.tools.model.service_id in CRC32_SERVICES

    def serialize(self, result: dict[str, Any], request_id: str) -> Response:
        if self._events is not None:
            return super().serialize(result, request_id)
        document = b"" if self._convert is None else orjson.dumps(self._convert(result))
        headers = [("Content-Type", self.content_type), ("x-amzn-RequestId", request_id)]
        if self._has_crc32:
            headers.append(("x-amz-crc32", str(crc32(document))))
        return Response(200, headers, document)


class CborCodec(DocumentCodec):
    """Smithy RPC v2 CBOR."""

    content_type = "application/cbor"

    def headers(self, content_type: str, request_id: str) -> Headers:
        return [*super().headers(content_type, request_id), ("smithy-protocol", "rpc-v2-cbor")]

    def reader(self, shape: Shape | None) -> Read:
        read = self.tools.cbor_reader.closure(shape) if shape else lambda value: {}
        return cbor.loads if read is None else lambda body: read(cbor.loads(body))

    def writer(self, shape: Shape) -> Write:
        return self.tools.cbor_writer.encoder(shape)


class QueryCodec(Codec):
    """AWS query: form fields in, XML with a result wrapper out."""

    @cached_property
    def _read(self) -> Callable[[Any], dict[str, Any]]:
        shape = self.operation.input_shape
        return (self.tools.form_reader.closure(shape) if shape else None) or (lambda node: {})

    def read(self, request: Request, uri: Mapping[str, str]) -> dict[str, Any]:
        pairs = fields(self.body(request).decode("latin-1"))
        if request.query:
            pairs = fields(request.query) + pairs
        params = self._read(tree(pairs))
        if self.tools.model.service_id == "sqs" and request.path != "/" and "QueueUrl" not in params:
            params["QueueUrl"] = request.endpoint + request.path  # SQS's query API is called on the queue's URL
        return params

    def refusal(self, error: BadValue) -> AWSError:
        return AWSError("MalformedInput", error.message, 400)

    @cached_property
    def _contents(self) -> Callable[[Any, Append], None] | None:
        shape = self.operation.output_shape
        return self.tools.xml_writer.contents(shape) if shape else None

    @cached_property
    def _wrapper(self) -> str:
        assert self.operation.output_shape is not None
        return self.operation.output_shape.get("resultWrapper", f"{self.operation.name}Result")

    def serialize(self, result: dict[str, Any], request_id: str) -> Response:
        name = self.operation.name
        parts = [f'<{name}Response xmlns="{self.tools.model.xml_namespace}">']
        if self._contents is not None:
            wrapper = self._wrapper
            parts.append(f"<{wrapper}>")
            self._contents(result, parts.append)
            parts.append(f"</{wrapper}>")
        parts.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>")
        headers = [("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id)]
        return Response(200, headers, "".join(parts).encode())


class QueryJsonCodec(QueryCodec):
    """AWS query, answered in JSON: what its services give to clients that accept JSON rather than XML. Members without a value are null."""

    @cached_property
    def _result(self) -> Callable[[Any], Any] | None:
        shape = self.operation.output_shape
        return self.tools.json_writer.structure(shape) if shape else None

    def serialize(self, result: dict[str, Any], request_id: str) -> Response:
        document: dict[str, Any] = {"ResponseMetadata": {"RequestId": request_id}}
        if self._result is not None:
            members = self.operation.output_shape.members if self.operation.output_shape else {}
            document[self._wrapper] = {**dict.fromkeys(members), **self._result(result)}
        headers = [("Content-Type", "application/json"), ("x-amzn-RequestId", request_id)]
        return Response(200, headers, orjson.dumps({f"{self.operation.name}Response": document}))


class Ec2Codec(QueryCodec):
    """EC2's query: no result wrapper, the request id first."""

    def serialize(self, result: dict[str, Any], request_id: str) -> Response:
        name = self.operation.name
        parts = [f'{DECLARATION}<{name}Response xmlns="{self.tools.model.xml_namespace}/">']
        parts.append(f"<requestId>{request_id}</requestId>")
        if self._contents is not None:
            self._contents(result, parts.append)
        parts.append(f"</{name}Response>")
        headers = [("Content-Type", "text/xml;charset=UTF-8"), ("x-amzn-RequestId", request_id)]
        return Response(200, headers, "".join(parts).encode())


CODECS: dict[str, type[Codec]] = {
    "json": JsonCodec,
    "query": QueryCodec,
    "query-json": QueryJsonCodec,
    "ec2": Ec2Codec,
    "smithy-rpc-v2-cbor": CborCodec,
}
