"""One error, spelled as each protocol spells it, and read by botocore's own parsers."""

from __future__ import annotations

import zlib
from typing import Any

import botocore.parsers
import pytest
from botocore.awsrequest import HeadersDict

from fogbank import protocols
from fogbank.http import Response
from fogbank.kernel.errors import AWSError, internal_failure, not_implemented
from fogbank.protocols import cbor


def answer(service_id: str, protocol: str, error: AWSError, operation: str | None = None) -> Response:
    model = protocols.load(service_id)
    return protocols.serialize_error(
        model, protocol, error, "the-request-id", model.operations[operation] if operation else None
    )


def parsed(protocol: str, response: Response) -> Any:
    headers = HeadersDict()
    for name, value in response.headers:
        headers[name] = value
    fields = {"status_code": response.status, "headers": headers, "body": response.body, "context": {}}
    return botocore.parsers.create_parser(protocol).parse(fields, None)


def header(response: Response, name: str) -> str | None:
    return {key.lower(): value for key, value in response.headers}.get(name)


MISSING_QUEUE = AWSError("QueueDoesNotExist", "The specified queue does not exist.")


def test_sqs_json_error_names_the_shape_and_the_query_code() -> None:
    response = answer("sqs", "json", MISSING_QUEUE)
    assert response.status == 400
    assert (
        response.body
        == b'{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}'
    )
    assert header(response, "x-amzn-query-error") == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    error = parsed("json", response)["Error"]
    assert error["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert error["QueryErrorCode"] == "QueueDoesNotExist"


def test_sqs_query_error_has_the_query_code() -> None:
    response = answer("sqs", "query", MISSING_QUEUE)
    error = parsed("query", response)
    assert error["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert error["Error"]["Type"] == "Sender"
    assert error["ResponseMetadata"]["RequestId"] == "the-request-id"


def test_query_status_and_code_come_from_the_model() -> None:
    response = answer("iam", "query", AWSError("NoSuchEntityException", "No <role>"))
    assert response.status == 404
    assert parsed("query", response)["Error"] == {"Type": "Sender", "Code": "NoSuchEntity", "Message": "No <role>"}


def test_a_query_code_finds_its_shape_too() -> None:
    assert answer("iam", "query", AWSError("NoSuchEntity", "")).status == 404


def test_dynamodb_error_has_its_namespace_and_a_checksum() -> None:
    response = answer("dynamodb", "json", AWSError("ResourceNotFoundException", "Requested resource not found"))
    assert isinstance(response.body, bytes)
    assert b'"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"' in response.body
    assert header(response, "x-amz-crc32") == str(zlib.crc32(response.body))
    assert header(response, "content-type") == "application/x-amz-json-1.0"


def test_framework_errors_have_the_framework_s_namespace() -> None:
    response = answer("dynamodb", "json", AWSError("SerializationException", "Unparseable"))
    assert response.body == b'{"__type":"com.amazon.coral.service#SerializationException","Message":"Unparseable"}'


def test_members_of_the_error_s_shape_are_written() -> None:
    error = AWSError(
        "TransactionCanceledException", "Transaction cancelled", CancellationReasons=[{"Code": "None"}, {"Code": "X"}]
    )
    response = answer("dynamodb", "json", error)
    assert isinstance(response.body, bytes)
    assert b'"CancellationReasons":[{"Code":"None"},{"Code":"X"}]' in response.body


def test_rest_json_error_is_named_in_the_header_and_its_message_as_in_its_shape() -> None:
    response = answer("lambda", "rest-json", AWSError("ResourceNotFoundException", "Function not found", Type="User"))
    assert response.status == 404
    assert header(response, "x-amzn-errortype") == "ResourceNotFoundException"
    assert response.body == b'{"Message":"Function not found","Type":"User"}'
    assert parsed("rest-json", response)["Error"]["Code"] == "ResourceNotFoundException"


def test_rest_json_error_members_go_into_headers_where_the_model_says_so() -> None:
    response = answer(
        "lambda", "rest-json", AWSError("TooManyRequestsException", "Rate Exceeded.", retryAfterSeconds="3")
    )
    assert header(response, "retry-after") == "3"
    assert response.status == 429


def test_cbor_error() -> None:
    response = answer("cloudwatch", "smithy-rpc-v2-cbor", AWSError("ResourceNotFoundException", "none", ResourceId="x"))
    assert isinstance(response.body, bytes)
    document = cbor.loads(response.body)
    assert document["__type"] == "com.amazonaws.cloudwatch#ResourceNotFoundException"
    assert header(response, "smithy-protocol") == "rpc-v2-cbor"
    assert header(response, "x-amzn-query-error") == "ResourceNotFoundException;Sender"
    assert parsed("smithy-rpc-v2-cbor", response)["Error"]["Message"] == "none"


def test_ec2_error() -> None:
    response = answer("ec2", "ec2", AWSError("InvalidInstanceID.NotFound", "The instance ID 'i-1' does not exist"))
    error = parsed("ec2", response)
    assert error["Error"] == {"Code": "InvalidInstanceID.NotFound", "Message": "The instance ID 'i-1' does not exist"}
    assert error["ResponseMetadata"]["RequestId"] == "the-request-id"


def test_s3_error_document_has_extra_elements_and_both_request_ids() -> None:
    response = answer("s3", "rest-xml", AWSError("NoSuchKey", "The specified key does not exist.", Key="a&b"))
    assert response.status == 404
    assert header(response, "x-amz-request-id") == "the-request-id"
    error = parsed("rest-xml", response)
    assert error["Error"] == {"Code": "NoSuchKey", "Message": "The specified key does not exist.", "Key": "a&b"}
    assert error["ResponseMetadata"]["HostId"] == header(response, "x-amz-id-2")
    assert b"<Error><Code>NoSuchKey</Code>" in response.body  # type: ignore[operator]


def test_s3_errors_have_no_body_in_answers_to_head_and_with_304() -> None:
    assert answer("s3", "rest-xml", AWSError("NoSuchKey", ""), "HeadObject").body == b""
    not_modified = answer("s3", "rest-xml", AWSError("NotModified", "", 304), "GetObject")
    assert (not_modified.status, not_modified.body) == (304, b"")


def test_other_rest_xml_errors_are_wrapped() -> None:
    response = answer("route53", "rest-xml", AWSError("NoSuchHostedZone", "No hosted zone found"))
    error = parsed("rest-xml", response)
    assert response.status == 404
    assert error["Error"]["Code"] == "NoSuchHostedZone"
    assert error["ResponseMetadata"]["RequestId"] == "the-request-id"


@pytest.mark.parametrize("service_id", ["dynamodb", "sqs", "iam", "ec2", "lambda", "s3", "route53", "cloudwatch"])
def test_failures_of_ours_are_the_receiver_s_fault(service_id: str) -> None:
    for protocol in protocols.load(service_id).protocols:
        response = answer(service_id, protocol, internal_failure("x"))
        assert response.status == 500
        assert parsed(protocol, response)["Error"]["Code"] == "InternalFailure"
        assert b"Sender" not in response.body  # type: ignore[operator]


@pytest.mark.parametrize("service_id", ["dynamodb", "sqs", "iam", "ec2", "lambda", "s3", "route53", "cloudwatch"])
def test_what_is_not_implemented_says_so_in_every_protocol(service_id: str) -> None:
    for protocol in protocols.load(service_id).protocols:
        response = answer(service_id, protocol, not_implemented(service_id, "Frobnicate"))
        assert response.status == 501
        assert parsed(protocol, response)["Error"]["Code"] == "NotImplemented"


def test_every_modelled_error_is_parsed_by_botocore_with_its_code() -> None:
    for service_id in ("sqs", "sns", "iam", "dynamodb", "lambda", "s3", "cloudwatch", "kinesis", "ec2"):
        model = protocols.load(service_id)
        for shape in {shape.name: shape for shape in model.as_query.error_shapes.values()}.values():
            for protocol in model.protocols:
                response = answer(service_id, protocol, AWSError(shape.name, "message"))
                code = parsed(protocol, response)["Error"]["Code"]
                assert code in (shape.name, shape.error_code), (service_id, protocol, shape.name)


def test_headers_of_the_error_go_out() -> None:
    error = AWSError("SlowDown", "Reduce your request rate.", 503, headers={"Retry-After": "1"})
    assert header(answer("s3", "rest-xml", error), "retry-after") == "1"


def test_members_that_no_shape_describes_are_written_as_they_print() -> None:
    for protocol in protocols.load("cloudwatch").protocols:
        assert b"(1+2j)" in answer("cloudwatch", protocol, AWSError("Odd", "", Number=1 + 2j)).body  # type: ignore[operator]
