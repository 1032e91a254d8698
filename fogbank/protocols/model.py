"""AWS's service models, read from botocore's data files by a loader of our own.

botocore's session costs 200 ms to import and 3 to 30 times the time to load a model; all that the wire needs is the JSON
inside. A model is loaded on the first request of its service, and parts of it (shapes, operations) are wrapped on first use.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib.util import find_spec
from typing import Any

import orjson
from botocore import xform_name as snake_case

from fogbank.protocols import legacy

SERVICE_FILE = "service-2.json.gz"
EXTRAS_FILE = "service-2.sdk-extras.json"
GZIP = 31  # zlib's window bits for a gzip header
HEAD_BYTES = 2048  # of a model: enough for its metadata, which stands before everything else
METADATA = b'"metadata":'

NO_TRAITS: Mapping[str, Any] = {}

_SERVICE_ID = re.compile("[a-z0-9][a-z0-9.-]*")
_JSON_DECODER = json.JSONDecoder()


class UnknownService(LookupError):
    """No model of this name."""


class Shape:
    """A shape as one reference sees it: the shape's traits with the referring member's laid over them."""

    __slots__ = ("_model", "_parts", "name", "traits", "type")

    def __init__(self, model: ServiceModel, name: str, traits: dict[str, Any]) -> None:
        self._model = model
        self._parts: dict[str, Any] = {}
        self.name = name
        self.type: str = traits["type"]
        self.traits = traits

    def __repr__(self) -> str:
        return f"<Shape {self.name} {self.type}>"

    def __contains__(self, trait: str) -> bool:
        return trait in self.traits

    def get(self, trait: str, default: Any = None) -> Any:
        return self.traits.get(trait, default)

    @property
    def members(self) -> dict[str, Shape]:
        """The members of a structure, in the model's order."""
        members = self._parts.get("members")
        if members is None:
            references = self.traits.get("members", NO_TRAITS)
            members = self._parts["members"] = {name: self._model.resolve(ref) for name, ref in references.items()}
        return members

    @property
    def required(self) -> list[str]:
        return self.traits.get("required", [])

    @property
    def member(self) -> Shape:
        """What a list holds."""
        return self._part("member")

    @property
    def key(self) -> Shape:
        return self._part("key")

    @property
    def value(self) -> Shape:
        return self._part("value")

    def _part(self, name: str) -> Shape:
        part = self._parts.get(name)
        if part is None:
            part = self._parts[name] = self._model.resolve(self.traits[name])
        return part

    @property
    def location(self) -> str | None:
        """Where a REST member travels (uri, querystring, header, headers, statusCode); None: in the body."""
        return self.traits.get("location")

    @property
    def wire_name(self) -> str | None:
        return self.traits.get("locationName")

    @property
    def is_document(self) -> bool:
        return bool(self.traits.get("document"))

    @property
    def is_event_stream(self) -> bool:
        return bool(self.traits.get("eventstream"))

    @property
    def is_streaming(self) -> bool:
        return bool(self.traits.get("streaming")) and self.type in ("blob", "string")

    @property
    def payload(self) -> str | None:
        """The member that is the whole body, of an input or output structure."""
        return self.traits.get("payload")

    @property
    def event_stream(self) -> str | None:
        """The member that is an event stream, of an input or output structure."""
        return next((name for name, member in self.members.items() if member.is_event_stream), None)

    @property
    def error_code(self) -> str:
        """The code of an error shape on the wire of the query and XML protocols."""
        return self.traits.get("error", NO_TRAITS).get("code") or self.name


class OperationModel:
    """One operation of a service."""

    def __init__(self, service: ServiceModel, name: str, traits: dict[str, Any]) -> None:
        http = traits["http"]
        self.service = service
        self.name = name
        self.traits = traits
        self.snake = snake_case(name)
        self.method: str = http["method"]
        self.path_template, _, literals = http["requestUri"].partition("?")
        self.literals = _query_literals(literals)
        self.status: int = http.get("responseCode", 200)

    def __repr__(self) -> str:
        return f"<OperationModel {self.service.service_id}.{self.name}>"

    @cached_property
    def input_shape(self) -> Shape | None:
        return self.service.resolve(self.traits["input"]) if "input" in self.traits else None

    @cached_property
    def output_shape(self) -> Shape | None:
        return self.service.resolve(self.traits["output"]) if "output" in self.traits else None

    @cached_property
    def errors(self) -> list[Shape]:
        return [self.service.resolve(reference) for reference in self.traits.get("errors", ())]

    @cached_property
    def streaming_input(self) -> str | None:
        """The input member that is the request's body as a stream of bytes."""
        return _streaming_payload(self.input_shape)

    @cached_property
    def event_input(self) -> str | None:
        """The input member that is an event stream."""
        return self.input_shape.event_stream if self.input_shape else None

    @cached_property
    def event_output(self) -> str | None:
        """The output member that is an event stream."""
        return self.output_shape.event_stream if self.output_shape else None


