"""The REST protocols: parameters in the path, the query string, headers and a JSON or XML body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import orjson

from fogbank.http import Request, Response, ResponseBody
from fogbank.kernel.errors import AWSError
from fogbank.protocols import s3
from fogbank.protocols.bindings import RequestBindings, ResponseBindings
from fogbank.protocols.codec import Codec, Headers, Toolbox
from fogbank.protocols.eventstream import CONTENT_TYPE as EVENT_STREAM
from fogbank.protocols.eventstream import EventReader, EventWriter
from fogbank.protocols.json_values import parse_json
from fogbank.protocols.model import OperationModel, Shape
from fogbank.protocols.router import IGNORED_LITERALS
from fogbank.protocols.scalars import BadValue
from fogbank.protocols.violations import Check
from fogbank.protocols.xml_values import DECLARATION, Append, local_name, parse_document

Body = tuple[ResponseBody, str | None]  # with its Content-Type

NO_BODY: Body = (b"", None)


class RestCodec(Codec):
    """What both REST protocols share: members outside of the body, and bodies that are one member."""

    document_type: str  # of the bodies that are documents
    event_type: str  # of the events that are documents

    @cached_property
    def _bindings(self) -> RequestBindings | None:
        shape = self.operation.input_shape
        return RequestBindings(shape, {*self.operation.literals, *IGNORED_LITERALS}) if shape else None

    @cached_property
    def _payload(self) -> tuple[str, Shape] | None:
        return _payload_member(self.operation.input_shape)

    @cached_property
    def _has_members(self) -> bool:
        return _has_body_members(self.operation.input_shape)

    def read(self, request: Request, uri: Mapping[str, str]) -> dict[str, Any]:
        if self._bindings is None:
            return {}
        params = self._bindings.read(request, uri)
        if self._payload is not None:
            name, shape = self._payload
            value = self._read_payload(shape, request)
            if value is not None:
                params[name] = value
        elif self._has_members and (body := self.body(request)):
            assert self.operation.input_shape is not None
            params |= self.read_document(self.operation.input_shape, body)
        return params

    def _read_payload(self, shape: Shape, request: Request) -> Any:
        """The one member that is the body; None where a body is missing."""
        if shape.is_streaming:
            return request.payload
        if shape.is_event_stream:
            return EventReader(shape, self.read_document).events(request.payload)
        body = self.body(request)
        if not body:
            return None
        if shape.type == "blob":
            return body
        if shape.type == "string":
            return _text(body)
        return self.read_document(shape, body)

    def read_document(self, shape: Shape, body: bytes) -> Any:
        """A body that is a document of a shape. Raises BadValue."""
        raise NotImplementedError

    @cached_property
    def _output_payload(self) -> tuple[str, Shape] | None:
        return _payload_member(self.operation.output_shape)

    @cached_property
    def _output_bindings(self) -> ResponseBindings | None:
        shape = self.operation.output_shape
        return ResponseBindings(shape) if shape else None

    @cached_property
    def _has_output_members(self) -> bool:
        return _has_body_members(self.operation.output_shape)

    def serialize(self, result: dict[str, Any], request_id: str) -> Response:
        headers = self.id_headers(request_id)
        bindings = self._output_bindings
        if bindings is None:
            return Response(self.operation.status, headers)
        bindings.write(result, headers)
        status = bindings.status(result, self.operation.status)
        if self._output_payload is not None:
            name, shape = self._output_payload
            body, content_type = self._write_payload(shape, result.get(name))
        else:
            body, content_type = self.write_members(result)
        if content_type and not bindings.names_content_type:
            headers.append(("Content-Type", content_type))
        return Response(status, headers, body)

    def _write_payload(self, shape: Shape, value: Any) -> Body:
        if shape.is_event_stream:
            return EventWriter(shape, self.event_type, self.write_document).body(value), EVENT_STREAM
        if value is None:
            return NO_BODY
        if shape.type == "blob":
            return value, "application/octet-stream"
        if shape.type == "string":
            return value.encode(), "text/plain"
        return self.write_document(shape, value), self.document_type

    def id_headers(self, request_id: str) -> Headers:
        return [("x-amzn-RequestId", request_id)]

    def write_members(self, result: dict[str, Any]) -> Body:
        """The body of an output whose members stand in it side by side."""
        raise NotImplementedError

    def write_document(self, shape: Shape, value: Any) -> bytes:
        """A body that is a document of a shape."""
        raise NotImplementedError


class RestJsonCodec(RestCodec):
    document_type = event_type = "application/json"

    def __init__(self, operation: OperationModel, tools: Toolbox) -> None:
        super().__init__(operation, tools)
        self._decoders: dict[str, Callable[[bytes], Any]] = {}
        self._body_is_valid = False  # what the last read found

    def read(self, request: Request, uri: Mapping[str, str]) -> dict[str, Any]:
        self._body_is_valid = False
        params = super().read(request, uri)
        self._checked = params if self._body_is_valid else None
        return params

    @cached_property
    def unread_check(self) -> Check | None:  # type: ignore[override]
        shape = self.operation.input_shape
        outside = {name for name, member in shape.members.items() if member.location is not None} if shape else set()
        return self.tools.checker.members(shape, outside) if shape else None

    def read_document(self, shape: Shape, body: bytes) -> Any:
        """Read fast by msgspec, which validates; what it refuses is read again, slowly and in AWS's words."""
        types = self.tools.types
        decode = self._decoders.get(shape.name)
        if decode is None:
            decode = self._decoders[shape.name] = types.decoder(shape)
        try:
            document = decode(body)
        except (ValueError, RecursionError):
            read = self.tools.json_reader.closure(shape)
            return parse_json(body) if read is None else read(parse_json(body))
        self._body_is_valid = types.validates(shape)
        finish = self.tools.finisher.closure(shape)
        return document if finish is None else finish(document)

    def write_members(self, result: dict[str, Any]) -> Body:
        if not self._has_output_members:
            return NO_BODY
        assert self.operation.output_shape is not None
        return self.write_document(self.operation.output_shape, result), self.document_type

    def write_document(self, shape: Shape, value: Any) -> bytes:
        write = self.tools.json_writer.closure(shape)
        return orjson.dumps(value if write is None else write(value))


