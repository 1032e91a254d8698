"""REST: what travels outside of the body, bodies that are one member, and the documents of S3."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from fogbank import protocols
from fogbank.http import FileBody, Payload, Request, Response
from fogbank.kernel.errors import AWSError


def codec(service_id: str, name: str) -> protocols.Codec:
    operation = protocols.load(service_id).operations[name]
    return protocols.codec(operation, operation.service.protocols[0])


def parsed(
    service_id: str, name: str, query: str = "", headers: dict[str, str] | None = None, body: bytes = b""
) -> Any:
    uri = {"Bucket": "b", "Key": "k", "FunctionName": "f"}
    return codec(service_id, name).parse(Request("PUT", "/b/k", query, headers or {}, Payload(body)), uri)


def answer(service_id: str, name: str, result: dict[str, Any]) -> Response:
    return codec(service_id, name).serialize(result, "the-request-id")


def header(response: Response, name: str) -> str | None:
    return {key.lower(): value for key, value in response.headers}.get(name)


def test_a_streaming_body_is_the_payload_itself() -> None:
    payload = Payload(None, 5)
    params = codec("s3", "PutObject").parse(Request("PUT", "/b/k", "", {}, payload), {"Bucket": "b", "Key": "k"})
    assert params == {"Bucket": "b", "Key": "k", "Body": payload}


def test_a_blob_that_is_no_stream_is_bytes() -> None:
    assert parsed("lambda", "Invoke", body=b"\xff")["Payload"] == b"\xff"
    assert "Payload" not in parsed("lambda", "Invoke")


def test_metadata_headers_lose_their_prefix() -> None:
    headers = {"x-amz-meta-color": "red", "x-amz-meta-": "empty", "x-amz-metadata-directive": "COPY"}
    assert parsed("s3", "PutObject", headers=headers)["Metadata"] == {"color": "red", "": "empty"}


def test_header_values_are_converted() -> None:
    headers = {
        "if-modified-since": "Mon, 12 Oct 2009 17:50:30 GMT",
        "x-amz-bypass-governance-retention": "true",
        "content-length": "12",
        "x-amz-object-attributes": "ETag, ObjectSize",
    }
    assert parsed("s3", "GetObject", headers=headers)["IfModifiedSince"] == 1255369830.0
    assert parsed("s3", "DeleteObject", headers=headers)["BypassGovernanceRetention"] is True
    assert parsed("s3", "PutObject", headers=headers)["ContentLength"] == 12
    assert parsed("s3", "GetObjectAttributes", headers=headers)["ObjectAttributes"] == ["ETag", "ObjectSize"]


def test_conditions_whose_date_is_none_are_overlooked() -> None:
    assert "IfModifiedSince" not in parsed("s3", "GetObject", headers={"if-modified-since": "yesterday"})
    assert "Expires" not in parsed("s3", "PutObject", headers={"expires": "never"})
    with pytest.raises(AWSError, match="InvalidArgument"):
        parsed("s3", "PutObject", headers={"x-amz-object-lock-retain-until-date": "never"})


def test_query_values() -> None:
    params = parsed(
        "s3", "ListObjectsV2", "list-type=2&prefix=a%2Fb+c&max-keys=7&fetch-owner=true&prefix=second&x-id=a"
    )
    assert params == {"Bucket": "b", "Prefix": "a/b c", "MaxKeys": 7, "FetchOwner": True}
    assert parsed("lambda", "UntagResource", "tagKeys=a&tagKeys=b")["TagKeys"] == ["a", "b"]
    assert parsed("apigateway", "ImportRestApi", "mode=import&failonwarnings=true&x=y") == {
        "failOnWarnings": True,
        "parameters": {"x": "y"},
    }


def test_xml_bodies_are_read_whatever_their_namespace() -> None:
    for start in ("<Tagging>", '<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/">', '<x:Tagging xmlns:x="y">'):
        end = "</x:Tagging>" if "x:" in start else "</Tagging>"
        body = f"{start}<Unknown/><TagSet><Tag><Key>k</Key><Value> v </Value></Tag></TagSet>{end}".encode()
        assert parsed("s3", "PutBucketTagging", body=body)["Tagging"] == {"TagSet": [{"Key": "k", "Value": " v "}]}


def test_xml_attributes_are_read_and_written() -> None:
    body = (
        b'<AccessControlPolicy><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        b'xsi:type="CanonicalUser"><ID>1</ID></Grantee></Grant></AccessControlList></AccessControlPolicy>'
    )
    policy = parsed("s3", "PutBucketAcl", body=body)["AccessControlPolicy"]
    assert policy["Grants"] == [{"Grantee": {"ID": "1", "Type": "CanonicalUser"}}]
    assert (
        b'<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>1</ID></Grantee>'
        in answer("s3", "GetBucketAcl", policy).body  # type: ignore[operator]
    )


def test_s3_listing() -> None:
    contents = [{"Key": "a&b\x01", "LastModified": 1255369850, "ETag": '"e"', "Size": 0, "StorageClass": "STANDARD"}]
    response = answer("s3", "ListObjectsV2", {"Name": "b", "Contents": contents, "IsTruncated": False, "More": 1})
    assert response.body == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        b"<IsTruncated>false</IsTruncated><Contents><Key>a&amp;b&#x1;</Key>"
        b"<LastModified>2009-10-12T17:50:50.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>0</Size>"
        b"<StorageClass>STANDARD</StorageClass></Contents><Name>b</Name></ListBucketResult>"
    )
    assert header(response, "content-type") == "application/xml"
    assert header(response, "x-amz-request-id") == "the-request-id"
    assert len(header(response, "x-amz-id-2") or "") == 76


@pytest.mark.parametrize(
    ("region", "inner"),
    [("eu-west-1", b">eu-west-1<"), (None, b'/"></LocationConstraint>'), ("", b'/"></LocationConstraint>')],
)
def test_bucket_location_has_no_wrapper(region: str | None, inner: bytes) -> None:
    body = answer("s3", "GetBucketLocation", {"LocationConstraint": region}).body
    assert inner in body  # type: ignore[operator]
    assert b'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' in body  # type: ignore[operator]


@pytest.mark.parametrize(
    ("name", "result", "root"),
    [
        ("GetObjectLegalHold", {"LegalHold": {"Status": "ON"}}, b"<LegalHold "),
        ("GetObjectRetention", {"Retention": {"Mode": "GOVERNANCE"}}, b"<Retention "),
        ("CopyObject", {"CopyObjectResult": {"ETag": "e"}}, b"<CopyObjectResult "),
        ("UploadPartCopy", {"CopyPartResult": {"ETag": "e"}}, b"<CopyPartResult "),
        ("GetBucketVersioning", {}, b"<VersioningConfiguration "),
        ("GetPublicAccessBlock", {"PublicAccessBlockConfiguration": {}}, b"<PublicAccessBlockConfiguration "),
        ("CreateMultipartUpload", {"UploadId": "u"}, b"<InitiateMultipartUploadResult "),
    ],
)
def test_names_of_s3_documents(name: str, result: dict[str, Any], root: bytes) -> None:
    assert root in answer("s3", name, result).body  # type: ignore[operator]


def test_an_object_is_answered_with_its_headers_and_its_body_as_it_is() -> None:
    body = FileBody(-1, 0, 5)
    response = answer(
        "s3",
        "GetObject",
        {
            "Body": body,
            "LastModified": 1255369850,
            "ContentLength": 5,
            "ContentType": "text/plain",
            "DeleteMarker": False,
            "VersionId": None,
            "Metadata": {"color": "red"},
        },
    )
    assert response.body is body
    assert dict(response.headers) | {"x-amz-id-2": ""} == {
        "x-amz-request-id": "the-request-id",
        "x-amz-id-2": "",
        "Last-Modified": "Mon, 12 Oct 2009 17:50:50 GMT",
        "Content-Length": "5",
        "Content-Type": "text/plain",
        "x-amz-delete-marker": "false",
        "x-amz-meta-color": "red",
    }


def test_line_breaks_cannot_get_into_headers() -> None:
    response = answer("s3", "GetObject", {"ContentDisposition": "a\r\nSet-Cookie: x", "Metadata": {"m": "b\nc"}})
    assert not any("\r" in value or "\n" in value for _, value in response.headers)


def test_status_of_the_model_and_of_a_status_member() -> None:
    assert answer("s3", "DeleteObject", {}).status == 204
    assert answer("lambda", "CreateFunction", {"FunctionName": "f"}).status == 201
    assert answer("lambda", "Invoke", {"StatusCode": 202}).status == 202
    assert answer("lambda", "Invoke", {"StatusCode": 202}).body == b""


def test_json_documents() -> None:
    response = answer("lambda", "GetFunctionConfiguration", {"FunctionName": "f", "Environment": None, "Other": 1})
    assert response.body == b'{"FunctionName":"f"}'
    assert header(response, "content-type") == "application/json"
    assert header(response, "x-amzn-requestid") == "the-request-id"


def test_compressed_bodies_are_read_where_the_model_allows_them() -> None:
    operation = protocols.load("cloudwatch").operations["PutMetricData"]
    plain = b"Action=PutMetricData&Namespace=n&MetricData.member.1.MetricName=m"
    headers = {"content-encoding": "gzip", "content-type": "application/x-www-form-urlencoded"}
    request = Request("POST", "/", "", headers, Payload(gzip.compress(plain)))
    routed = protocols.route(operation.service, request)
    assert (routed.operation.name, routed.protocol) == ("PutMetricData", "query")
    params = protocols.codec(operation, "query").parse(request, {})
    assert params == {"Namespace": "n", "MetricData": [{"MetricName": "m"}]}


def test_a_compressed_body_that_is_none_is_refused() -> None:
    operation = protocols.load("cloudwatch").operations["PutMetricData"]
    for body in (b"junk", gzip.compress(b"{}")[:-3]):
        with pytest.raises(AWSError, match="SerializationException"):
            protocols.codec(operation, "json").parse(
                Request("POST", "/", "", {"content-encoding": "gzip"}, Payload(body)), {}
            )
