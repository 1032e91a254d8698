"""The codec of an operation in a protocol: requests parsed and checked, responses serialised.

Everything a codec does is compiled from the model on first use and kept; the closures of a shape are shared by all operations
of a service.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import Any

import msgspec
import orjson

from fogbank.http import Request, Response
from fogbank.kernel.errors import AWSError
from fogbank.protocols import cbor, eventstream, s3
from fogbank.protocols.bindings import RequestBindings, ResponseBindings
from fogbank.protocols.errors import CRC32_SERVICES, s3_host_id
from fogbank.protocols.forms import FormReader, fields, tree
from fogbank.protocols.json_types import Finisher, TypeBuilder
from fogbank.protocols.json_values import JsonReader, JsonWriter
from fogbank.protocols.model import OperationModel, ServiceModel, Shape
from fogbank.protocols.scalars import BadValue
from fogbank.protocols.violations import Checker, Violation
from fogbank.protocols.xml_values import DECLARATION, XmlReader, XmlWriter, parse_document

Headers = list[tuple[str, str]]

NO_VIOLATIONS: list[Violation] = []


class Toolbox:
    """The shape compilers of a service, shared by its codecs: made when the first codec asks for one."""

    def __init__(self, model: ServiceModel, documents: frozenset[str], enums: bool) -> None:
        self.model = model
        self.documents = documents
        self.enums = enums

    @cached_property
    def types(self) -> TypeBuilder:
        return TypeBuilder(self.documents, self.enums)

    @cached_property
    def finisher(self) -> Finisher:
        return Finisher(self.documents)

    @cached_property
    def checker(self) -> Checker:
        return Checker(self.documents, self.enums)

    @cached_property
    def json_reader(self) -> JsonReader:
        return JsonReader(self.documents)

    @cached_property
    def json_writer(self) -> JsonWriter:
        return JsonWriter(self.documents)

    @cached_property
    def cbor_reader(self) -> cbor.CborReader:
        return cbor.CborReader(self.documents)

    @cached_property
    def cbor_writer(self) -> cbor.CborWriter:
        return cbor.CborWriter(self.documents)

    @cached_property
    def xml_reader(self) -> XmlReader:
        return XmlReader()

    @cached_property
    def xml_writer(self) -> XmlWriter:
        in_milliseconds = self.model.service_id == "s3" or self.model.protocols[0] == "ec2"
        return XmlWriter("iso8601_milliseconds" if in_milliseconds else "iso8601")

    @cached_property
    def form_reader(self) -> FormReader:
        return FormReader(is_ec2="ec2" in self.model.protocols)


@cache
def toolbox(model: ServiceModel, documents: frozenset[str], enums: bool) -> Toolbox:
    return Toolbox(model, documents, enums)


class Codec:
    """What an operation's requests and responses are on the wire. Subclasses know one protocol each."""

    def __init__(self, operation: OperationModel, tools: Toolbox) -> None:
        self.operation = operation
        self.tools = tools
        self._clean: dict[str, Any] | None = None

    def parse(self, request: Request, uri: Mapping[str, str]) -> dict[str, Any]:
        """The parameters of a request, by the names boto3 has for them. Raises AWSError for malformed input.

        Times are epoch seconds, blobs bytes, a streaming body the request's own Payload. Unknown members are dropped.
        """
        try:
            return self.read(request, uri)
        except BadValue as error:
            raise self.refusal(error) from error
        except RecursionError as error:
            raise self.refusal(BadValue("The request is nested too deeply")) from error

    def violations(self, params: dict[str, Any]) -> list[Violation]:
        """What the parameters break of the model's constraints; empty when all is well.

        Free for parameters that the last parse has checked already.
        """
        if params is self._clean:
            self._clean = None
            return NO_VIOLATIONS
        check = self.check
        if check is None:
            return NO_VIOLATIONS
        found: list[Violation] = []
        check(params, "", found)
        return found

    def serialize(self, result: dict[str, Any], request_id: str) -> Response:
        """The response for a result, projected on the output shape."""
        raise NotImplementedError

    def read(self, request: Request, uri: Mapping[str, str]) -> dict[str, Any]:
        """As parse, but raising BadValue."""
        raise NotImplementedError

    def refusal(self, error: BadValue) -> AWSError:
        """The protocol's answer to a malformed request."""
        return AWSError("SerializationException", error.message, 400)

    @cached_property
    def check(self) -> Callable[[Any, str, list[Violation]], None] | None:
        shape = self.operation.input_shape
        return self.tools.checker.closure(shape) if shape else None


