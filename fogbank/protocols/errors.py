"""One AWSError in each protocol's spelling."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import orjson

from fogbank.http import Response
from fogbank.kernel.errors import AWSError
from fogbank.protocols import cbor, s3
from fogbank.protocols.bindings import ResponseBindings
from fogbank.protocols.json_values import JsonWriter
from fogbank.protocols.model import OperationModel, ServiceModel, Shape
from fogbank.protocols.timestamps import epoch
from fogbank.protocols.xml_values import DECLARATION, XmlWriter, escape

# Errors that are the server's fault whatever the model says of them.
SERVER_FAULTS = frozenset({"InternalFailure", "InternalError", "InternalServerError", "ServiceUnavailable"})

# Namespaces of `__type` where AWS's JSON 1.0 services write the whole shape id.
_TYPE_NAMESPACES = {
    "dynamodb": "com.amazonaws.dynamodb.v20120810#",
    "dynamodbstreams": "com.amazonaws.dynamodb.v20120810#",
    "sqs": "com.amazonaws.sqs#",
    "cloudwatch": "com.amazonaws.cloudwatch#",
}
# Errors of AWS's framework, not of the service: JSON 1.0 services name the framework's package.
_FRAMEWORK_TYPES = {
    "ThrottlingException": "com.amazon.coral.availability#ThrottlingException",
    "ValidationException": "com.amazon.coral.validate#ValidationException",
    **{
        name: f"com.amazon.coral.service#{name}"
        for name in (
            "AccessDeniedException",
            "ExpiredTokenException",
            "IncompleteSignatureException",
            "InternalFailure",
            "InvalidSignatureException",
            "MissingAuthenticationTokenException",
            "SerializationException",
            "UnknownOperationException",
            "UnrecognizedClientException",
        )
    },
}


class Spelling:
    """What the protocols need to know of an error: its codes, status, fault and the shape that describes it."""

    def __init__(self, model: ServiceModel, error: AWSError) -> None:
        self.error = error
        self.shape: Shape | None = model.as_query.error_shapes.get(error.code)
        traits = self.shape.get("error", {}) if self.shape else {}
        self.name = self.shape.name if self.shape else error.code
        self.query_code = self.shape.error_code if self.shape else error.code
        self.status: int = error.status or traits.get("httpStatusCode") or self._default_status()
        self.is_sender = self.status < 500

    def _default_status(self) -> int:
        is_fault = self.error.code in SERVER_FAULTS or (self.shape is not None and self.shape.get("fault"))
        return 500 if is_fault else 400

    @property
    def fault(self) -> str:
        return "Sender" if self.is_sender else "Receiver"

    @property
    def message_key(self) -> str:
        """The name of the message's member in this error's shape (`message` or `Message`)."""
        if self.name == "SerializationException":
            return "Message"
        members = self.shape.members if self.shape else {}
        return next(
            (member.wire_name or name for name, member in members.items() if name.lower() == "message"), "message"
        )

    def members(self) -> dict[str, Any]:
        """The error's own members with its message among them, as its shape names them."""
        names = self.shape.members if self.shape else {}
        message = {name: self.error.message for name in names if name.lower() == "message"}
        return {**message, **self.error.members}


def serialize_error(
    model: ServiceModel, protocol_name: str, error: AWSError, request_id: str, operation: OperationModel | None = None
) -> Response:
    """The answer for an error. The status is the error's, else the model's, else 400 (500 for faults of the server)."""
    spelling = Spelling(model, error)
    response = _SERIALIZERS[protocol_name](model, spelling, request_id)
    response.headers.extend(error.headers.items())
    if (operation is not None and operation.method == "HEAD") or spelling.status == 304:
        response.body = b""
    return response


def _json(model: ServiceModel, spelling: Spelling, request_id: str) -> Response:
    document = {"__type": _type_name(model, spelling), **_json_members(spelling)}
    body = orjson.dumps(document, default=str)
    headers = [
        ("Content-Type", f"application/x-amz-json-{model.metadata.get('jsonVersion', '1.0')}"),
        ("x-amzn-RequestId", request_id),
        *_query_error(model, spelling),
    ]
    if model.service_id in CRC32_SERVICES:
        headers.append(("x-amz-crc32", str(zlib.crc32(body))))
    return Response(spelling.status, headers, body)


CRC32_SERVICES = frozenset({"dynamodb", "dynamodbstreams"})


def _type_name(model: ServiceModel, spelling: Spelling) -> str:
    if spelling.shape is None and spelling.name in _FRAMEWORK_TYPES and model.metadata.get("jsonVersion") == "1.0":
        return _FRAMEWORK_TYPES[spelling.name]
    return _TYPE_NAMESPACES.get(model.service_id, "") + spelling.name


def _json_members(spelling: Spelling) -> dict[str, Any]:
    if spelling.shape is None:
        return {spelling.message_key: spelling.error.message, **spelling.error.members}
    write = JsonWriter().closure(spelling.shape)
    assert write is not None
    return {spelling.message_key: spelling.error.message, **write(spelling.members())}


