"""The codec of an operation in a protocol: requests parsed and checked, responses serialised.

Everything a codec does is compiled from the model on first use and kept; the closures of a shape are shared by all operations
of a service. The protocols themselves are in `rpc` and `rest`, loaded when a service first speaks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from fogbank.http import Request, Response
from fogbank.kernel.errors import AWSError
from fogbank.protocols import compression
from fogbank.protocols.model import OperationModel, ServiceModel
from fogbank.protocols.scalars import BadValue
from fogbank.protocols.violations import Check, Checker, Violation

if TYPE_CHECKING:
    from fogbank.protocols.cbor import CborReader, CborWriter
    from fogbank.protocols.forms import FormReader
    from fogbank.protocols.json_types import Finisher, TypeBuilder
    from fogbank.protocols.json_values import JsonReader, JsonWriter
    from fogbank.protocols.xml_values import XmlReader, XmlWriter

Headers = list[tuple[str, str]]


class Toolbox:
    """The shape compilers of a service, shared by its codecs; each is made when a codec first asks for it."""

    def __init__(self, model: ServiceModel, documents: frozenset[str], enums: bool) -> None:
        self.model = model
        self.documents = documents
        self.enums = enums

    @cached_property
    def checker(self) -> Checker:
        return Checker(self.documents, self.enums)

    @cached_property
    def types(self) -> TypeBuilder:
        from fogbank.protocols.json_types import TypeBuilder

        return TypeBuilder(self.documents, self.enums)

    @cached_property
    def finisher(self) -> Finisher:
        from fogbank.protocols.json_types import Finisher

        return Finisher(self.documents)

    @cached_property
    def json_reader(self) -> JsonReader:
        from fogbank.protocols.json_values import JsonReader

        return JsonReader(self.documents)

    @cached_property
    def json_writer(self) -> JsonWriter:
        from fogbank.protocols.json_values import JsonWriter

        return JsonWriter(self.documents)

    @cached_property
    def cbor_reader(self) -> CborReader:
        from fogbank.protocols.cbor import CborReader

        return CborReader(self.documents)

    @cached_property
    def cbor_writer(self) -> CborWriter:
        from fogbank.protocols.cbor import CborWriter

        return CborWriter()

    @cached_property
    def xml_reader(self) -> XmlReader:
        from fogbank.protocols.xml_values import XmlReader

        return XmlReader()

    @cached_property
    def xml_writer(self) -> XmlWriter:
        from fogbank.protocols.xml_values import XmlWriter

        always_milliseconds = self.model.service_id in ("s3", "ec2")
        return XmlWriter("iso8601_milliseconds" if always_milliseconds else "iso8601")

    @cached_property
    def form_reader(self) -> FormReader:
        from fogbank.protocols.forms import FormReader

        return FormReader(is_ec2="ec2" in self.model.protocols)


class Codec:
    """What an operation's requests and responses are on the wire. Subclasses know one protocol each."""

    def __init__(self, operation: OperationModel, tools: Toolbox) -> None:
        self.operation = operation
        self.tools = tools
        self._checked: dict[str, Any] | None = None  # the last parameters whose body was validated while it was read

    def parse(self, request: Request, uri: Mapping[str, str]) -> dict[str, Any]:
        """The parameters of a request, by the names boto3 has for them. Raises AWSError for malformed input.

        Times are epoch seconds, blobs bytes, a streaming body the request's own Payload, an event stream an async iterator of
        events. Unknown members are dropped.
        """
        try:
            return self.read(request, uri)
        except BadValue as error:
            raise self.refusal(error) from error
        except RecursionError as error:
            raise self.refusal(BadValue("The request is nested too deeply")) from error

    def violations(self, params: dict[str, Any]) -> list[Violation]:
        """What the parameters break of the model's constraints, in the model's order; empty when all is well.

        Of what the last parse has validated while it read, nothing is checked again.
        """
        if params is self._checked:
            self._checked = None
            check = self.unread_check
        else:
            check = self.check
        found: list[Violation] = []
        if check is not None:
            check(params, "", found)
        return found

    def serialize(self, result: dict[str, Any], request_id: str) -> Response:
        """The response for a result, projected on the output shape. Members that are None are left out.

        Times may be epoch seconds or datetimes; a streaming body bytes, a FileBody or an async iterator of bytes; an event
        stream an iterable or async iterable of events (dicts of one member); any JSON value an orjson.Fragment.
        """
        raise NotImplementedError

    def read(self, request: Request, uri: Mapping[str, str]) -> dict[str, Any]:
        """As parse, but raising BadValue."""
        raise NotImplementedError

    def body(self, request: Request) -> bytes:
        """The request's body, decompressed where the operation's body may be compressed."""
        return compression.body(request) if self._may_be_compressed else request.payload.data or b""

    @cached_property
    def _may_be_compressed(self) -> bool:
        return "requestcompression" in self.operation.traits

    def refusal(self, error: BadValue) -> AWSError:
        """The protocol's answer to a malformed request."""
        return AWSError("SerializationException", error.message, 400)

    @cached_property
    def check(self) -> Check | None:
        """The check of all parameters."""
        shape = self.operation.input_shape
        return self.tools.checker.closure(shape) if shape else None

    unread_check: Check | None = None
    """The check of what a validating read has not looked at."""


@cache
def codec(
    operation: OperationModel, protocol_name: str, documents: frozenset[str] = frozenset(), enums: bool = True
) -> Codec:
    """The codec of an operation in one of its service's protocols.

    `documents` are the names of shapes that are passed through as plain JSON, unchecked (DynamoDB's AttributeValue has rules
    and error texts of its own). With `enums` false the service checks enumerated values itself.
    """
    model = operation.service
    if protocol_name in ("query", "query-json") and model.as_query is not model:
        model = model.as_query
        operation = model.operations[operation.name]
    return _codec_class(protocol_name)(operation, _toolbox(model, documents, enums))


@cache
def _toolbox(model: ServiceModel, documents: frozenset[str], enums: bool) -> Toolbox:
    return Toolbox(model, documents, enums)


def _codec_class(protocol_name: str) -> type[Codec]:
    if protocol_name.startswith("rest-"):
        from fogbank.protocols import rest

        return rest.RestJsonCodec if protocol_name == "rest-json" else rest.RestXmlCodec
    from fogbank.protocols import rpc

    return rpc.CODECS[protocol_name]
