"""Every operation of every service: what botocore sends we read, and what we answer botocore reads, value for value."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from fogbank import protocols
from fogbank.http import Payload, Request
from fogbank.protocols import OperationModel, eventstream
from tests.protocols import wire_samples as wire

SERVICES = protocols.service_ids()
SEED = os.environ.get("FOGBANK_TEST_SEED", "1")  # another one gives other values

SUPERSEDED = "deprecated, and its request is the same as its successor's"

UNROUTABLE = {
    ("s3", "GetBucketLifecycle"): SUPERSEDED,
    ("s3", "GetBucketNotification"): SUPERSEDED,
    ("s3", "PutBucketLifecycle"): SUPERSEDED,
    ("s3", "PutBucketNotification"): SUPERSEDED,
    ("s3", "ListDirectoryBuckets"): "the request is that of ListBuckets, on another host",
}
UNPARSABLE = {
    ("s3", "GetBucketLocation"): "the document's root is a member's value; boto3 has a handler for it",
    ("s3", "GetBucketNotification"): "two members have the same element name",
    ("dataexchange", "SendApiAsset"): "its map of headers has no prefix and holds every header of the answer",
}


def failures(service_id: str, check: Any, exceptions: dict[tuple[str, str], str]) -> list[str]:
    """What is wrong, over all operations and protocols of a service, so that one run shows everything."""
    model = protocols.load(service_id)
    found = []
    for protocol in model.protocols:
        boto = wire.boto_model(service_id, protocol)
        for operation in model.operations.values():
            if (service_id, operation.name) in exceptions:
                continue
            try:
                problem = check(operation, boto.operation_model(operation.name), protocol)
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
            if problem:
                found.append(f"{operation.name} ({protocol}): {problem}")
    return found


@pytest.mark.parametrize("service_id", SERVICES)
def test_requests_of_botocore_are_parsed_equal(service_id: str) -> None:
    assert failures(service_id, request_problem, UNROUTABLE) == []


@pytest.mark.parametrize("service_id", SERVICES)
def test_responses_are_parsed_equal_by_botocore(service_id: str) -> None:
    assert failures(service_id, response_problem, UNPARSABLE) == []


def request_problem(operation: OperationModel, boto: Any, protocol: str) -> str | None:
    if operation.event_input is not None:
        return event_problem(operation, protocol)
    generator = wire.Generator(SEED, operation.service.service_id, operation.name, "request")
    params = generator.structure(operation.input_shape) if operation.input_shape else {}
    request = wire.boto_request(boto, protocol, params)
    routed = protocols.route(operation.service, request)
    if (routed.operation.name, routed.protocol) != (operation.name, protocol):
        return f"routed to {routed.operation.name} ({routed.protocol})"
    parsed = wire.comparable(protocols.codec(routed.operation, protocol).parse(request, routed.uri))
    expected = wire.comparable(params)
    return None if parsed == expected else difference(expected, parsed)


def event_problem(operation: OperationModel, protocol: str) -> str | None:
    """As request_problem for an operation that takes an event stream, which botocore cannot send: signed events of our own."""
    assert operation.input_shape is not None and operation.event_input is not None
    union = operation.input_shape.members[operation.event_input]
    codec: Any = protocols.codec(operation, protocol)
    events = wire.Generator(SEED, operation.name).events(union)
    writer = eventstream.EventWriter(union, "", codec.write_document)
    messages = [*map(writer.message, events), b""]
    body = b"".join(eventstream.encode({":chunk-signature": b"signature"}, message) for message in messages)
    params = codec.parse(Request("POST", "/", "", {}, Payload(body)), {})
    parsed = wire.comparable(asyncio.run(wire.collect(params[operation.event_input])))
    expected = wire.comparable(events)
    return None if parsed == expected else difference(expected, parsed)


def response_problem(operation: OperationModel, boto: Any, protocol: str) -> str | None:
    generator = wire.Generator(SEED, operation.service.service_id, operation.name, "response")
    result = generator.structure(operation.output_shape) if operation.output_shape else {}
    response = protocols.codec(operation, protocol).serialize(result, "request-id")
    parsed = wire.comparable(wire.boto_parsed(boto, protocol, response))
    expected = wire.comparable(result)
    return None if parsed == expected else difference(expected, parsed)


def difference(expected: Any, found: Any, path: str = "") -> str:
    """The first place where two values differ."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in expected.keys() | found.keys():
            if expected.get(key) != found.get(key):
                return difference(expected.get(key), found.get(key), f"{path}.{key}")
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for position, (one, other) in enumerate(zip(expected, found, strict=True)):
            if one != other:
                return difference(one, other, f"{path}[{position}]")
    return f"{path}: expected {expected!r:.200}, found {found!r:.200}"