def _query_error(model: ServiceModel, spelling: Spelling) -> list[tuple[str, str]]:
    """The code that clients of the older query protocol know this error by."""
    if not model.is_query_compatible:
        return []
    return [("x-amzn-query-error", f"{spelling.query_code};{spelling.fault}")]


def _rest_json(model: ServiceModel, spelling: Spelling, request_id: str) -> Response:
    headers = [
        ("Content-Type", "application/json"),
        ("x-amzn-RequestId", request_id),
        ("x-amzn-ErrorType", spelling.name),
    ]
    if spelling.shape is not None:
        ResponseBindings(spelling.shape).write(spelling.error.members, headers)
    return Response(spelling.status, headers, orjson.dumps(_json_members(spelling), default=str))


def _cbor(model: ServiceModel, spelling: Spelling, request_id: str) -> Response:
    headers = [
        ("Content-Type", "application/cbor"),
        ("smithy-protocol", "rpc-v2-cbor"),
        ("x-amzn-RequestId", request_id),
        *_query_error(model, spelling),
    ]
    known = spelling.shape.members if spelling.shape else {}
    members = {name: _tagged(known.get(name), value) for name, value in spelling.error.members.items()}
    document = {"__type": _type_name(model, spelling), spelling.message_key: spelling.error.message, **members}
    return Response(spelling.status, headers, cbor.dumps(document))


def _tagged(shape: Shape | None, value: Any) -> Any:
    """A member of an error for CBOR, which wants to be told what is a time; what no shape describes as it prints."""
    if shape is None:
        return str(value)
    return cbor.Timestamp(epoch(value)) if shape.type == "timestamp" else value


def _xml_members(spelling: Spelling) -> str:
    """The members of an error's shape as elements, its message apart; those that the shape lacks as plain text."""
    parts: list[str] = []
    known = spelling.shape.members if spelling.shape else {}
    members = {name: value for name, value in spelling.error.members.items() if value is not None}
    if spelling.shape is not None:
        XmlWriter("iso8601").contents(spelling.shape)({k: v for k, v in members.items() if k in known}, parts.append)
    for name, value in members.items():
        if name not in known:
            parts.append(f"<{name}>{escape(str(value))}</{name}>")
    return "".join(parts)


def _code_and_message(spelling: Spelling) -> str:
    return f"<Code>{escape(spelling.query_code)}</Code><Message>{escape(spelling.error.message)}</Message>"


def _xmlns(model: ServiceModel) -> str:
    return f' xmlns="{model.xml_namespace}"' if model.xml_namespace else ""


def _query(model: ServiceModel, spelling: Spelling, request_id: str) -> Response:
    body = (
        f"<ErrorResponse{_xmlns(model)}><Error><Type>{spelling.fault}</Type>{_code_and_message(spelling)}"
        f"{_xml_members(spelling)}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return Response(spelling.status, [("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id)], body.encode())


def _query_json(model: ServiceModel, spelling: Spelling, request_id: str) -> Response:
    error = {"Code": spelling.query_code, "Message": spelling.error.message, "Type": spelling.fault}
    headers = [("Content-Type", "application/json"), ("x-amzn-RequestId", request_id)]
    return Response(spelling.status, headers, orjson.dumps({"Error": error, "RequestId": request_id}))


def _ec2(model: ServiceModel, spelling: Spelling, request_id: str) -> Response:
    body = (
        f"{DECLARATION}<Response><Errors><Error>{_code_and_message(spelling)}{_xml_members(spelling)}</Error></Errors>"
        f"<RequestID>{request_id}</RequestID></Response>"
    )
    headers = [("Content-Type", "text/xml;charset=UTF-8"), ("x-amzn-RequestId", request_id)]
    return Response(spelling.status, headers, body.encode())


def _rest_xml(model: ServiceModel, spelling: Spelling, request_id: str) -> Response:
    if model.service_id == "s3":
        return _s3(spelling, request_id)
    return _query(model, spelling, request_id)


def _s3(spelling: Spelling, request_id: str) -> Response:
    body = (
        f"{DECLARATION}<Error>{_code_and_message(spelling)}{_xml_members(spelling)}"
        f"<RequestId>{request_id}</RequestId><HostId>{s3.host_id(request_id)}</HostId></Error>"
    )
    headers = [("Content-Type", "application/xml"), *s3.id_headers(request_id)]
    return Response(spelling.status, headers, body.encode())


_SERIALIZERS: dict[str, Callable[[ServiceModel, Spelling, str], Response]] = {
    "json": _json,
    "rest-json": _rest_json,
    "smithy-rpc-v2-cbor": _cbor,
    "query": _query,
    "query-json": _query_json,
    "ec2": _ec2,
    "rest-xml": _rest_xml,
}
