"""Trap 1 and 3, over every operation of every AWS service: what Fogbank does not have says so.

The answer comes in the operation's own protocol, names the operation, and is never another service's (no call falls through to S3) and
never a success.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import botocore.parsers
import pytest
from botocore.awsrequest import HeadersDict

from fogbank import protocols
from fogbank.kernel.registry import Registry
from fogbank.protocols import OperationModel
from tests.protocols import wire_samples as wire
from tests.protocols.test_round_trip import UNROUTABLE

REGISTRY = Registry()

SAME_REQUEST = "another service with the same signing name has the same method and path"
INDISTINCT = {
    ("lambda-microvms", "ListTags"): SAME_REQUEST,
    ("lambda-microvms", "TagResource"): SAME_REQUEST,
    ("lambda-microvms", "UntagResource"): SAME_REQUEST,
    ("lexv2-models", "DescribeImport"): SAME_REQUEST,
    ("lexv2-models", "ListImports"): SAME_REQUEST,
}


@pytest.fixture
def connection(fogbank_server: Any) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", fogbank_server.port, timeout=30)
    yield connection
    connection.close()


@pytest.mark.parametrize("service_id", protocols.service_ids())
def test_an_operation_that_is_not_there_is_answered_as_not_implemented(
    connection: http.client.HTTPConnection, service_id: str
) -> None:
    model = protocols.load(service_id)
    protocol = model.protocols[0]
    boto = wire.boto_model(service_id, protocol)
    wrong = []
    for operation in missing(model):
        status, error = call(connection, operation, boto.operation_model(operation.name), protocol)
        if (status, error.get("Code")) != (501, "NotImplemented") or not names(error.get("Message", ""), operation):
            wrong.append(f"{operation.name}: {status} {error}")
    assert wrong[:3] == []


def missing(model: protocols.ServiceModel) -> list[OperationModel]:
    """The operations that Fogbank does not have. Event stream inputs need another client."""
    service = REGISTRY.get(model.service_id)
    known = service.operations if service is not None else {}
    return [
        operation
        for operation in model.operations.values()
        if operation.snake not in known
        and operation.event_input is None
        and (model.service_id, operation.name) not in UNROUTABLE | INDISTINCT
    ]


def names(message: str, operation: OperationModel) -> bool:
    """Does the message name the operation? Services with one signing name and the same requests cannot be told apart."""
    signing_name = operation.service.signing_name
    alike = protocols.index().by_signing_name[signing_name]
    return any(f"{service_id}:{operation.name} " in message for service_id in alike)


def call(
    connection: http.client.HTTPConnection, operation: OperationModel, boto: Any, protocol: str
) -> tuple[int, dict[str, Any]]:
    generator = wire.Generator("harness", operation.service.service_id, operation.name)
    params = generator.structure(operation.input_shape) if operation.input_shape else {}
    request = wire.boto_request(boto, protocol, params)
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{moment[:8]}/us-east-1/{operation.service.signing_name}/aws4_request"
    headers = request.headers | {"x-amz-date": moment, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    signed = ";".join(sorted({"host", *(name for name in headers if name.startswith("x-amz-"))}))
    # a key of which nothing is known is taken on trust, so that nothing has to be signed here
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential=anybody/{scope}, SignedHeaders={signed}, Signature={'0' * 64}"
    )
    headers.pop("content-length", None)
    target = request.path + (f"?{request.query}" if request.query else "")
    raw = {name: value.encode() for name, value in headers.items() if name.isascii()}
    connection.request(request.method, quote(target, safe="%/?&=:;,+~!$'()*@"), request.payload.data, raw)
    answer = connection.getresponse()
    body = answer.read()
    if request.method == "HEAD":
        return answer.status, {"Code": "NotImplemented", "Message": f"{operation.service.service_id}:{operation.name} "}
    fields = {"status_code": answer.status, "headers": HeadersDict(answer.getheaders()), "body": body, "context": {}}
    parsed = botocore.parsers.create_parser(protocol).parse(fields, boto.output_shape)
    return answer.status, parsed.get("Error", {})
