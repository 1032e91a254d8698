"""Every operation of every service: what the model allows passes, and what it forbids is named in AWS's words."""

from __future__ import annotations

from typing import Any

import pytest

from fogbank import protocols
from fogbank.kernel.errors import AWSError
from fogbank.protocols import OperationModel, Shape
from fogbank.protocols.violations import lower_camel
from tests.protocols import wire_samples as wire
from tests.protocols.test_round_trip import SEED, UNROUTABLE, failures


@pytest.mark.parametrize("service_id", protocols.service_ids())
def test_valid_parameters_have_no_violations(service_id: str) -> None:
    assert failures(service_id, false_alarm, UNROUTABLE) == []


@pytest.mark.parametrize("service_id", protocols.service_ids())
def test_a_required_member_left_out_of_a_request_is_found(service_id: str) -> None:
    assert failures(service_id, unnoticed_absence, UNROUTABLE) == []


@pytest.mark.parametrize("service_id", protocols.service_ids())
def test_each_broken_constraint_is_found(service_id: str) -> None:
    model = protocols.load(service_id)
    found = [problem for operation in model.operations.values() for problem in missed(operation)]
    assert found == []


def valid_parameters(operation: OperationModel) -> dict[str, Any] | None:
    generator = wire.ValidGenerator(SEED, operation.service.service_id, operation.name, "valid")
    try:
        return generator.structure(operation.input_shape) if operation.input_shape else {}
    except wire.NoSample:
        return None


def false_alarm(operation: OperationModel, boto: Any, protocol: str) -> str | None:
    """A violation found where there is none, by the fast way of reading or by the slow one."""
    params = valid_parameters(operation) if operation.event_input is None else None
    if params is None:
        return None
    request = wire.boto_request(boto, protocol, params)
    codec = protocols.codec(operation, protocol)
    parsed = codec.parse(request, protocols.route(operation.service, request).uri)
    violations = codec.violations(parsed) or codec.violations({**parsed})
    return protocols.violations_message(violations) if violations else None


def unnoticed_absence(operation: OperationModel, boto: Any, protocol: str) -> str | None:
    """A required member that is not in the request, and is not asked for."""
    shape = operation.input_shape
    params = valid_parameters(operation) if operation.event_input is None else None
    if shape is None or params is None:
        return None
    in_path = ("uri",) if protocol != "rest-xml" else ("uri", "header", "querystring")  # where S3 is routed by
    absent = [name for name in shape.required if shape.members[name].location not in in_path]
    absent = [
        name for name in absent if not shape.members[name].get("hostLabel") and not shape.members[name].is_streaming
    ]
    if not absent:
        return None
    name = absent[-1]
    request = wire.boto_request(boto, protocol, {key: value for key, value in params.items() if key != name})
    codec = protocols.codec(operation, protocol)
    try:
        parsed = codec.parse(request, protocols.route(operation.service, request).uri)
    except AWSError as error:
        return None if error.code == "MissingRequestBodyError" else str(error)
    if name == shape.payload and parsed.get(name) == {}:
        return None  # botocore writes an empty document for it
    found = [(violation.kind, violation.member) for violation in codec.violations(parsed)]
    return None if ("required", lower_camel(name)) in found else f"{name} of {sorted(parsed)}"


def missed(operation: OperationModel) -> list[str]:
    """The top-level constraints whose breaking goes unnoticed."""
    params = valid_parameters(operation)
    shape = operation.input_shape
    if not params or shape is None:
        return []
    codec = protocols.codec(operation, operation.service.protocols[0])
    missed = []
    for name, member in shape.members.items():
        if name in shape.required:
            without = {key: value for key, value in params.items() if key != name}
            if ("required", lower_camel(name)) not in found_by(codec, without):
                missed.append(f"{operation.name}.{name} missing")
        for kind, value in broken_values(member):
            if (kind, lower_camel(name)) not in found_by(codec, {**params, name: value}):
                missed.append(f"{operation.name}.{name} {kind} {value!r:.40}")
    return missed


def found_by(codec: protocols.Codec, params: dict[str, Any]) -> list[tuple[str, str]]:
    return [(violation.kind, violation.member) for violation in codec.violations(params)]


def broken_values(shape: Shape) -> list[tuple[str, Any]]:
    """Values that break one constraint of a shape each."""
    if shape.type == "string" and shape.get("enum"):
        return [("enum", "no such value")]
    if shape.type == "string" and not shape.get("jsonvalue"):
        too_long = [("length", "x" * (shape.get("max") + 1))] if shape.get("max", 10**6) < 10**6 else []
        too_short = [("length", "")] if shape.get("min", 0) > 0 else []
        return too_long + too_short
    if shape.type in ("integer", "long"):
        too_small = [("range", shape.get("min") - 1)] if shape.get("min") is not None else []
        too_large = [("range", shape.get("max") + 1)] if shape.get("max") is not None else []
        return too_small + too_large
    if shape.type == "list" and shape.get("min", 0) > 0:
        return [("length", [])]
    return []