class JsonCodec(Codec):
    """AWS JSON 1.0 and 1.1."""

    @cached_property
    def _decode(self) -> Callable[[bytes], Any]:
        shape = self.operation.input_shape
        return self.tools.types.decoder(shape) if shape else msgspec.json.Decoder(dict[str, Any]).decode

    @cached_property
    def _finish(self) -> Callable[[Any], Any] | None:
        shape = self.operation.input_shape
        return self.tools.finisher.closure(shape) if shape else lambda value: {}

    @cached_property
    def _read_slowly(self) -> Callable[[Any], Any]:
        shape = self.operation.input_shape
        closure = self.tools.json_reader.closure(shape) if shape else None
        return closure or (lambda value: {})

    def read(self, request: Request, uri: Mapping[str, str]) -> dict[str, Any]:
        body = request.payload.data or b"{}"
        try:
            params = self._decode(body)
        except (ValueError, RecursionError):
            return self._read_slowly(parse_json(body))
        if self._finish is not None:
            params = self._finish(params)
        self._clean = params
        return params

    @cached_property
    def _write(self) -> Callable[[Any], Any]:
        shape = self.operation.output_shape
        closure = self.tools.json_writer.closure(shape) if shape else None
        return closure or (lambda value: {})

    @cached_property
    def _content_type(self) -> tuple[str, str]:
        return ("Content-Type", f"application/x-amz-json-{self.tools.model.metadata.get('jsonVersion', '1.0')}")

    @cached_property
    def _has_crc32(self) -> bool:
        return self.tools.model.service_id in CRC32_SERVICES

    def serialize(self, result: dict[str, Any], request_id: str) -> Response:
        headers = [self._content_type, ("x-amzn-RequestId", request_id)]
        body = orjson.dumps(self._write(result)) if self.operation.output_shape else b"{}"
        if self._has_crc32:
            headers.append(("x-amz-crc32", str(zlib.crc32(body))))
        return Response(200, headers, body)


def parse_json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except ValueError as error:
        raise BadValue("Unparseable JSON document", "Json") from error