class ServiceModel:
    """One AWS API. `service_id` is boto3's name of it (`sqs`, `cognito-idp`)."""

    def __init__(self, service_id: str, description: dict[str, Any]) -> None:
        metadata = description["metadata"]
        self.service_id = service_id
        self.metadata = metadata
        self.shapes: dict[str, dict[str, Any]] = description["shapes"]
        self.endpoint_prefix: str = metadata["endpointPrefix"]
        self.signing_name: str = metadata.get("signingName", self.endpoint_prefix)
        self.target_prefix: str | None = metadata.get("targetPrefix")
        self.target_prefixes = target_prefixes(metadata)
        self.protocols: list[str] = legacy.protocols(service_id, metadata)
        self.xml_namespace: str | None = legacy.xml_namespace(service_id, metadata)
        self.is_query_compatible = "awsQueryCompatible" in metadata
        self.operations: Mapping[str, OperationModel] = _Operations(self, description["operations"])
        self.routes: dict[str, Any] = {}  # the router's tables, made on first use
        self._resolved: dict[str, Shape] = {}

    def __repr__(self) -> str:
        return f"<ServiceModel {self.service_id}>"

    def operation_by_snake(self, snake: str) -> OperationModel:
        """The operation of a boto3 method name. Raises KeyError."""
        return self.operations[self.snake_names[snake]]

    @cached_property
    def snake_names(self) -> dict[str, str]:
        """The operations' names by boto3's names of their methods."""
        return {snake_case(name): name for name in self.operations}

    def shape(self, name: str) -> Shape:
        """The shape of this name without the traits of any reference. Raises KeyError."""
        shape = self._resolved.get(name)
        if shape is None:
            shape = self._resolved[name] = Shape(self, name, self.shapes[name])
        return shape

    def resolve(self, reference: dict[str, Any]) -> Shape:
        name = reference["shape"]
        overlay = {trait: value for trait, value in reference.items() if trait not in ("shape", "documentation")}
        return Shape(self, name, {**self.shapes[name], **overlay}) if overlay else self.shape(name)

    @cached_property
    def error_shapes(self) -> dict[str, Shape]:
        """Error shapes by their name and by their wire code; a name wins over another shape's code."""
        shapes = [self.shape(name) for name, traits in self.shapes.items() if traits.get("exception")]
        return {shape.error_code: shape for shape in shapes} | {shape.name: shape for shape in shapes}

    @cached_property
    def as_query(self) -> ServiceModel:
        """This service as its query protocol spells it, where the model only has the spelling of a newer protocol."""
        overlay = legacy.QUERY_OVERLAYS.get(self.service_id)
        if overlay is None:
            return self
        operations = {name: self.operations[name].traits for name in self.operations}
        description = {"metadata": self.metadata, "operations": operations, "shapes": self.shapes}
        return ServiceModel(self.service_id, _merged(description, {"shapes": overlay}))


class _Operations(Mapping[str, OperationModel]):
    """The operations of a service by name, wrapped when they are first asked for."""

    def __init__(self, service: ServiceModel, descriptions: dict[str, dict[str, Any]]) -> None:
        self._service = service
        self._descriptions = descriptions
        self._models: dict[str, OperationModel] = {}

    def __getitem__(self, name: str) -> OperationModel:
        model = self._models.get(name)
        if model is None:
            model = self._models[name] = OperationModel(self._service, name, self._descriptions[name])
        return model

    def __iter__(self) -> Iterator[str]:
        return iter(self._descriptions)

    def __len__(self) -> int:
        return len(self._descriptions)