class RestXmlCodec(RestCodec):
    event_type = "text/xml"

    @cached_property
    def _is_s3(self) -> bool:
        return self.tools.model.service_id == "s3"

    @cached_property
    def document_type(self) -> str:  # type: ignore[override]
        return "application/xml" if self._is_s3 else "text/xml"

    def refusal(self, error: BadValue) -> AWSError:
        return s3.refusal(error) if self._is_s3 else super().refusal(error)

    def id_headers(self, request_id: str) -> Headers:
        return s3.id_headers(request_id) if self._is_s3 else super().id_headers(request_id)

    def serialize(self, result: dict[str, Any], request_id: str) -> Response:
        response = super().serialize(result, request_id)
        if self._is_s3 and result.get("ContentRange") is not None:
            response.status = 206  # a range of an object: the model knows of no status but 200
        return response

    def read(self, request: Request, uri: Mapping[str, str]) -> dict[str, Any]:
        params = super().read(request, uri)
        if self._is_s3 and "ChecksumMode" in params:
            params["ChecksumMode"] = params["ChecksumMode"].upper()  # the SDK for C++ writes it in lower case
        if self._is_s3 and self._payload is not None:
            name, shape = self._payload
            assert self.operation.input_shape is not None
            if name not in params and shape.type == "structure" and name in self.operation.input_shape.required:
                raise s3.missing_body()
        return params

    def read_document(self, shape: Shape, body: bytes) -> Any:
        read = self.tools.xml_reader.closure(shape)
        assert read is not None
        root = parse_document(body)
        if self._is_s3 and shape.wire_name not in (None, local_name(root.tag)):
            raise BadValue(f"<{local_name(root.tag)}> is not <{shape.wire_name}>", "Xml")
        return read(root)

    @cached_property
    def _contents(self) -> Callable[[Any, Append], None]:
        assert self.operation.output_shape is not None
        return self.tools.xml_writer.contents(self.operation.output_shape)

    def write_members(self, result: dict[str, Any]) -> Body:
        name = self.operation.name
        if not self._has_output_members:
            return NO_BODY
        if self._is_s3 and name == "GetBucketLocation":
            return s3.location_constraint(result.get("LocationConstraint")), self.document_type
        root = s3.ROOTS.get(name, name) if self._is_s3 else f"{name}Response"
        return self._document(root, result, self._contents), self.document_type

    def write_document(self, shape: Shape, value: Any) -> bytes:
        root = s3.ROOTS.get(self.operation.name) if self._is_s3 else None
        return self._document(root or shape.wire_name or shape.name, value, self.tools.xml_writer.contents(shape))

    def _document(self, root: str, value: Any, contents: Callable[[Any, Append], None]) -> bytes:
        parts = [f'{DECLARATION}<{root} xmlns="{self.tools.model.xml_namespace}">']
        contents(value, parts.append)
        parts.append(f"</{root}>")
        return "".join(parts).encode()


def _payload_member(shape: Shape | None) -> tuple[str, Shape] | None:
    name = shape.payload if shape else None
    return (name, shape.members[name]) if shape and name else None


def _has_body_members(shape: Shape | None) -> bool:
    return shape is not None and any(member.location is None for member in shape.members.values())


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise BadValue("The body is not UTF-8") from error
