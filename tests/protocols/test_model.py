"""The loader of botocore's models, and the index over all of them."""

from __future__ import annotations

import subprocess
import sys

import botocore
import pytest
from botocore.loaders import Loader

from fogbank import protocols
from tests.protocols import wire_samples as wire


def test_every_service_of_botocore_is_known() -> None:
    assert set(protocols.service_ids()) == set(Loader().list_available_services("service-2"))


@pytest.mark.parametrize("service_id", ["s3", "ec2", "rds", "sqs", "cloudwatch", "lambda"])
def test_shapes_and_operations_are_botocore_s(service_id: str) -> None:
    ours, boto = protocols.load(service_id), wire.boto_model(service_id, "any")
    assert list(ours.operations) == boto.operation_names
    assert set(ours.shapes) == set(boto.shape_names)
    assert ours.metadata["apiVersion"] == boto.metadata["apiVersion"]
    for name, operation in ours.operations.items():
        assert operation.snake == botocore.xform_name(name)
        assert operation.streaming_input is None or boto.operation_model(name).has_streaming_input
        assert operation.event_output == (
            boto.operation_model(name).output_shape.event_stream_name if operation.output_shape else None
        )


def test_extras_are_merged() -> None:
    assert protocols.load("s3").shape("Expires").type == "timestamp"


def test_operation_by_boto3_s_name() -> None:
    assert protocols.load("iam").operation_by_snake("list_mfa_devices").name == "ListMFADevices"
    with pytest.raises(KeyError):
        protocols.load("iam").operation_by_snake("nothing")


@pytest.mark.parametrize("name", ["nothing", "", "../s3", "/etc", "s3/2006-03-01", "S3", "a\0b"])
def test_unknown_services_are_refused(name: str) -> None:
    with pytest.raises(protocols.UnknownService):
        protocols.load(name)


def test_index() -> None:
    index = protocols.index()
    assert index.by_target_prefix["DynamoDB_20120810"] == ["dynamodb"]
    assert "dynamodbstreams" in index.by_signing_name["dynamodb"]
    assert index.by_signing_name["monitoring"] == ["cloudwatch"]
    assert "cloudwatch" in index.by_endpoint_prefix["monitoring"]


def test_member_traits_lie_over_those_of_the_shape() -> None:
    request = protocols.load("s3").operations["PutObject"].input_shape
    assert request is not None
    assert request.members["ACL"].location == "header"
    assert protocols.load("s3").shape("ObjectCannedACL").location is None
    assert request.payload == "Body" and request.members["Body"].is_streaming


def test_sqs_has_the_older_names_in_its_query_protocol_only() -> None:
    sqs = protocols.load("sqs")
    assert sqs.shape("MessageList").member.wire_name is None
    assert sqs.as_query.shape("MessageList").member.wire_name == "Message"
    assert sqs.as_query.error_shapes["AWS.SimpleQueueService.NonExistentQueue"].name == "QueueDoesNotExist"


def test_importing_the_protocols_loads_no_heavy_library() -> None:
    code = (
        "import sys, fogbank.protocols as p; p.load('dynamodb').operations['GetItem'];"
        "print([m for m in ('boto3', 'botocore.session', 'botocore.model', 'xml.etree.ElementTree') if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