class ServiceIndex:
    """Which services answer to a signing name, a target prefix or an endpoint prefix, of all that there are."""

    def __init__(self, heads: dict[str, dict[str, Any]]) -> None:
        self.metadata = heads
        self.by_signing_name: dict[str, list[str]] = {}
        self.by_target_prefix: dict[str, list[str]] = {}
        self.by_endpoint_prefix: dict[str, list[str]] = {}
        for service_id, metadata in heads.items():
            endpoint = metadata["endpointPrefix"]
            self.by_endpoint_prefix.setdefault(endpoint, []).append(service_id)
            self.by_signing_name.setdefault(metadata.get("signingName", endpoint), []).append(service_id)
            for prefix in target_prefixes(metadata):
                self.by_target_prefix.setdefault(prefix, []).append(service_id)


def target_prefixes(metadata: dict[str, Any]) -> set[str]:
    """What may stand before an operation's name in X-Amz-Target: botocore's prefix, or its last part alone.

    SDKs made from Smithy models (Go, Java, JavaScript, Rust) know only the service's name: `CloudTrail_20131101`.
    """
    prefix = metadata.get("targetPrefix")
    return {prefix, prefix.rpartition(".")[2]} if prefix else set()


@cache
def load(service_id: str) -> ServiceModel:
    """The newest model of a service. Raises UnknownService."""
    folder = _newest_version(service_id) if _SERVICE_ID.fullmatch(service_id) else None
    if folder is None:
        raise UnknownService(service_id)
    with open(f"{folder}/{SERVICE_FILE}", "rb") as file:
        description = orjson.loads(zlib.decompress(file.read(), GZIP))
    _strip_documentation(description["shapes"])
    extras = f"{folder}/{EXTRAS_FILE}"
    if os.path.exists(extras):
        with open(extras, "rb") as file:
            description = _merged(description, orjson.loads(file.read())["merge"])
    return ServiceModel(service_id, description)


@cache
def index() -> ServiceIndex:
    """The index over all services, made from the first bytes of each model on first need (about 50 ms)."""
    folders = {service_id: _newest_version(service_id) for service_id in sorted(os.listdir(data_folder()))}
    return ServiceIndex({service_id: _metadata(folder) for service_id, folder in folders.items() if folder})


def service_ids() -> list[str]:
    """The names of all services that have a model."""
    return list(index().metadata)


@cache
def data_folder() -> str:
    """botocore's data folder, found without importing its session."""
    spec = find_spec("botocore")
    if spec is None or spec.origin is None:
        raise RuntimeError("botocore, whose data files describe AWS's services, is not installed")
    return os.path.join(os.path.dirname(spec.origin), "data")


def _newest_version(service_id: str) -> str | None:
    folder = f"{data_folder()}/{service_id}"
    try:
        versions = sorted(os.listdir(folder), reverse=True)
    except OSError:
        return None
    paths = (f"{folder}/{version}" for version in versions)
    return next((path for path in paths if os.path.exists(f"{path}/{SERVICE_FILE}")), None)


def _metadata(folder: str) -> dict[str, Any]:
    """The metadata object from the head of a model, without reading the rest."""
    with open(f"{folder}/{SERVICE_FILE}", "rb") as file:
        compressed = file.read(HEAD_BYTES)
        head = zlib.decompressobj(GZIP).decompress(compressed, HEAD_BYTES)
        start = head.find(METADATA) + len(METADATA)
        try:
            return _JSON_DECODER.raw_decode(head[start:].decode("utf-8", "ignore").lstrip())[0]
        except ValueError:  # metadata elsewhere or longer than the head
            return orjson.loads(zlib.decompress(compressed + file.read(), GZIP))["metadata"]


def _strip_documentation(shapes: dict[str, dict[str, Any]]) -> None:
    """Drop the prose, which is most of a model's memory and which no code reads."""
    for shape in shapes.values():
        shape.pop("documentation", None)
        for member in shape.get("members", NO_TRAITS).values():
            member.pop("documentation", None)


def _merged(base: dict[str, Any], overlay: dict[str, Any]) -> dict[str, Any]:
    """`base` with `overlay` laid over it, at every depth; neither is changed."""
    result = dict(base)
    for key, value in overlay.items():
        present = result.get(key)
        result[key] = _merged(present, value) if isinstance(present, dict) and isinstance(value, dict) else value
    return result


def _query_literals(text: str) -> dict[str, str | None]:
    """`list-type=2` -> {"list-type": "2"}, `versioning` -> {"versioning": None}."""
    literals: dict[str, str | None] = {}
    for part in text.split("&") if text else ():
        name, equals, value = part.partition("=")
        literals[name] = value if equals else None
    return literals


def _streaming_payload(shape: Shape | None) -> str | None:
    payload = shape.payload if shape else None
    return payload if shape and payload and shape.members[payload].is_streaming else None
