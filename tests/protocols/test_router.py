"""Which operation a request calls, in which protocol."""

from __future__ import annotations

import pytest

from fogbank import protocols
from fogbank.http import Payload, Request
from fogbank.kernel.errors import AWSError
from fogbank.protocols.router import Routed

S3 = protocols.load("s3")
LITERALS = sorted({name for operation in S3.operations.values() for name in operation.literals})


def request(method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Request:
    path, _, query = target.partition("?")
    return Request(method, path, query, headers or {}, Payload(body))


def routed(
    service_id: str, method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> Routed:
    return protocols.route(protocols.load(service_id), request(method, target, headers, body))


def name_of(service_id: str, method: str, target: str, headers: dict[str, str] | None = None) -> str:
    return routed(service_id, method, target, headers).operation.name


@pytest.mark.parametrize(
    ("method", "target", "name"),
    [
        ("GET", "/", "ListBuckets"),
        ("GET", "/?x-id=ListBuckets", "ListBuckets"),
        ("PUT", "/b", "CreateBucket"),
        ("PUT", "/b/", "CreateBucket"),
        ("GET", "/b", "ListObjects"),
        ("GET", "/b?prefix=a&delimiter=%2F", "ListObjects"),
        ("GET", "/b?list-type=2", "ListObjectsV2"),
        ("GET", "/b/?list-type=2&prefix=x", "ListObjectsV2"),
        ("GET", "/b?versions", "ListObjectVersions"),
        ("GET", "/b?uploads=", "ListMultipartUploads"),
        ("POST", "/b?delete", "DeleteObjects"),
        ("HEAD", "/b", "HeadBucket"),
        ("GET", "/b?inventory", "ListBucketInventoryConfigurations"),
        ("GET", "/b?inventory&id=1", "GetBucketInventoryConfiguration"),
        ("PUT", "/b?inventory", "PutBucketInventoryConfiguration"),
        ("GET", "/b?lifecycle", "GetBucketLifecycleConfiguration"),
        ("GET", "/b/k", "GetObject"),
        ("GET", "/b/k?versionId=1&response-content-type=a", "GetObject"),
        ("GET", "/b/k?uploadId=1", "ListParts"),
        ("GET", "/b/k?partNumber=1", "GetObject"),
        ("GET", "/b/k?unknown=1", "GetObject"),
        ("PUT", "/b/k", "PutObject"),
        ("PUT", "/b/k?x-id=PutObject", "PutObject"),
        ("PUT", "/b/k?partNumber=1&uploadId=x", "UploadPart"),
        ("PUT", "/b/k?uploadId=x", "UploadPart"),
        ("PUT", "/b/k?tagging", "PutObjectTagging"),
        ("POST", "/b/k?uploads", "CreateMultipartUpload"),
        ("POST", "/b/k?uploadId=x", "CompleteMultipartUpload"),
        ("POST", "/b/k?select&select-type=2", "SelectObjectContent"),
        ("DELETE", "/b/k", "DeleteObject"),
        ("DELETE", "/b/k?uploadId=x", "AbortMultipartUpload"),
        ("DELETE", "/b/k?tagging&versionId=3", "DeleteObjectTagging"),
    ],
)
def test_s3_operation(method: str, target: str, name: str) -> None:
    assert name_of("s3", method, target) == name


def test_s3_copies_are_told_by_their_header() -> None:
    headers = {"x-amz-copy-source": "/a/b"}
    assert name_of("s3", "PUT", "/b/k", headers) == "CopyObject"
    assert name_of("s3", "PUT", "/b/k?partNumber=1&uploadId=x", headers) == "UploadPartCopy"


@pytest.mark.parametrize("literal", LITERALS)
@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE", "HEAD"])
@pytest.mark.parametrize("path", ["/bucket", "/bucket/key"])
def test_s3_sub_resource_never_runs_an_operation_without_it(literal: str, method: str, path: str) -> None:
    try:
        operation = routed("s3", method, f"{path}?{literal}").operation
    except AWSError as error:
        assert (error.code, error.status) == ("MethodNotAllowed", 405)
    else:
        assert literal in operation.literals


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/b/a%2Fb", "a/b"),
        ("/b/a+b", "a+b"),
        ("/b/a%2Bb", "a+b"),
        ("/b/a%20b", "a b"),
        ("/b/%2520", "%20"),
        ("/b//a", "/a"),
        ("/b/a//b", "a//b"),
        ("/b/a/", "a/"),
        ("/b/a//", "a//"),
        ("/b/../x", "../x"),
        ("/b/./x", "./x"),
        ("/b/%E6%BC%A2", "漢"),
        ("/b/100%", "100%"),
    ],
)
def test_s3_keys_are_decoded_exactly_once(path: str, key: str) -> None:
    assert routed("s3", "GET", path).uri == {"Bucket": "b", "Key": key}