class QueryCodec(Codec):
    """AWS query: form fields in, XML with a result wrapper out."""

    @cached_property
    def _read_form(self) -> Callable[[Any], Any]:
        shape = self.operation.input_shape
        closure = self.tools.form_reader.closure(shape) if shape else None
        return closure or (lambda value: {})

    def read(self, request: Request, uri: Mapping[str, str]) -> dict[str, Any]:
        text = (request.payload.data or b"").decode("latin-1")
        pairs = fields(request.query) + fields(text) if request.query else fields(text)
        params = self._read_form(tree(pairs))
        if self.tools.model.service_id == "sqs" and request.path != "/" and "QueueUrl" not in params:
            params["QueueUrl"] = request.endpoint + request.path  # SQS's query API is called on the queue's URL
        return params

    def refusal(self, error: BadValue) -> AWSError:
        return AWSError("MalformedInput", error.message, 400)

    @cached_property
    def _contents(self) -> Callable[[Any, Callable[[str], None]], None] | None:
        shape = self.operation.output_shape
        return self.tools.xml_writer.contents(shape) if shape else None

    def serialize(self, result: dict[str, Any], request_id: str) -> Response:
        name = self.operation.name
        parts = [f'<{name}Response xmlns="{self.tools.model.xml_namespace}">']
        if self._contents is not None:
            parts.append(f"<{name}Result>")
            self._contents(result, parts.append)
            parts.append(f"</{name}Result>")
        parts.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>")
        headers = [("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id)]
        return Response(200, headers, "".join(parts).encode())


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


class CborCodec(Codec):
    """Smithy RPC v2 CBOR."""

    @cached_property
    def _read(self) -> Callable[[Any], Any]:
        shape = self.operation.input_shape
        closure = self.tools.cbor_reader.closure(shape) if shape else None
        return closure or (lambda value: {})

    def read(self, request: Request, uri: Mapping[str, str]) -> dict[str, Any]:
        body = request.payload.data
        return self._read(cbor.loads(body) if body else {})

    @cached_property
    def _write(self) -> Callable[[Any], Any]:
        shape = self.operation.output_shape
        closure = self.tools.cbor_writer.closure(shape) if shape else None
        return closure or (lambda value: {})

    def serialize(self, result: dict[str, Any], request_id: str) -> Response:
        headers = [
            ("Content-Type", "application/cbor"),
            ("smithy-protocol", "rpc-v2-cbor"),
            ("x-amzn-RequestId", request_id),
        ]
        return Response(200, headers, cbor.dumps(self._write(result)))


class RestCodec(Codec):
    """What both REST protocols share: members outside of the body, and bodies that are one member."""

    content_type: str

    @cached_property
    def _bindings(self) -> RequestBindings | None:
        shape = self.operation.input_shape
        return RequestBindings(shape) if shape else None

    @cached_property
    def _payload(self) -> tuple[str, Shape] | None:
        return _payload_member(self.operation.input_shape)

    @cached_property
    def _output_payload(self) -> tuple[str, Shape] | None:
        return _payload_member(self.operation.output_shape)

    @cached_property
    def _output_bindings(self) -> ResponseBindings | None:
        shape = self.operation.output_shape
        return ResponseBindings(shape) if shape else None

    def read(self, request: Request, uri: Mapping[str, str]) -> dict[str, Any]:
        if self._bindings is None:
            return {}
        params = self._bindings.read(request, uri)
        if self._payload is None:
            params.update(self.read_members(request))
            return params
        name, shape = self._payload
        if shape.is_streaming:
            params[name] = request.payload
        elif body := request.payload.data:
            params[name] = self.read_payload(shape, body)
        return params

    def read_payload(self, shape: Shape, body: bytes) -> Any:
        if shape.type == "blob":
            return body
        if shape.type == "string":
            try:
                return body.decode()
            except UnicodeDecodeError as error:
                raise BadValue("The body is not UTF-8") from error
        return self.read_document(shape, body)

    def read_members(self, request: Request) -> dict[str, Any]:
        """The members of the input that the body holds side by side."""
        raise NotImplementedError

    def read_document(self, shape: Shape, body: bytes) -> Any:
        """The one member that is the whole body."""
        raise NotImplementedError

    def serialize(self, result: dict[str, Any], request_id: str) -> Response:
        headers = self.id_headers(request_id)
        bindings = self._output_bindings
        if bindings is None:
            return Response(self.operation.status, headers)
        bindings.write(result, headers)
        status = bindings.status(result, self.operation.status)
        return Response(status, headers, self._body(result, headers))

    def _body(self, result: dict[str, Any], headers: Headers) -> Any:
        if self._output_payload is None:
            return self.write_members(result, headers)
        name, shape = self._output_payload
        value = result.get(name)
        if shape.is_event_stream:
            _add_content_type(headers, eventstream.CONTENT_TYPE)
            return self.write_events(shape, value)
        if shape.type == "blob":
            _add_content_type(headers, "application/octet-stream" if value else None)
            return b"" if value is None else value
        if shape.type == "string":
            _add_content_type(headers, "text/plain" if value else None)
            return (value or "").encode() if value is None or isinstance(value, str) else value
        return b"" if value is None else self.write_document(shape, value, headers)

    def id_headers(self, request_id: str) -> Headers:
        return [("x-amzn-RequestId", request_id)]

    def write_members(self, result: dict[str, Any], headers: Headers) -> bytes:
        raise NotImplementedError

    def write_document(self, shape: Shape, value: Any, headers: Headers) -> bytes:
        raise NotImplementedError

    def write_events(self, shape: Shape, events: Any) -> Any:
        raise NotImplementedError


def _payload_member(shape: Shape | None) -> tuple[str, Shape] | None:
    name = shape.payload if shape else None
    return (name, shape.members[name]) if shape and name else None


def _add_content_type(headers: Headers, value: str | None) -> None:
    """Name the body's type, unless a member of the output has named it."""
    if value and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", value))


class RestJsonCodec(RestCodec):
    @cached_property
    def _has_body(self) -> bool:
        shape = self.operation.input_shape
        return shape is not None and any(member.location is None for member in shape.members.values())

    @cached_property
    def _decode(self) -> Callable[[bytes], Any]:
        assert self.operation.input_shape is not None
        return self.tools.types.decoder(self.operation.input_shape)

    def read_members(self, request: Request) -> dict[str, Any]:
        body = request.payload.data
        if not self._has_body or not body:
            return {}
        shape = self.operation.input_shape
        assert shape is not None
        return self.read_document(shape, body)

    def read_document(self, shape: Shape, body: bytes) -> Any:
        read = self.tools.json_reader.closure(shape)
        document = parse_json(body)
        return document if read is None else read(document)

    def write_members(self, result: dict[str, Any], headers: Headers) -> bytes:
        shape = self.operation.output_shape
        assert shape is not None
        if not any(member.location is None for member in shape.members.values()) and self.operation.status == 204:
            return b""
        return self.write_document(shape, result, headers)

    def write_document(self, shape: Shape, value: Any, headers: Headers) -> bytes:
        _add_content_type(headers, "application/json")
        write = self.tools.json_writer.closure(shape)
        return orjson.dumps(value if write is None else write(value))

    def write_events(self, shape: Shape, events: Any) -> Any:
        return eventstream.json_events(shape, events, self.tools.json_writer)


class RestXmlCodec(RestCodec):
    @property
    def _is_s3(self) -> bool:
        return self.tools.model.service_id == "s3"

    def refusal(self, error: BadValue) -> AWSError:
        if self._is_s3:
            return s3.refusal(self.operation, error)
        return super().refusal(error)

    def id_headers(self, request_id: str) -> Headers:
        if self._is_s3:
            return [("x-amz-request-id", request_id), ("x-amz-id-2", s3_host_id(request_id))]
        return super().id_headers(request_id)

    def read_members(self, request: Request) -> dict[str, Any]:
        body = request.payload.data
        shape = self.operation.input_shape
        if not body or shape is None or not any(member.location is None for member in shape.members.values()):
            return {}
        return self.read_document(shape, body)

    def read_document(self, shape: Shape, body: bytes) -> Any:
        read = self.tools.xml_reader.closure(shape)
        assert read is not None
        return read(parse_document(body))

    @cached_property
    def _contents(self) -> Callable[[Any, Callable[[str], None]], None] | None:
        shape = self.operation.output_shape
        if shape is None or not any(member.location is None for member in shape.members.values()):
            return None
        return self.tools.xml_writer.contents(shape)

    def write_members(self, result: dict[str, Any], headers: Headers) -> bytes:
        if self._contents is None:
            return b""
        _add_content_type(headers, "application/xml" if self._is_s3 else "text/xml")
        if self._is_s3 and self.operation.name == "GetBucketLocation":
            return self._location_constraint(result)
        name = s3.ROOTS.get(self.operation.name, self.operation.name + "Response")
        parts = [f'{DECLARATION}<{name} xmlns="{self.tools.model.xml_namespace}">']
        self._contents(result, parts.append)
        parts.append(f"</{name}>")
        return "".join(parts).encode()

    @staticmethod
    def _location_constraint(result: dict[str, Any]) -> bytes:
        """The one S3 document whose root is a member's value; empty in us-east-1."""
        region = result.get("LocationConstraint") or ""
        return f'{DECLARATION}<LocationConstraint xmlns="{s3.NAMESPACE}">{region}</LocationConstraint>'.encode()

    def write_document(self, shape: Shape, value: Any, headers: Headers) -> bytes:
        _add_content_type(headers, "application/xml" if self._is_s3 else "text/xml")
        name = shape.wire_name or shape.name
        parts = [f'{DECLARATION}<{name} xmlns="{self.tools.model.xml_namespace}">']
        self.tools.xml_writer.contents(shape)(value, parts.append)
        parts.append(f"</{name}>")
        return "".join(parts).encode()

    def write_events(self, shape: Shape, events: Any) -> Any:
        return eventstream.xml_events(shape, events, self.tools.xml_writer)


_CODECS: dict[str, type[Codec]] = {
    "json": JsonCodec,
    "query": QueryCodec,
    "ec2": Ec2Codec,
    "rest-json": RestJsonCodec,
    "rest-xml": RestXmlCodec,
    "smithy-rpc-v2-cbor": CborCodec,
}


@cache
def codec(
    operation: OperationModel, protocol_name: str, documents: frozenset[str] = frozenset(), enums: bool = True
) -> Codec:
    """The codec of an operation in one of its service's protocols.

    `documents` are the names of shapes that are passed through as plain JSON, unchecked (DynamoDB's AttributeValue has rules
    and error texts of its own). With `enums` false the service checks enumerated values itself.
    """
    model = operation.service
    if protocol_name == "query" and model.as_query is not model:
        model = model.as_query
        operation = model.operations[operation.name]
    return _CODECS[protocol_name](operation, toolbox(model, documents, enums))
