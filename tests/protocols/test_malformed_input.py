"""Whatever arrives is answered with parameters or with the protocol's own error, never with anything else."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fogbank import protocols
from fogbank.http import Payload, Request
from fogbank.kernel.errors import AWSError
from tests.protocols import wire_samples as wire

OPERATIONS = [
    ("dynamodb", "PutItem", "json"),
    ("dynamodb", "CreateTable", "json"),
    ("sqs", "SendMessageBatch", "json"),
    ("ce", "GetCostAndUsage", "json"),
    ("sqs", "SendMessageBatch", "query"),
    ("iam", "CreatePolicy", "query"),
    ("cloudwatch", "PutMetricData", "query"),
    ("ec2", "RunInstances", "ec2"),
    ("lambda", "CreateFunction", "rest-json"),
    ("apigateway", "PutMethod", "rest-json"),
    ("s3", "DeleteObjects", "rest-xml"),
    ("s3", "PutBucketLifecycleConfiguration", "rest-xml"),
    ("s3", "ListObjectsV2", "rest-xml"),
    ("route53", "ChangeResourceRecordSets", "rest-xml"),
    ("cloudwatch", "PutMetricData", "smithy-rpc-v2-cbor"),
    ("kinesis", "PutRecords", "smithy-rpc-v2-cbor"),
]
IDS = [f"{service}-{operation}-{protocol}" for service, operation, protocol in OPERATIONS]


def outcome(codec: protocols.Codec, request: Request) -> dict[str, Any] | AWSError:
    """What parsing and checking a request gives; any other exception fails the test."""
    try:
        params = codec.parse(request, {"Bucket": "b"})
        codec.violations(params)
        return params
    except AWSError as error:
        assert error.code and (error.status or 400) < 500
        response = protocols.serialize_error(codec.operation.service, protocol_of(codec), error, "request-id")
        assert response.status >= 400
        return error


def protocol_of(codec: protocols.Codec) -> str:
    return codec.operation.service.protocols[0]


def post(body: bytes, query: str = "", headers: dict[str, str] | None = None) -> Request:
    return Request("POST", "/b", query, headers or {}, Payload(body))


def codec_of(service_id: str, name: str, protocol: str) -> protocols.Codec:
    return protocols.codec(protocols.load(service_id).operations[name], protocol)


@pytest.mark.parametrize(("service_id", "name", "protocol"), OPERATIONS, ids=IDS)
def test_random_bytes(service_id: str, name: str, protocol: str) -> None:
    codec = codec_of(service_id, name, protocol)

    @settings(max_examples=150, deadline=None, database=None)
    @given(body=st.binary(max_size=200), query=st.text(alphabet=st.characters(max_codepoint=255), max_size=40))
    def check(body: bytes, query: str) -> None:
        assert isinstance(outcome(codec, post(body, query)), dict | AWSError)

    check()


@pytest.mark.parametrize(("service_id", "name", "protocol"), OPERATIONS, ids=IDS)
def test_valid_requests_with_bytes_changed(service_id: str, name: str, protocol: str) -> None:
    codec = codec_of(service_id, name, protocol)
    boto = wire.boto_model(service_id, protocol).operation_model(name)
    source = random.Random(f"{service_id}{name}{protocol}")
    for seed in range(150):
        assert codec.operation.input_shape is not None
        params = wire.Generator(seed).structure(codec.operation.input_shape)
        request = wire.boto_request(boto, protocol, params)
        body = bytearray(request.payload.data or b"")
        for _ in range(source.randint(1, 4)):
            mutate(body, source)
        changed = Request(request.method, request.path, request.query, request.headers, Payload(bytes(body)))
        assert isinstance(outcome(codec, changed), dict | AWSError)


def mutate(body: bytearray, source: random.Random) -> None:
    if not body:
        return
    at = source.randrange(len(body))
    kind = source.randrange(4)
    if kind == 0:
        body[at] = source.randrange(256)
    elif kind == 1:
        del body[at : at + source.randint(1, 8)]
    elif kind == 2:
        body[at:at] = source.choice(
            (b"[", b"{", b"null", b"<a>", b"&", b"%", b"\xff\xfe", b"1e999", b'"', b"\x00", b"-1")
        )
    else:
        body[at:at] = body[at : at + 20]


NESTED = [
    ("dynamodb", "PutItem", "json", b'{"Item":' * 50_000),
    ("dynamodb", "PutItem", "json", b"[" * 100_000),
    ("ce", "GetCostAndUsage", "json", b'{"Filter":' + b'{"Not":' * 5_000 + b"{}" + b"}" * 5_000 + b"}"),
    ("ce", "GetCostAndUsage", "json", b'{"Filter":' + b'{"Not":' * 900 + b"{}" + b"}" * 900 + b"}"),
    ("lambda", "CreateFunction", "rest-json", b'{"Environment":' * 50_000),
    ("kinesis", "PutRecords", "smithy-rpc-v2-cbor", b"\x81" * 100_000),
    ("kinesis", "PutRecords", "smithy-rpc-v2-cbor", b"\xc1" * 100_000),
    ("kinesis", "PutRecords", "smithy-rpc-v2-cbor", b"\x9b" + b"\xff" * 8),
    ("kinesis", "PutRecords", "smithy-rpc-v2-cbor", b"\x5b" + b"\xff" * 8),
    ("s3", "PutBucketLifecycleConfiguration", "rest-xml", b"<a>" * 100_000),
    ("s3", "DeleteObjects", "rest-xml", b"<Delete>" * 50_000 + b"</Delete>" * 50_000),
    ("iam", "CreatePolicy", "query", b"a" + b".a" * 100_000 + b"=1"),
    ("iam", "CreatePolicy", "query", b"Tags.member." + b"9" * 10_000 + b".Key=1"),
]


@pytest.mark.parametrize(("service_id", "name", "protocol", "body"), NESTED)
def test_deep_nesting_is_refused_quickly(service_id: str, name: str, protocol: str, body: bytes) -> None:
    started = time.process_time()
    assert isinstance(outcome(codec_of(service_id, name, protocol), post(body)), dict | AWSError)
    assert time.process_time() - started < 2


def test_document_types_and_with_them_entity_bombs_are_refused() -> None:
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE b [<!ENTITY l0 "lol">{lines}]><Delete><Object><Key>&l9;</Key></Object></Delete>'.encode()
    for body in (
        bomb,
        b"\xef\xbb\xbf" + bomb,
        bomb.decode().encode("utf-16"),
        bomb.replace(b"<!DOCTYPE", b"\n<!DOCTYPE"),
    ):
        error = outcome(codec_of("s3", "DeleteObjects", "rest-xml"), post(body))
        assert isinstance(error, AWSError) and error.code == "MalformedXML"


@pytest.mark.parametrize(
    "path", ["/%ff", "/b/%ff", "/b/%zz", "/b/%", "//", "///", "/b//", "/%2F", "/b/" + "a/" * 5000, "*", "", "/b/\xff"]
)
def test_odd_paths_are_routed_or_refused(path: str) -> None:
    for method in ("GET", "PUT", "BREW"):
        try:
            routed = protocols.route(protocols.load("s3"), Request(method, path, "", {}, Payload()))
            assert routed.operation.service.service_id == "s3"
        except AWSError as error:
            assert error.code in ("InvalidURI", "MethodNotAllowed")


@pytest.mark.parametrize("pattern_input", ["a" * 60 + "!", "a-" * 60 + "!", "/" * 200, "arn:aws:iam::" * 20])
def test_values_made_to_keep_a_pattern_busy_are_answered_at_once(pattern_input: str) -> None:
    started = time.process_time()
    for service_id, name, member in (
        ("glue", "GetTable", "Name"),
        ("bedrock", "CreateModelCustomizationJob", "jobName"),
        ("rds", "CreateBlueGreenDeployment", "BlueGreenDeploymentName"),
        ("sagemaker", "CreateCodeRepository", "CodeRepositoryName"),
    ):
        operation = protocols.load(service_id).operations[name]
        protocols.codec(operation, operation.service.protocols[0]).violations({member: pattern_input})
    assert time.process_time() - started < 2