def test_s3_key_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(AWSError, match="InvalidURI"):
        routed("s3", "GET", "/b/%ff")


def test_s3_unknown_method_is_not_allowed() -> None:
    with pytest.raises(AWSError, match="MethodNotAllowed"):
        routed("s3", "POST", "/b")


def test_literal_steps_win_over_labels() -> None:
    assert name_of("lambda", "GET", "/2015-03-31/functions/f") == "GetFunction"
    assert name_of("lambda", "GET", "/2015-03-31/functions/") == "ListFunctions"
    assert name_of("lambda", "GET", "/2015-03-31/functions") == "ListFunctions"
    assert name_of("chime-sdk-meetings", "POST", "/tags?operation=untag-resource") == "UntagResource"


def test_greedy_label_may_be_followed_by_more() -> None:
    found = routed("workspaces-web", "GET", "/portals/arn%3Aaws%3Ax/portal/1/identityProviders")
    assert found.operation.name == "ListIdentityProviders"
    assert found.uri == {"portalArn": "arn:aws:x/portal/1"}


def test_unknown_path_of_a_json_service() -> None:
    with pytest.raises(AWSError) as raised:
        routed("lambda", "GET", "/nowhere")
    assert (raised.value.code, raised.value.status) == ("UnknownOperationException", 404)


def test_json_by_target() -> None:
    headers = {"x-amz-target": "DynamoDB_20120810.GetItem"}
    found = routed("dynamodb", "POST", "/", headers)
    assert (found.operation.name, found.protocol) == ("GetItem", "json")
    with pytest.raises(AWSError, match="UnknownOperationException"):
        routed("dynamodb", "POST", "/", {"x-amz-target": "DynamoDB_20120810.Nothing"})
    with pytest.raises(AWSError, match="UnknownOperationException"):
        routed("dynamodb", "POST", "/", {})


def test_sqs_speaks_json_and_query() -> None:
    as_json = routed("sqs", "POST", "/", {"x-amz-target": "AmazonSQS.SendMessage"})
    in_body = routed("sqs", "POST", "/1/q", {}, b"MessageBody=x&Action=SendMessage")
    in_query = routed("sqs", "GET", "/1/q?Action=SendMessage&MessageBody=x")
    assert [found.protocol for found in (as_json, in_body, in_query)] == ["json", "query", "query"]
    assert {found.operation.name for found in (as_json, in_body, in_query)} == {"SendMessage"}


def test_cloudwatch_speaks_cbor_json_and_query() -> None:
    prefix = "GraniteServiceVersion20100801"
    as_cbor = routed(
        "cloudwatch", "POST", f"/service/{prefix}/operation/ListMetrics", {"smithy-protocol": "rpc-v2-cbor"}
    )
    as_json = routed("cloudwatch", "POST", "/", {"x-amz-target": f"{prefix}.ListMetrics"})
    as_query = routed("cloudwatch", "POST", "/", {}, b"Action=ListMetrics")
    assert [found.protocol for found in (as_cbor, as_json, as_query)] == ["smithy-rpc-v2-cbor", "json", "query"]


def test_targets_may_have_the_name_of_the_service_alone() -> None:
    name = "CloudTrail_20131101"
    for prefix in (name, f"com.amazonaws.cloudtrail.v20131101.{name}"):
        assert name_of("cloudtrail", "POST", "/", {"x-amz-target": f"{prefix}.ListTrails"}) == "ListTrails"
        assert protocols.index().by_target_prefix[prefix] == ["cloudtrail"]


def test_operations_that_moved_answer_at_their_former_path_too() -> None:
    for version in ("v1", "v2"):
        found = routed("sesv2", "PUT", f"/{version}/email/identities/example.com/dkim/signing")
        assert found.operation.name == "PutEmailIdentityDkimSigningAttributes"
        assert found.uri == {"EmailIdentity": "example.com"}


def test_query_without_a_known_action() -> None:
    with pytest.raises(AWSError, match="MissingAction"):
        routed("iam", "POST", "/", {}, b"Version=1")
    with pytest.raises(AWSError, match="The action Nothing is not valid for this web service"):
        routed("iam", "POST", "/", {}, b"Action=Nothing")
